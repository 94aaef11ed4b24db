//! Coinbase Advanced Trade.

pub mod session;
