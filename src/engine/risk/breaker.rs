//! The circuit breaker: CLOSED, OPEN, HALF_OPEN, and what leads from one to another.
//!
//! A trip opens it. After a cool-down of input time it is half open: growing orders are small and
//! few, and whatever trips opens it again; after a while without that it closes. A trip while it is
//! open lets the cool-down begin anew. A trip by an operator has no cool-down: it ends as it began,
//! by hand. The loss of the connection has none either: it ends when the venue is heard again.
//!
//! What the market says is told by `triggers`; what becomes of orders is not known here.

use super::NEVER;
use super::triggers::{Baselines, Fed, Gauge, Watch};
use crate::event::{BreakerChange, BreakerState, Mark, Trigger};
use crate::types::{InstrumentId, Nanos};
use serde::{Deserialize, Serialize};

/// What trips the breaker, and for how long. Ratios are in thousandths, moves in millionths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BreakerParams {
    /// A move within a minute.
    pub move_1min_ppm: i64,
    /// A move within five minutes.
    pub move_5min_ppm: i64,
    /// The spread against its baseline.
    pub spread_multiplier: i64,
    /// A spread below never trips, in 1/10,000 of the middle.
    pub spread_floor_bps: i64,
    /// The volume of a minute against its baseline.
    pub volume_multiplier: i64,
    /// The speed of the price against its baseline.
    pub crisis_multiplier: i64,
    /// A price that moves less in a second is in no crisis, in 1/10,000.
    pub crisis_floor_bps: i64,
    /// The venue may be away for so long.
    pub disconnect_max: Nanos,
    /// From OPEN to HALF_OPEN.
    pub cooldown: Nanos,
    /// From HALF_OPEN to CLOSED.
    pub half_open: Nanos,
    /// What an order may be in HALF_OPEN, in percent.
    pub half_open_size_pct: u32,
    /// Growing orders a second in HALF_OPEN.
    pub half_open_per_second: u32,
}

/// The breaker as one process leaves it to the next.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpeningBreaker {
    /// Its state.
    pub state: BreakerState,
    /// What tripped it last.
    pub trigger: Trigger,
    /// Since when it is so.
    pub since: Nanos,
    /// When the state ends by itself; nothing where it does not.
    pub until: Option<Nanos>,
    /// How often it was tripped.
    pub trips: u64,
    /// What was learned, by instrument.
    pub baselines: Vec<Baselines>,
}

/// The breaker as it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BreakerSeen {
    /// Its state.
    pub state: BreakerState,
    /// What tripped it last.
    pub trigger: Trigger,
    /// Where; [`InstrumentId::ALL`] where it was no instrument's.
    pub instrument: InstrumentId,
    /// Since when the state is so.
    pub since: Nanos,
    /// When the state ends by itself, if it does.
    pub until: Option<Nanos>,
    /// How often it was tripped.
    pub trips: u64,
}

/// The breaker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Breaker {
    /// Nothing where only an operator trips it.
    params: Option<BreakerParams>,
    state: BreakerState,
    trigger: Trigger,
    instrument: InstrumentId,
    since: Nanos,
    /// When the state ends by itself, or [`NEVER`].
    until: Nanos,
    trips: u64,
    /// When the loss of the connection trips, or [`NEVER`].
    lost_at: Nanos,
    /// The second in which growing orders are counted in HALF_OPEN, and their count.
    counted: (i64, u32),
    pub(super) watches: Box<[Watch]>,
}

impl Breaker {
    pub(super) fn new(params: Option<BreakerParams>, instruments: usize) -> Self {
        Self {
            params,
            state: BreakerState::Closed,
            trigger: Trigger::None,
            instrument: InstrumentId::ALL,
            since: Nanos(0),
            until: NEVER,
            trips: 0,
            lost_at: NEVER,
            counted: (0, 0),
            watches: (0..instruments).map(|_| Watch::new(Baselines::default())).collect(),
        }
    }

    pub(super) fn open(&mut self, opening: &OpeningBreaker) {
        let OpeningBreaker { state, trigger, since, until, trips, baselines } = opening;
        (self.state, self.trigger, self.since, self.trips) = (*state, *trigger, *since, *trips);
        self.until = until.unwrap_or(NEVER);
        for (watch, known) in self.watches.iter_mut().zip(baselines) {
            *watch = Watch::new(*known);
        }
        // A connection that was lost is another one's now: what it tripped cools down.
        if (self.state, self.trigger) == (BreakerState::Open, Trigger::ConnectivityLoss) {
            let span = self.params.map_or(Nanos(0), |params| params.cooldown);
            self.until = later(self.since, span);
        }
    }

