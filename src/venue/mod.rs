//! Venues: from their bytes to events, and the sessions that fetch the bytes.
//!
//! One folder a venue with the same names inside: `decode` (bytes to events) and, where a live
//! session exists, `session` (endpoints, subscriptions, limits). What they share stands beside
//! them. No decision is made here: integrity is judged by the books.

pub mod binance;
pub mod bitstamp;
pub mod coinbase;
pub mod decode;
pub mod decoder;
pub mod fills;
pub mod kraken;
pub mod products;
pub mod recorded;
pub mod session;
pub mod simulated;
pub mod text;
