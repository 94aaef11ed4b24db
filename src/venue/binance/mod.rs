//! Binance, spot and USD-M futures: one grammar made for either venue, and the product list.

pub mod decode;
pub mod products;
pub mod session;
mod trades;
mod walk;

#[cfg(test)]
mod tests;
