//! Kraken spot.

pub mod session;
