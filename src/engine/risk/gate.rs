//! The gate: from a proposal to a request or a refusal, the checks in their order.
//!
//! The circuit breaker stands second, behind the trading state.

use super::accounts::{Holding, notional};
use super::checks::{self, Compared, Verdict};
use super::state::{Intent, allows};
use super::unit::Rate;
use super::{Approved, OrderRequest, Output, Refusal, Risk};
use crate::engine::buffer::Buffer;
use crate::engine::order::{Order, Status};
use crate::event::{Proposal, RefusalCode, RequestKind};
use crate::types::{InstrumentId, Origin, Side};

/// What a proposal would make of its side, in lots.
struct Terms {
    /// What may still trade on the order's side, this order's new terms included.
    side_leaves: i64,
    /// The position, positive if it lies on the order's side.
    toward: i64,
}

impl Risk {
    /// Takes a proposal of quoting.
    #[inline]
    pub(super) fn propose(&mut self, proposal: &Proposal, out: &mut Buffer<Output>) {
        self.bucket.fill(self.now);
        if proposal.kind == RequestKind::Cancel {
            // Its end may be asked for already, as by a halt of this very input: once is enough.
            let order = self.orders.get(proposal.order);
            if order.is_some_and(|order| order.status.is_cancelling()) {
                return;
            }
            self.explain(proposal.instrument, out);
            self.release_cancel(*proposal, out);
            return;
        }
        match self.judge(proposal, false) {
            Ok(reduce_only) => {
                self.explain(proposal.instrument, out);
                self.release(proposal, reduce_only, out);
            }
            Err(compared) => self.refuse(proposal, compared, out),
        }
    }

    /// An explanation is written only before the first request that it explains.
    #[inline]
    fn explain(&mut self, instrument: InstrumentId, out: &mut Buffer<Output>) {
        if let Some(explanation) = &self.explanation
            && explanation.instrument == instrument
        {
            out.push(Output::Explanation(*explanation));
            self.explanation = None;
        }
    }

    /// All checks in order; whether the order is one that may only reduce.
    #[inline]
    pub(super) fn judge(&mut self, proposal: &Proposal, flatten: bool) -> Result<bool, Compared> {
        self.accounts.refresh(&self.orders);
        let state = self.trading.state();
        // Where growing is not allowed, what is proposed must be such that it only reduces.
        let reduce_only = proposal.reduce_only || flatten || !allows(state, Intent::Growing);
        let intent = match (flatten, reduce_only) {
            (true, _) => Intent::Flatten,
            (false, true) => Intent::ReduceOnly,
            (false, false) => Intent::Growing,
        };
        checks::halted(state, intent)?;
        if proposal.order.origin() == Origin::Quoter {
            checks::closing(self.exits.of(proposal.instrument))?;
        }
        let reduce_only = reduce_only || self.check_breaker(proposal)?;
        checks::rate(self.bucket.has_room(), || self.bucket.compared())?;
        let replaced = self.replaced(proposal)?;
        let holding = self.accounts.get(proposal.instrument);
        let rate = self.accounts.rate_of(holding);
        let limits = &holding.limits;
        let terms = self.terms(proposal, replaced, holding);
        let value = rate.convert(notional(holding, proposal.price, proposal.qty));
        checks::order_size(proposal.qty.0, value, limits)?;
        if reduce_only {
            checks::reduce_only(terms.toward, terms.side_leaves)?;
        } else {
            self.check_growth(proposal, &terms, (holding, rate))?;
        }
        let (side, price) = (proposal.side, proposal.price.0);
        checks::collar(side, price, holding.position.mark_twice, limits.collar_bps)?;
        let opposite = self.orders.open(proposal.instrument, side.opposite()).best;
        checks::self_trade(side, price, opposite)?;
        self.check_duplicate(proposal)?;
        checks::stale_book(holding.stale)?;
        if !reduce_only {
            let age = self.accounts.rate_age(holding, self.now);
            checks::stale_conversion(age, self.params.conversion_age_max.0)?;
        }
        if replaced.is_none() {
            checks::capacity(self.orders.live(), self.params.orders_max)?;
        }
        Ok(reduce_only)
    }

