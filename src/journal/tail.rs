//! The journal as a byte stream behind the one who writes it: each record once, as it comes.
//!
//! It reads the files and not the writer's memory, so it may run in any thread or process. What is
//! not a record yet is asked for again; whether it ever becomes one is not known here. A segment
//! that follows must say of the one before what stands there.

use super::archive::{packed_path, read_segment};
use super::fault::{Damage, Flaw, ReadError};
use super::files::segment_path;
use super::read::Place;
use super::record::{Content, RawRecord, Record, Seed};
use super::segment::{Ending, HEADER_BYTES, Header};
use crate::journal::digest::Digest;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

/// Bytes that are read at once; grows for a record that is longer.
const CHUNK: usize = 1 << 18;

/// A place in a journal from which it goes on.
#[derive(Debug)]
pub struct Tail {
    folder: PathBuf,
    segment: u64,
    /// The segment at hand, once it has begun.
    open: Option<Open>,
    /// How the segment before ended, where it was read.
    previous: Option<Ending>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    source: Source,
    seed: Seed,
    digest: Digest,
    epoch: u32,
    at: usize,
    sequence: u64,
}

/// Where the bytes of a segment are.
#[derive(Debug)]
enum Source {
    File(File),
    /// It was packed before it was read.
    Memory(Vec<u8>),
}

impl Source {
    /// As much as there is from an offset on.
    fn read_at(&self, buffer: &mut [u8], at: usize) -> io::Result<usize> {
        let file = match self {
            Self::File(file) => file,
            Self::Memory(bytes) => {
                let rest = bytes.get(at..).unwrap_or_default();
                let count = rest.len().min(buffer.len());
                buffer[..count].copy_from_slice(&rest[..count]);
                return Ok(count);
            }
        };
        let mut filled = 0;
        while filled < buffer.len() {
            match file.read_at(&mut buffer[filled..], (at + filled) as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

impl Tail {
    /// From the first record of that segment on.
    #[must_use]
    pub const fn new(folder: PathBuf, segment: u64) -> Self {
        Self { folder, segment, open: None, previous: None, buffer: Vec::new() }
    }

    /// The segment at hand: those before are not read any more.
    #[must_use]
    pub const fn segment(&self) -> u64 {
        self.segment
    }

    /// Gives records up to that number, at most so many; how many there were.
    ///
    /// # Errors
    /// A file cannot be read, what follows does not follow, or what the visitor says.
    pub fn read<E: From<ReadError>>(
        &mut self,
        (upto, most): (u64, usize),
        mut visitor: impl FnMut(Place, &Record<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut count = 0;
        while count < most {
            if self.open.is_none() && !self.enter()? {
                break;
            }
            let (read, sealed) = self.chunk((upto, most - count), &mut visitor)?;
            count += read;
            if let Some(ending) = sealed {
                (self.previous, self.open) = (Some(ending), None);
                self.segment += 1;
            } else if read == 0 {
                break;
            }
        }
        Ok(count)
    }

    /// Opens the segment at hand; false while it has not begun.
    fn enter(&mut self) -> Result<bool, ReadError> {
        let path = segment_path(&self.folder, self.segment);
        let source = match File::open(&path) {
            Ok(file) => Source::File(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !packed_path(&self.folder, self.segment).exists() {
                    return Ok(false);
                }
                let mut bytes = Vec::new();
                read_segment(&self.folder, self.segment, &mut bytes)?;
                Source::Memory(bytes)
            }
            Err(error) => return Err(ReadError::io(&path, error)),
        };
        let mut head = [0; HEADER_BYTES];
        let read = source.read_at(&mut head, 0).map_err(|error| ReadError::io(&path, error))?;
        if read < HEADER_BYTES || head[..8] == [0; 8] {
            return Ok(false);
        }
        let (header, checksum) = match Header::read(&head) {
            Ok(read) => read,
            // The magic is written last, yet a reader may see it before the rest.
            Err(Damage::Header(_)) => return Ok(false),
            Err(damage) => return Err(self.damaged(0, 0, damage)),
        };
        if self.previous.is_some_and(|previous| previous != header.previous) {
            let damage = Damage::Chain("another length or digest");
            return Err(self.damaged(0, header.first_sequence, damage));
        }
        self.open = Some(Open {
            source,
            seed: Seed::new(header.epoch, header.number),
            digest: Digest::of_header(checksum),
            epoch: header.epoch,
            at: HEADER_BYTES,
            sequence: header.first_sequence,
        });
        Ok(true)
    }

    /// Gives the records of one chunk, and how the segment ended if it did.
    fn chunk<E: From<ReadError>>(
        &mut self,
        (upto, most): (u64, usize),
        visitor: &mut impl FnMut(Place, &Record<'_>) -> Result<(), E>,
    ) -> Result<(usize, Option<Ending>), E> {
        let mut size = self.buffer.len().max(CHUNK);
        loop {
            self.buffer.resize(size, 0);
            let open = self.open.as_mut().expect("a segment was entered");
            let read = open.source.read_at(&mut self.buffer, open.at);
            let path = segment_path(&self.folder, self.segment);
            let filled = read.map_err(|error| ReadError::io(&path, error))?;
            let bytes = &self.buffer[..filled];
            let (mut used, mut count) = (0, 0);
            while count < most && open.sequence <= upto {
                let record = match RawRecord::at(&bytes[used..]) {
                    Ok(Some(raw)) => raw.check(open.seed, open.sequence),
                    Ok(None) | Err(Flaw::Length(_)) => break,
                    Err(flaw) => Err(flaw),
                };
                let record = match record {
                    Ok(record) => record,
                    // It may be seen before all of it is written.
                    Err(Flaw::Checksum | Flaw::Unfinished) => break,
                    Err(flaw) => {
                        let (at, sequence) = (open.at, open.sequence);
                        return Err(self.damaged(at, sequence, Damage::Record(flaw)).into());
                    }
                };
                let (epoch, offset) = (open.epoch, open.at);
                open.digest.fold(record.first_word());
                used += record.bytes();
                open.at += record.bytes();
                open.sequence += 1;
                count += 1;
                visitor(Place { epoch, segment: self.segment, offset }, &record)?;
                if matches!(record.content, Content::Seal { .. }) {
                    let (used, digest) = (open.at as u64, open.digest.value());
                    return Ok((count, Some(Ending { used, digest })));
                }
            }
            // A record that is longer than what was read, and not just one that is not there yet.
            let is_cut = count == 0 && open.sequence <= upto && filled == size;
            if !is_cut || size > 1 << 30 {
                return Ok((count, None));
            }
            size *= 4;
        }
    }

    fn damaged(&self, offset: usize, sequence: u64, damage: Damage) -> ReadError {
        let path = segment_path(&self.folder, self.segment);
        ReadError::Damaged { path, segment: self.segment, offset, sequence, damage }
    }
}
