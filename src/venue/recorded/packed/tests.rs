//! What is packed comes back; no cut and no flipped byte goes unnoticed, and nothing that was
//! damaged is handed out.

use super::super::sink::Sink;
use super::super::testing::{Random, Scratch};
use super::*;
use crate::event::{
    Body, Checksum, Event, Level, Levels, MarketStatus, OrderAction, OrderKey, OrderUpdate,
    PART_LEVELS_MAX, Shape, Stale, Trade,
};
use crate::types::{
    Currency, InstrumentTable, Nanos, Price, Product, Qty, Scale, Side, Symbol, Venue,
};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

type Owned = (Event, Vec<Level>);

fn table() -> InstrumentTable {
    let mut table = InstrumentTable::new(8);
    for (symbol, tick, lot) in [("XBT/USD", "0.10000", "1e-08"), ("DASH/EUR", "0.05", "10")] {
        let (base, quote) = symbol.split_once('/').unwrap();
        let product = Product {
            symbol: Symbol::new(symbol.as_bytes()).unwrap(),
            base: Currency::new(base.as_bytes()).unwrap(),
            quote: Currency::new(quote.as_bytes()).unwrap(),
            tick: Scale::parse(tick.as_bytes()).unwrap(),
            lot: Scale::parse(lot.as_bytes()).unwrap(),
            order_step: Scale::parse(lot.as_bytes()).unwrap(),
            trading: true,
        };
        table.add(Venue::Kraken, &product).unwrap();
    }
    table
}

fn random_level(random: &mut Random) -> Level {
    let side = Side::BOTH[usize::try_from(random.below(2)).unwrap()];
    let price = Price((random.next() >> 2).cast_signed());
    Level::new(side, price, Qty((random.next() >> 1).cast_signed()))
}

fn random_body(random: &mut Random) -> Body {
    match random.below(8) {
        0 => Body::Order(OrderUpdate {
            key: OrderKey { high: random.next(), low: random.next() },
            action: OrderAction::Match,
            snapshot: random.below(2) == 0,
            first: random.below(2) == 0,
            id: random.next(),
        }),
        1 => Body::Trade(Trade {
            price: Price((random.next() >> 2).cast_signed()),
            qty: Qty((random.next() >> 1).cast_signed()),
            id: random.next(),
            aggressor: Side::Ask,
            history: random.below(2) == 0,
        }),
        2 => Body::Heartbeat { id: random.next(), trade_id: random.next() },
        3 => Body::Status(MarketStatus::Halted),
        4 => Body::Fault(Stale::Crossed),
        5 => Body::Subscribed { depth: 0 },
        _ => Body::Levels(Levels {
            shape: Shape::Update,
            first: random.below(2) == 0,
            last: random.below(2) == 0,
            count: u8::try_from(random.below(PART_LEVELS_MAX as u64 + 1)).unwrap(),
            follows: random.next(),
            id: random.next(),
            checksum: (random.below(2) == 0).then(|| Checksum::new(7, 5, 8)),
        }),
    }
}

fn random_events(seed: u64, count: usize) -> Vec<Owned> {
    let mut random = Random(seed);
    let mut events = Vec::new();
    for _ in 0..count {
        let id = [InstrumentId(0), InstrumentId(1), InstrumentId::ALL];
        let event = Event {
            sequence: random.next(),
            received: Nanos(random.next().cast_signed()),
            venue_time: Nanos(random.next().cast_signed()),
            instrument: id[usize::try_from(random.below(3)).unwrap()],
            body: random_body(&mut random),
        };
        let levels = (0..event.level_count()).map(|_| random_level(&mut random)).collect();
        events.push((event, levels));
    }
    events
}

fn write(path: &Path, events: &[Owned]) -> Totals {
    let mut writer = PackedWriter::create(path, Venue::Kraken, &table()).unwrap();
    for (event, levels) in events {
        writer.push(event, levels).unwrap();
    }
    writer.finish().unwrap()
}

/// The events that are handed out, and why no more.
fn read(bytes: &[u8]) -> (Vec<Owned>, Result<Totals, PackedFault>) {
    let mut events = Vec::new();
    let input = super::super::source::unpacked(io::Cursor::new(bytes.to_vec())).unwrap();
    let mut reader = match PackedReader::over(Path::new("test"), input) {
        Ok(reader) => reader,
        Err(error) => return (events, Err(error.fault)),
    };
    loop {
        match reader.advance() {
            Ok(Some((event, levels))) => events.push((*event, levels.to_vec())),
            Ok(None) => return (events, Ok(reader.totals())),
            Err(error) => {
                assert!(reader.advance().unwrap().is_none(), "an error ends the file");
                return (events, Err(error.fault));
            }
        }
    }
}

