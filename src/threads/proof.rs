//! The proof before a start: each rule of risk is broken on purpose in a risk of its own, made of
//! the parameters of the run, and must fire. A rule that does not is a fault, and nothing starts.
//!
//! A limit is driven with every other limit out of the way, so that it is this one that refuses.

use crate::engine::CoreParams;
use crate::engine::risk::{
    BreakerParams, ExitParams, HedgeParams, InstrumentLimits, Output, RiskParams,
};
use crate::event::{Body, ExitReason, Health, RefusalCode, Stale, StateReason, Trigger, VarResult};
use crate::types::{InstrumentId, Side};
use std::fmt;
use trial::Trial;

mod trial;

const SECOND: i64 = 1_000_000_000;
/// Half of the sum of bid and ask, in ticks: fine enough for every threshold.
const PRICE: i64 = 10_000_000;
/// More than every limit, and less than what overflows.
const NONE: i128 = i128::MAX / 4;
/// The greatest quantity that is tried: twice as much still fits.
const LOTS: i64 = i64::MAX / 4;
/// More messages a second than that are not tried.
const MESSAGES: u32 = 500;

/// A rule that did not fire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProofFault {
    /// Its name.
    pub rule: String,
}

impl fmt::Display for ProofFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the rule {} did not fire when it was broken on purpose: it would not protect, so \
             nothing starts; look at its values in risk_management",
            self.rule
        )
    }
}

impl std::error::Error for ProofFault {}

/// Breaks every rule; their names.
///
/// # Errors
/// The first rule that did not fire.
pub fn prove(params: &CoreParams) -> Result<Vec<String>, ProofFault> {
    let Some(one) = params.instruments.first() else { return Ok(Vec::new()) };
    let mut proved = Vec::new();
    let mut fired = |rule: &str, has_fired: bool| {
        proved.push(rule.to_owned());
        has_fired.then_some(()).ok_or_else(|| ProofFault { rule: rule.to_owned() })
    };
    for (rule, code, loosen) in RULES {
        fired(rule, limit_fires(params, &one.limits, code, loosen))?;
    }
    fired("daily_loss_limit", loss_fires(params, &one.limits, StateReason::DailyLossLimit))?;
    fired("max_drawdown_pct", loss_fires(params, &one.limits, StateReason::DrawdownLimit))?;
    if let Some(breaker) = &params.risk.breaker {
        for trigger in Trigger::ALL.into_iter().skip(1) {
            fired(trigger.name(), trigger_fires(params, breaker, trigger))?;
        }
    }
    if let Some(hedge) = params.risk.hedge {
        fired("auto_hedge", hedge_fires(params, &one.limits, hedge))?;
    }
    if let Some(exit) = params.risk.exit {
        for reason in ExitReason::ALL.into_iter().filter(|reason| exit.closes(*reason)) {
            fired(reason.name(), exit_fires(params, &one.limits, (exit, reason)))?;
        }
    }
    if let Some(limit) = params.var_limit {
        fired("var_limit_pct", var_fires(params, &one.limits, limit))?;
    }
    Ok(proved)
}

/// What is set back to its limit, all else being out of the way; the quantity that breaks it.
type Loosen = fn(&mut Free, &RiskParams, &InstrumentLimits) -> i64;

/// Limits out of the way.
struct Free {
    risk: RiskParams,
    own: InstrumentLimits,
}

const RULES: [(&str, RefusalCode, Loosen); 8] = [
    ("max_order_size", RefusalCode::OrderSizeLimit, |free, _, own| {
        free.own.qty_max = own.qty_max;
        own.qty_max.saturating_add(1)
    }),
    ("max_order_value", RefusalCode::OrderSizeLimit, |free, _, own| {
        free.own.value_max = own.value_max;
        beyond(own, own.value_max)
    }),
    ("max_position_size", RefusalCode::PositionLimit, |free, _, own| {
        free.own.position_max = own.position_max;
        own.position_max.saturating_add(1)
    }),
    ("max_daily_volume", RefusalCode::VolumeLimit, |free, _, own| {
        free.own.volume_max = own.volume_max;
        // Half of it on each side: one side alone cannot pass the greatest limit there is.
        own.volume_max / 2 + 1
    }),
    ("max_notional_exposure", RefusalCode::ExposureLimit, |free, _, own| {
        free.own.notional_max = own.notional_max;
        beyond(own, own.notional_max)
    }),
    ("max_gross_exposure", RefusalCode::ExposureLimit, |free, risk, own| {
        free.risk.gross_exposure_max = risk.gross_exposure_max;
        beyond(own, risk.gross_exposure_max)
    }),
    ("max_net_exposure", RefusalCode::ExposureLimit, |free, risk, own| {
        free.risk.net_exposure_max = risk.net_exposure_max;
        beyond(own, risk.net_exposure_max)
    }),
    ("max_orders_per_second", RefusalCode::RateLimit, |free, risk, own| {
        free.risk.rate.per_second = risk.rate.per_second.min(MESSAGES);
        free.risk.rate.reserve = risk.rate.reserve.min(free.risk.rate.per_second / 2);
        own.qty_min
    }),
];

