//! `pinnaclemm-tape` as people and scripts use it: what it prints, and the code it exits with.
//!
//! That its books are right is proved in `expected_books`; here, that each command says the same.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::data;
use crate::play::paths;
use pinnaclemm::types::Venue;
use pinnaclemm::venue::recorded::Recorder;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SPOT: [&str; 2] = ["binance/spot/btcusdt_20240808.gz", "binance/spot/btcusdt_20240809.gz"];
const KRAKEN: &str = "kraken/v1/book1000_20210405_10pairs.txt.zst";
const FULL: &str = "coinbase-exchange/full/btcusd_20160312_first10899.txt.zst";
const LEVELS: &str = "coinbase-exchange/ws/level2_matches_ticker_20210417.txt.zst";
const ADVANCED: &str = "coinbase-advanced/ws/btcusd_ethusd_20260809_first690.jsonl.zst";
const LOG: &str = "bitstamp/l3_events_trades_btcusd_20150501_first3h20.log.zst";
const ROWS: &str = "bitstamp/l3_orders_btcusd_20260502_first20min.csv.zst";

/// Every recording that its README calls whole.
const WHOLE: [(&str, &[&str]); 9] = [
    ("coinbase-exchange", &[LEVELS]),
    ("coinbase-exchange", &[FULL]),
    ("coinbase-advanced", &[ADVANCED]),
    ("kraken", &[KRAKEN]),
    ("kraken", &["kraken/v2_book_btcusd_d10_20260816.ndjson"]),
    ("kraken", &["kraken/v2_book_btcusd_d10_20260824.jsonl"]),
    ("binance-spot", &SPOT),
    ("binance-spot", &["binance/multi/10symbols_20210405.txt.zst"]),
    ("binance-usdm", &["binance/usdm/btcusdt_20240808.gz"]),
];

/// What a run of the tool left behind.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap()
    }
}

fn tool() -> Command {
    Command::new(env!("CARGO_BIN_EXE_pinnaclemm-tape"))
}

/// Runs the tool with words before the files.
fn run(words: &str, files: &[PathBuf]) -> Ran {
    let output = tool().args(words.split_whitespace()).args(files).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// An empty folder of that test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tape-tool-{name}"));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn whole_recordings_are_whole() {
    for (venue, names) in WHOLE {
        let Some(files) = paths(names) else { return };
        let ran = run(&format!("check --venue {venue}"), &files);
        assert_eq!((ran.code, ran.out.as_str()), (0, "whole\n"), "{names:?}");
    }
}

#[test]
fn a_packed_file_has_the_books_of_its_recording() {
    let folder = folder("packed");
    for (at, (venue, names)) in WHOLE.iter().enumerate() {
        let Some(files) = paths(names) else { return };
        let end = if at % 2 == 0 { "packed" } else { "packed.zst" };
        let packed = [folder.join(format!("{at}.{end}"))];
        let words = format!("convert --venue {venue} --out {}", packed[0].display());
        let converted = run(&words, &files).json();
        assert_eq!(
            (&converted["venue"], &converted["damage"]),
            (&venue[..].into(), &Value::from(Vec::<Value>::new()))
        );
        assert!(converted["events"].as_u64().unwrap() > 0);
        let words = format!("book --depth 0 --venue {venue}");
        let [mut told, mut again] = [&files, &packed[..]].map(|files| run(&words, files).json());
        // A message of several trades, and one that says nothing of a book, are not what they were.
        let [messages, events] = [&mut told, &mut again].map(|told| told["messages"].take());
        assert_eq!(told, again, "{names:?}");
        for kind in ["book_snapshot", "book_update", "heartbeat", "order_open", "order_done"] {
            assert_eq!(messages[kind], events[kind], "{names:?} {kind}");
        }
        let ran = run(&format!("check --venue {venue}"), &packed);
        assert_eq!((ran.code, ran.out.as_str()), (0, "whole\n"));
        let ran = run(&format!("stats --venue {venue}"), &packed);
        assert!(ran.out.contains(": packed, "), "{}", ran.out);
        // Not over a file that there is.
        let ran = run(&words_of_convert(venue, &packed[0]), &files);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""));
        assert!(ran.err.contains("it exists"), "{}", ran.err);
    }
}

