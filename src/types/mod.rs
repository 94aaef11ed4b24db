//! The units of the system: every number that means something has a type of its own.
//!
//! Integers only. A price is a count of ticks, a quantity a count of lots, money a count of
//! 10⁻¹² of a named currency, time nanoseconds since 1970. Text becomes a number in `decimal`
//! and nowhere else; floats do not occur here.

pub mod decimal;
pub mod instrument;
pub mod money;
pub mod name;
pub mod order;
pub mod price;
pub mod scale;
pub mod side;
pub mod time;
pub mod venue;

pub use decimal::{Decimal, NumberError};
pub use instrument::{Instrument, InstrumentId, InstrumentTable, Product};
pub use money::{Money, MoneyError};
pub use name::{Currency, Name, Symbol};
pub use order::{InstanceTag, OrderId, Origin, TimeInForce};
pub use price::{Price, Qty};
pub use scale::Scale;
pub use side::Side;
pub use time::Nanos;
pub use venue::Venue;
