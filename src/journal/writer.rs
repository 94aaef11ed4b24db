//! Appending: a copy into mapped memory and a checksum, without a system call.
//!
//! The first failure is final: a journal with a hole is worth nothing, so after it nothing is
//! written and nothing is released. Which thread appends, and who makes the next segment ahead, is
//! not known here.

use super::digest::Digest;
use super::failure::WriteError;
use super::params::SyncMode;
use super::record::{Kind, PlainForm, SEAL_BYTES, Seed, Words, padded};
use super::released::Journaled;
use super::segment::{Ending, HEADER_BYTES, Header, Owner};
pub use super::segments::{Retired, Segments};
use super::start::Start;
use super::sync::Written;
use super::synced::SyncedTo;
use crate::engine::risk::{OUTPUT_LINES_MAX, OrderRequest, Output};
use crate::event::{Event, Level, Line};
use crate::sys::mmap::Storage;

/// Bytes of a page of memory.
const PAGE: usize = 4096;

/// So many requests are held without an allocation.
const HELD_MAX: usize = 1024;

/// Where writing begins.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The number of the first segment.
    pub number: u64,
    /// The sequence of the first record.
    pub sequence: u64,
    /// How the segment before ended.
    pub previous: Ending,
    /// The start of the process.
    pub epoch: u32,
    /// Who writes.
    pub owner: Owner,
}

/// The writing end of a journal.
#[derive(Debug)]
pub struct Writer<S: Segments> {
    segments: S,
    storage: S::Storage,
    seed: Seed,
    digest: Digest,
    /// Where the next record goes.
    at: usize,
    /// What is synced of this segment.
    synced: usize,
    number: u64,
    /// Of the next record.
    sequence: u64,
    /// The number of the last input.
    input: u64,
    written: Written,
    mode: SyncMode,
    epoch: u32,
    owner: Owner,
    next: Option<S::Storage>,
    retired: Option<Retired<S::Storage>>,
    /// Written, and to be released with the next [`Self::commit`].
    held: Vec<OrderRequest>,
    /// Where the record at hand is laid out, and before that the lines of an output.
    words: Words,
    lines: [Line; OUTPUT_LINES_MAX],
    dead: bool,
}

