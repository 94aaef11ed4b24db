//! Books told as tapes: a line is an event and what the book is after it.
//!
//! `snapshot 7: b100=1 a102=2 => fresh 100x1 102x2` reads: a snapshot of id 7 with a bid of one lot
//! at tick 100 and an ask of two at 102 leaves the book fresh with that touch.

use super::*;
use crate::event::{Checksum, OrderKey, PART_LEVELS_MAX, Trade};
use crate::types::{InstrumentId, Nanos, Price, Scale, Venue};

fn scales() -> WireScales {
    WireScales { tick: Scale::power_of_ten(1), lot: Scale::power_of_ten(2) }
}

fn params(venue: Venue) -> BookParams {
    let rules = Rules::of(venue);
    let small = BookParams::new(rules, scales());
    BookParams { window_ticks: 4096, far_levels_max: 64, orders_max: 16, ..small }
}

fn level(word: &str) -> Level {
    let (side, rest) = word.split_at(1);
    let (price, qty) = rest.split_once('=').unwrap();
    let side = if side == "b" { Side::Bid } else { Side::Ask };
    Level::new(side, Price(price.parse().unwrap()), Qty(qty.parse().unwrap()))
}

fn event(body: Body) -> Event {
    let (received, venue_time) = (Nanos(1), Nanos::UNKNOWN);
    Event { sequence: 0, received, venue_time, instrument: InstrumentId(0), body }
}

/// Applies a message of levels, cut into parts as the decoders cut it.
fn apply_levels(book: &mut Book, head: Levels, levels: &[Level]) {
    let mut chunks: Vec<_> = levels.chunks(PART_LEVELS_MAX).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    for (i, chunk) in chunks.iter().enumerate() {
        let last = i + 1 == chunks.len();
        let count = u8::try_from(chunk.len()).unwrap();
        let checksum = head.checksum.filter(|_| last);
        let head = Levels { first: i == 0, last, count, checksum, ..head };
        book.apply(&event(Body::Levels(head)), chunk);
    }
}

fn head(shape: Shape, follows: u64, id: u64) -> Levels {
    Levels { shape, first: true, last: true, count: 0, follows, id, checksum: None }
}

/// Does what a line says.
fn step(book: &mut Book, line: &str) {
    let (head_text, levels) = line.split_once(':').unwrap_or((line, ""));
    let levels: Vec<_> = levels.split_whitespace().map(level).collect();
    let words: Vec<_> = head_text.split_whitespace().collect();
    let number = |at: usize| words.get(at).map_or(0, |w| w.parse::<u64>().unwrap());
    match words[0] {
        "snapshot" => apply_levels(book, head(Shape::Snapshot, 0, number(1)), &levels),
        "update" => {
            let ids = words.get(1).and_then(|w| w.split_once("->"));
            let (follows, id) =
                ids.map_or((0, 0), |(a, b)| (a.parse().unwrap(), b.parse().unwrap()));
            let crc = words
                .iter()
                .position(|w| *w == "crc")
                .map(|at| Checksum::new(u32::try_from(number(at + 1)).unwrap(), 1, 2));
            let head = Levels { checksum: crc, ..head(Shape::Update, follows, id) };
            apply_levels(book, head, &levels);
        }
        "depth" => {
            let depth = u32::try_from(number(1)).unwrap();
            book.apply(&event(Body::Subscribed { depth }), &[]);
        }
        "fault" => {
            let reason = Stale::ALL.into_iter().find(|s| s.name() == words[1]).unwrap();
            book.apply(&event(Body::Fault(reason)), &[]);
        }
        "late" => {
            let body = Body::Trade(Trade {
                price: Price(1),
                qty: Qty(1),
                id: 1,
                aggressor: Side::Bid,
                history: false,
            });
            let seconds = i64::try_from(number(1)).unwrap();
            let venue_time = Nanos(1 - seconds * 1_000_000_000);
            book.apply(&Event { venue_time, ..event(body) }, &[]);
        }
        action => {
            use OrderAction as A;
            let (action, snapshot, first) = match action {
                "first" => (A::Open, true, true),
                "rest" => (A::Open, true, false),
                "open" => (A::Open, false, false),
                "match" => (A::Match, false, false),
                "change" => (A::Change, false, false),
                "done" => (A::Done, false, false),
                "received" => (A::Received, false, false),
                other => panic!("what is {other}?"),
            };
            let key = OrderKey { high: 0, low: number(1) };
            let order = OrderUpdate { key, action, snapshot, first, id: number(2) };
            book.apply(&event(Body::Order(order)), &levels);
        }
    }
}

