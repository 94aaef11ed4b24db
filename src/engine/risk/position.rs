//! What is held of one instrument, at which cost, and what was earned with it.
//!
//! Average cost: a trade that grows the position adds its price × quantity to the cost; one that
//! brings it down takes out its share of the cost, and the difference to what was paid is realised.
//! Whatever is rounded in a share stays in the cost, so that cash is exact: realised − cost is what
//! all trades have paid in, to the last digit.

use super::unit::{Unit, bounded};
use crate::types::{Price, Qty, Side};
use serde::{Deserialize, Serialize};

/// A position and its books. Money is in 10⁻¹² of the quote currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// What is held, in lots; negative when sold short.
    pub lots: i64,
    /// What it has cost, with the sign of the position.
    pub cost: i128,
    /// What closed trades have earned, before fees.
    pub realised: i128,
    /// What fees have cost, rebates taken off; those in the base currency at the trade's price.
    pub fees: i128,
    /// Of these, what was paid in the base currency, in 10⁻¹² of it.
    pub fees_base: i128,
    /// What was traded today, in lots.
    pub volume_today: i64,
    /// Realised + unrealised − fees when the day began.
    pub day_start: i128,
    /// Bid + ask of the last mark, in ticks; 0 before the first one.
    pub mark_twice: i64,
}

impl Position {
    /// A trade of ours.
    pub fn fill(&mut self, unit: Unit, side: Side, price: Price, qty: Qty) {
        let notional = unit.value(price.0, qty.0);
        self.volume_today = self.volume_today.saturating_add(qty.0);
        let sign = side.sign();
        let opposed = if self.lots.signum() == -sign { self.lots.saturating_abs() } else { 0 };
        let closing = qty.0.min(opposed);
        let mut opened = notional;
        if closing > 0 {
            let paid = unit.value(price.0, closing);
            opened = notional - paid;
            let share = share(self.cost, closing, opposed);
            // Selling a long earns what is paid; buying back a short costs it.
            let earned = i128::from(-sign) * paid;
            self.realised = self.realised.saturating_add(earned).saturating_sub(share);
            self.cost -= share;
        }
        self.cost = self.cost.saturating_add(i128::from(sign).saturating_mul(opened));
        self.lots = self.lots.saturating_add(sign.saturating_mul(qty.0));
    }

    /// What the position would earn at the last mark, less what it has cost.
    #[inline]
    #[must_use]
    pub fn unrealised(&self, unit: Unit) -> i128 {
        // Before the first mark it is worth what it has cost, and nothing has cost nothing.
        if self.mark_twice == 0 || self.lots == 0 {
            return 0;
        }
        unit.value_at_half(self.mark_twice, self.lots).saturating_sub(self.cost)
    }

    /// Everything earned so far: realised + unrealised − fees.
    #[inline]
    #[must_use]
    pub fn profit(&self, unit: Unit) -> i128 {
        let earned = self.realised.saturating_add(self.unrealised(unit));
        bounded(earned.saturating_sub(self.fees))
    }
}

/// cost × closing / held, rounded toward zero, without a product that does not fit.
fn share(cost: i128, closing: i64, held: i64) -> i128 {
    let (closing, held) = (i128::from(closing), i128::from(held));
    (cost / held) * closing + (cost % held) * closing / held
}
