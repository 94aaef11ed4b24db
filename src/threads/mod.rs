//! What joins stages, and the stages that are joined. Threads carry; they do not decide.

pub mod agent;
pub mod books;
pub mod cgroup;
pub mod cores;
pub mod counters;
pub mod crew;
pub mod feed;
pub mod idle;
pub mod lane;
pub mod replay;
pub mod runner;
pub mod signals;
pub mod stepper;
pub mod topology;
pub mod view;
