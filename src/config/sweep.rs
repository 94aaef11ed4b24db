//! `--sweep`: a backtest for each combination of some values of some keys.
//!
//! Every combination is a whole config, read and checked like a file before the first run begins.
//! Which of them a shard has is decided here; how they are run is not known.

use super::arguments::Arguments;
use super::json::{Json, Step};
use super::{Config, Faults, Mode, RawConfig, reading};
use crate::venue::recorded::Speed;
use std::fmt;
use std::str::FromStr;

/// Combinations of one sweep at most.
const POINTS_MAX: usize = 10_000;
/// What changes decisions; the rest is the same for all runs of a sweep.
const SECTIONS: [&str; 7] =
    ["strategy", "risk_management", "account", "exchange", "instruments", "timing", "seed"];

/// A key and the values that it takes one after the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    /// Its path in the config, such as `strategy.baseSpreadBps`.
    pub key: String,
    /// As they were written.
    pub values: Vec<String>,
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a key of the config and its values: strategy.baseSpreadBps=5,10".to_owned();
        let (key, values) = text.split_once('=').ok_or_else(wrong)?;
        let values: Vec<_> = values.split(',').map(str::to_owned).collect();
        if key.is_empty() || values.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self { key: key.to_owned(), values })
    }
}

/// A part of a sweep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Which part, from 0 on, as a Kubernetes Indexed Job counts.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, of)| {
            Some(Self { index: index.parse().ok()?, of: of.parse().ok()? })
        });
        let fits = |shard: &Self| shard.index < shard.of && shard.of as usize <= POINTS_MAX;
        parts.filter(fits).ok_or_else(|| {
            format!("a part, from 0 on, of at most {POINTS_MAX}: 0/4, 1/4, 2/4, 3/4")
        })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// One run of a sweep.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// Its place among all runs, the last axis running fastest.
    pub run: usize,
    /// A value for each axis.
    pub values: Vec<String>,
    /// The config with these values.
    pub effective: RawConfig,
    /// The same, checked.
    pub config: Config,
}

/// All runs that are to be done.
#[derive(Clone, PartialEq, Debug)]
pub struct Sweep {
    /// What varies, in the order in which it was named.
    pub axes: Vec<Axis>,
    /// How many combinations there are.
    pub total: usize,
    /// Those of this shard, in their order.
    pub points: Vec<Point>,
    /// The part that is run; all of it if nothing is said.
    pub shard: Option<Shard>,
    /// Runs at once, if somebody says.
    pub jobs: Option<usize>,
}

impl Arguments {
    /// The sweep that is asked for, if one is; every fault is named once.
    pub(super) fn sweep(
        &self,
        base: &RawConfig,
        config: &Config,
        faults: &mut Faults,
    ) -> Option<Sweep> {
        if self.sweep.is_empty() {
            return None;
        }
        let axes = self.sweep.clone();
        let total = axes.iter().try_fold(1_usize, |all, axis| all.checked_mul(axis.values.len()));
        let total = total.unwrap_or(usize::MAX);
        check_run(config, total, faults);
        check_axes(&axes, faults);
        if !faults.is_empty() {
            return None;
        }
        let text = serde_json::to_string(base).expect("a config that was read is JSON");
        let tree = Json::parse(&text, &mut Vec::new()).expect("it was written by us");
        let mut points = Vec::new();
        for run in 0..total {
            let is_ours =
                self.shard.is_none_or(|shard| run % shard.of as usize == shard.index as usize);
            // A shard whose own runs are good still names the faults of the others' runs.
            let point = point(&axes, run, &tree, faults)?;
            if is_ours {
                points.push(point);
            }
        }
        Some(Sweep { axes, total, points, shard: self.shard, jobs: self.jobs })
    }
}

/// What the run itself must be for a sweep.
fn check_run(config: &Config, total: usize, faults: &mut Faults) {
    if config.mode != Mode::Backtest {
        let mode = config.mode.name();
        let allowed = format!("left out in mode {mode}: a sweep is made of backtests");
        faults.add("--sweep", "given", allowed);
    }
    if total > POINTS_MAX {
        faults.add("--sweep", total, format_args!("at most {POINTS_MAX} combinations"));
    }
    if config.speed != Speed::Max {
        faults.add("speed", "not max", "max in a sweep");
    }
    if let Some(path) = &config.data_directory {
        let allowed = "left out in a sweep: its runs keep no journal";
        faults.add("persistence.dataDirectory", path.display(), allowed);
    }
}

fn check_axes(axes: &[Axis], faults: &mut Faults) {
    for (at, axis) in axes.iter().enumerate() {
        let root = axis.key.split(['.', '[']).next().unwrap_or_default();
        if !SECTIONS.contains(&root) {
            let allowed = format!("a key of {}", SECTIONS.join(", "));
            faults.add("--sweep", &axis.key, allowed);
        }
        if steps(&axis.key).is_none() {
            faults.add(
                "--sweep",
                &axis.key,
                "a path such as strategy.gamma or instruments[0].maxPosition",
            );
        }
        if axes[..at].iter().any(|other| other.key == axis.key) {
            faults.add("--sweep", &axis.key, "given once");
        }
        for (at, value) in axis.values.iter().enumerate() {
            if axis.values[..at].contains(value) {
                faults.add(&axis.key, value, "given once in --sweep");
            }
        }
    }
}

/// The run at that place; nothing if it has a fault.
fn point(axes: &[Axis], run: usize, tree: &Json, faults: &mut Faults) -> Option<Point> {
    let mut rest = run;
    let mut values = vec![String::new(); axes.len()];
    let mut tree = tree.clone();
    for (axis, chosen) in axes.iter().zip(&mut values).rev() {
        let value = &axis.values[rest % axis.values.len()];
        rest /= axis.values.len();
        chosen.clone_from(value);
        let steps = steps(&axis.key).expect("every path was checked");
        if !tree.put(&steps, scalar(value)) {
            faults.add(&axis.key, value, "a key that is there");
            return None;
        }
    }
    let mut found = Faults::default();
    let read = reading::read::<RawConfig>(&tree.to_string(), &mut found);
    let effective = read.expect("it was written by us");
    let config = effective.as_ref().and_then(|raw| raw.check(&mut found));
    let is_good = found.is_empty();
    faults.add_once(found);
    let (effective, config) = effective.zip(config).filter(|_| is_good)?;
    Some(Point { run, values, effective, config })
}

/// `a.b[2].c` as steps; nothing if it is no path.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let mut pieces = part.split('[');
        let key = pieces.next().filter(|key| !key.is_empty())?;
        steps.push(Step::Key(key.to_owned()));
        for item in pieces {
            steps.push(Step::Item(item.strip_suffix(']')?.parse().ok()?));
        }
    }
    Some(steps)
}

/// A number, `true` or `false` as it is; all else is text.
fn scalar(value: &str) -> Json {
    let is_bare = serde_json::from_str::<serde_json::Value>(value)
        .is_ok_and(|value| value.is_number() || value.is_boolean());
    let text = || serde_json::to_string(value).expect("text is JSON");
    Json::Scalar(if is_bare { value.to_owned() } else { text() })
}

#[cfg(test)]
#[path = "sweep_tests.rs"]
mod tests;
