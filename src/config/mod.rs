//! What a run is told from outside, checked before anything is started.
//!
//! Nothing is opened or connected here.

pub mod arguments;
pub mod exact;
pub mod faults;
pub mod simulator;
pub mod simulator_crowd;
pub mod simulator_faults;

pub use arguments::{Arguments, Mode, ReplayConfig};
pub use exact::Exact;
pub use faults::{Fault, Faults};
pub use simulator::RawSimulator;
