//! What the venue does next of its own accord, by time and then by the order of entry.

use crate::types::Nanos;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something the venue does of its own accord.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Turn {
    /// Somebody of that kind acts in that market.
    Participant {
        /// The market's place.
        market: u16,
        /// Of what kind.
        kind: Kind,
    },
    /// It tells that it is alive.
    Heartbeat,
    /// A fault of that place in the list begins.
    Fault(u16),
}

/// What acts by chance in a market.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    /// A taker.
    Taker = 0,
    /// A maker.
    Maker = 1,
    /// Noise.
    Noise = 2,
    /// An arbitrageur.
    Arbitrageur = 3,
    /// The fair value jumps.
    Jump = 4,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub(super) const ALL: [Self; 5] =
        [Self::Taker, Self::Maker, Self::Noise, Self::Arbitrageur, Self::Jump];
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Due {
    at: Nanos,
    sequence: u64,
    turn: Turn,
}

/// The turns to come.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<Due>>,
    sequence: u64,
}

impl Agenda {
    /// Adds a turn.
    pub(super) fn add(&mut self, at: Nanos, turn: Turn) {
        self.sequence += 1;
        self.heap.push(Reverse(Due { at, sequence: self.sequence, turn }));
    }

    /// The next turn and its time.
    #[inline]
    #[must_use]
    pub(super) fn next(&self) -> Option<(Nanos, Turn)> {
        self.heap.peek().map(|due| (due.0.at, due.0.turn))
    }

    /// The next turn comes again at that time, or never.
    #[inline]
    pub(super) fn again(&mut self, at: Option<Nanos>) {
        let Some(mut next) = self.heap.peek_mut() else { return };
        match at {
            Some(at) => {
                self.sequence += 1;
                (next.0.at, next.0.sequence) = (at, self.sequence);
            }
            None => drop(std::collections::binary_heap::PeekMut::pop(next)),
        }
    }
}
