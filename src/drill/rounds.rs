//! The rounds of a drill: start, wait, kill; and the last start, which must end well.

use super::judge::{Findings, Promise, judge};
use super::line::{Cut, Life, cut_path};
use super::point::{Kill, Plan, Point, Points};
use super::process::Process;
use super::scene::Scene;
use super::volume::{Volume, bound};
use super::{DrillFault, DrillParams};
use serde::Serialize;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the last engine quotes, so that all that was left open is asked about and answered.
const LAST: Duration = Duration::from_secs(2);
/// How long a point is awaited that an engine may not come to; then it is killed all the same.
const POINT_WITHIN: Duration = Duration::from_secs(20);
/// What a start and a recovery are taken to last before one was seen.
const FIRST_START: Duration = Duration::from_millis(300);
const FIRST_RECOVERY: Duration = Duration::from_millis(5);

/// One round.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    round: u32,
    kill: Kill,
    /// Whether it was killed there, as what is left shows.
    met: bool,
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

/// What has come of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// What was found.
    pub findings: Findings,
    /// Where it was killed.
    pub points: Points,
    /// How long starts took, if one came so far.
    pub times: Option<Times>,
}

/// A drill in a folder of its own.
#[derive(Debug)]
pub struct Drill {
    params: DrillParams,
    plan: Plan,
    points: Points,
    venue: Process,
    lives: ChildStdin,
    scene: Scene,
    /// Where there is none, what is written outlives a kill.
    volume: Option<Volume>,
    ready: Vec<u64>,
    /// How long the last start and the last recovery took.
    start: Duration,
    recovery: Duration,
}

impl Drill {
    /// Makes the disk, if power is to be lost, and starts the venue.
    ///
    /// # Errors
    /// The folder cannot be used, or the venue does not come up.
    pub fn begin(params: DrillParams) -> Result<Self, DrillFault> {
        let folder = params.folder.clone();
        let failed = |error| DrillFault::Io(folder.clone(), error);
        fs::create_dir_all(folder.join("venue")).map_err(failed)?;
        let volume = params.power_loss.then(|| Volume::make(&folder)).transpose()?;
        let data = volume.as_ref().map_or_else(|| folder.clone(), Volume::path).join("data");
        let (socket, config) = (folder.join("socket"), folder.join("config.json"));
        fs::write(&config, super::config(&socket, params.sync)).map_err(failed)?;
        let mut command = program(&params, &params.tool);
        command.arg("venue").args(["--seed", &params.seed.to_string()]);
        command.arg("--config").arg(&config).arg("--socket").arg(&socket);
        command.arg(folder.join("venue"));
        command.stdin(Stdio::piped());
        let mut venue = Process::start(&mut command, folder.join("venue.log"), &params.stop)?;
        venue.wait("the venue", |_| socket.exists())?;
        Ok(Self {
            plan: Plan::new(params.seed),
            points: Points::default(),
            lives: venue.stdin().expect("it was given a pipe"),
            venue,
            scene: Scene::new(data),
            volume,
            ready: Vec::new(),
            start: FIRST_START,
            recovery: FIRST_RECOVERY,
            params,
        })
    }

    /// Starts an engine, whose line the venue has been told about.
    fn start(&mut self, name: &str, life: Life) -> Result<Process, DrillFault> {
        let folder = &self.params.folder;
        fs::remove_file(cut_path(&folder.join("venue"))).ok();
        let told = serde_json::to_string(&life).expect("numbers are JSON");
        let failed = |error| DrillFault::Io(folder.join("venue.log"), error);
        writeln!(self.lives, "{told}").map_err(failed)?;
        self.venue.check()?;
        let mut command = program(&self.params, &self.params.engine);
        command.args(["--web", "--api-port", "0", "--ws-port", "0"]);
        command.args(["--seed", &self.params.seed.to_string()]);
        command.arg("--config").arg(folder.join("config.json"));
        command.arg("--data-dir").arg(self.scene.data());
        command.arg("--log-dir").arg(folder.join("logs")).stdin(Stdio::null());
        Process::start(&mut command, folder.join(name), &self.params.stop)
    }

