//! The small sections: `timing`, `shutdown`, `logging`, `rings`, `instruments`.

use super::{Exact, Faults, Mode};
use crate::logs::{Level, LogParams};
use crate::types::{Nanos, Symbol};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// `timing`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RawTiming {
    /// How often a line tells the state of the run where nobody looks at a terminal.
    pub publish_stats_interval_ms: u32,
    /// How long the venue may take to answer a request before it is asked what became of it.
    pub order_timeout_ms: u32,
}

impl Default for RawTiming {
    fn default() -> Self {
        Self { publish_stats_interval_ms: 1000, order_timeout_ms: 5000 }
    }
}

/// `timing`, checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimingParams {
    /// How often a line tells the state of the run.
    pub publish_stats_interval: Nanos,
    /// How long an answer to a request may take.
    pub order_timeout: Nanos,
}

impl RawTiming {
    /// Checks every key.
    #[must_use]
    pub fn check(&self, path: &str, faults: &mut Faults) -> TimingParams {
        let mut span = |key: &str, millis: u32| {
            let millis = faults.within(&format!("{path}.{key}"), millis, 100..=3_600_000);
            Nanos::from_millis(i64::from(millis))
        };
        TimingParams {
            publish_stats_interval: span("publishStatsIntervalMs", self.publish_stats_interval_ms),
            order_timeout: span("orderTimeoutMs", self.order_timeout_ms),
        }
    }
}

/// `shutdown`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RawShutdown {
    /// How long confirmations of cancels are awaited.
    pub cancel_timeout_ms: u32,
}

impl Default for RawShutdown {
    fn default() -> Self {
        Self { cancel_timeout_ms: 20_000 }
    }
}

/// `shutdown`, checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShutdownParams {
    /// How long confirmations of cancels are awaited, whatever signals come.
    pub cancel_timeout: Nanos,
}

impl RawShutdown {
    /// Checks every key.
    #[must_use]
    pub fn check(&self, path: &str, faults: &mut Faults) -> ShutdownParams {
        let path = format!("{path}.cancelTimeoutMs");
        let millis = faults.within(&path, self.cancel_timeout_ms, 100..=600_000);
        ShutdownParams { cancel_timeout: Nanos::from_millis(i64::from(millis)) }
    }
}

/// `logging`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RawLogging {
    /// The least level that is kept.
    pub level: Level,
    /// Whether lines go to stderr where it is no terminal.
    pub console: bool,
    /// Whether lines go to a file.
    pub file: bool,
    /// Where the file is. If it is not given: `logs` in simulation and paper, else nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// When the file is put aside.
    pub max_file_bytes: u64,
    /// Files that were put aside and are kept.
    pub keep_files: u32,
}

impl Default for RawLogging {
    fn default() -> Self {
        Self {
            level: Level::Info,
            console: true,
            file: true,
            directory: None,
            max_file_bytes: 16 << 20,
            keep_files: 5,
        }
    }
}

impl RawLogging {
    /// Checks every key.
    #[must_use]
    pub fn check(&self, path: &str, mode: Mode, faults: &mut Faults) -> LogParams {
        check_directory(&format!("{path}.directory"), self.directory.as_deref(), faults);
        let sizes = 64 << 10..=1 << 30;
        // A backtest beside the engine must not put the engine's file aside.
        let file_name = match mode {
            Mode::Simulation | Mode::Paper => "pinnaclemm.log".to_owned(),
            Mode::Replay | Mode::Backtest => format!("pinnaclemm-{}.log", mode.name()),
        };
        LogParams {
            file_name,
            level: self.level,
            console: self.console,
            directory: self.directory.clone().filter(|_| self.file),
            file_bytes_max: faults.within(
                &format!("{path}.maxFileBytes"),
                self.max_file_bytes,
                sizes,
            ),
            files_kept: faults.within(&format!("{path}.keepFiles"), self.keep_files, 0..=1000),
        }
    }
}

/// `rings`: lines of 64 bytes that each ring between two threads holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RingParams {
    /// Inputs on their way to the books.
    pub feed_to_quoting: u32,
    /// Inputs, marks and proposals.
    pub quoting_to_risk: u32,
    /// Inputs, outputs and explanations.
    pub risk_to_journal: u32,
    /// Requests that are written.
    pub journal_to_gateway: u32,
    /// Reports, refusals and states on their way back.
    pub back_to_feed: u32,
}

impl Default for RingParams {
    fn default() -> Self {
        // A burst of a few thousand levels; a longer message goes through in turns.
        Self {
            feed_to_quoting: 1 << 12,
            quoting_to_risk: 1 << 12,
            risk_to_journal: 1 << 13,
            journal_to_gateway: 1 << 10,
            back_to_feed: 1 << 10,
        }
    }
}

