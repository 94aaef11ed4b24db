//! What the venue saw against what the journal says: orders, their ids, fills, position and money.
//!
//! Both are read from files after everybody has gone; who killed whom is not known here.

use crate::engine::risk::Output;
use crate::event::{Body, ReportKind, RequestKind};
use crate::journal::recovery::{RecoveryError, recover};
use crate::journal::{Content, Journal, ReadError};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What was found. Everything but the first three is to be zero.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// Orders that the venue has taken.
    pub orders: u64,
    /// Fills that the venue knows.
    pub fills: u64,
    /// Epochs of the journal.
    pub epochs: u64,
    /// Orders that the venue saw and the journal does not have.
    pub orders_unknown: u64,
    /// Ids that were given to two orders.
    pub ids_reused: u64,
    /// Fills of the venue that the journal does not have.
    pub fills_lost: u64,
    /// Fills of the journal that the venue does not know, or knows otherwise.
    pub fills_wrong: u64,
    /// Instruments whose position is another one.
    pub positions_wrong: u64,
    /// Instruments whose money or fees are others.
    pub money_wrong: u64,
    /// Inputs that are decided otherwise than is recorded.
    pub differences: u64,
    /// Recorded outputs that cannot follow from those before.
    pub contradictions: u64,
}

impl Findings {
    /// Whether nothing was lost, doubled or guessed.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.orders_unknown == 0
            && self.ids_reused == 0
            && self.fills_lost == 0
            && self.fills_wrong == 0
            && self.positions_wrong == 0
            && self.money_wrong == 0
            && self.differences == 0
            && self.contradictions == 0
    }
}

/// Why nothing can be compared.
#[derive(Debug)]
pub enum JudgeFault {
    /// A file cannot be read.
    Io(PathBuf, io::Error),
    /// The venue's memory says something that is not known.
    Truth(PathBuf, String),
    /// The journal cannot be read.
    Journal(ReadError),
    /// It is not known what was left.
    Recovery(RecoveryError),
    /// There is no journal.
    Nothing,
}

impl fmt::Display for JudgeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Truth(path, wrong) => write!(f, "{}: {wrong}", path.display()),
            Self::Journal(error) => error.fmt(f),
            Self::Recovery(error) => error.fmt(f),
            Self::Nothing => f.write_str("no engine has begun"),
        }
    }
}

impl std::error::Error for JudgeFault {}

impl From<ReadError> for JudgeFault {
    fn from(error: ReadError) -> Self {
        Self::Journal(error)
    }
}

/// A fill, by what both sides say of it: side, price, quantity, fee.
type Terms = (i64, i64, i64, i64);
/// An order and the venue's number of the trade.
type Trade = (u64, u64);

/// What the venue knows.
#[derive(Debug, Default)]
struct Truth {
    orders: BTreeSet<u64>,
    fills: BTreeMap<Trade, Terms>,
    /// Position, cash and fees by market.
    holdings: BTreeMap<u64, (i64, i128, i128)>,
}

/// What the journal says.
#[derive(Debug, Default)]
struct Told {
    orders: BTreeSet<u64>,
    reused: u64,
    fills: BTreeMap<Trade, Terms>,
    epochs: u64,
}

/// Compares the venue's memory with a journal that is not written to.
///
/// # Errors
/// One of them cannot be read.
pub fn judge(data: &Path, venue: &Path) -> Result<Findings, JudgeFault> {
    let truth = read_truth(&venue.join("venue-truth.jsonl"))?;
    let told = read_journal(data)?;
    let left = recover(data, &mut |_| true).map_err(JudgeFault::Recovery)?;
    let left = left.ok_or(JudgeFault::Nothing)?;
    let count = |found: usize| found as u64;
    let wrong = |trade: &&Trade| truth.fills.get(*trade) != told.fills.get(*trade);
    let mut findings = Findings {
        orders: count(truth.orders.len()),
        fills: count(truth.fills.len()),
        epochs: told.epochs,
        orders_unknown: count(truth.orders.difference(&told.orders).count()),
        ids_reused: told.reused,
        fills_lost: count(truth.fills.keys().filter(|id| !told.fills.contains_key(id)).count()),
        fills_wrong: count(told.fills.keys().filter(wrong).count()),
        differences: left.tally.differences,
        contradictions: left.tally.contradictions,
        ..Findings::default()
    };
    for (market, position) in (0..).zip(&left.opening.positions) {
        let (lots, cash, fees) = truth.holdings.get(&market).copied().unwrap_or_default();
        findings.positions_wrong += u64::from(position.lots != lots);
        // What selling brought minus what buying and fees cost.
        let own = position.realised - position.cost - position.fees;
        findings.money_wrong += u64::from(own != cash || position.fees != fees);
    }
    Ok(findings)
}

fn read_truth(path: &Path) -> Result<Truth, JudgeFault> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| JudgeFault::Io(path.to_owned(), error))?;
    let wrong = |what: String| JudgeFault::Truth(path.to_owned(), what);
    let mut truth = Truth::default();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        truth.orders.extend(line["order"]["id"].as_u64());
        truth.orders.extend(line["gone"].as_u64());
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
    Ok(truth)
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

fn read_journal(data: &Path) -> Result<Told, JudgeFault> {
    let journal = Journal::open(data)?;
    let mut told = Told::default();
    journal.visit::<ReadError>(|_, record| {
        match &record.content {
            Content::Start(_) => told.epochs += 1,
            Content::Output { output: Output::Request(request), .. } => {
                let terms = request.terms();
                if terms.kind == RequestKind::Place && !told.orders.insert(terms.order.0) {
                    told.reused += 1;
                }
            }
            Content::Input(input) => {
                let (Body::Report(report), Some(level)) = (input.event.body, input.levels().next())
                else {
                    return Ok(());
                };
                if report.kind == ReportKind::Filled {
                    let sign = level.side().sign();
                    let terms = (sign, level.price().0, level.qty().0, report.fee);
                    told.fills.insert((report.order.0, report.trade_id), terms);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(told)
}
