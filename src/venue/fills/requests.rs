//! What the venue does with a request when it arrives.

use super::FillModel;
use super::market::{Fill, Resting, is_better};
use crate::engine::book::Books;
use crate::event::{Level, MarketStatus, Proposal, RejectCode, Report, ReportKind, RequestKind};
use crate::types::{Instrument, OrderId, Price, Qty, TimeInForce, decimal::pow10};

/// The ids that were used: each origin counts up, so its last one tells.
#[derive(Debug, Default)]
pub(super) struct Ids([Option<OrderId>; 2]);

impl Ids {
    /// Whether the id is new; from now on it is not.
    fn take(&mut self, id: OrderId) -> bool {
        let last = &mut self.0[id.origin() as usize];
        let is_new = last.is_none_or(|last| id > last);
        if is_new {
            *last = Some(id);
        }
        is_new
    }
}

/// Whether the quantity is a positive count of the instrument's order steps.
fn keeps_steps(of: &Instrument, qty: Qty) -> bool {
    let decimals = of.lot.decimals().max(of.order_step.decimals());
    let units = |steps: i64, scale: crate::types::Scale| {
        i128::from(steps)
            * i128::from(scale.increment())
            * i128::from(pow10(decimals - scale.decimals()))
    };
    qty.0 > 0 && units(qty.0, of.lot) % units(1, of.order_step) == 0
}

impl FillModel {
    pub(super) fn request(&mut self, terms: &Proposal, books: &Books) {
        self.counts.requests += 1;
        match terms.kind {
            RequestKind::Place => self.place(terms, books),
            RequestKind::Replace => self.replace(terms, books),
            RequestKind::Cancel => self.cancel(terms),
        }
    }

    fn say(&mut self, terms: &Proposal, kind: ReportKind, level: Level) {
        self.answers.tell(self.now, terms.instrument, Report::new(terms.order, kind), level);
    }

    fn refuse(&mut self, terms: &Proposal, kind: ReportKind, code: RejectCode) {
        self.counts.rejects += 1;
        let report = Report { code, ..Report::new(terms.order, kind) };
        let level = Level::new(terms.side, terms.price, terms.qty);
        self.answers.tell(self.now, terms.instrument, report, level);
    }

    /// Why the venue does not take these terms, whatever order they are of.
    fn objection(&self, terms: &Proposal, books: &Books) -> Option<RejectCode> {
        let market = &self.markets[terms.instrument.index()];
        let rests = terms.post_only;
        match market.status {
            MarketStatus::Halted | MarketStatus::CancelOnly => {
                return Some(RejectCode::MarketHalted);
            }
            MarketStatus::PostOnly if !rests => return Some(RejectCode::MarketHalted),
            MarketStatus::PostOnly | MarketStatus::Trading => {}
        }
        if terms.price.0 <= 0 || terms.price > Price::MAX {
            return Some(RejectCode::Price);
        }
        if !keeps_steps(&market.instrument, terms.qty) {
            return Some(RejectCode::Quantity);
        }
        if market.meets_own(terms.side, terms.price, terms.order) {
            return Some(RejectCode::SelfTrade);
        }
        let book = books.get(terms.instrument);
        let best = book.side(terms.side.opposite()).best();
        let crosses = best.is_some_and(|(best, _)| !is_better(terms.side, best, terms.price));
        (rests && crosses && market.trusts(book)).then_some(RejectCode::PostOnly)
    }

    /// What an order of these terms could take at once, up to `left`.
    fn takes(&self, terms: &Proposal, left: i64, books: &Books) -> i64 {
        let market = &self.markets[terms.instrument.index()];
        let book = books.get(terms.instrument);
        if terms.post_only || !market.trusts(book) {
            return 0;
        }
        let mut sum = 0;
        for (_, qty) in market.reachable(terms.side, terms.price, book) {
            sum += qty.min(left - sum);
            if sum == left {
                break;
            }
        }
        sum
    }

