//! Orders against lists by price, with few ids, prices and places so that everything collides.

use super::ladder::{Full, Ladder};
use super::orders::{Orders, Outcome};
use crate::event::{Level, OrderAction, OrderKey};
use crate::types::{Price, Qty, Side};
use std::collections::{BTreeMap, VecDeque};

const PLACES: usize = 24;

#[derive(Default)]
struct Naive {
    queues: BTreeMap<(Side, i64), VecDeque<(u64, i64)>>,
}

impl Naive {
    fn find(&self, id: u64) -> Option<((Side, i64), usize)> {
        self.queues.iter().find_map(|(price, queue)| {
            queue.iter().position(|(held, _)| *held == id).map(|at| (*price, at))
        })
    }

    fn len(&self) -> usize {
        self.queues.values().map(VecDeque::len).sum()
    }

    fn remove(&mut self, id: u64) {
        if let Some((price, at)) = self.find(id) {
            let queue = self.queues.get_mut(&price).unwrap();
            queue.remove(at);
            if queue.is_empty() {
                self.queues.remove(&price);
            }
        }
    }

    fn open(&mut self, id: u64, side: Side, price: i64, qty: i64) {
        self.remove(id);
        if qty > 0 {
            self.queues.entry((side, price)).or_default().push_back((id, qty));
        }
    }

    fn resize(&mut self, id: u64, qty: i64) {
        let (price, at) = self.find(id).unwrap();
        if qty == 0 {
            self.remove(id);
        } else {
            self.queues.get_mut(&price).unwrap()[at].1 = qty;
        }
    }

    fn apply(&mut self, id: u64, action: OrderAction, level: Level) -> Outcome {
        let (side, price, qty) = (level.side(), level.price().0, level.qty().0);
        let held = self.find(id).map(|(price, at)| (price, self.queues[&price][at].1));
        match (action, held) {
            (OrderAction::Received, _) | (OrderAction::Done, None) => return Outcome::Nothing,
            (OrderAction::Open, _) => self.open(id, side, price, qty),
            (_, None) => return Outcome::Absent,
            (OrderAction::Done, _) => self.remove(id),
            (OrderAction::Match, Some((_, held))) => self.resize(id, (held - qty).max(0)),
            (OrderAction::Change, Some((at, held))) => {
                if at == (side, price) && qty <= held {
                    self.resize(id, qty);
                } else {
                    self.open(id, side, price, qty);
                }
            }
        }
        Outcome::Changed
    }
}

#[test]
fn orders_are_what_lists_by_price_are() {
    let mut seed = 7_u64;
    let mut below = |bound: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % bound
    };
    use OrderAction as A;
    let mut orders = Orders::new(PLACES);
    let mut ladders = Side::BOTH.map(|side| Ladder::new(side, 4096, 64));
    let mut naive = Naive::default();
    let mut refused = 0;
    for step in 0..100_000 {
        let id = below(40) + 1;
        let action = [A::Open, A::Open, A::Match, A::Change, A::Done, A::Received]
            [usize::try_from(below(6)).unwrap()];
        let price = i64::try_from(below(4) * 5000 + 1000).unwrap();
        let qty = i64::try_from(below(5)).unwrap();
        let level =
            Level::new(Side::BOTH[usize::try_from(below(2)).unwrap()], Price(price), Qty(qty));
        let key = OrderKey { high: id % 3, low: id };
        let full = naive.len() == PLACES && naive.find(id).is_none();
        let got = orders.apply(key, action, level, &mut ladders);
        if action == A::Open && full && qty > 0 {
            assert_eq!(got, Err(Full), "step {step}");
            refused += 1;
        } else {
            assert_eq!(got, Ok(naive.apply(id, action, level)), "step {step} {action:?} {id}");
        }
        assert_eq!(orders.len(), naive.len());
        for side in Side::BOTH {
            for price in (0..4).map(|i| i * 5000 + 1000) {
                let queue: VecDeque<_> =
                    orders.queue(side, Price(price)).map(|(k, q)| (k.low, q.0)).collect();
                let expected = naive.queues.get(&(side, price)).cloned().unwrap_or_default();
                assert_eq!(queue, expected, "step {step}");
                let sum = expected.iter().map(|(_, qty)| qty).sum();
                assert_eq!(ladders[side.index()].qty(Price(price)), Qty(sum), "step {step}");
                let mut ahead = 0;
                for (id, qty) in expected {
                    let position = orders.position(OrderKey { high: id % 3, low: id });
                    let level = Level::new(side, Price(price), Qty(qty));
                    assert_eq!(position, Some((level, Qty(ahead))), "step {step}");
                    ahead += qty;
                }
            }
        }
        if below(20_000) == 0 {
            orders.clear();
            ladders.iter_mut().for_each(Ladder::clear);
            naive = Naive::default();
        }
    }
    assert!(refused > 0 && orders.len() > 5);
}
