//! The only place of unsafe code: what the safe library cannot say to the operating system.
//!
//! So far the mapping of files. What lies in a file is not known here. Each file says under
//! JUSTIFICATION why safe code will not do.

pub mod mmap;
