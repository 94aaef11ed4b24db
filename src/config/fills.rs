//! The section `exchange.fills`: how orders fare at a recorded or merely listened-to venue.

use super::{Exact, Faults};
use crate::types::{Nanos, decimal::pow10};
use crate::venue::fills::{FeeRate, FillParams, QueueModel};
use serde::{Deserialize, Serialize};

/// A second: no way to a venue is longer.
const LATENCY_US_MAX: u64 = 1_000_000;
/// A tenth of what is traded: no fee and no rebate is more.
const FEE_BPS_MAX: i64 = 1000;

/// Which model a queue is shared by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueModelName {
    /// Those behind us leave first.
    RiskAverse,
    /// Everybody is as likely to leave.
    Proportional,
    /// The longer part is the likelier by a power, `queueExponent`.
    Power,
    /// By logarithms.
    Log,
}

/// What stands in the file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RawFills {
    /// Who leaves a queue that shrinks without a trade.
    pub queue_model: QueueModelName,
    /// The exponent of `power`, from 1 to 8; only with it.
    pub queue_exponent: Option<u8>,
    /// From our send to the venue's book, in microseconds.
    pub order_latency_us: u64,
    /// From the venue's book to our hearing of our orders, in microseconds.
    pub report_latency_us: u64,
    /// How old market data is when it is heard, in microseconds: the stamps of a recording are
    /// those of hearing, so that they hold this way already, and it is added to that of an order.
    pub feed_latency_us: u64,
    /// Of trades of orders at rest, in basis points; negative for a rebate.
    pub maker_fee_bps: Signed,
    /// Of trades that take, in basis points.
    pub taker_fee_bps: Signed,
}

impl Default for RawFills {
    fn default() -> Self {
        Self {
            queue_model: QueueModelName::RiskAverse,
            queue_exponent: None,
            order_latency_us: 5000,
            report_latency_us: 5000,
            feed_latency_us: 0,
            maker_fee_bps: Signed::whole(1),
            taker_fee_bps: Signed::whole(5),
        }
    }
}

impl RawFills {
    /// What the fill model is made with; every fault by its path.
    pub fn check(&self, path: &str, faults: &mut Faults) -> FillParams {
        let mut latency = |key: &str, micros: u64| {
            let micros = faults.within(&format!("{path}.{key}"), micros, 0..=LATENCY_US_MAX);
            Nanos(i64::try_from(micros.min(LATENCY_US_MAX)).expect("a million") * 1000)
        };
        let order_latency = latency("orderLatencyUs", self.order_latency_us);
        let report_latency = latency("reportLatencyUs", self.report_latency_us);
        let feed_latency = latency("feedLatencyUs", self.feed_latency_us);
        let mut fee = |key: &str, fee: &Signed| {
            fee.rate().unwrap_or_else(|| {
                let allowed =
                    format!("from -{FEE_BPS_MAX} to {FEE_BPS_MAX}, six digits behind the point");
                faults.add(&format!("{path}.{key}"), fee, allowed);
                FeeRate { mantissa: 0, decimals: 0 }
            })
        };
        let maker_fee = fee("makerFeeBps", &self.maker_fee_bps);
        let taker_fee = fee("takerFeeBps", &self.taker_fee_bps);
        let queue = self.queue(path, faults);
        FillParams { queue, order_latency, report_latency, feed_latency, maker_fee, taker_fee }
    }

    fn queue(&self, path: &str, faults: &mut Faults) -> QueueModel {
        let path = format!("{path}.queueExponent");
        match (self.queue_model, self.queue_exponent) {
            (QueueModelName::Power, Some(exponent)) => {
                QueueModel::Power { exponent: faults.within(&path, exponent, 1..=8) }
            }
            (QueueModelName::Power, None) => {
                faults.add(&path, "absent", "from 1 to 8 where queueModel is power");
                QueueModel::Power { exponent: 1 }
            }
            (name, exponent) => {
                if let Some(exponent) = exponent {
                    faults.add(&path, exponent, "absent where queueModel is not power");
                }
                match name {
                    QueueModelName::Proportional => QueueModel::Power { exponent: 1 },
                    QueueModelName::Log => QueueModel::Log,
                    QueueModelName::RiskAverse | QueueModelName::Power => QueueModel::RiskAverse,
                }
            }
        }
    }
}

/// An exact number that may have a minus: `-0.5`, `"10"`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    is_negative: bool,
    magnitude: Exact,
}

