//! The integration tests: one binary, a module for each thing proved.

mod data;
mod kraken_checksums;
