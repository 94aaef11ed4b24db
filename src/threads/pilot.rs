//! How a run begins to end, and when it is over.
//!
//! Asked for by a signal, by the duration, or because a recording has no more: quoting stops, all
//! orders are cancelled, and what becomes of them is awaited for as long as the mode allows. The
//! pilot sits with the sequencer and says which time the next input has; it handles none.

use super::sequencer::Sequencer;
use super::signals::Stop;
use super::timeline::Timeline;
use crate::event::Command;
use crate::types::Nanos;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Running,
    /// Orders are cancelled; what is unanswered then is given up.
    Cancelling {
        until: Nanos,
    },
    /// What was given up is told to the core.
    GivingUp,
    Done,
}

/// When it is, and when it is over.
#[derive(Debug)]
pub struct Pilot {
    timeline: Timeline,
    /// The time at which the run ends by itself.
    end: Option<Nanos>,
    duration: Option<Nanos>,
    /// How long cancels are awaited, by the wall.
    grace: Nanos,
    phase: Phase,
    stop: Stop,
    /// Said to the process when the run is over.
    done: Arc<AtomicBool>,
}

/// How long a run lasts and how it ends.
#[derive(Clone, Copy, Debug)]
pub struct PilotParams {
    /// How long it lasts, in its own time; for ever if nothing is said.
    pub duration: Option<Nanos>,
    /// How long cancels are awaited at its end, by the wall.
    pub grace: Nanos,
}

impl Pilot {
    /// A run that begins.
    #[must_use]
    pub const fn new(
        timeline: Timeline,
        params: PilotParams,
        stop: Stop,
        done: Arc<AtomicBool>,
    ) -> Self {
        let PilotParams { duration, grace } = params;
        Self { timeline, end: None, duration, grace, phase: Phase::Running, stop, done }
    }

    /// The time at which the next input is to be taken; nothing if none is due. `open_orders` are
    /// those that are not known to be gone.
    #[inline]
    pub fn now(
        &mut self,
        sequencer: &mut Sequencer,
        deadline: Option<Nanos>,
        open_orders: u64,
    ) -> Option<Nanos> {
        // Where the clock runs by itself, nobody need work out what comes first.
        let due = if self.timeline.goes_by_due() {
            sequencer.due(deadline)
        } else {
            sequencer.poll_results();
            None
        };
        match self.phase {
            Phase::Running => self.run(sequencer, due),
            Phase::Cancelling { until } => {
                let now = self.timeline.now(due);
                if open_orders == 0 && !sequencer.has_internal() {
                    self.finish();
                    return None;
                }
                // In lock-step nothing due means that nothing will ever come.
                if now.is_none_or(|now| now >= until) {
                    sequencer.gateway().end(until);
                    self.phase = Phase::GivingUp;
                    return Some(until);
                }
                now
            }
            Phase::GivingUp => {
                if sequencer.has_internal() {
                    return Some(sequencer.latest());
                }
                self.finish();
                None
            }
            Phase::Done => None,
        }
    }

    #[inline]
    fn run(&mut self, sequencer: &mut Sequencer, due: Option<Nanos>) -> Option<Nanos> {
        let now = self.timeline.now(due);
        if self.end.is_none()
            && let (Some(now), Some(duration)) = (now, self.duration)
        {
            self.end = Some(Nanos(now.0.saturating_add(duration.0)));
        }
        let is_over = self.end.is_some_and(|end| now.is_none_or(|now| now >= end));
        let is_asked = self.stop.requested();
        if !is_over && !is_asked && !sequencer.is_finished() {
            return now;
        }
        let end = match self.end.filter(|_| is_over) {
            Some(end) => end,
            None => now.filter(|_| !self.timeline.is_lock_step()).unwrap_or(sequencer.latest()),
        };
        sequencer.command(Command::Shutdown);
        let grace = self.timeline.span(self.grace);
        self.phase = Phase::Cancelling { until: Nanos(end.0.saturating_add(grace.0)) };
        Some(end)
    }

    /// What the processor's counter showed when [`Self::now`] was asked last, or shows now.
    #[inline]
    #[must_use]
    pub fn looked(&self) -> u64 {
        self.timeline.looked()
    }

    /// The run cannot go on: it is over at once.
    pub fn abort(&mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.phase = Phase::Done;
        self.done.store(true, Ordering::Release);
    }

    /// Whether time leaps: then nothing is sequenced while something is on its way.
    #[inline]
    #[must_use]
    pub const fn is_lock_step(&self) -> bool {
        self.timeline.is_lock_step()
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }
}
