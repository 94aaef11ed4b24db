//! One instrument's quoting: what was heard, what is held, and whether something has to be done.
//!
//! The way of a change of the touch ends here as early as it can: prices are worked out, and if
//! they lie within the bounds in which the last decision would do nothing, nothing is done.

use super::budget::Budget;
use super::decision::{QUOTED, Reason};
use super::desk::{Desk, takes_quotes};
use super::fair::{float, imbalance};
use super::holdback::Holdback;
use super::intensity::{Arrivals, Intensity};
use super::proposals::{Proposals, end_of};
use super::sizing::{Scope, Sizes};
use super::slots::{Effect, Slot, SlotState};
use super::spread::Pricing;
use super::strategy::{Shape, Situation};
use super::volatility::Volatility;
use super::{LEVELS_MAX, QuoteParams, SizeParams};
use crate::engine::book::{Book, BookState, Top};
use crate::engine::buffer::Drafts;
use crate::engine::curb::WHOLE;
use crate::engine::image::runs;
use crate::event::explanation::Withheld;
use crate::event::{
    Event, ExitReason, Explanation, Level, Mark, MarketStatus, Proposal, Refused, Report,
    ReportKind, RequestKind, Trade,
};
use crate::types::{InstrumentId, Nanos, OrderId, Origin, Price, Qty, Side};
use serde::{Deserialize, Serialize};

/// So many of the last trades of our own are remembered, to know one that comes twice.
const FILLS_KEPT: usize = 64;

/// One instrument.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Instrument {
    pub(super) id: InstrumentId,
    pub(super) params: QuoteParams,
    pub(super) levels_max: usize,
    /// The touch and state that the last mark told.
    marked: (Option<Top>, BookState),
    /// The touch has changed since prices were worked out.
    unpriced: bool,
    /// The last prices of both sides.
    prices: [Price; 2],
    /// What the market has traded since the last mark.
    traded: Qty,
    status: MarketStatus,
    /// Why its position is being closed by risk, if it is.
    exit: Option<ExitReason>,
    pub(super) volatility: Volatility,
    intensity: Intensity,
    pub(super) shape: Shape,
    /// The shape is out of date.
    reshape: bool,
    pub(super) position: Qty,
    /// How large quotes may be, in 1/1000 of their size.
    curb: u32,
    pub(super) sizes: [Sizes; 2],
    scope: Scope,
    pub(super) slots: [[Slot; LEVELS_MAX]; 2],
    pub(super) holdbacks: [Holdback; 2],
    pub(super) budget: Budget,
    pub(super) pricing: Pricing,
    /// While each side's price lies within, nothing would be done.
    pub(super) calm: [[i64; 2]; 2],
    /// Until then nothing would be done at any price.
    pub(super) still: Nanos,
    /// The gate of the last decision; nothing when something has changed since.
    pub(super) settled: Option<Reason>,
    /// Why each side was withheld, as last told.
    pub(super) shown: [Reason; 2],
    /// Time alone makes a decision necessary then.
    pub(super) wake: Nanos,
    pub(super) explanation: Option<Explanation>,
    /// The cancel of an order that stands although no slot has it.
    pub(super) orphan: Option<Proposal>,
    /// What the last decision proposed.
    pub(super) proposals: Proposals,
    #[serde(with = "runs")]
    fills: [(OrderId, u64); FILLS_KEPT],
    fills_seen: usize,
}

impl Instrument {
    pub(super) fn new(id: InstrumentId, params: &QuoteParams) -> Self {
        let levels_max = params.levels as usize;
        assert!((1..=LEVELS_MAX).contains(&levels_max), "the config has checked the levels");
        let mut own = Self {
            id,
            params: params.clone(),
            levels_max,
            marked: (None, BookState::Stale(crate::event::Stale::NoSnapshot)),
            unpriced: true,
            prices: [Price(0); 2],
            traded: Qty::ZERO,
            status: MarketStatus::Trading,
            exit: None,
            volatility: Volatility::new(params.volatility),
            intensity: Intensity::new(params.intensity),
            shape: Shape::default(),
            reshape: true,
            position: Qty::ZERO,
            curb: WHOLE,
            sizes: [Sizes::default(); 2],
            scope: Scope::All,
            slots: [[Slot::default(); LEVELS_MAX]; 2],
            holdbacks: [Holdback::NONE; 2],
            budget: Budget::new(params.requests),
            pricing: Pricing::default(),
            calm: [[0; 2]; 2],
            still: Nanos::UNKNOWN,
            settled: None,
            shown: [QUOTED; 2],
            wake: Nanos(i64::MAX),
            explanation: None,
            orphan: None,
            proposals: Proposals::new(),
            fills: [(OrderId(0), 0); FILLS_KEPT],
            fills_seen: 0,
        };
        own.hold(Qty::ZERO);
        own
    }