/// A quantity that is worth twice as much as that at the price of the proof.
fn beyond(own: &InstrumentLimits, amount: i128) -> i64 {
    own.unit.lots_within(amount.saturating_mul(2), PRICE).saturating_add(1).min(LOTS)
}

fn free(params: &RiskParams, own: &InstrumentLimits) -> Free {
    let mut risk = params.clone();
    (risk.gross_exposure_max, risk.net_exposure_max) = (NONE, NONE);
    (risk.daily_loss_max, risk.drawdown_max) = (NONE, NONE);
    (risk.rate.per_second, risk.rate.reserve) = (1_000_000, 0);
    (risk.breaker, risk.hedge, risk.exit) = (None, None, None);
    let mut own = *own;
    (own.qty_min, own.qty_max) = (1, i64::MAX);
    (own.position_max, own.volume_max) = (i64::MAX, i64::MAX);
    (own.value_max, own.notional_max, own.daily_loss_max) = (NONE, NONE, NONE);
    Free { risk, own }
}

fn limit_fires(
    params: &CoreParams,
    own: &InstrumentLimits,
    code: RefusalCode,
    loosen: Loosen,
) -> bool {
    let mut free = free(&params.risk, own);
    let qty = loosen(&mut free, &params.risk, own);
    let count = match code {
        RefusalCode::RateLimit => free.risk.rate.per_second + 1,
        RefusalCode::VolumeLimit => 2,
        _ => 1,
    };
    free.risk.orders_max = count + 1;
    let mut trial = Trial::new(params, &free.risk, free.own);
    trial.mark(PRICE, 2, 0);
    let sides = if code == RefusalCode::VolumeLimit { Side::BOTH } else { [Side::Bid; 2] };
    for counter in 1..=count {
        trial.propose(counter, qty, sides[counter as usize % 2]);
        if trial.refused().is_some() {
            break;
        }
    }
    trial.refused() == Some(code)
}

/// Something is bought, and its price falls to nothing.
fn loss_fires(params: &CoreParams, own: &InstrumentLimits, reason: StateReason) -> bool {
    let mut free = free(&params.risk, own);
    let limit = match reason {
        StateReason::DailyLossLimit => {
            free.risk.daily_loss_max = params.risk.daily_loss_max;
            params.risk.daily_loss_max
        }
        _ => {
            free.risk.drawdown_max = params.risk.drawdown_max;
            params.risk.drawdown_max
        }
    };
    let qty = beyond(own, limit.saturating_mul(2));
    let mut trial = Trial::new(params, &free.risk, free.own);
    trial.hold(Side::Bid, qty);
    trial.now += SECOND;
    trial.mark(3, 2, 0);
    trial
        .out
        .items()
        .iter()
        .any(|output| matches!(output, Output::State { reason: because, .. } if *because == reason))
}

/// More is held than its whole limit: an order of risk's own takes off a part.
fn hedge_fires(params: &CoreParams, own: &InstrumentLimits, hedge: HedgeParams) -> bool {
    let mut free = free(&params.risk, own);
    free.risk.hedge = Some(hedge);
    let step = own.qty_step;
    let held = own.position_max.min(LOTS) / step * step + step;
    free.own.position_max = own.position_max.min(LOTS);
    let mut trial = Trial::new(params, &free.risk, free.own);
    trial.hold(Side::Bid, held.min(free.own.position_max));
    let by_its_limit = trial.takes(Side::Ask);
    // Where all of the limit is left alone, what no gate has let pass is brought back.
    trial.fill(Side::Bid, step);
    by_its_limit || trial.takes(Side::Ask)
}

/// Something is sold, or bought, and its price comes to twelve times of what it was.
fn exit_fires(
    params: &CoreParams,
    own: &InstrumentLimits,
    (exit, reason): (ExitParams, ExitReason),
) -> bool {
    let mut free = free(&params.risk, own);
    free.risk.exit = Some(exit);
    let side = if reason == ExitReason::StopLoss { Side::Ask } else { Side::Bid };
    let mut trial = Trial::new(params, &free.risk, free.own);
    trial.hold(side, own.qty_step);
    trial.now += SECOND;
    trial.mark(12 * PRICE, 2, 0);
    let begun = |output: &Output| match output {
        Output::Exit(exit) => exit.change.reason == reason,
        _ => false,
    };
    trial.out.items().iter().any(begun) && trial.takes(side.opposite())
}

