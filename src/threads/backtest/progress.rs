//! How far a backtest or a sweep has come: a bar on a terminal, nothing elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(100);
const CELLS: usize = 30;

/// The bar.
#[derive(Debug)]
pub(in crate::threads) struct Progress {
    is_shown: bool,
    /// What is counted: `inputs`, `runs`.
    unit: &'static str,
    begun: Instant,
    due: Instant,
}

impl Progress {
    /// Nothing was shown yet.
    #[must_use]
    pub(in crate::threads) fn new(unit: &'static str) -> Self {
        let now = Instant::now();
        Self { is_shown: io::stderr().is_terminal(), unit, begun: now, due: now }
    }

    /// Shows that so many are done, and which part of all that is, where it is known.
    pub(in crate::threads) fn show(&mut self, done: u64, part: Option<f64>) {
        if !self.is_shown || Instant::now() < self.due {
            return;
        }
        self.due = Instant::now() + EVERY;
        let text = line(done, part, self.unit, self.begun.elapsed());
        // A terminal that has gone is nobody who could be told.
        write!(io::stderr(), "\r{text}\x1b[K").ok();
    }

    /// Takes the bar away.
    pub(in crate::threads) fn clear(&mut self) {
        if self.is_shown {
            write!(io::stderr(), "\r\x1b[K").ok();
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of the cells")]
fn line(done: u64, part: Option<f64>, unit: &str, since: Duration) -> String {
    let rate = u128::from(done) * 1_000_000 / since.as_micros().max(1);
    let count = format!("{done} {unit}, {rate}/s");
    let Some(part) = part.filter(|part| part.is_finite()) else { return count };
    let part = part.clamp(0.0, 1.0);
    let full = (part * CELLS as f64) as usize;
    let (bar, percent) = ("#".repeat(full) + &"-".repeat(CELLS - full), part * 100.0);
    format!("[{bar}] {percent:3.0} %  {count}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_as_long_as_the_part_that_is_done() {
        let check = |done, part, expected: &str| {
            assert_eq!(line(done, part, "runs", Duration::from_secs(2)), expected);
        };
        check(4, None, "4 runs, 2/s");
        check(0, Some(0.0), "[------------------------------]   0 %  0 runs, 0/s");
        check(4, Some(0.5), "[###############---------------]  50 %  4 runs, 2/s");
        check(8, Some(1.5), "[##############################] 100 %  8 runs, 4/s");
        check(4, Some(f64::NAN), "4 runs, 2/s");
    }
}
