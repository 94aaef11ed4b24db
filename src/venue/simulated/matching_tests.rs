//! The matching engine against a naive one: every short story, and long random ones.

use super::super::orders::{Owner, RestingOrders};
use super::{Incoming, Match, Placed, place};
use crate::event::RejectCode;
use crate::types::{Price, Qty, Side, TimeInForce};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// One order of the naive engine: a list in the order of arrival, searched whole each time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plain {
    tag: u64,
    owner: Owner,
    side: Side,
    price: i64,
    left: i64,
}

/// Whose order rested, at which price, how much.
type Traded = (u64, i64, i64);

#[derive(Default, Debug)]
struct Naive(Vec<Plain>);

impl Naive {
    /// The place of the one to trade with next: the best price, there the oldest.
    fn next(&self, order: &Incoming) -> Option<usize> {
        let mut best: Option<usize> = None;
        for (at, plain) in self.0.iter().enumerate() {
            let beyond = order.price.is_some_and(|limit| match order.side {
                Side::Bid => plain.price > limit.0,
                Side::Ask => plain.price < limit.0,
            });
            let better = best.is_none_or(|b| match order.side {
                Side::Bid => plain.price < self.0[b].price,
                Side::Ask => plain.price > self.0[b].price,
            });
            if plain.side != order.side && !beyond && better {
                best = Some(at);
            }
        }
        best
    }

    /// Answers with the code of a refusal, or what is left and whether it rests.
    fn place(&mut self, order: &Incoming) -> (Vec<Traded>, Result<(i64, bool), RejectCode>) {
        if order.post_only && self.next(order).is_some() {
            return (vec![], Err(RejectCode::PostOnly));
        }
        let saved = self.0.clone();
        let (mut trades, mut left, mut code) = (vec![], order.qty.0, RejectCode::Unfilled);
        while left > 0
            && let Some(at) = self.next(order)
        {
            if self.0[at].owner == order.owner {
                code = RejectCode::SelfTrade;
                break;
            }
            let qty = left.min(self.0[at].left);
            trades.push((self.0[at].tag, self.0[at].price, qty));
            left -= qty;
            self.0[at].left -= qty;
            if self.0[at].left == 0 {
                self.0.remove(at);
            }
        }
        let kill = order.time_in_force == TimeInForce::FillOrKill && left > 0;
        if kill {
            self.0 = saved;
            return (vec![], Err(code));
        }
        let stands = order.time_in_force == TimeInForce::GoodTillCancel
            && order.price.is_some()
            && code != RejectCode::SelfTrade
            && left > 0;
        if stands {
            let Incoming { tag, owner, side, .. } = *order;
            self.0.push(Plain { tag, owner, side, price: order.price.unwrap().0, left });
        } else if left == order.qty.0 {
            return (vec![], Err(code));
        }
        (trades, Ok((left, stands)))
    }

    fn sorted(&self, side: Side) -> Vec<Plain> {
        let mut list: Vec<_> = self.0.iter().copied().filter(|p| p.side == side).collect();
        list.sort_by_key(|p| -p.price * side.sign());
        list
    }
}

/// Both engines and what the levels were when the last change began.
struct Pair {
    real: RestingOrders,
    naive: Naive,
    matches: Vec<Match>,
}

impl Pair {
    fn new() -> Self {
        Self { real: RestingOrders::new(4), naive: Naive::default(), matches: vec![] }
    }

    fn levels(&self) -> Vec<(Side, Price, Qty)> {
        let of = |side| self.real.levels(side).map(move |(price, qty)| (side, price, qty));
        Side::BOTH.into_iter().flat_map(of).collect()
    }

    fn place(&mut self, order: &Incoming) {
        let before = self.levels();
        self.matches.clear();
        let placed = place(&mut self.real, order, &mut self.matches);
        let (trades, expected) = self.naive.place(order);
        let real: Vec<_> = self.matches.iter().map(|m| (m.tag, m.price.0, m.qty.0)).collect();
        assert_eq!(real, trades, "{order:?}");
        let got = match placed {
            Placed::Refused(code) => Err(code),
            Placed::Traded => Ok((0, false)),
            Placed::Rests(place) => Ok((self.real.get(place).left.0, true)),
            Placed::Ended { left, .. } => Ok((left.0, false)),
        };
        assert_eq!(got, expected, "{order:?}");
        self.compare(&before);
    }

