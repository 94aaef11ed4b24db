//! The probe: a link that brings messages at the times they are meant for, takes the orders, and
//! knows what lies between.
//!
//! It is turned by the product's own sequencer and gateway on the hot thread, and does a task at a
//! time: the tool says what, and gets the samples back. A floor is run in place of the product on
//! the same thread, so both see the same core in the same second. Answers of the venue come at
//! once, as the next thing that is heard.

use super::desk::{Answers, Desk};
use super::floor::Floor;
use super::jitter;
use super::pace::Pace;
use super::player::Player;
use super::stream::Stream;
use crate::engine::risk::OrderRequest;
use crate::event::{Body, Event, Part, Stale};
use crate::sys::clock::{Rate, ticks};
use crate::threads::link::{Foreign, Wish};
use crate::types::{InstrumentId, Nanos, OrderId};
use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;
use std::time::Duration;

/// What a task is done with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// The engine itself.
    Product,
    /// The shortest hand-written way, on the same thread.
    Floor,
    /// Nothing: the thread only watches the clock for as long as the messages would take.
    Machine,
    /// The end: cancels, and no more messages.
    End,
}

/// What the probe is to do next.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// With what.
    pub subject: Subject,
    /// How messages come.
    pub pace: Pace,
    /// How many are counted.
    pub count: u64,
    /// How many are played before, and are not.
    pub warm: u64,
    /// Each order is signed, and its time ends behind that.
    pub is_signed: bool,
}

/// A message that brought orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// When it was meant to come, in ticks of the counter.
    pub meant: u64,
    /// From then until the text of its last order stood ready, in ticks.
    pub took: u64,
}

/// What came of a task.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Of each message that brought orders.
    pub samples: Vec<Sample>,
    /// Messages that were counted.
    pub messages: u64,
    /// Orders that they brought.
    pub orders: u64,
    /// Orders that something else brought: an answer, a timer.
    pub other_orders: u64,
    /// Messages so far that could not be read.
    pub malformed: u64,
    /// From the first counted message to behind the last, in ticks.
    pub span: u64,
    /// What the floor came to, so that it cannot be left out.
    pub checksum: u64,
}

/// A task while it is done.
#[derive(Debug)]
struct Run {
    task: Task,
    done: Done,
    begun: u64,
    /// Messages brought so far, those before the count included.
    brought: u64,
    /// The message at hand: when it was meant, its orders, when the last of them was ready.
    meant: u64,
    orders: u64,
    ready: u64,
    /// Orders that are still awaited of it, where the engine is on more threads than this.
    awaited: u64,
    is_counted: bool,
    is_evicted: bool,
}

/// What the probe is made with.
#[derive(Debug)]
pub struct ProbeParams {
    /// What is played.
    pub stream: Arc<Stream>,
    /// How long a tick is.
    pub rate: Rate,
    /// Orders come back from other threads: a mover waits for those of the one before.
    pub is_split: bool,
    /// The floor, where there is one for such messages.
    pub floor: Option<Floor>,
}

/// The link.
#[derive(Debug)]
pub struct Probe {
    params: ProbeParams,
    player: Player,
    desk: Desk,
    answers: Answers,
    tasks: Receiver<Task>,
    done: Sender<Done>,
    run: Option<Run>,
    /// The message at hand may have more parts.
    is_open: bool,
    /// What was heard last was a message, and what it brings is its own.
    is_message: bool,
    is_finished: bool,
    /// The books were told that the recording has ended.
    has_told_end: bool,
    evicted: Vec<u64>,
}

/// How long a mover waits for the orders of the one before, in nanoseconds.
const AWAIT_NS: u64 = 1_000_000;
/// Orders of a mover of the made session.
const ORDERS_EACH: u64 = 2;
/// More than the last cache of the usual machines.
const EVICT_WORDS: usize = (48 << 20) / 8;

impl Probe {
    /// A probe that waits for its first task.
    #[must_use]
    pub fn new(params: ProbeParams, tasks: Receiver<Task>, done: Sender<Done>) -> Self {
        Self {
            player: Player::new(Arc::clone(&params.stream)),
            desk: Desk::new(),
            answers: Answers::new(&params.stream.table),
            params,
            tasks,
            done,
            run: None,
            is_open: false,
            is_message: false,
            is_finished: false,
            has_told_end: true,
            evicted: Vec::new(),
        }
    }

    /// Takes the next task, if there is one.
    #[cold]
    fn look(&mut self) {
        let Ok(task) = self.tasks.try_recv() else { return };
        let stream = &self.params.stream;
        match task.subject {
            Subject::Product => {
                let is_opening = task.count == 0;
                let range =
                    if is_opening { stream.opening.clone() } else { stream.cycle(task.pace) };
                self.player.select(range);
                if task.pace == Pace::Cold {
                    self.evicted.resize(EVICT_WORDS, 1);
                }
                self.run = Some(Run::new(task));
            }
            Subject::Floor => {
                let Some(floor) = &mut self.params.floor else { return };
                self.evicted.resize(if task.pace == Pace::Cold { EVICT_WORDS } else { 0 }, 1);
                let done = floor.run(&task, self.params.rate, &mut self.evicted);
                self.done.send(done).ok();
            }
            Subject::Machine => {
                let span = Duration::from_nanos(task.pace.at(task.count).unwrap_or(0));
                self.done.send(jitter::watch(span, self.params.rate)).ok();
            }
            Subject::End => self.is_finished = true,
        }
    }