fn state(book: &Book) -> String {
    let mut text = match book.state() {
        BookState::Fresh => "fresh".to_owned(),
        BookState::Stale(reason) => reason.name().to_owned(),
    };
    if let Some(top) = book.top() {
        let Top { bid, bid_qty, ask, ask_qty } = top;
        text += &format!(" {}x{} {}x{}", bid.0, bid_qty.0, ask.0, ask_qty.0);
    }
    text
}

/// Runs a tape through a new book and gives it back.
fn check(venue: Venue, tape: &str) -> Book {
    let mut book = Book::new(&params(venue));
    for line in tape.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (input, expected) = line.split_once("=>").unwrap();
        step(&mut book, input);
        assert_eq!(state(&book), expected.trim(), "{line}");
    }
    book
}

#[test]
fn a_book_is_fresh_from_its_snapshot_on() {
    let book = check(
        Venue::CoinbaseExchange,
        "
        update: b100=1                      => no_snapshot
        snapshot: b100=1 b99=5 a102=2       => fresh 100x1 102x2
        update: b101=3                      => fresh 101x3 102x2
        update: b101=0 b100=0               => fresh 99x5 102x2
        update: a102=0 a103=1 b102=7        => fresh 102x7 103x1
        update: b102=0 b99=0                => fresh
        update: b50=1                       => fresh 50x1 103x1
        ",
    );
    assert_eq!((book.counts().unbased, book.counts().applied), (1, 6));
}

#[test]
fn every_broken_promise_has_its_name() {
    check(
        Venue::CoinbaseExchange,
        "
        snapshot: b100=1 a102=2             => fresh 100x1 102x2
        update: b99=0                       => absent_level 100x1 102x2
        update: b98=1                       => absent_level 100x1 102x2
        snapshot: b100=1 a102=2             => fresh 100x1 102x2
        update: b102=1                      => crossed 102x1 102x2
        update: b102=0                      => crossed 100x1 102x2
        snapshot: b103=1 a102=2             => crossed 103x1 102x2
        snapshot: b100=1 a102=2             => fresh 100x1 102x2
        late 30                             => fresh 100x1 102x2
        late 31                             => clock_offset 100x1 102x2
        snapshot: b100=1 a102=2             => clock_offset
        late 30                             => clock_offset
        snapshot: b100=1 a102=2             => fresh 100x1 102x2
        fault malformed                     => malformed 100x1 102x2
        fault unknown_message               => malformed 100x1 102x2
        snapshot: b100=1 a102=2             => fresh 100x1 102x2
        fault disconnected                  => disconnected 100x1 102x2
        ",
    );
}

#[test]
fn the_venues_clock_may_be_behind_or_ahead() {
    let mut book = Book::new(&params(Venue::Kraken));
    step(&mut book, "snapshot: b100=1 a102=2");
    for (seconds, expected) in [(-30, "fresh 100x1 102x2"), (-31, "clock_offset 100x1 102x2")] {
        let head = head(Shape::Update, 0, 0);
        let venue_time = Nanos(1 - seconds * 1_000_000_000);
        book.apply(&Event { venue_time, ..event(Body::Levels(head)) }, &[]);
        assert_eq!(state(&book), expected);
    }
}

