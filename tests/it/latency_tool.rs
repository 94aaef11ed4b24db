//! `pinnaclemm-latency` as a process: what its JSON, histograms, plots and verdicts hold, and that
//! its floor does the work that the engine does.

#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn tool(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pinnaclemm-latency")).args(arguments).output().unwrap()
}

/// An empty folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("latency_{name}"));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Every percentile is there or absent, and none is below the one before.
fn check_spread(spread: &Value, what: &str) {
    let names = ["p50", "p90", "p99", "p99.9", "p99.99", "max"];
    let values: Vec<_> = names
        .map(|name| spread.get(name).unwrap_or_else(|| panic!("{what} has no {name}: {spread}")))
        .into_iter()
        .filter_map(Value::as_u64)
        .collect();
    assert!(values.is_sorted(), "{what}: {spread}");
    assert_eq!(values.is_empty(), spread["count"] == 0, "{what}: {spread}");
}

/// Elements are closed in the order in which they were opened.
fn check_svg(svg: &str) {
    let mut open = Vec::new();
    for element in svg.split('<').skip(1) {
        let (inner, _) = element.split_once('>').expect("an element ends");
        assert!(inner.matches('"').count().is_multiple_of(2), "{inner}");
        if let Some(name) = inner.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{svg}");
        } else if !inner.ends_with('/') {
            open.push(inner.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty() && svg.starts_with("<svg "), "{open:?}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn a_small_run_tells_every_row_with_its_floor() {
    let folder = folder("run");
    let (json, output) = (folder.join("a.json"), folder.join("out"));
    // Whether an engine of another test runs beside it does not matter here.
    let arguments = ["run", "--quick", "--repeats", "3", "--force", "--dir", text(&folder)];
    let ended =
        tool(&[&arguments[..], &["--json", text(&json), "--output", text(&output)]].concat());
    let (said, failed) =
        (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{said}{failed}");
    for word in ["TICK TO ORDER", "STAGES", "decode", "journal", "× the floor", "raw core-to-core"]
    {
        assert!(said.contains(word) || word == "raw core-to-core", "no {word} in\n{said}");
    }
    let found: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let rows = found["rows"].as_array().unwrap();
    for mode in ["inline", "shared"] {
        for title in ["1k/s", "10k/s", "100k/s", "1M/s", "saturated"] {
            let row = rows.iter().find(|row| row["mode"] == mode && row["title"] == title);
            let row = row.unwrap_or_else(|| panic!("no row {mode} {title}"));
            check_spread(&row["tick_to_order_ns"], title);
            check_spread(&row["floor_ns"], title);
            assert!(row["ratio"]["p50"].as_f64().unwrap() > 0.0, "{row}");
            // Two orders for one message in sixteen.
            let (messages, orders) =
                (row["messages"].as_u64().unwrap(), row["orders"].as_u64().unwrap());
            assert!(messages > 0 && orders * 8 <= messages + 64, "{row}");
            assert_eq!(row["repeats"].as_array().unwrap().len(), 3, "{row}");
        }
    }
    for (text, sync) in [("signed", "process"), ("encoded", "batch")] {
        let is_there = |row: &Value| row["text"] == text && row["sync"] == sync;
        assert!(rows.iter().any(is_there), "no row {text} {sync}");
    }
    for stage in found["stages"].as_array().unwrap() {
        check_spread(&stage["with_orders_ns"], "stage");
        assert!(stage["with_orders_ns"]["count"].as_u64() > Some(0), "{stage}");
    }
    for row in found["wire"].as_array().unwrap() {
        assert!(row["tick_to_order_ns"]["count"].as_u64() > Some(0), "{row}");
        assert!(row["ratio"]["p50"].as_f64().unwrap() > 0.0, "{row}");
    }
    check_output(&output);
    check_compare(&found, &folder);
    let left = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_str().unwrap().contains("pinnaclemm")).collect();
    assert!(left.is_empty(), "journals are removed: {left:?}");
}

/// The histograms and plots of a run.
fn check_output(folder: &Path) {
    let mut histograms = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        if path.extension().unwrap() == "svg" {
            check_svg(&text);
            continue;
        }
        histograms += 1;
        let numbers = text.lines().skip(2).filter(|line| !line.starts_with('#'));
        let counts = numbers.map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            assert!(words[0].parse::<f64>().unwrap() > 0.0, "{line}");
            words[2].parse::<u64>().unwrap()
        });
        let counts: Vec<_> = counts.collect();
        let total = text.split("Total count    =").nth(1).unwrap();
        let total: u64 = total.split(']').next().unwrap().trim().parse().unwrap();
        assert!(counts.is_sorted() && counts.last() == Some(&total), "{}", path.display());
    }
    assert!(histograms > 10, "{histograms}");
}

