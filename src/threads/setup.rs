//! What a run is made of, mode by mode: the venue's side and the core's parameters.
//!
//! Files are opened and surveyed here, a venue's product list is fetched and its feed connected to,
//! before any thread starts. What is then done with the parts is the same in every mode.

mod fault;
mod paper;
pub(super) mod recorded;
mod simulated;

pub use fault::SetupFault;
pub use simulated::served;

use super::feed::Connected;
use super::link::Link;
use super::timeline::Timeline;
use crate::config::{Faults, Loaded, Mode, RawConfig};
use crate::engine::book::BookParams;
use crate::engine::quote::Fees;
use crate::engine::risk::{LimitSet, Opening};
use crate::engine::{CoreParams, InstrumentParams};
use crate::types::{Currency, InstanceTag, Instrument, InstrumentTable, Nanos, Price, Venue};
use crossbeam_channel::Receiver;
use std::path::Path;

/// The venue's side of a run, ready to be heard.
#[derive(Debug)]
pub struct Setup {
    /// Whose market it is.
    pub venue: Venue,
    /// The way there.
    pub link: Link,
    /// What time it is there.
    pub timeline: Timeline,
    /// The time at which the run begins.
    pub begins: Nanos,
    /// The last time that is recorded, where that is known.
    pub ends: Option<Nanos>,
    /// The number of the last input before.
    pub sequence: u64,
    /// What our orders are known by; nothing where no journal is kept.
    pub tag: Option<InstanceTag>,
    /// What everything is added up in.
    pub currency: Currency,
    /// The core's parameters; the epoch and what is carried over are still to be filled in.
    pub core: CoreParams,
    /// Limits that were set and hold no more, as the config has changed them since.
    pub dropped: Vec<LimitSet>,
    /// What was chosen that the config does not say, in words.
    pub remarks: Vec<String>,
    /// What becomes of the connection to a live venue.
    pub connected: Option<Receiver<Connected>>,
}

/// Makes the venue's side of a run. `data` is the run's directory, if it keeps one; `after` is the
/// last time of an earlier run in it.
///
/// # Errors
/// The config does not fit the instruments, or a file cannot be used.
pub fn setup(
    loaded: &Loaded,
    data: Option<&Path>,
    after: Option<Nanos>,
) -> Result<Setup, SetupFault> {
    match loaded.config.mode {
        Mode::Simulation => simulated::setup(loaded, data, after),
        Mode::Replay | Mode::Backtest => recorded::setup(loaded),
        Mode::Paper => paper::setup(loaded, after),
    }
}

/// How each book is kept, by instrument, and how long a connection may be silent.
struct Books {
    params: Vec<BookParams>,
    silence_max: Nanos,
}

/// Gives instruments their own quantities where the config says what price the others are for.
fn scale(
    raw: &mut RawConfig,
    table: &InstrumentTable,
    prices: &[Option<Price>],
) -> Result<(), SetupFault> {
    let mut faults = Faults::default();
    raw.scale_for(table, prices, &mut faults);
    if faults.is_empty() { Ok(()) } else { Err(SetupFault::Config(faults)) }
}

/// The core's parameters for these instruments.
fn core_params(
    raw: &RawConfig,
    table: &InstrumentTable,
    books: Books,
    fees: Fees,
) -> Result<(CoreParams, Currency), SetupFault> {
    let mut faults = Faults::default();
    let bound = raw.bind(table, fees, &mut faults);
    let Some(bound) = bound.filter(|_| faults.is_empty()) else {
        return Err(SetupFault::Config(faults));
    };
    let each = table.iter().zip(books.params).zip(bound.quotes).zip(bound.limits);
    let instruments = each.map(|(((instrument, book), quote), limits)| InstrumentParams {
        instrument: *instrument,
        book,
        quote,
        limits,
    });
    let currency = bound.risk.currency;
    let var = raw.risk_management.var.check("risk_management.var", &mut faults);
    let params = CoreParams {
        epoch: 0,
        silence_max: books.silence_max,
        instruments: instruments.collect(),
        risk: bound.risk,
        opening: None,
        var_limit: Some(var.limit),
    };
    Ok((params, currency))
}

impl Setup {
    /// Numbers the epoch, and carries over what an earlier one has left.
    pub fn begin(&mut self, epoch: u32, opening: Option<Opening>) {
        self.core.epoch = epoch;
        self.core.risk.epoch = epoch;
        let left = opening.as_ref().map_or(0, |opening| opening.orders.len());
        // Whatever the limit is now, what was left has to have room.
        let left = u32::try_from(left).expect("fewer than a table holds");
        self.core.risk.orders_max = self.core.risk.orders_max.max(left);
        self.core.opening = opening;
    }

    /// The instruments in the order of their ids.
    #[must_use]
    pub fn instruments(&self) -> Vec<Instrument> {
        self.core.instruments.iter().map(|one| one.instrument).collect()
    }
}
