//! PinnacleMM: a market maker for crypto venues.
//!
//! The modules in reading order. A module imports only from those above it (`tests/it/layers.rs`
//! holds that):
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 1 | `types` | units, instruments, venues |
//! | 1 | `sys` | what safe code cannot ask of the system: mapped files |
//! | 2 | `event` | every message on a ring or in the journal |
//! | 3 | `engine` | the deterministic core: so far the books |
//! | 4 | `journal` | the log of all inputs and outputs |
//! | 4 | `venue` | a venue's bytes to events: decoders, sessions, recordings |
//! | 5 | `config` | what a run is told, checked |
//! | 6 | `threads` | the stages and what joins them: feed, lane, books, replay |

pub mod config;
pub mod engine;
pub mod event;
pub mod journal;
#[allow(unsafe_code)]
pub mod sys;
pub mod threads;
pub mod types;
pub mod venue;
