//! The ladder against a map, with windows small enough that everything happens: the touch runs out
//! of the window, drifts through it, jumps over it, and far levels come and go.

use super::ladder::{Full, Ladder};
use crate::event::Level;
use crate::types::{Price, Qty, Side};
use std::collections::BTreeMap;

/// A side as a map from coordinate (growing away from the touch) to quantity.
struct Naive {
    side: Side,
    levels: BTreeMap<i64, i64>,
}

impl Naive {
    fn at(&self, price: i64) -> i64 {
        if self.side == Side::Bid { -price } else { price }
    }

    fn set(&mut self, price: i64, qty: i64) -> i64 {
        let at = self.at(price);
        let old = if qty == 0 { self.levels.remove(&at) } else { self.levels.insert(at, qty) };
        old.unwrap_or(0)
    }

    fn all(&self) -> Vec<Level> {
        let level = |(at, qty): (&i64, &i64)| Level::new(self.side, Price(self.at(*at)), Qty(*qty));
        self.levels.iter().map(level).collect()
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        i64::try_from((self.0 >> 33) % u64::try_from(bound).unwrap()).unwrap()
    }
}

fn assert_same(ladder: &Ladder, naive: &Naive, story: &str) {
    let all = naive.all();
    let best = all.first().map(|l| (l.price(), l.qty()));
    assert_eq!(ladder.best(), best, "{story}");
    assert_eq!(ladder.len(), all.len(), "{story}");
    let first: Vec<_> = all.iter().take(12).map(|l| (l.price(), l.qty())).collect();
    assert_eq!(ladder.iter().take(12).collect::<Vec<_>>(), first, "{story}");
}

/// One seed is one story: a touch that wanders with `drift` ticks a step and sometimes leaps.
fn story(seed: u64, side: Side, drift: i64, spread: i64) {
    let mut random = Random(seed);
    let (mut ladder, mut naive) =
        (Ladder::new(side, 4096, 4096), Naive { side, levels: BTreeMap::new() });
    let mut touch = 1 << 30;
    for step in 0..6_000 {
        touch += random.below(2 * drift + 1) - drift;
        if random.below(500) == 0 {
            touch += random.below(40_001) - 20_000;
        }
        // Mostly behind the touch, sometimes in front of it, now and then far behind.
        let mut behind = random.below(spread) - spread / 20;
        if random.below(20) == 0 {
            behind *= 100;
        }
        let mut price = if side == Side::Bid { touch - behind } else { touch + behind };
        if random.below(3) == 0
            && let Some((best, _)) = ladder.best()
        {
            price = best.0;
        }
        let qty = if random.below(5) < 2 { 0 } else { random.below(1000) + 1 };
        let told = format!("seed {seed} {side:?} step {step} set {price} {qty}");
        let old = ladder.set(Price(price), Qty(qty));
        assert_eq!(old, Ok(Qty(naive.set(price, qty))), "{told}");
        assert_eq!(ladder.qty(Price(price)), Qty(qty), "{told}");
        assert_same(&ladder, &naive, &told);
        if random.below(400) == 0 {
            let depth = usize::try_from(random.below(200)).unwrap();
            ladder.truncate(depth);
            while naive.levels.len() > depth {
                naive.levels.pop_last();
            }
            assert_same(&ladder, &naive, &told);
        }
        if step % 500 == 499 {
            let mut all = Vec::new();
            ladder.collect_into(&mut all);
            assert_eq!(all, naive.all(), "{told}");
            assert_eq!(ladder.iter().count(), all.len(), "{told}");
        }
        if random.below(3000) == 0 {
            ladder.clear();
            naive.levels.clear();
        }
    }
}

#[test]
fn a_ladder_is_what_a_map_is() {
    for seed in 0..8 {
        for side in Side::BOTH {
            story(seed, side, 1, 40);
            story(seed, side, 3, 3_000);
            story(seed, side, 200, 9_000);
        }
    }
}

#[test]
fn ladders_of_the_lowest_and_highest_prices() {
    for side in Side::BOTH {
        let (mut ladder, mut naive) =
            (Ladder::new(side, 4096, 64), Naive { side, levels: BTreeMap::new() });
        for price in [1, Price::MAX.0, 2, 64, 63, 65, Price::MAX.0 - 1, 1 << 40, 4096, 4097] {
            assert_eq!(ladder.set(Price(price), Qty(price)), Ok(Qty(naive.set(price, price))));
            assert_same(&ladder, &naive, "extremes");
        }
        for price in [1, 2, 4096, Price::MAX.0, 1 << 40, 63, 64, 65, 4097, Price::MAX.0 - 1] {
            assert_eq!(ladder.set(Price(price), Qty(0)), Ok(Qty(naive.set(price, 0))));
            assert_same(&ladder, &naive, "extremes");
        }
    }
}

#[test]
fn the_bound_of_far_levels_is_kept() {
    let mut ladder = Ladder::new(Side::Ask, 4096, 3);
    for price in [100_000, 200_000, 300_000, 400_000] {
        assert_eq!(ladder.set(Price(price), Qty(1)), Ok(Qty::ZERO));
    }
    assert_eq!((ladder.len(), ladder.far_len()), (4, 3));
    assert_eq!(ladder.set(Price(500_000), Qty(1)), Err(Full));
    assert_eq!(ladder.set(Price(500_000), Qty(0)), Ok(Qty::ZERO));
    assert_eq!(ladder.set(Price(400_000), Qty(7)), Ok(Qty(1)));
    assert_eq!(ladder.set(Price(400_000), Qty(0)), Ok(Qty(7)));
    assert_eq!(ladder.set(Price(500_000), Qty(1)), Ok(Qty::ZERO));
    // A new best that pushes the window's levels out needs a place for them, too.
    assert_eq!(ladder.set(Price(1), Qty(1)), Err(Full));
    assert_eq!(ladder.best(), Some((Price(100_000), Qty(1))));
    assert_eq!(ladder.set(Price(300_000), Qty(0)), Ok(Qty(1)));
    assert_eq!(ladder.set(Price(1), Qty(1)), Ok(Qty::ZERO));
    assert_eq!((ladder.len(), ladder.far_len()), (4, 3));
}
