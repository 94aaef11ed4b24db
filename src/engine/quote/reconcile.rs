//! From what is wanted and what there is to the fewest messages: one side at a time.
//!
//! An order may serve any level of its side: it stays where it lies within the tolerance of one.
//! What serves none is moved to a level that has none (replaced, or cancelled and placed anew when
//! it is gone), and orders in flight keep a level for themselves until they are answered. A quote
//! waits while it would cross one of our own orders on the other side, or while all orders of the
//! side together could lead beyond the position limit.

use super::LEVELS_MAX;
use super::budget::{Budget, Purpose};
use super::desk::Desk;
use super::proposals::Proposals;
use super::sizing::Sizes;
use super::slots::{Slot, SlotState, Terms};
use crate::event::{Proposal, RequestKind};
use crate::types::{InstrumentId, Nanos, Price, Qty, Side, TimeInForce};

/// What one side wants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) side: Side,
    /// Of the nearest level.
    pub(super) price: i64,
    pub(super) spacing: i64,
    pub(super) sizes: &'a Sizes,
    /// How many of the sizes' levels are wanted: none while the side is withheld.
    pub(super) levels: usize,
    /// Our nearest order or wish on the other side: quotes stay behind it.
    pub(super) facing: i64,
    /// The nearest wish of the other side: orders that it would trade with do not stay.
    pub(super) faced_by: i64,
    /// New orders and replaces may be proposed.
    pub(super) may_quote: bool,
}

impl Wish<'_> {
    /// The price of a level.
    #[inline]
    #[expect(clippy::cast_possible_wrap, reason = "at most eight levels")]
    pub(super) const fn at(&self, level: usize) -> i64 {
        // A price far outside every market wraps, and is then no price.
        let offset = self.side.sign().wrapping_mul(self.spacing.wrapping_mul(level as i64));
        self.price.wrapping_sub(offset)
    }

    /// Whether a price of this side keeps behind one of the other.
    #[inline]
    const fn is_behind(&self, price: i64, other: i64) -> bool {
        match self.side {
            Side::Bid => price < other,
            Side::Ask => price > other,
        }
    }
}

/// What does not change between two sides of a decision.
#[derive(Debug)]
pub(super) struct Means<'a> {
    pub(super) now: Nanos,
    pub(super) instrument: InstrumentId,
    pub(super) tolerance: i64,
    pub(super) life_min: Nanos,
    pub(super) can_replace: bool,
    pub(super) budget: &'a mut Budget,
    /// Gives new orders their ids.
    pub(super) desk: &'a mut Desk,
    /// What is proposed.
    pub(super) out: &'a mut Proposals,
}

/// What came of one side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// The wish may move within these bounds, and nothing would be done.
    pub(super) calm: [i64; 2],
    /// Until then nothing would be done wherever the wish moves.
    pub(super) still: Nanos,
    /// A message was held back by the budget.
    pub(super) starved: bool,
    /// No id was left.
    pub(super) exhausted: bool,
    /// Look again then.
    pub(super) wake: Nanos,
}

/// A set of levels or slots by number: one bit each.
type Places = u8;

const _: () = assert!(LEVELS_MAX <= Places::BITS as usize);

/// The first so many places.
#[inline]
const fn first(count: usize) -> Places {
    // A shift by all bits is none.
    if count >= LEVELS_MAX { Places::MAX } else { (1 << count) - 1 }
}

/// The places of a set, the lowest first.
#[inline]
fn places(mut set: Places) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = set.trailing_zeros() as usize;
        set &= set.wrapping_sub(1);
        (at < LEVELS_MAX).then_some(at)
    })
}

/// A side while it is gone through.
struct Pass<'a, 'b> {
    wish: Wish<'a>,
    slots: &'a mut [Slot],
    means: &'a mut Means<'b>,
    /// Slots whose order works and neither serves a level nor waits.
    idle: Places,
    /// Empty slots.
    empty: Places,
    /// Levels that nothing serves.
    open: Places,
    /// The most that can still trade of all slots, in lots.
    exposed: i64,
    outcome: Outcome,
}

