//! The first stage: the sequencer and the gateway, with the venue's sockets, on one thread.

use super::{BATCH, Feedback, Gauges, Released, drain};
use crate::event::{Asked, Body, Command, Health};
use crate::journal::{CancelAll, EmergencyReason};
use crate::threads::agent::Agent;
use crate::threads::health::HealthSlot;
use crate::threads::lane::Sender;
use crate::threads::latency::Latency;
use crate::threads::link::Wish;
use crate::threads::outcome;
use crate::threads::pilot::Pilot;
use crate::threads::sequencer::Sequencer;
use crate::types::Nanos;
use rtrb::Consumer;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What joins it with the others.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) lane: Sender,
    pub(super) released: Consumer<Released>,
    pub(super) feedback: Consumer<Feedback>,
    pub(super) wishes: Consumer<Wish>,
    pub(super) health: HealthSlot,
    pub(super) latency: Latency,
    pub(super) gauges: Arc<Gauges>,
    pub(super) outcome: crossbeam_channel::Sender<outcome::Part>,
}

/// Numbers inputs and sends requests.
#[derive(Debug)]
pub struct FeedAgent {
    sequencer: Sequencer,
    pilot: Pilot,
    ends: Ends,
    /// The time of the last turn: what is sent meanwhile leaves then.
    now: Nanos,
    /// The number of the last timer, and of the command that ends the run.
    timer_at: u64,
    shutdown_at: u64,
    /// Whether the full disk has halted trading already.
    is_halted: bool,
    /// Whether everything was cancelled past the journal already.
    has_given_up: bool,
}

impl FeedAgent {
    pub(super) const fn new(sequencer: Sequencer, pilot: Pilot, ends: Ends) -> Self {
        let now = sequencer.latest();
        let (timer_at, shutdown_at) = (0, 0);
        let (is_halted, has_given_up) = (false, false);
        Self { sequencer, pilot, ends, now, timer_at, shutdown_at, is_halted, has_given_up }
    }

    /// Takes what has come back: released requests, what risk has said, wishes.
    fn take_back(&mut self) -> usize {
        let Self { sequencer, ends, now, .. } = self;
        let mut work = 0;
        for (sequence, request) in drain(&mut ends.released) {
            sequencer.send(&request, *now);
            ends.latency.released(sequence);
            work += 1;
        }
        for (instrument, body) in drain(&mut ends.feedback) {
            sequencer.feed_back(instrument, body);
            work += 1;
        }
        for wish in drain(&mut ends.wishes) {
            sequencer.heed(wish, *now);
            work += 1;
        }
        work
    }

    /// Sequences one input, if one is due; false if none is.
    fn sequence(&mut self) -> bool {
        let gauges = &self.ends.gauges;
        let done = gauges.done.load(Ordering::Acquire);
        // A timer that is on its way has not moved its deadline yet.
        let deadline = gauges.deadline().filter(|_| done >= self.timer_at);
        let open_orders = if done >= self.shutdown_at {
            gauges.open_orders.load(Ordering::Acquire)
        } else {
            u64::MAX
        };
        let Some(now) = self.pilot.now(&mut self.sequencer, deadline, open_orders) else {
            return false;
        };
        self.now = self.now.max(now);
        self.ends.latency.begin(|| self.pilot.looked());
        if !self.sequencer.advance(now, deadline, None) {
            return false;
        }
        let part = self.sequencer.input();
        self.ends.latency.heard(part.event.sequence);
        match part.event.body {
            Body::Timer => self.timer_at = part.event.sequence,
            Body::Command(Asked { command: Command::Shutdown, .. }) => {
                self.shutdown_at = part.event.sequence;
            }
            _ => {}
        }
        self.ends.lane.push(&part.event, part.levels());
        true
    }

    /// The journal is dead: what has not left does not leave, everything is cancelled, once, and
    /// the run is over, even if it was about to end.
    #[cold]
    fn give_up(&mut self) -> usize {
        if std::mem::replace(&mut self.has_given_up, true) {
            return 0;
        }
        // Released is what stands in the journal: it may leave, and is cancelled with the rest.
        self.take_back();
        let cancel = CancelAll { reason: EmergencyReason::JournalFailed };
        if self.sequencer.cancel_all(cancel) {
            self.ends.health.cancelled();
        }
        self.pilot.abort();
        1
    }

    /// Whether everything sequenced so far has been written and released.
    fn is_way_empty(&self) -> bool {
        self.ends.gauges.done.load(Ordering::Acquire) >= self.sequencer.sequence()
    }
}

impl Agent for FeedAgent {
    fn name(&self) -> &'static str {
        "feed"
    }

    fn do_work(&mut self) -> usize {
        let is_lock_step = self.pilot.is_lock_step();
        if self.ends.health.has_failed() {
            return self.give_up();
        }
        // Asked before what came back is taken: what is done has been pushed by then.
        let is_empty = self.is_way_empty();
        let mut work = self.take_back();
        self.sequencer.poll_commands();
        if is_lock_step && !is_empty {
            return work;
        }
        let most = if is_lock_step { 1 } else { BATCH };
        if !is_lock_step {
            let health = &self.ends.health;
            health.set(Health::RING_NEAR_FULL, self.ends.lane.is_near_full());
            let condition = health.exchange(self.sequencer.is_reconciling());
            self.sequencer.set_health(condition);
            let is_full = condition.has(Health::DISK_FULL);
            if is_full && !self.is_halted {
                self.sequencer.command(Command::HaltDiskFull);
            }
            self.is_halted = is_full;
        }
        for _ in 0..most {
            if !self.ends.lane.has_room() || !self.sequence() {
                break;
            }
            work += 1;
        }
        work
    }

    fn on_close(&mut self) {
        if self.ends.health.has_failed() {
            self.give_up();
        }
        self.ends.latency.publish();
        // Whoever asked may have gone.
        self.ends.outcome.send(self.sequencer.end()).ok();
    }

    fn rings_full(&self) -> u64 {
        self.ends.lane.full()
    }
}
