//! Nobody blocks in a push: a snapshot of any length passes through stages that are joined by the
//! least rings, a cancel overtakes it within a turn, and no part of it is lost.
//!
//! The dedicated agents are turned by hand on the wall's time, so many inputs are on their way at
//! once; the journal tells what went where, and a fresh core makes the same of it.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::core_rig::{Engine, Scratch, loaded};
use crate::play::paths;
use pinnaclemm::engine::book::{BookState, Books};
use pinnaclemm::engine::risk::Output;
use pinnaclemm::event::{
    Body, Level, PART_LEVELS_MAX, Part, Report, ReportKind, RequestKind, Shape,
};
use pinnaclemm::journal::replay::replay;
use pinnaclemm::journal::{Content, Journal, ReadError};
use pinnaclemm::threads::dedicated::RingSizes;
use pinnaclemm::threads::outcome::Outcome;
use pinnaclemm::types::{Nanos, Side, Venue};
use pinnaclemm::venue::decode::{Frame, Next, Origin};
use pinnaclemm::venue::decoder::VenueDecoder;
use pinnaclemm::venue::recorded::replay::books_of;
use pinnaclemm::venue::recorded::survey::survey;
use pinnaclemm::venue::recorded::{Kind, Reader};
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering;

const VENUE: Venue = Venue::CoinbaseAdvanced;
const STAMP: &str = "2026-08-09T21:05:48.1Z";
/// Parts that may be sequenced between the one that brings a cancel about and the cancel's leaving:
/// one in each of the three rings, and the one that the first stage takes in the same turn.
const OVERTAKEN_MAX: usize = 4;

/// A frame of levels, bids and asks in turn, from the touch outward.
fn snapshot(number: u64, levels: usize) -> String {
    let mut text = format!(
        r#"{{"channel":"l2_data","client_id":"","timestamp":"{STAMP}","sequence_num":{number},"events":[{{"type":"snapshot","product_id":"BTC-USD","updates":["#
    );
    for i in 0..levels {
        let (side, price) = if i % 2 == 0 { ("bid", 70_000 - i) } else { ("offer", 70_000 + i) };
        let comma = if i == 0 { "" } else { "," };
        write!(
            text,
            r#"{comma}{{"side":"{side}","event_time":"{STAMP}","price_level":"{price}.5","new_quantity":"0.{:05}"}}"#,
            i + 1
        )
        .unwrap();
    }
    text + "]}]}"
}

/// Writes a recording: a small book, then the great frame a while later.
fn record(path: &Path, great: &[u8], number: u64, at: Nanos) {
    let mut file = std::fs::File::create(path).unwrap();
    writeln!(file, "pinnaclemm-recording 1 venue={}", VENUE.name()).unwrap();
    let small = snapshot(number - 1, 40);
    for (before_ms, frame) in [(150, small.as_bytes()), (0, great)] {
        let stamp = at.0 - before_ms * 1_000_000;
        write!(file, "{stamp} recv 0 {}  ", frame.len()).unwrap();
        file.write_all(frame).unwrap();
        file.write_all(b"\n").unwrap();
    }
}

fn levels(books: &Books) -> Vec<Level> {
    let mut all = Vec::new();
    for book in books {
        Side::BOTH.iter().for_each(|side| book.side(*side).collect_into(&mut all));
    }
    all
}

/// What the journal tells of the way.
#[derive(Default)]
struct Told {
    /// Levels of the great frame, and its parts.
    levels: usize,
    parts: usize,
    /// For each cancel that the great frame brings about, the parts until it has left.
    overtaken: Vec<usize>,
    /// Parts behind the last of these.
    parts_behind: usize,
}

fn read(data: &Path, level_count: usize) -> Told {
    let (mut told, mut waiting) = (Told::default(), Vec::new());
    let mut messages = 0;
    let journal = Journal::open(data).unwrap();
    let visited = journal.visit(|_, record| {
        match &record.content {
            Content::Input(input) => match input.event.body {
                Body::Levels(head) if matches!(head.shape, Shape::Snapshot) => {
                    messages += usize::from(head.first);
                    if messages == 2 {
                        (told.levels, told.parts) =
                            (told.levels + usize::from(head.count), told.parts + 1);
                        told.parts_behind += 1;
                    }
                }
                Body::Report(Report { order, kind: ReportKind::Sent, .. }) => {
                    let found = waiting.iter().position(|(waits, _)| *waits == order);
                    if let Some(found) = found {
                        told.overtaken.push(told.parts - waiting.swap_remove(found).1);
                        told.parts_behind = 0;
                    }
                }
                _ => {}
            },
            Content::Output { output: Output::Request(request), .. } if messages == 2 => {
                let terms = request.terms();
                if terms.kind == RequestKind::Cancel && told.levels < level_count {
                    waiting.push((terms.order, told.parts));
                }
            }
            _ => {}
        }
        Ok::<_, ReadError>(())
    });
    visited.unwrap();
    assert!(waiting.is_empty(), "a cancel has never left");
    told
}

