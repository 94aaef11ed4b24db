//! `risk_management.auto_hedge`: positions brought back to a part of their limit.

use super::{Exact, Faults};
use crate::engine::risk::HedgeParams;
use crate::types::{Decimal, Nanos, Scale};
use serde::{Deserialize, Serialize};

/// `risk_management.auto_hedge`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawHedge {
    /// Whether there is any.
    pub enabled: bool,
    /// The part of `max_position_size` that is left alone, in percent.
    pub threshold_pct: Exact,
    /// From one try to the next, of input time.
    pub interval_ms: u32,
}

impl Default for RawHedge {
    fn default() -> Self {
        let threshold_pct = Exact(Decimal { mantissa: 50, decimals: 0 });
        Self { enabled: false, threshold_pct, interval_ms: 5000 }
    }
}

impl RawHedge {
    /// Checks every key, also where there is no hedge.
    pub(super) fn check(&self, path: &str, faults: &mut Faults) -> Option<HedgeParams> {
        // A ten-thousandth of a percent is a millionth.
        let ppm = Scale::power_of_ten(4).steps(self.threshold_pct.0).ok();
        let ppm = ppm.and_then(|ppm| u32::try_from(ppm).ok()).filter(|ppm| *ppm <= 1_000_000);
        if ppm.is_none_or(|ppm| ppm == 0) {
            let allowed = "above 0 and at most 100, with at most 4 decimals";
            faults.add(&format!("{path}.threshold_pct"), self.threshold_pct, allowed);
        }
        if !(100..=3_600_000).contains(&self.interval_ms) {
            faults.add(&format!("{path}.interval_ms"), self.interval_ms, "from 100 to 3600000");
        }
        let interval = Nanos::from_millis(self.interval_ms.into());
        let params = HedgeParams { threshold_ppm: ppm?, interval };
        self.enabled.then_some(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_the_core_is_told() {
        let check = |text: &str, expected: Option<(u32, i64)>| {
            let raw: RawHedge = serde_json::from_str(text).unwrap();
            let mut faults = Faults::default();
            let got = raw.check("hedge", &mut faults);
            assert_eq!(got.map(|params| (params.threshold_ppm, params.interval.0)), expected);
            assert!(faults.is_empty(), "{text}");
        };
        check(r#"{"threshold_pct":75,"interval_ms":100}"#, None);
        check(r#"{"enabled":true}"#, Some((500_000, 5_000_000_000)));
        check(r#"{"enabled":true,"threshold_pct":0.0001}"#, Some((1, 5_000_000_000)));
        check(
            r#"{"enabled":true,"threshold_pct":75,"interval_ms":100}"#,
            Some((750_000, 100_000_000)),
        );
    }
}