impl Signed {
    fn whole(number: i64) -> Self {
        let magnitude = crate::types::Decimal { mantissa: number.abs(), decimals: 0 };
        Self { is_negative: number < 0, magnitude: Exact(magnitude) }
    }

    /// The rate, if it is within its bounds.
    fn rate(&self) -> Option<FeeRate> {
        let number = self.magnitude.0.normalized();
        let bound = pow10(number.decimals).checked_mul(FEE_BPS_MAX)?;
        if number.decimals > 6 || number.mantissa > bound {
            return None;
        }
        let sign = if self.is_negative { -1 } else { 1 };
        Some(FeeRate { mantissa: sign * number.mantissa, decimals: number.decimals })
    }
}

impl std::fmt::Display for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.is_negative { "-" } else { "" }, self.magnitude)
    }
}

impl<'de> Deserialize<'de> for Signed {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let raw = Box::<serde_json::value::RawValue>::deserialize(from)?;
        let text = raw.get().trim_matches('"');
        let bare = text.strip_prefix('-').unwrap_or(text);
        let magnitude =
            crate::types::Decimal::parse_exponent(bare.as_bytes()).map_err(|wrong| {
                D::Error::custom(format!("{text} is no number that is taken: {wrong}"))
            })?;
        Ok(Self { is_negative: bare.len() < text.len(), magnitude: Exact(magnitude) })
    }
}

impl Serialize for Signed {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let raw = serde_json::value::RawValue::from_string(self.to_string());
        raw.expect("a decimal number is JSON").serialize(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str) {
        let raw: RawFills = match serde_json::from_str(json) {
            Ok(raw) => raw,
            Err(error) => return assert!(error.to_string().contains(expected), "{error}"),
        };
        let again: RawFills = serde_json::from_str(&serde_json::to_string(&raw).unwrap()).unwrap();
        assert_eq!(again, raw, "{json} is written as it was read");
        let mut faults = Faults::default();
        let params = raw.check("exchange.fills", &mut faults);
        let faults: Vec<_> = faults.list().iter().map(ToString::to_string).collect();
        let told = if faults.is_empty() { format!("{params:?}") } else { faults.join("\n") };
        assert!(told.contains(expected), "{json}: {told}");
    }

    #[test]
    fn every_key_counts() {
        check("{}", "queue: RiskAverse, order_latency: Nanos(5000000)");
        check(r#"{"queueModel": "proportional"}"#, "queue: Power { exponent: 1 }");
        check(r#"{"queueModel": "power", "queueExponent": 3}"#, "queue: Power { exponent: 3 }");
        check(r#"{"queueModel": "log"}"#, "queue: Log");
        check(r#"{"orderLatencyUs": 7}"#, "order_latency: Nanos(7000)");
        check(r#"{"reportLatencyUs": 7}"#, "report_latency: Nanos(7000)");
        check(r#"{"feedLatencyUs": 7}"#, "feed_latency: Nanos(7000)");
        check(r#"{"makerFeeBps": -0.50}"#, "maker_fee: FeeRate { mantissa: -5, decimals: 1 }");
        check(r#"{"takerFeeBps": "2.5"}"#, "taker_fee: FeeRate { mantissa: 25, decimals: 1 }");
    }

    #[test]
    fn what_cannot_be_is_named() {
        let fee = "must be from -1000 to 1000, six digits behind the point";
        check(r#"{"orderLatencyUs": 1000001}"#, "exchange.fills.orderLatencyUs = 1000001: must be");
        check(r#"{"makerFeeBps": -1001}"#, &format!("exchange.fills.makerFeeBps = -1001: {fee}"));
        check(r#"{"takerFeeBps": 1e-7}"#, fee);
        check(r#"{"takerFeeBps": 900000000000000000}"#, fee);
        check(r#"{"takerFeeBps": "NaN"}"#, "no number");
        check(r#"{"takerFeeBps": --1}"#, "invalid number");
        check(r#"{"queueModel": "power"}"#, "queueExponent = absent");
        check(r#"{"queueModel": "power", "queueExponent": 9}"#, "from 1 to 8");
        check(r#"{"queueExponent": 2}"#, "absent where queueModel is not power");
        check(r#"{"queueModel": "hopeful"}"#, "unknown variant");
        check(r#"{"makerFee": 1}"#, "unknown field");
        check(r#"{"orderLatencyUs": -1}"#, "invalid value");
    }
}
