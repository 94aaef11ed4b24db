//! `pinnaclemm-journal` from outside: what it prints, how it exits.

#![expect(clippy::unwrap_used, reason = "a test")]

use pinnaclemm::engine::risk::{OrderRequest, Output, Refusal};
use pinnaclemm::event::{
    Body, Event, FeeIn, Level, Levels, Proposal, RefusalCode, Report, ReportKind, RequestKind,
    Shape, StateReason, TradingState,
};
use pinnaclemm::journal::identity::{Account, ModeName};
use pinnaclemm::journal::{
    Begun, DataDirectory, DiskParams, Identity, JournalParams, Start, SyncMode, begin,
};
use pinnaclemm::types::{
    Currency, InstanceTag, Instrument, InstrumentId, Nanos, OrderId, Origin, Price, Qty, Scale,
    Side, Symbol, TimeInForce, Venue,
};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder that is gone when its test is.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn folder(name: &str) -> Folder {
    let path = std::env::temp_dir().join(format!("pinnaclemm-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    Folder(path)
}

fn open(path: &Path) -> Begun {
    let identity = Identity {
        mode: ModeName::new(b"simulation").unwrap(),
        venue: Venue::Simulated,
        account: Account::new(b"main").unwrap(),
        settlement_currency: Currency::new(b"USD").unwrap(),
        instance_tag: InstanceTag::new(1),
    };
    let instrument = Instrument {
        id: InstrumentId(0),
        venue: identity.venue,
        symbol: Symbol::new(b"BTC-USD").unwrap(),
        base: Currency::new(b"BTC").unwrap(),
        quote: Currency::new(b"USD").unwrap(),
        tick: Scale::power_of_ten(2),
        lot: Scale::power_of_ten(8),
        order_step: Scale::power_of_ten(8),
    };
    let params = JournalParams {
        segment_bytes: 1 << 20,
        sync: SyncMode::Process,
        sync_interval: Nanos::from_millis(10),
        unsynced_max: Nanos::from_seconds(2),
        pack: false,
        journal_bytes_max: None,
        disk: DiskParams::default(),
    };
    let directory = DataDirectory::open(path, &identity).unwrap();
    begin(directory, &params, 1, |epoch| Start {
        core_version: 1,
        program: "0.1.0".into(),
        identity,
        epoch,
        started: Nanos(0),
        seed: 7,
        instruments: vec![instrument],
        config: serde_json::value::RawValue::from_string("{}".into()).unwrap(),
    })
    .unwrap()
}

fn event(sequence: u64, body: Body) -> Event {
    let received = Nanos(1_618_677_810_244_075_000);
    let instrument = InstrumentId(0);
    Event { sequence, received, venue_time: Nanos::UNKNOWN, instrument, body }
}

/// A book, a request and its refusal's twin, a fill.
fn append(begun: &mut Begun) {
    let levels = Levels {
        shape: Shape::Update,
        first: true,
        last: true,
        count: 2,
        follows: 0,
        id: 5,
        checksum: None,
    };
    let two = [
        Level::new(Side::Bid, Price(6_279_700), Qty(150_000_000)),
        Level::new(Side::Ask, Price(6_279_701), Qty(0)),
    ];
    begun.writer.append_input(&event(1, Body::Levels(levels)), &two).unwrap();
    let order = OrderId::new(begun.start.epoch, Origin::Quoter, 1);
    let proposal = Proposal {
        order,
        price: Price(6_279_650),
        qty: Qty(1_000_000),
        instrument: InstrumentId(0),
        kind: RequestKind::Place,
        side: Side::Bid,
        time_in_force: TimeInForce::GoodTillCancel,
        post_only: true,
        reduce_only: false,
    };
    begun.writer.append_request(&OrderRequest::unpack(&proposal.pack()).unwrap()).unwrap();
    let (code, value, limit) = (RefusalCode::PositionLimit, 3, 2);
    let refusal = Output::Refusal(Refusal { proposal, code, value, limit });
    begun.writer.append_output(&refusal).unwrap();
    let (state, reason) = (TradingState::Halted, StateReason::Operator);
    begun.writer.append_output(&Output::State { state, reason }).unwrap();
    let report = Report {
        trade_id: 42,
        fee: -125,
        fee_decimals: 4,
        fee_in: FeeIn::Quote,
        maker: true,
        ..Report::new(order, ReportKind::Filled)
    };
    let level = Level::new(Side::Bid, Price(6_279_650), Qty(400_000));
    begun.writer.append_input(&event(2, Body::Report(report)), &[level]).unwrap();
}

fn tool(words: &[&str], directory: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-journal"))
        .args(words)
        .arg(directory)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_dump_shows_what_is_asked_for_in_the_units_of_the_instrument() {
    let folder = folder("dump");
    let mut begun = open(&folder.0);
    append(&mut begun);
    begun.writer.close().unwrap();
    let (code, all, error) = tool(&["dump"], &folder.0);
    assert_eq!((code, error.as_str()), (0, ""));
    let types: Vec<_> = all
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().into())
        .collect::<Vec<String>>();
    let expected = ["start", "input", "request", "refusal", "state", "fill", "end", "seal"];
    assert_eq!(types, expected);

    let check = |choice: &str, expected: &[&str]| {
        let (code, text, _) = tool(&["dump", "--type", choice], &folder.0);
        assert_eq!((code, text.lines().collect::<Vec<_>>()), (0, expected.to_vec()), "{choice}");
    };
    let fill = r#"{"record":6,"epoch":1,"type":"fill","input":2,"time":"2021-04-17T16:43:30.244075000Z","symbol":"BTC-USD","event":"fill","order":"00000000-0001-8000-8000-000100000001","side":"bid","price":"62796.50","qty":"0.00400000","fee":"-0.0125","feeCurrency":"USD","maker":true,"tradeId":42}"#;
    let levels = r#"{"record":2,"epoch":1,"type":"input","input":1,"time":"2021-04-17T16:43:30.244075000Z","symbol":"BTC-USD","event":"levels","shape":"update","first":true,"last":true,"id":5,"levels":[["bid","62797.00","1.50000000"],["ask","62797.01","0.00000000"]]}"#;
    let terms = r#""symbol":"BTC-USD","request":"place","order":"00000000-0001-8000-8000-000100000001","side":"bid","price":"62796.50","qty":"0.01000000","timeInForce":"gtc","postOnly":true,"reduceOnly":false"#;
    let head = |record: u8, name: &str| {
        format!(
            r#"{{"record":{record},"epoch":1,"type":"{name}","input":1,"time":"2021-04-17T16:43:30.244075000Z","#
        )
    };
    let request = format!("{}{terms}}}", head(3, "request"));
    let code = r#""code":"REJECTED_POSITION_LIMIT","value":"3","limit":"2""#;
    let refusal = format!("{}{terms},{code}}}", head(4, "refusal"));
    let state = format!("{}{}", head(5, "state"), r#""state":"HALTED","reason":"operator"}"#);
    check("fill", &[fill]);
    check("input", &[levels, fill]);
    check("output", &[&request, &refusal, &state]);
    check("request", &[&request]);
    check("refusal", &[&refusal]);
    check("explanation", &[]);
    let (code, _, error) = tool(&["dump", "--type", "nothing"], &folder.0);
    assert_eq!(code, 2);
    assert!(error.contains("one of all, input, output"), "{error}");
}

#[test]
fn stats_count_by_type_and_by_symbol_and_day() {
    let folder = folder("stats");
    let mut begun = open(&folder.0);
    append(&mut begun);
    begun.writer.close().unwrap();
    let (code, text, _) = tool(&["stats", "--json"], &folder.0);
    let stats: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 0);
    let size = fs::metadata(folder.0.join("journal/00000000000000000001.seg")).unwrap().len();
    assert_eq!((&stats["records"], &stats["bytes"]), (&8.into(), &size.into()));
    // 16 bytes of head, 5 words that are not zero, 2 levels.
    assert_eq!(stats["byType"]["input"]["bytes"], 16 + 8 * 5 + 2 * 16);
    let days = stats["byDay"].as_array().unwrap();
    assert_eq!(days.len(), 2);
    assert_eq!((&days[1]["date"], &days[1]["symbol"]), (&"2021-04-17".into(), &"BTC-USD".into()));
    assert_eq!((&days[0]["symbol"], &days[0]["records"]), (&Value::Null, &1.into()));
    let (code, table, _) = tool(&["stats"], &folder.0);
    assert!(code == 0 && table.contains("the last run ended as it should"), "{table}");
}

#[test]
fn verify_exits_as_it_says() {
    let folder = folder("verify");
    let mut begun = open(&folder.0);
    append(&mut begun);
    drop(begun);
    let check = |expected: i32, word: &str| {
        let (code, out, error) = tool(&["verify"], &folder.0);
        let text = if code == 0 { &out } else { &error };
        assert!(code == expected && text.contains(word), "{code} {out} {error}");
    };
    check(0, "epoch 1, open");
    let path = folder.0.join("journal/00000000000000000001.seg");
    let bytes = fs::read(&path).unwrap();
    let with = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
    };
    with(600);
    check(
        1,
        "00001.seg at offset 512, record 1: damaged record: the checksum is wrong; sound records follow",
    );
    with(9000);
    check(0, "torn at offset");
    with(16);
    check(1, "the checksum is wrong");
    fs::write(&path, &bytes[..5000]).unwrap();
    check(1, "the file was shortened");
    fs::remove_file(&path).unwrap();
    check(1, "00001.seg is missing");
    fs::remove_file(folder.0.join("synced")).unwrap();
    check(2, "holds no journal");
    let identity = folder.0.join("identity.json");
    let text = fs::read_to_string(&identity).unwrap().replace("Version\": 1", "Version\": 7");
    fs::write(&identity, text).unwrap();
    check(2, "format version 7");
    fs::remove_file(&identity).unwrap();
    check(2, "holds no journal");
}

#[test]
fn who_reads_only_the_first_line_is_no_error() {
    let folder = folder("pipe");
    let mut begun = open(&folder.0);
    for _ in 0..5000 {
        append(&mut begun);
    }
    begun.writer.close().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-journal"))
        .arg("dump")
        .arg(&folder.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with(r#"{"record":1,"#));
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}
