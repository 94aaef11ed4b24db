//! What a run is told from outside, checked before anything is started.
//!
//! Flags stand over the environment, that over the file, and that over the defaults. The file is
//! read, and at the start its directories are made and tried; nothing else is opened here, and
//! nothing is connected. Nothing reads a config after the start.

pub mod account;
pub mod alerts;
pub mod arguments;
pub mod bind;
pub mod breaker;
pub mod directories;
pub mod exact;
pub mod exit;
pub mod faults;
pub mod file;
pub mod fills;
mod hedge;
mod json;
mod limits;
pub mod live;
pub mod load;
pub mod operate;
pub mod persistence;
pub mod pod;
pub mod reading;
mod relations;
pub mod replay;
pub mod report;
pub mod risk;
mod scaling;
pub mod sections;
pub mod simulator;
pub mod simulator_crowd;
pub mod simulator_faults;
mod stops;
pub mod strategy;
pub mod sweep;
pub mod threads;
pub mod values;
pub mod var;
pub mod web;

#[cfg(test)]
mod strategy_tests;
#[cfg(test)]
mod tests;

pub use arguments::Arguments;
pub use bind::EngineParams;
pub use exact::Exact;
pub use exit::ExitCode;
pub use faults::{Fault, Faults};
pub use file::{Config, RawConfig};
pub use json::Malformed;
pub use live::LiveParams;
pub use load::{ConfigFault, Environment, Loaded, load};
pub use persistence::PersistenceConfig;
pub use pod::{MOUNTED_TOKEN, SecondPod};
pub use replay::ReplayConfig;
pub use report::ReportConfig;
pub use simulator::RawSimulator;
pub use strategy::{StrategyConfig, StrategyName};
pub use sweep::{Shard, Sweep};
pub use threads::{Idle, ThreadMode, ThreadName, ThreadsParams, ThreadsSection};
pub use values::{Mode, RawSpan, RawSpeed};
pub use var::VarConfig;
