//! How a run ended, and what is left to do where the journal did not.

use super::RunFault;
use crate::config::{Config, ExitCode, Mode};
use crate::journal::{CancelAll, Emergency, EmergencyReason};
use crate::logs::Log;
use crate::threads::crew::save;
use crate::threads::health::HealthSlot;
use crate::threads::outcome::Outcome;

/// A journal that has failed: what can be saved is, and it is said why.
pub(super) fn save_if_failed(
    health: &HealthSlot,
    emergency: Option<&Emergency>,
    outcome: Option<&Outcome>,
    log: &Log,
) {
    let closed = outcome.and_then(|outcome| outcome.journal_failure.as_ref());
    let what = health.failure().map(str::to_owned).or_else(|| closed.map(ToString::to_string));
    let (Some(what), Some(emergency)) = (what, emergency) else { return };
    let sent = outcome.and_then(|outcome| outcome.gateway.cancel_all);
    save(emergency, CancelAll { reason: EmergencyReason::JournalFailed }, &what, sent);
    let fields = vec![("reason", "journal_failed".into()), ("what", what.into())];
    log.error("emergency_save", fields);
}

/// What the end of a run means to the caller. `open` are the orders that may still stand at the
/// venue.
pub(in crate::threads) fn judge(
    config: &Config,
    outcome: Outcome,
    open: Vec<String>,
) -> Result<ExitCode, RunFault> {
    if let Some(error) = outcome.journal_failure {
        return Err(RunFault::Journal(error));
    }
    let is_live = config.mode == Mode::Paper;
    if is_live && !open.is_empty() {
        let (waited, failure) = (config.shutdown.cancel_timeout, outcome.venue.failure);
        return Err(RunFault::CancelsOpen { orders: open, waited, failure });
    }
    match outcome.venue.failure {
        Some(failure) if is_live => Err(RunFault::Ended(failure)),
        Some(failure) => Err(RunFault::Venue(failure)),
        None if outcome.venue.damage.is_empty() => Ok(ExitCode::Done),
        None => Err(RunFault::Damaged(outcome.venue.damage)),
    }
}
