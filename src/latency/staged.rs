//! Where the time goes: the product's own parts one after the other in one thread, with a stamp
//! behind each.
//!
//! The engine calls book, quoter and risk as one; here they are called apart, in the same order and
//! with the same state, and answers of the venue come at once. A stamp costs what the machine says
//! that reading its clock costs, and every stage has one in it.

use super::crew::Bench;
use super::desk::{Answers, Desk};
use super::pace::Pace;
use super::player::Player;
use super::result::Stage;
use super::rig::{Folder, RigFault, ledger};
use super::spread::{Spread, histogram};
use crate::engine::book::{Books, Change};
use crate::engine::buffer::Buffer;
use crate::engine::quote::{Heard, Quoter};
use crate::engine::risk::OrderRequest;
use crate::engine::risk::{Output, Risk};
use crate::engine::{Core, earlier, risk_of};
use crate::event::{Body, Draft, Event, Level, Part};
use crate::event::{Report, ReportKind};
use crate::journal::{Journaled, Ledger, SyncMode, WriteError};
use crate::sys::clock::ticks;
use crate::threads::fused::fed_back;
use crate::threads::timeline::wall;
use crate::types::{InstrumentId, Nanos};
use hdrhistogram::Histogram;

/// The stages in the order of the way.
pub const STAGES: [&str; 7] = ["decode", "book", "quote", "risk", "journal", "encode", "sign"];

/// The parts.
struct Chain {
    player: Player,
    books: Books,
    quoter: Quoter,
    drafts: Buffer<Draft>,
    risk: Risk,
    out: Buffer<Output>,
    ledger: Ledger,
    desk: Desk,
    answers: Answers,
    part: Part,
    requests: Vec<Journaled<OrderRequest>>,
    sequence: u64,
    /// The time of the message at hand: made, so that a second passes in ten thousand.
    now: Nanos,
}

/// Between two messages, in the time that they are given.
const BETWEEN: i64 = 100_000;

/// Any pace that plays the usual cycle.
const USUAL: Pace = Pace::Saturated;

/// What one message took: a stamp before the first stage and one behind each.
type Stamps = [u64; STAGES.len() + 1];

/// Plays so many messages and tells each stage apart.
///
/// # Errors
/// There is no journal for it.
pub fn stages(bench: &Bench, messages: usize) -> Result<Vec<Stage>, RigFault> {
    let folder = Folder::below(&bench.parent)?;
    let mut chain = Chain::new(bench, &folder)?;
    let stream = &bench.stream;
    let mut found: Vec<[Histogram<u64>; 2]> =
        STAGES.iter().map(|_| [histogram(), histogram()]).collect();
    chain.player.select(if stream.is_made { stream.opening.clone() } else { stream.cycle(USUAL) });
    let opening = stream.opening.len();
    for n in 0..opening + messages {
        if n == opening {
            chain.player.select(stream.cycle(USUAL));
        }
        let Ok((stamps, orders)) = chain.message() else { break };
        if n < opening + messages / 8 {
            continue;
        }
        for (at, both) in found.iter_mut().enumerate() {
            let took = bench.rate.nanos(stamps[at + 1].saturating_sub(stamps[at]));
            let is_used = at < 5 || orders > 0;
            if is_used {
                both[usize::from(orders == 0)].saturating_record(took.max(1));
            }
        }
    }
    let told = STAGES.iter().zip(&found).map(|(name, [with, without])| Stage {
        name: (*name).to_string(),
        with_orders_ns: Spread::of(with),
        without_ns: Spread::of(without),
    });
    Ok(told.collect())
}

impl Chain {
    fn new(bench: &Bench, folder: &Folder) -> Result<Self, RigFault> {
        let params = bench.blueprint.core();
        let mut books = Books::new(params.silence_max);
        for one in &params.instruments {
            books.add(&one.book);
        }
        let quotes: Vec<_> = params.instruments.iter().map(|one| one.quote.clone()).collect();
        Ok(Self {
            player: Player::new(std::sync::Arc::clone(&bench.stream)),
            books,
            quoter: Quoter::new(&quotes, params.epoch),
            drafts: Buffer::new(Core::drafts_max(params)),
            risk: risk_of(params),
            out: Buffer::new(Core::outputs_max(params)),
            ledger: ledger(&bench.blueprint, folder.path(), SyncMode::Process)?,
            desk: Desk::new(),
            answers: Answers::new(&bench.stream.table),
            part: Part::empty(),
            requests: Vec::with_capacity(64),
            sequence: 0,
            now: wall(),
        })
    }

