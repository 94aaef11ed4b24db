//! What joins stages, and the stages that are joined. Threads carry; they do not decide.

pub mod agent;
pub mod board;
pub mod cgroup;
pub mod cores;
pub mod counters;
pub mod crew;
pub mod dedicated;
pub mod digest;
pub mod feed;
pub mod fused;
pub mod gateway;
pub mod idle;
pub mod lane;
pub mod link;
pub mod pilot;
pub mod resyncs;
pub mod runner;
pub mod sequencer;
pub mod signals;
pub mod stepper;
pub mod timeline;
pub mod topology;
pub mod view;