    /// Starts an engine and kills it.
    ///
    /// # Errors
    /// It ended by itself, or did not come up.
    pub fn round(&mut self, round: u32) -> Result<Round, DrillFault> {
        let kill = self.plan.next();
        let cut = match kill.point {
            Point::Unsent => Some(Cut::Unsent(kill.at)),
            Point::Unanswered => Some(Cut::Unanswered(kill.at)),
            _ => None,
        };
        if kill.point == Point::Recovery {
            self.scene.forget_snapshots();
        }
        self.scene.begin();
        let begun = Instant::now();
        let mut engine = self.start("engine.log", Life { life: round, cut })?;
        let is_early = matches!(kill.point, Point::Start | Point::Recovery);
        if !is_early {
            engine.wait("a ready engine", is_ready)?;
            self.start = begun.elapsed();
            self.ready.extend(u64::try_from(self.start.as_millis()));
        }
        let ready_ms = self.ready.last().copied().filter(|_| !is_early);
        let came = self.come_to(kill, &mut engine)?;
        engine.check()?;
        let said = engine.kill();
        let met = came && self.scene.shows(kill.point, &said);
        self.recovery = recovered_in(&said).unwrap_or(self.recovery);
        self.points.count(kill.point, met);
        if let Some(volume) = &mut self.volume {
            volume.lose_power()?;
        }
        Ok(Round { round, kill, met, ready_ms })
    }

    /// Waits until an engine is there; whether it has come there.
    fn come_to(&self, kill: Kill, engine: &mut Process) -> Result<bool, DrillFault> {
        let Kill { point, at } = kill;
        let part = |of: Duration| of.mul_f64(f64::from(u32::try_from(at).unwrap_or(0)) / 1_000.0);
        let (came, rest) = match point {
            Point::Start => (true, part(self.start)),
            Point::Recovery => {
                let begins = |engine: &Process| self.scene.recovers(engine.id());
                (engine.wait_at_most(POINT_WITHIN, begins)?, part(self.recovery))
            }
            Point::Quoting => (true, Duration::from_millis(at)),
            Point::Unsent | Point::Unanswered => {
                let mark = cut_path(&self.params.folder.join("venue"));
                (engine.wait_at_most(POINT_WITHIN, |_| mark.exists())?, Duration::ZERO)
            }
            Point::Roll => {
                let next = self.scene.last_begun() + 1;
                let came = engine.wait_at_most(POINT_WITHIN, |_| self.scene.has_begun(next))?;
                (came, Duration::from_micros(at))
            }
            Point::Snapshot => {
                let before = self.scene.snapshots();
                let is_new = |_: &Process| self.scene.snapshots() != before;
                (engine.wait_at_most(POINT_WITHIN, is_new)?, Duration::from_micros(at))
            }
        };
        std::thread::sleep(rest);
        Ok(came)
    }

    /// Starts the last engine, lets it end well, and compares.
    ///
    /// # Errors
    /// It does not end well, or nothing can be compared.
    pub fn finish(mut self) -> Result<Told, DrillFault> {
        let mut engine = self.start("last.log", Life { life: u32::MAX, cut: None })?;
        engine.wait("a ready engine", is_ready)?;
        std::thread::sleep(LAST);
        engine.end()?;
        self.venue.end()?;
        let folder = &self.params.folder;
        if let Some(volume) = &self.volume {
            volume.copy_out("data")?;
        }
        drop(self.volume);
        let promise = Promise::of(self.params.sync, self.params.power_loss);
        let (data, venue) = (folder.join("data"), folder.join("venue"));
        let findings = judge(&data, &venue, promise).map_err(DrillFault::Judge)?;
        self.ready.sort_unstable();
        let at = |share: usize| self.ready.get(self.ready.len() * share / 100).copied();
        let times = at(50).zip(at(99)).map(|(p50_ms, p99_ms)| Times { p50_ms, p99_ms });
        Ok(Told { findings, points: self.points, times })
    }
}

fn program(params: &DrillParams, path: &PathBuf) -> Command {
    if params.power_loss { bound(path) } else { Command::new(path) }
}

fn is_ready(engine: &Process) -> bool {
    engine.said().contains(r#""event":"readiness","ready":true"#)
}

/// How long its recovery took, as it has said, if it had to read all of the journal.
fn recovered_in(said: &str) -> Option<Duration> {
    let mut lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_whole = |line: &Value| line["event"] == "recovered" && line["snapshot"] == 0;
    let recovered = lines.rfind(is_whole)?;
    // Less than a millisecond is told as none.
    Some(Duration::from_millis(recovered["millis"].as_u64()?.max(1)))
}

impl Told {
    /// The result as one line.
    #[must_use]
    pub fn line(&self, params: &DrillParams) -> Value {
        serde_json::json!({
            "seed": params.seed,
            "sync": params.sync,
            "powerLoss": params.power_loss,
            "kills": self.points.0.values().map(|met| met.kills).sum::<u32>(),
            "points": self.points,
            "clean": self.findings.is_clean(),
            "findings": self.findings,
            "ready": self.times,
        })
    }

    /// The points as a table for whoever reads it.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!("{:<28}{:>7}{:>7}\n", "killed", "kills", "met");
        for (point, met) in &self.points.0 {
            text += &format!("{:<28}{:>7}{:>7}\n", point.name(), met.kills, met.met);
        }
        text
    }
}
