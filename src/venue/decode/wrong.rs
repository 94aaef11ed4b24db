//! What can be wrong with a message, by name.

use super::FRAME_BYTES_MAX;
use crate::event::Stale;
use crate::types::NumberError;
use std::fmt;

/// What is wrong with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// No JSON, or JSON nested deeper than any venue's.
    Json,
    /// Longer than [`FRAME_BYTES_MAX`].
    TooLong,
    /// A field is missing.
    Missing(&'static str),
    /// A field is of another type, or its text none of the known ones.
    Field(&'static str),
    /// A field stands there twice.
    Twice(&'static str),
    /// A number is none, or does not fit.
    Number(&'static str, NumberError),
    /// The levels of one message differ in how many digits stand behind the point.
    MixedDecimals,
    /// A message type that nobody knows.
    UnknownType,
    /// A symbol that is not subscribed.
    UnknownSymbol,
}

impl Wrong {
    /// What it means for the books, if they are touched: an unknown symbol is nobody's.
    pub(super) const fn stale(self) -> Option<Stale> {
        match self {
            Self::UnknownType => Some(Stale::UnknownMessage),
            Self::UnknownSymbol => None,
            _ => Some(Stale::Malformed),
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json => f.write_str("the message is no JSON"),
            Self::TooLong => write!(f, "the message is longer than {FRAME_BYTES_MAX} bytes"),
            Self::Missing(field) => write!(f, "the message has no {field}"),
            Self::Field(field) => write!(f, "{field} has another type or value than expected"),
            Self::Twice(field) => write!(f, "{field} stands in the message twice"),
            Self::Number(field, error) => write!(f, "{field}: {error}"),
            Self::MixedDecimals => {
                f.write_str("the levels differ in how many digits stand behind the point")
            }
            Self::UnknownType => f.write_str("a message of an unknown type"),
            Self::UnknownSymbol => f.write_str("a message for a symbol that is not subscribed"),
        }
    }
}

impl std::error::Error for Wrong {}
