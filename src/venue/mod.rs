//! Venues: a venue's bytes to events, and where those bytes come from.

pub mod recorded;