fn words_of_convert(venue: &str, out: &Path) -> String {
    format!("convert --venue {venue} --out {}", out.display())
}

#[test]
fn packed_files_are_held_to_their_venue_and_their_end() {
    let folder = folder("misuse");
    let Some(files) = paths(&[KRAKEN]) else { return };
    let packed = folder.join("packed");
    run(&words_of_convert("kraken", &packed), &files).json();
    let check = |words: &str, files: &[PathBuf], code: i32, why: &str| {
        let ran = run(words, files);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(ran.code == code && told.contains(why), "{words}: {} {told}", ran.code);
    };
    let one = std::slice::from_ref(&packed);
    for command in ["book", "stats", "check"] {
        let words = format!("{command} --venue bitstamp");
        check(&words, one, 3, "is of kraken, not of bitstamp: say --venue kraken");
    }
    let both = [packed.clone(), files[0].clone()];
    check("book --venue kraken", &both, 3, "can only be played alone");
    let bytes = fs::read(&packed).unwrap();
    let cut = folder.join("cut");
    fs::write(&cut, &bytes[..bytes.len() - 1]).unwrap();
    check("check --venue kraken", std::slice::from_ref(&cut), 1, "stops before its end");
    check("book --venue kraken", &[cut], 3, "stops before its end");
    // A recording of our own framing names its venue, too.
    let own = folder.join("own");
    Recorder::create(&own, Venue::Kraken).unwrap().finish().unwrap();
    check("book --venue bitstamp", &[own], 3, "is of kraken, not of bitstamp");
}

#[test]
fn stats_of_recordings() {
    let Some(files) = paths(&SPOT) else { return };
    let told = run("stats --json --venue binance-spot", &files).json();
    let instrument = &told["instruments"]["BTCUSDT"];
    assert_eq!(told["messages"]["trade"], 19_904);
    assert_eq!(
        (&instrument["messages"]["book_update"], &instrument["state"]),
        (&6495.into(), &"fresh".into())
    );
    // The README: trade ids are contiguous, the recorder's clock is 1.27 s behind.
    assert_eq!(instrument["trade_ids"]["breaks"], 0);
    let median = told["clock_offset"]["median_ns"].as_i64().unwrap();
    assert!((1_265_000_000..1_275_000_000).contains(&median), "{median}");
    assert_eq!(told["clock_offset"]["judged"], true);
    assert_eq!(told["span"]["first"], "2024-08-08T23:54:13.937085768Z");
    let lines: Vec<_> = [0, 1].map(|at| told["files"][at]["lines"].as_u64().unwrap()).into();
    assert_eq!(lines.iter().sum::<u64>(), 99_574);
    assert!((150.0..156.0).contains(&told["rate"]["mean"].as_f64().unwrap()));
    let table = run("stats --venue binance-spot", &files);
    assert_eq!(table.code, 0);
    for part in ["venue         binance-spot\n", "1272.062 ms median", "\nBTCUSDT  ", "58325 recv"]
    {
        assert!(table.out.contains(part), "{part:?}: {}", table.out);
    }
    // Newest first within a message, and none is missing.
    let Some(files) = paths(&[ADVANCED]) else { return };
    let told = run("stats --json --venue coinbase-advanced", &files).json();
    for symbol in ["BTC-USD", "ETH-USD"] {
        assert_eq!(told["instruments"][symbol]["trade_ids"]["breaks"], 0, "{symbol}");
    }
    let Some(files) = paths(&[FULL]) else { return };
    let told = run("stats --json --venue coinbase-exchange", &files).json();
    assert_eq!(told["clock_offset"]["judged"], false);
}

#[test]
fn recordings_that_name_no_instrument() {
    for (name, reason) in [(LOG, "no_snapshot"), (ROWS, "crossed")] {
        let Some(files) = paths(&[name]) else { return };
        let told = run("book --venue bitstamp", &files).json();
        let book = &told["books"]["unnamed"];
        assert_eq!((&book["state"], &book["reason"]), (&"stale".into(), &reason.into()));
        assert!(book["bid_levels"].as_u64().unwrap() > 50, "{name}");
        let told = run("book --symbol btcusd --venue bitstamp", &files).json();
        assert_eq!(told["books"]["btcusd"]["bids"], book["bids"]);
        assert_eq!(run("check --venue bitstamp", &files).code, 1);
    }
}

