//! Which trades were counted already: the last ones by order and the venue's number.
//!
//! Of fixed size; the oldest is forgotten for the newest. A trade that a venue tells again comes
//! soon after the first time (a second channel, a reconnect), far within what is kept.

use crate::engine::image::runs;
use crate::types::OrderId;
use serde::{Deserialize, Serialize};

/// How many trades are remembered.
const TRADES_KEPT: usize = 1 << 15;
const EMPTY: u32 = u32::MAX;

/// The trades that were counted last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Trades {
    /// In the order in which they came, around and around.
    #[serde(with = "runs")]
    ring: Box<[(OrderId, u64)]>,
    /// Open addressing over the ring's places, at most half full.
    #[serde(with = "runs")]
    slots: Box<[u32]>,
    next: usize,
    len: usize,
    /// Every trade with this number or a greater one that was counted is remembered.
    from: u64,
}

impl Trades {
    pub(super) fn new() -> Self {
        Self::with_room(TRADES_KEPT)
    }

    fn with_room(trades_max: usize) -> Self {
        assert!(trades_max.is_power_of_two());
        Self {
            ring: vec![(OrderId::default(), 0); trades_max].into(),
            slots: vec![EMPTY; 2 * trades_max].into(),
            next: 0,
            len: 0,
            from: 0,
        }
    }

    /// Whether the trade is new; from now on it is not.
    pub(super) fn is_new(&mut self, order: OrderId, trade: u64) -> bool {
        let mut at = self.home((order, trade));
        while self.slots[at] != EMPTY {
            if self.ring[self.slots[at] as usize] == (order, trade) {
                return false;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        if self.len == self.ring.len() {
            self.forget(self.ring[self.next]);
        } else {
            self.len += 1;
        }
        // Forgetting may have moved the empty place: it is looked for again.
        let mut at = self.home((order, trade));
        while self.slots[at] != EMPTY {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.ring[self.next] = (order, trade);
        self.slots[at] = u32::try_from(self.next).expect("fewer trades than 2^32");
        self.next = (self.next + 1) & (self.ring.len() - 1);
        true
    }

    /// The trades that are remembered, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (OrderId, u64)> {
        let (newer, older) = self.ring.split_at(self.next);
        let known = older.iter().chain(newer);
        known.skip(self.ring.len() - self.len).copied()
    }

    /// Every trade with that number or a greater one that was counted is remembered.
    pub(super) const fn from(&self) -> u64 {
        self.from
    }

    /// Those with lower numbers may be forgotten.
    pub(super) fn forget_below(&mut self, from: u64) {
        self.from = self.from.max(from);
    }

    fn home(&self, (order, trade): (OrderId, u64)) -> usize {
        let mixed = (order.0 ^ trade.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (mixed >> 32) as usize;
        place & (self.slots.len() - 1)
    }

    /// Takes the trade out; those behind it that it had pushed on move up.
    fn forget(&mut self, key: (OrderId, u64)) {
        self.forget_below(key.1.saturating_add(1));
        let mask = self.slots.len() - 1;
        let mut hole = self.home(key);
        while self.ring[self.slots[hole] as usize] != key {
            hole = (hole + 1) & mask;
        }
        let mut at = (hole + 1) & mask;
        while self.slots[at] != EMPTY {
            let home = self.home(self.ring[self.slots[at] as usize]);
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
            at = (at + 1) & mask;
        }
        self.slots[hole] = EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn it_remembers_what_a_list_of_the_last_remembers() {
        let mut trades = Trades::with_room(16);
        let mut oracle = VecDeque::new();
        let mut seed = 7_u64;
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = (OrderId(seed >> 62), seed >> 40 & 15);
            let new = !oracle.contains(&key);
            assert_eq!(trades.is_new(key.0, key.1), new);
            if new {
                oracle.push_back(key);
                if oracle.len() > 16 {
                    oracle.pop_front();
                }
            }
        }
    }
}
