//! Positions, P&L, and the state of risk.

use super::number;
use crate::event::TradingState;
use crate::web::state::State;
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
    })
}
