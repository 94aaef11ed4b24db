//! Where an order of ours stands in the queue of its price, as far as a recording can tell.
//!
//! A level's quantity is all that is recorded, so the place is an estimate: an order joins behind
//! everything that is shown; trades eat the queue from its front; what falls without a trade was
//! cancelled, before or behind us, and a [`QueueModel`] says how much of it before us. The same
//! trade is told twice, as a trade and as a fall of the level, in either order: it moves us once.
//! Only a trade ever fills; that is said by `Place::traded` and nowhere else.

use crate::types::Nanos;
use serde::{Deserialize, Serialize};

/// Who leaves a queue when it shrinks without a trade.
///
/// `Power` and `Log` are the probability models of hftbacktest (`PowerProbQueueFunc`,
/// `LogProbQueueFunc2`), after Rigtorp, "Estimating order queue position" (2013).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueModel {
    /// Those behind us first: only trades move us, and a level with less than was before us.
    RiskAverse,
    /// Before us with the probability aⁿ / (aⁿ + bⁿ), a lots being before us and b behind; n of 1
    /// is proportional, a greater n takes from the longer part.
    Power {
        /// n, from 1 to 8.
        exponent: u8,
    },
    /// Before us with the probability 1 − ln(1 + b) / ln(1 + a + b), a and b in units of the base
    /// currency.
    Log,
}

#[expect(clippy::cast_precision_loss, reason = "a model's probability needs no 64 bits")]
const fn float(lots: i64) -> f64 {
    lots as f64
}

impl QueueModel {
    /// How many of `gone` lots are likely to have stood before us, where `ahead` do and `behind`
    /// stand behind us; rounded down. `lot` is one lot in units of the base currency.
    fn gone_ahead(self, ahead: i64, behind: i64, gone: i64, lot: f64) -> i64 {
        let most = gone.min(ahead);
        if most == 0 {
            return 0;
        }
        let (a, b) = (float(ahead), float(behind));
        let share = match self {
            Self::RiskAverse => 0.0,
            Self::Power { exponent } => {
                let power = |base: f64| (0..exponent).fold(1.0, |product, _| product * base);
                // Of the ratio, so that no power overflows.
                1.0 / (1.0 + power(b / a))
            }
            Self::Log => 1.0 - libm::log1p(b * lot) / libm::log1p((a + b) * lot),
        };
        #[expect(clippy::cast_possible_truncation, reason = "rounded down, and clamped")]
        let gone_ahead = (float(gone) * share) as i64;
        gone_ahead.clamp(0, most)
    }
}

/// How much later than its fall of the book a trade is told at most.
const TRADE_LAG_MAX: Nanos = Nanos::from_seconds(1);

/// A trade at our price.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    /// How much was traded.
    pub(super) qty: i64,
    /// How much of it orders of ours took that stand before this one.
    pub(super) taken: i64,
    /// When, by the venue's clock.
    pub(super) time: Nanos,
    /// Until when the book is told, by the venue's clock.
    pub(super) book_time: Nanos,
}

/// A level as the book has it now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// What stands there.
    pub(super) qty: i64,
    /// When, by the venue's clock.
    pub(super) time: Nanos,
    /// The message says that the fall is a trade, whose print comes or has come.
    pub(super) is_match: bool,
}

/// A place in a queue. Quantities in lots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// What stands before us.
    ahead: i64,
    /// What the level showed last.
    level: i64,
    /// Traded, and not yet seen as a fall.
    credit: i64,
    /// When the last trade in `credit` was.
    credit_time: Nanos,
    /// Fallen by a match whose trade has not been told yet.
    matched: i64,
    /// Fallen lately without a trade that was told.
    fallen: i64,
    /// How much of `fallen` was taken to be before us.
    advanced: i64,
    /// From when to when it fell.
    fell: [Nanos; 2],
    /// Until when the book was told when we joined.
    joined: Nanos,
}

const fn reaches(time: Nanos, book_time: Nanos) -> bool {
    time.is_known() && book_time.is_known() && time.0 <= book_time.0
}

impl Place {
    /// Behind everything that the level shows.
    pub(super) const fn at_back(level: i64, book_time: Nanos) -> Self {
        Self {
            ahead: level,
            level,
            credit: 0,
            credit_time: Nanos::UNKNOWN,
            matched: 0,
            fallen: 0,
            advanced: 0,
            fell: [Nanos::UNKNOWN; 2],
            joined: book_time,
        }
    }

    #[cfg(test)]
    pub(super) const fn ahead(&self) -> i64 {
        self.ahead
    }

    /// Whether the trade was over before we joined: the level that we joined had lost it already.
    pub(super) const fn is_before(&self, time: Nanos) -> bool {
        reaches(time, self.joined)
    }

    /// A trade at our price; gives how much of it reaches us.
    pub(super) fn traded(&mut self, print: Print) -> i64 {
        let known = self.matched.min(print.qty);
        self.matched -= known;
        let rest = print.qty - known;
        let mut again = 0;
        if reaches(print.time, print.book_time) {
            // The book was told first. What it fell then may be this trade, and what it moved us
            // then is taken to be due to it: it cannot be known, and must not be too much.
            if reaches(print.time, self.fell[1]) {
                let fell = self.fallen.min(rest);
                again = self.advanced.min(fell);
                self.fallen -= fell;
                self.advanced -= again;
            }
        } else {
            self.credit = (self.credit + rest).min(self.level);
            self.credit_time = print.time;
        }
        let moved = (print.qty - print.taken - again).max(0);
        let reached = (moved - self.ahead).max(0);
        self.ahead = (self.ahead - moved).max(0);
        reached
    }

    /// A trade beyond our price: nobody is left before us.
    pub(super) const fn traded_through(&mut self) {
        self.ahead = 0;
    }

    /// The level is told anew.
    pub(super) fn shown(&mut self, now: Shown, model: QueueModel, lot: f64) {
        let fall = self.level - now.qty;
        if fall > 0 {
            let explained = fall.min(self.credit);
            self.credit -= explained;
            let gone = fall - explained;
            let before = self.ahead;
            if now.is_match {
                self.matched += gone;
            } else if gone > 0 {
                let behind = (self.level - explained - self.ahead).max(0);
                let ahead = self.ahead.min(self.level - explained);
                self.ahead = ahead - model.gone_ahead(ahead, behind, gone, lot);
            }
            self.ahead = self.ahead.min(now.qty + self.matched);
            if !now.is_match {
                self.forget_falls(now.time);
                self.fallen += gone;
                self.advanced += (before - self.ahead).min(gone);
            }
        }
        self.level = now.qty;
        // A book that is told to beyond the trade holds it, whatever it shows: the rest of the
        // fall was made up by orders that came.
        if self.credit > 0 && reaches(self.credit_time, now.time) {
            self.credit = 0;
        }
    }

    /// A fall of long ago is of no trade that is still to be told.
    fn forget_falls(&mut self, time: Nanos) {
        let [since, until] = &mut self.fell;
        if !since.is_known() || time.0.saturating_sub(since.0) > TRADE_LAG_MAX.0 {
            (self.fallen, self.advanced) = (0, 0);
            *since = time;
        }
        *until = time;
    }

    /// The level after a time in which nothing could be trusted: nobody is known to have left but
    /// those who are not there.
    pub(super) fn resumed(&mut self, level: i64, book_time: Nanos) {
        let ahead = self.ahead.min(level);
        *self = Self { ahead, ..Self::at_back(level, book_time) };
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
