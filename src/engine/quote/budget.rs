//! How many messages may still be sent: a token bucket by input time.
//!
//! It is the quoter's own count, so that it does not propose what risk or the venue would refuse.

use super::BudgetParams;
use crate::types::Nanos;
use serde::{Deserialize, Serialize};

/// One message, in the bucket's unit: with so many of them a token, a nanosecond brings exactly
/// `per_second`, without division.
const ONE: i64 = 1_000_000_000;

/// What a message is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// A place or a replace: leaves alone what is kept for cancels.
    Quote,
    /// The cancel of an order that has moved away from its wish.
    Cancel,
    /// The cancel of an order that must not stand: is never held back, the bucket goes into debt.
    Withdraw,
}

/// The bucket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Budget {
    params: BudgetParams,
    level: i64,
    at: Nanos,
}

impl Budget {
    /// A full bucket.
    pub(super) fn new(params: BudgetParams) -> Self {
        Self { params, level: i64::from(params.burst) * ONE, at: Nanos::UNKNOWN }
    }

    const fn need(&self, purpose: Purpose) -> i64 {
        match purpose {
            Purpose::Quote => (1 + self.params.kept_for_cancels as i64) * ONE,
            Purpose::Cancel => ONE,
            Purpose::Withdraw => i64::MIN,
        }
    }

    /// Lets time fill the bucket.
    pub(super) fn advance(&mut self, now: Nanos) {
        if self.at.is_known() {
            let span = now.0.saturating_sub(self.at.0).max(0);
            let gain = span.saturating_mul(i64::from(self.params.per_second));
            let full = i64::from(self.params.burst) * ONE;
            self.level = self.level.saturating_add(gain).min(full);
        }
        self.at = now;
    }

    /// The time of the last `advance`.
    pub(super) const fn now(&self) -> Nanos {
        self.at
    }

    /// Takes a message, if there is one for that purpose.
    pub(super) fn take(&mut self, purpose: Purpose) -> bool {
        if self.level < self.need(purpose) {
            return false;
        }
        // No deeper in debt than a bucket is full, so that a storm of cancels ends some time.
        self.level = (self.level - ONE).max(-i64::from(self.params.burst) * ONE);
        true
    }

    /// When there will be a message for a quote, as of the last `advance`.
    pub(super) fn ready_at(&self) -> Nanos {
        let missing = self.need(Purpose::Quote).saturating_sub(self.level).max(0);
        let rate = i64::from(self.params.per_second);
        Nanos(self.at.0.saturating_add(missing / rate + i64::from(missing % rate > 0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_sees_more_than_the_burst_and_its_time() {
        let params = BudgetParams { per_second: 10, burst: 6, kept_for_cancels: 2 };
        let mut budget = Budget::new(params);
        let mut taken: Vec<i64> = Vec::new();
        let (mut seed, mut now) = (1_u64, 0_i64);
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            now += i64::try_from(seed >> 38).unwrap();
            budget.advance(Nanos(now));
            if seed >> 20 & 3 != 0 && budget.take(Purpose::Quote) {
                taken.push(now);
            }
        }
        for (i, from) in taken.iter().enumerate() {
            for (j, to) in taken.iter().enumerate().skip(i).take(200) {
                let count = i64::try_from(j - i).unwrap();
                assert!(count <= 6 + (to - from) / 100_000_000, "{count} in {}", to - from);
            }
        }
        assert!(taken.len() > 1000);
    }

    #[test]
    fn a_part_is_kept_for_cancels_and_a_withdrawal_is_never_held_back() {
        let mut budget = Budget::new(BudgetParams { per_second: 3, burst: 3, kept_for_cancels: 1 });
        budget.advance(Nanos(0));
        let takes = |budget: &mut Budget, purposes: &[Purpose]| -> Vec<bool> {
            purposes.iter().map(|purpose| budget.take(*purpose)).collect()
        };
        use Purpose as P;
        let got = takes(&mut budget, &[P::Quote, P::Quote, P::Quote, P::Cancel, P::Cancel]);
        assert_eq!(got, [true, true, false, true, false]);
        assert_eq!(budget.ready_at(), Nanos(666_666_667));
        assert_eq!(takes(&mut budget, &[P::Withdraw; 9]), [true; 9]);
        // Three in debt and two for the quote: five to come.
        assert_eq!(budget.ready_at(), Nanos(1_666_666_667));
        budget.advance(Nanos(1_666_666_666));
        assert!(!budget.take(P::Quote));
        budget.advance(Nanos(1_666_666_667));
        assert!(budget.take(P::Quote));
    }
}
