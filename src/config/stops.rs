//! `risk`: when a position is closed by itself.
//!
//! The section's other keys of old are limits, and stand in `risk_management.limits`.

use super::{Exact, Faults};
use crate::engine::risk::ExitParams;
use crate::types::{Decimal, Scale};
use serde::{Deserialize, Serialize};

/// `risk`. Percentages of what the position has cost; 0 is never.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RawStops {
    /// It is closed once it has lost so much.
    pub stop_loss_pct: Exact,
    /// It is closed once it has earned so much.
    pub take_profit_pct: Exact,
}

impl Default for RawStops {
    fn default() -> Self {
        let never = Exact(Decimal { mantissa: 0, decimals: 0 });
        Self { stop_loss_pct: never, take_profit_pct: never }
    }
}

impl RawStops {
    /// Checks every key.
    #[must_use]
    pub(super) fn check(&self, path: &str, faults: &mut Faults) -> Option<ExitParams> {
        let mut ppm = |key: &str, pct: Exact| {
            // A ten-thousandth of a percent is a millionth.
            let ppm = Scale::power_of_ten(4).steps(pct.0).ok();
            let ppm = ppm.and_then(|ppm| u32::try_from(ppm).ok()).filter(|ppm| *ppm <= 10_000_000);
            if ppm.is_none() {
                let allowed = "from 0, which is never, to 1000, with at most 4 decimals";
                faults.add(&format!("{path}.{key}"), pct, allowed);
            }
            ppm
        };
        let stop = ppm("stopLossPct", self.stop_loss_pct);
        let take = ppm("takeProfitPct", self.take_profit_pct);
        let params = ExitParams { stop_ppm: stop?, take_ppm: take? };
        (params.stop_ppm > 0 || params.take_ppm > 0).then_some(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_the_core_is_told() {
        let check = |text: &str, expected: Option<(u32, u32)>| {
            let raw: RawStops = serde_json::from_str(text).unwrap();
            let mut faults = Faults::default();
            let got = raw.check("risk", &mut faults);
            assert_eq!(got.map(|params| (params.stop_ppm, params.take_ppm)), expected);
            assert!(faults.is_empty(), "{text}");
        };
        check("{}", None);
        check(r#"{"stopLossPct":0,"takeProfitPct":0.0}"#, None);
        check(r#"{"stopLossPct":3}"#, Some((30_000, 0)));
        check(r#"{"stopLossPct":0.0001,"takeProfitPct":1000}"#, Some((1, 10_000_000)));
    }
}
