//! draft
pub mod matching;
pub mod orders;