    /// The checks that an order is spared which only reduces.
    #[inline]
    fn check_growth(
        &self,
        proposal: &Proposal,
        terms: &Terms,
        (holding, rate): (&Holding, Rate),
    ) -> Verdict {
        let (instrument, side) = (proposal.instrument, proposal.side);
        let limits = &holding.limits;
        let position = &holding.position;
        checks::position(terms.toward, terms.side_leaves, limits)?;
        let opposite = self.orders.open(instrument, side.opposite()).leaves;
        let leaves = i128::from(terms.side_leaves) + i128::from(opposite);
        checks::volume(position.volume_today, leaves, limits)?;
        checks::daily_loss(self.day_loss(), self.params.daily_loss_max)?;
        let lost = rate.convert(position.day_start - holding.profit);
        checks::daily_loss(lost, limits.daily_loss_max)?;
        checks::drawdown(self.drawdown_now(), self.params.drawdown_max)?;
        let exposure = self.accounts.exposure_with((holding, rate), side, terms.side_leaves);
        let (gross_max, net_max) = (self.params.gross_exposure_max, self.params.net_exposure_max);
        checks::exposure(&exposure, limits.notional_max, gross_max, net_max)
    }

    /// The order that is to be replaced: it must work and have no other answer outstanding.
    #[inline]
    fn replaced(&self, proposal: &Proposal) -> Result<Option<&Order>, Compared> {
        if proposal.kind != RequestKind::Replace {
            return Ok(None);
        }
        let refused = |code, status: Option<Status>| Compared {
            code,
            value: status.map_or(-1, |status| status as i128),
            limit: Status::Working as i128,
        };
        match self.orders.get(proposal.order) {
            Some(order) if order.status == Status::Working => Ok(Some(order)),
            Some(order) if !order.status.is_done() => {
                Err(refused(RefusalCode::Duplicate, Some(order.status)))
            }
            order => Err(refused(RefusalCode::UnknownOrder, order.map(|order| order.status))),
        }
    }

    #[inline]
    fn terms(&self, proposal: &Proposal, replaced: Option<&Order>, holding: &Holding) -> Terms {
        let (traded, before) = replaced.map_or((0, 0), |order| (order.traded.0, order.leaves()));
        let leaves = proposal.qty.0.saturating_sub(traded).max(0);
        let open = self.orders.open(proposal.instrument, proposal.side);
        let side_leaves = (open.leaves - before).saturating_add(leaves);
        let toward = match proposal.side {
            Side::Bid => holding.position.lots,
            Side::Ask => -holding.position.lots,
        };
        Terms { side_leaves, toward }
    }

    /// A new id, and no live order that is the same: side, price and quantity, unless its cancel
    /// is on its way.
    #[inline]
    fn check_duplicate(&self, proposal: &Proposal) -> Verdict {
        if proposal.kind == RequestKind::Place {
            let last = self.orders.last_id(proposal.order.origin());
            checks::new_id(proposal.order, last, self.params.epoch)?;
        }
        let same = |order: &&Order| {
            order.price == proposal.price
                && order.qty == proposal.qty
                && order.id != proposal.order
                && !order.cancel_asked
        };
        match self.orders.live_of(proposal.instrument, proposal.side).find(same) {
            None => Ok(()),
            Some(order) => Err(Compared {
                code: RefusalCode::Duplicate,
                value: proposal.order.0.into(),
                limit: order.id.0.into(),
            }),
        }
    }

    /// Lets an approved proposal out.
    #[inline]
    pub(super) fn release(
        &mut self,
        proposal: &Proposal,
        reduce_only: bool,
        out: &mut Buffer<Output>,
    ) {
        match proposal.kind {
            RequestKind::Place => self.orders.place(proposal, reduce_only),
            _ => self.orders.replace(proposal, reduce_only),
        }
        self.accounts.touch(proposal.instrument);
        self.bucket.take();
        if !reduce_only {
            self.breaker.count(self.now);
        }
        out.push(Output::Request(OrderRequest::from(Approved::by_gate(*proposal))));
    }

    /// Lets a cancel out: it always passes.
    pub(super) fn release_cancel(&mut self, proposal: Proposal, out: &mut Buffer<Output>) {
        self.orders.ask_cancel(proposal.order);
        self.bucket.take();
        out.push(Output::Request(OrderRequest::cancel(proposal)));
    }

    /// Says no. What was to be replaced is cancelled: its terms are not wanted any more.
    #[cold]
    pub(super) fn refuse(
        &mut self,
        proposal: &Proposal,
        compared: Compared,
        out: &mut Buffer<Output>,
    ) {
        let Compared { code, value, limit } = compared;
        self.refusals[code as usize] += 1;
        if proposal.kind == RequestKind::Replace {
            let live = |order: &&Order| !order.status.is_done() && !order.cancel_asked;
            if let Some(order) = self.orders.get(proposal.order).filter(live) {
                let cancel = super::cancels::cancel_of(order);
                self.explain(proposal.instrument, out);
                self.release_cancel(cancel, out);
            }
        }
        out.push(Output::Refusal(Refusal { proposal: *proposal, code, value, limit }));
    }
}
