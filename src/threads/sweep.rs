//! `--sweep`: many backtests on one recording, as many at a time as there are whole cores.
//!
//! The recording is surveyed once, and decoded once into memory where it fits. Each run is a
//! backtest of its own in one thread; nothing is shared but what is only read, and results stand in
//! the order of the runs, so they do not depend on how many run at once.

mod merge;

pub use merge::{MergeError, merge};

use super::backtest::collect::facts;
use super::backtest::progress::Progress;
use super::backtest::{Played, files, play};
use super::cores::Allowance;
use super::link::{Decoded, Events, Market};
use super::run::{RunFault, interruptible, judge};
use super::setup::SetupFault;
use super::setup::recorded::{bind, look_over, open, run as set_up};
use super::signals::Stop;
use crate::config::sweep::{Point, Sweep};
use crate::config::{ExitCode, Loaded, RawConfig};
use crate::journal::Ledger;
use crate::report::Fact;
use crate::report::sweep::{SweepKey, SweepResults, SweepRun, SweepShard};
use crate::venue::recorded::survey::Survey;
use crossbeam_channel::{Receiver, Sender, unbounded};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a decoded recording may take of the memory; a greater one is read anew by each run.
const EVENTS_BYTES_MAX: usize = 1 << 30;

/// What all runs share.
struct Shared<'a> {
    plan: &'a Sweep,
    survey: Survey,
    events: Option<Arc<Events>>,
    stop: &'a Stop,
}

/// A run that is over.
type Ended = Result<(SweepRun, String), RunFault>;

/// The last line of a sweep.
#[derive(Serialize)]
struct Stopped<'a> {
    event: &'static str,
    runs: usize,
    records: u64,
    fills: u64,
    digest: &'a str,
}

/// Does all runs, writes their results and says the last line.
///
/// # Errors
/// Why a run could not begin, or did not end well; then there are no results.
pub fn run(loaded: &Loaded, plan: &Sweep, stop: &Stop) -> Result<ExitCode, RunFault> {
    let config = &loaded.config;
    let (own, all_points) = (config.clone(), plan.points.clone());
    let (survey, events) = interruptible(stop, move || {
        let survey = look_over(&own)?;
        // Every run is checked before the first one begins.
        for point in &all_points {
            bind(&point.effective, &point.config, &survey)?;
        }
        let market = open(&own, &survey.table)?;
        let read = Events::read(market, EVENTS_BYTES_MAX).map_err(SetupFault::Cut)?;
        Ok((survey, read.map(Arc::new)))
    })?;
    let allowance = Allowance::read().map_err(RunFault::Allowance)?;
    let jobs = plan.jobs.unwrap_or(allowance.whole()).clamp(1, plan.points.len().max(1));
    let shared = Shared { plan, survey, events, stop };
    let ended = all(&shared, jobs)?;
    let currency = ended.first().map_or(String::new(), |(_, currency)| currency.clone());
    let runs: Vec<_> = ended.into_iter().map(|(run, _)| run).collect();
    if stop.requested() {
        let (done, all) = (runs.len(), plan.points.len());
        let why = format!("stopped after {done} of {all} runs: no results are written");
        files::say(&format!("{why}\n{}\n", last_line(&runs)))?;
        return Ok(ExitCode::Done);
    }
    let keys = plan
        .axes
        .iter()
        .map(|axis| SweepKey { key: axis.key.clone(), values: axis.values.clone() });
    let shard = plan.shard.map(|shard| SweepShard { index: shard.index, of: shard.of });
    let facts = facts_of(loaded);
    let part = (plan.total, shard);
    let results = SweepResults::new(facts, keys.collect(), part, (currency, runs));
    publish(&config.report.directory, &results)?;
    Ok(ExitCode::Done)
}

/// Does the runs on so many threads.
fn all(shared: &Shared<'_>, jobs: usize) -> Result<Vec<(SweepRun, String)>, RunFault> {
    let next = AtomicUsize::new(0);
    let (said, heard) = unbounded();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let said = said.clone();
            scope.spawn(|| turn(shared, &next, said));
        }
        drop(said);
        gather(shared.plan, &heard)
    })
}

