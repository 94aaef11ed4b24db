//! Where inputs and outputs are written, if they are: a backtest may keep nothing.

use super::files::FileSegments;
use super::supply::{Orders, Supply, supply};
use super::{Journaled, WriteError, Writer};
use crate::engine::risk::{OrderRequest, Output};
use crate::event::{Event, Level};

/// A journal, or the promise that none is wanted.
#[derive(Debug)]
pub enum Ledger {
    /// Everything is written before it leaves.
    Kept(Box<Kept>),
    /// The run keeps nothing: a replay or backtest without a data directory, whose orders reach
    /// only a model.
    Unkept,
}

/// A journal's writer and where its segments come from.
#[derive(Debug)]
pub struct Kept {
    writer: Writer<FileSegments>,
    orders: Orders,
}

/// More than one record ever takes.
const RECORD_BYTES_MAX: usize = 4096;

impl Kept {
    /// Looks for the next segment in good time.
    #[inline]
    fn prepare(&mut self) {
        if self.writer.wanted().is_some() {
            self.prepare_next();
        }
    }

    #[cold]
    fn prepare_next(&mut self) {
        self.orders.settle(&mut self.writer);
        if self.writer.room() < RECORD_BYTES_MAX {
            self.orders.await_asked(&mut self.writer);
        }
    }
}

impl Ledger {
    /// A journal that is kept, and the other end of its supply of segments.
    #[must_use]
    pub fn kept(writer: Writer<FileSegments>) -> (Self, Supply) {
        let (orders, supply) = supply(writer.segments());
        (Self::Kept(Box::new(Kept { writer, orders })), supply)
    }

    /// Reads where the next record goes, so that its page is near when it is written.
    #[inline]
    pub fn glance(&self) {
        if let Self::Kept(kept) = self {
            std::hint::black_box(kept.writer.glance());
        }
    }

    /// Writes an input.
    ///
    /// # Errors
    /// The journal is dead from here on.
    #[inline]
    pub fn input(&mut self, event: &Event, levels: &[Level]) -> Result<(), WriteError> {
        match self {
            Self::Kept(kept) => {
                kept.prepare();
                kept.writer.append_input(event, levels)
            }
            Self::Unkept => Ok(()),
        }
    }

    /// Writes an output; a request is given back as what may be sent now, or is held until
    /// [`Self::commit`] where it has to be synced first.
    ///
    /// # Errors
    /// As [`Self::input`].
    #[inline]
    pub fn output(
        &mut self,
        output: &Output,
    ) -> Result<Option<Journaled<OrderRequest>>, WriteError> {
        match (self, output) {
            (Self::Kept(kept), _) => kept.writer.append_output(output),
            (Self::Unkept, Output::Request(request)) => Ok(Some(Journaled::by_writer(*request))),
            (Self::Unkept, _) => Ok(None),
        }
    }

    /// How many requests are held.
    #[inline]
    #[must_use]
    pub fn held(&self) -> usize {
        match self {
            Self::Kept(kept) => kept.writer.held(),
            Self::Unkept => 0,
        }
    }

    /// Syncs what is held, and gives each to whoever sends: one sync for all of them.
    ///
    /// # Errors
    /// As [`Self::input`]; nothing was given.
    #[cold]
    pub fn commit(
        &mut self,
        mut send: impl FnMut(Journaled<OrderRequest>),
    ) -> Result<(), WriteError> {
        if let Self::Kept(kept) = self {
            kept.writer.commit()?.for_each(&mut send);
        }
        Ok(())
    }

    /// Writes that the run ended as it should, and seals.
    ///
    /// # Errors
    /// As [`Self::input`].
    pub fn close(self) -> Result<(), WriteError> {
        match self {
            Self::Kept(kept) => {
                let Kept { mut writer, mut orders } = *kept;
                orders.await_asked(&mut writer);
                writer.close()
            }
            Self::Unkept => Ok(()),
        }
    }
}
