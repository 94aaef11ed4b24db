//! The results of a sweep: a row of figures for each run, as JSON, a table, or one HTML page.
//!
//! Everything here follows from the rows alone, so that shards that were run elsewhere merge into
//! the same bytes as a sweep in one go. How runs are made is not known.

mod page;

use super::Fact;
use super::html::{number, percent};
use super::summary::{InstrumentSummary, Summary};
use super::text::{aligned, short};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A whole sweep, or a shard of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepResults {
    /// The version of this layout.
    pub schema: u32,
    /// What was run.
    pub facts: Vec<Fact>,
    /// What varies, in the order in which it was named.
    pub keys: Vec<SweepKey>,
    /// How many runs the whole sweep has.
    pub total: usize,
    /// Which part this is; nothing if it is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<SweepShard>,
    /// What the account's amounts are in.
    pub currency: String,
    /// The runs in their order.
    pub runs: Vec<SweepRun>,
}

/// A key and the values that it takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepKey {
    /// Its path in the config.
    pub key: String,
    /// As they were written.
    pub values: Vec<String>,
}

/// A part of a sweep.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepShard {
    /// Which, from 0 on.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

/// One run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepRun {
    /// Its place among all, the last key running fastest.
    pub run: usize,
    /// A value for each key.
    pub values: Vec<String>,
    /// Inputs and outputs.
    pub records: u64,
    /// Over all outputs.
    pub digest: String,
    /// Earned before fees, in the account's currency, exact.
    pub gross: String,
    /// Fees.
    pub fees: String,
    /// Gross without fees.
    pub net: String,
    /// The deepest fall of the net profit.
    pub max_drawdown: String,
    /// As in a report.
    pub sharpe: Option<f64>,
    /// As in a report.
    pub sortino: Option<f64>,
    /// Part of the periods with a profit.
    pub winning_periods: Option<f64>,
    /// Trades of ours.
    pub fills: u64,
    /// Each instrument.
    pub instruments: Vec<SweepInstrument>,
}

/// One instrument of a run, in its own currencies.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepInstrument {
    /// Its symbol.
    pub symbol: String,
    /// Gross without fees.
    pub net: Option<f64>,
    /// Fees.
    pub fees: f64,
    /// What was traded.
    pub turnover: f64,
    /// Trades of ours.
    pub fills: u64,
    /// Orders that traded, over orders placed.
    pub fill_ratio: Option<f64>,
    /// The part of the turnover of orders that rested.
    pub maker_share: Option<f64>,
    /// The part of the time in which a spread was quoted.
    pub two_sided: Option<f64>,
    /// The mean quoted spread.
    pub spread_bps: Option<f64>,
    /// The position at the end.
    pub position: f64,
    /// The mean of its size.
    pub position_mean_abs: Option<f64>,
    /// Basis points at once, and after 1, 5 and 30 s.
    pub markouts_bps: Vec<Option<f64>>,
}

/// Why results are not the shards of one sweep.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MergeFault {
    /// There are none.
    Nothing,
    /// It is of another layout.
    Schema(u32),
    /// It is a whole sweep already.
    Whole,
    /// Something of the sweep differs: keys, values, recording, config, version.
    Other(String),
    /// The run is there twice.
    Twice(usize),
    /// So many runs are missing, this the first.
    Missing(usize, usize),
}

impl fmt::Display for MergeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("there is nothing to merge"),
            Self::Schema(found) => write!(f, "layout {found} is not one of this version"),
            Self::Whole => f.write_str("a whole sweep is among them: only shards are merged"),
            Self::Other(what) => write!(f, "they are not of one sweep: {what} differs"),
            Self::Twice(run) => write!(f, "run {run} is there twice"),
            Self::Missing(count, first) => {
                write!(f, "{count} runs are missing, run {first} the first: name every shard")
            }
        }
    }
}

impl std::error::Error for MergeFault {}

const SCHEMA: u32 = 1;

impl SweepRun {
    /// The figures of a finished run.
    #[must_use]
    pub fn of(run: usize, values: Vec<String>, summary: &Summary, ended: (u64, String)) -> Self {
        let (account, (records, digest)) = (&summary.account, ended);
        let ratios = &account.ratios;
        Self {
            run,
            values,
            records,
            digest,
            gross: account.gross.clone(),
            fees: account.fees.clone(),
            net: account.net.clone(),
            max_drawdown: account.max_drawdown.amount.clone(),
            sharpe: ratios.sharpe,
            sortino: ratios.sortino,
            winning_periods: ratios.winning_periods,
            fills: summary.instruments.iter().map(|of| of.total.fills).sum(),
            instruments: summary.instruments.iter().map(SweepInstrument::of).collect(),
        }
    }
}

