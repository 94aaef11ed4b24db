//! Books: from events to two ladders, and whether they can be trusted.
//!
//! A book is *stale* with a named reason until a whole snapshot has come and every update since has
//! kept the venue's promises; only a snapshot makes it *fresh* again. The judgement falls at the
//! end of each message, never inside one: levels of one message may cross for a moment.
//! A venue's bytes are not known here, nor what is done about a stale book.

mod books;
mod bridge;
pub mod checksum;
mod far;
pub mod ladder;
pub mod orders;
pub mod rules;
mod state;
pub mod top;

#[cfg(test)]
mod ladder_tests;
#[cfg(test)]
mod orders_tests;
#[cfg(test)]
mod tests;

pub use books::Books;
pub use checksum::WireScales;
pub use ladder::Ladder;
pub use orders::Orders;
pub use rules::{Crossing, Rules};
pub use state::{BookCounts, BookParams, BookState, Change};
pub use top::Top;

use crate::event::{Body, Event, Level, Levels, OrderAction, OrderUpdate, Shape, Stale};
use crate::types::{Qty, Side};
use bridge::Bridge;
use ladder::Full;
use orders::Outcome;
use serde::{Deserialize, Serialize};

/// What happens to the parts of the message that is coming in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Course {
    Apply,
    Wait,
    Skip,
}

/// One instrument's book.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Book {
    rules: Rules,
    scales: WireScales,
    ladders: [Ladder; 2],
    orders: Option<Orders>,
    bridge: Option<Bridge>,
    state: BookState,
    /// A snapshot is coming in.
    loading: bool,
    /// The last stamp of the venue was too far from ours.
    is_clock_off: bool,
    course: Course,
    /// The venue's id of the last message applied; 0 where it has none.
    id: u64,
    /// An update has followed the snapshot: from here on ids must chain.
    bridged: bool,
    /// Levels of each side that the subscription covers; `usize::MAX` for all.
    depth: usize,
    top: Option<Top>,
    counts: BookCounts,
}

impl Book {
    /// An empty book, stale until a snapshot comes.
    #[must_use]
    pub fn new(params: &BookParams) -> Self {
        let ladder = |side| Ladder::new(side, params.window_ticks, params.far_levels_max);
        Self {
            rules: params.rules,
            scales: params.scales,
            ladders: [ladder(Side::Bid), ladder(Side::Ask)],
            orders: (params.orders_max > 0).then(|| Orders::new(params.orders_max)),
            bridge: params.rules.bridges.then(Bridge::new),
            state: BookState::Stale(Stale::NoSnapshot),
            loading: false,
            is_clock_off: false,
            course: Course::Skip,
            id: 0,
            bridged: false,
            depth: usize::MAX,
            top: None,
            counts: BookCounts::default(),
        }
    }

    /// Whether it can be quoted on.
    #[inline]
    #[must_use]
    pub const fn state(&self) -> BookState {
        self.state
    }

    /// The touch as of the last whole message, whatever the state; nothing while a side is empty.
    #[inline]
    #[must_use]
    pub const fn top(&self) -> Option<Top> {
        self.top
    }

    /// One side.
    #[inline]
    #[must_use]
    pub const fn side(&self, side: Side) -> &Ladder {
        &self.ladders[side.index()]
    }

    /// The orders, if it is kept order by order.
    #[must_use]
    pub const fn orders(&self) -> Option<&Orders> {
        self.orders.as_ref()
    }

    /// The venue's id of the last message applied.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// What was counted.
    #[must_use]
    pub const fn counts(&self) -> &BookCounts {
        &self.counts
    }

