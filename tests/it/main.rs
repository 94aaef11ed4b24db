//! The integration tests: one binary, a module for each thing proved.

mod agreement;
mod bad_input;
mod bitstamp_peers;
mod book_ticker;
mod damage;
mod data;
mod decoders_agree;
mod demo_tape;
mod engine_replay;
mod expected_books;
mod fuzz_checks;
mod fuzz_corpus;
mod kraken_checksums;
mod lanes;
mod layers;
mod live_books;
mod live_record;
mod live_rig;
mod play;
mod recordings;
mod scales;
mod session;
mod session_faults;
mod session_rest;
mod tape_tool;
mod tls_server;
