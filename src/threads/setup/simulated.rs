//! A run on the embedded venue.

use super::{Books, Setup, SetupFault, core_params, scale};
use crate::config::Loaded;
use crate::engine::book::{BookParams, Rules, WireScales};
use crate::engine::quote::Fees;
use crate::threads::link::{Embedded, Link, Remote};
use crate::threads::timeline::{Timeline, wall};
use crate::types::{InstrumentTable, Nanos, Venue};
use crate::venue::recorded::Speed;
use crate::venue::simulated::{Simulated, Truth};
use std::path::Path;

/// Where virtual time begins: 2026-01-01T00:00:00Z. It is always the same, so that one seed gives
/// one journal.
const ORIGIN: Nanos = Nanos::from_seconds(1_767_225_600);
/// Levels of each side kept near the touch: the embedded venue's are never far apart.
const WINDOW_TICKS: usize = 1 << 14;

/// The venue of that config, which keeps what is true in that folder, for a process of its own.
///
/// # Errors
/// The folder is of other instruments, or cannot be written.
pub fn served(loaded: &Loaded, folder: &Path) -> Result<Simulated, SetupFault> {
    let params = &loaded.config.simulator;
    let mut table = InstrumentTable::new(params.markets.len().max(1));
    params.add_to(&mut table).expect("the config names each symbol once");
    let begins = (loaded.config.seed, wall());
    Ok(Simulated::new(params, &table, begins, Some(Truth::open(folder)?))?)
}

/// A later run goes on behind the earlier one: input time never steps back. In virtual time it
/// begins with a whole second; by the wall it is never ahead of it, however often the engine is
/// started in a second.
fn begins(speed: Speed, after: Option<Nanos>) -> Nanos {
    let second = Nanos::from_seconds(1).0;
    match (speed, after) {
        (Speed::Max, None) => ORIGIN,
        (Speed::Max, Some(after)) => ORIGIN.max(Nanos((after.0 / second + 1) * second)),
        (_, after) => after.map_or_else(wall, |after| wall().max(after)),
    }
}

pub(super) fn setup(
    loaded: &Loaded,
    data: Option<&Path>,
    after: Option<Nanos>,
) -> Result<Setup, SetupFault> {
    let config = &loaded.config;
    let params = &config.simulator;
    let mut table = InstrumentTable::new(params.markets.len().max(1));
    params.add_to(&mut table).expect("the config names each symbol once");
    let rules = Rules::of(Venue::Simulated);
    let book = |instrument| BookParams {
        window_ticks: WINDOW_TICKS,
        ..BookParams::new(rules, WireScales::from(instrument))
    };
    let books = Books { params: table.iter().map(book).collect(), silence_max: rules.silence_max };
    let fees = Fees { maker_bps: params.maker_fee.bps(), taker_bps: params.taker_fee.bps() };
    let mut raw = loaded.effective.clone();
    let prices: Vec<_> = params.markets.iter().map(|market| Some(market.start_price)).collect();
    scale(&mut raw, &table, &prices)?;
    let (core, currency) = core_params(&raw, &table, books, fees)?;
    let begins = begins(config.speed, after);
    let link = match &config.venue_socket {
        Some(path) => {
            let remote = Remote::connect(path);
            let remote = remote.map_err(|cause| SetupFault::Socket(path.clone(), cause))?;
            Link::Foreign(Box::new(remote))
        }
        None => {
            let truth = data.map(Truth::open).transpose()?;
            let venue = Simulated::new(params, &table, (config.seed, begins), truth)?;
            Link::Simulated(Box::new(Embedded::new(venue)))
        }
    };
    Ok(Setup {
        venue: Venue::Simulated,
        link,
        timeline: Timeline::new(config.speed, Some(begins)),
        begins,
        ends: None,
        sequence: 0,
        tag: None,
        currency,
        core,
        dropped: Vec::new(),
        remarks: Vec::new(),
        connected: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_wall_no_start_is_ahead_of_it() {
        let (now, one) = (wall(), "1".parse().unwrap());
        for after in [None, Some(Nanos(now.0 - 5)), Some(now)] {
            let begun = begins(one, after);
            assert!(begun >= now && begun <= wall(), "{after:?}: {begun:?}");
        }
        let ahead = Nanos(now.0 + 60_000_000_000);
        assert_eq!(begins(one, Some(ahead)), ahead, "input time never steps back");
        assert_eq!(begins(Speed::Max, None), ORIGIN);
        let second = Nanos(ORIGIN.0 + 1_000_000_000);
        assert_eq!(begins(Speed::Max, Some(Nanos(ORIGIN.0 + 1))), second);
    }
}
