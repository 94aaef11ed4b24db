//! Proofs of the journal: plain memory for what a writer leaves, folders for what a start finds.

mod crash;
mod damage;
mod folders;
mod golden;
mod keeping;
mod long;
mod memory;
mod round_trip;