impl SweepInstrument {
    fn of(summary: &InstrumentSummary) -> Self {
        Self {
            symbol: summary.symbol.clone(),
            net: summary.net,
            fees: summary.fees,
            turnover: summary.turnover,
            fills: summary.total.fills,
            fill_ratio: summary.orders.fill_ratio,
            maker_share: summary.total.maker_share,
            two_sided: summary.quoting.two_sided,
            spread_bps: summary.quoting.spread_bps,
            position: summary.inventory.last,
            position_mean_abs: summary.inventory.mean_abs,
            markouts_bps: summary.total.markouts.iter().map(|markout| markout.bps).collect(),
        }
    }
}

impl SweepResults {
    /// Results of the runs, in any order.
    #[must_use]
    pub fn new(
        facts: Vec<Fact>,
        keys: Vec<SweepKey>,
        (total, shard): (usize, Option<SweepShard>),
        (currency, mut runs): (String, Vec<SweepRun>),
    ) -> Self {
        runs.sort_by_key(|run| run.run);
        Self { schema: SCHEMA, facts, keys, total, shard, currency, runs }
    }

    /// The whole sweep of all its shards.
    ///
    /// # Errors
    /// They are not all shards of one sweep.
    pub fn merge(shards: Vec<Self>) -> Result<Self, MergeFault> {
        let mut shards = shards.into_iter();
        let mut whole = shards.next().ok_or(MergeFault::Nothing)?;
        whole.check()?;
        for shard in shards {
            shard.check()?;
            let other = |what: &str| Err(MergeFault::Other(what.to_owned()));
            for (fact, own) in shard.facts.iter().zip(&whole.facts) {
                if fact != own {
                    return other(&fact.name);
                }
            }
            if shard.keys != whole.keys || shard.total != whole.total {
                return other("what varies");
            }
            // A shard without a run counts in nothing.
            if whole.runs.is_empty() {
                whole.currency.clone_from(&shard.currency);
            }
            if !shard.runs.is_empty() && shard.currency != whole.currency {
                return other("the account's currency");
            }
            whole.runs.extend(shard.runs);
        }
        whole.shard = None;
        whole.runs.sort_by_key(|run| run.run);
        if let Some(twice) = whole.runs.windows(2).find(|two| two[0].run == two[1].run) {
            return Err(MergeFault::Twice(twice[0].run));
        }
        let found = whole.runs.iter().map(|run| run.run);
        let missing = whole.total.saturating_sub(whole.runs.len());
        match found.zip(0..).find(|(run, at)| run != at) {
            Some((_, at)) => Err(MergeFault::Missing(missing, at)),
            None if missing > 0 => Err(MergeFault::Missing(missing, whole.runs.len())),
            None => Ok(whole),
        }
    }

    fn check(&self) -> Result<(), MergeFault> {
        if self.schema != SCHEMA {
            return Err(MergeFault::Schema(self.schema));
        }
        if self.shard.is_none() { Err(MergeFault::Whole) } else { Ok(()) }
    }

    /// The name of the file without its ending.
    #[must_use]
    pub fn name(&self) -> String {
        match self.shard {
            None => "sweep".to_owned(),
            Some(SweepShard { index, of }) => format!("sweep-{index}-of-{of}"),
        }
    }

    /// All numbers as JSON.
    ///
    /// # Panics
    /// Never: plain numbers and texts.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain numbers and texts") + "\n"
    }

    /// A table for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut rows = vec![self.head()];
        rows.extend(self.runs.iter().map(row));
        aligned(&rows)
    }

    /// One page; it loads nothing.
    #[must_use]
    pub fn html(&self) -> String {
        page::page(self)
    }

    /// The columns of [`row`].
    fn head(&self) -> Vec<String> {
        let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
        let keys = self.keys.iter().map(|key| last(&key.key));
        let figures = [
            &format!("net, {}", self.currency),
            "gross",
            "fees",
            "drawdown",
            "Sharpe",
            "fills",
            "traded",
            "maker",
            "quoted",
            "spread bp",
            "5 s bp",
        ];
        std::iter::once("run".to_owned())
            .chain(keys)
            .chain(figures.iter().map(|name| (*name).to_owned()))
            .collect()
    }
}