/// Does runs as long as there are some; after a fault there are none.
fn turn(shared: &Shared<'_>, next: &AtomicUsize, said: Sender<Ended>) {
    while let Some(point) = shared.plan.points.get(next.fetch_add(1, Ordering::Relaxed)) {
        if shared.stop.requested() {
            break;
        }
        let ended = one(shared, point).map_err(|fault| named(shared.plan, point, fault));
        if ended.is_err() {
            next.store(shared.plan.points.len(), Ordering::Relaxed);
        }
        // Whoever asked may have gone.
        said.send(ended).ok();
    }
}

fn gather(plan: &Sweep, heard: &Receiver<Ended>) -> Result<Vec<(SweepRun, String)>, RunFault> {
    let mut progress = Progress::new("runs");
    let mut runs = Vec::with_capacity(plan.points.len());
    #[expect(clippy::cast_precision_loss, reason = "a part that is shown")]
    let part = |done: usize| Some(done as f64 / plan.points.len() as f64);
    let mut fault = None;
    progress.show(0, part(0));
    for ended in heard {
        match ended {
            Ok(run) => runs.push(run),
            Err(found) => fault = fault.or(Some(found)),
        }
        progress.show(runs.len() as u64, part(runs.len()));
    }
    progress.clear();
    fault.map_or(Ok(runs), Err)
}

/// One run from its config to its figures.
fn one(shared: &Shared<'_>, point: &Point) -> Result<(SweepRun, String), RunFault> {
    let Shared { survey, events, stop, .. } = shared;
    let Point { run, values, effective, config } = point;
    let setup = (|| {
        let bound = bind(effective, config, survey)?;
        let market = match events {
            Some(events) => Market::Decoded(Box::new(Decoded::new(Arc::clone(events)))),
            None => open(config, &survey.table)?,
        };
        set_up(config, survey, bound, market)
    })();
    let mut setup = setup.map_err(RunFault::Setup)?;
    setup.begin(1, None);
    let currency = setup.currency.to_string();
    let played = play(config, (setup, Ledger::Unkept), stop, |_, _| Ok(()))?;
    let Played { outcome, report, .. } = played;
    let ended = (outcome.records, outcome.digest.clone());
    let row = SweepRun::of(*run, values.clone(), report.summary(), ended);
    judge(config, outcome, Vec::new())?;
    Ok((row, currency))
}

fn named(plan: &Sweep, point: &Point, fault: RunFault) -> RunFault {
    let set = plan.axes.iter().zip(&point.values);
    let set: Vec<_> = set.map(|(axis, value)| format!("{}={value}", axis.key)).collect();
    RunFault::Run { point: set.join(" "), fault: Box::new(fault) }
}

/// What is to be known of the sweep; shards merge only where all of it is equal.
fn facts_of(loaded: &Loaded) -> Vec<Fact> {
    let RawConfig { strategy, risk_management, account, exchange, instruments, .. } =
        &loaded.effective;
    let RawConfig { timing, symbols, duration, report, .. } = &loaded.effective;
    let told = serde_json::to_vec(&(
        (strategy, risk_management, account, exchange, instruments),
        (timing, symbols, duration, report.period_ms),
    ));
    let sum = crc32c::crc32c(&told.expect("a config is JSON"));
    let mut facts = facts(&loaded.config);
    facts.push(Fact { name: "config".to_owned(), value: format!("{sum:08x}") });
    facts
}

/// Writes the results, and says them on stdout with the last line.
fn publish(directory: &std::path::Path, results: &SweepResults) -> Result<(), RunFault> {
    let (name, json) = (results.name(), results.json());
    files::write(directory, &format!("{name}.json"), &json)?;
    files::write(directory, &format!("{name}.html"), &results.html())?;
    let page = directory.join(format!("{name}.html"));
    let last = last_line(&results.runs);
    files::say(&format!("{}\nresults: {}\n{last}\n", results.text(), page.display()))
}

fn last_line(runs: &[SweepRun]) -> String {
    let digests: String = runs.iter().map(|run| run.digest.as_str()).collect();
    let last = Stopped {
        event: "stopped",
        runs: runs.len(),
        records: runs.iter().map(|run| run.records).sum(),
        fills: runs.iter().map(|run| run.fills).sum(),
        digest: &format!("{:08x}", crc32c::crc32c(digests.as_bytes())),
    };
    serde_json::to_string(&last).expect("plain numbers and texts")
}
