//! Which order ids were used before, in bounded memory.
//!
//! Each origin counts up within an epoch, so a window below the highest counter is exact; what lies
//! below the window, or in an older epoch, counts as used.

use crate::types::{OrderId, Origin};
use serde::{Deserialize, Serialize};

/// Counters remembered one by one below the highest of an origin.
const WINDOW: u32 = 1 << 16;
const WORDS: usize = WINDOW as usize / 64;

/// How far the ids have come: what the truth keeps of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct IdsUsed {
    /// The latest epoch.
    pub(super) epoch: u32,
    /// One above the highest counter of each origin in that epoch.
    pub(super) next: [u32; 2],
}

/// The ids used so far.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    used: IdsUsed,
    seen: [Vec<u64>; 2],
}

impl Ids {
    /// Everything up to there was used.
    #[must_use]
    pub(super) fn new(used: IdsUsed) -> Self {
        Self { used, seen: [vec![u64::MAX; WORDS], vec![u64::MAX; WORDS]] }
    }

    /// How far they have come.
    #[must_use]
    pub(super) const fn used(&self) -> IdsUsed {
        self.used
    }

    /// Uses an id; false if it was used before.
    pub(super) fn take(&mut self, id: OrderId) -> bool {
        let (epoch, counter, origin) = (id.epoch(), id.counter(), id.origin());
        if epoch < self.used.epoch {
            return false;
        }
        if epoch > self.used.epoch {
            self.used = IdsUsed { epoch, next: [0; 2] };
        }
        let seen = &mut self.seen[origin as usize];
        let next = &mut self.used.next[origin as usize];
        if counter >= *next {
            for skipped in (*next..counter).rev().take(WINDOW as usize) {
                *word(seen, skipped) &= !bit(skipped);
            }
            *next = counter + 1;
            *word(seen, counter) |= bit(counter);
            return true;
        }
        let fresh = *next - counter <= WINDOW && *word(seen, counter) & bit(counter) == 0;
        if fresh {
            *word(seen, counter) |= bit(counter);
        }
        fresh
    }
}

fn word(seen: &mut [u64], counter: u32) -> &mut u64 {
    &mut seen[(counter % WINDOW) as usize / 64]
}

const fn bit(counter: u32) -> u64 {
    1 << (counter % 64)
}

const _: () = assert!(Origin::Quoter as usize == 0 && Origin::Risk as usize == 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_used_once() {
        let mut ids = Ids::new(IdsUsed::default());
        let mut check = |epoch, origin, counter, expected| {
            let id = OrderId::new(epoch, origin, counter);
            assert_eq!(ids.take(id), expected, "{epoch} {origin:?} {counter}");
        };
        check(5, Origin::Quoter, 0, true);
        check(5, Origin::Quoter, 0, false);
        check(5, Origin::Risk, 0, true);
        check(5, Origin::Quoter, 9, true);
        check(5, Origin::Quoter, 3, true);
        check(5, Origin::Quoter, 3, false);
        check(4, Origin::Quoter, 100, false);
        check(5, Origin::Quoter, 200_000, true);
        check(5, Origin::Quoter, 199_999, true);
        check(5, Origin::Quoter, 200_000 - WINDOW + 1, true);
        check(5, Origin::Quoter, 200_000 - WINDOW, false);
        check(6, Origin::Quoter, 0, true);
        check(6, Origin::Risk, OrderId::COUNTER_MAX, true);
        check(6, Origin::Risk, OrderId::COUNTER_MAX, false);
        let mut restarted = Ids::new(ids.used());
        assert!(!restarted.take(OrderId::new(6, Origin::Risk, OrderId::COUNTER_MAX - 1)));
        assert!(restarted.take(OrderId::new(6, Origin::Quoter, 1)));
    }
}
