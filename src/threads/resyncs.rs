//! Which wish mends which fault of a book: decided here and nowhere else.
//!
//! Wishes change no decision by themselves; what comes of them are inputs like all others.

use super::link::Wish;
use crate::engine::book::{BookState, Books, Change};
use crate::event::{Body, Event, Shape, Stale};
use crate::types::InstrumentId;

/// Says what the event that the books have just had makes them wish for.
#[inline]
pub fn judge(event: &Event, change: Change, books: &Books, mut wish: impl FnMut(Wish)) {
    if !change.state && !is_end_of_snapshot(event) {
        return;
    }
    if event.body == Body::Timer {
        // Only silence is found by time.
        wish(Wish::Reconnect);
    } else if event.instrument != InstrumentId::ALL {
        judge_one(event.instrument, books, &mut wish);
    } else if event.body == Body::Fault(Stale::Unsubscribed) {
        // The feed keeps the connection, so each book has to be asked for.
        for place in 0..books.iter().count() {
            let id = InstrumentId(u16::try_from(place).expect("ids are 16 bits"));
            judge_one(id, books, &mut wish);
        }
    }
}

fn judge_one(id: InstrumentId, books: &Books, wish: &mut impl FnMut(Wish)) {
    match books.get(id).state() {
        BookState::Fresh => wish(Wish::Synced(id)),
        // A snapshot is on its way: in parts, or with the connection that comes next.
        BookState::Stale(Stale::NoSnapshot | Stale::Disconnected | Stale::SilentFeed) => {}
        BookState::Stale(_) => wish(Wish::Resync(id)),
    }
}

/// A snapshot that leaves a book as stale as it was changes no state, and must not pass for a cure.
const fn is_end_of_snapshot(event: &Event) -> bool {
    match event.body {
        Body::Levels(head) => matches!(head.shape, Shape::Snapshot) && head.last,
        _ => false,
    }
}

/// The most wishes that one event can bring about.
#[must_use]
pub fn wishes_max(books: &Books) -> usize {
    books.iter().count().max(1)
}
