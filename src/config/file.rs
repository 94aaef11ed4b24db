//! The config file: its root, what flags and environment put over it, and what is made of it.
//!
//! A section plugs in by a field of `RawConfig`, a field of `Config` and a call in `check`.

use super::account::RawAccount;
use super::alerts::AlertParams;
use super::arguments::Arguments;
use super::breaker::FedWithin;
use super::fills::RawFills;
use super::live::{LiveParams, RawLive};
use super::load::Environment;
use super::persistence::PersistenceConfig;
use super::relations;
use super::report::{RawReport, ReportConfig};
use super::risk::RawRisk;
use super::sections::{
    InstrumentParams, Overrides, RawInstrument, RawLogging, RawShutdown, RawTiming, RingParams,
    ShutdownParams, TimingParams, checked_symbol,
};
use super::simulator::RawSimulator;
use super::stops::RawStops;
use super::strategy::StrategyConfig;
use super::web::RawWeb;
use super::{
    Faults, Mode, RawSpan, RawSpeed, ThreadMode, ThreadsParams, ThreadsSection, VarConfig,
};
use crate::journal::JournalParams;
use crate::journal::follower::FollowParams;
use crate::logs::LogParams;
use crate::types::{InstrumentTable, Nanos, Symbol, Venue};
use crate::venue::fills::FillParams;
use crate::venue::recorded::Speed;
use crate::venue::simulated::SimulatorParams;
use crate::web;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the journal and the log are if nobody says.
const DATA_DIRECTORY: &str = "data";
const LOG_DIRECTORY: &str = "logs";

/// A config as it is written, unchecked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConfig {
    /// What to do.
    pub mode: Mode,
    /// Whose messages they are: in every mode but simulation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub venue: Option<Venue>,
    /// The recordings of replay and backtest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<PathBuf>,
    /// How fast time goes; 1 if it is not given, in a backtest `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<RawSpeed>,
    /// Where all chance of a run comes from.
    pub seed: u64,
    /// When the run stops, if by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<RawSpan>,
    /// What is traded; if empty every instrument of `instruments` that is enabled, in replay and
    /// backtest every instrument of the recording that is not disabled there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<String>,
    /// What single instruments have of their own.
    pub instruments: Vec<RawInstrument>,
    /// What everything is added up in.
    pub account: RawAccount,
    /// The limits.
    pub risk_management: RawRisk,
    /// When a position is closed by itself.
    pub risk: RawStops,
    /// How quotes are made.
    pub strategy: StrategyConfig,
    /// The venue, or what stands in for it.
    pub exchange: RawExchange,
    /// How often things are done.
    pub timing: RawTiming,
    /// What a backtest reports.
    pub report: RawReport,
    /// How the run ends.
    pub shutdown: RawShutdown,
    /// What is logged and where.
    pub logging: RawLogging,
    /// The journal.
    pub persistence: PersistenceConfig,
    /// How the stages are carried.
    pub threads: ThreadsSection,
    /// What joins the stages where each has its thread.
    pub rings: RingParams,
    /// HTTP and WebSocket.
    pub web: RawWeb,
}

impl Default for RawConfig {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            venue: None,
            input: Vec::new(),
            speed: None,
            seed: 1,
            duration: None,
            symbols: Vec::new(),
            instruments: Vec::new(),
            account: RawAccount::default(),
            risk_management: RawRisk::default(),
            risk: RawStops::default(),
            strategy: StrategyConfig::default(),
            exchange: RawExchange::default(),
            timing: RawTiming::default(),
            report: RawReport::default(),
            shutdown: RawShutdown::default(),
            logging: RawLogging::default(),
            persistence: PersistenceConfig::default(),
            threads: ThreadsSection::default(),
            rings: RingParams::default(),
            web: RawWeb::default(),
        }
    }
}

/// `exchange`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawExchange {
    /// The embedded venue.
    pub simulator: RawSimulator,
    /// How orders fare in replay, backtest and paper.
    pub fills: RawFills,
    /// Where the feed of paper is.
    pub live: RawLive,
}