/// A run beside itself, and beside one that is slower.
fn check_compare(found: &Value, folder: &Path) {
    let write = |name: &str, value: &Value| {
        let path = folder.join(name);
        fs::write(&path, value.to_string()).unwrap();
        path
    };
    let steady = |times: f64| {
        let mut all = found.clone();
        all["wire"] = json!([]);
        for row in all["rows"].as_array_mut().unwrap() {
            // On a busy machine a row may have fewer repeats than were asked for, or none.
            let Some(first) = row["repeats"].get(0).cloned() else { continue };
            let repeats = (0..3).map(|n| {
                let mut repeat = first.clone();
                repeat["p50"] = json!(100.0 * times + f64::from(n));
                repeat["floor_p50"] = json!(100.0);
                repeat["p99"] = Value::Null;
                repeat
            });
            row["repeats"] = repeats.collect();
        }
        all
    };
    let [same, slow] = [("same.json", 1.0), ("slow.json", 1.5)].map(|(n, t)| write(n, &steady(t)));
    let check = |first: &Path, second: &Path, code: i32, verdict: &str| {
        let ended = tool(&["compare", text(first), text(second)]);
        let said = String::from_utf8_lossy(&ended.stdout);
        assert_eq!(ended.status.code(), Some(code), "{said}");
        let rows: Vec<_> = said.lines().filter(|line| line.contains(" p50 ")).collect();
        assert!(!rows.is_empty() && rows.iter().all(|row| row.ends_with(verdict)), "{said}");
    };
    check(&same, &same, 0, "same");
    check(&same, &slow, 1, "slower");
    check(&slow, &same, 0, "faster");
    let other = write("other.json", &json!({"format": 1}));
    let ended = tool(&["compare", text(&same), text(&other)]);
    let why = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code() == Some(2) && why.contains("other.json"), "{why}");
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let check = |arguments: &[&str], expected: &str| {
        let ended = tool(arguments);
        let why = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(2) && why.contains(expected), "{why}");
    };
    check(&["run", "--venue", "coinbase-exchange"], "--input");
    check(&["run", "--modes", "fast"], "invalid value 'fast'");
    check(&["run", "--repeats", "0"], "0 is not in 1..=100");
    check(&["compare", "no-such-file", "nor-this"], "no-such-file");
    let recording = ["run", "--force", "--venue", "coinbase-exchange", "--input"];
    check(&[&recording[..], &["no-such-recording"]].concat(), "no-such-recording");
}

#[test]
fn a_recording_is_played_too() {
    let name = "coinbase-exchange/ws/level2_matches_ticker_20210417.txt.zst";
    let Some(path) = crate::data::path(name) else { return };
    let folder = folder("recording");
    let json = folder.join("a.json");
    let input = ["--venue", "coinbase-exchange", "--input", text(&path)];
    let asked = ["run", "--quick", "--repeats", "1", "--force", "--modes", "shared", "--json"];
    let ended = tool(&[&asked[..], &[text(&json), "--dir", text(&folder)], &input].concat());
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let found: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let rows = found["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["floor_ns"].is_null() && row["ratio"].is_null()));
    assert!(rows.iter().any(|row| row["messages"].as_u64() > Some(0)));
    assert!(found["left_out"]["wire to wire"].is_string());
}