    /// So much is held now.
    pub(super) fn hold(&mut self, position: Qty) {
        self.position = position;
        let whole = self.params.size;
        let order = Qty(whole.order.0.saturating_mul(self.curb.into()) / i64::from(WHOLE));
        let (size, levels_max) = (SizeParams { order, ..whole }, self.levels_max);
        self.sizes =
            Side::BOTH.map(|side| Sizes::within(self.scope, &size, levels_max, (position, side)));
        (self.reshape, self.settled) = (true, None);
    }

    /// Quotes are so much of their size from now on, in 1/1000.
    pub(super) fn curb(&mut self, size: u32) {
        self.curb = size;
        self.hold(self.position);
    }

    /// So much may be quoted now.
    pub(super) fn rescope(&mut self, scope: Scope) {
        if self.scope != scope {
            self.scope = scope;
            self.hold(self.position);
        }
    }

    /// Whether the book is no longer as the last mark told it.
    pub(super) fn is_unmarked(&self, book: &Book) -> bool {
        (book.top(), book.state()) != self.marked
    }

    /// The book has another touch or state.
    #[inline]
    pub(super) fn book(&mut self, book: &Book, now: Nanos) {
        if self.marked.1 != book.state() {
            self.settled = None;
            self.end_refusals(|ends| ends.book);
        }
        self.marked = (book.top(), book.state());
        self.unpriced = true;
        match self.marked {
            (Some(top), BookState::Fresh) => {
                if self.volatility.is_due(now) {
                    self.volatility.sample(top.mid(), now);
                    self.reshape = true;
                }
            }
            _ => self.volatility.interrupt(),
        }
    }

    /// What risk is to know of the book.
    #[inline]
    pub(super) fn mark(&mut self, input: &Event, book: &Book) -> Mark {
        let stale = match book.state() {
            BookState::Fresh => None,
            BookState::Stale(reason) => Some(reason),
        };
        let qty = match self.marked.0 {
            Some(top) => {
                self.prices = [top.bid, top.ask];
                [top.bid_qty, top.ask_qty]
            }
            // A side may be there alone; in a stale book it may be half of a message.
            None => Side::BOTH.map(|side| {
                let best = book.side(side).best().filter(|_| stale.is_none());
                best.map_or(Qty::ZERO, |(price, qty)| {
                    self.prices[side.index()] = price;
                    qty
                })
            }),
        };
        Mark {
            sequence: input.sequence,
            received: input.received,
            bid: self.prices[0],
            bid_qty: qty[0],
            ask: self.prices[1],
            ask_qty: qty[1],
            traded: std::mem::take(&mut self.traded),
            instrument: self.id,
            stale,
        }
    }

    /// The market has traded.
    pub(super) fn trade(&mut self, trade: &Trade, input: &Event) {
        let (price, qty, aggressor) = (trade.price, trade.qty, trade.aggressor);
        self.traded = Qty(self.traded.0.saturating_add(qty.0));
        if let (Some(top), true) = (self.marked.0, self.params.strategy.wants_arrivals()) {
            let mid = top.mid();
            let depth = (float(price.0) - mid).abs() / mid * 1e4;
            let known = input.venue_time.is_known();
            let stamp = if known { input.venue_time } else { input.received };
            self.intensity.trade(depth, aggressor, stamp, input.received);
        }
    }

    /// Whether the market has traded since the last mark.
    pub(super) const fn has_traded(&self) -> bool {
        self.traded.0 > 0
    }

    /// The venue says how the instrument trades.
    pub(super) const fn status(&mut self, status: MarketStatus) {
        self.status = status;
    }

    /// Risk closes the position, or has.
    pub(super) fn exit(&mut self, exit: Option<ExitReason>) {
        self.exit = exit;
        self.end_refusals(|_| true);
    }

    /// Ends refusals of both sides that have that end.
    pub(super) fn end_refusals(&mut self, is_end: impl Fn(super::holdback::Ends) -> bool) {
        self.settled = None;
        self.holdbacks.iter_mut().for_each(|side| side.end(&is_end));
    }

    fn slot(&mut self, order: OrderId) -> Option<(usize, &mut Slot)> {
        let slots = self.slots.iter_mut().enumerate();
        let mut all = slots.flat_map(|(side, slots)| slots.iter_mut().map(move |s| (side, s)));
        all.find(|(_, slot)| slot.order == order && slot.state != SlotState::Empty)
    }

