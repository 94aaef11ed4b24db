//! Where inputs and outputs are written, if they are: a backtest may keep nothing.

use super::files::FileSegments;
use super::replay::write;
use super::{Journaled, WriteError, Writer};
use crate::engine::risk::{OUTPUT_LINES_MAX, OrderRequest, Output};
use crate::event::{Event, Level, Line};

/// A journal, or the promise that none is wanted.
#[derive(Debug)]
pub enum Ledger {
    /// Everything is written before it leaves.
    Kept(Box<Writer<FileSegments>>),
    /// The run keeps nothing: a replay or backtest without a data directory, whose orders reach
    /// only a model.
    Unkept,
}

impl Ledger {
    /// Writes an input.
    ///
    /// # Errors
    /// The journal is dead from here on.
    #[inline]
    pub fn input(&mut self, event: &Event, levels: &[Level]) -> Result<(), WriteError> {
        match self {
            Self::Kept(writer) => writer.append_input(event, levels),
            Self::Unkept => Ok(()),
        }
    }

    /// Writes an output that is not to be sent.
    ///
    /// # Errors
    /// As [`Self::input`].
    pub fn output(&mut self, output: &Output) -> Result<(), WriteError> {
        let Self::Kept(writer) = self else { return Ok(()) };
        let mut lines = [Line::default(); OUTPUT_LINES_MAX];
        let (kind, count) = write(output, &mut lines);
        writer.append_output(kind, &lines[..count])
    }

    /// Writes what is to be sent, and gives back what may be.
    ///
    /// # Errors
    /// As [`Self::input`].
    pub fn request(
        &mut self,
        request: &OrderRequest,
    ) -> Result<Journaled<OrderRequest>, WriteError> {
        match self {
            Self::Kept(writer) => writer.append_request(request),
            Self::Unkept => Ok(Journaled::by_writer(*request)),
        }
    }

    /// Writes that the run ended as it should, and seals.
    ///
    /// # Errors
    /// As [`Self::input`].
    pub fn close(self) -> Result<(), WriteError> {
        match self {
            Self::Kept(writer) => writer.close(),
            Self::Unkept => Ok(()),
        }
    }
}
