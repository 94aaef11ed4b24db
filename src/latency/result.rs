//! What a run of the tool found: the rows of its table, and the form they have as JSON.

use super::spread::Spread;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the JSON.
pub const FORMAT: u32 = 1;

/// One repeat: product and floor one after the other, within a second or two.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Repeat {
    /// Seconds since the run began.
    pub at_s: f64,
    /// Half took no longer, in nanoseconds.
    pub p50: f64,
    /// 99 of 100, where there were as many.
    pub p99: Option<f64>,
    /// Of the floor.
    pub floor_p50: Option<f64>,
    /// Of the floor.
    pub floor_p99: Option<f64>,
}

/// Product to floor: the median of the repeats.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ratio {
    /// Of the medians.
    pub p50: f64,
    /// Of the 99th percentiles, where there were enough samples.
    pub p99: Option<f64>,
}

/// What a hand-over between threads is held against: the fused way and a raw round trip, which is
/// what two crossings cost at least (0.95 of it, as measured beside each other).
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct HandOver {
    /// p50 of mode `shared` at the same pace, in nanoseconds.
    pub fused_p50: f64,
    /// The raw core-to-core round trip, in nanoseconds.
    pub round_trip: f64,
    /// p50 to the fused p50 + 0.95 of the round trip.
    pub ratio: f64,
}

/// One row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// inline, shared, pair, dedicated; tcp and tls for wire to wire.
    pub mode: String,
    /// even, batch, burst, cold, saturated.
    pub pattern: String,
    /// As it is shown.
    pub title: String,
    /// Messages a second, where they have a rate.
    pub rate: Option<u64>,
    /// How the text of an order ends: encoded or signed.
    pub text: String,
    /// How the journal is synced meanwhile: process (not before the end) or batch (every 10 ms).
    pub sync: String,
    /// From the time a message was meant to come until the text of its last order stood ready.
    pub tick_to_order_ns: Spread,
    /// The same of the floor.
    pub floor_ns: Option<Spread>,
    /// What the floor is, where it is not the hand-written way.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub floor_is: Option<String>,
    /// The headline; not there where the floor did not run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ratio: Option<Ratio>,
    /// Of a row on two cores.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hand_over: Option<HandOver>,
    /// Messages played and counted.
    pub messages: u64,
    /// Orders that they brought.
    pub orders: u64,
    /// Orders that something else brought: an answer of the venue, a timer.
    pub other_orders: u64,
    /// Messages that could not be read, since the engine began.
    pub malformed: u64,
    /// Messages a second that were really played, over all repeats.
    pub reached_per_s: f64,
    /// The same of the floor.
    pub floor_per_s: Option<f64>,
    /// Each repeat.
    pub repeats: Vec<Repeat>,
}

impl Row {
    /// What tells it from the others of a run.
    #[must_use]
    pub fn key(&self) -> String {
        let Self { mode, title, text, sync, .. } = self;
        format!("{mode} {title} {text} {sync}")
    }
}

/// One stage on the way, in one thread.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Of messages that brought orders.
    pub with_orders_ns: Spread,
    /// Of all others.
    pub without_ns: Spread,
}

/// What the machine is and does meanwhile.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Machine {
    /// As it names itself.
    pub processor: String,
    /// The system's name and version.
    pub kernel: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// The core that was hot.
    pub hot_core: usize,
    /// Nanoseconds of a tick of the counter.
    pub tick_ns: f64,
    /// Between two reads of the counter.
    pub clock_read_ns: f64,
    /// The least step of the counter.
    pub clock_step_ns: f64,
    /// Tasks that wanted to run, before and behind the run: the system's one-minute average.
    pub load: [f64; 2],
    /// Gaps above a microsecond in a second of a thread that only looks at the clock.
    pub gaps_per_s: f64,
    /// Gaps above 100 µs in a second.
    pub long_gaps_per_s: f64,
    /// How much of its time was taken, in parts of a hundred.
    pub stolen_pct: f64,
    /// The gaps.
    pub gaps_ns: Spread,
    /// A raw core-to-core round trip, where there are two: the least and the middle of the looks.
    pub round_trip_ns: Option<[f64; 2]>,
    /// Why the figures are not those of a quiet machine; empty if they are.
    pub disturbed: Vec<String>,
}

/// Everything.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Results {
    /// The version of this form.
    pub format: u32,
    /// Of the program.
    pub version: String,
    /// When it was begun, in seconds since 1970.
    pub begun: u64,
    /// What was played.
    pub stream: String,
    /// Under which config.
    pub conditions: String,
    /// One in so many messages brings orders, where that is known.
    pub mover_every: Option<usize>,
    /// The machine.
    pub machine: Machine,
    /// Tick to order, by mode and pattern.
    pub rows: Vec<Row>,
    /// Where the time goes.
    pub stages: Vec<Stage>,
    /// First byte in to order bytes out.
    pub wire: Vec<Row>,
    /// What was left out, and why.
    pub left_out: BTreeMap<String, String>,
}
