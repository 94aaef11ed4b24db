//! The stage that owns the books: takes parts from the lane and says what a broken book needs.
//!
//! A plain struct that is turned: no thread, no clock. Which wish mends which fault is decided
//! here and nowhere else. What is quoted on the books is not known here.

use super::feed::Wish;
use super::lane::Receiver;
use crate::engine::book::{BookState, Books, Change};
use crate::event::{Body, Event, Level, Part, Shape, Stale};
use crate::types::{InstrumentId, Nanos};

/// The books at the end of a lane.
#[derive(Debug)]
pub struct BookStage {
    lane: Receiver,
    books: Books,
    part: Part,
    parts_per_turn_max: usize,
    /// Made with room for all that a turn can wish at once.
    wishes: Vec<Wish>,
}

impl BookStage {
    /// The books that are fed by that lane, so many parts a turn at most.
    #[must_use]
    pub fn new(lane: Receiver, books: Books, parts_per_turn_max: usize) -> Self {
        let wishes = Vec::with_capacity(books.iter().count() + parts_per_turn_max + 1);
        Self { lane, books, part: Part::empty(), parts_per_turn_max, wishes }
    }

    /// Applies what has come and judges the silence; each event is shown once the books have it.
    /// Says how much was done. Never blocks.
    ///
    /// # Panics
    /// A line of the lane is no event: the memory is damaged.
    pub fn turn(&mut self, now: Nanos, mut show: impl FnMut(&Event, &[Level], &Books)) -> usize {
        for taken in 0..self.parts_per_turn_max {
            if !self.lane.pop(&mut self.part).expect("nobody else writes into the lane") {
                // Only a lane that is empty is silent: what waits in it was heard in time.
                self.on_time(now);
                return taken;
            }
            let Self { part, books, .. } = self;
            let change = books.apply(&part.event, part.levels());
            show(&part.event, part.levels(), books);
            self.judge(change);
        }
        self.parts_per_turn_max
    }

    /// Judges the silence until `now`: for a recording, whose time leaps to the next record.
    pub fn on_time(&mut self, now: Nanos) {
        if self.books.on_time(now).state {
            self.wishes.push(Wish::Reconnect);
        }
    }

    /// What the event at hand makes of its books.
    fn judge(&mut self, change: Change) {
        let event = self.part.event;
        if !change.state && !is_end_of_snapshot(&event) {
            return;
        }
        if event.instrument != InstrumentId::ALL {
            self.judge_one(event.instrument);
        } else if event.body == Body::Fault(Stale::Unsubscribed) {
            // The feed keeps the connection, so each book has to be asked for.
            for place in 0..self.books.iter().count() {
                self.judge_one(InstrumentId(u16::try_from(place).expect("ids are 16 bits")));
            }
        }
    }

    fn judge_one(&mut self, id: InstrumentId) {
        match self.books.get(id).state() {
            BookState::Fresh => self.wishes.push(Wish::Synced(id)),
            // A snapshot is on its way: in parts, or with the connection that comes next.
            BookState::Stale(Stale::NoSnapshot | Stale::Disconnected | Stale::SilentFeed) => {}
            BookState::Stale(_) => self.wishes.push(Wish::Resync(id)),
        }
    }

    /// What is wished since the last call.
    pub fn take_wishes(&mut self) -> impl Iterator<Item = Wish> {
        self.wishes.drain(..)
    }

    /// The books.
    #[must_use]
    pub const fn books(&self) -> &Books {
        &self.books
    }
}

/// A snapshot that leaves a book as stale as it was changes no state, and must not pass for a cure.
fn is_end_of_snapshot(event: &Event) -> bool {
    matches!(event.body, Body::Levels(head) if head.shape == Shape::Snapshot && head.last)
}