    /// The next message, if its time has come.
    #[inline]
    fn bring(&mut self, now: Nanos, part: &mut Part) -> bool {
        let Some(run) = &mut self.run else {
            self.look();
            return false;
        };
        let at = ticks();
        if run.awaited > 0 {
            if at.saturating_sub(run.meant) < self.params.rate.ticks(AWAIT_NS) {
                return false;
            }
            run.awaited = 0;
        }
        run.settle();
        if run.brought == run.task.warm + run.task.count {
            self.finish(at);
            return false;
        }
        let Some(meant) = run.due(at, self.params.rate) else {
            if run.task.pace == Pace::Cold && !run.is_evicted {
                evict(&mut self.evicted);
                run.is_evicted = true;
            }
            return false;
        };
        if self.player.is_at_start() && !self.params.stream.is_made && !self.has_told_end {
            // A recording begins anew: its end is the end of its connection.
            self.has_told_end = true;
            part.event = lost(now);
            return true;
        }
        self.has_told_end = false;
        run.begin(meant);
        let is_mover = self.player.begin(now);
        if self.params.is_split && is_mover {
            run.awaited = ORDERS_EACH;
        }
        self.is_open = true;
        self.is_message = true;
        self.more(part)
    }

    #[inline]
    fn more(&mut self, part: &mut Part) -> bool {
        self.is_open = self.player.next(part);
        self.is_open
    }

    #[cold]
    fn finish(&mut self, at: u64) {
        let Some(mut run) = self.run.take() else { return };
        run.done.span = at.saturating_sub(run.begun);
        run.done.malformed = self.player.malformed();
        self.done.send(run.done).ok();
    }
}

/// Every book is to be told that the connection is gone.
const fn lost(now: Nanos) -> Event {
    Event {
        sequence: 0,
        received: now,
        venue_time: Nanos::UNKNOWN,
        instrument: InstrumentId::ALL,
        body: Body::Fault(Stale::Disconnected),
    }
}

/// Drives out of the caches what is in them.
pub(super) fn evict(words: &mut [u64]) {
    for word in words.iter_mut().step_by(8) {
        *word = std::hint::black_box(*word).wrapping_add(1);
    }
}

impl Run {
    fn new(task: Task) -> Self {
        // A message in two brings orders at most, but for a stream of movers only.
        let room = usize::try_from(task.count).unwrap_or(usize::MAX).min(1 << 20);
        let done = Done { samples: Vec::with_capacity(room), ..Done::default() };
        Self {
            task,
            done,
            begun: 0,
            brought: 0,
            meant: 0,
            orders: 0,
            ready: 0,
            awaited: 0,
            is_counted: false,
            is_evicted: false,
        }
    }

    /// Counts the message before.
    #[inline]
    fn settle(&mut self) {
        let orders = std::mem::take(&mut self.orders);
        if self.is_counted {
            self.done.messages += 1;
            self.done.orders += orders;
            if orders > 0 {
                let (meant, took) = (self.meant, self.ready.saturating_sub(self.meant));
                self.done.samples.push(Sample { meant, took });
            }
            self.is_counted = false;
        }
    }

    /// When the next message is meant for, if that is not later than `at`.
    #[inline]
    fn due(&mut self, at: u64, rate: Rate) -> Option<u64> {
        if self.brought == 0 {
            self.begun = at;
        }
        let Some(nanos) = self.task.pace.at(self.brought) else { return Some(at) };
        let meant = self.begun + rate.ticks(nanos);
        (meant <= at).then_some(meant)
    }

    #[inline]
    fn begin(&mut self, meant: u64) {
        self.meant = meant;
        self.is_counted = self.brought >= self.task.warm;
        self.brought += 1;
        self.is_evicted = false;
    }
}

impl Foreign for Probe {
    #[inline]
    fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        if self.is_open && self.more(part) {
            return true;
        }
        self.is_message = false;
        self.answers.hear(now, part) || self.bring(now, part)
    }

    fn due(&mut self) -> Option<Nanos> {
        None
    }

    #[inline]
    fn send(&mut self, request: &OrderRequest, now: Nanos) -> bool {
        self.answers.take(request, &mut self.desk);
        if let Some(run) = &mut self.run {
            if run.task.is_signed {
                self.desk.sign(request.terms().kind, now);
            }
            if self.is_message || run.awaited > 0 {
                run.ready = ticks();
                run.orders += 1;
                run.awaited = run.awaited.saturating_sub(1);
            } else {
                run.done.other_orders += 1;
            }
        }
        self.answers.answer(request);
        true
    }

    fn cancel_all(&mut self, _: Nanos) -> bool {
        // What measures lets no order rest behind its end.
        true
    }

    fn query(&mut self, order: OrderId, instrument: InstrumentId, _: Nanos) {
        self.answers.tell(order, instrument);
    }

    fn query_all(&mut self, _: u64, _: Nanos) {
        // What measures has traded nothing before.
        self.answers.tell(OrderId::NONE, InstrumentId::ALL);
    }

    fn heed(&mut self, _: Wish, _: Nanos) {}

    fn is_finished(&self) -> bool {
        self.is_finished
    }
}