    /// Takes a message whose parts are one, and the answers behind it; the stamps of its last part,
    /// and how many orders it brought.
    fn message(&mut self) -> Result<(Stamps, usize), WriteError> {
        self.now.0 += BETWEEN;
        let now = self.now;
        let mut stamps = [0; STAGES.len() + 1];
        let mut orders = 0;
        self.timers(now)?;
        self.player.begin(now);
        loop {
            let begun = ticks();
            if !self.player.next(&mut self.part) {
                break;
            }
            stamps = self.input(now, begun)?;
            orders += self.requests.len();
            stamps = self.orders(stamps, now);
            self.feed_back(now)?;
        }
        self.hear_answers(now)?;
        Ok((stamps, orders))
    }

    /// What the core has named a time for, as the sequencer would.
    fn timers(&mut self, now: Nanos) -> Result<(), WriteError> {
        loop {
            let silent = self.books.deadline().map(|at| Nanos(at.0 + 1));
            let due = earlier(earlier(silent, self.quoter.deadline()), self.risk.deadline());
            let Some(due) = due.filter(|due| *due <= now) else { return Ok(()) };
            self.internal(due, (InstrumentId::ALL, Body::Timer), &[])?;
            self.orders([0; STAGES.len() + 1], due);
            self.feed_back(due)?;
            self.hear_answers(due)?;
        }
    }

    /// The answers of the venue, one after the other.
    fn hear_answers(&mut self, now: Nanos) -> Result<(), WriteError> {
        while self.answers.hear(now, &mut self.part) {
            self.input(now, ticks())?;
            self.orders([0; STAGES.len() + 1], now);
            self.feed_back(now)?;
        }
        Ok(())
    }

    /// One input through books, quoter, risk and journal.
    fn input(&mut self, now: Nanos, begun: u64) -> Result<Stamps, WriteError> {
        let mut stamps = [begun; STAGES.len() + 1];
        self.sequence += 1;
        self.part.event.sequence = self.sequence;
        self.part.event.received = now;
        stamps[1] = ticks();
        let (event, levels) = (&self.part.event, self.part.levels());
        let change = match event.body {
            Body::Timer => self.books.on_time(now),
            Body::Report(_) | Body::Refused(_) | Body::State { .. } => Change::default(),
            _ => self.books.apply(event, levels),
        };
        stamps[2] = ticks();
        self.drafts.clear();
        self.quoter.apply(Heard { event, levels, change }, &self.books, &mut self.drafts);
        stamps[3] = ticks();
        self.out.clear();
        self.risk.input(event, levels, &mut self.out);
        for draft in self.drafts.items() {
            self.risk.draft(draft, &mut self.out);
        }
        stamps[4] = ticks();
        self.requests.clear();
        self.ledger.input(event, levels)?;
        for output in self.out.items() {
            self.requests.extend(self.ledger.output(output)?);
        }
        stamps[5] = ticks();
        Ok(stamps)
    }

    /// Encodes and signs what is released.
    fn orders(&mut self, mut stamps: Stamps, now: Nanos) -> Stamps {
        let mut signed = 0;
        for request in &self.requests {
            self.answers.take(request.get(), &mut self.desk);
            let before = ticks();
            self.desk.sign(request.get().terms().kind, now);
            signed += ticks().saturating_sub(before);
            self.answers.answer(request.get());
        }
        let end = ticks();
        stamps[6] = end.saturating_sub(signed).max(stamps[5]);
        stamps[7] = stamps[6] + signed;
        stamps
    }

    /// What comes back as inputs: that requests were sent, and what risk has said.
    fn feed_back(&mut self, now: Nanos) -> Result<(), WriteError> {
        let requests = std::mem::take(&mut self.requests);
        let said: Vec<_> = self.out.items().iter().filter_map(fed_back).collect();
        for request in &requests {
            let terms = request.get().terms();
            let level = Level::new(terms.side, terms.price, terms.qty);
            let report = Report::new(terms.order, ReportKind::Sent);
            self.internal(now, (terms.instrument, Body::Report(report)), &[level])?;
        }
        for (instrument, body) in said {
            self.internal(now, (instrument, body), &[])?;
        }
        self.requests = requests;
        Ok(())
    }

    fn internal(
        &mut self,
        now: Nanos,
        (instrument, body): (InstrumentId, Body),
        levels: &[Level],
    ) -> Result<(), WriteError> {
        let event =
            Event { sequence: 0, received: now, venue_time: Nanos::UNKNOWN, instrument, body };
        self.part.set(&event, levels);
        self.input(now, 0).map(|_| ())
    }
}