#[test]
fn what_is_packed_comes_back() {
    let scratch = Scratch::new();
    for (seed, count) in [(1, 0), (2, 1), (3, 100), (4, 20_000)] {
        let events = random_events(seed, count);
        for name in ["plain", "small.zst"] {
            let path = scratch.path(&format!("{seed}-{name}"));
            let totals = write(&path, &events);
            assert_eq!(totals.events, count as u64);
            let levels: usize = events.iter().map(|event| event.1.len()).sum();
            assert_eq!(totals.levels, levels as u64);
            let (got, end) = read(&std::fs::read(&path).unwrap());
            assert!(got == events, "seed {seed}");
            assert_eq!(end.unwrap(), totals);

            let reader = PackedReader::open(&path).unwrap();
            assert_eq!(reader.venue(), Venue::Kraken);
            assert!(reader.instruments().iter().eq(table().iter()));
        }
    }
}

#[test]
fn the_header_is_as_documented() {
    let scratch = Scratch::new();
    let path = scratch.path("header");
    write(&path, &[]);
    let bytes = std::fs::read(&path).unwrap();
    let expected = "pinnaclemm-packed 1 venue=kraken instruments=2\n\
        XBT/USD XBT USD 0.1 0.00000001\n\
        DASH/EUR DASH EUR 0.05 10\n\
        pmmCLOSE";
    assert_eq!(std::str::from_utf8(&bytes[..expected.len()]), Ok(expected));
    assert_eq!(bytes.len(), expected.len() - 8 + LINE);
}

#[test]
fn no_cut_goes_unnoticed() {
    let scratch = Scratch::new();
    let events = random_events(5, 6000);
    for name in ["plain", "small.zst"] {
        let path = scratch.path(name);
        write(&path, &events);
        let bytes = std::fs::read(&path).unwrap();
        let dense = bytes.len().saturating_sub(300)..bytes.len();
        for cut in (0..400).chain((400..bytes.len()).step_by(9973)).chain(dense) {
            let (got, end) = read(&bytes[..cut]);
            assert!(got == events[..got.len()], "{name} cut at {cut}");
            let named = matches!(end, Err(PackedFault::Truncated { .. } | PackedFault::NotPacked));
            assert!(named, "{name} cut at {cut}: {end:?}");
        }
    }
}

#[test]
fn no_flipped_byte_goes_unnoticed() {
    let scratch = Scratch::new();
    let path = scratch.path("small");
    let events = random_events(6, 12);
    write(&path, &events);
    let good = std::fs::read(&path).unwrap();
    for place in 0..good.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[place] ^= flip;
            let (got, end) = read(&bytes);
            assert!(got == events[..got.len()], "byte {place} ^ {flip:#x}");
            assert!(end.is_err(), "byte {place} ^ {flip:#x}");
        }
    }
}

#[test]
fn blocks_are_held_in_their_places() {
    let scratch = Scratch::new();
    let path = scratch.path("blocks");
    // One line an event, so that every block but the last is full.
    let event = |id| Event {
        sequence: id,
        received: Nanos(1),
        venue_time: Nanos(2),
        instrument: InstrumentId(0),
        body: Body::Subscribed { depth: 0 },
    };
    let events: Vec<Owned> =
        (0..3 * BLOCK_LINES_MAX as u64).map(|id| (event(id), Vec::new())).collect();
    write(&path, &events);
    let good = std::fs::read(&path).unwrap();
    let size = (BLOCK_LINES_MAX + 1) * LINE;
    let start = good.len() - LINE - 3 * size;
    let block = |n: usize| &good[start + n * size..start + (n + 1) * size];
    let (head, end) = (&good[..start], &good[good.len() - LINE..]);
    let check = |parts: &[&[u8]], given: usize, expected: &str| {
        let (got, fault) = read(&parts.concat());
        assert_eq!(got.len(), given * BLOCK_LINES_MAX);
        let fault = fault.map_err(|fault| fault.to_string());
        assert_eq!(fault.map(|_| String::new()).unwrap_or_else(|text| text), expected);
    };
    check(&[head, block(0), block(1), block(2), end], 3, "");
    let damaged = |n| format!("it is damaged in block {n} or before: convert again");
    check(&[head, block(1), block(0), block(2), end], 0, &damaged(0));
    check(&[head, block(0), block(2), end], 1, &damaged(1));
    check(&[head, block(0), block(0), block(1), end], 1, &damaged(1));
    check(&[head, block(0), block(1), end], 2, &damaged(2));
    check(&[head, end], 0, &damaged(0));
    let trailing = "something stands behind its end: convert again";
    check(&[head, block(0), block(1), block(2), end, b"x"], 3, trailing);
    let cut = "it stops before its end, behind 1 whole blocks: convert again";
    check(&[head, block(0), &block(1)[..100]], 1, cut);
}

