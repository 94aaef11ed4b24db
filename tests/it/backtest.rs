//! Backtests and sweeps by the real binary: what they write, that they write it twice alike, and
//! that no number of threads or shards changes a byte.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::{data, demo_tape};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/default_config.json");
const BINANCE: [&str; 2] = ["binance/spot/btcusdt_20240808.gz", "binance/spot/btcusdt_20240809.gz"];

/// Figures that every report of a run with trades has, each a finite number or a text of one.
const FIGURES: &str = "duration_s account/gross account/fees account/net
    account/max_drawdown/amount account/sharpe account/sortino account/winning_periods
    account/profit_factor account/periods account/hours/0/net
    instruments/0/gross instruments/0/net instruments/0/fees instruments/0/turnover
    instruments/0/inventory/last instruments/0/inventory/min instruments/0/inventory/max
    instruments/0/inventory/mean_abs instruments/0/orders/placed instruments/0/orders/fill_ratio
    instruments/0/orders/quantity_ratio instruments/0/quoting/two_sided
    instruments/0/quoting/book_fresh instruments/0/quoting/bid_at_touch
    instruments/0/quoting/spread_bps instruments/0/total/fills instruments/0/total/maker_share
    instruments/0/total/markouts/1/bps instruments/0/total/markouts/2/bps
    instruments/0/total/markouts/3/bps instruments/0/levels/0/turnover
    instruments/0/hours/0/turnover";

/// An empty folder with a config that trades often: no maker's fee, a narrow spread.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("backtest_{name}"));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    let mut config: Value = serde_json::from_str(&fs::read_to_string(SHIPPED).unwrap()).unwrap();
    config["exchange"]["fills"]["makerFeeBps"] = json!(0);
    let keys = [
        ("baseSpreadBps", 0.05),
        ("minSpreadBps", 0.01),
        ("edgeBps", 0.0),
        ("volatilityFactor", 0.1),
        ("priceLevelSpacing", 0.05),
        ("requoteToleranceTicks", 2.0),
    ];
    for (key, value) in keys {
        config["strategy"][key] = if key.ends_with("Ticks") { json!(2) } else { json!(value) };
    }
    fs::write(folder.join("c.json"), config.to_string()).unwrap();
    folder
}

/// Exit code, stdout, stderr of a backtest there.
fn run(folder: &Path, input: &[&str], flags: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
    command.current_dir(folder).args(["--mode", "backtest", "--config", "c.json"]);
    command.args(flags.split_whitespace()).args(input);
    ended(command)
}

