//! A run from its config to its last line: set up, carried by threads, watched, ended.
//!
//! This is the process's own thread: it starts the others, shows what they publish, and waits.
//! Nothing on the path needs it.

use super::alarms::AlarmParams;
use super::backtest;
use super::cores::Allowance;
use super::cpu::Cpu;
use super::crew::{Muster, name_panics};
use super::exclusive;
use super::held;
use super::outcome::Outcome;
use super::proof;
use super::settle::settle;
use super::signals::Stop;
use super::status::Status;
use super::sweep;
use super::timeline;
use super::topology::{self, Plan, Wish};
use super::watch::thread_fields;
use super::web::{self, Web};
use crate::config::{Config, ExitCode, Loaded, Mode, ThreadName};
use crate::logs::Log;
use crate::types::{InstanceTag, OrderId};
use crate::venue::recorded::Speed;
use std::time::Duration;

mod begun;
mod end;
mod fault;
mod prepare;

use begun::{Begun, begin};
pub(super) use begun::{Ready, ready};
pub(super) use end::judge;
use end::save_if_failed;
pub use fault::RunFault;
pub(super) use prepare::{Prepared, interruptible, prepare};

/// How long a thread is given to end once the run is over: it closes the journal, and the sync of
/// a busy disk can take many seconds.
const END_WITHIN: Duration = Duration::from_secs(30);

/// Runs until its end, its duration or a signal, and says the last line. A start that would be
/// refused again is held if `hold` says so: see [`held`].
///
/// # Errors
/// Why it could not begin, or did not end well; nothing is lost that stands in the journal.
pub fn run(loaded: &Loaded, (stop, hold): (&Stop, bool), log: &Log) -> Result<ExitCode, RunFault> {
    name_panics();
    let config = &loaded.config;
    if let Some(plan) = &loaded.sweep {
        return sweep::run(loaded, plan, stop);
    }
    if config.mode == Mode::Backtest {
        return backtest::run(loaded, stop, log);
    }
    let allowance = Allowance::read().map_err(RunFault::Allowance)?;
    let allowance = allowance.promised(config.threads.promised);
    let plan = plan(config, &allowance);
    // Before recovery, so that probes see how far it has come.
    let muster = Muster { plan: &plan, allowance: &allowance, stall_ns: config.threads.stall_ns };
    let web = web::start(config.web.as_ref(), muster, log)?;
    let done = match exclusive::check(config, &plan, &allowance) {
        Ok(()) => turn(loaded, (&plan, &allowance), web.as_ref(), (stop, log)),
        Err(fault) => Err(RunFault::Cores(fault)),
    };
    if let Err(fault) = &done
        && !config.mode.is_recorded()
        && held::is_wanted(hold, fault.code())
    {
        held::say(log, fault.name(), fault);
        if let Some(web) = &web {
            web.progress.hold(fault.name());
        }
        held::stay(fault);
    }
    if let Some(web) = web {
        web.end();
    }
    done
}

/// From recovery to the last line.
fn turn(
    loaded: &Loaded,
    (plan, allowance): (&Plan, &Allowance),
    web: Option<&Web>,
    (stop, log): (&Stop, &Log),
) -> Result<ExitCode, RunFault> {
    let config = &loaded.config;
    let progress = web.map(|web| &web.progress);
    let Prepared { mut setup, ledger, keeping } = prepare(loaded, stop, (log, progress))?;
    let (currency, tag) = (setup.currency, setup.tag);
    let mut status = Status::new(config, currency, log.clone());
    status.listen(setup.connected.take());
    let proved = proof::prove(&setup.core).map_err(RunFault::Proof)?;
    log.info("risk_proved", vec![("rules", proved.into())]);
    let told = AlarmParams::open(config, log).map_err(RunFault::Alerts)?;
    let mut begun = begin(config, setup, (ledger, keeping, told), (plan, allowance, stop))?;
    for remark in &plan.remarks {
        log.info("threads", vec![("text", remark.as_str().into())]);
    }
    if let Some(remark) = &begun.remark {
        log.warn("remark", vec![("text", remark.as_str().into())]);
    }
    if let (Some(web), Some(fills)) = (web, begun.fills.take()) {
        let fixed = (web::facts(loaded, plan), Cpu::new(allowance));
        web.run(begun.looking(fills, (currency, tag), fixed));
    }
    if let Err(cause) = settle(plan, allowance) {
        // Slower, and not wrong.
        log.warn("threads_not_bound", vec![("reason", cause.to_string().into())]);
    }
    begun.watch_over(web, (&mut status, stop))?;
    let Begun { crew, parts, views, health, emergency, mut alarms, .. } = begun;
    for (thread, counts) in crew.counts() {
        log.info("thread_ended", thread_fields(thread, &counts));
    }
    let faults = crew.end(END_WITHIN);
    // What came last is shown only as they end.
    alarms.look(&views, timeline::wall());
    let outcome = Outcome::of(&parts);
    save_if_failed(&health, emergency.as_ref(), outcome.as_ref(), log);
    if let Some(fault) = faults.into_iter().next() {
        return Err(RunFault::End(fault));
    }
    let outcome = outcome.expect("every stage says what it leaves");
    let open: Vec<_> = outcome.open_orders.iter().map(|order| order_name(*order, tag)).collect();
    status.stopped(&views, &outcome, &open).map_err(RunFault::Output)?;
    if let Some(what) = health.failure() {
        return Err(RunFault::Kept(what.to_owned()));
    }
    judge(config, outcome, open)
}

/// The order's name at the venue, and in the journal.
pub(super) fn order_name(order: OrderId, tag: Option<InstanceTag>) -> String {
    tag.map_or_else(|| order.0.to_string(), |tag| tag.whole(order).to_string())
}

/// Which threads there are, and where.
fn plan(config: &Config, allowance: &Allowance) -> Plan {
    let mut rest = vec![ThreadName::Main, ThreadName::Housekeeping];
    if config.web.is_some() {
        rest.extend([ThreadName::Web, ThreadName::Front]);
    }
    if config.speed != Speed::Max {
        rest.push(ThreadName::Var);
    }
    topology::plan(allowance, &Wish { mode: config.threads.mode, rest }, &config.threads)
}
