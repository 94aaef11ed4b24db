//! Segments made and cut by another thread, so that the writer's thread does neither.
//!
//! The writer says which segment it will want next as soon as it has begun one; when it is there it
//! is taken, and what was sealed is given away to be shortened. Without a supply, or before one has
//! come, the writer makes its segments itself.

use super::files::FileSegments;
use super::writer::{Retired, Segments, Writer};
use crate::sys::mmap::MappedFile;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;

/// The writer's end.
#[derive(Debug)]
pub struct Orders {
    wanted: Sender<u64>,
    made: Receiver<io::Result<MappedFile>>,
    sealed: Sender<Retired<MappedFile>>,
    /// What was asked for last.
    asked: Option<u64>,
    /// Whether the answer was that it cannot be made.
    is_refused: bool,
}

/// The other thread's end.
#[derive(Debug)]
pub struct Supply {
    segments: FileSegments,
    wanted: Receiver<u64>,
    made: Sender<io::Result<MappedFile>>,
    sealed: Receiver<Retired<MappedFile>>,
}

/// Both ends, over the same directory.
#[must_use]
pub fn supply(segments: &FileSegments) -> (Orders, Supply) {
    let (wanted, is_wanted) = bounded(1);
    let (made, is_made) = bounded(1);
    let (sealed, is_sealed) = bounded(1);
    let supply = Supply { segments: segments.clone(), wanted: is_wanted, made, sealed: is_sealed };
    (Orders { wanted, made: is_made, sealed, asked: None, is_refused: false }, supply)
}

impl Orders {
    /// Takes what has come, gives what was sealed, asks for what is wanted.
    pub(super) fn settle(&mut self, writer: &mut Writer<FileSegments>) {
        if let Some(wanted) = writer.wanted() {
            if self.asked == Some(wanted) {
                if let Ok(made) = self.made.try_recv() {
                    self.take(made, writer);
                }
            } else if self.wanted.try_send(wanted).is_ok() {
                (self.asked, self.is_refused) = (Some(wanted), false);
            }
        }
        if !self.sealed.is_full()
            && let Some(retired) = writer.take_retired()
        {
            // Whoever supplies may have ended; then the writer cuts at its own end.
            self.sealed.try_send(retired).ok();
        }
    }

    /// Waits for what was asked for: before the writer would make the same segment itself, and
    /// before it ends.
    pub(super) fn await_asked(&mut self, writer: &mut Writer<FileSegments>) {
        if self.asked.is_some()
            && !self.is_refused
            && writer.wanted() == self.asked
            && let Ok(made) = self.made.recv()
        {
            self.take(made, writer);
        }
    }

    /// What could not be made ahead is tried once more when it is needed, by the writer itself,
    /// whose failure it then is.
    fn take(&mut self, made: io::Result<MappedFile>, writer: &mut Writer<FileSegments>) {
        match made {
            Ok(made) => writer.offer(made),
            Err(_) => self.is_refused = true,
        }
    }
}

impl Supply {
    /// Makes what is wanted and cuts what was sealed; how much was done.
    ///
    /// # Errors
    /// The system says no. A full disk is not the end yet: the writer tries again when it needs
    /// the segment.
    pub fn work(&mut self) -> io::Result<usize> {
        let mut work = 0;
        for number in self.wanted.try_iter() {
            let made = self.segments.create(number);
            let failed =
                made.as_ref().err().map(|error| io::Error::new(error.kind(), error.to_string()));
            // The writer may have ended: what it has not taken it cannot discard.
            if let Err(error) = self.made.send(made)
                && let Ok(segment) = error.into_inner()
            {
                self.segments.discard(number, segment)?;
            }
            if let Some(error) = failed {
                return Err(error);
            }
            work += 1;
        }
        for retired in self.sealed.try_iter() {
            self.segments.cut(retired)?;
            work += 1;
        }
        Ok(work)
    }
}
