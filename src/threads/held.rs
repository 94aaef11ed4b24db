//! A start that was refused and would be refused again: the process may stay up, held.
//!
//! Nothing is quoted and the lock of the data directory is free, so that an operator can use the
//! tools in the same container, where a restart would only loop.

use super::signals::Stop;
use crate::config::ExitCode;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::time::Duration;

/// Whether a process that was refused with that code stays up: where that is wanted, and always as
/// the first process of a container.
#[must_use]
pub fn is_wanted(hold: bool, code: ExitCode) -> bool {
    (hold || std::process::id() == 1) && code.is_refusal()
}

/// Says why and waits for a signal.
pub fn stay(why: &dyn Display) {
    let Ok(stop) = Stop::on_signals() else { return };
    writeln!(io::stderr(), "pinnaclemm: held until SIGTERM: {why}").ok();
    while !stop.requested() {
        std::thread::sleep(Duration::from_millis(50));
    }
}
