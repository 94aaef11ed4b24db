//! The crowd's market: it is one story for a seed, keeps the promises of a book, feeds a maker, and
//! is fast.

use super::*;
use crate::engine::book::{BookParams, BookState, Books, Rules, WireScales};
use crate::event::{Stale, Trade};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// A market like BTC-USD, and a second one.
pub(super) fn lively() -> SimulatorParams {
    let market = |symbol: &[u8], base: &[u8], start_price| MarketParams {
        symbol: Symbol::new(symbol).unwrap(),
        base: Currency::new(base).unwrap(),
        quote: Currency::new(b"USD").unwrap(),
        tick: Scale::parse(b"0.01").unwrap(),
        lot: Scale::parse(b"0.00001").unwrap(),
        order_step: Scale::parse(b"0.0001").unwrap(),
        start_price: Price(start_price),
        volatility: 0.5,
        drift: 0.0,
        jumps_per_hour: 30.0,
        jump_bps: 5.0,
    };
    let participant =
        |count, rate_per_minute, notional| ParticipantParams { count, rate_per_minute, notional };
    let micros = |fixed: i64, jitter: i64| LatencyParams {
        fixed: Nanos(fixed * 1000),
        jitter: Nanos(jitter * 1000),
    };
    SimulatorParams {
        markets: vec![market(b"BTC-USD", b"BTC", 6_000_000), market(b"ETH-USD", b"ETH", 300_000)],
        crowd: CrowdParams {
            taker: participant(10, 60.0, 10_000.0),
            maker: participant(20, 1200.0, 6_000.0),
            maker_spread_bps: 6.0,
            maker_lag: Nanos::from_millis(50),
            noise: participant(10, 600.0, 3_000.0),
            noise_depth_bps: 20.0,
            arbitrageur: participant(2, 600.0, 10_000.0),
            arbitrageur_edge_bps: 1.0,
        },
        feed: micros(200, 100),
        orders: micros(300, 100),
        reports: micros(300, 100),
        ..quiet()
    }
}

/// A digest of a part: FNV-1a over its lines.
fn mix(digest: u64, part: &Part) -> u64 {
    let head = part.event.pack().0.into_iter();
    let levels =
        part.levels().iter().flat_map(|l| [l.price().0, l.qty().0].map(i64::cast_unsigned));
    head.chain(levels).fold(digest, |d, word| (d ^ word).wrapping_mul(0x0100_0000_01b3))
}

/// The books of all the venue's instruments.
fn books(params: &SimulatorParams) -> Books {
    let rules = Rules::of(Venue::Simulated);
    let mut books = Books::new(rules.silence_max);
    for market in &params.markets {
        let scales = WireScales { tick: market.tick, lot: market.lot };
        books.add(&BookParams::new(rules, scales));
    }
    books
}

#[test]
fn one_seed_is_one_story_however_it_is_asked() {
    let mut params = lively();
    params.faults = vec![
        FaultParams {
            kind: FaultKind::Disconnect,
            at: Nanos::from_millis(1500),
            every: None,
            lasts: Nanos::from_millis(100),
            amount: Nanos(0),
        },
        FaultParams {
            kind: FaultKind::LateFill,
            at: Nanos::from_millis(300),
            every: Some(Nanos::from_millis(500)),
            lasts: Nanos::from_millis(400),
            amount: Nanos::from_millis(20),
        },
    ];
    let tell = |seed: u64, how: u64| {
        let mut venue = venue(&params, seed, None);
        let (mut part, mut digest, mut now) = (Part::empty(), 0, 0);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(how);
        for step in 1..=200 {
            let until = step * 15 * MILLI;
            while now < until {
                now = match how {
                    0 => venue.due().unwrap().0.min(until).max(now),
                    1 => until,
                    _ => (now + (random.next_u64() % 4_000_000).cast_signed()).min(until),
                };
                while venue.hear(Nanos(now), &mut part) {
                    digest = mix(digest, &part);
                }
            }
            let terms = (
                if step % 2 == 0 { Side::Bid } else { Side::Ask },
                6_000_000 + (step % 7 - 3) * 100,
                10_000,
            );
            venue.send(
                &request(&proposal(RequestKind::Place, step.cast_unsigned(), terms)),
                Nanos(now),
            );
            if step == 110 {
                assert!(venue.reconnect(Nanos(now)));
            }
        }
        (digest, venue.holding(instrument()).unwrap())
    };
    let story = tell(1, 0);
    assert_ne!(story.1.position, 0);
    for how in 1..5 {
        assert_eq!(tell(1, how), story, "asked in way {how}");
    }
    assert_ne!(tell(2, 0).0, story.0);
}

