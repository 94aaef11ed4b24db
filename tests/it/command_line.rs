//! The engine's command line as people use it: the real binary, in an empty folder, judged by its
//! exit code, its words and what it leaves behind.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::demo_tape;
use crate::engine_rig::Home;
use pinnaclemm::config::ExitCode;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/default_config.json");

/// An empty folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("command_line_{name}"));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn engine(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
    command.current_dir(folder);
    for name in ["PINNACLE_CONFIG_PATH", "PINNACLE_DATA_DIR", "PINNACLE_LOG_DIR"] {
        command.env_remove(name);
    }
    command
}

/// Exit code, stdout and stderr.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_config_is_checked_and_nothing_is_touched() {
    let folder = folder("check");
    let (code, out, err) = run(engine(&folder).arg("--check-config"));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("the shipped config has no faults: simulation on simulated"), "{out}");
    let (code, out, _) = run(engine(&folder).args(["--check-config", "--config", SHIPPED]));
    assert_eq!((code, out.contains(SHIPPED)), (0, true));
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn faults_are_told_all_at_once_and_nothing_is_started() {
    let folder = folder("faults");
    let check = |text: &str, flags: &[&str], code: ExitCode, words: &[&str]| {
        fs::write(folder.join("c.json"), text).unwrap();
        for check in [&["--check-config"][..], &["--print-config"], &[]] {
            let mut command = engine(&folder);
            let (got, out, err) = run(command.args(["--config", "c.json"]).args(flags).args(check));
            assert_eq!((got, out.as_str()), (i32::from(code.code()), ""), "{text}: {err}");
            for words in words {
                assert!(err.contains(words), "{text}: {err}");
            }
            assert_eq!(names(&folder), ["c.json"]);
        }
    };
    let refused = ExitCode::Refused;
    check("{\n  \"seed\": NaN\n}", &[], refused, &["c.json is no JSON: line 2, column 11"]);
    check("", &[], refused, &["c.json is no JSON: line 1"]);
    check("[]", &[], refused, &["the config = []: must be an object"]);
    check(
        r#"{"seed": -1, "logging": {"colour": true}, "instruments": [{"symbol": "../x"}]}"#,
        &["--mode", "replay", "--data-dir", "d"],
        refused,
        &[
            "\n  seed = -1: must be a whole number, not below zero\n",
            "\n  logging.colour = true: must be left out: there is no such key here, only level, ",
            "\n  instruments[0].symbol = \"../x\": must be a symbol: ",
            "\n  input = nothing: must be recordings in mode replay",
            "\n  venue = nothing: must be whose messages they are",
        ],
    );
    let mut absent = engine(&folder);
    let (code, _, err) = run(absent.args(["--config", "absent.json", "--check-config"]));
    assert_eq!(code, i32::from(ExitCode::Storage.code()));
    assert!(err.starts_with("pinnaclemm: cannot read the config absent.json: "), "{err}");
    let (code, _, err) = run(engine(&folder).env("PINNACLE_DATA_DIR", "").arg("--check-config"));
    assert_eq!((code, err.contains("PINNACLE_DATA_DIR = \"\"")), (2, true), "{err}");
}

#[test]
fn flags_environment_and_file_are_laid_over_one_another() {
    let folder = folder("overlay");
    let mut file: Value = serde_json::from_str(&fs::read_to_string(SHIPPED).unwrap()).unwrap();
    file["seed"] = json!(5);
    file["persistence"]["dataDirectory"] = json!("file");
    file["logging"]["directory"] = json!("file-logs");
    fs::write(folder.join("c.json"), file.to_string()).unwrap();
    let check = |command: &mut Command, expected: Value| {
        let (code, out, err) = run(command.arg("--print-config"));
        assert_eq!((code, err.as_str()), (0, ""));
        let printed: Value = serde_json::from_str(&out).unwrap();
        let got = json!([
            printed["persistence"]["dataDirectory"],
            printed["logging"]["directory"],
            printed["seed"]
        ]);
        assert_eq!(got, expected);
        // What is printed is a config that says the same.
        fs::write(folder.join("printed.json"), &out).unwrap();
        let again = run(engine(&folder).args(["--config", "printed.json", "--print-config"]));
        assert_eq!(again, (0, out, String::new()));
    };
    check(&mut engine(&folder), json!(["data", "logs", 1]));
    check(engine(&folder).args(["--config", "c.json"]), json!(["file", "file-logs", 5]));
    let with_environment = || {
        let mut command = engine(&folder);
        command.env("PINNACLE_CONFIG_PATH", "c.json");
        command.env("PINNACLE_DATA_DIR", "env").env("PINNACLE_LOG_DIR", "env-logs");
        command
    };
    check(&mut with_environment(), json!(["env", "env-logs", 5]));
    let flags = ["--data-dir", "flag", "--log-dir", "flag-logs", "--seed", "6"];
    check(with_environment().args(flags), json!(["flag", "flag-logs", 6]));
    // A backtest beside the engine stays away from the engine's journal.
    let backtest = ["--mode", "backtest", "--venue", "kraken", "--input", "x"];
    check(with_environment().args(backtest), json!([null, "env-logs", 5]));
}

