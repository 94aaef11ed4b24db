//! Bad input is counted and named, hits the book that it belongs to and no other, and the next
//! snapshot makes that book whole again.
//!
//! Each feed is a recording of two instruments. Over and over a bad message for the first comes,
//! then a good one for the second, then a snapshot of each.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::play::table;
use pinnaclemm::engine::book::BookState;
use pinnaclemm::event::{Body, Part, Stale};
use pinnaclemm::types::{InstrumentId, Nanos, Venue};
use pinnaclemm::venue::decode::{FRAME_BYTES_MAX, Frame, Next, Origin, Wrong};
use pinnaclemm::venue::decoder::VenueDecoder;
use pinnaclemm::venue::recorded::replay::Replay;
use pinnaclemm::venue::recorded::report::damage;
use pinnaclemm::venue::recorded::survey::Survey;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What a bad message does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    /// The first book is stale for that reason.
    Hit(Stale),
    /// Whose it is cannot be told, so both books are.
    Both(Stale),
    /// It is nobody's and only counted.
    Counted,
}

/// A venue with two instruments; `$` stands for the symbol.
struct Feed {
    venue: Venue,
    symbols: [&'static str; 2],
    /// The line of a snapshot; a stamp goes in front of its message.
    snapshot: (&'static str, &'static str),
    /// A good update: with a price of 99.00 and a quantity of 1.50.
    update: &'static str,
}

const FEEDS: [Feed; 3] = [
    Feed {
        venue: Venue::CoinbaseExchange,
        symbols: ["AAA-USD", "BBB-USD"],
        snapshot: (
            "",
            r#"{"type":"snapshot","product_id":"$","asks":[["101.00","1.00"]],"bids":[["99.00","1.00"]]}"#,
        ),
        update: r#"{"type":"l2update","product_id":"$","changes":[["buy","99.00","1.50"]],"time":"2021-04-05T18:33:23.244075Z"}"#,
    },
    Feed {
        venue: Venue::Kraken,
        symbols: ["AAA/USD", "BBB/USD"],
        snapshot: (
            "",
            r#"[1,{"as":[["101.00","1.00","1617647603.1"]],"bs":[["99.00","1.00","1617647603.1"]]},"book-10","$"]"#,
        ),
        update: r#"[1,{"b":[["99.00","1.50","1617647603.2"]],"c":"771589391"},"book-10","$"]"#,
    },
    Feed {
        venue: Venue::BinanceSpot,
        symbols: ["AAAUSD", "BBBUSD"],
        snapshot: (
            "https://x/api/v3/depth?symbol=$&limit=1000 -> ",
            r#"{"lastUpdateId":100,"bids":[["99.00","1.00"]],"asks":[["101.00","1.00"]]}"#,
        ),
        update: r#"{"e":"depthUpdate","E":1617647603300,"s":"$","U":101,"u":102,"b":[["99.00","1.50"]],"a":[]}"#,
    },
];

fn survey(feed: &Feed) -> Survey {
    Survey {
        table: table(feed.venue, &feed.symbols, 2, 2),
        orders: vec![0; 2],
        prices: vec![None; 2],
        utc: true,
        last: Nanos::UNKNOWN,
    }
}

impl Feed {
    /// What damage of the first instrument's message does: the message must still tell whose it is.
    /// Kraken's first protocol says that at the very end.
    fn outcome(&self, message: &[u8]) -> Outcome {
        let named = format!("\"{}\"", self.symbols[0]);
        let told = if self.venue == Venue::Kraken {
            message.ends_with(format!("{named}]").as_bytes())
        } else {
            message.windows(named.len()).any(|window| window == named.as_bytes())
        };
        if told { Outcome::Hit(Stale::Malformed) } else { Outcome::Both(Stale::Malformed) }
    }
}

/// A file below the tests' own folder that is gone when it is dropped.
struct Recording(PathBuf);

impl Recording {
    fn of(name: &str, bytes: &[u8]) -> Self {
        let file = format!("{name}-{}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn replay(&self, feed: &Feed) -> Replay {
        Replay::with(feed.venue, std::slice::from_ref(&self.0), &survey(feed)).unwrap()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

/// Lines of a recording, each a millisecond after the one before.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    count: u64,
}

impl Lines {
    fn add(&mut self, before: &str, message: &[u8]) {
        let (seconds, millis) = (1_617_647_603 + self.count / 1000, self.count % 1000);
        write!(self.bytes, "{before}{seconds}.{millis:03}: ").unwrap();
        self.bytes.extend_from_slice(message);
        self.bytes.push(b'\n');
        self.count += 1;
    }

    fn snapshots(&mut self, feed: &Feed) {
        for symbol in feed.symbols {
            let (before, message) = feed.snapshot;
            self.add(&before.replace('$', symbol), message.replace('$', symbol).as_bytes());
        }
    }
}

fn check(name: &str, feed: &Feed, bad: &[(Vec<u8>, Outcome)]) {
    let mut lines = Lines::default();
    lines.snapshots(feed);
    for (message, _) in bad {
        lines.add("", message);
        lines.add("", feed.update.replace('$', feed.symbols[1]).as_bytes());
        lines.snapshots(feed);
    }
    let recording = Recording::of(&format!("bad-{name}-{}", feed.venue.name()), &lines.bytes);
    let mut replay = recording.replay(feed);
    let (mut checked, mut counted) = (0, 0);
    while replay.advance(|_, _, _| {}).unwrap() {
        let line = replay.tape().readers()[0].report().lines;
        let states: Vec<_> = replay.books().iter().map(|book| book.state()).collect();
        let shown = || {
            let at = usize::try_from(line - 3).unwrap() / 4;
            format!(
                "{} {}",
                feed.venue.name(),
                String::from_utf8_lossy(&bad[at].0[..bad[at].0.len().min(300)])
            )
        };
        if line == 4 + 4 * checked {
            let (_, outcome) = &bad[usize::try_from(checked).unwrap()];
            let expected = match *outcome {
                Outcome::Hit(stale) => [BookState::Stale(stale), BookState::Fresh],
                Outcome::Both(stale) => [BookState::Stale(stale); 2],
                Outcome::Counted => [BookState::Fresh; 2],
            };
            assert_eq!(states, expected, "{}", shown());
            // The good message was applied to the other book.
            let other = replay.books().get(InstrumentId(1));
            if other.state() == BookState::Fresh {
                assert_eq!(other.top().unwrap().bid_qty.lots(), 150, "{}", shown());
            }
            checked += 1;
            let counts = replay.counts().next().unwrap();
            let now = counts.malformed
                + counts.unknown
                + counts.unknown_symbol
                + replay.tape().readers()[0].report().malformed;
            counted += 1;
            assert_eq!(now, counted, "each is counted once: {}", shown());
        } else if line > 2 && line == 2 + 4 * checked {
            assert_eq!(states, [BookState::Fresh; 2], "a snapshot heals: {}", shown());
        }
    }
    assert_eq!(checked, bad.len() as u64);
    assert_eq!(damage(&replay).is_empty(), bad.is_empty());
}

#[test]
fn cut_at_every_byte() {
    for feed in &FEEDS {
        let message = feed.update.replace('$', feed.symbols[0]).into_bytes();
        let cut = |end: usize| match end {
            // The reader calls a line without a payload no record.
            0 => (Vec::new(), Outcome::Counted),
            _ => (message[..end].to_vec(), feed.outcome(&message[..end])),
        };
        check("cut", feed, &(0..message.len()).map(cut).collect::<Vec<_>>());
    }
}

#[test]
fn broken_in_other_ways() {
    let forty = "1234567890123456789012345678901234567890";
    for feed in &FEEDS {
        let message = feed.update.replace('$', feed.symbols[0]);
        let mut bad: Vec<(Vec<u8>, Outcome)> = Vec::new();
        let mut add = |text: &[u8]| bad.push((text.to_vec(), feed.outcome(text)));
        for price in ["-99.00", "0.00", "0", forty, "99.001", "1e5", "", "x", "99..00"] {
            add(message.replacen("99.00", price, 1).as_bytes());
        }
        for qty in ["-1.50", forty, "1.501", "1e1", "", "NaN"] {
            add(message.replacen("1.50", qty, 1).as_bytes());
        }
        let deep = "[".repeat(100_000);
        add(deep.as_bytes());
        add(format!("{},{deep}", &message[..message.len() - 1]).as_bytes());
        add(&[message.as_bytes(), b"\xff"].concat());
        add(format!("{message}{message}").as_bytes());
        if let Some(rest) = message.strip_prefix('{') {
            let first = &rest[..=rest.find(',').unwrap()];
            add(format!("{{{first}{rest}").as_bytes());
            let unknown = message.replace("l2update", "nosuch").replace("depthUpdate", "nosuch");
            bad.push((unknown.into(), Outcome::Hit(Stale::UnknownMessage)));
        }
        bad.push((message.replace(feed.symbols[0], "CCC").into(), Outcome::Counted));
        check("ways", feed, &bad);
    }
}

#[test]
fn too_long_a_frame_is_refused_unread() {
    for feed in &FEEDS {
        let table = survey(feed).table;
        // A message that a scanner would take, level by level.
        let message = feed.update.replace('$', feed.symbols[0]);
        let row = &message[message.find("[[").unwrap() + 1..=message.find("]]").unwrap()];
        let rows = [row].repeat(FRAME_BYTES_MAX / row.len() + 1).join(",");
        let bytes = message.replace(row, &rows).into_bytes();
        let (mut decoder, mut part) = (VenueDecoder::new(feed.venue), Part::empty());
        let origin = Origin::stream(Nanos(1));
        let frame = Frame { bytes: &bytes, origin, table: &table };
        decoder.begin();
        assert_eq!(decoder.next(&frame, &mut part), Next::Part);
        assert_eq!(part.event.body, Body::Fault(Stale::Malformed));
        assert_eq!(decoder.next(&frame, &mut part), Next::End);
        let found = (decoder.last_wrong(), decoder.counts().malformed);
        assert_eq!(found, (Some(Wrong::TooLong), 1));
    }
}

/// A good recording of each feed, and how many bytes its last line has.
fn good(feed: &Feed) -> (Vec<u8>, usize) {
    let mut lines = Lines::default();
    lines.snapshots(feed);
    let before = lines.bytes.len();
    lines.add("", feed.update.replace('$', feed.symbols[0]).as_bytes());
    let last = lines.bytes.len() - before;
    (lines.bytes, last)
}

#[test]
fn a_recording_that_stops_in_the_middle_of_a_line() {
    for feed in &FEEDS {
        let (bytes, last) = good(feed);
        for missing in (0..3).chain((3..last).step_by(7)) {
            let recording = Recording::of("bad-stops", &bytes[..bytes.len() - missing]);
            let mut replay = recording.replay(feed);
            replay.run(|_, _, _| {}).unwrap();
            let report = replay.tape().readers()[0].report();
            // Only the line's end may be missing.
            assert_eq!(report.torn.is_some(), missing > 1, "{missing} missing: {report:?}");
            let found = damage(&replay);
            let named = found.iter().any(|line| line.contains("stops inside a record"));
            assert_eq!((found.is_empty(), named), (missing < 2, missing > 1), "{found:?}");
        }
    }
}

#[test]
fn a_compressed_recording_that_stops_in_the_middle() {
    for feed in &FEEDS {
        let (bytes, _) = good(feed);
        let level = flate2::Compression::default();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), level);
        packed.write_all(&bytes).unwrap();
        let packed = packed.finish().unwrap();
        for length in (packed.len() / 2..packed.len()).step_by(9) {
            let recording = Recording::of("bad-gzip", &packed[..length]);
            let mut replay = recording.replay(feed);
            replay.run(|_, _, _| {}).unwrap();
            let report = replay.tape().readers()[0].report();
            assert!(report.torn.is_some(), "{length} of {}: {report:?}", packed.len());
            assert!(!damage(&replay).is_empty());
        }
    }
}
