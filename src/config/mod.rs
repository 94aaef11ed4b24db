//! What a run is told from outside, checked before anything is started.
//!
//! Nothing is opened or connected here.

pub mod arguments;

pub use arguments::{Arguments, Mode, ReplayConfig};
