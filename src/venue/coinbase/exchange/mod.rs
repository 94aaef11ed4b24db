//! Coinbase Exchange, the feed of `ws-feed.exchange.coinbase.com`.

pub mod decode;

#[cfg(test)]
mod tests;