#[test]
fn a_directory_that_cannot_be_written_starts_nothing() {
    let folder = folder("directories");
    fs::write(folder.join("file"), "").unwrap();
    let check = |flags: [&str; 4], words: &str| {
        let mut command = engine(&folder);
        command.args(["--mode", "replay", "--speed", "max", "--venue", "coinbase-exchange"]);
        let (code, out, err) = run(command.arg("--input").arg(demo_tape::path()).args(flags));
        assert_eq!((code, out.as_str()), (3, ""), "{err}");
        assert!(err.starts_with(words), "{err}");
        assert_eq!(fs::read(folder.join("file")).unwrap(), b"");
    };
    check(
        ["--data-dir", "file/d", "--log-dir", "l"],
        "pinnaclemm: the data directory file/d cannot be written: ",
    );
    check(
        ["--data-dir", "d", "--log-dir", "file"],
        "pinnaclemm: the log directory file cannot be written: ",
    );
    // What could be made is there and empty: no probe is left.
    assert_eq!(
        (names(&folder), names(&folder.join("d"))),
        (vec!["d".into(), "file".into()], vec![])
    );
}

#[test]
fn a_directory_of_something_else_is_left_as_it_is() {
    let home = Home::new("foreign");
    let short = "--speed max --duration 2s --log-dir logs --data-dir kept";
    home.done(short);
    let identity = fs::read_to_string(home.path("kept/identity.json")).unwrap();
    let check = |line: &str, code: ExitCode, words: &str| {
        let before = home.segments("kept");
        let ended = home.run(line);
        assert_eq!((ended.code, ended.out.as_str()), (i32::from(code.code()), ""), "{line}");
        assert!(ended.err.contains(words), "{line}: {}", ended.err);
        assert!(home.segments("kept") == before, "{line}");
    };
    let demo = demo_tape::path();
    let replay = format!("--mode replay --venue coinbase-exchange --input {}", demo.display());
    let foreign = ExitCode::ForeignData;
    check(
        &format!("{replay} --data-dir kept"),
        foreign,
        "kept belongs to mode simulation, and this run has mode replay",
    );
    check(&format!("{short} --symbol ETH-USD"), foreign, "BTC-USD");
    let newer = identity.replace("Version\": 1", "Version\": 7");
    fs::write(home.path("kept/identity.json"), newer).unwrap();
    check(short, foreign, "kept/identity.json has format version 7, this program knows 1");
    fs::write(home.path("kept/identity.json"), identity).unwrap();
    let running = home.start("--data-dir kept --log-dir logs");
    running.wait_for("a request", |line| line["requests"].as_u64() > Some(0));
    let ended = home.run("--duration 1s --data-dir kept --log-dir logs2");
    assert_eq!(ended.code, i32::from(foreign.code()), "{}", ended.err);
    assert!(ended.err.contains("kept is in use by process "), "{}", ended.err);
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
    home.check_journal("kept");
}

#[test]
fn what_contradicts_itself_starts_nothing() {
    let home = Home::new("contradiction");
    let check = |change: &dyn Fn(&mut Value), words: &str| {
        home.config("c.json", change);
        let ended = home.run("--config c.json --duration 1s");
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{words}: {}", ended.err);
        assert!(ended.err.contains(words), "{words}: {}", ended.err);
        assert_eq!(names(&home.path("")), ["c.json"]);
    };
    let limits = |key: &'static str, value: Value| {
        move |config: &mut Value| config["risk_management"]["limits"][key] = value.clone()
    };
    check(&limits("max_order_size", json!(-1)), "limits.max_order_size = -1");
    check(&limits("max_order_size", json!("NaN")), "limits.max_order_size = \"NaN\"");
    check(&limits("min_order_size", json!(1)), "limits.min_order_size = 1");
    check(&limits("max_order_size", json!(0.02)), "strategy.maxOrderQuantity = 0.05");
    check(
        &limits("max_orders_per_second", json!(20)),
        "strategy.requestsPerSecond = 20: must be at most 16: max_orders_per_second less \
         cancel_reserve_pct leaves 16 a second to 1 instruments",
    );
    check(&|config| config["strategy"]["edgeBps"] = json!(100), "strategy.maxSpreadBps = 50");
    check(&|config| config["strategy"]["minSpreadBps"] = json!(11), "at most baseSpreadBps");
}

#[test]
fn help_tells_every_exit_code_and_flag() {
    let folder = folder("help");
    let (code, help, _) = run(engine(&folder).arg("--help"));
    assert_eq!(code, 0);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for code in ExitCode::ALL {
        let row = format!("{} {}", code.code(), code.meaning());
        assert!(help.contains(&row), "{row}: {help}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let (code, text, err) = run(engine(&folder).args(["--completions", shell]));
        assert_eq!((code, err.as_str()), (0, ""));
        for flag in ["mode", "check-config", "data-dir", "symbols"] {
            assert!(text.contains(flag), "{shell} does not complete {flag}");
        }
    }
    let (code, _, err) = run(engine(&folder).args(["--mode", "live"]));
    assert_eq!(code, 2);
    let modes = "[possible values: simulation, replay, backtest, paper]";
    assert!(err.contains(modes), "{err}");
}

#[test]
fn a_reader_that_has_gone_is_no_fault() {
    let folder = folder("pipe");
    for flags in [&["--print-config"][..], &["--completions", "zsh"], &["--help"]] {
        let mut command = engine(&folder);
        command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{flags:?}");
    }
}