    /// Takes one event with its levels.
    #[inline]
    pub fn apply(&mut self, event: &Event, levels: &[Level]) -> Change {
        let before = (self.top, self.state);
        match event.body {
            Body::Levels(head) => match head.shape {
                Shape::Update => {
                    self.judge_clock(event);
                    self.update(head, levels);
                }
                Shape::Snapshot => self.snapshot(head, levels),
                Shape::Top => return Change::default(),
            },
            Body::Order(order) => self.order(&order, levels[0]),
            Body::Trade(trade) if !trade.history => self.judge_clock(event),
            Body::Fault(reason) => self.fail(reason),
            Body::Subscribed { depth } => {
                self.depth = if depth == 0 { usize::MAX } else { depth as usize };
            }
            _ => return Change::default(),
        }
        Change { top: self.top != before.0, state: self.state != before.1 }
    }

    /// Makes the book stale. The first reason stays until a snapshot comes.
    pub fn fail(&mut self, reason: Stale) {
        self.counts.faults[reason as usize] += 1;
        if matches!(self.state, BookState::Fresh | BookState::Stale(Stale::NoSnapshot)) {
            self.state = BookState::Stale(reason);
        }
        self.loading = false;
        self.course = Course::Skip;
        if let Some(bridge) = &mut self.bridge {
            bridge.clear();
        }
    }

    fn judge_clock(&mut self, event: &Event) {
        if let Some(offset) = event.clock_offset() {
            self.is_clock_off = offset.0.saturating_abs() > self.rules.clock_offset_max.0;
            if self.is_clock_off {
                self.fail(Stale::ClockOffset);
            }
        }
    }

    fn snapshot(&mut self, head: Levels, levels: &[Level]) {
        if head.first {
            self.begin_snapshot();
        }
        if !self.loading {
            return;
        }
        for level in levels {
            let ladder = &mut self.ladders[level.side().index()];
            if ladder.set(level.price(), level.qty()).is_err() {
                return self.fail(Stale::BookFull);
            }
        }
        if head.last {
            self.loading = false;
            self.id = head.id;
            self.bridged = false;
            if self.is_clock_off {
                // A snapshot says nothing of the clock, and must not pass for its cure.
                return self.fail(Stale::ClockOffset);
            }
            self.state = BookState::Fresh;
            self.settle(&head);
            self.cross_bridge();
        }
    }

    fn begin_snapshot(&mut self) {
        for ladder in &mut self.ladders {
            ladder.clear();
        }
        if let Some(orders) = &mut self.orders {
            orders.clear();
        }
        self.top = None;
        self.loading = true;
        if self.state == BookState::Fresh {
            self.state = BookState::Stale(Stale::NoSnapshot);
        }
    }

    /// Applies the updates that waited for the snapshot. Where it is too old for them, they wait on
    /// for the next one: without them an old snapshot could pass for a new one.
    fn cross_bridge(&mut self) {
        let Some(mut bridge) = self.bridge.take() else {
            return;
        };
        let mut at = 0;
        while self.state == BookState::Fresh
            && let Some((head, levels)) = bridge.get(at)
        {
            self.update(head, levels);
            at += 1;
        }
        if self.state == BookState::Fresh {
            bridge.clear();
        }
        self.bridge = Some(bridge);
    }

    #[inline]
    fn update(&mut self, head: Levels, levels: &[Level]) {
        if head.first {
            self.course = self.course_of(&head);
        }
        match self.course {
            Course::Apply => self.update_levels(&head, levels),
            Course::Wait => {
                let kept = self.bridge.as_mut().is_some_and(|bridge| bridge.push(head, levels));
                if !kept {
                    self.fail(Stale::BridgeOverflow);
                }
            }
            Course::Skip => {}
        }
    }

    /// What to do with the message that begins with this part.
    #[inline]
    fn course_of(&mut self, head: &Levels) -> Course {
        match self.state {
            BookState::Fresh if head.id != 0 => return self.chain(head.follows, head.id),
            BookState::Fresh => {}
            BookState::Stale(_) if self.rules.bridges => return Course::Wait,
            BookState::Stale(Stale::NoSnapshot) => {
                self.counts.unbased += 1;
                return Course::Skip;
            }
            // Still kept up, for those who look at a stale book.
            BookState::Stale(_) => {}
        }
        Course::Apply
    }

