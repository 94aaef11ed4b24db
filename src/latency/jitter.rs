//! The machine's own hiccups: a thread that does nothing but look at the clock, and what it misses.

use super::probe::{Done, Sample};
use crate::sys::clock::{Rate, ticks};
use std::time::Duration;

/// A gap from here on is no part of the loop, in nanoseconds.
const GAP_NS: u64 = 1_000;
/// Room for the gaps of a look: a machine that has more is not fit to be measured on anyway.
const GAPS_MAX: usize = 1 << 16;

/// Watches the clock for so long: each gap is a sample.
#[must_use]
pub fn watch(span: Duration, rate: Rate) -> Done {
    let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    let (gap, begun) = (rate.ticks(GAP_NS), ticks());
    let end = begun + rate.ticks(nanos);
    let mut done = Done { samples: Vec::with_capacity(GAPS_MAX), ..Done::default() };
    let mut last = begun;
    while last < end {
        let now = ticks();
        let took = now.saturating_sub(last);
        if took >= gap && done.samples.len() < GAPS_MAX {
            done.samples.push(Sample { meant: last, took });
        }
        last = last.max(now);
        done.messages += 1;
    }
    done.span = last - begun;
    done
}