/// A config without faults.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// What to do.
    pub mode: Mode,
    /// Whose messages they are.
    pub venue: Venue,
    /// The recordings; empty but in replay and backtest.
    pub input: Vec<PathBuf>,
    /// How fast time goes.
    pub speed: Speed,
    /// Where all chance of a run comes from.
    pub seed: u64,
    /// When the run stops, if by itself.
    pub duration: Option<Nanos>,
    /// What is traded; empty only in replay and backtest, where it says: all that is recorded, but
    /// what `instruments` disables.
    pub symbols: Vec<Symbol>,
    /// What single instruments have of their own.
    pub instruments: Vec<InstrumentParams>,
    /// Where the journal is; `None` only in replay and backtest, where none is then kept.
    pub data_directory: Option<PathBuf>,
    /// The embedded venue; it has no market but in simulation.
    pub simulator: SimulatorParams,
    /// Where the venue of another process listens, if it is one.
    pub venue_socket: Option<PathBuf>,
    /// How orders fare in replay, backtest and paper.
    pub fills: FillParams,
    /// Where the feed of paper is.
    pub live: LiveParams,
    /// How the journal is kept.
    pub journal: JournalParams,
    /// When snapshots are written, and how many are kept.
    pub snapshots: FollowParams,
    /// How often things are done.
    pub timing: TimingParams,
    /// What a backtest reports.
    pub report: ReportConfig,
    /// How the run ends.
    pub shutdown: ShutdownParams,
    /// How alerts are raised and where they go.
    pub alerts: AlertParams,
    /// How long what feeds the rules of risk may stay away.
    pub fed_within: FedWithin,
    /// How long an engine may take from an input to its requests, the slowest of a hundred.
    pub latency_max: Nanos,
    /// What is logged and where.
    pub logging: LogParams,
    /// How the stages are carried.
    pub threads: ThreadsParams,
    /// What joins the stages where each has its thread.
    pub rings: RingParams,
    /// HTTP and WebSocket; nothing where they are off.
    pub web: Option<web::Params>,
    /// How value at risk is found.
    pub var: VarConfig,
}

impl Config {
    /// Whether an instrument that the venue or the recording offers is to be traded.
    #[must_use]
    pub fn trades(&self, symbol: Symbol) -> bool {
        let disabled = || self.instruments.iter().any(|it| it.symbol == symbol && !it.enabled);
        if self.symbols.is_empty() { !disabled() } else { self.symbols.contains(&symbol) }
    }

    /// What an instrument has of its own.
    #[must_use]
    pub fn overrides(&self, symbol: Symbol) -> Overrides {
        let found = self.instruments.iter().find(|instrument| instrument.symbol == symbol);
        found.map_or_else(Overrides::default, |instrument| instrument.overrides)
    }
}

impl RawConfig {
    /// Puts environment and flags over what the file says, and fills what depends on the mode.
    ///
    /// Venue, recordings and directories of a file belong to the file's own mode: a backtest with
    /// the engine's config writes nothing to the engine's journal and log.
    pub fn overlay(&mut self, flags: &Arguments, environment: &Environment, faults: &mut Faults) {
        let mode = flags.mode.unwrap_or(self.mode);
        let mut engines = environment.data_dir.clone().into_iter().collect::<Vec<_>>();
        if mode != self.mode {
            self.venue = None;
            self.input.clear();
            if mode.is_recorded() != self.mode.is_recorded() {
                engines.extend(self.persistence.data_directory.take());
                self.logging.directory = None;
            }
            if mode == Mode::Backtest {
                self.threads.mode = ThreadMode::Auto;
            }
            self.mode = mode;
        }
        let data_directory = &mut self.persistence.data_directory;
        if mode == Mode::Backtest {
            self.report.overlay(flags.backtest_output.as_ref(), &engines, faults);
        } else if let Some(path) = &flags.backtest_output {
            let allowed = format!("left out in mode {}: only a backtest reports", mode.name());
            faults.add("--backtest-output", path.display(), allowed);
        }
        if mode.is_recorded() {
            put(data_directory, &flags.data_dir);
            if let Some(own) = data_directory.as_deref()
                && engines.iter().any(|engine| relations::is_inside(own, engine))
            {
                let allowed = format!("outside of the engine's own in mode {}", mode.name());
                faults.add("persistence.dataDirectory", own.display(), allowed);
            }
        } else {
            put(data_directory, &environment.data_dir);
            put(data_directory, &flags.data_dir);
            data_directory.get_or_insert_with(|| DATA_DIRECTORY.into());
            self.logging.directory.get_or_insert_with(|| LOG_DIRECTORY.into());
        }
        self.web.overlay(flags, environment);
        put(&mut self.logging.directory, &environment.log_dir);
        put(&mut self.logging.directory, &flags.log_dir);
        put(&mut self.venue, &flags.venue);
        put(&mut self.speed, &flags.speed.map(RawSpeed));
        put(&mut self.duration, &flags.duration.map(RawSpan));
        self.speed.get_or_insert(match mode {
            Mode::Backtest => RawSpeed(Speed::Max),
            _ => RawSpeed::REAL,
        });
        self.seed = flags.seed.unwrap_or(self.seed);
        self.threads.overlay(flags, environment);
        if !flags.input.is_empty() {
            self.input.clone_from(&flags.input);
        }
        if !flags.symbols.is_empty() {
            self.symbols = flags.symbols.iter().map(ToString::to_string).collect();
        }
    }

