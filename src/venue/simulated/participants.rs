//! The crowd of one market: takers, makers, noise, arbitrageurs.
//!
//! Makers follow a fair value that they learn late; arbitrageurs know it and take what is stale. So
//! who quotes earns the spread from takers and loses to arbitrageurs, and how much is a matter of
//! how well he quotes. The crowd knows nothing of us: our orders are orders like any other.

use super::agenda::Kind;
use super::chance::Chance;
use super::fair::{FairValue, float};
use super::matching::{Incoming, Match, Placed, place};
use super::orders::{Owner, Place, RestingOrders};
use super::params::{CrowdParams, MarketParams, ParticipantParams};
use crate::types::{Nanos, Price, Qty, Side, TimeInForce};

const BP: f64 = 1e-4;
/// Orders that one participant of noise rests at most.
const NOISE_ORDERS: u32 = 8;
/// Each maker quotes so much wider than the one before, as a part of the tightest.
const MAKER_STAIR: f64 = 0.2;
/// No order is larger than so many times the average: a book that is swept clean teaches nothing.
const SIZE_MAX: f64 = 8.0;

/// A maker's idea of the fair value, in ticks, and since when.
#[derive(Clone, Copy, Debug)]
struct View {
    ticks: f64,
    at: Nanos,
}

/// Mean sizes in order steps.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    taker: f64,
    maker: f64,
    noise: f64,
    arbitrageur: f64,
}

/// The participants of one market and their orders.
#[derive(Debug)]
pub(super) struct Crowd {
    params: CrowdParams,
    market: MarketParams,
    step_lots: i64,
    sizes: Sizes,
    fair: FairValue,
    views: Vec<View>,
    /// By tag: two of each maker, bid first, then those of noise.
    places: Vec<Option<Place>>,
    chance: Chance,
}

/// What a turn of the crowd acts on.
#[derive(Debug)]
pub(super) struct Floor<'a> {
    /// The market's orders.
    pub(super) orders: &'a mut RestingOrders,
    /// The trades of the turn.
    pub(super) matches: &'a mut Vec<Match>,
}

impl Crowd {
    /// The crowd at its start, without orders yet; the fair value is given in ticks.
    #[must_use]
    pub(super) fn new(
        params: &CrowdParams,
        market: &MarketParams,
        (at, fair): (Nanos, f64),
        chance: Chance,
    ) -> Self {
        let places = 2 * params.maker.count + NOISE_ORDERS * params.noise.count;
        let step_lots = market.step_lots();
        let unit = |scale: crate::types::Scale| {
            float(scale.increment()) / float(crate::types::decimal::pow10(scale.decimals()))
        };
        let step_worth = float(market.start_price.0) * unit(market.tick) * unit(market.order_step);
        let steps = |participant: &ParticipantParams| participant.notional / step_worth;
        Self {
            params: *params,
            market: *market,
            step_lots,
            sizes: Sizes {
                taker: steps(&params.taker),
                maker: steps(&params.maker),
                noise: steps(&params.noise),
                arbitrageur: steps(&params.arbitrageur),
            },
            fair: FairValue::new(market, at, fair),
            views: vec![View { ticks: fair, at }; params.maker.count as usize],
            places: vec![None; places as usize],
            chance,
        }
    }

    /// How long until somebody of that kind acts; nothing if none ever does.
    pub(super) fn wait(&mut self, kind: Kind) -> Option<Nanos> {
        let per_minute = |p: &ParticipantParams| f64::from(p.count) * p.rate_per_minute;
        let per_minute = match kind {
            Kind::Taker => per_minute(&self.params.taker),
            Kind::Maker => per_minute(&self.params.maker),
            Kind::Noise => per_minute(&self.params.noise),
            Kind::Arbitrageur => per_minute(&self.params.arbitrageur),
            Kind::Jump => self.market.jumps_per_hour / 60.0,
        };
        // A wait of more than a thousand years is none.
        let nanos = self.chance.exponential() * 60e9 / per_minute;
        (nanos < 3e19_f64.min(float(i64::MAX / 4))).then(|| Nanos(whole(nanos) + 1))
    }

    /// Somebody of that kind acts.
    pub(super) fn act(&mut self, kind: Kind, now: Nanos, floor: &mut Floor<'_>) {
        match kind {
            Kind::Taker => self.take(floor),
            Kind::Maker => {
                let maker = self.chance.below(self.params.maker.count);
                self.quote(maker, now, floor);
            }
            Kind::Noise => self.rest_or_cancel(now, floor),
            Kind::Arbitrageur => self.arbitrage(now, floor),
            Kind::Jump => {
                let part = self.market.jump_bps * BP * self.chance.normal();
                self.fair.change(part);
            }
        }
    }

    /// The book at the start: every maker quotes, and noise has rested half of what it may.
    pub(super) fn open(&mut self, now: Nanos, floor: &mut Floor<'_>) {
        for maker in (0..self.params.maker.count).rev() {
            self.quote(maker, now, floor);
        }
        for _ in 0..self.params.noise.count * NOISE_ORDERS / 2 {
            self.rest_or_cancel(now, floor);
        }
    }

    /// An order of that tag is gone by a trade; whose tag is none of ours is not of this crowd.
    pub(super) fn traded_whole(&mut self, tag: u64) {
        let place = usize::try_from(tag).ok().and_then(|tag| self.places.get_mut(tag));
        if let Some(place) = place {
            *place = None;
        }
    }

    /// The fair value as of the last look, in ticks.
    #[must_use]
    pub(super) const fn fair(&self) -> f64 {
        self.fair.ticks()
    }

