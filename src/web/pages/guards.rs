//! What guards the account: the circuit breaker, value at risk, alerts.

use super::risk::with_rules;
use super::symbol;
use crate::alerts::Alert;
use crate::event::{BreakerState, Trigger};
use crate::types::InstrumentId;
use crate::var::grade::Verdict;
use crate::var::{Confidence, Grade, Method, VarView};
use crate::web::desk::Desk;
use crate::web::state::{FedShown, MoveShown, State};
use serde_json::{Value, json};

/// Alerts that are shown.
const ALERTS_SHOWN: usize = 50;

fn place(state: &State, id: InstrumentId) -> Option<&str> {
    (id != InstrumentId::ALL).then(|| symbol(state, id))
}

fn percent(ppm: i64) -> f64 {
    ppm as f64 / 1e4
}

/// A ratio against what was learned; nothing while nothing is.
fn ratio(thousandths: i64, is_learned: bool) -> Value {
    if is_learned { (thousandths as f64 / 1e3).into() } else { Value::Null }
}

/// The circuit breaker, and what its triggers were fed with.
#[must_use]
pub fn breaker_page(state: &State) -> Value {
    let is_trigger = |rule: &str| Trigger::ALL.iter().any(|one| one.name() == rule);
    with_rules(breaker(state), state, |row| is_trigger(row.rule))
}

/// The circuit breaker: the original's fields are of the instrument whose triggers are nearest.
#[must_use]
pub fn breaker(state: &State) -> Value {
    let breaker = &state.breaker;
    let seen = breaker.seen;
    let most = |of: fn(&FedShown) -> i64| breaker.fed.iter().map(of).max().unwrap_or(0);
    let instruments = breaker.fed.iter().zip(&state.instruments).map(|(fed, one)| {
        let [spreads, volumes, moves] = fed.learned;
        json!({
            "symbol": one.instrument.symbol.as_str(),
            "price_move_1min_pct": percent(fed.gauge.move_1min_ppm),
            "price_move_5min_pct": percent(fed.gauge.move_5min_ppm),
            "spread_ratio": ratio(fed.gauge.spread_ratio, fed.gauge.spread_ratio > 0),
            "volume_ratio": ratio(fed.gauge.volume_ratio, fed.gauge.volume_ratio > 0),
            "speed_ratio": ratio(fed.gauge.speed_ratio, fed.gauge.speed_ratio > 0),
            "regime": fed.gauge.regime_name(),
            "prices": { "samples": fed.marks.0, "last_fed": fed.marks.1.0 },
            "trades": { "samples": fed.trades.0, "last_fed": fed.trades.1.0 },
            "learned": {
                "spread_seconds": spreads,
                "volume_minutes": volumes,
                "move_seconds": moves,
            },
        })
    });
    let history = breaker.history.iter().map(|moved| {
        let MoveShown { sequence, time, change, instrument } = *moved;
        json!({
            "sequence": sequence,
            "time": time.0,
            "was": change.was.name(),
            "state": change.state.name(),
            "trigger": change.trigger.name(),
            "symbol": place(state, instrument),
        })
    });
    json!({
        "state": seen.state.name(),
        "last_trigger": seen.trigger.name(),
        "trigger_symbol": (seen.trigger != Trigger::None).then(|| place(state, seen.instrument)),
        "state_change_time": seen.since.0 / 1_000_000,
        "cooldown_end_time": seen.until.map_or(0, |until| until.0 / 1_000_000),
        "last_price_move_1min_pct": percent(most(|fed| fed.gauge.move_1min_ppm)),
        "last_price_move_5min_pct": percent(most(|fed| fed.gauge.move_5min_ppm)),
        "current_spread_ratio": most(|fed| fed.gauge.spread_ratio) as f64 / 1e3,
        "current_volume_ratio": most(|fed| fed.gauge.volume_ratio) as f64 / 1e3,
        "trip_count": seen.trips,
        "trading_allowed": seen.state != BreakerState::Open,
        "loss_today": state.account.amount(breaker.day_loss),
        "instruments": instruments.collect::<Vec<_>>(),
        "history": history.collect::<Vec<_>>(),
    })
}

