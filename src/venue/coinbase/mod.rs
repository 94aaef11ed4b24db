//! Coinbase: two protocols of one company.

pub mod exchange;