#[test]
fn updates_chain_by_their_ids() {
    let book = check(
        Venue::CoinbaseAdvanced,
        "
        snapshot 10: b100=1 a102=2          => fresh 100x1 102x2
        update 8->9: b100=9                 => fresh 100x1 102x2
        update 9->12: b100=2                => fresh 100x2 102x2
        update 12->13: b100=3               => fresh 100x3 102x2
        update 12->13: b100=9               => fresh 100x3 102x2
        update 14->15: b100=4               => sequence_gap 100x3 102x2
        update 15->16: b100=5               => sequence_gap 100x5 102x2
        snapshot 20: b100=1 a102=2          => fresh 100x1 102x2
        update 21->22: b100=4               => sequence_gap 100x1 102x2
        ",
    );
    assert_eq!(book.counts().old, 2);
    assert_eq!(book.counts().fault(Stale::SequenceGap), 2);
}

#[test]
fn updates_wait_for_the_snapshot_where_it_comes_later() {
    let book = check(
        Venue::BinanceSpot,
        "
        update 1->3: b100=9                 => no_snapshot
        update 3->6: b100=7 a103=1          => no_snapshot
        update 6->8: b101=5                 => no_snapshot
        snapshot 4: b100=1 a102=2           => fresh 101x5 102x2
        update 8->9: b77=0                  => fresh 101x5 102x2
        update 10->11: b101=1               => sequence_gap 101x5 102x2
        update 11->12: b101=2               => sequence_gap 101x5 102x2
        snapshot 11: b101=1 a102=2          => fresh 101x2 102x2
        fault sequence_gap                  => sequence_gap 101x2 102x2
        update 20->21: b101=3               => sequence_gap 101x2 102x2
        snapshot 15: b101=1 a102=2          => sequence_gap 101x1 102x2
        ",
    );
    assert_eq!(book.counts().old, 2);
}

#[test]
fn what_outruns_the_bridge_has_its_name() {
    let mut book = Book::new(&params(Venue::BinanceUsdm));
    for id in 1..=8192 {
        step(&mut book, &format!("update {}->{id}: b100=1", id - 1));
        assert_eq!(state(&book), "no_snapshot");
    }
    step(&mut book, "update 8192->8193: b100=1");
    assert_eq!(state(&book), "bridge_overflow");
    step(&mut book, "update 8193->8194: b100=3");
    step(&mut book, "snapshot 8193: b100=1 a102=2");
    assert_eq!(state(&book), "fresh 100x3 102x2");
}

#[test]
fn a_book_is_cut_to_its_depth_before_its_checksum() {
    // The text of the asks, then the bids, ticks of 0.1 and lots of 0.01: 102 2, 103 1, 100 1, 99 5.
    let crc = crc32fast::hash(b"102210311001995");
    let book = check(
        Venue::Kraken,
        &format!(
            "
            depth 2                                 => no_snapshot
            snapshot: b100=1 b99=5 a102=2 a104=9    => fresh 100x1 102x2
            update crc {crc}: b98=4 a103=1          => fresh 100x1 102x2
            update crc {crc}: b98=4                 => fresh 100x1 102x2
            update crc {crc}: b97=0 b99=6           => checksum_mismatch 100x1 102x2
            "
        ),
    );
    assert_eq!(book.counts().checksums_ok, 2);
    assert_eq!((book.side(Side::Bid).len(), book.side(Side::Ask).len()), (2, 2));
}

#[test]
fn orders_keep_their_place_in_the_queue() {
    let mut book = check(
        Venue::CoinbaseExchange,
        "
        first 1 10: b100=5                  => no_snapshot
        rest 2 10: b100=3                   => no_snapshot
        rest 3 10: a102=4                   => no_snapshot 100x8 102x4
        received 4 11: b100=2               => fresh 100x8 102x4
        open 4 12: b100=2                   => fresh 100x10 102x4
        match 1 13: b100=2                  => fresh 100x8 102x4
        change 2 14: b100=1                 => fresh 100x6 102x4
        change 1 15: b100=6                 => fresh 100x9 102x4
        done 9 16: b100=0                   => fresh 100x9 102x4
        change 9 17: b100=1                 => fresh 100x9 102x4
        open 5 18: b101=7                   => fresh 101x7 102x4
        change 5 19: b99=7                  => fresh 100x9 102x4
        done 5 18: b99=0                    => fresh 100x9 102x4
        done 5 20: b77=0                    => fresh 100x9 102x4
        ",
    );
    let queue: Vec<_> =
        book.orders().unwrap().queue(Side::Bid, Price(100)).map(|(k, q)| (k.low, q.0)).collect();
    assert_eq!(queue, [(2, 1), (4, 2), (1, 6)]);
    let position = |low| book.orders().unwrap().position(OrderKey { high: 0, low });
    assert_eq!(position(1), Some((Level::new(Side::Bid, Price(100), Qty(6)), Qty(3))));
    assert_eq!(position(5), None);
    assert_eq!((book.counts().old, book.counts().absent), (1, 1));
    step(&mut book, "match 9 21: b100=1");
    assert_eq!(state(&book), "absent_level 100x9 102x4");
    step(&mut book, "first 1 30: b100=1");
    assert_eq!(book.orders().unwrap().len(), 1);
    step(&mut book, "open 2 32: a101=1");
    assert_eq!(state(&book), "sequence_gap");
}

