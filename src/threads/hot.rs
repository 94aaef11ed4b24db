//! The whole way as one agent: what `shared` pins to its hot core and `inline` turns in place.

use super::agent::Agent;
use super::fused::Fused;
use super::health::HealthSlot;
use super::outcome::Part;
use super::pilot::Pilot;
use crossbeam_channel::Sender;

/// Inputs that it takes in one turn.
const BATCH: usize = 64;

/// Everything in one thread.
#[derive(Debug)]
pub struct HotAgent {
    fused: Option<Fused>,
    pilot: Pilot,
    health: HealthSlot,
    parts: Sender<Part>,
}

impl HotAgent {
    /// The engine, the time it runs by, and where it says what it leaves.
    #[must_use]
    pub const fn new(fused: Fused, pilot: Pilot, health: HealthSlot, parts: Sender<Part>) -> Self {
        Self { fused: Some(fused), pilot, health, parts }
    }
}

impl Agent for HotAgent {
    fn name(&self) -> &'static str {
        "hot"
    }

    fn do_work(&mut self) -> usize {
        let Self { fused: Some(fused), pilot, health, .. } = self else { return 0 };
        if !pilot.is_lock_step() {
            fused.set_health(health.get());
        }
        fused.poll_commands();
        let mut work = 0;
        for _ in 0..BATCH {
            let Some(now) = fused.now(pilot) else { break };
            if fused.turn(now) {
                work += 1;
                if fused.has_failed() {
                    pilot.abort();
                    break;
                }
            } else if !pilot.is_lock_step() {
                break;
            }
            // In lock-step the venue may have done something that nobody hears of.
        }
        if work == 0 {
            fused.idle();
        }
        work
    }

    fn on_close(&mut self) {
        let fused = self.fused.take().expect("an agent is closed once");
        for part in fused.end() {
            // Whoever asked may have gone.
            self.parts.send(part).ok();
        }
    }
}
