//! Coinbase: two protocols under one roof, Exchange and Advanced Trade.

pub mod advanced;
pub mod exchange;
