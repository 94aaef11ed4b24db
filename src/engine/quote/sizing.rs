//! How much each side quotes: less where it would add to what is held, nothing at the limit.
//!
//! Quantities are whole lots all the way; each rounding goes down to the venue's step.

use super::{LEVELS_MAX, SizeParams};
use crate::event::explanation::{Clamps, Withheld};
use crate::types::{Qty, Side};
use serde::{Deserialize, Serialize};

/// How much may be quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Scope {
    /// As the strategy wants.
    All,
    /// One order of so many percent a side.
    Small { pct: u32 },
    /// What brings the position down, to nothing and no further.
    Reducing,
}

/// The quantities of one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sizes {
    /// Wanted at each level, nearest first.
    pub(super) qty: [i64; LEVELS_MAX],
    /// How many levels are wanted.
    pub(super) levels: usize,
    /// All orders of the side together may come to so much.
    pub(super) room: i64,
    /// An order up to a quarter above its wish may stay, as all of them still fit.
    pub(super) generous: bool,
    pub(super) clamps: Clamps,
    /// Why no level is wanted.
    pub(super) withheld: Withheld,
}

const fn round_down(qty: i64, step: i64) -> i64 {
    qty - qty % step
}

impl Sizes {
    /// The quantities of a side within what may be quoted.
    pub(super) fn within(
        scope: Scope,
        params: &SizeParams,
        levels_max: usize,
        (position, side): (Qty, Side),
    ) -> Self {
        match scope {
            Scope::All => Self::of(params, levels_max, position, side),
            Scope::Small { pct } => {
                let part = i128::from(params.order.0) * i128::from(pct) / 100;
                let part = i64::try_from(part).expect("no more than the order");
                let part = Qty(part.max(params.min.0));
                let params = SizeParams { order: part, max: part, ..*params };
                Self::of(&params, levels_max.min(1), position, side)
            }
            Scope::Reducing => Self::reducing(params, levels_max, position, side),
        }
    }

    /// The quantities of a side that may only reduce.
    fn reducing(params: &SizeParams, levels_max: usize, position: Qty, side: Side) -> Self {
        let room = position.0.saturating_mul(-side.sign()).max(0);
        let one = round_down(params.order.0, params.step.0).clamp(params.min.0, params.max.0);
        let mut own = Self { room, ..Self::default() };
        own.fill(params, levels_max, one);
        if own.levels == 0 {
            own.withheld = if room == 0 { Withheld::ReduceOnly } else { Withheld::BelowMinimum };
        }
        own
    }

    /// The quantities of a side while so many lots are held.
    pub(super) fn of(params: &SizeParams, levels_max: usize, position: Qty, side: Side) -> Self {
        let SizeParams { order, min, max, step, position_target, position_max } = *params;
        let sign = side.sign();
        let room = position_max.0.saturating_sub(position.0.saturating_mul(sign)).max(0);
        // How far this side would lead away from the target, at most by the whole limit.
        let away = position.0.saturating_sub(position_target.0).saturating_mul(sign);
        let away = away.clamp(0, position_max.0);
        let left = i128::from(order.0) * i128::from(position_max.0 - away);
        let scaled = i64::try_from(left / i128::from(position_max.0)).expect("no more than order");
        let scaled = round_down(scaled, step.0);
        let one = scaled.clamp(min.0, max.0);
        let mut own = Self { room, ..Self::default() };
        if one != scaled {
            own.clamps = own.clamps.with(Clamps::QUANTITY);
        }
        own.fill(params, levels_max, one);
        if own.levels == 0 {
            own.withheld =
                if room < step.0 { Withheld::PositionLimit } else { Withheld::BelowMinimum };
        }
        own
    }

    /// Orders of that quantity while there is room.
    fn fill(&mut self, params: &SizeParams, levels_max: usize, one: i64) {
        let room = self.room;
        let mut rest = room;
        for place in self.qty.iter_mut().take(levels_max) {
            let qty = one.min(round_down(rest, params.step.0));
            if qty < one {
                self.clamps = self.clamps.with(Clamps::POSITION);
            }
            if qty < params.min.0 {
                break;
            }
            *place = qty;
            rest -= qty;
            self.levels += 1;
        }
        self.generous = (room - rest).saturating_add((room - rest) / 4) <= room;
    }

    /// Whether an order with so much left may stay at a level that wants `qty`.
    #[inline]
    pub(super) const fn fits(&self, left: i64, qty: i64) -> bool {
        let most = if self.generous { qty + qty / 4 } else { qty };
        left <= most && left.saturating_mul(2) >= qty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> SizeParams {
        SizeParams {
            order: Qty(100),
            min: Qty(20),
            max: Qty(500),
            step: Qty(10),
            position_target: Qty(0),
            position_max: Qty(1000),
        }
    }

    #[test]
    fn sizes_follow_the_position() {
        let check = |position: i64, expected: &str| {
            let text = Side::BOTH.map(|side| {
                let sizes = Sizes::of(&params(), 3, Qty(position), side);
                let clamps = Clamps::ALL.iter().filter(|(one, _)| sizes.clamps.has(*one));
                let clamps: Vec<_> = clamps.map(|(_, name)| *name).collect();
                let (qty, withheld) = (&sizes.qty[..sizes.levels], sizes.withheld.name());
                format!("{qty:?} {withheld} {}", clamps.join("+"))
            });
            assert_eq!(text.join(" | "), expected, "{position}");
        };
        check(0, "[100, 100, 100] quoted  | [100, 100, 100] quoted ");
        check(250, "[70, 70, 70] quoted  | [100, 100, 100] quoted ");
        check(-250, "[100, 100, 100] quoted  | [70, 70, 70] quoted ");
        check(900, "[20, 20, 20] quoted quantity | [100, 100, 100] quoted ");
        check(955, "[20, 20] quoted position+quantity | [100, 100, 100] quoted ");
        check(985, "[] below_minimum position+quantity | [100, 100, 100] quoted ");
        check(995, "[] position_limit position+quantity | [100, 100, 100] quoted ");
        check(1000, "[] position_limit position+quantity | [100, 100, 100] quoted ");
        check(5000, "[] position_limit position+quantity | [100, 100, 100] quoted ");
        check(-1000, "[100, 100, 100] quoted  | [] position_limit position+quantity");
    }

    #[test]
    fn sizes_keep_step_bounds_and_limit_at_every_position() {
        for target in [-300, 0, 700] {
            let params = SizeParams { position_target: Qty(target), ..params() };
            for position in -2100..=2100 {
                for side in Side::BOTH {
                    let sizes = Sizes::of(&params, LEVELS_MAX, Qty(position), side);
                    let wanted = &sizes.qty[..sizes.levels];
                    assert!(wanted.iter().all(|q| q % 10 == 0 && (20..=500).contains(q)));
                    let held = position * side.sign();
                    assert!(wanted.is_empty() || wanted.iter().sum::<i64>() + held <= 1000);
                    assert!(held < 1000 || wanted.is_empty());
                }
            }
        }
    }
}
