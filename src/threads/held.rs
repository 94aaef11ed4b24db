//! A start that was refused and would be refused again: the process may stay up, held.
//!
//! Nothing is quoted and the lock of the data directory is free, so that an operator can use the
//! tools in the same container, where a restart would only loop.

use super::signals::Stop;
use crate::config::ExitCode;
use std::io::{self, Write as _};
use std::time::Duration;

/// Waits for a signal where the process was refused with that code, and shall stay up (`is_wanted`,
/// and always as the first process of a container). It ends with the code it would have ended with.
#[must_use]
pub fn held(is_wanted: bool, code: ExitCode) -> ExitCode {
    let stays = is_wanted || std::process::id() == 1;
    if !stays || !code.is_refusal() {
        return code;
    }
    let Ok(stop) = Stop::on_signals() else { return code };
    writeln!(io::stderr(), "pinnaclemm: held: {}; stopped by SIGTERM", code.meaning()).ok();
    while !stop.requested() {
        std::thread::sleep(Duration::from_millis(50));
    }
    code
}
