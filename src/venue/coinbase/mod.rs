//! Coinbase: two protocols of one company.

pub mod advanced;
pub mod exchange;
pub mod products;

#[cfg(test)]
mod tests;