impl RingParams {
    /// Room for the greatest output of a turn in every ring.
    pub const LINES_MIN: u32 = 1 << 10;
    /// 256 MiB.
    pub const LINES_MAX: u32 = 1 << 22;

    /// Checks every key: rings are masked, so only powers of two will do.
    #[must_use]
    pub fn check(&self, path: &str, faults: &mut Faults) -> Self {
        let named = [
            ("feedToQuoting", self.feed_to_quoting),
            ("quotingToRisk", self.quoting_to_risk),
            ("riskToJournal", self.risk_to_journal),
            ("journalToGateway", self.journal_to_gateway),
            ("backToFeed", self.back_to_feed),
        ];
        for (name, lines) in named {
            if !lines.is_power_of_two() || !(Self::LINES_MIN..=Self::LINES_MAX).contains(&lines) {
                let allowed =
                    format!("a power of two from {} to {}", Self::LINES_MIN, Self::LINES_MAX);
                faults.add(&format!("{path}.{name}"), lines, allowed);
            }
        }
        *self
    }
}

/// Names a directory without a name.
pub(super) fn check_directory(path: &str, directory: Option<&Path>, faults: &mut Faults) {
    if directory.is_some_and(|directory| directory.as_os_str().is_empty()) {
        faults.add(path, "\"\"", "the name of a directory");
    }
}

/// One entry of `instruments`: an instrument, and where it differs from `strategy`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawInstrument {
    /// The venue's name of it.
    pub symbol: String,
    /// Whether it is traded.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Instead of `strategy.baseSpreadBps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_spread_bps: Option<f64>,
    /// Instead of `strategy.orderQuantity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_quantity: Option<Exact>,
    /// Instead of `strategy.minOrderQuantity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_order_quantity: Option<Exact>,
    /// Instead of `strategy.maxOrderQuantity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_order_quantity: Option<Exact>,
    /// Instead of `strategy.maxPosition`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_position: Option<Exact>,
}

const fn yes() -> bool {
    true
}

/// An instrument that the config knows.
#[derive(Clone, PartialEq, Debug)]
pub struct InstrumentParams {
    /// The venue's name of it.
    pub symbol: Symbol,
    /// Whether it is traded.
    pub enabled: bool,
    /// Where it differs from `strategy`.
    pub overrides: Overrides,
}

/// What an instrument has instead of the keys of `strategy`.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Overrides {
    /// Instead of `strategy.baseSpreadBps`.
    pub base_spread_bps: Option<f64>,
    /// Instead of `strategy.orderQuantity`, in units of the base currency.
    pub order_quantity: Option<Exact>,
    /// Instead of `strategy.maxPosition`, in units of the base currency.
    pub max_position: Option<Exact>,
}

impl RawInstrument {
    /// An instrument that takes everything from `strategy`.
    #[must_use]
    pub const fn plain(symbol: String) -> Self {
        Self {
            symbol,
            enabled: true,
            base_spread_bps: None,
            order_quantity: None,
            min_order_quantity: None,
            max_order_quantity: None,
            max_position: None,
        }
    }

    /// Checks every key.
    pub fn check(&self, path: &str, faults: &mut Faults) -> Option<InstrumentParams> {
        let symbol = checked_symbol(&format!("{path}.symbol"), &self.symbol, faults);
        if let Some(bps) = self.base_spread_bps
            && !(bps > 0.0 && bps <= 10_000.0)
        {
            faults.add(&format!("{path}.baseSpreadBps"), bps, "above 0 and at most 10000");
        }
        let quantities = [
            ("orderQuantity", self.order_quantity),
            ("minOrderQuantity", self.min_order_quantity),
            ("maxOrderQuantity", self.max_order_quantity),
            ("maxPosition", self.max_position),
        ];
        for (name, quantity) in quantities {
            if let Some(Exact(number)) = quantity.filter(|quantity| quantity.0.mantissa == 0) {
                faults.add(&format!("{path}.{name}"), Exact(number), "above 0");
            }
        }
        let Self { enabled, base_spread_bps, order_quantity, max_position, .. } = *self;
        let overrides = Overrides { base_spread_bps, order_quantity, max_position };
        Some(InstrumentParams { symbol: symbol?, enabled, overrides })
    }
}

/// The symbol of a text, or a fault.
pub(super) fn checked_symbol(path: &str, text: &str, faults: &mut Faults) -> Option<Symbol> {
    match super::arguments::symbol(text) {
        Ok(symbol) => Some(symbol),
        Err(why) => {
            faults.add(path, format_args!("{text:?}"), format_args!("a symbol: {why}"));
            None
        }
    }
}
