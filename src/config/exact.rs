//! Numbers of a config that must not pass through a float: quantities, prices, money.

use crate::types::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// A decimal number as it stands in the file: `0.01`, `"0.01"` or `1e-8`, never negative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exact(pub Decimal);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let text = raw.get();
        let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        Decimal::parse_exponent(bare.as_bytes()).map(Self).map_err(|wrong| {
            D::Error::custom(format!("{text} is no number that is taken: {wrong}"))
        })
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.to_string()).expect("a decimal number is JSON");
        raw.serialize(to)
    }
}

impl From<u32> for Exact {
    fn from(count: u32) -> Self {
        Self(Decimal { mantissa: count.into(), decimals: 0 })
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decimal { mantissa, decimals } = self.0;
        write!(f, "{}", crate::types::Scale::power_of_ten(decimals).text(mantissa))
    }
}
