//! A frame of any length goes through the smallest lane, and nobody waits for it.
//!
//! Between any two parts the decoding stage turns to other work whenever the lane is full, and the
//! book behind the lane becomes the same as one that was built directly.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::play::{paths, table};
use pinnaclemm::engine::book::{BookParams, BookState, Books, Rules, WireScales};
use pinnaclemm::event::{Level, PART_LEVELS_MAX, PART_LINES_MAX, Part};
use pinnaclemm::threads::lane::lane;
use pinnaclemm::types::{InstrumentTable, Nanos, Side, Venue};
use pinnaclemm::venue::decode::{Frame, Next, Origin};
use pinnaclemm::venue::decoder::VenueDecoder;
use pinnaclemm::venue::recorded::{Kind, Reader};
use std::fmt::Write as _;

const VENUE: Venue = Venue::CoinbaseAdvanced;

fn books(table: &InstrumentTable) -> Books {
    let rules = Rules::of(VENUE);
    let mut books = Books::new(rules.silence_max);
    for instrument in table {
        books.add(&BookParams::new(rules, WireScales::from(instrument)));
    }
    books
}

fn levels(books: &Books) -> Vec<Level> {
    let mut all = Vec::new();
    for book in books {
        Side::BOTH.iter().for_each(|side| book.side(*side).collect_into(&mut all));
    }
    all
}

fn check(frame: &[u8], level_count: usize) {
    let table = table(VENUE, &["BTC-USD", "ETH-USD"], 2, 8);
    let origin = Origin::stream(Nanos(1));
    let frame = Frame { bytes: frame, origin, table: &table };
    let (mut direct, mut behind) = (books(&table), books(&table));
    let (mut decoder, mut part) = (VenueDecoder::new(VENUE), Part::empty());
    decoder.begin();
    while decoder.next(&frame, &mut part) == Next::Part {
        direct.apply(&part.event, part.levels());
    }

    let (mut sender, mut receiver) = lane(PART_LINES_MAX);
    let (mut sent, mut turns, mut decoding) = (0, 0, true);
    let mut taken = Part::empty();
    decoder.begin();
    while decoding || !receiver.is_finished() {
        // The decoding stage goes on as long as there is room, then gives way in the middle of the
        // frame.
        while decoding && sender.has_room() {
            decoding = decoder.next(&frame, &mut part) == Next::Part;
            if decoding {
                sender.push(&part.event, part.levels());
                sent += 1;
            }
        }
        // The other stages: each has its turn, here between any two parts.
        turns += 1;
        if !receiver.pop(&mut taken).unwrap() {
            break;
        }
        behind.apply(&taken.event, taken.levels());
    }
    assert!(!decoding && sent >= level_count.div_ceil(PART_LEVELS_MAX));
    // The lane holds one full part, so another stage came in between any two of them.
    assert!(turns >= sent, "{turns} turns for {sent} parts");
    let (direct_levels, behind_levels) = (levels(&direct), levels(&behind));
    assert_eq!(direct_levels.len(), level_count);
    assert!(direct_levels == behind_levels);
    let book = behind.iter().next().unwrap();
    assert_eq!((book.state(), book.top()), (BookState::Fresh, direct.iter().next().unwrap().top()));
}

#[test]
fn a_recorded_frame_of_46_000_levels() {
    let name = ["coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst"];
    let Some(paths) = paths(&name) else { return };
    let mut reader = Reader::open(&paths[0]).unwrap();
    while reader.advance().unwrap() {
        let record = reader.record().unwrap();
        if record.kind == Kind::Received && record.payload.len() > 1_000_000 {
            check(record.payload, 46_000);
            return;
        }
    }
    panic!("the recording holds a whole book of 4 MB");
}

#[test]
fn a_written_frame_of_70_000_levels() {
    let mut text = r#"{"channel":"l2_data","client_id":"","timestamp":"2026-08-09T21:05:48.1Z","sequence_num":0,"events":[{"type":"snapshot","product_id":"BTC-USD","updates":["#.to_owned();
    for i in 0..70_000 {
        let (side, price) = if i % 2 == 0 { ("bid", 70_000 - i) } else { ("offer", 70_000 + i) };
        let comma = if i == 0 { "" } else { "," };
        write!(
            text,
            r#"{comma}{{"side":"{side}","event_time":"1970-01-01T00:00:00Z","price_level":"{price}.5","new_quantity":"0.{:05}"}}"#,
            i + 1
        )
        .unwrap();
    }
    text += "]}]}";
    check(text.as_bytes(), 70_000);
}