/// Brings one side nearer to its wish.
pub(super) fn reconcile(wish: Wish<'_>, slots: &mut [Slot], means: &mut Means<'_>) -> Outcome {
    let calm = [i64::MIN, i64::MAX];
    let (wake, still) = (Nanos(i64::MAX), Nanos::UNKNOWN);
    let outcome = Outcome { calm, still, starved: false, exhausted: false, wake };
    let open = first(wish.levels);
    let (mut idle, mut empty, mut proposed, mut exposed) = (0, 0, 0, 0_i64);
    for (at, slot) in slots.iter().enumerate() {
        exposed = exposed.saturating_add(slot.exposed());
        match slot.state {
            SlotState::Working => idle |= 1 << at,
            SlotState::Empty => empty |= 1 << at,
            SlotState::Proposed => proposed |= 1 << at,
            SlotState::Cancelling => {}
        }
    }
    let mut pass = Pass { wish, slots, means, idle, empty, open, exposed, outcome };
    pass.keep(proposed);
    if pass.idle != 0 {
        if pass.wish.levels > 0 {
            pass.wait_for_youth();
        }
        pass.move_or_end();
    }
    pass.place();
    pass.outcome.still = pass.still();
    pass.outcome
}

impl Pass<'_, '_> {
    /// Orders that lie where a level wants one stay, and so do those on their way there; what is
    /// on its way somewhere else will serve a level later.
    fn keep(&mut self, mut proposed: Places) {
        for level in 0..self.wish.levels {
            let (price, qty) = (self.wish.at(level), self.wish.sizes.qty[level]);
            let serving = places(self.idle | proposed).find(|at| self.serves(*at, price, qty));
            let Some(at) = serving else { continue };
            self.open &= !(1 << level);
            if self.idle & 1 << at != 0 {
                self.narrow(level, self.slots[at].asked.price.0);
            }
            self.idle &= !(1 << at);
            proposed &= !(1 << at);
        }
        (0..proposed.count_ones()).for_each(|_| self.reserve());
    }

    #[inline]
    fn serves(&self, at: usize, price: i64, qty: i64) -> bool {
        let slot = &self.slots[at];
        let near = slot.asked.price.0.abs_diff(price) <= self.means.tolerance.cast_unsigned();
        near && (slot.state == SlotState::Proposed
            || self.wish.sizes.fits(slot.left(), qty)
                && self.wish.is_behind(slot.asked.price.0, self.wish.faced_by))
    }

    /// While the level's wish lies so near to the order, the order stays.
    #[inline]
    fn narrow(&mut self, level: usize, price: i64) {
        let first = price.saturating_sub(self.wish.at(level).saturating_sub(self.wish.price));
        let [low, high] = self.outcome.calm;
        let tolerance = self.means.tolerance;
        let (from, to) = (first.saturating_sub(tolerance), first.saturating_add(tolerance));
        self.outcome.calm = [low.max(from), high.min(to)];
    }

    /// Nothing may be concluded from a wish that has not moved.
    const fn stir(&mut self) {
        self.outcome.calm = [i64::MAX, i64::MIN];
    }

    fn wake(&mut self, at: Nanos) {
        self.outcome.wake = self.outcome.wake.min(at);
    }

    /// The last level that nothing serves is kept for an order that will be moved to it.
    #[inline]
    const fn reserve(&mut self) {
        if let Some(last) = self.open.checked_ilog2() {
            self.open &= !(1 << last);
        }
    }

    /// What is too young to be moved will serve a level later.
    fn wait_for_youth(&mut self) {
        for at in places(self.idle) {
            let since = self.slots[at].since.0;
            let mature = Nanos(since.saturating_add(self.means.life_min.0));
            if mature > self.means.now {
                self.wake(mature);
                self.stir();
                self.idle &= !(1 << at);
                self.reserve();
            }
        }
    }

    /// What serves no level is moved to one, or ends.
    fn move_or_end(&mut self) {
        for at in places(self.idle) {
            if self.slots[at].retry_at > self.means.now {
                self.wake(self.slots[at].retry_at);
                self.stir();
                self.reserve();
                continue;
            }
            if self.open != 0 && self.means.can_replace && self.wish.may_quote {
                let level = self.open.trailing_zeros() as usize;
                self.open &= self.open - 1;
                self.replace(at, level);
            } else {
                self.cancel(at);
            }
        }
    }

