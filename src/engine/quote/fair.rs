//! What an instrument is worth, from its book: a number of ticks, not whole.

use crate::engine::book::{Book, Top, top};
use crate::types::Side;
use serde::{Deserialize, Serialize};

/// Where the fair value lies between bid and ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FairValue {
    /// Halfway.
    #[default]
    Mid,
    /// By the quantities at the touch (Gatheral and Oomen, 2010): mid + imbalance₁ · half spread,
    /// which is the same as the prices weighted by the quantity of the other side.
    Microprice,
    /// By the quantities of more levels: mid + imbalanceₙ · half spread. Of one level it is the
    /// microprice.
    ImbalanceAdjusted,
}

/// A count of steps as a float; prices and quantities lie far below 2⁵³.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "prices and quantities lie far below 2^53 steps")]
pub(super) const fn float(steps: i64) -> f64 {
    steps as f64
}

/// The next whole number at or below: how a bid leaves the floats.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "what does not fit saturates")]
pub(super) const fn floor(ticks: f64) -> i64 {
    // The integer cast is one instruction, where the baseline of x86-64 has none for a floor.
    let cut = ticks as i64;
    if float(cut) > ticks { cut - 1 } else { cut }
}

/// The next whole number at or above: how an ask leaves the floats.
#[inline]
pub(super) const fn ceil(ticks: f64) -> i64 {
    -floor(-ticks)
}

/// (bid − ask) / (bid + ask) of the quantities of the best levels, from −1 to 1.
#[inline]
pub(super) fn imbalance(top: &Top, book: &Book, levels: u32) -> f64 {
    if levels == 1 {
        return of_touch(top);
    }
    top::imbalance(book.side(Side::Bid), book.side(Side::Ask), levels as usize)
}

#[inline]
fn of_touch(top: &Top) -> f64 {
    let (bid, ask) = (float(top.bid_qty.0), float(top.ask_qty.0));
    (bid - ask) / (bid + ask)
}

impl FairValue {
    /// The fair value in ticks; `imbalance` is that of so many levels.
    #[inline]
    pub(super) fn of(self, top: &Top, imbalance: f64, levels: u32) -> f64 {
        let half_spread = float(top.spread()) * 0.5;
        match self {
            Self::Mid => top.mid(),
            // The same number as of the touch, without dividing for it again.
            Self::Microprice if levels == 1 => top.mid() + imbalance * half_spread,
            Self::Microprice => top.mid() + of_touch(top) * half_spread,
            Self::ImbalanceAdjusted => top.mid() + imbalance * half_spread,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Price, Qty};

    #[test]
    fn ticks_leave_the_floats_to_the_named_side() {
        for (ticks, below, above) in
            [(1.0, 1, 1), (1.25, 1, 2), (-1.25, -2, -1), (0.0, 0, 0), (-0.5, -1, 0)]
        {
            assert_eq!((floor(ticks), ceil(ticks)), (below, above), "{ticks}");
        }
        assert_eq!(floor(f64::MAX), i64::MAX);
    }

    #[test]
    fn the_adjusted_value_of_one_level_is_the_microprice_and_stays_inside_the_touch() {
        for bid_qty in 1..40 {
            for ask_qty in 1..40 {
                let (bid_qty, ask_qty) = (Qty(bid_qty), Qty(ask_qty));
                let top = Top { bid: Price(100), bid_qty, ask: Price(107), ask_qty };
                let micro = FairValue::Microprice.of(&top, 0.0, 5);
                assert!((micro - top.microprice()).abs() < 1e-9);
                let adjusted = FairValue::ImbalanceAdjusted.of(&top, of_touch(&top), 1);
                assert!((micro - adjusted).abs() < 1e-9 && micro > 100.0 && micro < 107.0);
                assert_eq!(micro > top.mid(), bid_qty > ask_qty);
            }
        }
    }
}