fn check(great: &[u8], number: u64, at: Nanos, level_count: usize) {
    let scratch = Scratch::new("credit");
    let (input, data) = (scratch.path().join("tape"), scratch.path().join("data"));
    std::fs::create_dir(&data).unwrap();
    record(&input, great, number, at);
    let over = json!({
        "mode": "replay", "venue": VENUE.name(), "input": [input], "speed": 1, "instruments": [],
        "strategy": { "volatilityWarmupMs": 0 },
        "exchange": { "fills": { "orderLatencyUs": 1000, "reportLatencyUs": 1000 } }
    });
    let engine = Engine::new(loaded(&over, Some(&data)), Some(&data));
    let (done, least) = (engine.done.clone(), RingSizes::least(&engine.core));
    let (said, parts) = crossbeam_channel::bounded(8);
    let mut agents = engine.agents(said, least);
    while !done.load(Ordering::Acquire) {
        for agent in &mut agents {
            agent.do_work();
        }
    }
    assert!(agents[0].rings_full() > 100, "the first stage never lacked credit");
    agents.iter_mut().for_each(|agent| agent.on_close());
    let outcome = Outcome::of(&parts).unwrap();
    assert!(outcome.journal_failure.is_none() && outcome.venue.failure.is_none());

    let told = read(&data, level_count);
    assert_eq!(told.levels, level_count);
    assert!(told.parts >= level_count.div_ceil(PART_LEVELS_MAX));
    assert!(told.overtaken.len() >= 2, "{:?}", told.overtaken);
    assert!(told.overtaken.iter().all(|inputs| *inputs <= OVERTAKEN_MAX), "{:?}", told.overtaken);
    assert!(told.parts_behind > told.parts / 2, "{} of {}", told.parts_behind, told.parts);

    let (replayed, left) = replay(&data).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((replayed.inputs, replayed.missing), (outcome.sequence, 0));
    let core = left.unwrap().core;
    let survey = survey(VENUE, std::slice::from_ref(&input)).unwrap();
    let mut direct = books_of(VENUE, &survey);
    let origin = Origin::stream(at);
    let frame = Frame { bytes: great, origin, table: &survey.table };
    let (mut decoder, mut part) = (VenueDecoder::new(VENUE), Part::empty());
    decoder.begin();
    while decoder.next(&frame, &mut part) == Next::Part {
        direct.apply(&part.event, part.levels());
    }
    let (direct_levels, behind_levels) = (levels(&direct), levels(core.quoting().books()));
    assert_eq!(direct_levels.len(), level_count);
    assert!(direct_levels == behind_levels);
    let states = core.quoting().books().iter().map(|book| book.state());
    assert!(states.zip(direct.iter()).all(|(state, book)| state == book.state()));
    assert_eq!(direct.iter().next().unwrap().state(), BookState::Fresh);
}

#[test]
fn a_cancel_overtakes_a_written_frame_of_70_000_levels() {
    let great = snapshot(1, 70_000);
    check(great.as_bytes(), 1, Nanos(1_786_309_548_100_000_000), 70_000);
}

#[test]
fn a_cancel_overtakes_a_recorded_frame_of_46_000_levels() {
    let name = ["coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst"];
    let Some(paths) = paths(&name) else { return };
    let mut reader = Reader::open(&paths[0]).unwrap();
    while reader.advance().unwrap() {
        let record = reader.record().unwrap();
        if record.kind == Kind::Received && record.payload.len() > 1_000_000 {
            let text = std::str::from_utf8(record.payload).unwrap();
            let (_, behind) = text.split_once(r#""sequence_num":"#).unwrap();
            let digits = behind.find(|c: char| !c.is_ascii_digit()).unwrap();
            let number: u64 = behind[..digits].parse().unwrap();
            check(record.payload, number.max(1), record.received, 46_000);
            return;
        }
    }
    panic!("the recording holds a whole book of 4 MB");
}
