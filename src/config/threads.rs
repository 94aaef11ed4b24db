//! The section `threads` of the config: how the stages are carried, and how each thread waits.
//!
//! What the machine allows is not known here: `threads::topology` lays wish and allowance together.

use super::Faults;
use super::arguments::Arguments;
use super::load::Environment;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the stages are joined; the sequenced inputs give the same outputs in every mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadMode {
    /// What the allowance of the process is enough for.
    #[default]
    Auto,
    /// A pinned thread for each hot stage.
    Dedicated,
    /// One pinned hot thread that runs each input to its end.
    Shared,
    /// The caller turns the chain: replay, backtest, tests. Not to be chosen from outside.
    #[value(skip)]
    #[serde(skip)]
    Inline,
}

impl ThreadMode {
    /// As it is written on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dedicated => "dedicated",
            Self::Shared => "shared",
            Self::Inline => "inline",
        }
    }
}

/// Every thread that this process names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadName {
    /// Sequencer, sockets and gateway.
    Feed,
    /// Books and quoter.
    Quoting,
    /// Gate and orders.
    Risk,
    /// The journal's writer.
    Journal,
    /// All four in one.
    Hot,
    /// Signals, the status line, the end.
    Main,
    /// What HTTP requests are answered.
    Web,
    /// Connections of HTTP and WebSocket.
    Front,
    /// Segments, syncs, snapshots.
    Housekeeping,
    /// Value at risk.
    Var,
}

impl ThreadName {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Feed,
        Self::Quoting,
        Self::Risk,
        Self::Journal,
        Self::Hot,
        Self::Main,
        Self::Web,
        Self::Front,
        Self::Housekeeping,
        Self::Var,
    ];

    /// As the system shows it: at most the 15 bytes that Linux keeps.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Quoting => "quoting",
            Self::Risk => "risk",
            Self::Journal => "journal",
            Self::Hot => "hot",
            Self::Main => "main",
            Self::Web => "web",
            Self::Front => "front",
            Self::Housekeeping => "housekeeping",
            Self::Var => "var",
        }
    }

    /// Whether it stands on the way from the feed to the journal.
    #[must_use]
    pub const fn is_hot(self) -> bool {
        matches!(self, Self::Feed | Self::Quoting | Self::Risk | Self::Journal | Self::Hot)
    }
}

/// What a thread does in a turn without work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Idle {
    /// Turns again at once. Only for a thread that has its core for itself.
    Spin,
    /// Spins for a while, then gives way to others of its core.
    SpinYield,
    /// Gives way at once.
    Yield,
    /// Gives way for a while, then sleeps, each time longer.
    Backoff,
    /// Sleeps so many microseconds.
    SleepMicros(u32),
}

impl Idle {
    /// As it is written in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spin => "spin",
            Self::SpinYield => "spinYield",
            Self::Yield => "yield",
            Self::Backoff => "backoff",
            Self::SleepMicros(_) => "sleepMicros",
        }
    }
}

/// The longest sleep: well under the second in which a thread must have stopped.
const SLEEP_MICROS_MAX: u32 = 100_000;

/// The section as it stands in the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ThreadsSection {
    /// How the stages are carried.
    pub mode: ThreadMode,
    /// Whether threads are bound to cores.
    pub pin: bool,
    /// A stretch of turns longer than this is a stall.
    pub stall_micros: u64,
    /// How a thread waits, where it is not to be chosen for it.
    pub idle: BTreeMap<ThreadName, Idle>,
    /// A thread's core, as the n-th allowed one from 0, where it is not to be chosen for it.
    pub cores: BTreeMap<ThreadName, usize>,
    /// Refuses the start where the hot threads would not have their cores for themselves.
    pub require_exclusive_cores: bool,
    /// What the pod asked for, in thousandths of a core: it says so itself.
    #[serde(skip)]
    promised: Option<u32>,
}

impl Default for ThreadsSection {
    fn default() -> Self {
        Self {
            mode: ThreadMode::Auto,
            pin: true,
            // A healthy turn lasts microseconds, a slice of the scheduler a few milliseconds.
            stall_micros: 5_000,
            idle: BTreeMap::new(),
            cores: BTreeMap::new(),
            require_exclusive_cores: false,
            promised: None,
        }
    }
}

/// The section, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThreadsParams {
    /// How the stages are carried.
    pub mode: ThreadMode,
    /// Whether threads are bound to cores.
    pub pin: bool,
    /// A stretch of turns longer than this, in nanoseconds, is a stall.
    pub stall_ns: u64,
    /// How a thread waits, by the operator's word.
    pub idle: BTreeMap<ThreadName, Idle>,
    /// The n-th allowed core of a thread, by the operator's word.
    pub cores: BTreeMap<ThreadName, usize>,
    /// Whether a start on shared cores is refused.
    pub requires_own_cores: bool,
    /// What the pod asked for, in thousandths of a core.
    pub promised: Option<u32>,
}

impl ThreadsSection {
    /// Puts environment and flags over what the file says.
    pub(super) fn overlay(&mut self, flags: &Arguments, environment: &Environment) {
        self.mode = flags.threads.unwrap_or(self.mode);
        self.require_exclusive_cores |= flags.require_exclusive_cores;
        self.promised = environment.pod_cpu_millis.as_deref().and_then(|text| text.parse().ok());
    }

