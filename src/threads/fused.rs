//! Run to completion: one call takes one input the whole way, from the venue to the venue.
//!
//! Sequencer, core, journal and gateway in one thread and without a ring: what `shared` runs on its
//! hot thread and `inline` in the caller's. It has no clock and no loop.

use super::board::Board;
use super::commands::Answering;
use super::digest::Digest;
use super::outcome;
use super::pilot::Pilot;
use super::rehearsal::Rehearsal;
use super::resyncs;
use super::sequencer::Sequencer;
use crate::engine::buffer::Buffer;
use crate::engine::risk::{OUTPUT_LINES_MAX, Output};
use crate::engine::{Core, CoreParams};
use crate::event::{Body, Command, Health, Line, Part, Proposal, Refused};
use crate::journal::{CancelAll, EmergencyReason, Ledger, WriteError};
use crate::types::{InstrumentId, Nanos};

/// The whole engine in one thread.
#[derive(Debug)]
pub struct Fused {
    sequencer: Sequencer,
    core: Core,
    ledger: Ledger,
    out: Buffer<Output>,
    digest: Digest,
    board: Board,
    /// Whether requests that must be synced first wait for others; see [`Self::commit`].
    is_grouped: bool,
    failure: Option<WriteError>,
    answering: Answering,
    /// The core's, as the last input has left it.
    deadline: Option<Nanos>,
    /// What keeps the code of a decision near while nothing comes.
    rehearsal: Option<Box<Rehearsal>>,
}

/// An input behind its turn.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The input.
    pub part: &'a Part,
    /// The core as the input has left it.
    pub core: &'a Core,
    /// What was decided.
    pub outputs: &'a [Output],
}

impl Fused {
    /// The engine as the epoch begins; the ledger has its start.
    #[must_use]
    pub fn new(params: &CoreParams, sequencer: Sequencer, ledger: Ledger, board: Board) -> Self {
        let mut sequencer = sequencer;
        sequencer.link().lend();
        let answering = sequencer.answering();
        let core = Core::new(params);
        Self {
            deadline: core.deadline(),
            sequencer,
            core,
            ledger,
            out: Buffer::new(Core::outputs_max(params)),
            digest: Digest::default(),
            board,
            is_grouped: false,
            failure: None,
            answering,
            rehearsal: None,
        }
    }

    /// The time at which the next input is to be taken, if one is due.
    #[inline]
    pub fn now(&mut self, pilot: &mut Pilot) -> Option<Nanos> {
        let open_orders = self.core.risk().open_orders();
        let now = pilot.now(&mut self.sequencer, self.deadline, open_orders);
        self.board.latency.begin(|| pilot.looked());
        now
    }

    /// Takes the next input by `now` the whole way; false if there is none.
    ///
    /// After a failure of the journal nothing is taken any more: see [`Self::has_failed`].
    #[inline]
    pub fn turn(&mut self, now: Nanos) -> bool {
        if self.failure.is_some() {
            return false;
        }
        let Self { sequencer, core, .. } = self;
        let books = Some(core.quoting().books());
        if !sequencer.advance(now, self.deadline, books) {
            return false;
        }
        self.board.latency.heard(self.sequencer.sequence());
        self.failure = self.take(now).err();
        true
    }

    /// From now on requests that must be synced before they leave wait for [`Self::commit`], so
    /// that one sync serves all of a batch.
    pub const fn group(&mut self) {
        self.is_grouped = true;
    }

    /// Syncs and sends what waits for it, if anything does.
    #[inline]
    pub fn commit(&mut self, now: Nanos) {
        if self.ledger.held() > 0 && self.failure.is_none() {
            self.failure = self.release(now).err();
        }
    }

    #[cold]
    fn release(&mut self, now: Nanos) -> Result<(), WriteError> {
        let Self { sequencer, ledger, board, .. } = self;
        let sequence = sequencer.sequence();
        ledger.commit(|request| {
            sequencer.send(&request, now);
            board.latency.released(sequence);
        })
    }

    /// Takes a command from inside of the process.
    pub fn command(&mut self, command: Command) {
        self.sequencer.command(command);
    }

    /// The journal cannot be kept, as another thread has found: nothing is written any more.
    pub fn fail(&mut self, what: &str) {
        if self.failure.is_none() {
            self.failure = Some(WriteError::Kept { what: what.to_owned() });
        }
    }

    /// Cancels everything past the journal, which is dead; why it is, and whether that has left.
    pub fn cancel_all(&mut self) -> Option<(String, bool)> {
        let failure = self.failure.as_ref()?;
        let cancel = CancelAll { reason: EmergencyReason::JournalFailed };
        let has_left = self.sequencer.cancel_all(cancel);
        Some((failure.to_string(), has_left))
    }

    /// Looks for commands of operators, once a turn.
    #[inline]
    pub fn poll_commands(&mut self) {
        self.sequencer.poll_commands();
    }