    /// Names everything that is wrong; the config is good if that is nothing.
    pub fn check(&self, faults: &mut Faults) -> Option<Config> {
        let before = faults.list().len();
        let instruments = self.check_instruments(faults);
        let symbols = self.check_symbols(&instruments, faults);
        let venue = relations::check(self, &symbols, faults);
        let mut bound = Faults::default();
        self.check_before_bound(&mut bound);
        faults.add_unless_named(bound);
        let markets = if self.mode == Mode::Simulation { symbols.clone() } else { Vec::new() };
        let config = Config {
            mode: self.mode,
            // Where it is unknown there is a fault, and this config goes nowhere.
            venue: venue.unwrap_or(Venue::Simulated),
            input: self.input.clone(),
            speed: self.speed.unwrap_or(RawSpeed::REAL).0,
            seed: self.seed,
            duration: self.duration.map(|span| span.0),
            symbols,
            instruments,
            data_directory: self.persistence.data_directory.clone(),
            simulator: self.exchange.simulator.check("exchange.simulator", &markets, faults),
            venue_socket: self.exchange.simulator.socket.clone(),
            fills: self.exchange.fills.check("exchange.fills", faults),
            live: self.exchange.live.check("exchange.live", self.mode, venue, faults),
            journal: self.persistence.check("persistence", faults),
            snapshots: self.persistence.check_snapshots("persistence", faults),
            timing: self.timing.check("timing", faults),
            report: self.report.check("report", faults),
            shutdown: self.shutdown.check("shutdown", faults),
            fed_within: self.risk_management.circuit_breaker.fed_within(),
            latency_max: self.risk_management.circuit_breaker.latency_max(),
            alerts: self.risk_management.alerts.check("risk_management.alerts", faults),
            logging: self.logging.check("logging", self.mode, faults),
            threads: self.threads.check("threads", faults),
            rings: self.rings.check("rings", faults),
            web: self.web.check("web", self.mode, self.speed, faults),
            var: self.risk_management.var.check("risk_management.var", faults),
        };
        (faults.list().len() == before).then_some(config)
    }

    fn check_instruments(&self, faults: &mut Faults) -> Vec<InstrumentParams> {
        let mut checked: Vec<InstrumentParams> = Vec::new();
        if self.instruments.len() > InstrumentTable::INSTRUMENTS_MAX {
            let allowed = format!("at most {} instruments", InstrumentTable::INSTRUMENTS_MAX);
            faults.add("instruments", self.instruments.len(), allowed);
            return checked;
        }
        for (at, raw) in self.instruments.iter().enumerate() {
            let path = format!("instruments[{at}]");
            let Some(instrument) = raw.check(&path, faults) else { continue };
            if checked.iter().any(|held| held.symbol == instrument.symbol) {
                faults.add(&format!("{path}.symbol"), instrument.symbol, "given once");
            } else {
                checked.push(instrument);
            }
        }
        checked
    }

    /// What is traded.
    fn check_symbols(&self, instruments: &[InstrumentParams], faults: &mut Faults) -> Vec<Symbol> {
        let mut symbols = Vec::new();
        for (at, text) in self.symbols.iter().enumerate() {
            let path = format!("symbols[{at}]");
            let Some(symbol) = checked_symbol(&path, text, faults) else { continue };
            if symbols.contains(&symbol) {
                faults.add(&path, symbol, "given once");
            } else {
                symbols.push(symbol);
            }
        }
        if self.symbols.is_empty() && !self.mode.is_recorded() {
            symbols.extend(instruments.iter().filter(|it| it.enabled).map(|it| it.symbol));
            if symbols.is_empty() && self.instruments.iter().all(|it| !it.enabled) {
                let allowed = "at least one that is enabled, or one of --symbol";
                faults.add("instruments", "none", allowed);
            }
        }
        symbols
    }
}

/// Puts a value over another if there is one.
fn put<T: Clone>(over: &mut Option<T>, value: &Option<T>) {
    if value.is_some() {
        over.clone_from(value);
    }
}

impl RawConfig {
    /// Where the journal is, for relations between directories.
    pub(super) fn data_directory(&self) -> Option<&Path> {
        self.persistence.data_directory.as_deref()
    }

    /// Where the log is.
    pub(super) fn log_directory(&self) -> Option<&Path> {
        self.logging.directory.as_deref().filter(|_| self.logging.file)
    }
}
