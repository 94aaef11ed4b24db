//! Positions, P&L, and the state of risk.

use super::number;
use crate::engine::risk::{ExitParams, HeldThere, Reconciled};
use crate::event::{ExitReason, TradingState};
use crate::types::Symbol;
use crate::web::state::{RuleShown, State};
use serde_json::{Value, json};

/// What is held, instrument by instrument; amounts are of its quote currency.
#[must_use]
pub fn positions(state: &State) -> Value {
    let all = state.instruments.iter().map(|one| {
        json!({
            "symbol": one.instrument.symbol.as_str(),
            "quantity": one.qty(one.lots),
            "cost": one.amount(one.cost),
            "realized_pnl": one.amount(one.realised),
            "unrealized_pnl": one.amount(one.unrealised),
            "fees": one.amount(one.fees),
            "pnl": one.amount(one.realised + one.unrealised - one.fees),
            "volume_today": one.qty(one.volume_today),
            "currency": one.instrument.quote.to_string(),
            "exit": one.exit.running.map(ExitReason::name),
            "stop_loss_at": one.exit.bounds[0].map(|bound| one.amount(bound)),
            "take_profit_at": one.exit.bounds[1].map(|bound| one.amount(bound)),
            "hedge_beyond": one.qty(one.exit.beyond),
            "venue_quantity": one.exit.there.lots.map(|lots| one.qty(lots)),
            "venue_apart": one.qty(one.exit.there.apart),
            "venue_differs": one.exit.there.differs(),
        })
    });
    Value::Array(all.collect())
}

/// Everything earned, in the account currency, exactly.
#[must_use]
pub fn pnl(state: &State) -> Value {
    let account = &state.account;
    let realised = account.profit + account.fees - account.unrealised;
    json!({
        "currency": account.currency.to_string(),
        "total": account.amount(account.profit),
        "realized": account.amount(realised),
        "unrealized": account.amount(account.unrealised),
        "fees": account.amount(account.fees),
        "today": account.amount(account.profit_today),
        "drawdown": account.amount(account.drawdown),
        "high_water": account.amount(account.high_water),
    })
}

/// The original's fields, and the trading state.
#[must_use]
pub fn state(state: &State) -> Value {
    let account = &state.account;
    let amount = |amount| number(&account.amount(amount));
    let position: f64 = match &state.instruments[..] {
        [one] => one.qty(one.lots).parse().unwrap_or(0.0),
        many => many.iter().filter_map(|one| one.qty(one.lots).parse::<f64>().ok()).sum(),
    };
    let volume = |one: &crate::web::state::InstrumentState| -> f64 {
        one.qty(one.volume_today).parse().unwrap_or(0.0)
    };
    let is_halted = account.state == TradingState::Halted;
    let last = state.instruments.iter().map(|one| one.time.0).max().unwrap_or(0);
    json!({
        "position": position,
        "total_pnl": amount(account.profit),
        "daily_pnl": amount(account.profit_today),
        "peak_pnl": amount(account.high_water),
        "drawdown": amount(account.drawdown),
        "daily_volume": state.instruments.iter().map(volume).sum::<f64>(),
        "net_exposure": amount(account.net),
        "gross_exposure": amount(account.gross),
        "is_halted": is_halted,
        "halt_reason": if is_halted { account.reason.name() } else { "" },
        "last_update_time": last,
        "trading_state": account.state.name(),
        "state_reason": account.reason.name(),
        "is_killed": account.is_killed,
        "is_flattening": account.is_flattening,
        "currency": account.currency.to_string(),
        "open_orders": account.open_orders,
        "fills": account.fills,
        "requests": account.requests,
        "refusals": account.refusals,
        "orders_per_second": { "used": state.deeds.messages.0, "limit": state.deeds.messages.1 },
        "hedge": hedge(state),
        "exits": exits(state),
        "reconcile": reconcile(state),
    })
}

/// The state of risk, and what every rule was fed with.
#[must_use]
pub fn state_page(of: &State) -> Value {
    with_rules(state(of), of, |_| true)
}

fn percent(ppm: u32) -> f64 {
    f64::from(ppm) / 1e4
}

fn hedge(state: &State) -> Value {
    let deeds = &state.deeds;
    json!({
        "enabled": deeds.hedge.is_some(),
        "threshold_pct": deeds.hedge.map(|params| percent(params.threshold_ppm)),
        "interval_ms": deeds.hedge.map(|params| params.interval.0 / 1_000_000),
        "orders": deeds.hedge_orders,
        "next_try": deeds.hedge_due.map(|due| due.0),
    })
}

fn exits(state: &State) -> Value {
    let pct = |of: fn(&ExitParams) -> u32| {
        state.deeds.exit.map(|params| of(&params)).filter(|ppm| *ppm > 0).map(percent)
    };
    let begun = |reason: ExitReason| -> u64 {
        state.instruments.iter().map(|one| one.exit.begun[reason as usize]).sum()
    };
    json!({
        "stop_loss_pct": pct(|params| params.stop_ppm),
        "take_profit_pct": pct(|params| params.take_ppm),
        "stop_losses": begun(ExitReason::StopLoss),
        "take_profits": begun(ExitReason::TakeProfit),
    })
}

fn reconcile(state: &State) -> Value {
    let Reconciled { count, at, asked, open, absent } = state.deeds.reconciled;
    let positions = |is: fn(&HeldThere) -> bool| {
        state.instruments.iter().filter(|one| is(&one.exit.there)).count()
    };
    json!({
        "count": count,
        "time": (count > 0).then_some(at.0),
        "asked": asked,
        "open": open,
        "absent": absent,
        "pending": asked - open - absent,
        "positions_told": positions(|there| there.lots.is_some()),
        "positions_differ": positions(HeldThere::differs),
    })
}

/// A page with the rules that are meant, and what each was fed with.
#[must_use]
pub fn with_rules(mut page: Value, state: &State, is_meant: impl Fn(&RuleShown) -> bool) -> Value {
    let rows = state.rules.iter().filter(|row| is_meant(row)).map(|row| {
        json!({
            "rule": row.rule,
            "symbol": row.symbol.as_ref().map(Symbol::as_str),
            "fed_by": row.by,
            "samples": row.samples,
            "last_fed": row.last_fed.0,
            "deadline_ms": row.deadline.map(|deadline| deadline.0 / 1_000_000),
            "status": row.feeding.name(),
        })
    });
    page["rules"] = rows.collect();
    page
}

/// The limits as they hold, and how much of each is used.
#[must_use]
pub fn limits(state: &State) -> Value {
    let mut limits = state.limits.clone();
    let usage = state.usages.iter().map(|row| {
        json!({
            "key": row.key,
            "symbol": row.symbol.as_ref().map(Symbol::as_str),
            "used": row.used,
            "limit": row.limit,
            "used_pct": row.ratio * 100.0,
            "status": row.near,
        })
    });
    limits["usage"] = usage.collect();
    limits["soft_pct"] = state.soft_pct.into();
    limits
}