#[test]
fn the_books_of_a_minute_stay_fresh_and_end_as_the_venues() {
    let params = lively();
    let (mut venue, mut books) = (venue(&params, 7, None), books(&params));
    let (mut part, mut parts, mut trades) = (Part::empty(), 0, 0);
    let mut last_trade = 0;
    let mut spreads = (0.0, 0);
    while venue.hear(Nanos::from_seconds(60), &mut part) {
        books.apply(&part.event, part.levels());
        parts += 1;
        if let Body::Trade(Trade { id, .. }) = part.event.body {
            assert_eq!(id, last_trade + 1);
            (last_trade, trades) = (id, trades + 1);
        }
        let first = part.event.instrument == instrument();
        if first && let Some(top) = books.get(instrument()).top() {
            spreads = (spreads.0 + top.spread() as f64 / top.mid() * 1e4, spreads.1 + 1);
        }
    }
    for (book, market) in books.iter().zip(&venue.markets) {
        assert_eq!(book.state(), BookState::Fresh);
        for side in Side::BOTH {
            let told: Vec<_> = book.side(side).iter().collect();
            // What the venue did in the last half millisecond is on its way.
            let real: Vec<_> = market.orders().levels(side).collect();
            let same = told.iter().filter(|level| real.contains(level)).count();
            assert!(told.len() > 30 && same + 8 > told.len(), "{} of {}", same, told.len());
        }
        assert_eq!(book.counts().fault(Stale::AbsentLevel), 0);
    }
    let spread = spreads.0 / f64::from(spreads.1);
    eprintln!("{parts} parts, {trades} trades, spread {spread:.2} bps");
    assert!((30_000..300_000).contains(&parts), "{parts} parts");
    assert!((1.0..8.0).contains(&spread), "a spread of {spread} bps");
}

/// A maker of 10 bps: both sides about the mid every 100 ms, 0.01 each. Its fills and what it made,
/// in the quote currency, marked at the fair value.
fn make_market(params: &SimulatorParams, seed: u64, seconds: i64) -> (usize, f64) {
    let (mut venue, mut books) = (venue(params, seed, None), books(params));
    let (mut part, mut id, mut fills) = (Part::empty(), 0, 0);
    let mut working: [Option<u64>; 2] = [None, None];
    for step in 1..seconds * 10 {
        let now = Nanos(step * 100 * MILLI);
        while venue.hear(now, &mut part) {
            books.apply(&part.event, part.levels());
            if let Body::Report(report) = part.event.body {
                fills += usize::from(report.kind == ReportKind::Filled);
            }
        }
        let Some(top) = books.get(instrument()).top() else { continue };
        let mid = (top.bid.0 + top.ask.0) / 2;
        for side in Side::BOTH {
            if let Some(old) = working[side.index()].take() {
                let cancel = proposal(RequestKind::Cancel, old, (side, 1, 1));
                venue.send(&request(&cancel), now);
            }
            id += 1;
            let price = mid - side.sign() * mid / 2000;
            let order = proposal(RequestKind::Place, id, (side, price, 1000));
            venue.send(&request(&Proposal { post_only: true, ..order }), now);
            working[side.index()] = Some(id);
        }
    }
    let held = venue.holding(instrument()).unwrap();
    let worth = held.position as f64 * 1e-5 * venue.markets[0].fair() * 0.01;
    (fills, held.cash as f64 * 1e-12 + worth)
}

#[test]
fn a_maker_of_ten_basis_points_trades_and_earns_and_arbitrageurs_make_it_lose() {
    let params = SimulatorParams { maker_fee: FeeRate(0), ..lively() };
    let earned: Vec<_> = (0..4).map(|seed| make_market(&params, seed, 60)).collect();
    eprintln!("{earned:?}");
    for (fills, _) in &earned {
        assert!((20..600).contains(fills), "{earned:?}");
    }
    assert!(earned.iter().map(|e| e.1).sum::<f64>() > 0.0, "{earned:?}");
    let mut informed = params.clone();
    informed.crowd.taker.count = 0;
    informed.crowd.arbitrageur.rate_per_minute = 60_000.0;
    informed.markets[0].volatility = 3.0;
    let lost: Vec<_> = (0..4).map(|seed| make_market(&informed, seed, 60)).collect();
    eprintln!("{lost:?}");
    assert!(lost.iter().map(|e| e.1).sum::<f64>() < 0.0, "{lost:?}");
}

/// Not a measurement but a floor far below one; `PERFORMANCE.md` has the figure.
#[test]
fn events_come_fast_in_optimised_code() {
    let params = SimulatorParams { markets: vec![lively().markets[0]], ..lively() };
    let mut venue = venue(&params, 7, None);
    let mut part = Part::empty();
    let begin = std::time::Instant::now();
    let mut heard = 0_u32;
    while heard < 2_000_000 {
        let due = venue.due().unwrap();
        while venue.hear(due, &mut part) {
            heard += 1;
        }
    }
    let rate = f64::from(heard) / begin.elapsed().as_secs_f64();
    eprintln!("{:.2} M events/s", rate / 1e6);
    assert!(rate > 100_000.0);
}
