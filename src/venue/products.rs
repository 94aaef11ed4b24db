//! A venue's product list, whichever venue's it is: its bytes to products.
//!
//! What an answer says is read by the venue's own `products`; where it comes from is not known
//! here.

use super::{binance, coinbase, kraken};
use crate::types::{Product, Venue};

/// The products of an answer, by all names that the venue's feeds have for them. A venue without a
/// list has none.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read(venue: Venue, bytes: &[u8]) -> Result<Vec<Product>, String> {
    match venue {
        Venue::CoinbaseExchange => {
            coinbase::exchange::products::read(bytes).map_err(|wrong| wrong.to_string())
        }
        Venue::CoinbaseAdvanced => {
            coinbase::advanced::products::read(bytes).map_err(|wrong| wrong.to_string())
        }
        Venue::Kraken => {
            let v1 = kraken::products::read(bytes).map_err(|wrong| wrong.to_string())?;
            let v2: Vec<_> = v1.iter().map(kraken::products::for_v2).collect();
            Ok(v1.into_iter().chain(v2).collect())
        }
        Venue::BinanceSpot | Venue::BinanceUsdm => {
            binance::products::read(bytes).map_err(|wrong| wrong.to_string())
        }
        Venue::Bitstamp | Venue::Simulated => Ok(Vec::new()),
    }
}
