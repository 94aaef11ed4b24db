//! How a value at risk above its limit makes quotes smaller, long before anything halts.
//!
//! Quoting and risk hear the same result and each keeps a curb: so both always agree, and neither
//! needs the other's word. What is at risk and how it was found is not known here.

use crate::event::VarResult;
use serde::{Deserialize, Serialize};

/// Whole size, in 1/1000.
pub const WHOLE: u32 = 1000;
/// Never less than an eighth: what is left shall still bring the position down.
const LEAST: u32 = 125;
/// The breach ends below so much of the limit, in percent.
const CLEAR_PCT: u64 = 80;

/// The size of quotes while value at risk is what it is.
///
/// Above the limit they shrink as far as it is passed, and do not grow again before value at risk
/// has come below 80 % of the limit; then they are whole at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curb {
    /// The limit, as a share of capital and profit in 10⁻⁶; nothing where there is none.
    limit: Option<u32>,
    size: u32,
    breaches: u64,
}

impl Curb {
    /// Nothing was heard yet.
    #[must_use]
    pub const fn new(limit: Option<u32>) -> Self {
        Self { limit, size: WHOLE, breaches: 0 }
    }

    /// Takes a result; whether the size of quotes is another one now.
    pub fn hear(&mut self, result: &VarResult) -> bool {
        let before = (self.size, self.breaches);
        let Some(limit) = self.limit else { return false };
        let (share, limit) = (u64::from(result.share), u64::from(limit));
        if share > limit {
            let size = u64::from(WHOLE) * limit / share;
            let size = u32::try_from(size).expect("a part of the whole").clamp(LEAST, WHOLE - 1);
            self.breaches += u64::from(!self.is_breached());
            self.size = self.size.min(size);
        } else if share * 100 < limit * CLEAR_PCT {
            self.size = WHOLE;
        }
        (self.size, self.breaches) != before
    }

    /// Whether the limit was passed and the breach has not ended.
    #[must_use]
    pub const fn is_breached(&self) -> bool {
        self.size < WHOLE
    }

    /// The size of quotes in 1/1000.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// How often the limit was passed.
    #[must_use]
    pub const fn breaches(&self) -> u64 {
        self.breaches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_follows_value_at_risk_with_hysteresis() {
        let mut curb = Curb::new(Some(20_000));
        let mut check = |share: u32, size: u32, breaches: u64| {
            let changed = curb.hear(&VarResult { share, ..VarResult::default() });
            assert_eq!((curb.size(), curb.breaches()), (size, breaches), "at {share}");
            changed
        };
        assert!(!check(0, 1000, 0) && !check(20_000, 1000, 0), "the limit itself is allowed");
        assert!(check(20_001, 999, 1) && check(25_000, 800, 1));
        assert!(!check(21_000, 800, 1), "it does not grow while the limit is passed");
        assert!(!check(16_000, 800, 1) && check(15_999, 1000, 1));
        assert!(check(u32::MAX, 125, 2) && !check(40_000, 125, 2) && check(0, 1000, 2));
    }

    #[test]
    fn without_a_limit_nothing_is_curbed() {
        let mut curb = Curb::new(None);
        assert!(!curb.hear(&VarResult { share: u32::MAX, ..VarResult::default() }));
        assert_eq!(curb.size(), WHOLE);
    }
}
