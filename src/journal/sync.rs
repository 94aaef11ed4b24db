//! Syncs what another thread writes, so that the writer never waits for a disk, and keeps the pages
//! ahead of it ready, so that it meets no fault of a page.
//!
//! A sync begins where the last one ended and goes up to the page under the tail, and no further:
//! the pages ahead are dirty as well, and none of them need be written. It makes the page under the
//! tail read-only, so that one is made ready again at once.

use super::synced::{SyncedFile, SyncedTo};
use crate::sys::mmap::Pages;
use crossbeam_channel::Receiver;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a journal gets on, for other threads to read. Copies are the same numbers.
#[derive(Clone, Debug, Default)]
pub struct Written(Arc<Progress>);

#[derive(Debug, Default)]
struct Progress {
    /// Where the next record goes: the segment, and the offset in its lowest bits.
    tail: AtomicU64,
    sequence: AtomicU64,
    sent: AtomicU64,
    /// Written by whoever syncs, so in a line of its own.
    synced: Apart,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Apart(AtomicU64);

/// Bits of an offset: a segment has at most 2^30 bytes.
const OFFSET_BITS: u32 = 31;

/// Where the next record goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tail {
    /// The segment.
    pub segment: u64,
    /// The offset in it.
    pub offset: usize,
}

impl Written {
    /// All records up to this one are written.
    #[inline]
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.0.sequence.load(Ordering::Acquire)
    }

    /// All records up to this one would outlive a loss of power.
    #[must_use]
    pub fn synced(&self) -> u64 {
        self.0.synced.0.load(Ordering::Acquire)
    }

    /// The last request that was released to leave, by the number of its record.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Where the next record goes: behind [`Self::sequence`], if that was asked before.
    #[must_use]
    pub fn tail(&self) -> Tail {
        let word = self.0.tail.load(Ordering::Acquire);
        let offset = usize::try_from(word & ((1 << OFFSET_BITS) - 1)).expect("31 bits");
        Tail { segment: word >> OFFSET_BITS, offset }
    }

    /// The place first, so that whoever has seen the number finds the place behind it.
    #[inline]
    pub(super) fn publish(&self, sequence: u64, segment: u64, offset: usize) {
        self.0.tail.store(segment << OFFSET_BITS | offset as u64, Ordering::Release);
        self.0.sequence.store(sequence, Ordering::Release);
    }

    pub(super) fn publish_synced(&self, sequence: u64) {
        self.0.synced.0.fetch_max(sequence, Ordering::AcqRel);
    }

    #[inline]
    pub(super) fn publish_sent(&self, sequence: u64) {
        self.0.sent.store(sequence, Ordering::Relaxed);
    }
}

/// A segment whose pages may hold what is not synced.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) number: u64,
    pub(super) pages: Pages,
    /// All before is synced.
    pub(super) synced: usize,
}

/// At least so many bytes ahead of the tail are kept ready.
const READY_BYTES_MIN: usize = 1 << 20;
/// At most so many: 30 ms of pages at once.
const READY_BYTES_MAX: usize = 8 << 20;

/// Syncs the segments of a writer from another thread.
#[derive(Debug)]
pub struct Syncer {
    made: Receiver<Mapped>,
    written: Written,
    marks: SyncedFile,
    epoch: u32,
    /// Oldest first.
    segments: Vec<Mapped>,
    /// The tail when pages were made ready last.
    tail: Tail,
    synced: u64,
    dead: bool,
    can_populate: bool,
}

impl Syncer {
    pub(super) fn new(
        made: Receiver<Mapped>,
        written: Written,
        marks: SyncedFile,
        epoch: u32,
    ) -> Self {
        Self {
            made,
            written,
            marks,
            epoch,
            segments: Vec::new(),
            tail: Tail::default(),
            synced: 0,
            dead: false,
            can_populate: true,
        }
    }

    /// How the journal gets on.
    #[must_use]
    pub const fn written(&self) -> &Written {
        &self.written
    }

    /// Syncs all that is written now, and gives the last record of it.
    ///
    /// # Errors
    /// The system cannot write: now, or at an earlier call; what was not synced may be lost.
    pub fn sync(&mut self) -> io::Result<u64> {
        if self.dead {
            return Err(io::Error::other("an earlier sync has failed"));
        }
        let sequence = self.written.sequence();
        let tail = self.written.tail();
        if sequence == self.synced {
            return Ok(sequence);
        }
        self.sync_to(sequence, tail).inspect_err(|_| self.dead = true)?;
        self.synced = sequence;
        self.written.publish_synced(sequence);
        Ok(sequence)
    }

    fn sync_to(&mut self, sequence: u64, tail: Tail) -> io::Result<()> {
        // A segment is given here before its writer gets it, and the tail is asked before.
        self.segments.extend(self.made.try_iter());
        let (Tail { segment, offset }, epoch) = (tail, self.epoch);
        let upto = SyncedTo { segment, offset: offset as u64, sequence, epoch };
        let marks = self.marks.clone();
        marks.sync(upto, || {
            sync_pages(&mut self.segments, tail)?;
            self.segments.retain(|segment| segment.number >= tail.segment);
            self.populate();
            Ok(())
        })
    }

    /// Makes the page under the tail and those ahead ready. Where the system cannot, the writer
    /// meets the faults itself, and nothing else is different.
    pub fn populate(&mut self) {
        if !self.can_populate {
            return;
        }
        self.segments.extend(self.made.try_iter());
        let tail = self.written.tail();
        let Some(at) = self.segments.iter().position(|one| one.number == tail.segment) else {
            return;
        };
        let pages = &self.segments[at].pages;
        let range = ready_range(self.tail, tail, pages.len());
        self.can_populate = pages.populate(range).is_ok();
        self.tail = tail;
    }
}

/// Syncs what is not yet synced up to there.
fn sync_pages(segments: &mut [Mapped], tail: Tail) -> io::Result<()> {
    for segment in segments {
        let end = match segment.number.cmp(&tail.segment) {
            std::cmp::Ordering::Less => segment.pages.len(),
            std::cmp::Ordering::Equal => tail.offset,
            std::cmp::Ordering::Greater => continue,
        };
        segment.pages.sync(segment.synced..end)?;
        segment.synced = end;
    }
    Ok(())
}

/// What is to be ready: four times what was written since the last look, within bounds.
fn ready_range(before: Tail, tail: Tail, length: usize) -> Range<usize> {
    let since =
        if before.segment == tail.segment { tail.offset.saturating_sub(before.offset) } else { 0 };
    let ahead = since.saturating_mul(4).clamp(READY_BYTES_MIN, READY_BYTES_MAX);
    tail.offset..(tail.offset + ahead).min(length)
}

/// Makes the begin of a segment ready that nobody has written to.
pub(super) fn populate_begin(pages: &Pages) {
    // Where the system cannot, the writer meets the faults itself.
    pages.populate(0..pages.len().min(READY_BYTES_MIN)).ok();
}