    pub(super) fn closing(&self) -> OpeningBreaker {
        OpeningBreaker {
            state: self.state,
            trigger: self.trigger,
            since: self.since,
            until: self.shown_until(),
            trips: self.trips,
            baselines: self.watches.iter().map(|watch| watch.baselines).collect(),
        }
    }

    pub(super) fn seen(&self) -> BreakerSeen {
        BreakerSeen {
            state: self.state,
            trigger: self.trigger,
            instrument: self.instrument,
            since: self.since,
            until: self.shown_until(),
            trips: self.trips,
        }
    }

    fn shown_until(&self) -> Option<Nanos> {
        Some(self.until).filter(|until| *until != NEVER)
    }

    /// Whether anything but an operator trips it.
    pub(super) const fn has_triggers(&self) -> bool {
        self.params.is_some()
    }

    #[inline]
    pub(super) const fn state(&self) -> BreakerState {
        self.state
    }

    /// When something happens if nothing else does.
    #[inline]
    pub(super) fn due(&self) -> Nanos {
        self.until.min(self.lost_at)
    }

    /// Takes a mark; what it trips.
    #[inline]
    pub(super) fn mark(&mut self, mark: &Mark) -> Option<Trigger> {
        let params = self.params.as_ref()?;
        if mark.stale.is_some() || mark.bid_qty.0 == 0 || mark.ask_qty.0 == 0 {
            return None;
        }
        self.watches[mark.instrument.index()].mark(mark, params)
    }

    /// Whether the venue was lost: whoever has a fresh mark says that it is back.
    #[inline]
    pub(super) fn is_lost(&self) -> bool {
        let by_loss = self.trigger == Trigger::ConnectivityLoss && self.until == NEVER;
        self.lost_at != NEVER || (by_loss && self.state == BreakerState::Open)
    }

    /// The connection is down.
    pub(super) fn lost(&mut self, now: Nanos) {
        if let Some(params) = &self.params {
            self.lost_at = self.lost_at.min(later(now, params.disconnect_max));
        }
    }

    /// A fresh book shows that the venue is heard again.
    pub(super) fn found(&mut self, now: Nanos) -> Option<BreakerChange> {
        self.lost_at = NEVER;
        let by_loss = self.trigger == Trigger::ConnectivityLoss && self.until == NEVER;
        (by_loss && self.state == BreakerState::Open).then(|| self.half_open(now))
    }

    /// Something trips it; what changes by that.
    pub(super) fn trip(
        &mut self,
        trigger: Trigger,
        instrument: InstrumentId,
        now: Nanos,
    ) -> Option<BreakerChange> {
        let was = self.state;
        let by_hand = self.trigger == Trigger::Manual && was == BreakerState::Open;
        if by_hand {
            return None;
        }
        let ends = !matches!(trigger, Trigger::Manual | Trigger::ConnectivityLoss);
        let cooldown = self.params.filter(|_| ends).map(|params| params.cooldown);
        let until = cooldown.map_or(NEVER, |span| later(now, span));
        if was == BreakerState::Open && trigger != Trigger::Manual {
            // It is open for as long as the longest of its reasons.
            self.until = self.until.max(until);
            return None;
        }
        (self.trigger, self.instrument, self.until) = (trigger, instrument, until);
        self.trips += 1;
        self.state = BreakerState::Open;
        self.since = now;
        Some(BreakerChange { was, state: self.state, trigger })
    }

    /// An operator closes it.
    pub(super) fn reset(&mut self, now: Nanos) -> Option<BreakerChange> {
        let was = self.state;
        if was == BreakerState::Closed {
            return None;
        }
        self.begin(BreakerState::Closed, now, NEVER);
        self.trigger = Trigger::None;
        Some(BreakerChange { was, state: self.state, trigger: Trigger::Manual })
    }

