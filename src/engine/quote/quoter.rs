//! The quoter: every input to the instruments that it touches, marks first, then proposals.

use super::desk::Desk;
use super::instrument::Instrument;
use super::slots::Slot;
use super::{LEVELS_MAX, QuoteParams};
use crate::engine::book::{Books, Change};
use crate::engine::buffer::Drafts;
use crate::engine::curb::Curb;
use crate::event::{
    Body, BreakerState, Command, Event, ExitReason, Explanation, Level, TradingState,
};
use crate::types::{InstrumentId, Nanos, OrderId, Qty, Side};
use serde::{Deserialize, Serialize};

/// An input as the quoter takes it: the books have applied it already.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// The input.
    pub event: &'a Event,
    /// Its levels.
    pub levels: &'a [Level],
    /// What the books said that it changed.
    pub change: Change,
}

/// Quotes every instrument of one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Quoter {
    desk: Desk,
    instruments: Vec<Instrument>,
    wake: Nanos,
    curb: Curb,
}

/// What can be seen of one instrument's quoting.
#[derive(Debug, Clone, Copy)]
pub struct QuoteView<'a> {
    /// The last decision that changed something.
    pub explanation: Option<&'a Explanation>,
    /// The slots, bids and asks.
    pub slots: [&'a [Slot]; 2],
    /// What is held by our own count.
    pub position: Qty,
}

impl Quoter {
    /// A quoter of these instruments, by the number of their id; it holds nothing and has no order.
    ///
    /// # Panics
    /// Parameters that no config lets through: our own fault.
    #[must_use]
    pub fn new(params: &[QuoteParams], epoch: u32) -> Self {
        let instruments = params.iter().enumerate().map(|(at, params)| {
            let id = u16::try_from(at).expect("a table gives fewer ids");
            Instrument::new(InstrumentId(id), params)
        });
        let (desk, wake) = (Desk::new(epoch), Nanos(i64::MAX));
        Self { desk, instruments: instruments.collect(), wake, curb: Curb::new(None) }
    }

    /// The most drafts that one input can bring about: for each instrument a mark, an explanation
    /// and a proposal for each slot, and the cancel of one order that has no slot.
    #[must_use]
    pub fn drafts_max(params: &[QuoteParams]) -> usize {
        let slots = |params: &QuoteParams| 2 * (params.levels as usize).min(LEVELS_MAX);
        params.iter().map(|params| 2 + slots(params)).sum::<usize>() + 1
    }

    /// What is held of an instrument when the epoch begins.
    pub fn set_position(&mut self, id: InstrumentId, position: Qty) {
        self.instruments[id.index()].hold(position);
    }

    /// The trading state that the epoch begins in: a halt outlives a restart.
    pub fn set_state(&mut self, state: TradingState) {
        self.desk.state(state);
        self.rescope();
    }

    /// The breaker as the epoch begins, and what orders are while it is half open, in percent.
    pub fn set_breaker(&mut self, state: BreakerState, small_pct: u32) {
        self.desk.set_small(small_pct);
        self.desk.breaker(state);
        self.rescope();
    }

    /// The position of an instrument is being closed when the epoch begins.
    pub fn set_exit(&mut self, (id, reason): (InstrumentId, ExitReason)) {
        self.instruments[id.index()].exit(Some(reason));
    }

    /// A trade that an earlier epoch has counted: told again, it changes nothing.
    pub fn remember(&mut self, (order, trade): (OrderId, u64)) {
        for instrument in &mut self.instruments {
            instrument.is_twice(order, trade);
        }
    }

    /// The value at risk above which quotes are made smaller, as a share of equity in 10⁻⁶.
    pub fn set_var_limit(&mut self, limit: Option<u32>) {
        self.curb = Curb::new(limit);
    }

    /// When a timer has to come, if nothing else does.
    #[inline]
    #[must_use]
    pub fn deadline(&self) -> Option<Nanos> {
        (self.wake.0 != i64::MAX).then_some(self.wake)
    }

