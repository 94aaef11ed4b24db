//! A run of the tool: which rows, in which order, and what is made of them.
//!
//! Every row is played in several repeats, and each repeat is product and floor one after the
//! other; between two rows the machine is watched. So a mood of the machine falls on all rows
//! alike, and on product and floor of a repeat together.

use super::crew::{Bench, Crew, CrewFault, Mode};
use super::machine::Watcher;
use super::measure::{Growing, Measured, Plan};
use super::pace::Pace;
use super::probe::{Subject, Task};
use super::result::{FORMAT, HandOver, Results, Row};
use super::rig::{Blueprint, CONDITIONS, Folder, RigFault};
use super::spread::float;
use super::staged;
use super::stream::{CYCLE, MOVER_EVERY, MOVERS, Stream};
use super::wire;
use crate::journal::SyncMode;
use crate::sys::clock::Moment;
use crate::threads::cores::{Allowance, AllowanceFault};
use crate::threads::setup::SetupFault;
use crate::types::{InstrumentTable, Venue};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fmt, fs};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// A recording in the place of the made session.
    pub recording: Option<(Venue, PathBuf)>,
    /// The seed of the made session.
    pub seed: u64,
    /// How the stages are joined.
    pub modes: Vec<Mode>,
    /// Repeats of each row.
    pub repeats: u32,
    /// A hundredth of the messages, for a look whether all of it works.
    pub is_quick: bool,
    /// No sockets.
    pub without_wire: bool,
    /// Below which folder journals are made.
    pub parent: PathBuf,
}

/// Why there are no results.
#[derive(Debug)]
pub enum RunFault {
    /// Nothing can be measured on.
    Allowance(AllowanceFault),
    /// There is no engine to measure.
    Rig(RigFault),
    /// It was not measured to its end.
    Crew(CrewFault),
    /// A socket said no.
    Wire(wire::WireFault),
}

