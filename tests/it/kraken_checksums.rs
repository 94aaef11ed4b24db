//! Every checksum that Kraken sent in the recordings is the one over a plain model of the book.
//!
//! So the decoder neither loses nor bends a level, a digit, or the depth at which the book must be
//! cut. Both readings are held to it, and the hand scanner to reading all book messages itself.

use crate::data;
use pinnaclemm::event::{Body, Checksum, Level, Part, Shape};
use pinnaclemm::types::{Instrument, InstrumentTable, Nanos, Scale, Side, Venue};
use pinnaclemm::venue::decode::{Decoder, Frame, Kind, Next, Origin};
use pinnaclemm::venue::kraken::decode::Kraken;
use pinnaclemm::venue::kraken::products;
use std::collections::BTreeMap;
use std::path::Path;

/// A book as plain as can be: of each side, lots by ticks.
#[derive(Default, Clone)]
struct Naive {
    sides: [BTreeMap<i64, i64>; 2],
    depth: usize,
}

impl Naive {
    fn apply(&mut self, shape: Shape, first: bool, levels: &[Level]) {
        if shape == Shape::Snapshot && first {
            self.sides = Default::default();
        }
        for level in levels {
            let side = &mut self.sides[level.side().index()];
            match level.qty().0 {
                0 => side.remove(&level.price().0),
                lots => side.insert(level.price().0, lots),
            };
        }
    }

    /// Drops what lies beyond the subscribed depth.
    fn cut(&mut self) {
        let [bids, asks] = &mut self.sides;
        while bids.len() > self.depth {
            bids.pop_first();
        }
        while asks.len() > self.depth {
            asks.pop_last();
        }
    }

    fn crc(&self, of: &Instrument, sum: Checksum) -> u32 {
        let mut text = String::new();
        let asks = self.sides[Side::Ask.index()].iter();
        let bids = self.sides[Side::Bid.index()].iter().rev();
        for (ticks, lots) in asks.take(10).chain(bids.take(10)) {
            text += &units(of.tick, *ticks, sum.price_decimals);
            text += &units(of.lot, *lots, sum.qty_decimals);
        }
        crc32fast::hash(text.as_bytes())
    }
}

/// The number's text with so many digits behind the point, without point and leading zeros.
fn units(scale: Scale, steps: i64, decimals: u8) -> String {
    let text = scale.text(steps).to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let width = usize::from(decimals);
    let digits = format!("{whole}{:0<width$}", &fraction[..fraction.len().min(width)]);
    digits.trim_start_matches('0').to_owned()
}

/// A file's bytes, plain or zstd.
fn unpacked(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("a recording can be read");
    if path.extension().is_some_and(|extension| extension == "zst") {
        return zstd::decode_all(&*bytes).expect("a recording is whole");
    }
    bytes
}

/// The pairs of the recorded product list by both of their names.
fn table() -> Option<InstrumentTable> {
    let path = data::path("kraken/rest/asset_pairs_20210417.txt.zst")?;
    let list = unpacked(&path);
    let line = list.split(|b| *b == b'\n').next().expect("split gives one");
    let begin = line.iter().position(|b| *b == b'{').expect("the answer");
    let products = products::read(&line[begin..]).expect("a product list");
    assert_eq!(products.len(), 293, "304 pairs, 11 of them dark pools");
    let mut table = InstrumentTable::new(1024);
    for product in &products {
        table.add(Venue::Kraken, product).expect("one of each name");
    }
    for product in products.iter().map(products::for_v2) {
        if table.lookup(Venue::Kraken, product.symbol.as_bytes()).is_none() {
            table.add(Venue::Kraken, &product).expect("one of each name");
        }
    }
    Some(table)
}

/// The messages of a recording that came from the venue.
fn received(name: &str) -> Option<Vec<String>> {
    let bytes = unpacked(&data::path(name)?);
    let text = String::from_utf8(bytes).expect("a recording is text");
    Some(text.lines().filter_map(message).map(str::to_owned).collect())
}

/// The message of a line: `T: message`, `{"rx_ns":T,"frame":message}`, or the line itself.
fn message(line: &str) -> Option<&str> {
    if line.starts_with("{\"rx_ns\"") {
        let framed = |text: &'static str| line.split_once(text).map(|(_, rest)| rest);
        return framed("\"frame\": ")?.strip_suffix('}').filter(|_| !line.contains("\"dir\""));
    }
    if line.starts_with('{') {
        return Some(line);
    }
    let (stamp, message) = line.split_once(": ")?;
    stamp.bytes().all(|b| b.is_ascii_digit() || b == b'.').then_some(message)
}

struct Expected {
    ok: u64,
    snapshots: u64,
    updates: u64,
    /// How many levels of each side stand at the end, bids first.
    sizes: &'static [(&'static str, [usize; 2])],
}

