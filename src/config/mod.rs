//! What a run is told from outside, checked before anything is started.
//!
//! Nothing is opened or connected here.

pub mod account;
pub mod arguments;
pub mod exact;
pub mod faults;
pub mod persistence;
pub mod risk;

pub use arguments::{Arguments, Mode, ReplayConfig};
pub use exact::Exact;
pub use faults::{Fault, Faults};
pub use persistence::PersistenceConfig;
