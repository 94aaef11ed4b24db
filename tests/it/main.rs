//! The integration tests: one binary, a module for each thing proved.

mod agreement;
mod data;
mod fuzz_checks;
mod fuzz_corpus;
mod kraken_checksums;
mod layers;
mod recordings;
mod session;
mod session_faults;
mod session_rest;
mod tls_server;
