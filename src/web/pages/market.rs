//! Quotes, books, orders and fills.

use super::{instrument, symbol};
use crate::types::{Price, Qty, Side};
use crate::web::history::half;
use crate::web::state::{FillState, InstrumentState, OrderState, SideState, State};
use serde_json::{Value, json};

fn place(one: &InstrumentState, price: Price, qty: Qty) -> Value {
    match qty.0 {
        0 => Value::Null,
        lots => json!({ "price": one.price(price), "quantity": one.qty(lots) }),
    }
}

fn mid(one: &InstrumentState) -> Value {
    one.mid_ticks_twice().map_or(Value::Null, |twice| half(&one.price(Price(twice))).into())
}

/// Our quotes beside the market's, and why a side is not quoted.
#[must_use]
pub fn quotes(state: &State) -> Value {
    let side = |one: &InstrumentState, side: &SideState| {
        json!({
            "market": place(one, side.market, side.market_qty),
            "quote": place(one, side.own, side.own_qty),
            "withheld": side.withheld.reason(side.code),
        })
    };
    let all = state.instruments.iter().map(|one| {
        json!({
            "symbol": one.instrument.symbol.as_str(),
            "strategy_id": one.strategy_id(),
            "book": one.stale.map_or("fresh", |reason| reason.name()),
            "mid": mid(one),
            "fair_value": one.fair_value * tick(one),
            "volatility_per_sqrt_second": one.volatility * tick(one),
            "bid": side(one, &one.sides[0]),
            "ask": side(one, &one.sides[1]),
            "sequence": one.sequence,
            "time": one.time.0,
        })
    });
    Value::Array(all.collect())
}

/// What a tick is worth, for numbers that are none of whole ticks.
fn tick(one: &InstrumentState) -> f64 {
    one.price(Price(1)).parse().unwrap_or(1.0)
}

/// The books near the touch, best first, with what of it is ours.
#[must_use]
pub fn book(state: &State) -> Value {
    let all = state.instruments.iter().map(|one| {
        let levels = |side: Side| -> Vec<Value> {
            let levels = one.sides[side.index()].levels.iter();
            let id = one.instrument.id;
            let level = |&(price, qty): &(Price, Qty)| {
                let at = |order: &&OrderState| {
                    order.instrument == id && order.side == side && order.price == price
                };
                let own = state.orders.iter().filter(at);
                let own: i64 = own.map(|order| order.qty.0.saturating_sub(order.traded.0)).sum();
                let (price, qty) = (one.price(price), one.qty(qty.0));
                json!({ "price": price, "quantity": qty, "own": one.qty(own) })
            };
            levels.map(level).collect()
        };
        json!({
            "symbol": one.instrument.symbol.as_str(),
            "state": one.stale.map_or("fresh", |reason| reason.name()),
            "mid": mid(one),
            "bids": levels(Side::Bid),
            "asks": levels(Side::Ask),
            "sequence": one.sequence,
            "time": one.time.0,
        })
    });
    Value::Array(all.collect())
}

/// Orders that are not known to be gone.
#[must_use]
pub fn orders(state: &State) -> Value {
    let all = state.orders.iter().filter_map(|order| {
        let one = instrument(state, order.instrument)?;
        let leaves = order.qty.0.saturating_sub(order.traded.0);
        Some(json!({
            "id": order.id,
            "symbol": one.instrument.symbol.as_str(),
            "side": order.side.name(),
            "price": one.price(order.price),
            "quantity": one.qty(order.qty.0),
            "filled": one.qty(order.traded.0),
            "leaves": one.qty(leaves),
            "status": order.status,
            "reduce_only": order.reduce_only,
        }))
    });
    let all: Vec<_> = all.collect();
    json!({ "open": state.account.open_orders, "shown": all.len(), "orders": all })
}

/// One trade of ours.
#[must_use]
pub fn fill(state: &State, fill: &FillState) -> Value {
    let text = |price: Price, lots: i64| {
        instrument(state, fill.instrument)
            .map_or_else(Default::default, |one| (one.price(price), one.qty(lots)))
    };
    let (price, quantity) = text(fill.price, fill.qty.0);
    json!({
        "sequence": fill.sequence,
        "time": fill.time.0,
        "order": fill.order,
        "trade_id": fill.trade_id.to_string(),
        "symbol": symbol(state, fill.instrument),
        "side": if fill.side == Side::Bid { "buy" } else { "sell" },
        "price": price,
        "quantity": quantity,
        "fee": fill.fee.0,
        "fee_currency": fill.fee.1.to_string(),
        "liquidity": if fill.maker { "maker" } else { "taker" },
    })
}
