//! Coinbase Advanced Trade, the feed of `advanced-trade-ws.coinbase.com`.
//!
//! `decode` says which message goes where, `scan` does so by hand; `sequence` counts the messages
//! of the connection; `levels`, `trades` and `ticker` read the hot channels, `products` the product
//! list; `encode` writes the texts of order entry.
//!
//! A product that is priced in USDC is answered under the name of its USD twin: who subscribes
//! `BTC-USDC` reads of `BTC-USD`, so that is the name the instrument table must hold.

pub mod decode;
pub mod encode;
mod levels;
pub mod products;
mod scan;
mod sequence;
pub mod session;
mod ticker;
mod trades;

#[cfg(test)]
mod tests;
