//! The machine that is measured on: what it is, what it costs to read its clock and to cross from
//! core to core, and whether it was quiet.

use super::crew::Bench;
use super::probe::Done;
use super::result::Machine;
use super::spread::{Spread, count, float, histogram, median};
use crate::config::ThreadName;
use crate::sys::clock::{Rate, ticks};
use crate::threads::cores::pin;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

/// From here on a gap is more than a tick of the system's timer.
const LONG_NS: u64 = 100_000;
/// A quiet machine has hardly any long gaps, and loses little of a core.
const LONG_GAPS_MAX: f64 = 20.0;
const STOLEN_PCT_MAX: f64 = 1.0;
/// Somebody else wants more than a small part of a core.
const LOAD_MAX: f64 = 0.7;
/// A raw round trip this much above the least one: the host has moved the cores apart.
const APART: f64 = 2.0;

/// What the machine was seen to do.
#[derive(Debug)]
pub struct Watcher {
    rate: Rate,
    load: f64,
    gaps: Vec<Done>,
    round_trips: Vec<f64>,
}

impl Watcher {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, load: load(), gaps: Vec::new(), round_trips: Vec::new() }
    }

    /// Takes the gaps that a watching thread has seen.
    pub fn saw(&mut self, gaps: Done) {
        self.gaps.push(gaps);
    }

    /// Measures a raw round trip between two cores, where there are two.
    pub fn cross(&mut self, bench: &Bench) -> Option<f64> {
        let found = round_trip(bench)?;
        self.round_trips.push(found);
        Some(found)
    }

    /// What is told of the machine.
    #[must_use]
    pub fn finish(&self, bench: &Bench) -> Machine {
        let rate = self.rate;
        let mut gaps = histogram();
        self.gaps.iter().for_each(|done| count(&done.samples, rate, &mut gaps));
        let nanos = |of: fn(&Done) -> u64| -> f64 {
            self.gaps.iter().map(|done| float(rate.nanos(of(done)))).sum()
        };
        let seconds = (nanos(|done| done.span) / 1e9).max(1e-9);
        let stolen = nanos(|done| done.samples.iter().map(|sample| sample.took).sum());
        let samples = self.gaps.iter().flat_map(|done| &done.samples);
        let long = samples.filter(|sample| rate.nanos(sample.took) > LONG_NS).count();
        let [read, step] = clock(rate);
        let least = self.round_trips.iter().copied().reduce(f64::min);
        let mut found = Machine {
            processor: chip(),
            kernel: kernel(),
            cores: bench.allowance.cores.len(),
            hot_core: bench.hot_core(0),
            tick_ns: float(rate.nanos(1_000_000_000)) / 1e9,
            clock_read_ns: read,
            clock_step_ns: step,
            load: [self.load, load()],
            gaps_per_s: float(gaps.len()) / seconds,
            long_gaps_per_s: float(long as u64) / seconds,
            stolen_pct: 100.0 * stolen / 1e9 / seconds,
            gaps_ns: Spread::of(&gaps),
            round_trip_ns: least.zip(median(&self.round_trips)).map(|(least, half)| [least, half]),
            disturbed: Vec::new(),
        };
        found.disturbed = disturbed(&found);
        found
    }
}

/// Why figures are not those of a quiet machine.
#[must_use]
pub fn disturbed(machine: &Machine) -> Vec<String> {
    let mut reasons = Vec::new();
    let load = machine.load[0].max(machine.load[1]);
    // The tool itself is one of those that want to run.
    if load > LOAD_MAX + 1.0 {
        reasons.push(format!("others want to run: a load of {load:.1}"));
    }
    if machine.long_gaps_per_s > LONG_GAPS_MAX {
        reasons.push(format!("{:.0} gaps above 100 µs a second", machine.long_gaps_per_s));
    }
    if machine.stolen_pct > STOLEN_PCT_MAX {
        reasons.push(format!("{:.1} % of the hot core was taken", machine.stolen_pct));
    }
    if let Some([least, half]) = machine.round_trip_ns
        && half > APART * least
    {
        reasons.push(format!(
            "a round trip between cores took {least:.0} and {half:.0} ns: the cores were moved"
        ));
    }
    reasons
}

