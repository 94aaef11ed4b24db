//! Risk: what may leave, and what was refused and why.
//!
//! It lives on marks and never on levels; a venue's bytes and files are not known here.

mod output;
mod request;

pub use output::{Output, Refusal};
pub use request::{Approved, OrderRequest};
