//! What each venue promises of its books, so that a broken promise can be told from a habit.

use crate::types::{Nanos, Venue};
use serde::{Deserialize, Serialize};

/// When a bid at or above an ask is a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crossing {
    /// It never is at the end of a message: the book needs a resync.
    Fault,
    /// Takers are shown before they match: the book is stale just while it is crossed.
    Passing,
}

/// The promises of a venue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rules {
    /// Only levels that are there are removed; else a removal of an absent one is a fault.
    pub removes_present_only: bool,
    /// What a crossed book means.
    pub crossing: Crossing,
    /// Updates come before the snapshot that they follow, and wait for it.
    pub bridges: bool,
    /// Something comes at least so often on a connection.
    pub silence_max: Nanos,
    /// Their clock and ours, and the way between, differ by no more.
    pub clock_offset_max: Nanos,
}

impl Rules {
    /// The promises of that venue (`venues.md`, proved on recordings).
    #[must_use]
    pub const fn of(venue: Venue) -> Self {
        let usual = Self {
            removes_present_only: false,
            crossing: Crossing::Fault,
            bridges: false,
            silence_max: Nanos::from_seconds(10),
            clock_offset_max: Nanos::from_seconds(30),
        };
        match venue {
            Venue::CoinbaseExchange => Self { removes_present_only: true, ..usual },
            Venue::CoinbaseAdvanced => usual,
            Venue::Simulated => Self { removes_present_only: true, ..usual },
            // A heartbeat a second; their own guide drops the connection after five.
            Venue::Kraken => Self { silence_max: Nanos::from_seconds(5), ..usual },
            // No heartbeat: what proves life is the ping of every twenty seconds, and it is the
            // session that sees it; an illiquid symbol alone may say nothing for long.
            Venue::BinanceSpot | Venue::BinanceUsdm => {
                Self { bridges: true, silence_max: Nanos::from_seconds(60), ..usual }
            }
            Venue::Bitstamp => {
                Self { crossing: Crossing::Passing, silence_max: Nanos::from_seconds(60), ..usual }
            }
        }
    }
}
