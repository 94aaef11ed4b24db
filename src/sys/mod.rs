//! The only place of unsafe code: what the safe library cannot say to the operating system.
//!
//! The mapping of files, two instructions, and wider registers. What lies in a file is not known
//! here. Each file says under JUSTIFICATION why safe code will not do.

pub mod clock;
pub mod crc;
pub mod mmap;
pub mod wide;
