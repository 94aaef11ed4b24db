//! `exchange.simulator.participants`: who trades at the embedded venue beside us.

use super::Faults;
use crate::types::Nanos;
use crate::venue::simulated::{CrowdParams, ParticipantParams};
use serde::{Deserialize, Serialize};

/// The section as it is written.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCrowd {
    /// They take, on either side alike.
    pub taker: RawTaker,
    /// They quote both sides of a fair value that they learn late.
    pub maker: RawMaker,
    /// They rest orders away from the touch and cancel them again.
    pub noise: RawNoise,
    /// They know the fair value and take what is stale.
    pub arbitrageur: RawArbitrageur,
}

/// A kind of participant: the keys that each has, its own ones, and the usual values.
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident { $($(#[$own_doc:meta])* $own:ident = $usual:expr),* }
     $count:expr, $rate:expr, $notional:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default, rename_all = "camelCase")]
        pub struct $name {
            /// How many there are.
            pub count: u32,
            /// How often each acts.
            pub rate_per_minute: f64,
            /// What an order is worth on average, in the quote currency.
            pub notional: f64,
            $($(#[$own_doc])* pub $own: f64,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    count: $count,
                    rate_per_minute: $rate,
                    notional: $notional,
                    $($own: $usual,)*
                }
            }
        }

        impl $name {
            fn check(&self, path: &str, faults: &mut Faults) -> ParticipantParams {
                ParticipantParams {
                    count: faults.within(&format!("{path}.count"), self.count, 0..=1000),
                    rate_per_minute: faults.within(
                        &format!("{path}.ratePerMinute"),
                        self.rate_per_minute,
                        0.0..=1e6,
                    ),
                    notional: faults.within(&format!("{path}.notional"), self.notional, 0.01..=1e9),
                }
            }
        }
    };
}

kind! {
    /// Takers.
    RawTaker {} 10, 60.0, 10_000.0
}
kind! {
    /// Makers.
    RawMaker {
        /// Ask minus bid of the tightest, in basis points.
        spread_bps = 6.0,
        /// In this time a maker learns half of what the fair value has moved.
        lag_ms = 50.0
    } 20, 1200.0, 6000.0
}
kind! {
    /// Noise.
    RawNoise {
        /// How far from the fair value it rests on average, in basis points.
        depth_bps = 20.0
    } 10, 600.0, 3000.0
}
kind! {
    /// Arbitrageurs.
    RawArbitrageur {
        /// What they must gain, in basis points.
        edge_bps = 1.0
    } 2, 600.0, 10_000.0
}

impl RawCrowd {
    /// Checks every key.
    #[must_use]
    pub fn check(&self, path: &str, faults: &mut Faults) -> CrowdParams {
        let bps = 0.01..=1000.0;
        let spread = format!("{path}.maker.spreadBps");
        let depth = format!("{path}.noise.depthBps");
        let edge = format!("{path}.arbitrageur.edgeBps");
        let lag = faults.within(&format!("{path}.maker.lagMs"), self.maker.lag_ms, 0.0..=60_000.0);
        #[expect(clippy::cast_possible_truncation, reason = "bounded above; else a fault")]
        let maker_lag = Nanos((lag * 1e6) as i64);
        CrowdParams {
            taker: self.taker.check(&format!("{path}.taker"), faults),
            maker: self.maker.check(&format!("{path}.maker"), faults),
            maker_spread_bps: faults.within(&spread, self.maker.spread_bps, bps.clone()),
            maker_lag,
            noise: self.noise.check(&format!("{path}.noise"), faults),
            noise_depth_bps: faults.within(&depth, self.noise.depth_bps, bps.clone()),
            arbitrageur: self.arbitrageur.check(&format!("{path}.arbitrageur"), faults),
            arbitrageur_edge_bps: faults.within(&edge, self.arbitrageur.edge_bps, bps),
        }
    }
}

/// A span of so many units, each of that many nanoseconds.
pub(super) fn nanos(path: &str, (value, max): (u32, u32), unit: i64, faults: &mut Faults) -> Nanos {
    Nanos(i64::from(faults.within(path, value, 0..=max)) * unit)
}