impl fmt::Display for RunFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowance(fault) => fault.fmt(f),
            Self::Rig(fault) => fault.fmt(f),
            Self::Crew(fault) => fault.fmt(f),
            Self::Wire(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for RunFault {}

impl From<RigFault> for RunFault {
    fn from(fault: RigFault) -> Self {
        Self::Rig(fault)
    }
}

impl From<CrewFault> for RunFault {
    fn from(fault: CrewFault) -> Self {
        Self::Crew(fault)
    }
}

/// How long the clock is watched before its rate is taken.
const CALIBRATE: Duration = Duration::from_millis(100);
/// What of a raw round trip two crossings cost at least.
const CROSSINGS: f64 = 0.95;
/// Messages told apart by stage.
const STAGED: usize = 100_000;

/// Everything that was found, samples included.
#[derive(Debug)]
pub struct Found {
    /// What is told.
    pub results: Results,
    /// The rows with their samples.
    pub measured: Vec<Measured>,
}

/// What is measured, and on what.
///
/// # Errors
/// There is nothing to measure, or nothing to measure on.
pub fn bench(wanted: &Wanted) -> Result<Bench, RunFault> {
    let begun = Moment::now();
    let allowance = Allowance::read().map_err(RunFault::Allowance)?;
    let (stream, blueprint) = source(wanted)?;
    std::thread::sleep(CALIBRATE);
    let (rate, parent) = (begun.rate(), wanted.parent.clone());
    Ok(Bench { stream: Arc::new(stream), blueprint, allowance, rate, parent })
}

/// Measures.
///
/// # Errors
/// There is nothing to measure, or it did not come to its end.
pub fn run(wanted: &Wanted, mut say: impl FnMut(&str)) -> Result<Found, RunFault> {
    let begun = Moment::now();
    let bench = bench(wanted)?;
    let mut watcher = Watcher::new(bench.rate);
    let (mut measured, mut left_out) = (Vec::new(), BTreeMap::new());
    for mode in &wanted.modes {
        let needed = mode.cores() + usize::from(mode.cores() > 2);
        if bench.allowance.whole() < needed {
            let why = format!("it needs {needed} whole cores, allowed: {}", bench.allowance);
            left_out.insert(format!("mode {}", mode.name()), why);
            continue;
        }
        for sync in [SyncMode::Process, SyncMode::Batch] {
            if sync == SyncMode::Batch && *mode != Mode::Shared {
                continue;
            }
            say(&format!("mode {}, journal synced by {sync:?}", mode.name()));
            let ask = Ask { mode: *mode, sync, wanted };
            measured.extend(of_mode(&bench, ask, &mut watcher, &begun)?);
        }
    }
    say("stages");
    let messages = if wanted.is_quick { STAGED / 20 } else { STAGED };
    let stages = staged::stages(&bench, messages)?;
    let mut wires: Vec<Row> = Vec::new();
    if wanted.without_wire {
        left_out.insert("wire to wire".to_string(), "not wanted".to_string());
    } else if bench.allowance.cores.len() < 2 || !bench.stream.is_made {
        let why = "it needs two cores and the made session".to_string();
        left_out.insert("wire to wire".to_string(), why);
    } else {
        say("wire to wire");
        let made = wire::rows(&bench, wanted.repeats, wanted.is_quick, &begun);
        wires = made.map_err(RunFault::Wire)?;
    }
    let machine = watcher.finish(&bench);
    if let Some([_, round_trip]) = machine.round_trip_ns {
        hand_overs(&mut measured, round_trip);
    }
    let stream = &bench.stream;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let results = Results {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_string(),
        begun: since.as_secs(),
        stream: stream.title.clone(),
        conditions: CONDITIONS.to_string(),
        mover_every: stream.is_made.then_some(MOVER_EVERY),
        machine,
        rows: measured.iter().map(|one: &Measured| one.row.clone()).collect(),
        stages,
        wire: wires,
        left_out,
    };
    Ok(Found { results, measured })
}

/// What is played, and what the engine is made of for it.
fn source(wanted: &Wanted) -> Result<(Stream, Blueprint), RunFault> {
    if let Some((venue, path)) = &wanted.recording {
        let blueprint = Blueprint::of(*venue, path)?;
        let stream = Stream::recorded(*venue, std::slice::from_ref(path), blueprint.table.clone());
        let stream = stream.map_err(|error| RigFault::Setup(Box::new(SetupFault::from(error))))?;
        return Ok((stream, blueprint));
    }
    // The made session goes through a file once, so that its instrument is found as any other's.
    let folder = Folder::below(&wanted.parent)?;
    let path = folder.path().join("made");
    let mut made = Stream::made(wanted.seed, InstrumentTable::new(1));
    fs::write(&path, made.as_lines()).map_err(|error| RigFault::Folder(path.clone(), error))?;
    let blueprint = Blueprint::of(Venue::CoinbaseExchange, &path)?;
    made.table = blueprint.table.clone();
    Ok((made, blueprint))
}

/// One mode with one way of syncing.
#[derive(Clone, Copy)]
struct Ask<'a> {
    mode: Mode,
    sync: SyncMode,
    wanted: &'a Wanted,
}

