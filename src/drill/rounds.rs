//! The rounds of a drill: start, wait, kill; and the last start, which must end well.

use super::judge::{Findings, JudgeFault, judge};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long anything that must come is awaited.
const AWAITED: Duration = Duration::from_secs(30);
/// How long the last engine quotes, so that all that was left open is asked about and answered.
const LAST: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// When an engine is killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Moment {
    /// So many milliseconds after its start: while it recovers or begins.
    Start(u64),
    /// So many milliseconds after it was ready.
    Quoting(u64),
    /// As soon as a snapshot is seen to be written.
    Snapshot,
}

/// One round.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    round: u32,
    kill: Moment,
    /// Milliseconds from its start until it was ready; nothing if it was killed before.
    ready_ms: Option<u64>,
}

/// Milliseconds from start to ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// Half of the starts.
    pub p50_ms: u64,
    /// 99 of 100.
    pub p99_ms: u64,
}

/// Why a drill has no result.
#[derive(Debug)]
pub enum DrillFault {
    /// A file or a process.
    Io(PathBuf, io::Error),
    /// Something did not come.
    Missed(&'static str, String),
    /// An engine ended by itself.
    Ended(Option<i32>, String),
    /// Nothing could be compared.
    Judge(JudgeFault),
}

impl fmt::Display for DrillFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Missed(what, said) => {
                write!(f, "{what} within {} s: {said}", AWAITED.as_secs())
            }
            Self::Ended(code, said) => write!(f, "an engine ended with {code:?}: {said}"),
            Self::Judge(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for DrillFault {}

/// A process that is killed if it is left.
#[derive(Debug)]
struct Process {
    child: Child,
    said: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Process {
    fn start(command: &mut Command, said: PathBuf) -> Result<Self, DrillFault> {
        let failed = |error| DrillFault::Io(said.clone(), error);
        let file = File::create(&said).map_err(failed)?;
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let child = command.spawn().map_err(failed)?;
        Ok(Self { child, said })
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }

    /// How it has ended, if it has.
    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    fn terminate(&self) {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-s", "TERM", &id]).status().ok();
    }

    /// Waits until something is so; an end by itself is a fault.
    fn wait(
        &mut self,
        what: &'static str,
        mut so: impl FnMut(&str) -> bool,
    ) -> Result<(), DrillFault> {
        let begun = Instant::now();
        while !so(&self.said()) {
            if let Some(status) = self.ended() {
                return Err(DrillFault::Ended(status.code(), self.said()));
            }
            if begun.elapsed() > AWAITED {
                return Err(DrillFault::Missed(what, self.said()));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

fn is_ready(said: &str) -> bool {
    said.contains(r#""event":"readiness","ready":true"#)
}

/// A drill in a folder of its own.
#[derive(Debug)]
pub struct Drill {
    engine: PathBuf,
    folder: PathBuf,
    seed: u64,
    chance: Xoshiro256PlusPlus,
    venue: Process,
    ready: Vec<u64>,
}

impl Drill {
    /// Starts the venue. `programs` are the engine and this tool.
    ///
    /// # Errors
    /// The folder cannot be used, or the venue does not come up.
    pub fn begin(
        (engine, tool): (&Path, &Path),
        folder: &Path,
        seed: u64,
    ) -> Result<Self, DrillFault> {
        let failed = |error| DrillFault::Io(folder.to_owned(), error);
        fs::create_dir_all(folder.join("venue")).map_err(failed)?;
        let (socket, config) = (folder.join("socket"), folder.join("config.json"));
        fs::write(&config, super::config(&socket)).map_err(failed)?;
        let mut command = Command::new(tool);
        command.arg("venue").args(["--seed", &seed.to_string()]);
        command.arg("--config").arg(&config).arg("--socket").arg(&socket);
        let mut venue =
            Process::start(command.arg(folder.join("venue")), folder.join("venue.log"))?;
        venue.wait("the venue", |_| socket.exists())?;
        let chance = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (engine, folder, ready) = (engine.to_owned(), folder.to_owned(), Vec::new());
        Ok(Self { engine, folder, seed, chance, venue, ready })
    }

    fn start(&self, name: &str) -> Result<Process, DrillFault> {
        let mut command = Command::new(&self.engine);
        command.args(["--web", "--api-port", "0", "--ws-port", "0"]);
        command.args(["--seed", &self.seed.to_string()]);
        command.arg("--config").arg(self.folder.join("config.json"));
        command.arg("--data-dir").arg(self.folder.join("data"));
        command.arg("--log-dir").arg(self.folder.join("logs"));
        Process::start(&mut command, self.folder.join(name))
    }

    fn draw(&mut self) -> Moment {
        let draw = self.chance.next_u64();
        let span = |below: u64| (draw >> 8) % below;
        match draw % 8 {
            0..3 => Moment::Start(span(120)),
            3..7 => Moment::Quoting(span(700)),
            _ => Moment::Snapshot,
        }
    }

    /// Starts an engine and kills it.
    ///
    /// # Errors
    /// It ended by itself, or did not come up.
    pub fn round(&mut self, round: u32) -> Result<Round, DrillFault> {
        let kill = self.draw();
        let mut engine = self.start("engine.log")?;
        let begun = Instant::now();
        let mut ready_ms = None;
        if let Moment::Start(millis) = kill {
            std::thread::sleep(Duration::from_millis(millis));
        } else {
            engine.wait("a ready engine", is_ready)?;
            ready_ms = u64::try_from(begun.elapsed().as_millis()).ok();
            self.ready.extend(ready_ms);
        }
        match kill {
            Moment::Quoting(millis) => std::thread::sleep(Duration::from_millis(millis)),
            Moment::Snapshot => {
                let snapshots = self.folder.join("data/snapshots");
                let names = || -> Vec<_> {
                    let entries = fs::read_dir(&snapshots).into_iter().flatten().flatten();
                    entries.map(|entry| entry.file_name()).collect()
                };
                let before = names();
                engine.wait("a snapshot", |_| names() != before)?;
            }
            Moment::Start(_) => {}
        }
        if let Some(status) = engine.ended() {
            return Err(DrillFault::Ended(status.code(), engine.said()));
        }
        drop(engine);
        Ok(Round { round, kill, ready_ms })
    }

    /// Starts the last engine, lets it end well, and compares.
    ///
    /// # Errors
    /// It does not end well, or nothing can be compared.
    pub fn finish(mut self) -> Result<(Findings, Option<Times>), DrillFault> {
        let mut engine = self.start("last.log")?;
        engine.wait("a ready engine", is_ready)?;
        std::thread::sleep(LAST);
        engine.terminate();
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = engine.ended() {
                break status;
            }
            if begun.elapsed() > AWAITED {
                return Err(DrillFault::Missed("an end", engine.said()));
            }
            std::thread::sleep(LOOK_EVERY);
        };
        if !status.success() {
            return Err(DrillFault::Ended(status.code(), engine.said()));
        }
        self.venue.terminate();
        let begun = Instant::now();
        while self.venue.ended().is_none() && begun.elapsed() < AWAITED {
            std::thread::sleep(LOOK_EVERY);
        }
        let (data, venue) = (self.folder.join("data"), self.folder.join("venue"));
        let findings = judge(&data, &venue).map_err(DrillFault::Judge)?;
        self.ready.sort_unstable();
        let at = |share: usize| self.ready.get(self.ready.len() * share / 100).copied();
        let times = at(50).zip(at(99)).map(|(p50_ms, p99_ms)| Times { p50_ms, p99_ms });
        Ok((findings, times))
    }
}

/// The result as one line.
#[must_use]
pub fn line(rounds: u32, seed: u64, findings: &Findings, times: Option<Times>) -> Value {
    serde_json::json!({
        "seed": seed,
        "kills": rounds,
        "clean": findings.is_clean(),
        "findings": findings,
        "ready": times,
    })
}