    /// What is due.
    pub(super) fn on_time(&mut self, now: Nanos) -> Option<BreakerChange> {
        if now >= self.lost_at {
            self.lost_at = NEVER;
            return self.trip(Trigger::ConnectivityLoss, InstrumentId::ALL, now);
        }
        if now < self.until {
            return None;
        }
        match self.state {
            BreakerState::Open => Some(self.half_open(now)),
            BreakerState::HalfOpen => {
                let was = self.state;
                self.begin(BreakerState::Closed, now, NEVER);
                Some(BreakerChange { was, state: self.state, trigger: self.trigger })
            }
            BreakerState::Closed => None,
        }
    }

    fn half_open(&mut self, now: Nanos) -> BreakerChange {
        let was = self.state;
        let span = self.params.map_or(Nanos(0), |params| params.half_open);
        self.begin(BreakerState::HalfOpen, now, later(now, span));
        BreakerChange { was, state: self.state, trigger: self.trigger }
    }

    fn begin(&mut self, state: BreakerState, now: Nanos, until: Nanos) {
        (self.state, self.since, self.until) = (state, now, until);
        self.watches.iter_mut().for_each(Watch::forget_moves);
    }

    /// Takes a change that is recorded: it is a fact, whatever would be decided here.
    pub(super) fn recorded(&mut self, change: BreakerChange, instrument: InstrumentId, now: Nanos) {
        self.state = change.was;
        match change.state {
            BreakerState::Open => {
                if change.trigger == Trigger::ConnectivityLoss {
                    self.lost_at = NEVER;
                }
                self.trip(change.trigger, instrument, now);
            }
            BreakerState::HalfOpen => drop(self.half_open(now)),
            BreakerState::Closed => {
                self.begin(BreakerState::Closed, now, NEVER);
                if change.trigger == Trigger::Manual {
                    self.trigger = Trigger::None;
                }
            }
        }
    }

    /// Something would trip it: an open one stays open for longer, and no record tells of that.
    pub(super) fn follow(&mut self, trigger: Trigger, instrument: InstrumentId, now: Nanos) {
        if self.state == BreakerState::Open {
            self.trip(trigger, instrument, now);
        }
    }

    /// What is due, but for the changes that are recorded.
    pub(super) fn follow_time(&mut self, now: Nanos) {
        if now >= self.lost_at && self.state == BreakerState::Open {
            self.lost_at = NEVER;
            self.trip(Trigger::ConnectivityLoss, InstrumentId::ALL, now);
        }
    }

    /// The venue is heard again.
    pub(super) const fn heard(&mut self) {
        self.lost_at = NEVER;
    }

    /// In HALF_OPEN: what a growing order may be, of a greatest quantity in lots.
    pub(super) fn small(&self, qty_min: i64, qty_max: i64) -> i64 {
        let pct = self.params.map_or(100, |params| params.half_open_size_pct);
        let part = i128::from(qty_max) * i128::from(pct) / 100;
        i64::try_from(part).unwrap_or(i64::MAX).max(qty_min)
    }

    /// In HALF_OPEN: growing orders of this second with one more, and how many there may be.
    pub(super) fn counted(&self, now: Nanos) -> (u32, u32) {
        let (second, count) = self.counted;
        let count = if second == now.0.div_euclid(1_000_000_000) { count } else { 0 };
        let most = self.params.map_or(u32::MAX, |params| params.half_open_per_second);
        (count.saturating_add(1), most)
    }

    /// A growing order leaves.
    #[inline]
    pub(super) fn count(&mut self, now: Nanos) {
        if self.state == BreakerState::HalfOpen {
            self.counted = (now.0.div_euclid(1_000_000_000), self.counted(now).0);
        }
    }
}

const fn later(now: Nanos, span: Nanos) -> Nanos {
    Nanos(now.0.saturating_add(span.0))
}

impl super::Risk {
    /// The breaker.
    #[must_use]
    pub fn breaker(&self) -> BreakerSeen {
        self.breaker.seen()
    }

    /// How near the triggers of that instrument are.
    #[must_use]
    pub fn gauge(&self, instrument: InstrumentId) -> Gauge {
        self.breaker.watches[instrument.index()].gauge
    }

    /// What the rules of that instrument were fed with.
    #[must_use]
    pub fn fed(&self, instrument: InstrumentId) -> Fed {
        self.breaker.watches[instrument.index()].fed()
    }
}