#[test]
fn product_lists_give_the_steps() {
    let Some(list) = data::path("kraken/rest/asset_pairs_20210417.txt.zst") else { return };
    let Some(files) = paths(&[KRAKEN]) else { return };
    let words = format!("book --depth 1 --products {} --venue kraken", list.display());
    let told = run(&words, &files).json();
    // The tick of the list, not the digits that the numbers happen to need.
    let price = told["books"]["XBT/USD"]["bids"][0][0].as_str().unwrap().to_owned();
    assert_eq!(price.split_once('.').unwrap().1.len(), 1, "{price}");
    let ran = run(&words.replace("kraken", "coinbase-exchange"), &files);
    assert_eq!(ran.code, 3);
    let words = format!("check --products {} --venue coinbase-exchange", list.display());
    let ran = run(&words, &files);
    assert!(ran.err.contains("holds no product list of coinbase-exchange"), "{}", ran.err);
    assert_eq!(ran.code, 3);
    // A list that does not fit is a fault of the numbers, and named.
    let Some(list) = data::path("binance/rest/exchange_info_20211012.txt.zst") else { return };
    let Some(files) = paths(&["binance/multi/10symbols_20210405.txt.zst"]) else { return };
    let ran = run(&format!("check --products {} --venue binance-spot", list.display()), &files);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("the last of them: price"), "{}", ran.out);
}

#[test]
fn a_recording_cut_inside_a_line_is_not_whole() {
    let Some(files) = paths(&["kraken/v2_book_btcusd_d10_20260816.ndjson"]) else { return };
    let text = fs::read(&files[0]).unwrap();
    let cut = [folder("cut").join("cut.ndjson")];
    fs::write(&cut[0], &text[..text.len() - 40]).unwrap();
    let ran = run("check --venue kraken", &cut);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert!(ran.out.contains("stops inside a record"), "{}", ran.out);
    let told = run("stats --json --venue kraken", &cut).json();
    assert!(told["files"][0]["torn"].as_u64().unwrap() > 0);
    // The books up to there are printed all the same.
    assert!(run("book --venue kraken", &cut).json()["books"]["BTC/USD"].is_object());
}

#[test]
fn wrong_arguments_and_files() {
    let folder = folder("wrong");
    let text = folder.join("text");
    fs::write(&text, "this is no recording\n").unwrap();
    let absent = folder.join("absent");
    let out = folder.join("out");
    let check = |words: &str, file: &Path, code: i32, why: &str| {
        let ran = run(words, &[file.to_owned()]);
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{words}");
        assert!(ran.err.contains(why), "{words}: {}", ran.err);
    };
    check("book --venue nyse", &text, 2, "one of coinbase-exchange, coinbase-advanced, kraken");
    check("book", &text, 2, "--venue");
    check("sell --venue kraken", &text, 2, "sell");
    check("convert --venue kraken", &text, 2, "--out");
    check("book --venue bitstamp --symbol a,b", &text, 2, "a name may hold");
    assert_eq!(run("check --venue kraken", &[]).code, 2);
    for command in ["book", "stats", "check"] {
        let words = format!("{command} --venue kraken");
        check(&words, &absent, 3, "cannot open");
        check(&words, &text, 3, "no framing of a recording");
        check(&format!("{words} --products {}", absent.display()), &text, 3, "cannot read");
    }
    check(&words_of_convert("kraken", &out), &text, 3, "no framing of a recording");
    assert!(!out.exists());
    let ran = run("--help", &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("Exit codes"));
}

#[test]
fn whoever_reads_the_output_may_go() {
    let Some(files) = paths(&[ADVANCED]) else { return };
    let words = "book --depth 0 --venue coinbase-advanced".split(' ');
    let mut child = tool();
    let child = child.args(words).args(files).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
