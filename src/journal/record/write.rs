//! Records into memory: told first, so that their length is known, and then written in place.
//!
//! Where each field lies is drawn at the head of `record`.

use super::{HEAD_BYTES, Kind, OUTPUT_LINES_MAX, Seed};
use crate::event::pack::pack_levels;
use crate::event::{Event, LEVELS_PER_LINE, Level, Line};
use crate::sys::crc::crc32c_append;

/// The greatest sequence a record can have.
const SEQUENCE_MAX: u64 = (1 << 48) - 1;

/// The payload of an input, told before it is written.
#[derive(Debug)]
pub struct InputForm<'a> {
    head: Line,
    mask: u8,
    levels: &'a [Level],
}

impl<'a> InputForm<'a> {
    /// How that event and its levels are written.
    #[inline]
    #[must_use]
    pub fn new(event: &Event, levels: &'a [Level]) -> Self {
        assert_eq!(levels.len(), event.level_count());
        let head = event.pack();
        Self { mask: mask(&head), head, levels }
    }

    /// Bytes of the whole record.
    #[inline]
    #[must_use]
    pub const fn length(&self) -> usize {
        HEAD_BYTES + 8 * self.mask.count_ones() as usize + 16 * self.levels.len()
    }

    /// Writes payload and head into a place of its length, and gives the first word.
    #[inline]
    pub fn write(&self, to: &mut [u8], sequence: u64, seed: Seed) -> u64 {
        let mut rest = put_words(&mut to[HEAD_BYTES..], &self.head, self.mask);
        for four in self.levels.chunks(LEVELS_PER_LINE) {
            let line = pack_levels(four);
            for word in &line.0[..2 * four.len()] {
                rest = put(rest, *word);
            }
        }
        finish(to, Kind::Input, self.mask, sequence, seed)
    }
}

/// An output, told before it is written.
#[derive(Debug)]
pub struct OutputForm<'a> {
    input: u64,
    masks: [u8; OUTPUT_LINES_MAX],
    lines: &'a [Line],
}

impl<'a> OutputForm<'a> {
    /// How those lines, which answer that input, are written.
    #[inline]
    #[must_use]
    pub fn new(input: u64, lines: &'a [Line]) -> Self {
        assert!(lines.len() <= OUTPUT_LINES_MAX);
        let mut masks = [0; OUTPUT_LINES_MAX];
        for (place, line) in masks.iter_mut().zip(lines) {
            *place = mask(line);
        }
        Self { input, masks, lines }
    }

    /// Bytes of the whole record.
    #[inline]
    #[must_use]
    pub const fn length(&self) -> usize {
        HEAD_BYTES + 16 + 8 * u64::from_le_bytes(self.masks).count_ones() as usize
    }

    /// Writes payload and head into a place of its length, and gives the first word.
    #[inline]
    pub fn write(&self, to: &mut [u8], sequence: u64, seed: Seed) -> u64 {
        let rest = put(&mut to[HEAD_BYTES..], self.input);
        let mut rest = put(rest, u64::from_le_bytes(self.masks));
        for (line, mask) in self.lines.iter().zip(self.masks) {
            rest = put_words(rest, line, mask);
        }
        let count = u8::try_from(self.lines.len()).expect("at most eight lines");
        finish(to, Kind::Output, count, sequence, seed)
    }
}

/// A record whose payload is bytes as they are.
#[derive(Debug)]
pub struct PlainForm<'a> {
    /// What it is.
    pub kind: Kind,
    /// By kind.
    pub detail: u8,
    /// The bytes.
    pub payload: &'a [u8],
}

impl PlainForm<'_> {
    /// Bytes of the whole record, padding left out.
    #[must_use]
    pub const fn length(&self) -> usize {
        HEAD_BYTES + self.payload.len()
    }

    /// Writes payload and head into a place of its padded length, and gives the first word.
    pub fn write(&self, to: &mut [u8], sequence: u64, seed: Seed) -> u64 {
        let (place, padding) = to[HEAD_BYTES..].split_at_mut(self.payload.len());
        place.copy_from_slice(self.payload);
        padding.fill(0);
        let head = Head { kind: self.kind, detail: self.detail, length: self.length(), sequence };
        head.write(to, seed)
    }
}

/// Writes the head of a record without padding, whose payload stands there.
#[inline]
fn finish(to: &mut [u8], kind: Kind, detail: u8, sequence: u64, seed: Seed) -> u64 {
    Head { kind, detail, length: to.len(), sequence }.write(to, seed)
}

struct Head {
    kind: Kind,
    detail: u8,
    length: usize,
    sequence: u64,
}

impl Head {
    /// Writes it, the checksum last: without it nothing counts. Gives the first word.
    #[inline]
    fn write(&self, to: &mut [u8], seed: Seed) -> u64 {
        assert!(self.sequence <= SEQUENCE_MAX, "the journal has counted to 2^48");
        let length = u32::try_from(self.length).expect("a segment is shorter than 4 GiB");
        let word = self.sequence | u64::from(self.kind as u8) << 48 | u64::from(self.detail) << 56;
        to[4..8].copy_from_slice(&length.to_le_bytes());
        to[8..16].copy_from_slice(&word.to_le_bytes());
        let crc = crc32c_append(seed.0, &to[4..]);
        to[..4].copy_from_slice(&crc.to_le_bytes());
        u64::from(crc) | u64::from(length) << 32
    }
}

/// A bit for each word that is not zero.
#[inline]
fn mask(line: &Line) -> u8 {
    line.0.iter().enumerate().fold(0, |mask, (at, word)| mask | u8::from(*word != 0) << at)
}

#[inline]
fn put(to: &mut [u8], word: u64) -> &mut [u8] {
    let (place, rest) = to.split_first_chunk_mut().expect("the length was computed before");
    *place = word.to_le_bytes();
    rest
}

#[inline]
fn put_words<'a>(mut to: &'a mut [u8], line: &Line, mask: u8) -> &'a mut [u8] {
    for (at, word) in line.0.iter().enumerate() {
        if mask >> at & 1 != 0 {
            to = put(to, *word);
        }
    }
    to
}
