//! The deterministic core: a pure function of its inputs (so far, the books).
//!
//! Nothing here reads a clock, a file, a socket, the environment, a random source or the order of a
//! hash map, or allocates after it is made; the lints below hold what a lint can.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod book;
pub mod buffer;
pub mod order;
pub mod quote;
pub mod risk;
mod table;
