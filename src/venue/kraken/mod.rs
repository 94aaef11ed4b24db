//! Kraken spot, v2 and v1 of its public feed, told apart by content.

pub mod decode;
pub mod products;
pub mod session;

mod v1;
mod v2;

#[cfg(test)]
mod tests;
