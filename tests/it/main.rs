//! The integration tests: one binary, a module for each thing proved.

mod bad_input;
mod bitstamp_peers;
mod book_ticker;
mod damage;
mod data;
mod decoders_agree;
mod expected_books;
mod kraken_checksums;
mod lanes;
mod layers;
mod play;
mod recordings;
mod scales;
mod session;
mod session_faults;
mod session_rest;
mod tls_server;
