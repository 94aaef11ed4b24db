//! One decision of one instrument: from prices and sizes to proposals, and why.
//!
//! Everything here runs only when something may have to be done; whether so is judged before.

use super::desk::Desk;
use super::fair::float;
use super::instrument::Instrument;
use super::reconcile::{Means, Outcome, Wish, reconcile};
use super::slots::SlotState;
use crate::engine::buffer::Drafts;
use crate::event::explanation::{Clamps, SideExplained, Withheld};
use crate::event::{Event, Explanation};
use crate::types::{Nanos, Price, Qty, Side};

/// Why a side is not quoted, with the number of what stands behind it.
pub(super) type Reason = (Withheld, u8);
pub(super) const QUOTED: Reason = (Withheld::Quoted, 0);

/// What one side may do now.
#[derive(Clone, Copy)]
struct Stance {
    reason: Reason,
    levels: usize,
    may_quote: bool,
}

/// A price that no order of the other side reaches.
const fn beyond(side: Side) -> i64 {
    match side {
        Side::Bid => i64::MIN,
        Side::Ask => i64::MAX,
    }
}

impl Instrument {
    /// What the side may do, while nothing withholds the instrument as a whole but `gate`.
    fn stance(&mut self, side: Side, gate: Reason, now: Nanos) -> Stance {
        let at = side.index();
        let withheld = |reason| Stance { reason, levels: 0, may_quote: false };
        if gate != QUOTED {
            return withheld(gate);
        }
        let sizes = &self.sizes[at];
        if sizes.withheld != Withheld::Quoted {
            return withheld((sizes.withheld, 0));
        }
        if let Some(code) = self.holdbacks[at].rejecting(now) {
            return withheld((Withheld::VenueRejecting, code as u8));
        }
        if !self.holdbacks[at].is_refused() {
            return Stance { reason: QUOTED, levels: sizes.levels, may_quote: true };
        }
        let wish = self.wish(side, sizes.levels);
        let tolerance = self.params.requote_tolerance_ticks.cast_unsigned();
        let mut holdback = self.holdbacks[at];
        let refusal = holdback.refusal(now, |ends, price, qty| {
            (0..wish.levels).any(|level| {
                let near = wish.at(level).abs_diff(price) <= tolerance;
                (near || !ends.price) && (wish.sizes.qty[level] == qty || !ends.qty)
            })
        });
        let levels = wish.levels;
        self.holdbacks[at] = holdback;
        match refusal {
            Some(code) => {
                Stance { reason: (Withheld::Refused, code as u8), levels, may_quote: false }
            }
            None => Stance { reason: QUOTED, levels, may_quote: true },
        }
    }

    /// The nearest price of a side's orders, as far as they may come: beyond everything if it has
    /// none.
    #[inline]
    fn front(&self, side: Side) -> i64 {
        let sign = side.sign();
        let slots = self.slots[side.index()][..self.levels_max].iter();
        let prices = slots.filter(|slot| slot.state != SlotState::Empty).map(|slot| {
            let standing = slot.standing.map_or(slot.asked.price, |terms| terms.price);
            (standing.0 * sign).max(slot.asked.price.0 * sign)
        });
        prices.max().map_or(beyond(side), |nearest| nearest * sign)
    }

