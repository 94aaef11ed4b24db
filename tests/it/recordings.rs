//! Every recording is read to the end: so many records of each kind, from when to when, and the
//! exact bytes of every received payload.
//!
//! The figures were computed apart from this program, with regular expressions and `json` in
//! Python; the counts are also those of the READMEs beside the recordings.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::data;
use pinnaclemm::types::Nanos;
use pinnaclemm::venue::recorded::{Framing, Kind, Reader, Record, Recorder, Tape};
use std::path::Path;

struct Expected {
    name: &'static str,
    /// By the number of their kind: received, sent, answers, connections, ends, notes.
    records: [u64; 6],
    /// The first and the last stamp, where the framing has any.
    span: Option<(i64, i64)>,
    steps_back: u64,
    /// Over the received and answered payloads, each with a line end behind it.
    crc: u32,
}

const EXPECTED: &[Expected] = &[
    Expected {
        name: "binance/spot/btcusdt_20240808.gz",
        records: [41249, 0, 0, 0, 0, 0],
        span: Some((1_723_161_253_937_085_768, 1_723_161_599_999_231_384)),
        steps_back: 0,
        crc: 0x7c9a_0867,
    },
    Expected {
        name: "binance/spot/btcusdt_20240809.gz",
        records: [58325, 0, 0, 0, 0, 0],
        span: Some((1_723_161_600_001_658_384, 1_723_161_904_535_092_233)),
        steps_back: 0,
        crc: 0x9d39_b9d6,
    },
    Expected {
        name: "binance/usdm/btcusdt_20240808.gz",
        records: [93954, 0, 0, 0, 0, 0],
        span: Some((1_723_161_255_030_314_667, 1_723_161_599_833_492_584)),
        steps_back: 0,
        crc: 0xb49e_9d87,
    },
    Expected {
        name: "binance/multi/10symbols_20210405.txt.zst",
        records: [11357, 0, 10, 1, 0, 1],
        span: Some((1_617_647_602_623_478_000, 1_617_647_722_615_133_000)),
        steps_back: 0,
        crc: 0x780d_82c7,
    },
    Expected {
        name: "binance/rest/exchange_info_20211012.txt.zst",
        records: [0, 0, 1, 0, 0, 1],
        span: Some((1_633_998_511_132_921_000, 1_633_998_511_132_921_000)),
        steps_back: 0,
        crc: 0x975a_9c6d,
    },
    Expected {
        name: "binance/fixtures/gct_ws_messages.jsonl",
        records: [8, 0, 0, 0, 0, 0],
        span: None,
        steps_back: 0,
        crc: 0x856c_c1e3,
    },
    Expected {
        name: "bitstamp/l3_events_trades_btcusd_20150501_first3h20.log.zst",
        records: [39796, 0, 0, 0, 0, 0],
        span: Some((1_430_438_404_518_000_000, 1_430_450_399_494_000_000)),
        steps_back: 0,
        crc: 0xe3c1_592d,
    },
    Expected {
        name: "bitstamp/l3_orders_btcusd_20260502_first20min.csv.zst",
        records: [235522, 0, 0, 0, 0, 1],
        span: Some((1_777_689_383_201_000_000, 1_777_690_583_195_000_000)),
        steps_back: 1,
        crc: 0x6568_45e8,
    },
    Expected {
        name: "bitstamp/trades_btcusd_20260502_first20min.csv",
        records: [232, 0, 0, 0, 0, 1],
        span: Some((1_777_689_383_889_000_000, 1_777_690_561_976_000_000)),
        steps_back: 0,
        crc: 0x4c14_7960,
    },
    Expected {
        name: "bitstamp/live_orders_btcusd_20260824.jsonl.zst",
        records: [501, 0, 0, 0, 0, 0],
        span: None,
        steps_back: 0,
        crc: 0xc4ca_52dc,
    },
    Expected {
        name: "bitstamp/diff_order_book_btcusd_20260824.jsonl",
        records: [12, 0, 0, 0, 0, 0],
        span: None,
        steps_back: 0,
        crc: 0x004d_5cdd,
    },
    Expected {
        name: "bitstamp/snapshot_l2_btcusd_20260824.json.zst",
        records: [1, 0, 0, 0, 0, 0],
        span: None,
        steps_back: 0,
        crc: 0x352a_e087,
    },
    Expected {
        name: "bitstamp/snapshot_l3_btcusd_20260824.json",
        records: [1, 0, 0, 0, 0, 0],
        span: None,
        steps_back: 0,
        crc: 0x1914_64c2,
    },
    Expected {
        name: "coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst",
        records: [690, 5, 1, 1, 0, 1],
        span: Some((1_786_309_548_026_294_000, 1_786_309_564_532_326_000)),
        steps_back: 0,
        crc: 0xc5ef_297e,
    },
    Expected {
        name: "coinbase-advanced/ws/btcusd_l2_20260824_top15band.jsonl",
        records: [12, 0, 0, 0, 0, 0],
        span: None,
        steps_back: 0,
        crc: 0x5305_8fb1,
    },
    Expected {
        name: "coinbase-exchange/ws/level2_matches_ticker_20210417.txt.zst",
        records: [8214, 3, 0, 1, 0, 0],
        span: Some((1_618_677_816_843_429_800, 1_618_677_847_839_984_200)),
        steps_back: 0,
        crc: 0x1be3_3463,
    },
    Expected {
        name: "coinbase-exchange/full/btcusd_20160312_first10899.txt.zst",
        records: [10899, 0, 0, 0, 0, 0],
        span: Some((1_457_741_317_352_000_000, 1_457_741_339_971_000_000)),
        steps_back: 0,
        crc: 0xdad1_ec70,
    },
    Expected {
        name: "coinbase-exchange/rest/products_20210417.txt.zst",
        records: [0, 0, 1, 0, 0, 1],
        span: Some((1_618_677_816_841_499_800, 1_618_677_816_841_499_800)),
        steps_back: 0,
        crc: 0x642a_ed9a,
    },
    Expected {
        name: "kraken/v1/book1000_20210405_10pairs.txt.zst",
        records: [14636, 1, 0, 1, 0, 1],
        span: Some((1_617_666_422_653_664_000, 1_617_666_542_641_578_000)),
        steps_back: 0,
        crc: 0x1bbd_2240,
    },
    Expected {
        name: "kraken/v1/ticker_20210405_10pairs.txt.zst",
        records: [152, 1, 0, 1, 0, 1],
        span: Some((1_617_666_422_634_842_900, 1_617_666_542_318_609_000)),
        steps_back: 0,
        crc: 0x8d71_6140,
    },
    Expected {
        name: "kraken/v1/trade_20210405_10pairs.txt.zst",
        records: [142, 1, 0, 1, 0, 1],
        span: Some((1_617_666_422_644_768_000, 1_617_666_541_676_557_000)),
        steps_back: 0,
        crc: 0x5e76_51c6,
    },
    Expected {
        name: "kraken/v1/single_messages.jsonl",
        records: [10, 0, 0, 0, 0, 0],
        span: None,
        steps_back: 0,
        crc: 0x57e6_7d9c,
    },
    Expected {
        name: "kraken/v1/own_trades_messages.jsonl",
        records: [6, 0, 0, 0, 0, 0],
        span: None,
        steps_back: 0,
        crc: 0x4dd9_5e68,
    },
    Expected {
        name: "kraken/v2_book_btcusd_d10_20260816.ndjson",
        records: [62, 1, 0, 0, 0, 0],
        span: Some((42_889_692_105_400, 42_895_594_974_900)),
        steps_back: 0,
        crc: 0xedd9_97ef,
    },
    Expected {
        name: "kraken/v2_book_btcusd_d10_20260824.jsonl",
        records: [8, 0, 0, 0, 0, 0],
        span: None,
        steps_back: 0,
        crc: 0x6182_03bd,
    },
    Expected {
        name: "kraken/rest/asset_pairs_20210417.txt.zst",
        records: [0, 0, 1, 0, 0, 1],
        span: Some((1_618_678_132_358_447_000, 1_618_678_132_358_447_000)),
        steps_back: 0,
        crc: 0x7a01_8c2e,
    },
];

