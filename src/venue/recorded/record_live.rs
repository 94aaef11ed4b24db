//! A live session written down as it happens: frames, REST answers, connections and their ends.
//!
//! The bytes are kept as they came and nothing is decoded: what is wrong with them is for whoever
//! replays them. No clock is read here; waiting, signals and the terminal are the tool's.

use super::own::{Recorder, RecorderError};
use super::record::{Kind, Record};
use crate::types::Nanos;
use crate::venue::session::reason::{Counters, DropReason};
use crate::venue::session::{Session, Turn};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// A session and the recorder of what it hears.
#[derive(Debug)]
pub struct LiveRecorder {
    session: Session,
    recorder: Recorder,
    /// Where the feed is: the tag of every connection.
    address: String,
    /// A connection stands that the recording has not seen the end of.
    is_up: bool,
    begun: Option<Nanos>,
    latest: Nanos,
}

/// What was recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Summary {
    /// The venue's name.
    pub venue: &'static str,
    /// From the first turn to the last.
    pub milliseconds: i64,
    /// Frames of the feed.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Answers by REST.
    pub rest: u64,
    /// Connections that came up.
    pub ups: u64,
    /// Connections that failed or went down, by reason, as far as there were any.
    pub downs: BTreeMap<&'static str, u64>,
    /// Subscriptions that the venue refused.
    pub refused: u64,
    /// Why the venue ended it for good, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

impl LiveRecorder {
    /// Records that session.
    #[must_use]
    pub fn new(session: Session, recorder: Recorder) -> Self {
        let address = session.address();
        Self { session, recorder, address, is_up: false, begun: None, latest: Nanos::UNKNOWN }
    }

    /// Records what has come; false if there was nothing. Does not wait for the venue, only for the
    /// disk.
    ///
    /// # Errors
    /// Writing failed: the recording ends with what stands.
    pub fn turn(&mut self, now: Nanos) -> Result<bool, RecorderError> {
        self.begun.get_or_insert(now);
        self.latest = now;
        let address = self.address.as_bytes();
        let snapshot_address;
        let (kind, tag, payload) = match self.session.turn(now) {
            Turn::Idle => {
                self.recorder.flush_due(now)?;
                return Ok(false);
            }
            Turn::Up => {
                self.is_up = true;
                (Kind::Up, address, &b""[..])
            }
            Turn::Down(reason) | Turn::Stopped(reason) => {
                // An attempt that failed is counted and was no connection.
                let was_up = std::mem::take(&mut self.is_up);
                if was_up {
                    let payload = reason.to_string();
                    self.recorder.record(&Record {
                        received: now,
                        kind: Kind::Down,
                        tag: address,
                        payload: payload.as_bytes(),
                        torn: false,
                    })?;
                }
                self.recorder.flush_due(now)?;
                return Ok(was_up);
            }
            Turn::Frame(bytes) => (Kind::Received, &b""[..], bytes),
            Turn::Rest { symbol, .. } => {
                let found = self.session.snapshot_address(&symbol);
                snapshot_address = found.expect("what came by REST has an address there");
                (Kind::Rest, snapshot_address.as_bytes(), self.session.body())
            }
        };
        self.recorder.record(&Record { received: now, kind, tag, payload, torn: false })?;
        Ok(true)
    }

    /// Sleeps until something comes or is due, `timeout` at most.
    pub fn wait(&mut self, timeout: Duration) {
        self.session.wait(timeout);
    }

    /// Why the venue has ended it for good, if it has.
    #[must_use]
    pub const fn stopped(&self) -> Option<DropReason> {
        self.session.stopped()
    }

    /// What the session has counted.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        self.session.counters()
    }

    /// Leaves the venue, writes what is left and puts it on the disk.
    ///
    /// # Errors
    /// Writing failed now or before.
    pub fn finish(mut self) -> Result<Summary, RecorderError> {
        // No end of a connection: the books stand as the venue last told them.
        self.recorder.record(&Record {
            received: self.latest,
            kind: Kind::Note,
            tag: b"",
            payload: b"the recording was ended",
            torn: false,
        })?;
        let summary = self.summary();
        self.recorder.finish()?;
        Ok(summary)
    }

    fn summary(&self) -> Summary {
        let counters = self.session.counters();
        let downs = DropReason::NAMES.into_iter().zip(counters.drops);
        Summary {
            venue: self.session.venue().name(),
            milliseconds: self.begun.map_or(0, |begun| (self.latest.0 - begun.0) / 1_000_000),
            frames: counters.frames,
            bytes: counters.bytes,
            rest: counters.rest_bodies,
            ups: counters.ups,
            downs: downs.filter(|(_, count)| *count > 0).collect(),
            refused: counters.subscribes_refused,
            stopped: self.session.stopped().map(|reason| reason.to_string()),
        }
    }
}