/// What a read of the counter takes, and the least step that it makes.
fn clock(rate: Rate) -> [f64; 2] {
    const READS: u64 = 100_000;
    let begun = ticks();
    let (mut last, mut step) = (begun, u64::MAX);
    for _ in 0..READS {
        let now = ticks();
        if now > last {
            step = step.min(now - last);
        }
        last = now;
    }
    let fine = |ticks: u64| float(rate.nanos(ticks * 1_000)) / 1e3;
    [fine(last - begun) / float(READS), fine(step)]
}

/// The median of raw round trips between two pinned threads, each with its own line.
fn round_trip(bench: &Bench) -> Option<f64> {
    const ROUNDS: u64 = 20_000;
    if bench.allowance.cores.len() < 2 {
        return None;
    }
    let lines = Arc::new([Line::default(), Line::default()]);
    let (both, stop) = (Arc::new(Barrier::new(2)), Arc::new(AtomicBool::new(false)));
    let echo = {
        let (lines, both, stop) = (Arc::clone(&lines), Arc::clone(&both), Arc::clone(&stop));
        let (core, allowance) = (bench.hot_core(1), bench.allowance.clone());
        std::thread::spawn(move || {
            let is_bound = pin(ThreadName::Feed, core, &allowance).is_ok();
            both.wait();
            let mut last = 0;
            while is_bound && !stop.load(Ordering::Relaxed) {
                let now = lines[0].0.load(Ordering::Acquire);
                if now != last {
                    lines[1].0.store(now, Ordering::Release);
                    last = now;
                }
            }
        })
    };
    let (core, allowance) = (bench.hot_core(0), bench.allowance.clone());
    let rate = bench.rate;
    let ping = std::thread::spawn(move || {
        let is_bound = pin(ThreadName::Hot, core, &allowance).is_ok();
        both.wait();
        let mut took = Vec::new();
        for round in 1..=if is_bound { ROUNDS } else { 0 } {
            let begun = ticks();
            lines[0].0.store(round, Ordering::Release);
            while lines[1].0.load(Ordering::Acquire) != round {
                // An echo that cannot be bound never answers.
                if ticks().saturating_sub(begun) > rate.ticks(100_000_000) {
                    return None;
                }
            }
            took.push(float(rate.nanos(ticks() - begun)));
        }
        median(&took)
    });
    let found = ping.join().ok().flatten();
    stop.store(true, Ordering::Relaxed);
    echo.join().ok();
    found
}

/// A cache line of its own, and the one that is fetched with it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicU64);

/// The system's average over a minute; 0 where it does not say.
fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

fn chip() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of = |key: &str| {
        let line = text.lines().find(|line| line.split(':').next().map(str::trim) == Some(key))?;
        Some(line.split_once(':')?.1.trim().to_string())
    };
    let name = of("model name").unwrap_or_else(|| "unknown".to_string());
    match (of("cpu family"), of("model")) {
        (Some(family), Some(model)) => format!("{name}, family {family} model {model}"),
        _ => name,
    }
}

fn kernel() -> String {
    let name = |file: &str| fs::read_to_string(format!("/proc/sys/kernel/{file}"));
    let [system, release] = ["ostype", "osrelease"].map(|file| name(file).unwrap_or_default());
    format!("{} {}", system.trim(), release.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbed_machine_is_told_and_a_quiet_one_is_not() {
        let quiet = Machine {
            load: [0.2, 1.1],
            long_gaps_per_s: 4.0,
            stolen_pct: 0.4,
            round_trip_ns: Some([100.0, 120.0]),
            ..Machine::default()
        };
        assert_eq!(disturbed(&quiet), Vec::<String>::new());
        let check = |machine: Machine, expected: &str| {
            let found = disturbed(&machine);
            assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
        };
        check(Machine { load: [3.0, 0.1], ..quiet.clone() }, "load of 3.0");
        check(Machine { long_gaps_per_s: 90.0, ..quiet.clone() }, "90 gaps");
        check(Machine { stolen_pct: 7.0, ..quiet.clone() }, "7.0 %");
        check(Machine { round_trip_ns: Some([100.0, 480.0]), ..quiet }, "were moved");
    }
}
