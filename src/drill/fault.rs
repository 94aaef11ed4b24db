//! Why a drill has no result.

use super::judge::JudgeFault;
use super::process::AWAITED;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a drill has no result.
#[derive(Debug)]
pub enum DrillFault {
    /// A file or a process.
    Io(PathBuf, io::Error),
    /// Something did not come.
    Missed(&'static str, String),
    /// An engine or the venue ended by itself.
    Ended(Option<i32>, String),
    /// A program of the system's did not do what it was asked.
    Program(String, String),
    /// A signal has ended it.
    Interrupted,
    /// Nothing could be compared.
    Judge(JudgeFault),
}

impl fmt::Display for DrillFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Missed(what, said) => {
                write!(f, "{what} within {} s: {said}", AWAITED.as_secs())
            }
            Self::Ended(code, said) => write!(f, "a process ended with {code:?}: {said}"),
            Self::Program(name, said) => write!(f, "{name}: {said}"),
            Self::Interrupted => f.write_str("interrupted by a signal"),
            Self::Judge(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for DrillFault {}
