//! Every event survives its line; no line with a foreign tag becomes an event.

use super::pack::{pack_levels, unpack_levels};
use super::*;
use crate::types::{OrderId, TimeInForce};

fn every_body() -> Vec<Body> {
    let sum = Checksum::new(u32::MAX, 5, 8);
    let mut bodies = vec![Body::Heartbeat { id: u64::MAX, trade_id: 7 }, Body::Ignored];
    bodies.extend([0, 10, u32::MAX].map(|depth| Body::Subscribed { depth }));
    for shape in [Shape::Snapshot, Shape::Update, Shape::Top] {
        for bits in 0..8_u8 {
            bodies.push(Body::Levels(Levels {
                shape,
                first: bits & 1 != 0,
                last: bits & 2 != 0,
                count: 28,
                follows: 1 << 63,
                id: u64::MAX,
                checksum: (bits & 4 != 0).then_some(sum),
            }));
        }
    }
    use OrderAction as A;
    for action in [A::Open, A::Match, A::Change, A::Done, A::Received] {
        for bits in 0..4_u8 {
            bodies.push(Body::Order(OrderUpdate {
                key: OrderKey { high: u64::MAX, low: 3 },
                action,
                snapshot: bits & 1 != 0,
                first: bits & 2 != 0,
                id: 9,
            }));
        }
    }
    for aggressor in Side::BOTH {
        for history in [false, true] {
            let (price, qty) = (Price(Price::MAX.0), Qty(i64::MAX));
            bodies.push(Body::Trade(Trade { price, qty, id: 1, aggressor, history }));
        }
    }
    use MarketStatus as M;
    bodies.extend([M::Trading, M::CancelOnly, M::PostOnly, M::Halted].map(Body::Status));
    bodies.extend(Stale::ALL.map(Body::Fault));
    bodies.extend(bodies_of_the_core());
    bodies
}

/// What does not come from a venue's public messages.
fn bodies_of_the_core() -> Vec<Body> {
    let mut bodies = vec![Body::Timer, Body::Health(Health(u32::MAX))];
    let order = OrderId(u64::MAX);
    for kind in ReportKind::ALL {
        for code in RejectCode::ALL {
            bodies.push(Body::Report(Report {
                order,
                kind,
                code,
                trade_id: u64::MAX - 1,
                fee: i64::MIN,
                fee_decimals: 18,
                fee_in: [FeeIn::Quote, FeeIn::Base][kind as usize % 2],
                maker: (code as u8).is_multiple_of(2),
            }));
        }
    }
    for code in RefusalCode::ALL {
        bodies.extend(RequestKind::ALL.map(|kind| Body::Refused(Refused { order, kind, code })));
    }
    for state in TradingState::ALL {
        bodies.extend(StateReason::ALL.map(|reason| Body::State { state, reason }));
    }
    for state in BreakerState::ALL {
        let change = |trigger| Body::Breaker(BreakerChange { was: state, state, trigger });
        bodies.extend(Trigger::ALL.map(change));
    }
    for (places, changes) in [(0, 0), (1, 0), (18, 0), (1, 1), (28, 10)] {
        let ask = |command| Body::Command(Asked { command, places, changes, id: u64::MAX });
        bodies.extend(Command::ALL.map(ask));
    }
    for reason in ExitReason::ALL {
        bodies.extend([false, true].map(|is_over| Body::Exit(ExitChange { reason, is_over })));
    }
    bodies.extend(Side::BOTH.map(|side| Body::Query { order: OrderId(u64::MAX), side }));
    bodies.push(Body::Var(VarResult {
        as_of: u64::MAX,
        seed: 1 << 63,
        share: u32::MAX,
        samples: u16::MAX,
    }));
    bodies
}

