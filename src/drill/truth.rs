//! What the venue knows: its own memory, and what has come to it over the line.

use super::judge::JudgeFault;
use super::line::{Seen, seen_path};
use crate::types::OrderId;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A fill, by what both sides say of it: side, price, quantity, fee.
pub(super) type Terms = (i64, i64, i64, i64);
/// An order and the venue's number of the trade.
pub(super) type Trade = (u64, u64);

/// What the venue knows.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// Every order that has left the engine, whether it came or not.
    pub(super) orders: BTreeSet<u64>,
    /// Those that rest.
    pub(super) resting: BTreeSet<u64>,
    /// Orders that have come with an id of another one.
    pub(super) twice: u64,
    /// The lives of the engine whose orders had that epoch.
    pub(super) lives: BTreeMap<u32, BTreeSet<u32>>,
    pub(super) fills: BTreeMap<Trade, Terms>,
    /// Position, cash and fees by market.
    pub(super) holdings: BTreeMap<u64, (i64, i128, i128)>,
}

/// Reads it from the venue's folder.
pub(super) fn read_truth(venue: &Path) -> Result<Truth, JudgeFault> {
    let mut truth = Truth::default();
    read_memory(&venue.join("venue-truth.jsonl"), &mut truth)?;
    read_seen(&seen_path(venue), &mut truth)?;
    Ok(truth)
}

/// What has come over the line.
fn read_seen(path: &Path, truth: &mut Truth) -> Result<(), JudgeFault> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| JudgeFault::Io(path.to_owned(), error))?;
    let (mut come, mut life) = (BTreeSet::new(), 0);
    for line in text.lines() {
        let seen = serde_json::from_str(line);
        let seen = seen.map_err(|e| JudgeFault::Truth(path.to_owned(), e.to_string()))?;
        let order = match seen {
            Seen::Life(number) => {
                life = number;
                continue;
            }
            Seen::Order(order) | Seen::Unsent(order) => order,
        };
        truth.orders.insert(order);
        truth.twice += u64::from(!come.insert(order));
        truth.lives.entry(OrderId(order).epoch()).or_default().insert(life);
    }
    Ok(())
}

/// What the venue itself knows.
fn read_memory(path: &Path, truth: &mut Truth) -> Result<(), JudgeFault> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| JudgeFault::Io(path.to_owned(), error))?;
    let wrong = |what: String| JudgeFault::Truth(path.to_owned(), what);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        if let Some(order) = line["order"]["id"].as_u64() {
            truth.orders.insert(order);
            truth.resting.insert(order);
        }
        if let Some(order) = line["gone"].as_u64() {
            truth.orders.insert(order);
            truth.resting.remove(&order);
        }
        if let Some(fill) = line.get("fill") {
            let (trade, terms) = fill_of(fill).ok_or_else(|| wrong(format!("no fill: {fill}")))?;
            truth.orders.insert(trade.0);
            truth.fills.insert(trade, terms);
        }
        if let Some(held) = line.get("holding") {
            let (market, holding) =
                holding_of(held).ok_or_else(|| wrong(format!("no holding: {held}")))?;
            truth.holdings.insert(market, holding);
        }
    }
    Ok(())
}

fn fill_of(fill: &Value) -> Option<(Trade, Terms)> {
    let number = |name: &str| fill[name].as_i64();
    let sign = match fill["side"].as_str()? {
        "bid" | "Bid" => 1,
        _ => -1,
    };
    let trade = (fill["order"].as_u64()?, fill["trade_id"].as_u64()?);
    Some((trade, (sign, number("price")?, number("qty")?, number("fee")?)))
}

fn holding_of(held: &Value) -> Option<(u64, (i64, i128, i128))> {
    let holding = &held["holding"];
    let amount = |name: &str| holding[name].to_string().parse::<i128>().ok();
    let found = (holding["position"].as_i64()?, amount("cash")?, amount("fees")?);
    Some((held["market"].as_u64()?, found))
}