#[test]
fn foreign_files_are_named() {
    let check = |text: &str, expected: &str| {
        let (_, fault) = read(text.as_bytes());
        assert_eq!(fault.unwrap_err().to_string(), expected, "{text}");
    };
    let no = "it is no packed file: `pinnaclemm-tape convert` makes one";
    check("1723161253937085768 {}", no);
    check(&"x".repeat(1000), no);
    check("pinnaclemm-recording 1 venue=kraken\n", no);
    check(
        "pinnaclemm-packed 2 venue=kraken instruments=0\n",
        "it is of version 2, this program reads 1: convert again",
    );
    let header = |text: &str| format!("its header is not understood at {text:?}");
    for line in [
        "pinnaclemm-packed 1 venue=mtgox instruments=0",
        "pinnaclemm-packed 1 venue=kraken instruments=4097",
        "pinnaclemm-packed 1 venue=kraken instruments=-1",
        "pinnaclemm-packed 1 venue=kraken",
    ] {
        check(&format!("{line}\n"), &header(line));
    }
    let first = "pinnaclemm-packed 1 venue=kraken instruments=2";
    for line in ["A B C 0.1", "A B C 0.1 0.1 0.1", "A B C 0 1", "A  C 1 1", ""] {
        check(&format!("{first}\n{line}\n"), &header(line));
    }
    check(&format!("{first}\nA B C 1 1\nA B C 1 1\n"), &header("A B C 1 1"));
    check(
        &format!("{first}\nA B"),
        "it stops before its end, behind 0 whole blocks: convert again",
    );
}

/// A disk in memory that becomes full.
#[derive(Clone, Default)]
struct Small(Arc<Mutex<usize>>);

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut left = self.0.lock().unwrap();
        *left = left.checked_sub(bytes.len()).ok_or_else(|| io::Error::other("no space"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Small {
    fn finish(self: Box<Self>) -> io::Result<()> {
        Err(io::Error::other("no sync"))
    }
}

#[test]
fn a_failed_write_is_final() {
    let events = random_events(8, 20_000);
    let disk = Small(Arc::new(Mutex::new(BLOCK_LINES_MAX * LINE * 3 / 2)));
    let path = Path::new("disk/file");
    let mut writer =
        PackedWriter::over(Box::new(disk.clone()), path, Venue::Kraken, &table()).unwrap();
    let text = "disk/file: writing failed, convert again: no space";
    let failed = events.iter().position(|(event, levels)| writer.push(event, levels).is_err());
    assert!(failed.is_some_and(|place| place > 100));
    *disk.0.lock().unwrap() = usize::MAX;
    let (event, levels) = &events[0];
    assert_eq!(writer.push(event, levels).unwrap_err().to_string(), text);
    assert_eq!(writer.finish().unwrap_err().to_string(), text);

    let disk = Small(Arc::new(Mutex::new(usize::MAX)));
    let writer = PackedWriter::over(Box::new(disk), path, Venue::Kraken, &table()).unwrap();
    let text = "disk/file: writing failed, convert again: no sync";
    assert_eq!(writer.finish().unwrap_err().to_string(), text);

    let scratch = Scratch::new();
    write(&scratch.path("one"), &[]);
    let again = PackedWriter::create(&scratch.path("one"), Venue::Kraken, &table()).unwrap_err();
    assert!(again.to_string().ends_with("it exists: move it away or choose another name"));
}

#[test]
fn events_of_another_table_are_refused() {
    // A file with the same blocks but a shorter table cannot be made by damage: by hand, then.
    let event = |id| Event {
        sequence: 1,
        received: Nanos(1),
        venue_time: Nanos(2),
        instrument: InstrumentId(id),
        body: Body::Levels(Levels {
            shape: Shape::Update,
            first: true,
            last: true,
            count: 5,
            follows: 0,
            id: 0,
            checksum: None,
        }),
    };
    let check = |lines: &[Line], expected: &str| {
        let header = b"pinnaclemm-packed 1 venue=kraken instruments=1\nA B C 1 1\n";
        let totals = Totals { lines: lines.len() as u64, events: 1, levels: 0 };
        let head = BlockHead { magic: BLOCK, totals, number: 0 }.to_bytes();
        let words = lines.iter().flat_map(|line| line.0.map(u64::to_le_bytes)).flatten();
        let lines: Vec<u8> = words.collect();
        let crc = crc32fast::hash(&[&header[..], &head, &lines].concat());
        let bytes = [&header[..], &head, &u64::from(crc).to_le_bytes(), &lines].concat();
        assert_eq!(read(&bytes).1.unwrap_err().to_string(), expected);
    };
    let none = Line::default();
    check(&[event(1).pack(), none, none], "an event is of instrument 1, unnamed here");
    check(&[event(0).pack(), none], "an event does not end within its block");
    let foreign = "a line with tag 0 is the head of no event: it was written by another version";
    check(&[none], foreign);
    let cut = "it stops before its end, behind 1 whole blocks: convert again";
    check(&[event(0).pack(), none, none], cut);
}