/// More is at risk than may be: quotes become smaller.
fn var_fires(params: &CoreParams, own: &InstrumentLimits, limit: u32) -> bool {
    let free = free(&params.risk, own);
    let mut trial = Trial::new(params, &free.risk, free.own);
    trial.risk.set_var_limit(Some(limit));
    let result = VarResult { share: limit.saturating_mul(2), ..VarResult::default() };
    trial.hear(Body::Var(result), InstrumentId::ALL, &[]);
    trial.risk.curb().is_breached()
}

/// The other triggers of the market are out of the way.
fn alone(breaker: &BreakerParams, trigger: Trigger) -> BreakerParams {
    let unless = |own: Trigger, value: i64| if own == trigger { value } else { i64::MAX };
    BreakerParams {
        move_1min_ppm: unless(Trigger::RapidPriceMove1Min, breaker.move_1min_ppm),
        move_5min_ppm: unless(Trigger::RapidPriceMove5Min, breaker.move_5min_ppm),
        spread_multiplier: unless(Trigger::SpreadWidening, breaker.spread_multiplier),
        volume_multiplier: unless(Trigger::VolumeSpike, breaker.volume_multiplier),
        crisis_multiplier: unless(Trigger::MarketCrisis, breaker.crisis_multiplier),
        ..*breaker
    }
}

/// The market, or what else the trigger looks at, does what it shall not.
fn trigger_fires(params: &CoreParams, breaker: &BreakerParams, trigger: Trigger) -> bool {
    let own = params.instruments[0].limits;
    let risk = RiskParams { breaker: Some(alone(breaker, trigger)), ..params.risk.clone() };
    let mut trial = Trial::new(params, &risk, own);
    let moved = |ppm: i64, parts: i64| PRICE / 1_000_000 * (ppm / parts + 1);
    match trigger {
        Trigger::None => return true,
        Trigger::RapidPriceMove1Min => {
            trial.marks(2, |_| [PRICE, 2, 0]);
            trial.marks(1, |_| [PRICE + moved(breaker.move_1min_ppm, 1), 2, 0]);
        }
        Trigger::RapidPriceMove5Min => {
            // Steps more than a minute apart, all of them within five.
            let step = moved(breaker.move_5min_ppm, 2);
            trial.marks(260, |second| [PRICE + second / 65 * step + step, 2, 0]);
            trial.marks(1, |_| [PRICE + 5 * step, 2, 0]);
        }
        Trigger::SpreadWidening => {
            let floor = PRICE / 10_000 * (breaker.spread_floor_bps + 1);
            let wide = (breaker.spread_multiplier / 1000 + 1) * 2 * floor;
            trial.marks(70, |_| [PRICE, floor, 0]);
            trial.marks(60, |_| [PRICE, wide, 0]);
        }
        Trigger::VolumeSpike => {
            let many = (breaker.volume_multiplier / 1000 + 1) * 100;
            trial.marks(21 * 60, |_| [PRICE, 2, 10]);
            trial.marks(60, |_| [PRICE, 2, many]);
        }
        Trigger::MarketCrisis => {
            let floor = PRICE / 10_000 * (breaker.crisis_floor_bps + 1);
            let fast = (breaker.crisis_multiplier / 1000 + 1) * 4;
            let calm = floor / fast + 1;
            trial.marks(320, |second| [PRICE + second % 2 * calm, 2, 0]);
            trial.marks(60, |second| [PRICE + second % 2 * calm * fast, 2, 0]);
        }
        Trigger::LatencyDegradation => {
            trial.hear(Body::Health(Health::LATENCY_HIGH), InstrumentId::ALL, &[]);
        }
        Trigger::ConnectivityLoss => {
            trial.mark(PRICE, 2, 0);
            trial.hear(Body::Fault(Stale::Disconnected), InstrumentId::ALL, &[]);
            trial.now = trial.now.saturating_add(breaker.disconnect_max.0);
            trial.hear(Body::Timer, InstrumentId::ALL, &[]);
        }
        Trigger::Manual => {
            let trip = crate::event::Asked::plain(crate::event::Command::Trip);
            trial.hear(Body::Command(trip), InstrumentId::ALL, &[]);
        }
    }
    let seen = trial.risk.breaker();
    seen.trips == 1 && seen.trigger == trigger
}
