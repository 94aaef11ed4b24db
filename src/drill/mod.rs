//! The crash drill: the real engine on a venue that lives in a process of its own, killed again and
//! again, and at the end everything that the venue saw held against the journal.
//!
//! Where it is killed (`point`) is drawn from a seed; what the machine does meanwhile is chance all
//! the same. The engine knows nothing of it: the points are found from outside, by its files
//! (`scene`) and by what the venue's process sees of its orders (`line`). Power is lost with a disk
//! that is an image (`volume`). What both sides know then is compared by `judge`.

mod fault;
pub mod judge;
mod line;
pub mod point;
mod process;
mod rounds;
mod scene;
mod truth;
mod volume;

pub use fault::DrillFault;
pub use rounds::{Drill, Round, Times, Told};
pub use volume::in_own_mounts;

use crate::config::{Arguments, Environment};
use crate::journal::SyncMode;
use crate::threads::link::Served;
use crate::threads::setup::served;
use crate::threads::signals::Stop;
use crate::threads::timeline::wall;
use clap::Parser as _;
use line::Line;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the venue rests when nothing was to be done.
const REST: Duration = Duration::from_micros(200);

/// What is drilled.
#[derive(Clone, Debug)]
pub struct DrillParams {
    /// The engine.
    pub engine: PathBuf,
    /// This tool.
    pub tool: PathBuf,
    /// A folder that is not there yet.
    pub folder: PathBuf,
    /// Where all chance comes from.
    pub seed: u64,
    /// The engine's `persistence.sync`.
    pub sync: SyncMode,
    /// Each kill is a loss of power.
    pub power_loss: bool,
    /// Whoever wants it to end before.
    pub stop: Stop,
}

/// The config of a drill: the shipped one with a busier quoter, small segments, snapshots as often
/// as they can be, and a venue that listens at `socket`.
#[must_use]
pub fn config(socket: &Path, sync: SyncMode) -> String {
    let shipped = include_str!("../../config/default_config.json");
    let mut config: Value = serde_json::from_str(shipped).expect("the shipped config is JSON");
    let persistence = &mut config["persistence"];
    persistence["sync"] = json!(sync);
    persistence["segmentBytes"] = json!(1 << 20);
    persistence["snapshotIntervalMin"] = json!(0.01);
    persistence["compress"] = json!(false);
    config["exchange"]["simulator"]["socket"] = json!(socket);
    let strategy = &mut config["strategy"];
    strategy["minSpreadBps"] = json!(0.0);
    strategy["baseSpreadBps"] = json!(1.0);
    strategy["requoteToleranceTicks"] = json!(0);
    strategy["minQuoteLifeMs"] = json!(1);
    strategy["volatilitySampleMs"] = json!(10);
    strategy["volatilityWarmupMs"] = json!(50);
    strategy["requestsPerSecond"] = json!(80);
    strategy["requestsBurst"] = json!(80);
    config.to_string()
}

/// Runs the venue of that config until a signal, or until stdin ends, on which it is told of each
/// life of the engine: what is true stands in that folder.
///
/// # Errors
/// Why it cannot run, in words.
pub fn venue(config: &Path, folder: &Path, socket: &Path, seed: u64) -> Result<(), String> {
    let words = ["pinnaclemm", "--config"].map(String::from);
    let words = words.into_iter().chain([config.display().to_string()]);
    let seed = ["--seed".to_owned(), seed.to_string()];
    let flags = Arguments::try_parse_from(words.chain(seed)).map_err(|error| error.to_string())?;
    let environment = Environment::of(|_| None);
    let loaded = crate::config::load(&flags, &environment).map_err(|error| error.to_string())?;
    let venue = served(&loaded, folder).map_err(|error| error.to_string())?;
    let stop = Stop::on_signals().map_err(|error| error.to_string())?;
    let mut venue =
        Served::listen(venue, socket, wall()).map_err(|error| format!("no socket: {error}"))?;
    let mut line = Line::new(folder).map_err(|error| error.to_string())?;
    while !stop.requested() && line.heed().map_err(|error| error.to_string())? {
        if venue.turn(wall(), &mut line) == 0 {
            std::thread::sleep(REST);
        }
    }
    venue.persist().map_err(|error| error.to_string())
}