/// The rows of a mode.
fn plans(ask: Ask<'_>) -> Vec<Plan> {
    // Whole cycles only: each leaves the book as it was.
    let plan = |pace, cycles: u64, is_signed| {
        let cycles = if ask.wanted.is_quick { cycles.div_ceil(32) } else { cycles };
        let all = cycles * CYCLE as u64;
        Plan { pace, count: all - all / 8, warm: all / 8, is_signed }
    };
    let even = |rate, cycles| plan(Pace::Even(rate), cycles, false);
    if ask.sync == SyncMode::Batch {
        return vec![even(100_000, 64)];
    }
    let mut rows = vec![even(1_000, 1), even(10_000, 4), even(100_000, 32)];
    if ask.mode == Mode::Pair || ask.mode == Mode::Dedicated {
        return rows;
    }
    let movers = if ask.wanted.is_quick { 2 } else { 10 };
    rows.extend([
        even(1_000_000, 128),
        plan(Pace::Saturated, 256, false),
        plan(Pace::Flood, 256, false),
    ]);
    if ask.mode == Mode::Shared {
        rows.extend([
            plan(Pace::Even(100_000), 32, true),
            plan(Pace::Batch { size: 32, rate: 100_000 }, 32, false),
            plan(Pace::Burst { size: 32, rate: 100_000 }, 32, false),
            Plan { pace: Pace::Cold, count: movers * MOVERS as u64, warm: 4, is_signed: false },
        ]);
    }
    rows
}

fn of_mode(
    bench: &Bench,
    ask: Ask<'_>,
    watcher: &mut Watcher,
    begun: &Moment,
) -> Result<Vec<Measured>, RunFault> {
    let crew = Crew::start(bench, ask.mode, ask.sync)?;
    let mut rows: Vec<_> = plans(ask).into_iter().map(Growing::new).collect();
    for _ in 0..ask.wanted.repeats {
        for row in &mut rows {
            row.play(&crew, bench, begun)?;
        }
        let watch = Task {
            subject: Subject::Machine,
            pace: Pace::Even(1_000),
            count: 100,
            warm: 0,
            is_signed: false,
        };
        watcher.saw(crew.play(watch)?);
    }
    crew.end()?;
    watcher.cross(bench);
    Ok(rows.into_iter().map(|row| row.finish(ask.mode.name(), ask.sync)).collect())
}

/// Holds each row on two cores against the fused one and a raw round trip.
fn hand_overs(measured: &mut [Measured], round_trip: f64) {
    let p50 = |row: &Row| row.tick_to_order_ns.p50.map(float);
    let fused: Vec<_> = measured
        .iter()
        .filter(|one| one.row.mode == Mode::Shared.name() && one.row.sync == "process")
        .filter(|one| one.row.text == "encoded")
        .filter_map(|one| Some((one.row.title.clone(), p50(&one.row)?)))
        .collect();
    for one in measured.iter_mut().filter(|one| one.row.mode == Mode::Pair.name()) {
        let same = fused.iter().find(|(title, _)| *title == one.row.title);
        if let (Some((_, fused_p50)), Some(own)) = (same, p50(&one.row)) {
            let ratio = own / (fused_p50 + CROSSINGS * round_trip);
            one.row.hand_over = Some(HandOver { fused_p50: *fused_p50, round_trip, ratio });
        }
    }
}

/// Writes what a folder of output is to hold: a `.hgrm` for each row with samples and for its
/// floor, and both plots.
///
/// # Errors
/// A file cannot be written.
pub fn write_folder(found: &Found, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for one in found.measured.iter().filter(|one| !one.product.is_empty()) {
        let name: String = one.row.key().chars().map(plain).collect();
        fs::write(folder.join(format!("{name}.hgrm")), super::hgrm::text(&one.product))?;
        if !one.floor.is_empty() {
            fs::write(folder.join(format!("{name}-floor.hgrm")), super::hgrm::text(&one.floor))?;
        }
    }
    let shown: Vec<_> = found.measured.iter().filter(|one| is_shown(&one.row)).collect();
    fs::write(folder.join("percentiles.svg"), super::plot::percentiles(&shown))?;
    fs::write(folder.join("series.svg"), super::plot::series(&shown))
}

/// Those rows that a plot has room for.
fn is_shown(row: &Row) -> bool {
    row.pattern == "even" && row.text == "encoded" && ["shared", "pair"].contains(&&*row.mode)
}

/// A letter of a file's name.
fn plain(letter: char) -> char {
    if letter.is_ascii_alphanumeric() { letter } else { '-' }
}