    /// Risk has refused a proposal.
    pub(super) fn refused(&mut self, refused: &Refused, now: Nanos) {
        let Some((side, slot)) = self.slot(refused.order) else { return };
        let left = slot.asked.qty.saturating_sub(slot.traded);
        let wished = [slot.asked.price.0, left];
        slot.refused(refused);
        if refused.kind != RequestKind::Cancel {
            self.holdbacks[side].refused(refused.code, wished, now);
        }
        self.settled = None;
    }

    /// Whether a fill was heard before; remembers it.
    pub(super) fn is_twice(&mut self, order: OrderId, trade_id: u64) -> bool {
        let fill = (order, trade_id);
        if trade_id == 0 {
            return false;
        }
        if self.fills.contains(&fill) {
            return true;
        }
        self.fills[self.fills_seen % FILLS_KEPT] = fill;
        self.fills_seen = self.fills_seen.wrapping_add(1);
        false
    }

    /// The venue or the gateway reports on an order of this instrument, whoever gave its id.
    pub(super) fn report(&mut self, report: &Report, level: Level, now: Nanos) {
        let order = report.order;
        if report.kind == ReportKind::Filled {
            if self.is_twice(order, report.trade_id) {
                return;
            }
            let lots = level.qty().0.saturating_mul(level.side().sign());
            self.hold(Qty(self.position.0.saturating_add(lots)));
            self.end_refusals(|ends| ends.position);
        }
        let Some((side, slot)) = self.slot(order) else {
            if report.kind == ReportKind::Open && order.origin() == Origin::Quoter {
                self.orphan = Some(end_of(order, self.id, level));
                self.settled = None;
            }
            return;
        };
        let effect = slot.report(report, level, now);
        match effect {
            Effect::Nothing => return,
            Effect::Changed => {}
            Effect::Accepted => self.holdbacks[side].accepted(),
            Effect::Rejected(code) => self.holdbacks[side].rejected(code, now),
        }
        self.settled = None;
    }

    /// What withholds the whole instrument, if something does.
    #[inline]
    fn gate(&self, desk: &Desk) -> Reason {
        if !self.params.enabled {
            return (Withheld::Disabled, 0);
        }
        if let Some(reason) = desk.closed() {
            return reason;
        }
        if let Some(reason) = self.exit {
            return (Withheld::Closing, reason as u8);
        }
        if !takes_quotes(self.status) {
            return (Withheld::MarketStatus, self.status as u8);
        }
        match self.marked {
            (_, BookState::Stale(reason)) => (Withheld::BookStale, reason as u8),
            (None, BookState::Fresh) => (Withheld::BookEmpty, 0),
            (Some(_), BookState::Fresh) if !self.volatility.is_warm() => (Withheld::Warming, 0),
            (Some(_), BookState::Fresh) => QUOTED,
        }
    }

    /// Whether the last decision would do nothing at these prices.
    #[inline]
    fn is_calm(&self, pricing: &Pricing) -> bool {
        let within = |at: usize| {
            let [low, high] = self.calm[at];
            low <= pricing.prices[at] && pricing.prices[at] <= high
        };
        within(0) && within(1) && pricing.spacing == self.pricing.spacing
    }

    /// Does what there is to do now.
    #[inline]
    pub(super) fn decide(
        &mut self,
        input: &Event,
        book: &Book,
        desk: &mut Desk,
        drafts: &mut impl Drafts,
    ) {
        let gate = self.gate(desk);
        let is_settled = self.settled == Some(gate) && input.received < self.wake;
        if is_settled && (gate != QUOTED || !self.unpriced && !self.reshape) {
            return;
        }
        self.unpriced = false;
        let pricing = match self.marked {
            (Some(top), BookState::Fresh) => {
                if self.reshape {
                    self.shape(input.received);
                }
                let imbalance = imbalance(&top, book, self.params.imbalance_levels);
                Pricing::of(&self.params, &self.shape, &top, imbalance)
            }
            _ => Pricing::default(),
        };
        if is_settled {
            if self.is_calm(&pricing) {
                return;
            }
            if input.received < self.still {
                // Something is to be done, and cannot be done before.
                self.wake = self.wake.min(self.still);
                return;
            }
        }
        self.pricing = pricing;
        self.settle(gate, input, desk, drafts);
    }

    fn shape(&mut self, now: Nanos) {
        let params = &self.params;
        let [orders, share] = self.inventory();
        let arrivals = if params.strategy.wants_arrivals() {
            self.intensity.arrivals(now)
        } else {
            Arrivals { rate: params.intensity.rate, decay: params.intensity.decay }
        };
        let situation = Situation {
            volatility_bps: self.volatility.bps(),
            arrivals,
            orders,
            share,
            base_bps: params.spread.base_bps,
            volatility_factor: params.spread.volatility_factor,
            skew_max_bps: params.spread.max_bps,
        };
        self.shape = params.strategy.shape(&situation);
        self.reshape = false;
    }
}