/// The CRC of received and answered payloads, as above.
#[derive(Default)]
struct Payloads(crc32fast::Hasher);

impl Payloads {
    fn add(&mut self, record: &Record<'_>) {
        if matches!(record.kind, Kind::Received | Kind::Rest) {
            self.0.update(record.payload);
            self.0.update(b"\n");
        }
    }
}

fn check(expected: &Expected, path: &Path) {
    let Expected { name, records, span, steps_back, crc } = expected;
    let mut reader = Reader::open(path).unwrap();
    let mut payloads = Payloads::default();
    while reader.advance().unwrap() {
        let record = reader.record().unwrap();
        assert!(!record.torn, "{name}");
        payloads.add(&record);
    }
    let report = reader.report();
    assert_eq!(&report.records, records, "{name}");
    let first = span.map_or(Nanos::UNKNOWN, |span| Nanos(span.0));
    let last = span.map_or(Nanos::UNKNOWN, |span| Nanos(span.1));
    assert_eq!((report.first, report.last), (first, last), "{name}");
    assert_eq!(report.steps_back, *steps_back, "{name}");
    assert_eq!((report.malformed, report.torn), (0, None), "{name}: {:?}", report.named);
    // Every line is accounted for; the first of our own framing is no record.
    let first_line = u64::from(reader.framing() == Some(Framing::Own));
    let lines = first_line + report.blank + records.iter().sum::<u64>();
    assert_eq!(report.lines, lines, "{name}");
    assert_eq!(payloads.0.finalize(), *crc, "{name}");
}

