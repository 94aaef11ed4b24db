//! Our orders: what was asked for, what is known of each, and what may still trade.
//!
//! One table of orders and one table of transitions. Whether an order may be placed at all is the
//! gate's business; positions and money are not known here.

mod kept;
mod lists;
pub mod status;
mod table;
mod trades;
mod transition;

#[cfg(test)]
mod tests;

pub use kept::{Fill, OddCounts, OpenSide, Order, Reported};
pub use status::{Odd, OrderEvent, Status};
pub use table::OrderTable;
pub use transition::{Step, transition};
