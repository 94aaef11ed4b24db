//! The line between the venue and the engine, as the venue's process watches it: every order that
//! comes is noted before the venue takes it, and the line is cut where the drill wants it.
//!
//! Nobody is killed here: whoever drills sees the mark and does it. Once the line is cut nothing
//! passes either way, so what the venue and the journal know of each other stays as it was.

use crate::engine::risk::OrderRequest;
use crate::event::{Body, Part, RequestKind};
use crate::threads::link::Watch;
use crate::types::OrderId;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// What the drill tells the venue before each life, as a line of JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Life {
    /// Which one.
    pub(super) life: u32,
    /// Where its line is cut.
    pub(super) cut: Option<Cut>,
}

/// Where a line is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Cut {
    /// Before the order with that number comes, counted from 0.
    Unsent(u64),
    /// Before the venue's answer to it leaves.
    Unanswered(u64),
}

/// What was seen, as lines of JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Seen {
    /// That life begins.
    Life(u32),
    /// An order has come.
    Order(u64),
    /// An order was on its way, and did not come.
    Unsent(u64),
}

/// Where it is noted in the venue's folder.
pub(super) fn seen_path(venue: &Path) -> PathBuf {
    venue.join("venue-seen.jsonl")
}

/// The mark of a line that is cut; the drill removes it.
pub(super) fn cut_path(venue: &Path) -> PathBuf {
    venue.join("cut")
}

/// Watches a line.
#[derive(Debug)]
pub(super) struct Line {
    folder: PathBuf,
    file: File,
    lives: Receiver<Life>,
    cut: Option<Cut>,
    /// How many orders have come.
    orders: u64,
    /// The one whose answer is lost.
    awaited: Option<OrderId>,
    failed: Option<io::Error>,
}

impl Line {
    /// Hears on stdin of lives to come.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let file = File::options().append(true).create(true).open(seen_path(folder))?;
        let (told, lives) = channel();
        std::thread::spawn(move || {
            for line in io::stdin().lock().lines() {
                let life = line.ok().and_then(|line| serde_json::from_str(&line).ok());
                if life.is_none_or(|life: Life| told.send(life).is_err()) {
                    break;
                }
            }
        });
        let folder = folder.to_owned();
        let (cut, orders, awaited, failed) = (None, 0, None, None);
        Ok(Self { folder, file, lives, cut, orders, awaited, failed })
    }

    /// Takes what was told; false when there is nobody left who could tell something.
    pub(super) fn heed(&mut self) -> io::Result<bool> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        match self.lives.try_recv() {
            Ok(Life { life, cut }) => {
                (self.cut, self.orders, self.awaited) = (cut, 0, None);
                self.note(Seen::Life(life));
                Ok(true)
            }
            Err(TryRecvError::Empty) => Ok(true),
            Err(TryRecvError::Disconnected) => Ok(false),
        }
    }

    /// It survives this process; the machine of the venue does not lose power.
    fn note(&mut self, seen: Seen) {
        let line = serde_json::to_string(&seen).expect("numbers are JSON");
        self.failed = writeln!(self.file, "{line}").err().or(self.failed.take());
    }

    fn mark(&mut self) {
        self.cut = None;
        self.failed = fs::write(cut_path(&self.folder), "").err().or(self.failed.take());
    }
}

impl Watch for Line {
    fn comes(&mut self, request: &OrderRequest) -> bool {
        let terms = request.terms();
        if terms.kind != RequestKind::Place {
            return true;
        }
        let number = self.orders;
        self.orders += 1;
        if self.cut == Some(Cut::Unsent(number)) {
            self.note(Seen::Unsent(terms.order.0));
            self.mark();
            return false;
        }
        if self.cut == Some(Cut::Unanswered(number)) {
            self.awaited = Some(terms.order);
        }
        self.note(Seen::Order(terms.order.0));
        true
    }

    fn leaves(&mut self, part: &Part) -> bool {
        let Body::Report(report) = part.event.body else { return true };
        if self.awaited != Some(report.order) {
            return true;
        }
        self.awaited = None;
        self.mark();
        false
    }
}