    fn place(&mut self, terms: &Proposal, books: &Books) {
        let objection = self.objection(terms, books);
        let objection =
            if self.ids.take(terms.order) { objection } else { Some(RejectCode::DuplicateId) };
        let takes = self.takes(terms, terms.qty.0, books);
        let least = match terms.time_in_force {
            TimeInForce::GoodTillCancel => 0,
            TimeInForce::ImmediateOrCancel => 1,
            TimeInForce::FillOrKill => terms.qty.0,
        };
        let unfilled = (takes < least).then_some(RejectCode::Unfilled);
        if let Some(code) = objection.or(unfilled) {
            return self.refuse(terms, ReportKind::Rejected, code);
        }
        self.say(terms, ReportKind::Accepted, Level::new(terms.side, terms.price, terms.qty));
        self.take(terms, takes, books);
        self.rest(terms, [terms.qty.0 - takes, takes], books);
    }

    /// Takes so much of the book, best levels first.
    fn take(&mut self, terms: &Proposal, mut left: i64, books: &Books) {
        let Self { markets, answers, counts, now, .. } = self;
        let market = &mut markets[terms.instrument.index()];
        let book = books.get(terms.instrument);
        while left > 0 {
            let mut levels = market.reachable(terms.side, terms.price, book);
            let next = levels.find(|(_, qty)| *qty > 0).expect("it was counted before");
            drop(levels);
            let (price, qty) = (next.0, next.1.min(left));
            market.take(terms.side, price, qty);
            left -= qty;
            counts.taker_fills += 1;
            let fill = Fill { order: terms.order, side: terms.side, price, qty: Qty(qty) };
            answers.filled(*now, &market.instrument, fill, false);
        }
    }

    /// Puts what is left at rest, or ends it.
    fn rest(&mut self, terms: &Proposal, [left, filled]: [i64; 2], books: &Books) {
        if left == 0 {
            return;
        }
        let (side, price) = (terms.side, terms.price);
        if terms.time_in_force != TimeInForce::GoodTillCancel {
            return self.say(terms, ReportKind::Canceled, Level::new(side, price, Qty(left)));
        }
        let book = books.get(terms.instrument);
        let order = Resting { id: terms.order, price, left, filled, place: None };
        self.markets[terms.instrument.index()].rest(side, order, book);
    }

    fn replace(&mut self, terms: &Proposal, books: &Books) {
        let market = &mut self.markets[terms.instrument.index()];
        let Some((side, order)) = market.find(terms.order).map(|(side, order)| (side, *order))
        else {
            return self.refuse(terms, ReportKind::ReplaceRejected, RejectCode::UnknownOrder);
        };
        let terms = &Proposal { side, ..*terms };
        if let Some(code) = self.objection(terms, books) {
            return self.refuse(terms, ReportKind::ReplaceRejected, code);
        }
        let left = terms.qty.0 - order.filled;
        if left <= 0 {
            // It has traded more than it shall be: nothing is left of it to stand.
            return self.cancel(terms);
        }
        self.say(terms, ReportKind::Replaced, Level::new(side, terms.price, terms.qty));
        let market = &mut self.markets[terms.instrument.index()];
        if terms.price == order.price && left <= order.left {
            // Less of the same keeps its place.
            market.find(terms.order).expect("found above").1.left = left;
            return;
        }
        market.remove(terms.order);
        let takes = self.takes(terms, left, books);
        self.take(terms, takes, books);
        self.rest(terms, [left - takes, order.filled + takes], books);
    }

    fn cancel(&mut self, terms: &Proposal) {
        match self.markets[terms.instrument.index()].remove(terms.order) {
            Some((side, order)) => {
                let level = Level::new(side, order.price, Qty(order.left));
                self.say(terms, ReportKind::Canceled, level);
            }
            None => self.refuse(terms, ReportKind::CancelRejected, RejectCode::UnknownOrder),
        }
    }
}
