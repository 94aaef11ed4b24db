//! What the venue saw against what the journal says: orders, their ids, fills, position and money.
//!
//! Both are read from files after everybody has gone; who killed whom is not known here. Where
//! power was lost, it counts what the journal had promised: what it had not is the venue's to tell.

use super::truth::{Terms, Trade, Truth, read_truth};
use crate::engine::risk::Output;
use crate::event::{Body, ReportKind, RequestKind};
use crate::journal::recovery::{RecoveryError, recover};
use crate::journal::{Content, Journal, ReadError, SyncMode};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What a journal has promised of the orders that have left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Promise {
    /// All of them stand in it.
    All,
    /// Power was lost, and they had left before they were synced: those that rest or have traded
    /// are known again from the venue.
    Again,
}

impl Promise {
    /// With that `persistence.sync`, where power is lost or not.
    #[must_use]
    pub fn of(sync: SyncMode, power_loss: bool) -> Self {
        if power_loss && sync != SyncMode::Each { Self::Again } else { Self::All }
    }
}

/// What was found. Everything but the first five is to be zero.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// Orders that have left the engine, as the venue's end of the line has seen.
    pub orders: u64,
    /// Fills that the venue knows.
    pub fills: u64,
    /// Epochs of the journal.
    pub epochs: u64,
    /// Orders that a loss of power has taken from the journal, and the venue has told of again.
    pub orders_found: u64,
    /// Orders that it has taken, and that had gone without a trade by the next start.
    pub orders_forgotten: u64,
    /// Orders that the venue saw and the journal does not have, against its promise.
    pub orders_unknown: u64,
    /// Orders that rest at the venue when everybody has gone.
    pub orders_left: u64,
    /// Ids that were given to two orders.
    pub ids_reused: u64,
    /// Epochs that were given to two starts, or that the venue saw and the journal does not have.
    pub epochs_wrong: u64,
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
            && self.orders_left == 0
            && self.ids_reused == 0
            && self.epochs_wrong == 0
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

/// What the journal says.
#[derive(Debug, Default)]
struct Told {
    orders: BTreeSet<u64>,
    /// Orders of which the venue has told something.
    reported: BTreeSet<u64>,
    reused: u64,
    fills: BTreeMap<Trade, Terms>,
    /// The epochs in their order.
    epochs: Vec<u32>,
}

/// Compares the venue's memory with a journal that is not written to.
///
/// # Errors
/// One of them cannot be read.
pub fn judge(data: &Path, venue: &Path, promise: Promise) -> Result<Findings, JudgeFault> {
    let truth = read_truth(venue)?;
    let told = read_journal(data)?;
    let left = recover(data, &mut |_| true).map_err(JudgeFault::Recovery)?;
    let left = left.ok_or(JudgeFault::Nothing)?;
    let count = |found: usize| found as u64;
    let wrong = |trade: &&Trade| truth.fills.get(*trade) != told.fills.get(*trade);
    let mut findings = Findings {
        orders: count(truth.orders.len()),
        fills: count(truth.fills.len()),
        epochs: count(told.epochs.len()),
        orders_left: count(truth.resting.len()),
        ids_reused: told.reused + truth.twice,
        epochs_wrong: epochs_wrong(&truth, &told),
        fills_lost: count(truth.fills.keys().filter(|id| !told.fills.contains_key(id)).count()),
        fills_wrong: count(told.fills.keys().filter(wrong).count()),
        differences: left.tally.differences,
        contradictions: left.tally.contradictions,
        ..Findings::default()
    };
    let traded: BTreeSet<u64> = truth.fills.keys().map(|(order, _)| *order).collect();
    for order in truth.orders.difference(&told.orders) {
        *match promise {
            Promise::All => &mut findings.orders_unknown,
            Promise::Again if told.reported.contains(order) => &mut findings.orders_found,
            Promise::Again if traded.contains(order) || truth.resting.contains(order) => {
                &mut findings.orders_unknown
            }
            Promise::Again => &mut findings.orders_forgotten,
        } += 1;
    }
    for (market, position) in (0..).zip(&left.opening.positions) {
        let (lots, cash, fees) = truth.holdings.get(&market).copied().unwrap_or_default();
        findings.positions_wrong += u64::from(position.lots != lots);
        // What selling brought minus what buying and fees cost.
        let own = position.realised - position.cost - position.fees;
        findings.money_wrong += u64::from(own != cash || position.fees != fees);
    }
    Ok(findings)
}

/// An epoch stands in the journal before anything of it can leave, whatever is synced later.
fn epochs_wrong(truth: &Truth, told: &Told) -> u64 {
    let again = told.epochs.windows(2).filter(|pair| pair[0] >= pair[1]).count();
    let is_wrong = |(epoch, lives): &(&u32, &BTreeSet<u32>)| {
        lives.len() > 1 || told.epochs.binary_search(epoch).is_err()
    };
    (again + truth.lives.iter().filter(is_wrong).count()) as u64
}

fn read_journal(data: &Path) -> Result<Told, JudgeFault> {
    let journal = Journal::open(data)?;
    let mut told = Told::default();
    journal.visit::<ReadError>(|place, record| {
        match &record.content {
            Content::Start(_) => told.epochs.push(place.epoch),
            Content::Output { output: Output::Request(request), .. } => {
                let terms = request.terms();
                if terms.kind == RequestKind::Place && !told.orders.insert(terms.order.0) {
                    told.reused += 1;
                }
            }
            Content::Input(input) => {
                let Body::Report(report) = input.event.body else { return Ok(()) };
                told.reported.insert(report.order.0);
                if let (ReportKind::Filled, Some(level)) = (report.kind, input.levels().next()) {
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
