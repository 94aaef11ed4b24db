//! How long the way takes from a venue's bytes to the text of an order, beside the shortest that it
//! could take.
//!
//! The product's own topology is turned with a *probe* in the place of the venue: it brings
//! recorded or made bytes at the times they are meant for, and takes the orders. In the same run
//! and on the same core a hand-written *floor* does the same work with nothing around it, and the
//! machine is watched; what counts is the ratio. Nothing here is part of a run of the engine.

pub mod compare;
pub mod crew;
mod desk;
pub mod floor;
mod floor_book;
mod floor_scan;
pub mod hgrm;
pub mod jitter;
pub mod machine;
pub mod measure;
pub mod neighbours;
pub mod pace;
mod player;
pub mod plot;
pub mod probe;
pub mod result;
pub mod rig;
pub mod run;
pub mod shown;
pub mod spread;
pub mod staged;
pub mod stream;
pub mod table;
pub mod wire;
mod wire_link;
mod wire_venue;
