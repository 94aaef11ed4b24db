//! The venues whose market data is understood.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A venue and the protocol spoken with it; Kraken's v1 and v2 are told apart by content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Venue {
    /// Coinbase Exchange, `ws-feed`.
    CoinbaseExchange = 0,
    /// Coinbase Advanced Trade.
    CoinbaseAdvanced = 1,
    /// Kraken spot, v2 and v1.
    Kraken = 2,
    /// Binance spot.
    BinanceSpot = 3,
    /// Binance USD-M futures.
    BinanceUsdm = 4,
    /// Bitstamp order by order, read only.
    Bitstamp = 5,
    /// The venue that is embedded in this program; it speaks in events and has no bytes.
    Simulated = 6,
}

impl Venue {
    /// Every venue whose bytes are understood, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::CoinbaseExchange,
        Self::CoinbaseAdvanced,
        Self::Kraken,
        Self::BinanceSpot,
        Self::BinanceUsdm,
        Self::Bitstamp,
    ];

    /// The name on command lines, in files and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CoinbaseExchange => "coinbase-exchange",
            Self::CoinbaseAdvanced => "coinbase-advanced",
            Self::Kraken => "kraken",
            Self::BinanceSpot => "binance-spot",
            Self::BinanceUsdm => "binance-usdm",
            Self::Bitstamp => "bitstamp",
            Self::Simulated => "simulated",
        }
    }

    /// The venue of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|venue| venue.name() == name)
    }
}

impl fmt::Display for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
