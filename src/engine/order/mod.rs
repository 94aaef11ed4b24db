//! Our orders: what was asked for, what is known of each, and what may still trade.
//!
//! One table of orders and one table of transitions. Whether an order may be placed at all is the
//! gate's business; positions and money are not known here.

mod lists;
pub mod status;
mod table;
mod trades;

#[cfg(test)]
mod tests;

pub use status::{Odd, OrderEvent, Status, Step};
pub use table::{Fill, OddCounts, OpenSide, Order, OrderTable, Reported};
