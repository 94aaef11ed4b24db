//! `--mode backtest`: the engine turned in place by its caller, watched by a report.
//!
//! One thread does everything, one input after the other, so a run is as fast as the core and its
//! bytes depend on nothing else. The report is written when the run is over, also when a signal has
//! ended it early.

pub(super) mod collect;
pub(super) mod files;
pub(super) mod progress;

pub use collect::Collector;

use super::board::{Views, board};
use super::fused::Fused;
use super::outcome::Outcome;
use super::run::{Prepared, Ready, RunFault, judge, prepare, ready};
use super::setup::Setup;
use super::signals::Stop;
use super::status::Status;
use crate::config::{Config, ExitCode, Loaded};
use crate::journal::Ledger;
use crate::logs::Log;
use crate::report::Finished;
use crate::types::Nanos;
use crossbeam_channel::bounded;
use progress::Progress;
use std::time::Duration;

/// Inputs between two looks at the clock.
const LOOK_EVERY: u64 = 1 << 12;
/// How long is waited for what is not due yet, where time does not leap.
const PAUSE: Duration = Duration::from_millis(1);

/// What a backtest leaves.
pub(super) struct Played {
    pub(super) outcome: Outcome,
    pub(super) report: Finished,
    views: Views,
}

/// Plays a run to its end on this thread. `watch` is called now and then with the inputs so far and
/// their time.
pub(super) fn play(
    config: &Config,
    (setup, ledger): (Setup, Ledger),
    stop: &Stop,
    mut watch: impl FnMut(u64, Nanos) -> Result<(), RunFault>,
) -> Result<Played, RunFault> {
    let instruments = setup.instruments();
    let mut collector = Collector::new(config, &instruments, setup.currency);
    let (mut board, mut views, _) = board(&instruments);
    let Ready { core, sequencer, mut pilot, var, .. } = ready(config, setup, stop);
    board.risk.sample_for(var.sampler);
    views.var = Some(var.reader);
    let mut fused = Fused::new(&core, sequencer, ledger, board);
    fused.keep_marks(&core);
    let mut inputs = 0;
    while !pilot.is_done() {
        let now = fused.now(&mut pilot);
        if now.is_some_and(|now| fused.turn(now)) {
            let seen = fused.seen();
            collector.take(seen);
            inputs += 1;
            if inputs % LOOK_EVERY == 0 {
                watch(inputs, seen.part.event.received)?;
            }
            if fused.has_failed() {
                pilot.abort();
            }
        } else if !(pilot.is_done() || pilot.is_lock_step() && now.is_some()) {
            watch(inputs, fused.seen().part.event.received)?;
            std::thread::sleep(PAUSE);
        }
        // In lock-step the venue may have done something that nobody hears of.
    }
    let was_stopped = stop.requested();
    let (said, parts) = bounded(8);
    for part in fused.end() {
        said.send(part).expect("there is room for the parts of all stages");
    }
    let outcome = Outcome::of(&parts).expect("every stage says what it leaves");
    let mut report = collector.finish();
    report.note("records", outcome.records.to_string());
    report.note("digest", outcome.digest.clone());
    if was_stopped {
        report.note("ended", "early, by a signal".to_owned());
    }
    Ok(Played { outcome, report, views })
}

/// The part of the recording that is played by then, where its end is known.
fn part(setup: &Setup, config: &Config) -> impl Fn(Nanos) -> Option<f64> + use<> {
    let begins = setup.begins;
    let by_duration = config.duration.map(|span| Nanos(begins.0.saturating_add(span.0)));
    let ends = [setup.ends, by_duration].into_iter().flatten().min();
    #[expect(clippy::cast_precision_loss, reason = "a part that is shown")]
    move |now: Nanos| {
        let span = ends?.0.saturating_sub(begins.0);
        (span > 0).then(|| now.0.saturating_sub(begins.0) as f64 / span as f64)
    }
}

/// Runs a backtest, writes its report and says the last line.
///
/// # Errors
/// Why it could not begin, or did not end well.
pub fn run(loaded: &Loaded, stop: &Stop, log: &Log) -> Result<ExitCode, RunFault> {
    let config = &loaded.config;
    let Prepared { setup, ledger, keeping } = prepare(loaded, stop, (log, None))?;
    // One thread does everything: the journal makes its segments itself, and is synced at the end.
    drop(keeping);
    let mut status = Status::new(config, setup.currency, log.clone()).without_block();
    let mut progress = Progress::new("inputs");
    let part = part(&setup, config);
    let played = play(config, (setup, ledger), stop, |inputs, now| {
        progress.show(inputs, part(now));
        Ok(())
    });
    progress.clear();
    let Played { outcome, report, views } = played?;
    let directory = &config.report.directory;
    files::write(directory, "report.json", &(report.json() + "\n"))?;
    files::write(directory, "report.html", &report.html())?;
    let page = directory.join("report.html");
    files::say(&format!("{}\nreport: {}\n", report.text(), page.display()))?;
    status.stopped(&views, &outcome, &[]).map_err(RunFault::Output)?;
    judge(config, outcome, Vec::new())
}
