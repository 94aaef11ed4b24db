//! The proof before a start: each rule of risk is broken on purpose in a risk of its own, made of
//! the parameters of the run, and must fire. A rule that does not is a fault, and nothing starts.
//!
//! A limit is driven with every other limit out of the way, so that it is this one that refuses.

use crate::engine::buffer::Buffer;
use crate::engine::risk::{BreakerParams, InstrumentLimits, Output, Risk, RiskParams};
use crate::engine::{Core, CoreParams};
use crate::event::{
    Body, Draft, Event, Health, Level, Mark, Proposal, RefusalCode, Report, ReportKind,
    RequestKind, Stale, StateReason, Trigger,
};
use crate::types::{InstrumentId, Nanos, OrderId, Origin, Price, Qty, Side, TimeInForce};
use std::fmt;

const SECOND: i64 = 1_000_000_000;
/// The begin of a day.
const ORIGIN: i64 = 20_454 * 86_400 * SECOND;
const FIRST: InstrumentId = InstrumentId(0);
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

/// A risk of its own, with what it was given so far.
struct Trial {
    risk: Risk,
    out: Buffer<Output>,
    now: i64,
    sequence: u64,
    epoch: u32,
}

impl Trial {
    /// The first instrument counts in the account currency: rates are no rule.
    fn new(params: &CoreParams, risk: &RiskParams, mut own: InstrumentLimits) -> Self {
        own.quote = risk.currency;
        let drafts_max = Core::drafts_max(params);
        let out = Buffer::new(Risk::outputs_max(risk, 1, drafts_max));
        let mut risk = risk.clone();
        risk.conversions.clear();
        let epoch = risk.epoch;
        Self { risk: Risk::new(&risk, &[own]), out, now: ORIGIN, sequence: 0, epoch }
    }

    fn hear(&mut self, body: Body, instrument: InstrumentId, levels: &[Level]) {
        self.sequence += 1;
        let (sequence, received) = (self.sequence, Nanos(self.now));
        let venue_time = Nanos::UNKNOWN;
        self.out.clear();
        let event = Event { sequence, received, venue_time, instrument, body };
        self.risk.input(&event, levels, &mut self.out);
    }

    /// A mark around the price, with what was traded since the last.
    fn mark(&mut self, price: i64, spread: i64, traded: i64) {
        self.hear(Body::Ignored, FIRST, &[]);
        let mark = Mark {
            sequence: self.sequence,
            received: Nanos(self.now),
            bid: Price(price - spread / 2),
            bid_qty: Qty(1),
            ask: Price(price - spread / 2 + spread),
            ask_qty: Qty(1),
            traded: Qty(traded),
            instrument: FIRST,
            stale: None,
        };
        self.risk.draft(&Draft::Mark(mark), &mut self.out);
    }

    /// A mark a second for so long.
    fn marks(&mut self, seconds: i64, mut mark: impl FnMut(i64) -> [i64; 3]) {
        for second in 0..seconds {
            self.now += SECOND;
            let [price, spread, traded] = mark(second);
            self.mark(price, spread, traded);
            if self.risk.breaker().trips > 0 {
                return;
            }
        }
    }

    fn propose(&mut self, counter: u32, qty: i64, side: Side) -> OrderId {
        self.hear(Body::Ignored, FIRST, &[]);
        let order = OrderId::new(self.epoch, Origin::Quoter, counter);
        let proposal = Proposal {
            order,
            // A price of its own, so that no order is the same as another.
            price: Price(PRICE - side.sign() * i64::from(counter)),
            qty: Qty(qty),
            instrument: FIRST,
            kind: RequestKind::Place,
            side,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: false,
            reduce_only: false,
        };
        self.risk.draft(&Draft::Proposal(proposal), &mut self.out);
        order
    }

    fn refused(&self) -> Option<RefusalCode> {
        self.out.items().iter().find_map(|output| match output {
            Output::Refusal(refusal) => Some(refusal.code),
            _ => None,
        })
    }
}

fn free(params: &RiskParams, own: &InstrumentLimits) -> Free {
    let mut risk = params.clone();
    (risk.gross_exposure_max, risk.net_exposure_max) = (NONE, NONE);
    (risk.daily_loss_max, risk.drawdown_max) = (NONE, NONE);
    (risk.rate.per_second, risk.rate.reserve) = (1_000_000, 0);
    risk.breaker = None;
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
    trial.mark(PRICE, 2, 0);
    let order = trial.propose(1, qty, Side::Bid);
    let level = Level::new(Side::Bid, Price(PRICE - 1), Qty(qty));
    for kind in [ReportKind::Sent, ReportKind::Accepted, ReportKind::Filled] {
        let mut report = Report::new(order, kind);
        report.trade_id = 1;
        trial.hear(Body::Report(report), FIRST, &[level]);
    }
    trial.now += SECOND;
    trial.mark(3, 2, 0);
    trial
        .out
        .items()
        .iter()
        .any(|output| matches!(output, Output::State { reason: because, .. } if *because == reason))
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