    /// Judges a venue's update id against the last one.
    fn chain(&mut self, follows: u64, id: u64) -> Course {
        if id <= self.id {
            self.counts.old += 1;
            return Course::Skip;
        }
        let chained = if self.bridged { follows == self.id } else { follows <= self.id };
        if !chained {
            self.fail(Stale::SequenceGap);
            // While the bridge is crossed it is not there, and holds the message already.
            return if self.bridge.is_some() { Course::Wait } else { Course::Skip };
        }
        self.id = id;
        self.bridged = true;
        Course::Apply
    }

    #[inline]
    fn update_levels(&mut self, head: &Levels, levels: &[Level]) {
        for level in levels {
            let ladder = &mut self.ladders[level.side().index()];
            match ladder.set(level.price(), level.qty()) {
                Ok(old) => {
                    if level.qty() == Qty::ZERO && old == Qty::ZERO {
                        self.counts.absent += 1;
                        if self.rules.removes_present_only {
                            self.fail(Stale::AbsentLevel);
                        }
                    }
                }
                Err(Full) => return self.fail(Stale::BookFull),
            }
        }
        if head.last {
            self.settle(head);
        }
    }

    /// The end of a message: the book is cut to its depth and judged.
    #[inline]
    fn settle(&mut self, head: &Levels) {
        self.counts.applied += 1;
        if self.depth != usize::MAX {
            for ladder in &mut self.ladders {
                ladder.truncate(self.depth);
            }
        }
        if let Some(sum) = head.checksum
            && self.state == BookState::Fresh
        {
            if checksum::compute(&self.ladders, self.scales, sum) == Some(sum.crc()) {
                self.counts.checksums_ok += 1;
            } else {
                self.fail(Stale::ChecksumMismatch);
            }
        }
        self.read_top();
    }

    /// Reads the touch and judges whether it is crossed.
    #[inline]
    fn read_top(&mut self) {
        let [bids, asks] = &self.ladders;
        self.top = match (bids.best(), asks.best()) {
            (Some((bid, bid_qty)), Some((ask, ask_qty))) => {
                Some(Top { bid, bid_qty, ask, ask_qty })
            }
            _ => None,
        };
        let crossed = self.top.is_some_and(|top| top.is_crossed());
        if crossed && self.state == BookState::Fresh {
            self.fail(Stale::Crossed);
        } else if !crossed
            && self.rules.crossing == Crossing::Passing
            && self.state == BookState::Stale(Stale::Crossed)
        {
            self.state = BookState::Fresh;
        }
    }

    fn order(&mut self, order: &OrderUpdate, level: Level) {
        if self.orders.is_none() {
            self.counts.unbased += 1;
            return;
        }
        if order.snapshot {
            if order.first {
                self.begin_snapshot();
            }
            self.id = order.id;
        } else {
            if self.loading {
                // The first live order ends the snapshot; it has no other end.
                self.loading = false;
                self.state = BookState::Fresh;
            }
            let id = order.id;
            if id != 0 && self.state == BookState::Fresh && !self.follows(id) {
                return;
            }
        }
        let Some(orders) = &mut self.orders else { return };
        match orders.apply(order.key, order.action, level, &mut self.ladders) {
            Ok(Outcome::Changed | Outcome::Nothing) => {}
            Ok(Outcome::Absent) => {
                self.counts.absent += 1;
                if order.action == OrderAction::Match && self.rules.removes_present_only {
                    self.fail(Stale::AbsentLevel);
                }
            }
            Err(Full) => self.fail(Stale::BookFull),
        }
        self.counts.applied += 1;
        self.read_top();
    }

    /// Whether the message of that id is the next one; a gap makes the book stale.
    fn follows(&mut self, id: u64) -> bool {
        self.bridged = true;
        self.chain(id - 1, id) == Course::Apply
    }
}
