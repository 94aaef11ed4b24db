//! Bitstamp, order by order and read-only: the live feed, and two older recordings of it.

pub mod decode;
mod live;
mod log;
mod rows;

#[cfg(test)]
mod tests;
