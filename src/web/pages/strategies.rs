//! Strategies: one an instrument, as the original's paths have them.

use super::number;
use crate::event::TradingState;
use crate::web::state::{InstrumentState, State};
use serde_json::{Map, Value, json};

/// The instrument of that strategy; the original's name stands for the first.
#[must_use]
pub fn find<'a>(state: &'a State, id: &str) -> Option<&'a InstrumentState> {
    match id {
        "primary_strategy" => state.instruments.first(),
        _ => state.instruments.iter().find(|one| one.strategy_id() == id),
    }
}

/// All of them.
#[must_use]
pub fn list(state: &State, name: &str) -> Value {
    let status = match state.account.state {
        TradingState::Active => "running",
        TradingState::Reducing => "reducing",
        TradingState::Halted => "halted",
    };
    let all = state.instruments.iter().map(|one| {
        json!({
            "id": one.strategy_id(),
            "name": name,
            "symbol": one.instrument.symbol.as_str(),
            "status": status,
            "ml_enabled": false,
        })
    });
    Value::Array(all.collect())
}

/// What one of them has done.
#[must_use]
pub fn performance(state: &State, one: &InstrumentState, trades: u64) -> Value {
    json!({
        "strategy_id": one.strategy_id(),
        "pnl": number(&one.amount(one.realised + one.unrealised - one.fees)),
        "position": number(&one.qty(one.lots)),
        "total_trades": trades,
        "drawdown": number(&state.account.amount(state.account.drawdown)),
    })
}

/// The same of all, by name.
#[must_use]
pub fn all(state: &State, trades: impl Fn(&InstrumentState) -> u64) -> Value {
    let each = state.instruments.iter();
    let each = each.map(|one| (one.strategy_id(), performance(state, one, trades(one))));
    Value::Object(each.collect::<Map<_, _>>())
}
