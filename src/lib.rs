//! PinnacleMM: a market maker for crypto venues.
//!
//! The modules in reading order. A module imports only from those above it (`tests/it/layers.rs`
//! holds that):
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 1 | `types` | units, instruments, venues |
//! | 1 | `sys` | what safe code cannot ask of the system: mapped files, wider registers |
//! | 2 | `event` | every message on a ring or in the journal |
//! | 3 | `engine` | the deterministic core: books, quotes, risk, orders |
//! | 3 | `var` | value at risk and expected shortfall, pure |
//! | 4 | `journal` | every input and output, written before anything leaves |
//! | 4 | `venue` | a venue's bytes to events, recordings, the embedded venue, modelled fills |
//! | 4 | `alerts` | what an operator must hear of, kept and delivered |
//! | 4 | `logs` | lines of JSON, written off the hot threads |
//! | 5 | `web` | HTTP, WebSocket and the dashboard, over plain data |
//! | 5 | `report` | what a run earned: figures and plots |
//! | 6 | `config` | what a run is told, checked |
//! | 7 | `threads` | the stages and what joins them, and a run from its config to its last line |
//! | 8 | `latency` | how long the way takes, beside the shortest that it could |
//! | 8 | `drill` | is anything lost when the engine is killed and the venue lives on? |

pub mod alerts;
pub mod config;
pub mod drill;
pub mod engine;
pub mod event;
pub mod journal;
pub mod latency;
pub mod logs;
pub mod report;
#[allow(unsafe_code)]
pub mod sys;
pub mod threads;
pub mod types;
pub mod var;
pub mod venue;
pub mod web;
