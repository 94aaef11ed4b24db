//! Proofs over the whole library; a module is named after what it proves.

mod session;
mod session_faults;
mod session_rest;
mod tls_server;
