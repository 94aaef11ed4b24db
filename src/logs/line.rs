//! One line of the log, and its text.

use crate::types::Nanos;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// How much a line matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What an operator looks for when something is strange.
    Debug,
    /// What happens: starts, stops, states.
    #[default]
    Info,
    /// What should not happen often.
    Warn,
    /// What stops something.
    Error,
}

impl Level {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A name and what it is; a number that must stay exact is text.
pub type Field = (&'static str, Value);

/// One line.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// When it was made, by the wall clock.
    pub ts: Nanos,
    /// How much it matters.
    pub level: Level,
    /// What happened: a stable name.
    pub event: &'static str,
    /// All else, in this order.
    pub fields: Vec<Field>,
}

impl fmt::Display for Line {
    /// One object on one line: JSON escapes whatever would end it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ts, level, event, fields } = self;
        write!(f, r#"{{"ts":"{ts}","level":"{}","event":"{event}""#, level.name())?;
        for (name, value) in fields {
            write!(f, r#","{name}":{value}"#)?;
        }
        f.write_str("}")
    }
}
