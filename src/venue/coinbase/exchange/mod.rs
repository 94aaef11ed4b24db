//! Coinbase Exchange, the feed of `ws-feed.exchange.coinbase.com`.
//!
//! `decode` says which message goes where; `levels`, `orders`, `trades` and `notices` read the
//! stream's, `rest` the books of REST, `products` the product list, `auth` signs requests.

pub mod auth;
pub mod decode;
mod levels;
mod notices;
mod orders;
pub mod products;
mod rest;
pub mod session;
mod trades;

#[cfg(test)]
mod tests;