    /// What can be seen of an instrument.
    #[must_use]
    pub fn view(&self, id: InstrumentId) -> QuoteView<'_> {
        let own = &self.instruments[id.index()];
        QuoteView {
            explanation: own.explanation.as_ref(),
            slots: Side::BOTH.map(|side| &own.slots[side.index()][..own.levels_max]),
            position: own.position,
        }
    }

    /// See [`Core::glance`](crate::engine::Core::glance).
    pub(in crate::engine) fn glance(&self, id: InstrumentId) -> i64 {
        self.wake.0 ^ self.instruments[id.index()].glance()
    }

    /// Takes one input, which the books have applied, and adds what comes of it to the drafts.
    #[inline]
    pub fn apply(&mut self, heard: Heard<'_>, books: &Books, drafts: &mut impl Drafts) {
        let Heard { event, change, .. } = heard;
        match event.body {
            Body::Levels(_) | Body::Order(_) if event.instrument != InstrumentId::ALL => {
                if !change.top && !change.state {
                    return;
                }
                let (at, book) = (event.instrument.index(), books.get(event.instrument));
                let own = &mut self.instruments[at];
                own.book(book, event.received);
                drafts.mark(&own.mark(event, book));
                let before = own.wake;
                own.decide(event, book, &mut self.desk, drafts);
                if own.wake != before {
                    self.find_wake();
                }
            }
            Body::Trade(trade) if !change.state && event.instrument != InstrumentId::ALL => {
                if trade.history {
                    return;
                }
                let (at, book) = (event.instrument.index(), books.get(event.instrument));
                let own = &mut self.instruments[at];
                own.trade(&trade, event);
                drafts.mark(&own.mark(event, book));
            }
            Body::Heartbeat { .. } | Body::Ignored => {}
            _ => self.apply_seldom(heard, books, drafts),
        }
    }

    /// What is no change of a book by levels or orders.
    #[cold]
    fn apply_seldom(&mut self, heard: Heard<'_>, books: &Books, drafts: &mut impl Drafts) {
        self.take(heard);
        let event = heard.event;
        let own = event.instrument.index();
        let all = self.concerns_all(event);
        let range = if all { 0..self.instruments.len() } else { own..own + 1 };
        for own in &mut self.instruments[range.clone()] {
            let book = books.get(own.id);
            let changed = own.is_unmarked(book);
            if changed {
                own.book(book, event.received);
            }
            if changed || own.has_traded() {
                drafts.mark(&own.mark(event, book));
            }
        }
        for own in &mut self.instruments[range] {
            own.decide(event, books.get(own.id), &mut self.desk, drafts);
        }
        self.find_wake();
    }

    /// Whether an input can touch more than the instrument it names.
    fn concerns_all(&self, event: &Event) -> bool {
        let of_all = matches!(
            event.body,
            Body::State { .. }
                | Body::Timer
                | Body::Health(_)
                | Body::Command(_)
                | Body::Breaker(_)
        );
        of_all || event.instrument == InstrumentId::ALL
    }

    /// Takes in what an input says, without deciding anything.
    fn take(&mut self, heard: Heard<'_>) {
        let Heard { event, levels, .. } = heard;
        let now = event.received;
        let own = self.instruments.get_mut(event.instrument.index());
        match (event.body, own) {
            (Body::Trade(trade), Some(own)) if !trade.history => own.trade(&trade, event),
            (Body::Status(status), Some(own)) => own.status(status),
            (Body::Status(status), None) => self.desk.venue(status),
            (Body::Report(report), Some(own)) => own.report(&report, levels[0], now),
            (Body::Refused(refused), Some(own)) => own.refused(&refused, now),
            (Body::State { state, .. }, _) => {
                self.desk.state(state);
                self.rescope();
                self.instruments.iter_mut().for_each(|own| own.end_refusals(|_| true));
            }
            (Body::Health(health), _) => self.desk.health(health),
            (Body::Command(asked), _) => {
                self.desk.command(asked.command);
                self.rescope();
                if asked.command == Command::Limits {
                    self.instruments.iter_mut().for_each(|own| own.end_refusals(|_| true));
                }
            }
            (Body::Breaker(change), _) => {
                self.desk.breaker(change.state);
                self.instruments.iter_mut().for_each(|own| own.end_refusals(|_| true));
                self.rescope();
            }
            (Body::Exit(change), Some(own)) => own.exit((!change.is_over).then_some(change.reason)),
            (Body::Var(result), _) if self.curb.hear(&result) => {
                let size = self.curb.size();
                self.instruments.iter_mut().for_each(|own| own.curb(size));
            }
            _ => {}
        }
    }

    /// What may be quoted has changed, or not.
    fn rescope(&mut self) {
        let scope = self.desk.scope();
        self.instruments.iter_mut().for_each(|own| own.rescope(scope));
    }

    fn find_wake(&mut self) {
        let wakes = self.instruments.iter().map(|own| own.wake);
        self.wake = wakes.min().unwrap_or(Nanos(i64::MAX));
    }
}