    fn wish(&self, side: Side, levels: usize) -> Wish<'_> {
        Wish {
            side,
            price: self.pricing.prices[side.index()],
            spacing: self.pricing.spacing,
            sizes: &self.sizes[side.index()],
            levels,
            facing: beyond(side.opposite()),
            faced_by: beyond(side.opposite()),
            may_quote: false,
        }
    }

    /// Brings both sides nearer to what is wanted, and says why where that changes something.
    pub(super) fn settle(
        &mut self,
        gate: Reason,
        input: &Event,
        desk: &mut Desk,
        drafts: &mut impl Drafts,
    ) {
        let now = input.received;
        self.budget.advance(now);
        self.proposals.clear();
        if let Some(orphan) = self.orphan.take() {
            self.proposals.push(orphan);
        }
        let mut stances = Side::BOTH.map(|side| self.stance(side, gate, now));
        let mut fronts = Side::BOTH.map(|side| self.front(side));
        (self.wake, self.still) = (Nanos(i64::MAX), Nanos(i64::MAX));
        for side in Side::BOTH {
            let at = side.index();
            let before = self.proposals.items().len();
            let outcome = self.side(side, &stances, fronts[side.opposite().index()], desk);
            if self.proposals.items().len() > before {
                fronts[at] = self.front(side);
            }
            self.calm[at] = outcome.calm;
            self.still = self.still.min(outcome.still);
            let stance = &mut stances[at];
            if stance.reason == QUOTED && outcome.exhausted {
                stance.reason = (Withheld::IdsExhausted, 0);
            } else if stance.reason == QUOTED && outcome.starved {
                stance.reason = (Withheld::RateBudget, 0);
            }
            let budget = outcome.starved.then(|| self.budget.ready_at());
            let holdback = self.holdbacks[at].until(now);
            for at in budget.into_iter().chain(holdback).chain([outcome.wake]) {
                // What is over already is looked at when something else happens.
                if at > now {
                    self.wake = self.wake.min(at);
                }
            }
        }
        self.narrow_by_fronts(fronts);
        self.settled = Some(gate);
        self.tell(&stances, input, drafts);
    }

    /// Reconciles one side.
    fn side(&mut self, side: Side, stances: &[Stance; 2], facing: i64, desk: &mut Desk) -> Outcome {
        let (own, other) = (side.index(), side.opposite());
        let levels_max = self.levels_max;
        let is_wanted = stances[other.index()].levels > 0;
        let wish = Wish {
            side,
            price: self.pricing.prices[own],
            spacing: self.pricing.spacing,
            sizes: &self.sizes[own],
            levels: stances[own].levels,
            facing,
            faced_by: if is_wanted { self.pricing.prices[other.index()] } else { beyond(other) },
            may_quote: stances[own].may_quote,
        };
        let mut means = Means {
            now: self.budget.now(),
            instrument: self.id,
            tolerance: self.params.requote_tolerance_ticks,
            life_min: self.params.quote_life_min,
            can_replace: self.params.can_replace,
            budget: &mut self.budget,
            desk,
            out: &mut self.proposals,
        };
        reconcile(wish, &mut self.slots[own][..levels_max], &mut means)
    }

    /// A wish that reaches one of our orders on the other side is no calm one.
    fn narrow_by_fronts(&mut self, [bids, asks]: [i64; 2]) {
        let [bid, ask] = &mut self.calm;
        bid[1] = bid[1].min(asks.saturating_sub(1));
        ask[0] = ask[0].max(bids.saturating_add(1));
    }

    /// Hands out the proposals, with their reason in front; a reason that is new is told alone too.
    fn tell(&mut self, stances: &[Stance; 2], input: &Event, drafts: &mut impl Drafts) {
        let reasons = stances.map(|stance| stance.reason);
        if self.proposals.items().is_empty() && reasons == self.shown {
            return;
        }
        self.shown = reasons;
        let explanation = self.explain(stances, input);
        self.explanation = Some(explanation);
        drafts.explanation(&explanation);
        for proposal in self.proposals.items() {
            drafts.proposal(proposal);
        }
    }

    fn explain(&self, stances: &[Stance; 2], input: &Event) -> Explanation {
        let (pricing, shape, spread) = (&self.pricing, &self.shape, &self.params.spread);
        let ticks = pricing.ticks_per_bp;
        let arrivals = shape.arrivals;
        let sides = Side::BOTH.map(|side| {
            let stance = &stances[side.index()];
            let sizes = &self.sizes[side.index()];
            let wanted = stance.levels > 0;
            let (withheld, code) = stance.reason;
            SideExplained {
                price: Price(if wanted { pricing.prices[side.index()] } else { 0 }),
                qty: Qty(if wanted { sizes.qty[0] } else { 0 }),
                clamps: if ticks > 0.0 {
                    pricing.clamps[side.index()].with(sizes.clamps)
                } else {
                    Clamps::default()
                },
                withheld,
                code,
                levels: u8::try_from(stance.levels).expect("at most eight"),
            }
        });
        Explanation {
            sequence: input.sequence,
            received: input.received,
            instrument: self.id,
            strategy: self.params.strategy.number(),
            fair_value: pricing.fair,
            reservation: pricing.reservation,
            volatility: self.volatility.bps() * ticks,
            imbalance: pricing.imbalance,
            spread: (shape.spread + pricing.imbalance_bps) * ticks,
            spread_volatility: shape.volatility * ticks,
            spread_imbalance: pricing.imbalance_bps * ticks,
            spread_fees: spread.fees_bps * ticks,
            spread_final: pricing.spread,
            intensity_a: arrivals.map_or(0.0, |arrivals| arrivals.rate),
            // An arrival's depth of one basis point is so many ticks.
            intensity_k: arrivals
                .map_or(0.0, |arrivals| arrivals.decay / ticks.max(f64::MIN_POSITIVE)),
            position: self.position.0,
            sides,
        }
    }

    /// Reads across all of it.
    pub(super) fn glance(&self) -> i64 {
        let slots = self.slots.iter().flat_map(|side| &side[..self.levels_max]);
        let slots = slots.fold(0, |sum, slot| sum ^ slot.asked.price.0 ^ slot.since.0);
        let sizes = self.sizes.iter().fold(0, |sum, sizes| sum ^ sizes.qty[0] ^ sizes.room);
        let holdbacks = self.holdbacks.iter().filter(|side| side.is_refused()).count();
        let pricing = self.pricing.spacing ^ self.pricing.prices[0];
        let params = self.params.requote_tolerance_ticks ^ self.params.quote_life_min.0;
        let told = self.explanation.map_or(0, |told| told.position) ^ self.calm[0][0];
        let floats = (self.volatility.bps() + self.shape.spread).to_bits().cast_signed();
        let counts = holdbacks + self.proposals.items().len();
        let counts = counts.cast_signed() as i64 ^ self.budget.now().0 ^ self.still.0;
        slots ^ sizes ^ pricing ^ params ^ told ^ floats ^ counts
    }

    /// What is held beyond the target, in orders and as a share of the limit.
    pub(super) fn inventory(&self) -> [f64; 2] {
        let size = &self.params.size;
        let beyond = float(self.position.0.saturating_sub(size.position_target.0));
        let share = beyond / float(size.position_max.0);
        [beyond / float(size.order.0), share.clamp(-1.0, 1.0)]
    }
}
