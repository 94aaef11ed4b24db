//! The processor's own counter: the cheapest stamp there is.
//!
//! It counts at a constant rate on every machine that is meant for this program, and is the same on
//! all its cores. How long a count is, is measured: nobody says it. No decision is made on it.
//!
//! JUSTIFICATION: two stamps for each input that brings an order cost 43 ns by `Instant` and 19 by
//! this (measured on the development machine), where the whole way from bytes to order takes 40.
//! The standard library offers the instruction only as code that is not safe.

use std::time::Instant;

/// What the counter shows now.
#[inline(always)]
#[must_use]
pub fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        #[expect(unsafe_code, reason = "see JUSTIFICATION")]
        // SAFETY: every x86-64 processor has the instruction, it touches no memory, and a kernel
        // that forbids it to programs would forbid it to the system's own clock too.
        return unsafe { std::arch::x86_64::_rdtsc() };
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        use std::sync::OnceLock;
        static BEGUN: OnceLock<Instant> = OnceLock::new();
        let begun = BEGUN.get_or_init(Instant::now);
        u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A moment by both clocks: from two of them follows how long a tick is.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    ticks: u64,
    at: Instant,
}

impl Moment {
    /// This one.
    #[must_use]
    pub fn now() -> Self {
        Self { ticks: ticks(), at: Instant::now() }
    }

    /// The counter at that moment.
    #[must_use]
    pub const fn ticks(&self) -> u64 {
        self.ticks
    }

    /// How long a tick has been since then. The longer ago, the better: after 100 ms it is right
    /// to a millionth.
    #[must_use]
    pub fn rate(&self) -> Rate {
        let now = Self::now();
        let nanos = now.at.duration_since(self.at).as_nanos();
        Rate::of(u64::try_from(nanos).unwrap_or(u64::MAX), now.ticks.saturating_sub(self.ticks))
    }
}

/// How long a tick is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rate {
    nanos_per_tick: f64,
}

impl Rate {
    /// So many nanoseconds in so many ticks.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a millionth is enough")]
    fn of(nanos: u64, ticks: u64) -> Self {
        Self { nanos_per_tick: nanos.max(1) as f64 / ticks.max(1) as f64 }
    }

    /// Ticks in nanoseconds, rounded.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "spans of a run, far below 2^52"
    )]
    #[inline]
    pub fn nanos(self, ticks: u64) -> u64 {
        // Rounding by a half and a cut: `round` is a call where the processor is any x86-64 one.
        (ticks as f64 * self.nanos_per_tick + 0.5) as u64
    }

    /// Nanoseconds in ticks, rounded.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "spans of a run, far below 2^52"
    )]
    pub fn ticks(self, nanos: u64) -> u64 {
        (nanos as f64 / self.nanos_per_tick + 0.5) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn ticks_are_as_long_as_the_other_clock_says() {
        let begun = Moment::now();
        std::thread::sleep(Duration::from_millis(60));
        let rate = begun.rate();
        let (from, at) = (ticks(), Instant::now());
        std::thread::sleep(Duration::from_millis(30));
        let (took, slept) = (rate.nanos(ticks() - from), at.elapsed().as_nanos());
        let slept = u64::try_from(slept).unwrap();
        assert!(took.abs_diff(slept) < slept / 50 + 2_000_000, "{took} {slept}");
        assert!(rate.nanos(rate.ticks(1_000_000)).abs_diff(1_000_000) < 10);
    }
}
