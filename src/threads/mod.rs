//! What joins stages. Threads carry; they do not decide.

pub mod lane;