    /// Until when nothing would be done wherever the wish moves: while all orders are in flight or
    /// too young, and while there is no message for what could be moved or placed.
    fn still(&self) -> Nanos {
        let (wish, means) = (&self.wish, &self.means);
        if wish.levels == 0 || !wish.may_quote {
            return Nanos::UNKNOWN;
        }
        let (mut until, mut is_free) = (Nanos(i64::MAX), false);
        for slot in self.slots.iter() {
            match slot.state {
                SlotState::Working => {
                    let mature = Nanos(slot.since.0.saturating_add(means.life_min.0));
                    until = until.min(mature);
                    is_free |= mature <= means.now;
                }
                SlotState::Empty => is_free = true,
                SlotState::Proposed | SlotState::Cancelling => {}
            }
        }
        // A cancel needs less than a quote: none may come of another price, be it for want of a
        // level, of a replace or of room.
        let is_kept = wish.levels == self.slots.len()
            && means.can_replace
            && self.exposed.saturating_add(wish.sizes.qty[0]) <= wish.sizes.room;
        match (is_free, self.outcome.starved && is_kept) {
            (false, _) => until,
            (true, true) => means.budget.ready_at(),
            (true, false) => Nanos::UNKNOWN,
        }
    }

    /// Whether there is room for that level's order, where `freed` lots are its own already.
    fn has_room(&mut self, level: usize, freed: i64) -> bool {
        let more = self.wish.sizes.qty[level].saturating_sub(freed).max(0);
        let fits = self.exposed.saturating_add(more) <= self.wish.sizes.room;
        if !fits {
            self.stir();
        }
        fits
    }

    /// Whether that level's price can be asked for: it is one, and none of ours faces it.
    fn is_free(&mut self, level: usize) -> bool {
        let price = self.wish.at(level);
        let free =
            (1..=Price::MAX.0).contains(&price) && self.wish.is_behind(price, self.wish.facing);
        if !free {
            self.stir();
        }
        free
    }

    fn take(&mut self, purpose: Purpose) -> bool {
        let taken = self.means.budget.take(purpose);
        if !taken {
            self.outcome.starved = true;
            self.stir();
        }
        taken
    }

    fn replace(&mut self, at: usize, level: usize) {
        if !self.has_room(level, self.slots[at].left()) {
            return self.cancel(at);
        }
        // What would cross our own order of the other side moves towards the market: where it
        // stands it does no harm, and can wait until the other one has moved.
        if !self.is_free(level) || !self.take(Purpose::Quote) {
            return;
        }
        let price = Price(self.wish.at(level));
        let slot = &mut self.slots[at];
        let qty = slot.traded.saturating_add(self.wish.sizes.qty[level]);
        self.exposed = self.exposed.saturating_sub(slot.exposed());
        slot.replace(Terms { price, qty }, self.means.now);
        self.exposed = self.exposed.saturating_add(slot.exposed());
        self.propose(at, RequestKind::Replace);
    }

    fn cancel(&mut self, at: usize) {
        let purpose = if self.wish.levels == 0 { Purpose::Withdraw } else { Purpose::Cancel };
        if self.take(purpose) {
            self.slots[at].cancel();
            self.propose(at, RequestKind::Cancel);
        }
    }

    fn place(&mut self) {
        for at in places(self.empty) {
            if self.open == 0 {
                return;
            }
            let level = self.open.trailing_zeros() as usize;
            if !self.wish.may_quote || !self.is_free(level) || !self.has_room(level, 0) {
                return self.stir();
            }
            if !self.take(Purpose::Quote) {
                return;
            }
            let Some(order) = self.means.desk.next_id() else {
                self.outcome.exhausted = true;
                return self.stir();
            };
            let price = Price(self.wish.at(level));
            let terms = Terms { price, qty: self.wish.sizes.qty[level] };
            self.slots[at] = Slot::place(order, terms, self.means.now);
            self.exposed = self.exposed.saturating_add(terms.qty);
            self.open &= self.open - 1;
            self.propose(at, RequestKind::Place);
        }
    }

    fn propose(&mut self, at: usize, kind: RequestKind) {
        let slot = &self.slots[at];
        let cancel = kind == RequestKind::Cancel;
        let terms = if cancel { slot.standing.unwrap_or(slot.asked) } else { slot.asked };
        self.means.out.push(Proposal {
            order: slot.order,
            price: terms.price,
            qty: Qty(terms.qty),
            instrument: self.means.instrument,
            kind,
            side: self.wish.side,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: !cancel,
            reduce_only: false,
        });
    }
}
