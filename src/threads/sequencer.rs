//! The sequencer: whatever can change a decision gets its number and its one time stamp here.
//!
//! Market data, answers of the venue, refusals of risk, health, commands and due timers all pass
//! this one place, one for each call. In virtual time the next input is that which is due first;
//! where two are due at once, their order is always the same. What an input means is not known
//! here.

use super::commands::{Answering, CommandDesk, Commanded, Waiting};
use super::gateway::Gateway;
use super::link::{Link, Wish};
use super::outcome;
use super::var::Results;
use crate::engine::book::{Books, Change};
use crate::engine::risk::OrderRequest;
use crate::event::{Body, Command, Event, Health, Part, VarResult};
use crate::journal::{CancelAll, Journaled};
use crate::types::{InstrumentId, Nanos};
use std::collections::VecDeque;

/// Commands that wait inside at once: operators and signals are slower than a turn.
const COMMANDS_MAX: usize = 16;

/// What a sequencer begins with.
#[derive(Clone, Copy, Debug)]
pub struct SequencerParams {
    /// The number of the last input so far.
    pub sequence: u64,
    /// The time of the last input so far.
    pub latest: Nanos,
    /// Refusals and states that one input can bring about, and that may wait here.
    pub feedback_max: usize,
}

/// All inputs in one order.
#[derive(Debug)]
pub struct Sequencer {
    link: Link,
    gateway: Gateway,
    sequence: u64,
    latest: Nanos,
    /// What risk has said, on its way back to the quoter.
    feedback: VecDeque<Event>,
    commands: VecDeque<Waiting>,
    /// Where operators ask.
    commanded: Commanded,
    /// The health that was said last, and as it is: the latest wins, nothing queues.
    health: (Health, Health),
    /// Where value at risk comes from, and a result that waits: the latest wins.
    results: Results,
    result: Option<VarResult>,
    part: Part,
    /// When the venue is heard next, from asking until something is heard or sent.
    heard_next: Option<Option<Nanos>>,
}

impl Sequencer {
    /// Nothing was heard yet.
    #[must_use]
    pub fn new(link: Link, gateway: Gateway, params: SequencerParams) -> Self {
        Self {
            link,
            gateway,
            sequence: params.sequence,
            latest: params.latest,
            feedback: VecDeque::with_capacity(params.feedback_max),
            commands: VecDeque::with_capacity(COMMANDS_MAX),
            commanded: Commanded::new(),
            health: (Health::GOOD, Health::GOOD),
            results: Results::None,
            result: None,
            part: Part::empty(),
            heard_next: None,
        }
    }

    /// The next input by `now`, if there is one: [`Self::input`]. `deadline` is the core's, and
    /// `books` are too where they are lent.
    #[inline]
    pub fn advance(&mut self, now: Nanos, deadline: Option<Nanos>, books: Option<&Books>) -> bool {
        let is_taken =
            self.has_internal() && self.take_internal(now) || self.take_due(now, deadline, books);
        self.heard_next = None;
        if !is_taken {
            return false;
        }
        self.sequence += 1;
        let event = &mut self.part.event;
        event.sequence = self.sequence;
        self.latest = self.latest.max(event.received);
        event.received = self.latest;
        self.gateway.note(&self.part.event, self.part.levels());
        true
    }

    /// What waits inside: health, commands, what risk has said, what the gateway has to say. Out of
    /// line, as the venue's words are most of what comes.
    #[inline(never)]
    fn take_internal(&mut self, now: Nanos) -> bool {
        if self.health.0 != self.health_now() {
            self.health.0 = self.health_now();
            self.part.event = own(now, InstrumentId::ALL, Body::Health(self.health.0));
        } else if let Some(waiting) = self.commands.pop_front() {
            self.part.event = own(now, InstrumentId::ALL, Body::Command(waiting.asked));
            waiting.put(self.part.places());
        } else if let Some(result) = self.result.take() {
            self.part.event = own(now, InstrumentId::ALL, Body::Var(result));
        } else if let Some(event) = self.feedback.pop_front() {
            self.part.event = Event { received: now, ..event };
        } else if let Some((event, level)) = self.gateway.take_report() {
            self.part.set(&Event { received: now, ..event }, &[level]);
        } else {
            return false;
        }
        true
    }

    /// What is due: a timer of the core, an answer that is overdue, or the venue.
    #[inline]
    fn take_due(&mut self, now: Nanos, deadline: Option<Nanos>, books: Option<&Books>) -> bool {
        let is_due = |due: Option<Nanos>| due.is_some_and(|due| due <= now);
        if (is_due(deadline) || is_due(self.gateway.deadline())) && self.take_timer(now, deadline) {
            return true;
        }
        self.link.hear(now, &mut self.part, books)
    }

    /// What is due inside, unless the venue is heard before it.
    #[cold]
    fn take_timer(&mut self, now: Nanos, deadline: Option<Nanos>) -> bool {
        let heard = self.link_due().unwrap_or(now);
        if let Some(overdue) = self.gateway.deadline().filter(|due| *due <= now && *due <= heard)
            && deadline.is_none_or(|deadline| overdue < deadline)
        {
            let now = overdue.max(self.latest);
            self.heard_next = None;
            self.gateway.on_time(&mut self.link, now);
            if self.take_internal(now) {
                return true;
            }
        }
        if let Some(deadline) = deadline.filter(|due| *due <= now && *due <= heard) {
            self.part.event = own(deadline, InstrumentId::ALL, Body::Timer);
            return true;
        }
        false
    }

