//! From a TLS socket to books: what the venue sends live gives the books of its replay, every fault
//! makes them stale under its name, and they come back.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use std::sync::mpsc;

use pinnaclemm::engine::book::Books;
use pinnaclemm::event::{Level, Part, Stale};
use pinnaclemm::threads::feed::{Feed, FeedParams, Recorded, Source};
use pinnaclemm::threads::link::Wish;
use pinnaclemm::threads::resyncs;
use pinnaclemm::types::{InstrumentId, Nanos, Side, Venue};
use pinnaclemm::venue::recorded::Tape;
use pinnaclemm::venue::recorded::replay::{Replay, books_of};
use pinnaclemm::venue::recorded::survey::survey;
use pinnaclemm::venue::session::reason::DropReason;

use crate::data;
use crate::live_rig::{Play, Rig, USUAL, play_of, texts};
use crate::tls_server::{Peer, frame};

const FOUR: [Venue; 4] =
    [Venue::CoinbaseExchange, Venue::CoinbaseAdvanced, Venue::Kraken, Venue::BinanceSpot];
/// One part a turn: a frame is left in the middle as often as can be.
const SMALLEST: usize = 1;
const BOOK: InstrumentId = InstrumentId(0);

fn up(play: &Play) -> (Rig, Peer) {
    let mut rig = Rig::new(play, USUAL);
    let peer = rig.come_up();
    (rig, peer)
}

/// Plays all from the beginning and demands the books of the replay.
fn all_again(rig: &mut Rig, peer: &mut Peer) {
    rig.play(peer, 0..rig.play.records.len());
    assert!(rig.text() == rig.play.expected(), "{}", rig.play.venue);
    assert_eq!(rig.state(), "fresh");
}

#[test]
fn what_comes_live_gives_the_books_of_its_replay() {
    for venue in FOUR {
        for parts in [USUAL, SMALLEST] {
            let Some(play) = play_of(venue, 5000) else { continue };
            let mut rig = Rig::new(&play, parts);
            let mut peer = rig.come_up();
            all_again(&mut rig, &mut peer);
            // Binance's snapshot comes in parts; the first venues' book stays fresh from then on.
            assert_eq!(rig.states, ["no_snapshot", "fresh"], "{venue}");
            assert_eq!((rig.counters().ups, rig.counters().resyncs_retried), (1, 0));
            assert!(!rig.wishes.iter().any(|w| matches!(w, Wish::Resync(_) | Wish::Reconnect)));
        }
    }
}

#[test]
fn a_cut_makes_every_book_stale_until_the_next_connection_brings_it() {
    for venue in FOUR {
        let Some(play) = play_of(venue, 1500) else { continue };
        let (mut rig, mut peer) = up(&play);
        rig.play(&mut peer, 0..play.records.len() / 2);
        assert_eq!(rig.state(), "fresh", "{venue}");
        peer.cut();
        rig.until_state("disconnected");
        let mut peer = rig.come_up();
        assert_eq!(rig.state(), "disconnected", "{venue}: a connection alone is no book");
        all_again(&mut rig, &mut peer);
        assert_eq!(rig.states, ["no_snapshot", "fresh", "disconnected", "fresh"], "{venue}");
    }
}

#[test]
fn a_lost_message_of_all_channels_takes_another_connection() {
    let Some(play) = play_of(Venue::CoinbaseAdvanced, 60) else { return };
    let (mut rig, mut peer) = up(&play);
    rig.play(&mut peer, 0..40);
    rig.play(&mut peer, 41..42);
    assert_eq!(rig.state(), "sequence_gap");
    assert_eq!(rig.feed.counts().reconnects, 1);
    assert_eq!(rig.counters().drops[DropReason::Asked.index()], 1);
    let mut peer = rig.come_up();
    all_again(&mut rig, &mut peer);
    assert_eq!(rig.states, ["no_snapshot", "fresh", "sequence_gap", "fresh"]);
}

/// The place of the n-th message that holds that text.
fn place(play: &Play, text: &str, n: usize) -> usize {
    let mut holding = play.records.iter().enumerate().filter(|(_, (_, held))| held.contains(text));
    holding.nth(n).expect("the recording holds it").0
}

