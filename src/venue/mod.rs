//! A venue's bytes to events: one folder a venue, with the same inner names each time.
//!
//! What the venues share (the live session) stands beside them. Order entry is not here.

pub mod binance;
pub mod coinbase;
pub mod kraken;
pub mod session;