    /// When the next input is due, in virtual time; nothing where nothing will come.
    #[inline]
    pub fn due(&mut self, deadline: Option<Nanos>) -> Option<Nanos> {
        self.poll_results();
        if self.has_internal() {
            return Some(self.latest);
        }
        let ours = Nanos::earlier(deadline, self.gateway.deadline());
        Nanos::earlier(self.link_due(), ours).map(|due| due.max(self.latest))
    }

    /// Looks for a new value at risk.
    #[inline]
    pub fn poll_results(&mut self) {
        self.result = self.results.poll().or(self.result);
    }

    /// The books, which are lent, have had the input.
    #[inline]
    pub fn told(&mut self, change: Change, books: &Books) {
        self.heard_next = None;
        self.link.told(&self.part, change, books);
    }

    /// What the venue says of its next word, asked once.
    #[inline]
    fn link_due(&mut self) -> Option<Nanos> {
        *self.heard_next.get_or_insert_with(|| self.link.due())
    }

    /// Whether something waits inside that needs nobody else to come.
    #[inline]
    #[must_use]
    pub fn has_internal(&self) -> bool {
        self.health.0 != self.health_now()
            || !self.commands.is_empty()
            || self.result.is_some()
            || !self.feedback.is_empty()
            || self.gateway.has_report()
    }

    /// The health as it was told, and that the venue has still to tell what it knows of us.
    #[inline]
    const fn health_now(&self) -> Health {
        if self.gateway.is_reconciling() {
            self.health.1.with(Health::RECONCILING)
        } else {
            self.health.1
        }
    }

    /// Whether the venue has still to tell what it knows of us.
    #[inline]
    #[must_use]
    pub const fn is_reconciling(&self) -> bool {
        self.gateway.is_reconciling()
    }

    /// The input that [`Self::advance`] has made.
    #[inline]
    #[must_use]
    pub const fn input(&self) -> &Part {
        &self.part
    }

    /// The time of the last input.
    #[must_use]
    pub const fn latest(&self) -> Nanos {
        self.latest
    }

    /// The number of the last input.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Takes what risk has said: it is the next input but for health and commands.
    pub fn feed_back(&mut self, instrument: InstrumentId, body: Body) {
        self.feedback.push_back(own(Nanos::UNKNOWN, instrument, body));
    }

    /// Takes a command of the process itself.
    pub fn command(&mut self, command: Command) {
        self.commands.push_back(Waiting::plain(command));
    }

    /// Looks for commands of operators, once a turn.
    #[inline]
    pub fn poll_commands(&mut self) {
        while self.commands.len() < COMMANDS_MAX
            && let Some(waiting) = self.commanded.poll()
        {
            self.commands.push_back(waiting);
        }
    }

    /// Where operators command this engine.
    #[must_use]
    pub fn desk(&self) -> CommandDesk {
        self.commanded.desk()
    }

    /// Where the stage that writes the journal answers them; there is one.
    #[must_use]
    pub fn answering(&mut self) -> Answering {
        self.commanded.answering()
    }

    /// From now on value at risk is heard from there.
    pub fn hear_var(&mut self, results: Results) {
        self.results = results;
    }

    /// Takes the health as it is now.
    pub const fn set_health(&mut self, health: Health) {
        self.health.1 = health;
    }

    /// Hands a request to the venue.
    pub fn send(&mut self, request: &Journaled<OrderRequest>, now: Nanos) {
        self.heard_next = None;
        self.gateway.send(request, &mut self.link, now);
    }

    /// The journal is dead: everything is cancelled, and nothing is sent any more. Whether that has
    /// left.
    pub fn cancel_all(&mut self, cancel: CancelAll) -> bool {
        self.heard_next = None;
        self.gateway.cancel_all(cancel, &mut self.link, self.latest)
    }

    /// Does what the owner of the books wishes.
    pub fn heed(&mut self, wish: Wish, now: Nanos) {
        self.heard_next = None;
        self.link.heed(wish, now);
    }

    /// Whether the venue will never be heard again.
    #[inline]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.link.is_finished()
    }

    /// The gateway.
    #[must_use]
    pub const fn gateway(&mut self) -> &mut Gateway {
        &mut self.gateway
    }

    /// Ends the venue's side; what this stage leaves.
    pub fn end(&mut self) -> outcome::Part {
        self.results.close();
        outcome::Part::Feed {
            sequence: self.sequence,
            gateway: *self.gateway.counts(),
            end: self.link.end(),
        }
    }

    /// The venue.
    #[must_use]
    pub const fn link(&mut self) -> &mut Link {
        self.heard_next = None;
        &mut self.link
    }
}

const fn own(now: Nanos, instrument: InstrumentId, body: Body) -> Event {
    Event { sequence: 0, received: now, venue_time: Nanos::UNKNOWN, instrument, body }
}