#[test]
fn every_recording_is_read_whole() {
    for expected in EXPECTED {
        if let Some(path) = data::path(expected.name) {
            check(expected, &path);
        }
    }
}

/// What lies among the recordings and is none.
fn is_no_recording(name: &str) -> bool {
    let peer = "bitstamp/peer_inferred_trades_20150501_first3h20.csv";
    name.ends_with(".md") || name.ends_with(".sbe") || name == peer
}

#[test]
fn every_other_file_is_one_document() {
    let root = data::root();
    let mut folders: Vec<_> =
        ["binance", "bitstamp", "coinbase-advanced", "coinbase-exchange", "kraken"]
            .map(|venue| root.join(venue))
            .into();
    if !root.is_dir() {
        eprintln!("skipped: {} is absent; PINNACLE_TEST_DATA names it", root.display());
        return;
    }
    let mut documents = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            if is_no_recording(name) || EXPECTED.iter().any(|expected| expected.name == name) {
                continue;
            }
            let mut reader = Reader::open(&path).unwrap();
            while reader.advance().unwrap() {}
            let report = reader.report();
            assert_eq!(report.records, [1, 0, 0, 0, 0, 0], "{name}");
            assert_eq!((report.malformed, report.torn), (0, None), "{name}");
            documents += 1;
        }
    }
    assert!(documents > 100, "only {documents} documents");
}

#[test]
fn merged_recordings_are_in_order_and_complete() {
    let names = [
        "kraken/v1/trade_20210405_10pairs.txt.zst",
        "kraken/v1/book1000_20210405_10pairs.txt.zst",
        "kraken/v1/ticker_20210405_10pairs.txt.zst",
    ];
    let paths: Vec<_> = names.iter().filter_map(|name| data::path(name)).collect();
    if paths.len() < names.len() {
        return;
    }
    let mut tape = Tape::open(&paths).unwrap();
    let mut latest = Nanos::UNKNOWN;
    let mut counts = [0; 3];
    let mut changes = 0;
    let mut before = 0;
    while let Some((place, record)) = tape.advance().unwrap() {
        if record.received.is_known() {
            assert!(record.received >= latest);
            latest = record.received;
        }
        counts[place] += 1;
        changes += u32::from(place != before);
        before = place;
    }
    assert_eq!(counts, [145, 14_639, 155]);
    assert!(changes > 400, "the files alternate, but only {changes} changes were seen");
}

#[test]
fn a_recording_survives_our_own_framing() {
    let name = "coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst";
    let Some(path) = data::path(name) else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let copy = folder.join(format!("recorded-{}.zst", std::process::id()));
    let venue = pinnaclemm::types::Venue::CoinbaseAdvanced;
    let mut recorder = Recorder::create(&copy, venue).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    while reader.advance().unwrap() {
        recorder.record(&reader.record().unwrap()).unwrap();
    }
    recorder.finish().unwrap();
    let expected = EXPECTED.iter().find(|expected| expected.name == name).unwrap();
    check(expected, &copy);
    let mut copied = Reader::open(&copy).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    while reader.advance().unwrap() {
        assert!(copied.advance().unwrap());
        assert_eq!(copied.record(), reader.record());
    }
    assert!(!copied.advance().unwrap());
    std::fs::remove_file(copy).unwrap();
}