/// Value at risk and expected shortfall; a loss is positive, amounts are of the account currency.
#[must_use]
pub fn var(state: &State) -> Value {
    let Some(var) = state.var.as_deref() else { return json!({ "enabled": false }) };
    let (samples, needed) = var.samples;
    let is_known = var.assessment.is_some();
    let values =
        state.instruments.iter().zip(&var.values).map(
            |(one, value)| json!({ "symbol": one.instrument.symbol.as_str(), "value": value }),
        );
    json!({
        "enabled": true,
        "status": if is_known { "ok" } else { "insufficient data" },
        "currency": state.account.currency.to_string(),
        "quantile": "Hyndman and Fan, type 1",
        "samples": samples,
        "samples_needed": needed,
        "gaps": var.gaps,
        "samples_lost": var.lost,
        "last_fed": { "sequence": var.last_fed.0, "time": var.last_fed.1 },
        "deadline_ns": var.deadline,
        "horizon_periods": var.horizon.0,
        "period_ns": var.horizon.1,
        "equity": var.equity,
        "values": values.collect::<Vec<_>>(),
        "methods": methods(var),
        "components": components(state, var),
        "stress": stress(var),
        "limit": {
            "method": var.method.0.name(),
            "as_of": var.method.1,
            "share": f64::from(var.share) / 1e6,
            "limit": f64::from(var.limit) / 1e6,
            "quote_size": f64::from(var.size) / 1e3,
            "breaches": var.breaches,
        },
    })
}

fn methods(var: &VarView) -> Value {
    let Some(assessment) = &var.assessment else { return Value::Array(Vec::new()) };
    let rows = Method::ALL.into_iter().flat_map(|method| {
        let grades =
            (&var.forecasts.realised[method as usize], &var.forecasts.held[method as usize]);
        let tails = assessment.tails(method).iter().zip(Confidence::REPORTED).enumerate();
        tails.map(move |(at, (tail, confidence))| {
            json!({
                "method": method.name(),
                "confidence": 1.0 - confidence.tail(),
                "value_at_risk": tail.value_at_risk,
                "expected_shortfall": tail.expected_shortfall,
                "realised": grade(&grades.0[at], confidence),
                "held": grade(&grades.1[at], confidence),
            })
        })
    });
    rows.collect()
}

/// How the forecasts of a method have done.
fn grade(grade: &Grade, confidence: Confidence) -> Value {
    let chance = |verdict: Option<Verdict>| verdict.map(|verdict| verdict.p_value);
    json!({
        "periods": grade.periods(),
        "exceptions": grade.exceptions(),
        "kupiec_p": chance(grade.kupiec(confidence.tail())),
        "christoffersen_p": chance(grade.coverage(confidence.tail())),
    })
}

fn components(state: &State, var: &VarView) -> Value {
    let Some(assessment) = &var.assessment else { return Value::Array(Vec::new()) };
    let [at_95, at_99] = &assessment.components;
    let rows = state.instruments.iter().zip(at_95.iter().zip(at_99)).map(
        |(one, (a, b))| json!({ "symbol": one.instrument.symbol.as_str(), "at_95": a, "at_99": b }),
    );
    rows.collect()
}

fn stress(var: &VarView) -> Value {
    let Some(assessment) = &var.assessment else { return Value::Array(Vec::new()) };
    let rows = var.scenarios.iter().zip(&assessment.stress);
    rows.map(|(name, loss)| json!({ "scenario": name, "loss": loss })).collect()
}

/// The last alerts, the oldest first.
#[must_use]
pub fn alerts(desk: &Desk) -> Value {
    let Some(book) = desk.source.as_ref().and_then(|source| source.alerts()) else {
        return json!({
            "total_alerts": 0,
            "unacknowledged_count": 0,
            "suppressed_count": 0,
            "recent_alerts": [],
        });
    };
    let (total, open, suppressed) = book.counts();
    let recent = book.recent(ALERTS_SHOWN, |_| true);
    json!({
        "total_alerts": total,
        "unacknowledged_count": open,
        "suppressed_count": suppressed,
        "recent_alerts": recent.iter().map(alert).collect::<Vec<_>>(),
    })
}

/// One alert.
#[must_use]
pub fn alert(alert: &Alert) -> Value {
    json!({
        "id": alert.id,
        "type": alert.kind.name(),
        "severity": alert.severity.name(),
        "message": alert.message,
        "source": alert.source,
        "metadata": { "suppressed": alert.suppressed },
        "timestamp": alert.timestamp / 1_000_000,
        "acknowledged": alert.acknowledged_at.is_some(),
        "acknowledged_at": alert.acknowledged_at.map(|time| time / 1_000_000),
    })
}