    fn cancel(&mut self, at: usize) {
        let before = self.levels();
        let tag = self.naive.0.remove(at).tag;
        let mut places = Side::BOTH.into_iter().flat_map(|side| self.real.iter(side));
        let found = places.find(|p| self.real.get(*p).tag == tag);
        drop(places);
        let place = found.expect("both have it");
        let left = self.real.get(place).left;
        assert_eq!(self.real.take(place, left), Qty(0));
        self.compare(&before);
    }

    /// Queues are equal, and what is said of the levels leads from the old ones to the new.
    fn compare(&mut self, before: &[(Side, Price, Qty)]) {
        for side in Side::BOTH {
            let list = self.real.iter(side).map(|place| {
                let o = self.real.get(place);
                Plain { tag: o.tag, owner: o.owner, side, price: o.price.0, left: o.left.0 }
            });
            assert_eq!(list.collect::<Vec<_>>(), self.naive.sorted(side));
        }
        let mut told = before.to_vec();
        for touched in self.real.touched() {
            let key = (touched.side, touched.price);
            let old = told.iter().find(|l| (l.0, l.1) == key).map_or(Qty(0), |l| l.2);
            assert_eq!(old, touched.before);
            told.retain(|l| (l.0, l.1) != key);
            if touched.after > Qty(0) {
                told.push((key.0, key.1, touched.after));
            }
        }
        let mut now = self.levels();
        now.sort();
        told.sort();
        assert_eq!(told, now);
        self.real.forget_touched();
    }
}

/// Every kind of order over so many owners, prices and quantities.
fn alphabet(owners: u32, prices: i64, qtys: i64) -> Vec<Incoming> {
    let mut all = vec![];
    for owner in 0..owners {
        for side in Side::BOTH {
            for price in (1..=prices).map(Some).chain([None]) {
                for qty in 1..=qtys {
                    for time_in_force in TimeInForce::ALL {
                        for post_only in [false, true] {
                            if post_only && time_in_force != TimeInForce::GoodTillCancel {
                                continue;
                            }
                            all.push(Incoming {
                                tag: 0,
                                price: price.map(Price),
                                qty: Qty(qty),
                                owner: Owner(owner),
                                side,
                                time_in_force,
                                post_only,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn every_story_of_three_orders_is_the_naive_one() {
    let all = alphabet(2, 2, 2);
    let rests: Vec<_> = all
        .iter()
        .filter(|o| o.price.is_some() && o.time_in_force == TimeInForce::GoodTillCancel)
        .filter(|o| !o.post_only)
        .collect();
    let mut stories = 0;
    for first in &rests {
        for second in &rests {
            for third in &all {
                let mut pair = Pair::new();
                for (tag, order) in [*first, *second, third].into_iter().enumerate() {
                    pair.place(&Incoming { tag: tag as u64, ..*order });
                }
                stories += 1;
            }
        }
    }
    assert_eq!(stories, 16 * 16 * 96);
}

#[test]
fn long_random_stories_are_the_naive_ones() {
    let all = alphabet(4, 8, 5);
    for seed in 0..40 {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut pair = Pair::new();
        for tag in 0..600 {
            let drawn = random.next_u64();
            if drawn % 4 == 0 && !pair.naive.0.is_empty() {
                pair.cancel((drawn >> 8) as usize % pair.naive.0.len());
            } else {
                // Mostly orders that rest, or the book would be empty all the time.
                let mut order = all[(drawn >> 8) as usize % all.len()];
                if drawn % 4 == 1 {
                    order.time_in_force = TimeInForce::GoodTillCancel;
                    order.price = Some(Price(if order.side == Side::Bid { 3 } else { 6 }));
                }
                pair.place(&Incoming { tag, ..order });
            }
        }
    }
}