#[test]
fn a_lost_update_fails_krakens_checksum_and_is_mended_by_texts() {
    let Some(play) = play_of(Venue::Kraken, usize::MAX) else { return };
    let (mut rig, mut peer) = up(&play);
    let lost = place(&play, r#""type":"update","data":[{"symbol""#, 20);
    rig.play(&mut peer, 0..lost);
    let mut at = lost + 1;
    rig.is_deceived = true;
    while rig.state() == "fresh" {
        rig.play(&mut peer, at..at + 1);
        at += 1;
    }
    rig.is_deceived = false;
    assert_eq!(rig.state(), "checksum_mismatch");
    for expected in ["subscribe", "subscribe", "subscribe", "unsubscribe", "subscribe"] {
        let text = peer.text();
        assert!(text.contains(&format!(r#""method":"{expected}""#)), "{text}");
        rig.turn();
    }
    // What was on its way comes first: kept up, and as stale as before.
    rig.play(&mut peer, at..at + 3);
    assert_eq!(rig.state(), "checksum_mismatch");
    all_again(&mut rig, &mut peer);
    assert_eq!(rig.states, ["no_snapshot", "fresh", "checksum_mismatch", "fresh"]);
    assert_eq!(rig.wishes, [Wish::Synced(BOOK), Wish::Resync(BOOK), Wish::Synced(BOOK)]);
    assert_eq!((rig.counters().ups, rig.counters().resyncs), (1, 1));
}

#[test]
fn garbage_is_malformed_and_costs_the_book_or_the_connection() {
    let Some(play) = play_of(Venue::Kraken, usize::MAX) else { return };
    // Laid to its book: a resync. Laid to none: another connection.
    for (text, is_the_books) in [
        (
            r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":oops"#,
            true,
        ),
        ("garbage", false),
    ] {
        let (mut rig, mut peer) = up(&play);
        rig.play(&mut peer, 0..30);
        rig.frame(&mut peer, text);
        assert_eq!(rig.state(), "malformed");
        if !is_the_books {
            peer = rig.come_up();
        }
        all_again(&mut rig, &mut peer);
        assert_eq!(rig.states, ["no_snapshot", "fresh", "malformed", "fresh"]);
        let counters = rig.counters();
        let expected = if is_the_books { (1, 1) } else { (2, 0) };
        assert_eq!((counters.ups, counters.resyncs), expected, "{text}");
    }
}

#[test]
fn a_feed_that_says_nothing_is_left_though_its_socket_lives() {
    for (venue, seconds) in [(Venue::Kraken, 6), (Venue::CoinbaseExchange, 11)] {
        let Some(play) = play_of(venue, 400) else { continue };
        let (mut rig, mut peer) = up(&play);
        rig.play(&mut peer, 0..play.records.len() / 2);
        // The socket's own deadline is later, or its pings are answered.
        let alive = frame(0x8a, b"");
        for _ in 0..seconds {
            assert_eq!(rig.state(), "fresh", "{venue}");
            rig.pass(1);
            peer.send_raw(&alive);
            if rig.state() != "fresh" {
                break;
            }
        }
        assert_eq!(rig.state(), "silent_feed", "{venue}");
        assert_eq!(rig.wishes.last(), Some(&Wish::Reconnect));
        let mut peer = rig.come_up();
        all_again(&mut rig, &mut peer);
        assert_eq!(rig.states, ["no_snapshot", "fresh", "silent_feed", "fresh"], "{venue}");
    }
}

#[test]
fn a_connection_that_is_down_or_has_not_spoken_is_not_silent() {
    let Some(play) = play_of(Venue::Kraken, 40) else { return };
    let (mut rig, mut peer) = up(&play);
    rig.play(&mut peer, 0..play.records.len());
    peer.cut();
    rig.until_state("disconnected");
    let mut peer = rig.come_up_silent();
    rig.pass(8);
    assert_eq!(rig.counters().ups, 2, "nobody has left the new connection");
    assert_eq!(rig.books.get(BOOK).counts().fault(Stale::SilentFeed), 0);
    all_again(&mut rig, &mut peer);
    // A wish that comes late finds another connection than it meant.
    assert!(!rig.wishes.contains(&Wish::Reconnect));
    peer.cut();
    rig.until("the end", |rig| (rig.state() != "fresh").then_some(()));
    let _peer = rig.come_up_silent();
    let now = rig.now;
    rig.feed.heed(Wish::Reconnect, now);
    rig.pass(1);
    assert_eq!(rig.counters().drops[DropReason::Asked.index()], 0);
}

#[test]
fn every_close_code_makes_the_books_stale_and_only_the_terminal_one_for_good() {
    let Some(play) = play_of(Venue::Kraken, 20) else { return };
    for code in [1000_u16, 1001, 1008, 1011, 1012, 1013, 4000] {
        let (mut rig, mut peer) = up(&play);
        rig.play(&mut peer, 0..play.records.len());
        let [low, high] = code.to_le_bytes();
        peer.send_raw(&frame(0x88, &[high, low]));
        rig.until_state("disconnected");
        assert_eq!(rig.counters().drops[DropReason::Closed(code).index()], 1);
        assert_eq!(rig.feed.is_finished(), code == 1008);
        if code == 1008 {
            rig.pass(100);
            assert_eq!(rig.states, ["no_snapshot", "fresh", "disconnected"]);
        } else {
            let mut peer = rig.come_up();
            all_again(&mut rig, &mut peer);
        }
    }
}

/// Binance's snapshot of the book as the replay has it behind so many messages.
fn snapshot(play: &Play, count: usize) -> String {
    let replay = play.replay(count);
    let (instrument, book) = (play.survey.table.get(BOOK), replay.books().get(BOOK));
    let rows = |side| {
        let mut levels = Vec::new();
        book.side(side).collect_into(&mut levels);
        let row = |level: &Level| {
            let price = instrument.tick.text(level.price().ticks());
            format!(r#"["{price}","{}"]"#, instrument.lot.text(level.qty().lots()))
        };
        levels.iter().map(row).collect::<Vec<_>>().join(",")
    };
    let (bids, asks) = (rows(Side::Bid), rows(Side::Ask));
    format!(r#"{{"lastUpdateId":{},"bids":[{bids}],"asks":[{asks}]}}"#, book.id())
}

/// Binance's messages of the stream, without the snapshot.
fn stream(play: &Play) -> (usize, String) {
    let at = place(play, r#"{"lastUpdateId""#, 0);
    (at, play.records[at].1.clone())
}

#[test]
fn a_late_snapshot_meets_the_updates_that_waited() {
    let Some(play) = play_of(Venue::BinanceSpot, 3000) else { return };
    let (at, body) = stream(&play);
    let (mut rig, mut peer) = up(&play);
    rig.play(&mut peer, 0..at);
    rig.play(&mut peer, at + 1..2000);
    assert_eq!(rig.state(), "no_snapshot");
    rig.answer(&body);
    assert_eq!(rig.state(), "fresh");
    rig.play(&mut peer, 2000..3000);
    assert!(rig.text() == play.expected());
    assert_eq!(rig.states, ["no_snapshot", "fresh"]);
}

#[test]
fn a_snapshot_older_than_the_stream_does_not_serve_and_another_is_fetched() {
    let Some(play) = play_of(Venue::BinanceSpot, 3000) else { return };
    let (at, body) = stream(&play);
    let (mut rig, mut peer) = up(&play);
    // The subscription began later than the snapshot.
    rig.play(&mut peer, at + 200..at + 400);
    rig.answer(&body);
    assert_eq!(rig.state(), "sequence_gap");
    // And once more: a snapshot that does not help is no cure.
    for _ in 0..2 {
        rig.play(&mut peer, at + 400..at + 401);
        rig.now = Nanos(rig.now.0 + Nanos::from_seconds(5).0);
        rig.answer(&body);
        assert_eq!(rig.state(), "sequence_gap");
    }
    rig.play(&mut peer, at + 401..1000);
    rig.now = Nanos(rig.now.0 + Nanos::from_seconds(9).0);
    rig.answer(&snapshot(&play, 900));
    assert_eq!(rig.state(), "fresh");
    rig.play(&mut peer, 1000..3000);
    assert!(rig.text() == play.expected());
    assert_eq!(rig.states, ["no_snapshot", "sequence_gap", "fresh"]);
    let counts = rig.books.get(BOOK).counts();
    assert_eq!((counts.fault(Stale::SequenceGap), counts.fault(Stale::BridgeOverflow)), (3, 0));
}

#[test]
fn a_lost_update_of_binance_is_bridged_again() {
    let Some(play) = play_of(Venue::BinanceSpot, 3000) else { return };
    let (mut rig, mut peer) = up(&play);
    let lost = place(&play, r#""e":"depthUpdate""#, 50);
    let next = place(&play, r#""e":"depthUpdate""#, 51);
    rig.play(&mut peer, 0..lost);
    assert_eq!(rig.state(), "fresh");
    rig.is_deceived = true;
    rig.play(&mut peer, lost + 1..next);
    rig.is_deceived = false;
    assert_eq!(rig.state(), "fresh", "nothing is missed yet");
    rig.play(&mut peer, next..next + 1);
    assert_eq!(rig.state(), "sequence_gap");
    rig.play(&mut peer, next + 1..next + 200);
    rig.answer(&snapshot(&play, next + 100));
    assert_eq!(rig.state(), "fresh");
    rig.play(&mut peer, next + 200..3000);
    assert!(rig.text() == play.expected());
    assert_eq!(rig.states, ["no_snapshot", "fresh", "sequence_gap", "fresh"]);
    assert_eq!((rig.counters().ups, rig.counters().resyncs), (1, 2));
}

#[test]
fn a_frame_of_46_000_levels_holds_up_nobody() {
    let Some(play) = play_of(Venue::CoinbaseAdvanced, 14) else { return };
    let Some(other) = play_of(Venue::Kraken, usize::MAX) else { return };
    let mut large = Rig::new(&play, SMALLEST);
    let mut peer = large.come_up();
    large.play(&mut peer, 0..13);
    let (mut small, mut small_peer) = up(&other);
    small.now = other.records[0].0;
    let text = play.records[13].1.clone();
    assert!(text.len() > 4_000_000);
    let (done, is_done) = mpsc::channel();
    let writer = std::thread::spawn(move || {
        peer.send(&text);
        done.send(()).expect("the test waits");
        peer
    });
    while !large.feed.is_inside() {
        large.turn();
    }
    is_done.recv().expect("all is sent: the frame was whole before it was handed on");
    let _peer = writer.join().expect("it has sent");
    let frames = large.counters().frames;
    // Turn about: the other feed's whole recording passes while this frame is inside.
    let (mut sent, mut turns) = (0, 0_u64);
    while large.feed.is_inside() {
        assert_eq!(large.counters().frames, frames);
        large.turn();
        turns += 1;
        if sent < other.records.len() {
            small.play(&mut small_peer, sent..sent + 1);
            sent += 1;
            assert!(large.feed.is_inside(), "after {sent} frames of the other feed");
        }
    }
    assert_eq!(sent, other.records.len());
    assert!(small.text() == other.expected());
    assert!(turns > 46_000 / 28, "{turns} turns");
    assert_eq!(large.state(), "fresh");
}

/// Hears recordings at the time of each of their records, and counts the resyncs that are wished.
fn hear(feed: &mut Feed, books: &mut Books) -> usize {
    let (mut part, mut resyncs) = (Part::empty(), 0);
    while let Some(due) = feed.due() {
        if feed.hear(due, &mut part) {
            let change = books.apply(&part.event, part.levels());
            resyncs::judge(&part.event, change, books, |wish| {
                resyncs += usize::from(matches!(wish, Wish::Resync(_)));
                feed.heed(wish, due);
            });
        }
    }
    resyncs
}

/// Feeds recordings and demands the books of their replay, with its faults.
fn check_recorded(venue: Venue, names: &[&str]) {
    let Some(paths) = names.iter().map(|name| data::path(name)).collect::<Option<Vec<_>>>() else {
        return;
    };
    let survey = survey(venue, &paths).unwrap();
    let mut replay = Replay::with(venue, &paths, &survey).unwrap();
    replay.run(|_, _, _| {}).unwrap();
    let recorded = Recorded::new(venue, Tape::open(&paths).unwrap());
    let params = FeedParams { venue, table: survey.table.clone() };
    let mut feed = Feed::new(params, Source::Recorded(Box::new(recorded)));
    let mut books = books_of(venue, &survey);
    assert_eq!(hear(&mut feed, &mut books), 0, "{names:?} is whole");
    assert!(feed.is_finished());
    assert!(texts(&survey, &books) == texts(&survey, replay.books()), "{names:?}");
}

#[test]
fn a_recording_that_is_fed_gives_the_books_of_its_replay() {
    check_recorded(Venue::Kraken, &["kraken/v1/book1000_20210405_10pairs.txt.zst"]);
    check_recorded(Venue::BinanceSpot, &["binance/multi/10symbols_20210405.txt.zst"]);
    let advanced = "coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst";
    check_recorded(Venue::CoinbaseAdvanced, &[advanced]);
}

#[test]
fn a_recording_waits_for_the_time_of_its_records() {
    let Some(play) = play_of(Venue::Kraken, usize::MAX) else { return };
    let tape = Tape::open(std::slice::from_ref(&play.path)).unwrap();
    let recorded = Recorded::new(play.venue, tape);
    let params = FeedParams { venue: play.venue, table: play.survey.table.clone() };
    let mut feed = Feed::new(params, Source::Recorded(Box::new(recorded)));
    // The way begins with the subscribe that was sent.
    let first = feed.due().unwrap().0;
    let last = play.records[play.records.len() - 1].0.0;
    let mut part = Part::empty();
    for tenth in 0..=10 {
        let now = first + (last - first) * tenth / 10;
        while feed.hear(Nanos(now), &mut part) {}
        let due = play.records.iter().filter(|(at, _)| at.0 <= now).count();
        assert_eq!(feed.counts().messages, due as u64, "after {tenth} tenths");
    }
}