fn ended(mut command: Command) -> (i32, String, String) {
    for name in ["PINNACLE_CONFIG_PATH", "PINNACLE_DATA_DIR", "PINNACLE_LOG_DIR"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn demo() -> Vec<String> {
    let path = demo_tape::path().to_str().unwrap().to_owned();
    ["--venue", "coinbase-exchange", "--input", &path].map(str::to_owned).to_vec()
}

/// The recordings that there are, as flags.
fn inputs() -> Vec<Vec<String>> {
    let mut all = vec![demo()];
    if let [Some(first), Some(second)] = BINANCE.map(data::path) {
        let files = [first, second].map(|path| path.to_str().unwrap().to_owned());
        let mut flags = ["--venue", "binance-spot", "--input"].map(str::to_owned).to_vec();
        flags.extend(files);
        all.push(flags);
    }
    all
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn last_line(out: &str) -> Value {
    serde_json::from_str(out.lines().last().unwrap()).unwrap()
}

fn borrowed(flags: &[String]) -> Vec<&str> {
    flags.iter().map(String::as_str).collect()
}

#[test]
fn a_report_has_every_figure_and_loads_nothing_and_comes_twice_alike() {
    for (at, input) in inputs().iter().enumerate() {
        let folder = folder(&format!("report_{at}"));
        let (code, out, err) = run(&folder, &borrowed(input), "--backtest-output r");
        assert_eq!(code, 0, "{err}");
        let (json, page) = (read(&folder, "r/report.json"), read(&folder, "r/report.html"));
        let told: Value = serde_json::from_str(&json).unwrap();
        for path in FIGURES.split_whitespace() {
            let value = told.pointer(&format!("/{path}")).unwrap_or(&Value::Null);
            let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
            assert!(number.is_some_and(f64::is_finite), "{path} is {value} on {input:?}");
        }
        let instruments = told["instruments"].as_array().unwrap();
        let fills: u64 = instruments.iter().map(|of| of["total"]["fills"].as_u64().unwrap()).sum();
        let last = last_line(&out);
        assert_eq!((&last["event"], &last["pnl"]), (&json!("stopped"), &told["account"]["net"]));
        assert_eq!(last["fills"], json!(fills));
        assert!(fills > 0, "nothing was traded on {input:?}");
        for word in ["http:", "https:", "src=", "href=", "<script", "@import", "NaN", "inf<"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.matches("<svg").count() >= 4, "profit, drawdown, mid, inventory");
        assert!(out.contains("net P&L") && out.contains("report: r/report.html"), "{out}");
        // Nothing else was written: no journal, no log.
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["c.json", "r"]);
        assert_eq!(fs::read_dir(folder.join("r")).unwrap().count(), 2);
        let (_, again, _) = run(&folder, &borrowed(input), "--backtest-output r");
        assert_eq!((again, read(&folder, "r/report.json")), (out, json));
        assert_eq!(read(&folder, "r/report.html"), page);
    }
}

#[test]
fn a_journal_is_kept_where_it_is_asked_for_and_replays() {
    let folder = folder("journal");
    let (_, bare, _) = run(&folder, &borrowed(&demo()), "--backtest-output r");
    let (code, kept, err) = run(&folder, &borrowed(&demo()), "--backtest-output r --data-dir d");
    assert_eq!((code, &kept), (0, &bare), "{err}");
    let mut tool = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-journal"));
    tool.current_dir(&folder).args(["replay", "d"]);
    let (code, _, err) = ended(tool);
    assert_eq!(code, 0, "{err}");
}

#[test]
fn threads_and_shards_change_no_byte_of_a_sweep() {
    const SWEEP: &str = "--sweep strategy.baseSpreadBps=0.05,0.2 --sweep strategy.maxLevels=1,2";
    for (at, input) in inputs().iter().enumerate() {
        let folder = folder(&format!("sweep_{at}"));
        let input = &borrowed(input)[..];
        let sweep = |flags: &str| {
            let (code, out, err) = run(&folder, input, &format!("{SWEEP} {flags}"));
            assert_eq!(code, 0, "{flags}: {err}");
            out
        };
        let one = sweep("--jobs 1 --backtest-output one");
        let two = sweep("--jobs 2 --backtest-output two");
        assert_eq!(one.replace("one/", "two/"), two);
        for shard in 0..3 {
            sweep(&format!("--shard {shard}/3 --backtest-output parts"));
        }
        let mut merge = Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
        merge.current_dir(folder.join("parts")).arg("--merge");
        merge.args([2, 0, 1].map(|shard| format!("sweep-{shard}-of-3.json")));
        let (code, merged, err) = ended({
            merge.args(["--backtest-output", "../merged"]);
            merge
        });
        assert_eq!((code, &merged), (0, &one.replace("one/", "../merged/")), "{err}");
        for name in ["sweep.json", "sweep.html"] {
            let of = |run: &str| read(&folder, &format!("{run}/{name}"));
            assert_eq!(of("one"), of("two"), "{name} by two threads");
            assert_eq!(of("one"), of("merged"), "{name} by shards");
        }
        // A run of the sweep is the backtest with its values.
        let results: Value = serde_json::from_str(&read(&folder, "one/sweep.json")).unwrap();
        let runs = results["runs"].as_array().unwrap();
        assert_eq!((runs.len(), &runs[2]["values"]), (4, &json!(["0.2", "1"])));
        let mut config: Value = serde_json::from_str(&read(&folder, "c.json")).unwrap();
        config["strategy"]["baseSpreadBps"] = json!(0.2);
        config["strategy"]["maxLevels"] = json!(1);
        fs::write(folder.join("c.json"), config.to_string()).unwrap();
        let last = last_line(&run(&folder, input, "--backtest-output single").1);
        let got = ["digest", "net", "fills", "records"].map(|key| runs[2][key].clone());
        assert_eq!(got, ["digest", "pnl", "fills", "records"].map(|key| last[key].clone()));
        let different = runs.iter().map(|run| run["digest"].to_string());
        let different = different.collect::<std::collections::BTreeSet<_>>();
        assert_eq!(different.len(), 4, "every run differs");
    }
}

#[test]
fn what_cannot_be_run_starts_nothing() {
    let folder = folder("faults");
    fs::write(folder.join("file"), "").unwrap();
    let check = |flags: &str, code: i32, words: &str| {
        let (got, out, err) = run(&folder, &borrowed(&demo()), flags);
        assert_eq!((got, out.as_str()), (code, ""), "{flags}: {err}");
        assert!(err.contains(words), "{flags}: {err}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "{flags}");
    };
    check(
        "--sweep strategy.spread=1 --backtest-output r",
        2,
        "strategy.spread = 1: must be left out",
    );
    check("--sweep strategy.gamma=x --backtest-output r", 2, "strategy.gamma = \"x\": must be");
    check("--threads shared --backtest-output r", 2, "threads.mode = shared: must be auto");
    check("--backtest-output file/r", 3, "the report directory file/r cannot be written");
    let merge = |files: &[&str], code: i32, words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
        command.current_dir(&folder).arg("--merge").args(files).args(["--backtest-output", "r"]);
        let (got, out, err) = ended(command);
        assert_eq!((got, out.as_str()), (code, ""), "{files:?}: {err}");
        assert!(err.contains(words), "{files:?}: {err}");
        assert!(!folder.join("r").exists());
    };
    merge(&["absent.json"], 3, "cannot read absent.json");
    merge(&["file"], 2, "file holds no results of a sweep");
    merge(&["c.json"], 2, "c.json holds no results of a sweep");
}
