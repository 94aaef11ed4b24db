//! The real binaries in a folder of the test's own: started, stopped, and what they leave.
//!
//! What is right is not known here: each test brings its own figures.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A folder of the test's own, empty at the start and gone at the end of a good one.
pub(crate) struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            fs::remove_dir_all(&self.0).ok();
        }
    }
}

/// How a program ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The last line on stdout, which is JSON.
    pub(crate) fn last(&self) -> Value {
        let last = self.out.lines().last().unwrap_or_default();
        serde_json::from_str(last)
            .unwrap_or_else(|error| panic!("{error}: {last:?} after {}", self.err))
    }

    /// The lines of the log with that event.
    pub(crate) fn lines(&self, event: &str) -> Vec<Value> {
        log_lines(&self.err, event)
    }
}

/// The lines with that event among those of a log.
pub(crate) fn log_lines(text: &str, event: &str) -> Vec<Value> {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["event"] == event).collect()
}

/// An engine that runs. It is killed if the test leaves it.
pub(crate) struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Running {
    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// The memory that it has in use, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Its threads by name, each with the cores that it may run on.
    pub(crate) fn threads(&self) -> Vec<(String, BTreeSet<usize>)> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let threads = tasks.filter_map(|task| {
            let path = task.unwrap().path();
            // One that has ended since is none.
            let name = fs::read_to_string(path.join("comm")).ok()?;
            let status = fs::read_to_string(path.join("status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
            let ranges = line.trim().split(',').map(|range| {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                from.parse::<usize>().unwrap()..=to.parse().unwrap()
            });
            Some((name.trim_end().to_owned(), ranges.flatten().collect()))
        });
        threads.collect()
    }

    /// What it has said on stderr so far.
    pub(crate) fn err(&self) -> String {
        fs::read_to_string(&self.err).unwrap()
    }

    /// Waits until a status line fits; that line.
    pub(crate) fn wait_for(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            if let Some(line) = log_lines(&self.err(), "status").into_iter().find(&fits) {
                return line;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{what} was not seen within 30 s: {}", self.err());
    }

    /// Waits for its end; nothing as code where a signal has ended it.
    pub(crate) fn end(mut self) -> Ended {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        Ended { code, out: text(&self.out), err: text(&self.err) }
    }
}

impl Home {
    /// The folder of that name.
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("engine_{name}"));
        fs::remove_dir_all(&path).ok();
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes the shipped config with a change.
    pub(crate) fn config(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let shipped = include_str!("../../config/default_config.json");
        let mut config = serde_json::from_str(shipped).unwrap();
        change(&mut config);
        fs::write(self.path(name), config.to_string()).unwrap();
    }

    /// The engine with those words, in this folder and without an environment of ours.
    pub(crate) fn engine(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
        command.current_dir(&self.0).args(line.split_whitespace());
        // Tests run beside one another, and the ports are there once.
        if !line.contains("--api-port") {
            command.arg("--no-web");
        }
        let ours = ["CONFIG_PATH", "DATA_DIR", "LOG_DIR", "TOKEN_FILE", "API_TOKEN"];
        for name in ours {
            command.env_remove(format!("PINNACLE_{name}"));
        }
        command
    }

    /// Runs the engine to its end.
    pub(crate) fn run(&self, line: &str) -> Ended {
        ended(&mut self.engine(line))
    }

    /// Runs the engine to its end, which must be a good one.
    pub(crate) fn done(&self, line: &str) -> Ended {
        let ended = self.run(line);
        assert_eq!(ended.code, 0, "{line}: {}", ended.err);
        ended
    }

    /// Starts the engine.
    pub(crate) fn start(&self, line: &str) -> Running {
        self.start_in(line, &[])
    }

    /// Starts the engine in that environment.
    pub(crate) fn start_in(&self, line: &str, environment: &[(&str, &str)]) -> Running {
        let (out, err) = (self.path("stdout"), self.path("stderr"));
        let to = |path: &Path| Stdio::from(fs::File::create(path).unwrap());
        let mut engine = self.engine(line);
        engine.envs(environment.iter().copied());
        let child = engine.stdout(to(&out)).stderr(to(&err)).spawn().unwrap();
        Running { child, out, err }
    }

    /// A tool with those words on one of the folders here.
    pub(crate) fn journal(&self, line: &str, folder: &str) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-journal"));
        ended(command.args(line.split_whitespace()).arg(self.path(folder)))
    }

    /// The journal there is whole, and the core decides what is recorded.
    pub(crate) fn check_journal(&self, folder: &str) {
        for line in ["verify", "replay"] {
            let ended = self.journal(line, folder);
            assert_eq!(ended.code, 0, "{line} {folder}: {}{}", ended.out, ended.err);
        }
    }

    /// Records of a type.
    pub(crate) fn dump(&self, of: &str, folder: &str) -> Vec<Value> {
        let ended = self.journal(&format!("dump --type {of}"), folder);
        assert_eq!(ended.code, 0, "{}", ended.err);
        ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What the fills of a journal add up to by symbol, in the last digit of their quantities. A
    /// fill that was told twice counts once.
    pub(crate) fn filled(&self, folder: &str) -> BTreeMap<String, i64> {
        let mut sums = BTreeMap::new();
        let mut known = BTreeSet::new();
        for fill in self.dump("fill", folder) {
            let symbol = text(&fill["symbol"]);
            if known.insert((symbol.clone(), fill["tradeId"].as_u64().unwrap())) {
                let sign = if fill["side"] == "bid" { 1 } else { -1 };
                *sums.entry(symbol).or_default() += sign * digits(&fill["qty"]);
            }
        }
        sums
    }

    /// Every position of a last line is what the fills of the journal add up to.
    pub(crate) fn check_positions(&self, folder: &str, last: &Value) {
        let filled = self.filled(folder);
        let positions = last["positions"].as_object().unwrap();
        for (symbol, position) in positions {
            let expected = filled.get(symbol).copied().unwrap_or_default();
            assert_eq!(digits(position), expected, "{symbol} of {filled:?}: {last}");
        }
        assert!(filled.keys().all(|symbol| positions.contains_key(symbol)), "{filled:?}: {last}");
    }

    /// The segments of a journal by name.
    pub(crate) fn segments(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.path(folder).join("journal")).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        files
            .filter(|path| path.extension().is_some_and(|end| end == "seg"))
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, fs::read(path).unwrap())
            })
            .collect()
    }
}

/// Runs a program to its end.
pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A JSON text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A decimal text in its last digit.
pub(crate) fn digits(value: &Value) -> i64 {
    text(value).replace('.', "").parse().unwrap()
}
