//! What a thread says of itself while it runs: how much it turned, worked, idled and stalled.
//!
//! One thread writes, with plain stores; anyone reads. Each number is right by itself, two of them
//! may be a turn apart. What is alerted on them is not decided here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The numbers as they are shared: on lines of their own, as their writer is a hot thread.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shown {
    turns: AtomicU64,
    work: AtomicU64,
    idle_turns: AtomicU64,
    turn_ns_max: AtomicU64,
    stalls: AtomicU64,
    rings_full: AtomicU64,
}

/// What a thread has done so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Turns of its agent.
    pub turns: u64,
    /// What the turns said they did, added up.
    pub work: u64,
    /// Turns that did nothing.
    pub idle_turns: u64,
    /// No turn lasted longer, in nanoseconds. It is the longest stretch between two looks at the
    /// clock: of up to [`STRETCH_TURNS`] turns, of one turn before every yield and sleep.
    pub turn_ns_max: u64,
    /// Stretches that lasted longer than a healthy one may.
    pub stalls: u64,
    /// How often a ring below had no room.
    pub rings_full: u64,
}

impl Counts {
    /// The duty cycle: the share of turns that did something, from 0 to 1; 0 before the first.
    #[must_use]
    pub fn duty(&self) -> f64 {
        let busy = self.turns.saturating_sub(self.idle_turns);
        #[expect(clippy::cast_precision_loss, reason = "a share for the eye")]
        let share = busy as f64 / self.turns.max(1) as f64;
        share
    }
}

/// The writing end: of one thread.
#[derive(Debug)]
pub struct Tally {
    shown: Arc<Shown>,
    counts: Counts,
}

/// The reading end.
#[derive(Clone, Debug)]
pub struct Readings(Arc<Shown>);

/// Both ends, at nought.
#[must_use]
pub fn counters() -> (Tally, Readings) {
    let shown = Arc::new(Shown::default());
    (Tally { shown: shown.clone(), counts: Counts::default() }, Readings(shown))
}

impl Readings {
    /// What the thread has done so far.
    #[must_use]
    pub fn get(&self) -> Counts {
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let Shown { turns, work, idle_turns, turn_ns_max, stalls, rings_full } = &*self.0;
        Counts {
            turns: get(turns),
            work: get(work),
            idle_turns: get(idle_turns),
            turn_ns_max: get(turn_ns_max),
            stalls: get(stalls),
            rings_full: get(rings_full),
        }
    }
}

impl Tally {
    /// A turn is over that did so much.
    #[inline]
    pub fn turned(&mut self, work: usize) {
        let Self { shown, counts } = self;
        counts.turns += 1;
        shown.turns.store(counts.turns, Ordering::Relaxed);
        if work == 0 {
            counts.idle_turns += 1;
            shown.idle_turns.store(counts.idle_turns, Ordering::Relaxed);
        } else {
            counts.work += work as u64;
            shown.work.store(counts.work, Ordering::Relaxed);
        }
    }

    /// A stretch of turns is over.
    pub fn stretched(&mut self, stretch: Stretch, rings_full: u64) {
        let Self { shown, counts } = self;
        if stretch.ns > counts.turn_ns_max {
            counts.turn_ns_max = stretch.ns;
            shown.turn_ns_max.store(stretch.ns, Ordering::Relaxed);
        }
        if stretch.is_stall {
            counts.stalls += 1;
            shown.stalls.store(counts.stalls, Ordering::Relaxed);
        }
        shown.rings_full.store(rings_full, Ordering::Relaxed);
    }
}

/// Turns between two looks at the clock: a look costs half of what the hot thread's work costs.
pub const STRETCH_TURNS: u32 = 64;

/// Turns that were timed as one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// How long they lasted.
    pub ns: u64,
    /// It was longer than a healthy one.
    pub is_stall: bool,
}

/// Decides when to look at the clock. After a stall each turn is timed, until as many turns as a
/// stretch has went by without one: so a thread that stalls again and again is seen turn by turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watch {
    stall_ns: u64,
    begun_ns: u64,
    /// Turns of this stretch.
    turns: u32,
    /// Turns that are still to be timed one by one.
    close: u32,
}

impl Watch {
    /// A stretch longer than `stall_ns` is a stall.
    #[must_use]
    pub const fn new(stall_ns: u64, now_ns: u64) -> Self {
        Self { stall_ns, begun_ns: now_ns, turns: 0, close: 0 }
    }

    /// A turn is over; whether the stretch is to end with it.
    #[inline]
    pub const fn turned(&mut self) -> bool {
        self.turns += 1;
        self.turns >= STRETCH_TURNS || self.close > 0
    }

    /// Ends the stretch and begins the next.
    pub fn end(&mut self, now_ns: u64) -> Stretch {
        let ns = now_ns.saturating_sub(self.begun_ns);
        let is_stall = ns > self.stall_ns;
        self.close =
            if is_stall { STRETCH_TURNS } else { self.close.saturating_sub(self.turns.max(1)) };
        self.begin(now_ns);
        Stretch { ns, is_stall }
    }

    /// Begins a stretch: what was before is not timed, as the thread was away by its own will.
    pub const fn begin(&mut self, now_ns: u64) {
        self.begun_ns = now_ns;
        self.turns = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns that last so many nanoseconds, `64x10` for many; the stretches that were timed.
    fn check(turns: &str, expected: &str) {
        let mut watch = Watch::new(1_000, 0);
        let mut now = 0;
        let mut timed = Vec::new();
        for word in turns.split_whitespace() {
            let (times, ns) = word.split_once('x').unwrap_or(("1", word));
            for _ in 0..times.parse().unwrap() {
                now += ns.parse::<u64>().unwrap();
                if watch.turned() {
                    let stretch = watch.end(now);
                    let mark = if stretch.is_stall { "!" } else { "" };
                    timed.push(format!("{}{mark}", stretch.ns));
                }
            }
        }
        assert_eq!(timed.join(" "), expected, "{turns}");
    }

    #[test]
    fn the_clock_is_looked_at_rarely_and_closely_after_a_stall() {
        check("63x10", "");
        check("64x10", "640");
        check("128x10", "640 640");
        // At the bound is healthy.
        check("63x0 1000", "1000");
        check("63x0 1001", "1001!");
        check("63x0 2000 7 2000 8", "2000! 7 2000! 8");
        let singles = vec!["5"; 64].join(" ");
        check("63x0 2000 64x5 63x1", &format!("2000! {singles}"));
        check("63x0 2000 64x5 64x1", &format!("2000! {singles} 64"));
    }

    #[test]
    fn a_reader_sees_what_was_told() {
        let (mut tally, readings) = counters();
        assert_eq!(readings.get(), Counts::default());
        assert!(readings.get().duty().abs() < f64::EPSILON);
        for work in [0, 3, 0, 4] {
            tally.turned(work);
        }
        tally.stretched(Stretch { ns: 9, is_stall: false }, 2);
        tally.stretched(Stretch { ns: 5, is_stall: true }, 7);
        let expected =
            Counts { turns: 4, work: 7, idle_turns: 2, turn_ns_max: 9, stalls: 1, rings_full: 7 };
        assert_eq!(readings.get(), expected);
        assert!((readings.get().duty() - 0.5).abs() < f64::EPSILON);
    }
}
