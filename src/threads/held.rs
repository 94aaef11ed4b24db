//! A start that was refused and would be refused again: the process may stay up, held.
//!
//! Nothing is quoted and the lock of the data directory is free, so that an operator can use the
//! tools in the same container, where a restart would only loop. Probes are answered, or a kubelet
//! would restart it all the same.

use super::cores::Allowance;
use super::crew::Muster;
use super::run::RunFault;
use super::signals::Stop;
use super::topology::{self, Wish};
use super::web::{self, Web};
use crate::config::{ExitCode, ThreadMode, ThreadName, ThreadsSection};
use crate::logs::{Log, LogParams, Logs};
use crate::web::Params;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::time::Duration;

/// Whether a process that was refused with that code stays up: where that is wanted, and always as
/// the first process of a container.
#[must_use]
pub fn is_wanted(hold: bool, code: ExitCode) -> bool {
    (hold || is_first_process()) && code.is_refusal()
}

/// Whether this is the first process of a container, or of the machine.
#[must_use]
pub fn is_first_process() -> bool {
    std::process::id() == 1
}

/// Says why and waits for a signal.
pub fn stay(why: &dyn Display) {
    let Ok(stop) = Stop::on_signals() else { return };
    writeln!(io::stderr(), "pinnaclemm: held until SIGTERM: {why}").ok();
    while !stop.requested() {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Stays up before there is a run, with a log and a web of its own; nothing where that is not
/// wanted.
pub fn stay_early(why: &dyn Display, code: ExitCode, (hold, web): (bool, Option<&Params>)) {
    if !is_wanted(hold, code) {
        return;
    }
    let params = LogParams::to_console();
    // What it would say stands on stderr as well.
    let Ok(logs) = Logs::start(&params) else { return stay(why) };
    let log = logs.log();
    say(&log, code.name(), why);
    let web = match web.map_or(Ok(None), |params| answering(params, &log)) {
        Ok(web) => web,
        Err(fault) => {
            log.warn("held_without_probes", vec![("text", fault.to_string().into())]);
            None
        }
    };
    if let Some(web) = &web {
        web.progress.hold(code.name());
    }
    stay(why);
    if let Some(web) = web {
        web.end();
    }
}

/// The line of the log.
pub(super) fn say(log: &Log, reason: &'static str, why: &dyn Display) {
    let fields = vec![("reason", reason.into()), ("text", why.to_string().into())];
    log.error("held", fields);
}

/// A web that has nothing to show but why.
fn answering(params: &Params, log: &Log) -> Result<Option<Web>, RunFault> {
    let allowance = Allowance::read().map_err(RunFault::Allowance)?;
    let rest = vec![ThreadName::Main, ThreadName::Web, ThreadName::Front];
    let threads = ThreadsSection::default().check("threads", &mut Default::default());
    let plan = topology::plan(&allowance, &Wish { mode: ThreadMode::Inline, rest }, &threads);
    let muster = Muster { plan: &plan, allowance: &allowance, stall_ns: threads.stall_ns };
    web::start(Some(params), muster, log)
}
