//! Coinbase Exchange (`ws-feed`).

pub mod session;