    /// Takes the health as it is now.
    pub const fn set_health(&mut self, health: Health) {
        self.sequencer.set_health(health);
    }

    /// Whether the venue has still to tell what it knows of us.
    #[inline]
    #[must_use]
    pub const fn is_reconciling(&self) -> bool {
        self.sequencer.is_reconciling()
    }

    /// From now on [`Self::seen`] has the marks too.
    pub fn keep_marks(&mut self, params: &CoreParams) {
        self.core.keep_marks(params);
    }

    /// What the last [`Self::turn`] took and brought about, for a caller that collects.
    #[must_use]
    pub fn seen(&self) -> Seen<'_> {
        Seen { part: self.sequencer.input(), core: &self.core, outputs: self.out.items() }
    }

    /// Whether the journal could not be written: nothing of that input has left. [`Self::end`] says
    /// why.
    #[inline]
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// From now on decisions are rehearsed while nothing comes: for a thread that never gives way.
    pub fn rehearse(&mut self, params: &CoreParams) {
        self.rehearsal = Rehearsal::new(params).map(Box::new);
    }

    /// Nothing was due by `now`, when the processor's counter showed `looked`: what readers have
    /// not seen yet is shown.
    #[inline]
    pub fn idle(&mut self, now: Nanos, looked: u64) {
        self.board.idle(&self.core);
        if let Some(rehearsal) = &mut self.rehearsal
            && rehearsal.perform(now, looked).is_some()
        {
            std::hint::black_box(self.core.glance(rehearsal.look_at()));
            self.ledger.glance();
        }
    }

    /// Takes the input that stands in the sequencer.
    #[inline]
    fn take(&mut self, now: Nanos) -> Result<(), WriteError> {
        let Self { sequencer, core, ledger, out, digest, board, answering, .. } = self;
        let part = sequencer.input();
        let (input, levels) = (part.event, part.levels());
        out.clear();
        // First, so that an input that makes the core panic can be found in the journal.
        ledger.input(&input, levels)?;
        board.core.begin(input.sequence);
        let change = core.apply(&input, levels, out);
        self.deadline = core.deadline();
        board.core.end();
        board.journal.begin(input.sequence);
        sequencer.told(change, core.quoting().books());
        for output in out.items() {
            if let Some(request) = ledger.output(output)? {
                sequencer.send(&request, now);
                board.latency.released(input.sequence);
            }
        }
        if ledger.held() > 0 && !self.is_grouped {
            ledger.commit(|request| {
                sequencer.send(&request, now);
                board.latency.released(input.sequence);
            })?;
        }
        board.journal.end();
        // What nobody waits for outside comes behind what has left.
        let mut lines = [Line::default(); OUTPUT_LINES_MAX];
        for output in out.items() {
            let count = output.pack_into(&mut lines);
            digest.take(&input, &lines[..count]);
            if let Output::Answer(answer) = output {
                answering.answer(input.sequence, answer);
            }
            if let Some((instrument, body)) = fed_back(output) {
                sequencer.feed_back(instrument, body);
            }
        }
        resyncs::judge(&input, change, core.quoting().books(), |wish| sequencer.heed(wish, now));
        board.input((&input, sequencer.input().levels()), core, out.items());
        Ok(())
    }

    /// Ends the run: the journal is sealed, the venue's side kept; what each stage leaves.
    #[must_use]
    pub fn end(mut self) -> [outcome::Part; 3] {
        let last = (self.sequencer.sequence(), self.sequencer.latest());
        self.board.close(&self.core, last);
        let feed = self.sequencer.end();
        let fills = self.board.risk.fills();
        let risk = outcome::Part::Risk(Box::new(self.core.into_risk()), fills);
        // A dead journal is not closed: it did not end as it should.
        let failure = match self.failure {
            Some(failure) => Some(failure),
            None => self.ledger.close().err(),
        };
        [feed, risk, outcome::Part::Journal { digest: self.digest, failure }]
    }
}

/// What of an output comes back as an input.
#[must_use]
pub fn fed_back(output: &Output) -> Option<(InstrumentId, Body)> {
    match output {
        Output::Refusal(refusal) => {
            let Proposal { order, kind, instrument, .. } = refusal.proposal;
            Some((instrument, Body::Refused(Refused { order, kind, code: refusal.code })))
        }
        Output::State { state, reason } => {
            Some((InstrumentId::ALL, Body::State { state: *state, reason: *reason }))
        }
        Output::Breaker { change, instrument } => Some((*instrument, Body::Breaker(*change))),
        Output::Exit(exit) => Some((exit.instrument, Body::Exit(exit.change))),
        Output::Query { order, instrument, side } => {
            Some((*instrument, Body::Query { order: *order, side: *side }))
        }
        Output::Request(_) | Output::Explanation(_) | Output::Answer(_) => None,
    }
}
