//! The deterministic core: a pure function of its sequenced inputs.
//!
//! Nothing here reads a clock, a file, a socket, the environment, a random source or the order of a
//! hash map, or allocates after it is made; the lints below hold what a lint can. Only this file
//! knows all parts.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod book;
pub mod buffer;
pub mod curb;
mod image;
pub mod order;
mod params;
pub mod quote;
pub mod risk;
mod table;

pub use params::{CORE_VERSION, CoreParams, InstrumentParams};

use crate::event::{Body, Event, Explanation, Level, Mark, Proposal};
use crate::types::{InstrumentId, Nanos, Qty, Side};
use book::{Books, Change};
use buffer::{Buffer, Drafts};
use quote::{Heard, Quoter};
use risk::{Output, Risk};
use serde::{Deserialize, Serialize};

/// The whole way in one thread.
#[derive(Debug, Serialize, Deserialize)]
pub struct Core {
    quoting: Quoting,
    risk: Risk,
    /// The marks of the last input, where somebody collects them.
    #[serde(skip)]
    marks: Option<Buffer<Mark>>,
}

/// Risk takes each draft as quoting makes it: nothing lies between the two.
struct Direct<'a> {
    risk: &'a mut Risk,
    out: &'a mut Buffer<Output>,
    marks: Option<&'a mut Buffer<Mark>>,
}

impl Drafts for Direct<'_> {
    #[inline]
    fn mark(&mut self, mark: &Mark) {
        self.risk.mark(mark, self.out);
        if let Some(marks) = &mut self.marks {
            marks.push(*mark);
        }
    }

    #[inline]
    fn explanation(&mut self, explanation: &Explanation) {
        self.risk.explanation(explanation);
    }

    #[inline]
    fn proposal(&mut self, proposal: &Proposal) {
        self.risk.proposal(proposal, self.out);
    }
}

impl Core {
    /// The core as the epoch begins.
    #[must_use]
    pub fn new(params: &CoreParams) -> Self {
        Self { quoting: Quoting::new(params), risk: risk_of(params), marks: None }
    }

    /// What input n brings about: book, quote, risk, order, in this order and never back. One piece
    /// of code for whoever calls it, so that a rehearsal warms what the engine runs.
    #[inline(never)]
    pub fn apply(&mut self, input: &Event, levels: &[Level], out: &mut Buffer<Output>) -> Change {
        self.risk.input(input, levels, out);
        let mut marks = self.marks.as_mut();
        if let Some(marks) = &mut marks {
            marks.clear();
        }
        self.quoting.apply(input, levels, &mut Direct { risk: &mut self.risk, out, marks })
    }

    /// The next time at which something has to happen even if nothing is heard.
    #[inline]
    #[must_use]
    pub fn deadline(&self) -> Option<Nanos> {
        earlier(self.quoting.deadline(), self.risk.deadline())
    }

    /// Reads what a decision on that instrument will read, so that it is near by then. What comes
    /// of it means nothing.
    #[must_use]
    pub fn glance(&self, instrument: InstrumentId) -> i64 {
        self.quoting.glance(instrument) ^ self.risk.glance(instrument)
    }

    /// Books and quoter.
    #[must_use]
    pub const fn quoting(&self) -> &Quoting {
        &self.quoting
    }

    /// From now on the marks of each input are kept until the next.
    pub fn keep_marks(&mut self, params: &CoreParams) {
        self.marks = Some(Buffer::new(Self::drafts_max(params)));
    }

    /// The marks of the last input, in order; none where they are not kept.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        self.marks.as_ref().map_or(&[], Buffer::items)
    }

    /// What is left of it at the end of a run.
    #[must_use]
    pub fn into_risk(self) -> Risk {
        self.risk
    }

    /// Positions, limits, orders.
    #[must_use]
    pub const fn risk(&self) -> &Risk {
        &self.risk
    }

    /// The most drafts that one input can bring about.
    #[must_use]
    pub fn drafts_max(params: &CoreParams) -> usize {
        Quoter::drafts_max(&params.quotes())
    }

    /// The most outputs that one input can have.
    #[must_use]
    pub fn outputs_max(params: &CoreParams) -> usize {
        let drafts_max = Self::drafts_max(params);
        Risk::outputs_max(&params.risk, params.instruments.len(), drafts_max)
    }
}

/// Risk as the epoch begins.
#[must_use]
pub fn risk_of(params: &CoreParams) -> Risk {
    let mut risk = Risk::new(&params.risk, &params.limits());
    risk.set_var_limit(params.var_limit);
    if let Some(opening) = &params.opening {
        risk.open(opening);
    }
    risk
}

/// The earlier of two times, if there is one.
#[inline]
#[must_use]
pub fn earlier(a: Option<Nanos>, b: Option<Nanos>) -> Option<Nanos> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The first half of the way: books and the quotes on them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Quoting {
    books: Books,
    quoter: Quoter,
}

impl Quoting {
    /// Books and quoter as the epoch begins.
    #[must_use]
    pub fn new(params: &CoreParams) -> Self {
        let mut books = Books::new(params.silence_max);
        for one in &params.instruments {
            books.add(&one.book);
        }
        let mut quoter = Quoter::new(&params.quotes(), params.epoch);
        quoter.set_var_limit(params.var_limit);
        let held = params.opening.iter().flat_map(|opening| &opening.positions);
        for (one, position) in params.instruments.iter().zip(held) {
            quoter.set_position(one.instrument.id, Qty(position.lots));
        }
        if let Some(opening) = &params.opening {
            quoter.set_state(opening.trading.state);
            opening.trades.iter().for_each(|trade| quoter.remember(*trade));
            opening.exits.iter().for_each(|exit| quoter.set_exit(*exit));
        }
        let breaker = params.opening.as_ref().map(|opening| opening.breaker.state);
        let small = params.risk.breaker.map_or(100, |breaker| breaker.half_open_size_pct);
        quoter.set_breaker(breaker.unwrap_or_default(), small);
        Self { books, quoter }
    }

    /// Applies an input to the books, and says what is wanted then.
    #[inline]
    pub fn apply(&mut self, input: &Event, levels: &[Level], drafts: &mut impl Drafts) -> Change {
        let change = match input.body {
            Body::Timer => self.books.on_time(input.received),
            Body::Report(_)
            | Body::Refused(_)
            | Body::State { .. }
            | Body::Health(_)
            | Body::Command(_)
            | Body::Breaker(_)
            | Body::Exit(_)
            | Body::Query { .. }
            | Body::Var(_) => Change::default(),
            _ => self.books.apply(input, levels),
        };
        let heard = Heard { event: input, levels, change };
        self.quoter.apply(heard, &self.books, drafts);
        change
    }

    /// When the silence has to be named, or a quote is due.
    #[inline]
    #[must_use]
    pub fn deadline(&self) -> Option<Nanos> {
        // Silence is judged behind its deadline, not at it.
        let silent = self.books.deadline().map(|at| Nanos(at.0 + 1));
        earlier(silent, self.quoter.deadline())
    }

    fn glance(&self, instrument: InstrumentId) -> i64 {
        let book = self.books.get(instrument);
        let levels = Side::BOTH.into_iter().flat_map(|side| book.side(side).iter().take(4));
        let sum = levels.fold(0, |sum, (price, qty)| sum ^ price.0 ^ qty.0);
        sum ^ self.quoter.glance(instrument)
    }

    /// The books.
    #[must_use]
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// The quoter.
    #[must_use]
    pub const fn quoter(&self) -> &Quoter {
        &self.quoter
    }
}
