//! Where inputs and outputs are written, if they are: a backtest may keep nothing.

use super::files::FileSegments;
use super::{Journaled, WriteError, Writer};
use crate::engine::risk::{OrderRequest, Output};
use crate::event::{Event, Level};

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

    /// Writes an output; a request is given back as what may be sent now.
    ///
    /// # Errors
    /// As [`Self::input`].
    #[inline]
    pub fn output(
        &mut self,
        output: &Output,
    ) -> Result<Option<Journaled<OrderRequest>>, WriteError> {
        match (self, output) {
            (Self::Kept(writer), _) => writer.append_output(output),
            (Self::Unkept, Output::Request(request)) => Ok(Some(Journaled::by_writer(*request))),
            (Self::Unkept, _) => Ok(None),
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