#[test]
fn a_full_store_makes_the_book_stale() {
    let mut book = check(Venue::Kraken, "snapshot: b100000=1 a100002=2 => fresh 100000x1 100002x2");
    for i in 0..64 {
        step(&mut book, &format!("update: b{}=1", 90_000 - i * 100));
        assert_eq!(state(&book), "fresh 100000x1 100002x2");
    }
    step(&mut book, "update: b50000=1");
    assert_eq!(state(&book), "book_full 100000x1 100002x2");
    let mut book = Book::new(&params(Venue::Bitstamp));
    for id in 1..=17 {
        step(&mut book, &format!("open {id}: b{id}=1"));
    }
    assert_eq!(state(&book), "book_full");
}

#[test]
fn a_passing_cross_is_stale_just_while_it_lasts() {
    check(
        Venue::Bitstamp,
        "
        first 1: b100=5                     => no_snapshot
        rest 2: a102=3                      => no_snapshot 100x5 102x3
        open 3: b102=1                      => crossed 102x1 102x3
        done 3: b102=0                      => fresh 100x5 102x3
        ",
    );
}

#[test]
fn a_silent_connection_is_named_once() {
    let mut books = Books::new(Nanos::from_seconds(5));
    for _ in 0..2 {
        books.add(&params(Venue::Kraken));
    }
    assert_eq!(books.deadline(), None);
    assert_eq!(books.on_time(Nanos::from_seconds(99)), Change::default());
    let alive = Event { received: Nanos::from_seconds(100), ..event(Body::Ignored) };
    books.apply(&alive, &[]);
    assert_eq!(books.on_time(Nanos::from_seconds(105)), Change::default());
    assert_eq!(books.on_time(Nanos(105_000_000_001)), Change { top: false, state: true });
    assert_eq!(books.on_time(Nanos::from_seconds(200)), Change::default());
    for book in &books {
        assert_eq!(book.state(), BookState::Stale(Stale::SilentFeed));
        assert_eq!(book.counts().fault(Stale::SilentFeed), 1);
    }
}

#[test]
fn readings_of_the_touch() {
    let book =
        check(Venue::Kraken, "snapshot: b100=1 b99=3 b98=9 a102=3 a103=1 => fresh 100x1 102x3");
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    let top = book.top().unwrap();
    close(top.mid(), 101.0);
    close(top.microprice(), (100.0 * 3.0 + 102.0) / 4.0);
    assert_eq!(top.spread(), 2);
    let [bids, asks] = Side::BOTH.map(|side| book.side(side));
    close(top::imbalance(bids, asks, 1), -0.5);
    close(top::imbalance(bids, asks, 2), 0.0);
    close(top::imbalance(bids, asks, 99), 9.0 / 17.0);
    close(top::depth_weighted(bids, 2).unwrap(), (100.0 + 99.0 * 3.0) / 4.0);
    close(top::price_to_take(asks, Qty(4)).unwrap(), (102.0 * 3.0 + 103.0) / 4.0);
    assert_eq!(top::price_to_take(asks, Qty(5)), None);
    let empty = Ladder::new(Side::Bid, 4096, 1);
    close(top::imbalance(&empty, &empty, 5), 0.0);
    assert_eq!(top::depth_weighted(&empty, 5), None);
}