/// The mean over instruments, where they have it.
fn mean(of: &SweepRun, figure: impl Fn(&SweepInstrument) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = of.instruments.iter().filter_map(figure).collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of instruments")]
    let count = values.len() as f64;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count)
}

fn row(of: &SweepRun) -> Vec<String> {
    let amounts = [&of.net, &of.gross, &of.fees, &of.max_drawdown];
    let mut row = vec![of.run.to_string()];
    row.extend(of.values.iter().cloned());
    row.extend(amounts.map(|text| short(text)));
    row.extend([
        number(of.sharpe, 2),
        of.fills.to_string(),
        percent(mean(of, |one| one.fill_ratio)),
        percent(mean(of, |one| one.maker_share)),
        percent(mean(of, |one| one.two_sided)),
        number(mean(of, |one| one.spread_bps), 2),
        number(mean(of, |one| one.markouts_bps.get(2).copied().flatten()), 2),
    ]);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shard of a sweep of four runs with these runs.
    fn shard(index: u32, runs: &[usize]) -> SweepResults {
        let fact = Fact { name: "venue".to_owned(), value: "kraken".to_owned() };
        let values = ["1", "2", "3", "4"].map(str::to_owned);
        let key = SweepKey { key: "strategy.gamma".to_owned(), values: values.to_vec() };
        let run = |run: &usize| SweepRun {
            run: *run,
            values: vec![values[*run].clone()],
            records: 5,
            digest: "00".to_owned(),
            gross: "1.1".to_owned(),
            fees: "0.1".to_owned(),
            net: "1".to_owned(),
            max_drawdown: "0.5".to_owned(),
            sharpe: Some(1.0 / 3.0),
            sortino: None,
            winning_periods: Some(0.1 + 0.2),
            fills: 2,
            instruments: vec![],
        };
        let part = (4, Some(SweepShard { index, of: 2 }));
        let runs = ("USD".to_owned(), runs.iter().map(run).collect());
        SweepResults::new(vec![fact], vec![key], part, runs)
    }

    #[test]
    fn shards_merge_into_the_whole_in_any_order() {
        let whole = SweepResults { shard: None, ..shard(0, &[0, 1, 2, 3]) };
        let read = |of: SweepResults| serde_json::from_str(&of.json()).unwrap();
        let (even, odd) = (read(shard(0, &[2, 0])), read(shard(1, &[1, 3])));
        assert_eq!(SweepResults::merge(vec![odd, even]).unwrap().json(), whole.json());
        let empty = SweepResults { currency: String::new(), ..shard(1, &[]) };
        let all = shard(0, &[0, 1, 2, 3]);
        assert_eq!(SweepResults::merge(vec![empty, all]).unwrap().json(), whole.json());
        assert_eq!((whole.name(), shard(1, &[]).name()), ("sweep".into(), "sweep-1-of-2".into()));
    }

    #[test]
    fn what_is_no_whole_sweep_is_refused() {
        let check = |shards: Vec<SweepResults>, expected: &str| {
            let fault = SweepResults::merge(shards).unwrap_err().to_string();
            assert!(fault.contains(expected), "{fault}");
        };
        check(vec![], "there is nothing");
        check(vec![shard(0, &[0, 2])], "2 runs are missing, run 1 the first");
        check(vec![shard(0, &[0, 1, 2])], "1 runs are missing, run 3 the first");
        check(vec![shard(0, &[0, 1]), shard(1, &[1, 2, 3])], "run 1 is there twice");
        check(vec![SweepResults { shard: None, ..shard(0, &[0]) }], "a whole sweep");
        check(vec![SweepResults { schema: 2, ..shard(0, &[0]) }], "layout 2");
        let mut other = shard(1, &[1, 3]);
        other.facts[0].value = "bitstamp".to_owned();
        check(vec![shard(0, &[0, 2]), other], "venue differs");
        let mut other = shard(1, &[1, 3]);
        other.keys[0].key = "seed".to_owned();
        check(vec![shard(0, &[0, 2]), other], "what varies differs");
    }

    #[test]
    fn the_page_and_the_table_have_every_run() {
        let mut all = shard(0, &[0, 1, 2, 3]);
        all.keys[0].key = "strategy.<gamma>".to_owned();
        let (page, text) = (all.html(), all.text());
        assert_eq!(text.lines().count(), 5);
        assert!(text.lines().next().unwrap().contains("net, USD"), "{text}");
        assert_eq!(page.matches("<tr").count(), 5);
        for word in ["NaN", "<gamma>", "http:", "https:", "src=", "href=", "<script"] {
            assert!(!page.contains(word), "{word}");
        }
    }
}