impl<S: Segments> Writer<S> {
    /// Begins a segment.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn begin(mut segments: S, origin: Origin, mode: SyncMode) -> Result<Self, WriteError> {
        let Origin { number, sequence, previous, epoch, owner } = origin;
        let mut storage =
            segments.create(number).map_err(|error| WriteError::Segment { number, error })?;
        let header = Header {
            number,
            first_sequence: sequence,
            allocated: storage.len() as u64,
            previous,
            epoch,
            owner: owner.clone(),
        };
        let digest = Digest::of_header(header.write(storage.bytes_mut()));
        let written = Written::default();
        written.publish(sequence - 1, number, HEADER_BYTES);
        Ok(Self {
            segments,
            storage,
            seed: Seed::new(epoch, number),
            digest,
            at: HEADER_BYTES,
            synced: 0,
            number,
            sequence,
            input: 0,
            written,
            mode,
            epoch,
            owner,
            next: None,
            retired: None,
            held: Vec::with_capacity(HELD_MAX),
            words: Words::default(),
            lines: [Line::default(); OUTPUT_LINES_MAX],
            dead: false,
        })
    }

    /// Writes what the core was made of, and syncs it: the epoch must not be given twice.
    ///
    /// # Errors
    /// As [`append_input`](Self::append_input).
    pub fn append_start(&mut self, start: &Start) -> Result<(), WriteError> {
        assert_eq!(start.epoch, self.epoch, "a start record of this epoch");
        let payload = serde_json::to_vec(start).expect("a start is JSON");
        self.append_plain(Kind::Start, &payload)?;
        self.sync()
    }

    /// Writes an input.
    ///
    /// # Errors
    /// The next segment cannot be made, or there was an error before. It is final.
    #[inline]
    pub fn append_input(&mut self, event: &Event, levels: &[Level]) -> Result<(), WriteError> {
        self.words.lay_input(event, levels);
        self.input = event.sequence;
        self.append_words()
    }

    /// Writes what was decided about the last input. What is to be sent comes back as what may be
    /// sent; with [`SyncMode::Each`] it is held until [`Self::commit`].
    ///
    /// # Errors
    /// As [`append_request`](Self::append_request).
    #[inline]
    pub fn append_output(
        &mut self,
        output: &Output,
    ) -> Result<Option<Journaled<OrderRequest>>, WriteError> {
        if let Output::Request(request) = output {
            if self.mode != SyncMode::Each {
                return self.append_request(request).map(Some);
            }
            self.held.push(*request);
        }
        self.append_lines(output)?;
        Ok(None)
    }

    /// How many requests are held back.
    #[inline]
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held.len()
    }

    /// Syncs once for all requests that are held, and gives them as what may be sent.
    ///
    /// # Errors
    /// It cannot be synced; none of them may leave, ever.
    pub fn commit(&mut self) -> Result<impl Iterator<Item = Journaled<OrderRequest>>, WriteError> {
        if !self.held.is_empty() {
            self.sync()?;
            self.written.publish_sent(self.sequence - 1);
        }
        Ok(self.held.drain(..).map(Journaled::by_writer))
    }

    /// Writes what is to be sent, and gives back what may be sent. With [`SyncMode::Each`] it is
    /// synced before.
    ///
    /// # Errors
    /// As [`append_input`](Self::append_input), or it cannot be synced.
    #[inline]
    pub fn append_request(
        &mut self,
        request: &OrderRequest,
    ) -> Result<Journaled<OrderRequest>, WriteError> {
        self.append_lines(&Output::Request(*request))?;
        if self.mode == SyncMode::Each {
            self.sync()?;
        }
        self.written.publish_sent(self.sequence - 1);
        Ok(Journaled::by_writer(*request))
    }

    #[inline]
    fn append_lines(&mut self, output: &Output) -> Result<(), WriteError> {
        let count = output.pack_into(&mut self.lines);
        self.words.lay_output(self.input, &self.lines[..count]);
        self.append_words()
    }

    /// Writes the record that is laid out.
    #[inline]
    fn append_words(&mut self) -> Result<(), WriteError> {
        let length = self.words.length();
        self.make_room(length)?;
        let place = &mut self.storage.bytes_mut()[self.at..self.at + length];
        let word = self.words.write(place, self.sequence, self.seed);
        self.appended(length, word);
        Ok(())
    }

    /// Writes that the process comes to its end as it should, seals the segment and shortens it.
    ///
    /// # Errors
    /// As [`append_input`](Self::append_input), or it cannot be synced or shortened.
    pub fn close(mut self) -> Result<(), WriteError> {
        self.append_plain(Kind::End, &[])?;
        self.seal();
        self.tidy()?;
        let Self { mut segments, storage, number, at, next, written, epoch, .. } = self;
        let failed = WriteError::Sync;
        let sequence = written.sequence();
        segments.cut(Retired { number, used: at, sequence, epoch, storage }).map_err(failed)?;
        written.publish_synced(sequence);
        next.map_or(Ok(()), |next| segments.discard(number + 1, next)).map_err(failed)
    }

    /// Returns when all that is written would outlive a loss of power.
    ///
    /// # Errors
    /// It may not: from here on nothing is written any more.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        if self.dead {
            return Err(WriteError::Dead);
        }
        self.tidy()?;
        let range = self.synced..self.at;
        if range.is_empty() {
            return Ok(());
        }
        self.synced = self.at;
        let sequence = self.sequence - 1;
        let (segment, offset, epoch) = (self.number, self.at as u64, self.epoch);
        let note = SyncedTo { segment, offset, sequence, epoch };
        let synced = self.segments.sync(&mut self.storage, range, note);
        synced.map_err(|error| self.die(WriteError::Sync(error)))?;
        self.written.publish_synced(sequence);
        Ok(())
    }

    /// Syncs and shortens the last sealed segment, if nobody has taken it.
    ///
    /// # Errors
    /// The system says no: from here on nothing is written any more.
    pub fn tidy(&mut self) -> Result<(), WriteError> {
        let cut = self.retired.take().map_or(Ok(()), |retired| self.segments.cut(retired));
        cut.map_err(|error| self.die(WriteError::Sync(error)))
    }

    /// Bytes that are left before the next segment begins.
    #[inline]
    #[must_use]
    pub fn room(&self) -> usize {
        self.storage.len().saturating_sub(self.at + SEAL_BYTES)
    }

    /// What stands where the next record goes and a page behind it.
    #[inline]
    #[must_use]
    pub fn glance(&self) -> u8 {
        let bytes = self.storage.bytes();
        let at = |at: usize| bytes.get(at).copied().unwrap_or(0);
        at(self.at) ^ at(self.at + PAGE)
    }

    /// The number of the next segment, if none is made ahead.
    #[must_use]
    pub const fn wanted(&self) -> Option<u64> {
        if self.next.is_none() { Some(self.number + 1) } else { None }
    }

    /// Takes the next segment, made and touched by another thread with [`Segments::create`].
    ///
    /// # Panics
    /// There is one already: our own fault, [`wanted`](Self::wanted) was not asked.
    pub fn offer(&mut self, next: S::Storage) {
        assert!(self.next.replace(next).is_none(), "the next segment was not wanted");
    }

    /// The last sealed segment, for another thread to give to [`Segments::cut`]. What nobody has
    /// taken is cut when the next segment is full.
    pub const fn take_retired(&mut self) -> Option<Retired<S::Storage>> {
        self.retired.take()
    }

    /// Where the segments come from.
    pub const fn segments(&self) -> &S {
        &self.segments
    }

    /// What other threads may know of the progress.
    #[must_use]
    pub fn written(&self) -> Written {
        self.written.clone()
    }

    fn append_plain(&mut self, kind: Kind, payload: &[u8]) -> Result<(), WriteError> {
        let form = PlainForm { kind, detail: 0, payload };
        let length = padded(form.length());
        self.make_room(length)?;
        let place = &mut self.storage.bytes_mut()[self.at..self.at + length];
        let word = form.write(place, self.sequence, self.seed);
        self.appended(length, word);
        Ok(())
    }

    /// Room for a record of that padded length, behind which a seal still fits.
    #[inline]
    fn make_room(&mut self, length: usize) -> Result<(), WriteError> {
        if self.dead || self.at + length + SEAL_BYTES > self.storage.len() {
            self.roll(length)?;
        }
        Ok(())
    }

    #[inline]
    fn appended(&mut self, length: usize, word: u64) {
        self.digest.fold(word);
        self.at += length;
        self.written.publish(self.sequence, self.number, self.at);
        self.sequence += 1;
    }

    /// Seals the segment and begins the next.
    #[cold]
    fn roll(&mut self, length: usize) -> Result<(), WriteError> {
        if self.dead {
            return Err(WriteError::Dead);
        }
        if HEADER_BYTES + length + SEAL_BYTES > self.storage.len() {
            return Err(self.die(WriteError::TooLong { length }));
        }
        let number = self.number + 1;
        let next = self.next.take().map_or_else(|| self.segments.create(number), Ok);
        let next = next.map_err(|error| self.die(WriteError::Segment { number, error }))?;
        self.seal();
        self.tidy()?;
        let used = std::mem::replace(&mut self.at, HEADER_BYTES);
        let storage = std::mem::replace(&mut self.storage, next);
        let (sequence, epoch) = (self.sequence - 1, self.epoch);
        self.retired = Some(Retired { number: self.number, used, sequence, epoch, storage });
        let header = Header {
            number,
            first_sequence: self.sequence,
            allocated: self.storage.len() as u64,
            previous: Ending { used: used as u64, digest: self.digest.value() },
            epoch: self.epoch,
            owner: self.owner.clone(),
        };
        self.digest = Digest::of_header(header.write(self.storage.bytes_mut()));
        self.seed = Seed::new(self.epoch, number);
        (self.number, self.synced) = (number, 0);
        Ok(())
    }

    /// Writes the seal, for which there is always room.
    fn seal(&mut self) {
        let payload = self.digest.value().to_le_bytes();
        let form = PlainForm { kind: Kind::Seal, detail: 0, payload: &payload };
        let place = &mut self.storage.bytes_mut()[self.at..self.at + SEAL_BYTES];
        let word = form.write(place, self.sequence, self.seed);
        self.appended(SEAL_BYTES, word);
    }

    /// After this nothing is written any more.
    #[cold]
    const fn die(&mut self, error: WriteError) -> WriteError {
        self.dead = true;
        error
    }
}
