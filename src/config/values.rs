//! Single values that flags and files write alike: a speed, a span, a mode.

use super::Exact;
use super::arguments::duration;
use crate::types::{Decimal, Nanos};
use crate::venue::recorded::Speed;
use clap::ValueEnum;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// What the engine does; only what it can do stands here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Quotes into the embedded venue; no network.
    #[default]
    Simulation,
    /// Quotes into recorded market data as it was received.
    Replay,
    /// As replay, as fast as it goes, and with a report.
    Backtest,
    /// Quotes into a live feed; fills are simulated.
    Paper,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Simulation, Self::Replay, Self::Backtest, Self::Paper];

    /// The name of flag and file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simulation => "simulation",
            Self::Replay => "replay",
            Self::Backtest => "backtest",
            Self::Paper => "paper",
        }
    }

    /// Whether it plays recordings.
    #[must_use]
    pub const fn is_recorded(self) -> bool {
        matches!(self, Self::Replay | Self::Backtest)
    }
}

/// The text inside a JSON string without escapes, or the bare text of a number.
fn bare(raw: &RawValue) -> &str {
    let text = raw.get();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// `speed` of a file: `"max"`, or how many times as fast as time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RawSpeed(pub Speed);

impl RawSpeed {
    /// As fast as time.
    pub const REAL: Self = Self(Speed::Times(Decimal { mantissa: 1, decimals: 0 }));
}

impl<'de> Deserialize<'de> for RawSpeed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let wrong = |_| D::Error::custom("must be \"max\", or a number above zero");
        bare(&raw).parse().map(Self).map_err(wrong)
    }
}

impl Serialize for RawSpeed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Speed::Max => to.serialize_str("max"),
            Speed::Times(times) => Exact(times).serialize(to),
        }
    }
}

/// A span of a file: `"10s"`, `"5m"`, `"2h"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RawSpan(pub Nanos);

impl<'de> Deserialize<'de> for RawSpan {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        duration(bare(&raw))
            .map(Self)
            .map_err(|allowed| D::Error::custom(format!("must be {allowed}")))
    }
}

impl Serialize for RawSpan {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{}s", self.0.0 / 1_000_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_written_alike() {
        let check = |text: &str, expected: Option<&str>| {
            let speed = serde_json::from_str::<RawSpeed>(text).ok();
            let got = speed.map(|speed| serde_json::to_string(&speed).unwrap());
            assert_eq!(got.as_deref(), expected, "{text}");
        };
        check("\"max\"", Some("\"max\""));
        check("10", Some("10"));
        check("\"2.5\"", Some("2.5"));
        for text in ["0", "-1", "\"fast\"", "true", "null", "\"\"", "1e3"] {
            check(text, None);
        }
        let check = |text: &str, expected: Option<&str>| {
            let span = serde_json::from_str::<RawSpan>(text).ok();
            let got = span.map(|span| serde_json::to_string(&span).unwrap());
            assert_eq!(got.as_deref(), expected, "{text}");
        };
        check("\"5m\"", Some("\"300s\""));
        for text in ["10", "\"0s\"", "\"10\"", "[]"] {
            check(text, None);
        }
    }

    #[test]
    fn modes_have_one_name_everywhere() {
        for mode in Mode::ALL {
            assert_eq!(serde_json::to_string(&mode).unwrap(), format!("\"{}\"", mode.name()));
            assert_eq!(mode.to_possible_value().unwrap().get_name(), mode.name());
        }
    }
}