#[test]
fn every_draft_survives_its_lines() {
    for stale in [None].into_iter().chain(Stale::ALL.map(Some)) {
        let mark = Mark {
            sequence: u64::MAX,
            received: Nanos(-1),
            bid: Price(-7),
            bid_qty: Qty(1),
            ask: Price(Price::MAX.0),
            ask_qty: Qty(0),
            traded: Qty(i64::MAX),
            instrument: InstrumentId(4095),
            stale,
        };
        assert_eq!(Mark::unpack(&mark.pack()), Ok(mark));
        assert!(Proposal::unpack(&mark.pack()).is_err() && Event::unpack(&mark.pack()).is_err());
    }
    for (i, time_in_force) in TimeInForce::ALL.into_iter().enumerate() {
        for kind in RequestKind::ALL {
            let proposal = Proposal {
                order: OrderId(u64::MAX),
                price: Price(-1),
                qty: Qty(i64::MAX),
                instrument: InstrumentId(3),
                kind,
                side: Side::BOTH[i % 2],
                time_in_force,
                post_only: i == 0,
                reduce_only: i == 1,
            };
            assert_eq!(Proposal::unpack(&proposal.pack()), Ok(proposal));
        }
    }
    let side = |at: u8| explanation::SideExplained {
        price: Price(i64::from(at)),
        qty: Qty(i64::MAX),
        clamps: explanation::Clamps(at),
        withheld: explanation::Withheld::ALL[usize::from(at)],
        code: 255,
        levels: at,
    };
    let explained = Explanation {
        sequence: 1,
        received: Nanos(2),
        instrument: InstrumentId(3),
        strategy: 4,
        fair_value: 5.5,
        reservation: 6.5,
        volatility: 7.5,
        imbalance: -0.5,
        spread: 8.5,
        spread_volatility: 9.5,
        spread_imbalance: 10.5,
        spread_fees: 11.5,
        spread_final: 12.5,
        intensity_a: 13.5,
        intensity_k: 14.5,
        position: -15,
        sides: [side(12), side(3)],
    };
    assert_eq!(Explanation::unpack(&explained.pack()), Ok(explained));
    let draft = Draft::Explanation(explained);
    assert_eq!(draft.line_count(), explained.pack().len());
}

#[test]
fn every_event_survives_its_line() {
    for body in every_body() {
        for instrument in [InstrumentId(0), InstrumentId(4095), InstrumentId::ALL] {
            let event = Event {
                sequence: u64::MAX - 1,
                received: Nanos(-5),
                venue_time: Nanos::UNKNOWN,
                instrument,
                body,
            };
            assert_eq!(Event::unpack(&event.pack()), Ok(event));
        }
    }
}

#[test]
fn a_foreign_head_is_no_event() {
    let known = every_body().len();
    let mut events = 0;
    for tag in 0..=u8::MAX {
        for small in 0..=u8::MAX {
            let line = Line([u64::from(tag) | u64::from(small) << 16, 0, 0, 0, 0, 0, 0, 0]);
            events += usize::from(Event::unpack(&line).is_ok_and(|event| {
                // Whatever is taken is written again as the same line, but for fields that its
                // kind does not have.
                event.pack().0[0] & 0xff == u64::from(tag)
            }));
        }
    }
    assert!(events > 0 && known > 50);
    assert_eq!(Event::unpack(&Line([0xfe, 0, 0, 0, 0, 0, 0, 0])), Err(NotAnEvent { tag: 0xfe }));
    let too_long = 14 | 19_u64 << 48;
    assert!(Event::unpack(&Line([too_long, 0, 0, 0, 0, 0, 0, 0])).is_err());
    let too_deep = Line([7, 0, 0, 0, 1 << 32, 0, 0, 0]);
    assert_eq!(Event::unpack(&too_deep), Err(NotAnEvent { tag: 7 }));
    let too_many = 1 | 29_u64 << 48;
    assert_eq!(Event::unpack(&Line([too_many, 0, 0, 0, 0, 0, 0, 0])), Err(NotAnEvent { tag: 1 }));
}

#[test]
fn levels_survive_their_line() {
    let levels = [
        Level::new(Side::Bid, Price(0), Qty(0)),
        Level::new(Side::Ask, Price(1), Qty(i64::MAX)),
        Level::new(Side::Bid, Price::MAX, Qty(5)),
        Level::new(Side::Ask, Price::MAX, Qty(5)),
    ];
    assert_eq!(unpack_levels(&pack_levels(&levels)), levels);
    assert_eq!(levels.map(Level::side), [Side::Bid, Side::Ask, Side::Bid, Side::Ask]);
    assert_eq!(levels.map(|l| l.price().0), [0, 1, Price::MAX.0, Price::MAX.0]);
    assert_eq!(unpack_levels(&pack_levels(&levels[..1]))[1], Level::default());
}
