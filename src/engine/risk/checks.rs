//! Each limit as a function of numbers: it passes, or names the two numbers it compared.
//!
//! Which check comes when, and who is spared it, is the gate's to say.

use super::InstrumentLimits;
use super::state::{Intent, allows};
use super::worth::Exposure;
use crate::event::{ExitReason, RefusalCode, Stale, TradingState};
use crate::types::{OrderId, Side};

/// A check that did not pass: what it came to, and what is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Compared {
    pub(super) code: RefusalCode,
    pub(super) value: i128,
    pub(super) limit: i128,
}

pub(super) type Verdict = Result<(), Compared>;

#[inline(always)]
fn unless(passes: bool, code: RefusalCode, value: i128, limit: i128) -> Verdict {
    if passes { Ok(()) } else { Err(Compared { code, value, limit }) }
}

/// What is a greater number than allowed is refused.
#[inline(always)]
fn at_most(code: RefusalCode, value: i128, limit: i128) -> Verdict {
    unless(value <= limit, code, value, limit)
}

/// What has reached its limit is refused: the limit itself stops.
#[inline(always)]
fn below(code: RefusalCode, value: i128, limit: i128) -> Verdict {
    unless(value < limit, code, value, limit)
}

/// The number of the state against that of the last one that allows orders.
#[inline(always)]
pub(super) fn halted(state: TradingState, intent: Intent) -> Verdict {
    let (value, limit) = (state as u8, TradingState::Reducing as u8);
    unless(allows(state, intent), RefusalCode::Halted, value.into(), limit.into())
}

/// The number of the reason for which the position is being closed against none.
#[inline(always)]
pub(super) fn closing(exit: Option<ExitReason>) -> Verdict {
    match exit {
        None => Ok(()),
        Some(reason) => unless(false, RefusalCode::Closing, reason as i128 + 1, 0),
    }
}

/// Messages in a second, this one included.
#[inline(always)]
pub(super) fn rate(has_room: bool, compared: impl FnOnce() -> (i64, i64)) -> Verdict {
    if has_room {
        return Ok(());
    }
    let (value, limit) = compared();
    unless(false, RefusalCode::RateLimit, value.into(), limit.into())
}

/// Lots of one order between the least and the greatest, and its worth.
#[inline(always)]
pub(super) fn order_size(qty: i64, value: i128, limits: &InstrumentLimits) -> Verdict {
    let code = RefusalCode::OrderSizeLimit;
    unless(qty >= limits.qty_min, code, qty.into(), limits.qty_min.into())?;
    at_most(code, qty.into(), limits.qty_max.into())?;
    at_most(code, value, limits.value_max)
}

/// Lots held toward the order's side if all working orders of that side fill.
#[inline(always)]
pub(super) fn position(toward: i64, leaves: i64, limits: &InstrumentLimits) -> Verdict {
    let reached = i128::from(toward) + i128::from(leaves);
    at_most(RefusalCode::PositionLimit, reached, limits.position_max.into())
}

/// Lots that only bring the position down: all working ones of the side against what is held.
#[inline(always)]
pub(super) fn reduce_only(toward: i64, leaves: i64) -> Verdict {
    let held = i128::from(toward).min(0).abs();
    at_most(RefusalCode::ReduceOnly, leaves.into(), held)
}

/// Lots traded today if all working orders fill.
#[inline(always)]
pub(super) fn volume(today: i64, leaves: i128, limits: &InstrumentLimits) -> Verdict {
    at_most(RefusalCode::VolumeLimit, i128::from(today) + leaves, limits.volume_max.into())
}

/// Money lost since the day began.
#[inline(always)]
pub(super) fn daily_loss(loss: i128, limit: i128) -> Verdict {
    below(RefusalCode::DailyLossLimit, loss, limit)
}

/// Money below the high-water mark.
#[inline(always)]
pub(super) fn drawdown(drawdown: i128, limit: i128) -> Verdict {
    below(RefusalCode::DrawdownLimit, drawdown, limit)
}