    /// Names what cannot be taken.
    pub fn check(&self, path: &str, faults: &mut Faults) -> ThreadsParams {
        // Below 100 µs the clock's own tick on the core counts as a stall.
        faults.within(&format!("{path}.stallMicros"), self.stall_micros, 100..=60_000_000);
        for (thread, idle) in &self.idle {
            let burns = matches!(idle, Idle::Spin | Idle::SpinYield | Idle::Yield);
            if burns && !thread.is_hot() {
                let path = format!("{path}.idle.{}", thread.name());
                faults.add(&path, idle.name(), "backoff or sleepMicros, as it is off the path");
            }
            if let Idle::SleepMicros(micros) = idle {
                let path = format!("{path}.idle.{}.sleepMicros", thread.name());
                faults.within(&path, *micros, 1..=SLEEP_MICROS_MAX);
            }
        }
        for (thread, core) in &self.cores {
            let path = format!("{path}.cores.{}", thread.name());
            if !self.pin {
                faults.add(&path, core, "absent where pin is false");
            }
            let before = self.cores.iter().take_while(|(other, _)| *other != thread);
            for (other, _) in before.filter(|(other, at)| *at == core && excludes(**other, *thread))
            {
                faults.add(&path, core, format_args!("another core than that of {}", other.name()));
            }
        }
        ThreadsParams {
            mode: self.mode,
            pin: self.pin,
            stall_ns: self.stall_micros.saturating_mul(1_000),
            idle: self.idle.clone(),
            cores: self.cores.clone(),
            requires_own_cores: self.require_exclusive_cores,
            promised: self.promised,
        }
    }
}

/// Whether two threads may not have one core: a hot one shares with none that runs beside it.
fn excludes(one: ThreadName, other: ThreadName) -> bool {
    let is_stage = |name: ThreadName| name.is_hot() && name != ThreadName::Hot;
    // `hot` stands for the four stages and never runs beside them.
    let never_meet =
        one == ThreadName::Hot && is_stage(other) || other == ThreadName::Hot && is_stage(one);
    (one.is_hot() || other.is_hot()) && !never_meet
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a section: its faults, or what serde says, or nothing.
    fn check(text: &str, expected: &[&str]) {
        let mut faults = Faults::default();
        let said = match serde_json::from_str::<ThreadsSection>(text) {
            Ok(section) => {
                section.check("threads", &mut faults);
                faults.list().iter().map(ToString::to_string).collect()
            }
            Err(error) => vec![error.to_string()],
        };
        assert_eq!(said.len(), expected.len(), "{text}: {said:?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "{text}: {said}");
        }
    }

    #[test]
    fn sections_are_taken_or_refused_by_name() {
        check("{}", &[]);
        check(r#"{"mode": "dedicated", "pin": false, "stallMicros": 100}"#, &[]);
        check(r#"{"idle": {"feed": "spin", "risk": "spinYield", "web": {"sleepMicros": 9}}}"#, &[]);
        check(r#"{"cores": {"feed": 1, "hot": 1, "web": 0, "var": 0}}"#, &[]);
        check(r#"{"mode": "inline"}"#, &["unknown variant `inline`"]);
        check(r#"{"idle": {"feeds": "spin"}}"#, &["unknown variant `feeds`"]);
        check(r#"{"idle": {"feed": "park"}}"#, &["unknown variant `park`"]);
        check(r#"{"spin": true}"#, &["unknown field `spin`"]);
        check(r#"{"cores": {"feed": -1}}"#, &["invalid value"]);
        check(
            r#"{"stallMicros": 99,
                "idle": {"web": {"sleepMicros": 0}, "var": {"sleepMicros": 100001}}}"#,
            &[
                "threads.stallMicros = 99: must be from 100 to 60000000",
                "threads.idle.web.sleepMicros = 0: must be from 1 to 100000",
                "threads.idle.var.sleepMicros = 100001",
            ],
        );
        check(
            r#"{"idle": {"web": "spin", "var": "backoff"}}"#,
            &["threads.idle.web = spin: must be backoff or sleepMicros"],
        );
        check(
            r#"{"cores": {"feed": 1, "risk": 1}}"#,
            &["threads.cores.risk = 1: must be another core than that of feed"],
        );
        check(
            r#"{"cores": {"hot": 2, "web": 2}}"#,
            &["threads.cores.web = 2: must be another core than that of hot"],
        );
        check(r#"{"pin": false, "cores": {"var": 1}}"#, &["absent where pin is false"]);
    }

    #[test]
    fn names_are_those_of_the_file_and_fit_the_system() {
        for thread in ThreadName::ALL {
            let text = serde_json::to_string(&thread).unwrap();
            assert_eq!(text, format!("\"{}\"", thread.name()));
            assert!(thread.name().len() <= 15);
        }
        for mode in ThreadMode::value_variants() {
            let text = serde_json::to_string(mode).unwrap();
            assert_eq!(text, format!("\"{}\"", mode.name()));
            assert_eq!(mode.to_possible_value().unwrap().get_name(), mode.name());
        }
    }
}
