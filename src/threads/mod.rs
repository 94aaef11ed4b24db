//! What joins stages, and the stages that are joined. Threads carry; they do not decide.

pub mod books;
pub mod feed;
pub mod lane;
pub mod replay;