/// Money that positions come to: of the instrument, of all, and of longs against shorts.
#[inline(always)]
pub(super) fn exposure(
    exposure: &Exposure,
    notional_max: i128,
    gross_max: i128,
    net_max: i128,
) -> Verdict {
    let code = RefusalCode::ExposureLimit;
    // An order that makes no sum greater may be placed whatever the marks have done to it.
    if exposure.grows {
        at_most(code, exposure.notional, notional_max)?;
        at_most(code, exposure.gross, gross_max)?;
    }
    at_most(code, exposure.net, net_max)
}

/// Ticks of the price against the furthest one on its wrong side: a bid may be so much above the
/// middle, an ask so much below it. Before the first mark there is no middle, and a stale book.
#[inline(always)]
pub(super) fn collar(side: Side, price: i64, middle_twice: i64, bps: i64) -> Verdict {
    let code = RefusalCode::PriceCollar;
    at_most(code, 1, price.into()).map_err(|_| Compared { code, value: price.into(), limit: 1 })?;
    let (reach, price_scaled) = (reach(side, middle_twice, bps), wide(price, 20_000));
    let is_inside = match side {
        Side::Bid => price_scaled <= reach,
        Side::Ask => price_scaled >= reach,
    };
    if is_inside || middle_twice == 0 {
        return Ok(());
    }
    unless(false, code, price.into(), collar_price(side, middle_twice, bps).into())
}

/// 20,000 times the furthest price inside the collar.
#[inline(always)]
fn reach(side: Side, middle_twice: i64, bps: i64) -> i128 {
    wide(middle_twice, 10_000_i64.saturating_add(side.sign().saturating_mul(bps)))
}

/// A product of two words, which always fits.
#[inline(always)]
fn wide(a: i64, b: i64) -> i128 {
    i128::from(a).wrapping_mul(i128::from(b))
}

/// The furthest price inside the collar: down for a bid, up for an ask, and at least one tick.
pub(super) fn collar_price(side: Side, middle_twice: i64, bps: i64) -> i64 {
    let reach = reach(side, middle_twice, bps);
    let price = match side {
        Side::Bid => reach.div_euclid(20_000),
        Side::Ask => -(-reach).div_euclid(20_000),
    };
    i64::try_from(price).unwrap_or(i64::MAX).max(1)
}

/// Ticks of the price against our own best price on the other side. `opposite` is that price as
/// the order table keeps it: growing with aggression.
#[inline(always)]
pub(super) fn self_trade(side: Side, price: i64, opposite: i64) -> Verdict {
    let sign = side.sign();
    // Bid b against ask a, kept as −a: they trade if b ≥ a, that is b + (−a) ≥ 0.
    if (sign * price).saturating_add(opposite) < 0 {
        return Ok(());
    }
    let own = -sign * opposite;
    unless(false, RefusalCode::SelfTrade, price.into(), own.into())
}

/// The id of a new order against the last one of its origin: ids of this epoch, and growing.
#[inline(always)]
pub(super) fn new_id(id: OrderId, last: OrderId, epoch: u32) -> Verdict {
    let passes = id > last && id.epoch() == epoch;
    unless(passes, RefusalCode::Duplicate, id.0.into(), last.0.into())
}

/// The number of the reason against none.
#[inline(always)]
pub(super) fn stale_book(stale: Option<Stale>) -> Verdict {
    match stale {
        None => Ok(()),
        Some(reason) => unless(false, RefusalCode::StaleBook, reason as i128 + 1, 0),
    }
}

/// Nanoseconds since the rate was made.
#[inline(always)]
pub(super) fn stale_conversion(age: i64, age_max: i64) -> Verdict {
    at_most(RefusalCode::StaleConversion, age.into(), age_max.into())
}

/// Live orders, this one included.
#[inline(always)]
pub(super) fn capacity(live: usize, orders_max: u32) -> Verdict {
    at_most(RefusalCode::Capacity, live as i128 + 1, orders_max.into())
}
