//! What the root keys of a config must be to one another: mode, venue, recordings, directories.

use super::sections::check_directory;
use super::{Faults, Mode, RawConfig, RawSpeed, ThreadMode};
use crate::types::{Symbol, Venue};
use crate::venue::recorded::Speed;
use crate::venue::session::facts::{self, Content};
use std::path::{Component, Path, PathBuf};

/// Names every contradiction; the venue, if it is known.
pub(super) fn check(raw: &RawConfig, symbols: &[Symbol], faults: &mut Faults) -> Option<Venue> {
    check_input(raw, faults);
    check_speed(raw, faults);
    check_threads(raw, faults);
    check_directories(raw, faults);
    match raw.mode {
        Mode::Simulation => check_embedded(raw, faults),
        Mode::Replay | Mode::Backtest => check_recorded(raw, faults),
        Mode::Paper => check_live(raw, symbols, faults),
    }
}

fn check_input(raw: &RawConfig, faults: &mut Faults) {
    let mode = raw.mode.name();
    if raw.mode.is_recorded() && raw.input.is_empty() {
        faults.add("input", "nothing", format_args!("recordings in mode {mode}: --input FILE…"));
    }
    if !raw.mode.is_recorded() && !raw.input.is_empty() {
        let files: Vec<_> = raw.input.iter().map(|path| path.display().to_string()).collect();
        let allowed = format!("left out in mode {mode}: recordings are for replay and backtest");
        faults.add("input", files.join(" "), allowed);
    }
}

fn check_speed(raw: &RawConfig, faults: &mut Faults) {
    let is_real = raw.speed.is_none_or(|speed| speed == RawSpeed::REAL);
    if raw.mode == Mode::Paper && !is_real {
        let text = match raw.speed {
            Some(RawSpeed(Speed::Times(times))) => super::Exact(times).to_string(),
            _ => "max".to_owned(),
        };
        faults.add("speed", text, "1 in mode paper: a live feed goes as fast as it goes");
    }
}

fn check_threads(raw: &RawConfig, faults: &mut Faults) {
    let mode = raw.threads.mode;
    if raw.mode == Mode::Backtest && mode != ThreadMode::Auto {
        faults.add("threads.mode", mode.name(), "auto in mode backtest: it runs in one thread");
    }
}

fn check_embedded(raw: &RawConfig, faults: &mut Faults) -> Option<Venue> {
    if let Some(venue) = raw.venue.filter(|venue| *venue != Venue::Simulated) {
        let allowed = "left out in mode simulation: its venue is embedded";
        faults.add("venue", venue.name(), allowed);
    }
    let socket = raw.exchange.simulator.socket.as_ref();
    let is_real = raw.speed.is_none_or(|speed| speed == RawSpeed::REAL);
    if let Some(socket) = socket.filter(|_| !is_real) {
        let allowed = "left out unless speed is 1: a venue of another process has its own time";
        faults.add("exchange.simulator.socket", socket.display(), allowed);
    }
    Some(Venue::Simulated)
}

fn check_recorded(raw: &RawConfig, faults: &mut Faults) -> Option<Venue> {
    let allowed = || {
        let names = Venue::ALL.map(Venue::name).join(", ");
        format!("whose messages they are in mode {}: {names}", raw.mode.name())
    };
    match raw.venue {
        None => faults.add("venue", "nothing", allowed()),
        Some(Venue::Simulated) => faults.add("venue", Venue::Simulated, allowed()),
        Some(venue) => return Some(venue),
    }
    None
}

fn check_live(raw: &RawConfig, symbols: &[Symbol], faults: &mut Faults) -> Option<Venue> {
    // Fills come from trades and the book together, and a session is one connection.
    let live = |venue| facts::of(venue).filter(|facts| (facts.path)(Content::All).is_some());
    let allowed = || {
        let names = Venue::ALL.into_iter().filter(|venue| live(*venue).is_some()).map(Venue::name);
        let names: Vec<_> = names.collect();
        format!(
            "a venue with books and trades on one live feed in mode paper: {}",
            names.join(", ")
        )
    };
    let Some(venue) = raw.venue else {
        faults.add("venue", "nothing", allowed());
        return None;
    };
    let Some(facts) = live(venue) else {
        faults.add("venue", venue, allowed());
        return None;
    };
    for symbol in symbols.iter().filter(|symbol| !(facts.symbol_fits)(symbol)) {
        faults.add("symbols", symbol, format_args!("in the form of {venue}"));
    }
    if symbols.len() > facts.symbols_max {
        let allowed = format!("at most {} on a connection to {venue}", facts.symbols_max);
        faults.add("symbols", symbols.len(), allowed);
    }
    Some(venue)
}

fn check_directories(raw: &RawConfig, faults: &mut Faults) {
    let data = raw.data_directory();
    check_directory("persistence.dataDirectory", data, faults);
    if let (Some(data), Some(logs)) = (data, raw.log_directory())
        && is_inside(data, logs)
    {
        let allowed = format!("outside of logging.directory, {}", logs.display());
        faults.add("persistence.dataDirectory", data.display(), allowed);
    }
}

/// Whether a directory is another, or in it, as far as the names tell.
pub(super) fn is_inside(inner: &Path, outer: &Path) -> bool {
    plain(inner).starts_with(plain(outer))
}

/// The whole name without `.` and `..`. Links are followed where they exist.
fn plain(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(real) = whole.canonicalize() {
        return real;
    }
    let mut plain = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
        if let Ok(real) = plain.canonicalize() {
            plain = real;
        }
    }
    plain
}
