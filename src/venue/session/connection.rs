//! The talk on one open connection: subscribe at the venue's pace, see it answered, see it alive.
//!
//! No clock: the session hands in the time.

use std::collections::VecDeque;

use tungstenite::Utf8Bytes;

use super::facts::{Answer, Facts, Ping};
use super::pacing::Bucket;
use super::reason::{Counters, DropReason};
use super::socket::{Got, Socket};
use crate::types::Nanos;

/// How long a venue may take to answer the last subscribe.
const ANSWERS_WITHIN: Nanos = Nanos::from_seconds(10);

/// A text that waits for its turn, and the answers it brings.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) text: Utf8Bytes,
    pub(super) answers: u32,
}

/// What the session lends for a turn.
#[derive(Debug)]
pub(super) struct Lent<'a> {
    pub(super) now: Nanos,
    pub(super) facts: &'static Facts,
    pub(super) messages: &'a mut Bucket,
    pub(super) counters: &'a mut Counters,
}

/// What a turn brought.
#[derive(Debug)]
pub(super) enum Heard {
    /// Nothing stands in the socket.
    Nothing,
    /// Something that concerns nobody outside.
    Inside,
    /// A text for the caller.
    Text(Utf8Bytes),
}

/// An open connection and where its talk stands.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    outbox: VecDeque<Outgoing>,
    /// Answers still to come, of what was sent and what waits.
    unanswered: u32,
    accepted: bool,
    /// By when; moved on with each subscribe sent.
    answers_by: Nanos,
    bytes_heard: u64,
    heard_at: Nanos,
    /// When the venue was asked whether it lives, if it has not been heard since.
    asked_at: Option<Nanos>,
    /// The venue's own form of pong is still to come; it is for nobody outside.
    pong_awaited: bool,
    /// When it came up.
    pub(super) since: Nanos,
}

impl Connection {
    pub(super) fn new(socket: Socket, subscribe: &[Outgoing], now: Nanos) -> Self {
        Self {
            bytes_heard: socket.bytes_heard(),
            socket,
            outbox: subscribe.iter().cloned().collect(),
            unanswered: subscribe.iter().map(|outgoing| outgoing.answers).sum(),
            accepted: false,
            answers_by: Nanos(now.0 + ANSWERS_WITHIN.0),
            heard_at: now,
            asked_at: None,
            pong_awaited: false,
            since: now,
        }
    }

    /// Sends what is due and reads one message.
    pub(super) fn turn(&mut self, lent: &mut Lent<'_>) -> Result<Heard, DropReason> {
        self.send_due(lent)?;
        let got = self.socket.read()?;
        let bytes_heard = self.socket.bytes_heard();
        if bytes_heard != self.bytes_heard {
            self.bytes_heard = bytes_heard;
            self.heard_at = lent.now;
            self.asked_at = None;
        }
        let heard = match got {
            Got::Nothing => Heard::Nothing,
            Got::Ping => {
                lent.counters.pings_answered += 1;
                if lent.facts.pongs_count {
                    lent.messages.owe(lent.now, 1);
                }
                Heard::Inside
            }
            Got::Pong => Heard::Inside,
            Got::Text(text) => self.weigh(text, lent)?,
        };
        self.check_deadlines(lent)?;
        Ok(heard)
    }

    /// Sends the next text, if the venue's limit allows one now.
    pub(super) fn send_due(&mut self, lent: &mut Lent<'_>) -> Result<(), DropReason> {
        if self.outbox.is_empty() || !lent.messages.take(lent.now, 1) {
            return Ok(());
        }
        let Some(outgoing) = self.outbox.pop_front() else { return Ok(()) };
        self.answers_by = Nanos(lent.now.0 + ANSWERS_WITHIN.0);
        lent.counters.texts_sent += 1;
        self.socket.send(outgoing.text)
    }

    /// Whether the text concerns the session too, and whether it concerns only the session.
    fn weigh(&mut self, text: Utf8Bytes, lent: &mut Lent<'_>) -> Result<Heard, DropReason> {
        // Answers come only while one is awaited: the usual frame is not looked into.
        if self.unanswered > 0 || self.pong_awaited {
            match (lent.facts.answer)(text.as_bytes()) {
                Answer::Pong => {
                    self.pong_awaited = false;
                    return Ok(Heard::Inside);
                }
                Answer::Accepted if self.unanswered > 0 => {
                    lent.counters.subscribes_accepted += 1;
                    self.accepted = true;
                    self.unanswered -= 1;
                }
                Answer::Refused if self.unanswered > 0 => {
                    lent.counters.subscribes_refused += 1;
                    self.unanswered -= 1;
                    if self.unanswered == 0 && !self.accepted {
                        return Err(DropReason::SubscribeRefused);
                    }
                }
                Answer::None | Answer::Accepted | Answer::Refused => {}
            }
        }
        Ok(Heard::Text(text))
    }

    fn check_deadlines(&mut self, lent: &mut Lent<'_>) -> Result<(), DropReason> {
        let now = lent.now;
        if self.unanswered > 0 && self.outbox.is_empty() && now >= self.answers_by {
            return Err(DropReason::SubscribeUnanswered);
        }
        match self.asked_at {
            Some(at) if now.0 - at.0 >= lent.facts.pong_within.0 => return Err(DropReason::Silent),
            None if now.0 - self.heard_at.0 >= lent.facts.silence.0 => self.ask(lent)?,
            _ => {}
        }
        Ok(())
    }

    /// Asks the venue whether it lives; the question does not wait for its place among the texts.
    fn ask(&mut self, lent: &mut Lent<'_>) -> Result<(), DropReason> {
        self.asked_at = Some(lent.now);
        lent.counters.pings_sent += 1;
        match lent.facts.ping {
            Ping::Frame => {
                if lent.facts.pongs_count {
                    lent.messages.owe(lent.now, 1);
                }
                self.socket.ping()
            }
            Ping::Text(text) => {
                lent.messages.owe(lent.now, 1);
                lent.counters.texts_sent += 1;
                self.pong_awaited = true;
                self.socket.send(Utf8Bytes::from_static(text))
            }
        }
    }

    /// Whether all is sent and answered.
    pub(super) fn is_subscribed(&self) -> bool {
        self.unanswered == 0 && self.outbox.is_empty()
    }

    /// Puts texts behind what waits.
    pub(super) fn enqueue(&mut self, texts: [String; 2]) {
        let outgoing = |text: String| Outgoing { text: text.into(), answers: 0 };
        self.outbox.extend(texts.map(outgoing));
    }

    /// When something is to be done though nothing is heard.
    pub(super) fn next_due(&self, facts: &Facts, messages: &Bucket) -> Nanos {
        let mut due = match self.asked_at {
            Some(at) => at.0 + facts.pong_within.0,
            None => self.heard_at.0 + facts.silence.0,
        };
        if !self.outbox.is_empty() {
            due = due.min(messages.ready_at(1).0);
        } else if self.unanswered > 0 {
            due = due.min(self.answers_by.0);
        }
        Nanos(due)
    }

    /// Says good-bye.
    pub(super) fn close(&mut self) {
        self.socket.close();
    }
}
