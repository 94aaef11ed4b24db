//! The integration tests: one binary, a module for each thing proved.

mod data;
mod kraken_checksums;
mod layers;
mod live_books;
mod live_record;
mod live_rig;
mod recordings;
mod session;
mod session_faults;
mod session_rest;
mod tls_server;