fn check(name: &str, expected: &Expected) {
    let (Some(table), Some(messages)) = (table(), received(name)) else {
        return;
    };
    let hot = |text: &&String| text.starts_with('[') || text.contains("\"book\",\"type\"");
    let cold = (messages.len() - messages.iter().filter(hot).count()) as u64;
    for (mut decoder, surprises) in [
        (Decoder::new(Kraken::default()), cold),
        (Decoder::new(Kraken::default()).generally(), messages.len() as u64),
    ] {
        let mut books = vec![Naive::default(); table.len()];
        let (mut ok, mut part) = (0, Part::empty());
        for message in &messages {
            let origin = Origin::stream(Nanos(0));
            let frame = Frame { bytes: message.as_bytes(), origin, table: &table };
            decoder.begin();
            while decoder.next(&frame, &mut part) == Next::Part {
                let id = part.event.instrument;
                match part.event.body {
                    Body::Subscribed { depth } => books[id.index()].depth = depth as usize,
                    Body::Levels(head) => {
                        let book = &mut books[id.index()];
                        book.apply(head.shape, head.first, part.levels());
                        if !head.last {
                            continue;
                        }
                        book.cut();
                        if let Some(sum) = head.checksum {
                            assert_eq!(book.crc(table.get(id), sum), sum.crc(), "{message}");
                            ok += 1;
                        }
                    }
                    Body::Heartbeat { .. } | Body::Status(_) => {}
                    other => panic!("{other:?} of {message}"),
                }
            }
        }
        let kinds = decoder.counts().kinds;
        assert_eq!(decoder.counts().surprises, surprises);
        assert_eq!(kinds[Kind::BookSnapshot as usize], expected.snapshots);
        assert_eq!(kinds[Kind::BookUpdate as usize], expected.updates);
        assert_eq!((ok, decoder.counts().malformed, decoder.counts().unknown), (expected.ok, 0, 0));
        for (symbol, sizes) in expected.sizes {
            let of = table.lookup(Venue::Kraken, symbol.as_bytes()).expect("in the list");
            let book = &books[of.id.index()];
            assert_eq!([0, 1].map(|side| book.sides[side].len()), *sizes, "{symbol}");
        }
    }
}

#[test]
fn every_checksum_of_v1_is_ours() {
    let expected = Expected {
        ok: 14_496,
        snapshots: 10,
        updates: 14_496,
        sizes: &[
            ("ALGO/XBT", [197, 369]),
            ("DASH/EUR", [724, 1000]),
            ("USDC/GBP", [45, 80]),
            ("XBT/USD", [1000, 1000]),
        ],
    };
    check("kraken/v1/book1000_20210405_10pairs.txt.zst", &expected);
}

#[test]
fn every_checksum_of_v2_is_ours() {
    let sizes: &[_] = &[("BTC/USD", [10, 10])];
    let expected = Expected { ok: 54, snapshots: 1, updates: 53, sizes };
    check("kraken/v2_book_btcusd_d10_20260816.ndjson", &expected);
    let expected = Expected { ok: 4, snapshots: 1, updates: 3, sizes };
    check("kraken/v2_book_btcusd_d10_20260824.jsonl", &expected);
}

/// The worked example of Kraken's guide: its ten levels a side, and the checksum it comes to.
#[test]
fn the_worked_example_of_the_guide_is_ours() {
    let list = r#"{"error":[],"result":{"XXBTZUSD":{"wsname":"XBT/USD","pair_decimals":1,"lot_decimals":8}}}"#;
    let product = products::for_v2(&products::read(list.as_bytes()).unwrap()[0]);
    let mut table = InstrumentTable::new(1);
    let id = table.add(Venue::Kraken, &product).unwrap();
    let side = |levels: &str| {
        let levels = levels.split(' ').map(|level| level.split_once('=').unwrap());
        let rows = levels.map(|(price, qty)| format!(r#"{{"price":{price},"qty":{qty}}}"#));
        rows.collect::<Vec<_>>().join(",")
    };
    let bids = side(
        "45283.5=0.10000000 45283.4=1.54582015 45282.1=0.10000000 45281.0=0.10000000 \
         45280.3=1.54592586 45279.0=0.07990000 45277.6=0.03310103 45277.5=0.30000000 \
         45277.3=1.54602737 45276.6=0.15445238",
    );
    let asks = side(
        "45285.2=0.00100000 45286.4=1.54571953 45286.6=1.54571109 45289.6=1.54560911 \
         45290.2=0.15890660 45291.8=1.54553491 45294.7=0.04454749 45296.1=0.35380000 \
         45297.5=0.09945542 45299.5=0.18772827",
    );
    let message = format!(
        r#"{{"channel":"book","type":"snapshot","data":[{{"symbol":"BTC/USD","bids":[{bids}],"asks":[{asks}],"checksum":3310070434,"timestamp":"2023-10-06T17:35:55.440295Z"}}]}}"#
    );
    let frame =
        Frame { bytes: message.as_bytes(), origin: Origin::stream(Nanos(0)), table: &table };
    let (mut decoder, mut part) = (Decoder::new(Kraken::default()), Part::empty());
    decoder.begin();
    assert_eq!(decoder.next(&frame, &mut part), Next::Part);
    let Body::Levels(head) = part.event.body else { panic!("{:?}", part.event) };
    let mut book = Naive { depth: 10, ..Naive::default() };
    book.apply(head.shape, head.first, part.levels());
    let sum = head.checksum.unwrap();
    assert_eq!((sum.crc(), book.crc(table.get(id), sum)), (3_310_070_434, 3_310_070_434));
}