    fn take(&mut self, floor: &mut Floor<'_>) {
        let side = self.any_side();
        let qty = self.exponential_size(self.sizes.taker);
        let makers = self.params.maker.count;
        let owner = Owner(1 + makers + self.params.noise.count);
        let order = Incoming {
            tag: 0,
            price: None,
            qty,
            owner,
            side,
            time_in_force: TimeInForce::ImmediateOrCancel,
            post_only: false,
        };
        place(floor.orders, &order, floor.matches);
    }

    /// A maker takes its quotes out and puts new ones in.
    fn quote(&mut self, maker: u32, now: Nanos, floor: &mut Floor<'_>) {
        let fair = self.fair.look(now, &mut self.chance);
        let view = &mut self.views[maker as usize];
        let passed = float(now.0 - view.at.0);
        let lag = float(self.params.maker_lag.0);
        // After one lag it has learned half; a fraction in place of an exponential.
        let learned = if lag > 0.0 { passed / (passed + lag) } else { 1.0 };
        view.ticks += (fair - view.ticks) * learned;
        view.at = now;
        let view = view.ticks;
        let stair = 1.0 + MAKER_STAIR * f64::from(maker);
        let jitter = 0.9 + 0.2 * self.chance.unit();
        let half = 0.5 * self.params.maker_spread_bps * BP * view * stair * jitter;
        for side in Side::BOTH {
            self.cancel(2 * maker + side as u32, floor);
        }
        for side in Side::BOTH {
            let price = match side {
                Side::Bid => whole((view - half).floor()),
                Side::Ask => whole((view + half).ceil()),
            };
            let steps = self.sizes.maker * (0.5 + self.chance.unit());
            let qty = self.lots(steps);
            self.rest(Owner(1 + maker), 2 * maker + side as u32, (side, price, qty), floor);
        }
    }

    /// Noise cancels an order at random, or rests one where that place is empty.
    fn rest_or_cancel(&mut self, now: Nanos, floor: &mut Floor<'_>) {
        let of_noise = self.chance.below(self.params.noise.count * NOISE_ORDERS);
        let place = 2 * self.params.maker.count + of_noise;
        if self.cancel(place, floor) {
            return;
        }
        let fair = self.fair.look(now, &mut self.chance);
        let depth = self.params.noise_depth_bps * BP * fair * self.chance.exponential();
        let side = self.any_side();
        let price = match side {
            Side::Bid => whole((fair - depth).floor()),
            Side::Ask => whole((fair + depth).ceil()),
        };
        let qty = self.exponential_size(self.sizes.noise);
        let owner = Owner(1 + self.params.maker.count + of_noise / NOISE_ORDERS);
        self.rest(owner, place, (side, price, qty), floor);
    }

    /// Takes whatever stands on the wrong side of the fair value by more than the edge.
    fn arbitrage(&mut self, now: Nanos, floor: &mut Floor<'_>) {
        let fair = self.fair.look(now, &mut self.chance);
        let edge = self.params.arbitrageur_edge_bps * BP * fair;
        let limits = [Price(whole((fair - edge).floor())), Price(whole((fair + edge).ceil()))];
        for side in Side::BOTH {
            let limit = limits[side.index()];
            let stale = floor.orders.best(side.opposite());
            if stale.is_none_or(|(price, _)| price.0 * side.sign() >= limit.0 * side.sign()) {
                continue;
            }
            let order = Incoming {
                tag: 0,
                price: Some(limit),
                qty: self.exponential_size(self.sizes.arbitrageur),
                owner: Owner(2 + self.params.maker.count + self.params.noise.count),
                side,
                time_in_force: TimeInForce::ImmediateOrCancel,
                post_only: false,
            };
            place(floor.orders, &order, floor.matches);
            return;
        }
    }

    /// Rests an order that does not trade: where it would, it stands one tick before the touch.
    fn rest(
        &mut self,
        owner: Owner,
        at: u32,
        (side, price, qty): (Side, i64, Qty),
        floor: &mut Floor<'_>,
    ) {
        let behind = floor.orders.best(side.opposite()).map(|(touch, _)| touch.0 - side.sign());
        let price = match (side, behind) {
            (Side::Bid, Some(behind)) => price.min(behind),
            (Side::Ask, Some(behind)) => price.max(behind),
            (_, None) => price,
        };
        if price < 1 {
            return;
        }
        let order = Incoming {
            tag: u64::from(at),
            price: Some(Price(price)),
            qty,
            owner,
            side,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: true,
        };
        if let Placed::Rests(place) = place(floor.orders, &order, floor.matches) {
            self.places[at as usize] = Some(place);
        }
    }

    /// Cancels the order of that place; tells whether there was one.
    fn cancel(&mut self, at: u32, floor: &mut Floor<'_>) -> bool {
        let Some(place) = self.places[at as usize].take() else { return false };
        let left = floor.orders.get(place).left;
        floor.orders.take(place, left);
        true
    }

    fn any_side(&mut self) -> Side {
        Side::BOTH[usize::from(self.chance.coin())]
    }

    fn exponential_size(&mut self, mean_steps: f64) -> Qty {
        let size = self.chance.exponential().min(SIZE_MAX);
        self.lots(mean_steps * size)
    }

    /// The nearest whole number of order steps, one at least, in lots.
    fn lots(&self, steps: f64) -> Qty {
        Qty(whole(steps + 0.5).clamp(1, i64::MAX / self.step_lots) * self.step_lots)
    }
}

/// The whole part.
#[expect(clippy::cast_possible_truncation, reason = "that is what it is for; it saturates")]
const fn whole(x: f64) -> i64 {
    x as i64
}
