//! The whole way as one agent: what `shared` pins to its hot core and `inline` turns in place.

use super::agent::Agent;
use super::fused::Fused;
use super::health::HealthSlot;
use super::outcome::Part;
use super::pilot::Pilot;
use crate::event::{Command, Health};
use crossbeam_channel::Sender;

/// Inputs that it takes in one turn.
const BATCH: usize = 64;

/// Everything in one thread.
#[derive(Debug)]
pub struct HotAgent {
    fused: Option<Fused>,
    pilot: Pilot,
    health: HealthSlot,
    /// Whether the disk was full at the last look, and has halted trading.
    is_halted: bool,
    /// Whether everything was cancelled past the journal already.
    has_given_up: bool,
    parts: Sender<Part>,
}

impl HotAgent {
    /// The engine, the time it runs by, and where it says what it leaves.
    #[must_use]
    pub fn new(fused: Fused, pilot: Pilot, health: HealthSlot, parts: Sender<Part>) -> Self {
        let mut fused = fused;
        if !pilot.is_lock_step() {
            // In lock-step nothing is taken while something is on its way.
            fused.group();
        }
        Self { fused: Some(fused), pilot, health, is_halted: false, has_given_up: false, parts }
    }

    /// The journal is dead: everything is cancelled, once, and the run is over. A run that was
    /// about to end when that was found is no exception.
    #[cold]
    fn give_up(&mut self) -> usize {
        if std::mem::replace(&mut self.has_given_up, true) {
            return 0;
        }
        if let Some(fused) = self.fused.as_mut().filter(|_| self.health.has_failed()) {
            fused.fail(self.health.failure().unwrap_or("it has failed"));
        }
        if let Some((what, has_left)) = self.fused.as_mut().and_then(Fused::cancel_all) {
            self.health.fail(&what);
            if has_left {
                self.health.cancelled();
            }
        }
        self.pilot.abort();
        1
    }
}

impl Agent for HotAgent {
    fn name(&self) -> &'static str {
        "hot"
    }

    fn do_work(&mut self) -> usize {
        let Self { fused: Some(fused), pilot, health, is_halted, .. } = self else { return 0 };
        let condition = health.get();
        if condition.has(Health::WRITE_FAILED) {
            return self.give_up();
        }
        if pilot.is_done() {
            return 0;
        }
        if !pilot.is_lock_step() {
            fused.set_health(health.exchange(fused.is_reconciling()));
            let is_full = condition.has(Health::DISK_FULL);
            if is_full && !*is_halted {
                fused.command(Command::HaltDiskFull);
            }
            *is_halted = is_full;
        }
        fused.poll_commands();
        let (mut work, mut latest) = (0, None);
        for _ in 0..BATCH {
            let Some(now) = fused.now(pilot) else { break };
            latest = Some(now);
            if fused.turn(now) {
                work += 1;
                if fused.has_failed() {
                    break;
                }
            } else if !pilot.is_lock_step() {
                break;
            }
            // In lock-step the venue may have done something that nobody hears of.
        }
        if let Some(now) = latest {
            fused.commit(now);
        }
        if let (0, Some(now)) = (work, latest) {
            fused.idle(now, pilot.looked());
        }
        if fused.has_failed() {
            self.give_up();
        }
        work
    }

    fn on_close(&mut self) {
        if self.health.has_failed() {
            self.give_up();
        }
        let fused = self.fused.take().expect("an agent is closed once");
        for part in fused.end() {
            // Whoever asked may have gone.
            self.parts.send(part).ok();
        }
    }
}
