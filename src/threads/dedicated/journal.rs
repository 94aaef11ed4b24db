//! The last stage: writes each input with its outputs, and only then releases its requests.

use super::{BATCH, Gauges, Released, push};
use crate::engine::risk::{OUTPUT_LINES_MAX, Output};
use crate::event::{Line, Part};
use crate::journal::{Ledger, WriteError};
use crate::threads::agent::Agent;
use crate::threads::commands::Answering;
use crate::threads::digest::Digest;
use crate::threads::health::HealthSlot;
use crate::threads::lane::Receiver;
use crate::threads::latency::Stage;
use crate::threads::outcome;
use rtrb::Producer;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What joins it with the others.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) from: Receiver,
    pub(super) released: Producer<Released>,
    pub(super) gauges: Arc<Gauges>,
    pub(super) outputs_max: usize,
    pub(super) health: HealthSlot,
    pub(super) stage: Stage,
    pub(super) answering: Answering,
    pub(super) outcome: crossbeam_channel::Sender<outcome::Part>,
}

/// Writes, then releases.
#[derive(Debug)]
pub struct JournalAgent {
    ledger: Ledger,
    digest: Digest,
    part: Part,
    /// Outputs of the input at hand that have not come yet.
    awaited: u16,
    ends: Ends,
    failure: Option<WriteError>,
}

impl JournalAgent {
    pub(super) fn new(ledger: Ledger, ends: Ends) -> Self {
        let (digest, part) = (Digest::default(), Part::empty());
        Self { ledger, digest, part, awaited: 0, ends, failure: None }
    }

    /// Writes the next item, an input or one of its outputs; false if none has come.
    fn take(&mut self) -> Result<bool, WriteError> {
        let Self { ledger, digest, part, ends, .. } = self;
        let damaged = "nobody else writes into the lane";
        if self.awaited == 0 {
            let Some(follow) = ends.from.pop_followed(part).expect(damaged) else {
                return Ok(false);
            };
            ends.stage.begin(part.event.sequence);
            ledger.input(&part.event, part.levels())?;
            self.awaited = follow;
        } else {
            let Some(head) = ends.from.head() else { return Ok(false) };
            let mut lines = [Line::default(); OUTPUT_LINES_MAX];
            let count = Output::line_count_of(head).expect(damaged);
            ends.from.pop_lines(&mut lines[..count]);
            let output = Output::unpack(&lines[..count]).expect(damaged);
            digest.take(&part.event, &lines[..count]);
            if let Some(request) = ledger.output(&output)? {
                push(&mut ends.released, (part.event.sequence, request));
            }
            if let Output::Answer(answer) = &output {
                ends.answering.answer(part.event.sequence, answer);
            }
            self.awaited -= 1;
        }
        if self.awaited == 0 {
            ends.stage.end();
        }
        if self.awaited == 0 && ledger.held() == 0 {
            ends.gauges.done.store(part.event.sequence, Ordering::Release);
        }
        Ok(true)
    }

    /// Syncs and releases what waits for it: one sync for all that came in a turn.
    #[cold]
    fn commit(&mut self) -> Result<(), WriteError> {
        let Self { ledger, part, ends, awaited, .. } = self;
        let sequence = part.event.sequence;
        ledger.commit(|request| push(&mut ends.released, (sequence, request)))?;
        let done = if *awaited == 0 { sequence } else { sequence - 1 };
        ends.gauges.done.fetch_max(done, Ordering::AcqRel);
        Ok(())
    }

    /// After a failure nothing is written and nothing leaves: the way stands still, and the feed
    /// cancels everything.
    #[cold]
    fn fail(&mut self, error: WriteError) {
        self.ends.health.fail(&error.to_string());
        self.failure = Some(error);
    }
}

impl Agent for JournalAgent {
    fn name(&self) -> &'static str {
        "journal"
    }

    fn do_work(&mut self) -> usize {
        if self.ends.health.has_failed() && self.failure.is_none() {
            let what = self.ends.health.failure().unwrap_or("it has failed").to_owned();
            self.failure = Some(WriteError::Kept { what });
        }
        let mut taken = 0;
        while taken < BATCH && self.failure.is_none() {
            let room = self.ends.outputs_max + self.ledger.held();
            if self.ends.released.slots() < room {
                break;
            }
            match self.take() {
                Ok(true) => taken += 1,
                Ok(false) => break,
                Err(error) => self.fail(error),
            }
        }
        if self.ledger.held() > 0
            && self.failure.is_none()
            && let Err(error) = self.commit()
        {
            self.fail(error);
        }
        taken
    }

    fn on_close(&mut self) {
        while self.do_work() > 0 {}
        self.ends.stage.publish();
        let ledger = std::mem::replace(&mut self.ledger, Ledger::Unkept);
        // A dead journal is not closed: it did not end as it should.
        let failure = match self.failure.take() {
            Some(failure) => Some(failure),
            None => ledger.close().err(),
        };
        let left = outcome::Part::Journal { digest: self.digest, failure };
        self.ends.outcome.send(left).ok();
    }
}
