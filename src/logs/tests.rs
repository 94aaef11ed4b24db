//! The log as it is read: lines, levels, bounds, and what is told where a line is lost.

use super::writer::Logs;
use super::*;
use crossbeam_channel::{Receiver, bounded, unbounded};
use serde_json::json;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

fn noon() -> Nanos {
    Nanos::from_seconds(1_767_614_400)
}

fn params(directory: Option<&Path>, bytes_max: u64, kept: u32) -> LogParams {
    LogParams {
        level: Level::Info,
        console: true,
        directory: directory.map(Path::to_owned),
        file_name: "test.log".to_owned(),
        file_bytes_max: bytes_max,
        files_kept: kept,
    }
}

/// An empty folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("pinnaclemm-logs-{}-{name}", std::process::id()));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A stream that hands on what is written, or takes nothing, and waits before each if told to.
struct Console {
    text: Option<Sender<String>>,
    turns: Option<Receiver<()>>,
}

impl Write for Console {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(turns) = &self.turns {
            turns.recv().ok();
        }
        let Some(text) = &self.text else { return Err(io::ErrorKind::StorageFull.into()) };
        text.send(String::from_utf8_lossy(bytes).into_owned()).ok();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_are_objects_and_go_to_console_and_file() {
    let folder = folder("lines");
    let (text, seen) = unbounded();
    let console = Box::new(Console { text: Some(text), turns: None });
    let params = params(Some(&folder), 1 << 20, 1);
    let logs = Logs::start_with(&params, Some(console), 16, noon).unwrap();
    let log = logs.log();
    log.line(Level::Debug, "unseen", vec![]);
    log.info("started", vec![("mode", "simulation".into()), ("seed", 7.into())]);
    log.error("odd", vec![("text", "two\nlines \"and\" \u{1}".into()), ("none", json!(null))]);
    drop(log);
    assert_eq!(logs.close(), LogCounts { written: 2, dropped: 0, failed: 0 });
    let expected = "{\"ts\":\"2026-01-05T12:00:00.000000000Z\",\"level\":\"info\",\
        \"event\":\"started\",\"mode\":\"simulation\",\"seed\":7}\n\
        {\"ts\":\"2026-01-05T12:00:00.000000000Z\",\"level\":\"error\",\"event\":\"odd\",\
        \"text\":\"two\\nlines \\\"and\\\" \\u0001\",\"none\":null}\n";
    assert_eq!(seen.iter().collect::<String>(), expected);
    assert_eq!(fs::read_to_string(folder.join("test.log")).unwrap(), expected);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_is_put_aside_before_it_grows_too_long() {
    let check = |kept: u32, expected: &[(&str, &str)]| {
        let folder = folder(&format!("aside{kept}"));
        fs::write(folder.join("test.log.9"), "of another").unwrap();
        fs::write(folder.join("test.log"), "old\n").unwrap();
        let mut file = LogFile::open(folder.join("test.log"), 8, kept).unwrap();
        for line in ["1st\n", "2nd\n", "3rd\n", "longer than all\n", "5th\n"] {
            file.append(line).unwrap();
        }
        let mut got: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
            .collect();
        got.sort();
        let expected: Vec<_> =
            expected.iter().map(|(name, text)| (folder.join(name), (*text).to_owned())).collect();
        assert_eq!(got, expected);
        fs::remove_dir_all(folder).unwrap();
    };
    let other = ("test.log.9", "of another");
    check(0, &[("test.log", "5th\n"), other]);
    check(1, &[("test.log", "5th\n"), ("test.log.1", "longer than all\n"), other]);
    check(
        3,
        &[
            ("test.log", "5th\n"),
            ("test.log.1", "longer than all\n"),
            ("test.log.2", "2nd\n3rd\n"),
            ("test.log.3", "old\n1st\n"),
            other,
        ],
    );
}

#[test]
fn whoever_logs_never_waits_and_lost_lines_are_told() {
    let (text, seen) = unbounded();
    let (go, turns) = bounded(0);
    let console = Box::new(Console { text: Some(text), turns: Some(turns) });
    let logs = Logs::start_with(&params(None, 1 << 20, 1), Some(console), 4, noon).unwrap();
    let log = logs.log();
    log.info("first", vec![]);
    // The writer holds the first and waits; four more have room.
    while !log.lines.is_empty() {
        std::thread::yield_now();
    }
    for _ in 0..10 {
        log.info("more", vec![]);
    }
    drop((log, go));
    assert_eq!(logs.close(), LogCounts { written: 6, dropped: 6, failed: 0 });
    let lines: Vec<_> = seen.iter().collect();
    assert!(lines[1].contains(r#""event":"log_lines_dropped","lines":6,"all":6"#), "{lines:?}");
}

#[test]
fn what_cannot_be_written_is_counted_and_stops_nothing() {
    let console = Box::new(Console { text: None, turns: None });
    let logs = Logs::start_with(&params(None, 1 << 20, 1), Some(console), 4, noon).unwrap();
    logs.log().info("lost", vec![]);
    assert_eq!(logs.close(), LogCounts { written: 0, dropped: 0, failed: 1 });
    let absent = params(Some(Path::new("/nowhere/at/all")), 1 << 20, 1);
    let error = Logs::start_with(&absent, None, 4, noon).unwrap_err().to_string();
    assert!(error.starts_with("the log /nowhere/at/all/test.log cannot be opened"), "{error}");
}
