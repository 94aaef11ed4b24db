//! Records into memory: laid out first, so that their length is known, and then written in place.
//!
//! Where each field lies is drawn at the head of `record`.

use super::{HEAD_BYTES, Kind, OUTPUT_LINES_MAX, Seed};
use crate::event::pack::pack_level;
use crate::event::{Event, Level, Line, PART_LEVELS_MAX};
use crate::sys::crc::{crc32c_append, put_summed};

/// The greatest sequence a record can have.
const SEQUENCE_MAX: u64 = (1 << 48) - 1;

/// The most words of one record: those of its head, of a head line and of every level, or of as
/// many lines as an output can have; a power of two, so that a place needs no check.
const WORDS_MAX: usize = 128;
const HEAD_WORDS: usize = HEAD_BYTES / 8;

const _: () = {
    assert!(HEAD_WORDS + 8 + 2 * PART_LEVELS_MAX < WORDS_MAX);
    assert!(HEAD_WORDS + 2 + 8 * OUTPUT_LINES_MAX < WORDS_MAX);
};

/// The words of an input or an output, laid out before they are written, since their number is
/// asked for first. Made once and used for each record.
#[derive(Debug)]
pub struct Words {
    words: Box<[u64; WORDS_MAX]>,
    count: usize,
    kind: Kind,
    detail: u8,
}

impl Default for Words {
    fn default() -> Self {
        Self { words: Box::new([0; WORDS_MAX]), count: 0, kind: Kind::Input, detail: 0 }
    }
}

impl Words {
    /// Lays out an event and its levels.
    #[inline]
    pub fn lay_input(&mut self, event: &Event, levels: &[Level]) {
        assert_eq!(levels.len(), event.level_count());
        self.count = HEAD_WORDS;
        self.kind = Kind::Input;
        self.detail = self.lay_line(&event.pack());
        for level in levels {
            for word in pack_level(level) {
                self.words[self.count % WORDS_MAX] = word;
                self.count += 1;
            }
        }
    }

    /// Lays out an output's lines, which answer that input.
    #[inline]
    pub fn lay_output(&mut self, input: u64, lines: &[Line]) {
        assert!(lines.len() <= OUTPUT_LINES_MAX);
        self.count = HEAD_WORDS + 2;
        self.kind = Kind::Output;
        let mut masks = [0; OUTPUT_LINES_MAX];
        for (mask, line) in masks.iter_mut().zip(lines) {
            *mask = self.lay_line(line);
        }
        [self.words[HEAD_WORDS], self.words[HEAD_WORDS + 1]] = [input, u64::from_le_bytes(masks)];
        self.detail = u8::try_from(lines.len()).expect("at most eight lines");
    }

    /// Lays out what of a line is not zero; a bit for each such word.
    #[inline]
    fn lay_line(&mut self, line: &Line) -> u8 {
        let (mut mask, mut count) = (0, self.count);
        for (at, word) in line.0.iter().enumerate() {
            // A zero is overwritten by what follows: no branch that nobody could foresee.
            self.words[count % WORDS_MAX] = *word;
            count += usize::from(*word != 0);
            mask |= u8::from(*word != 0) << at;
        }
        self.count = count;
        mask
    }

    /// Bytes of the whole record.
    #[inline]
    #[must_use]
    pub const fn length(&self) -> usize {
        8 * self.count
    }

    /// Writes the record into a place of its length, and gives the first word.
    #[inline]
    pub fn write(&mut self, to: &mut [u8], sequence: u64, seed: Seed) -> u64 {
        let head = Head { kind: self.kind, detail: self.detail, length: self.length(), sequence };
        [self.words[0], self.words[1]] = head.words();
        put_summed(&self.words[..self.count], to, seed.0)
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

struct Head {
    kind: Kind,
    detail: u8,
    length: usize,
    sequence: u64,
}

impl Head {
    /// Its words, the checksum left out.
    #[inline]
    fn words(&self) -> [u64; 2] {
        assert!(self.sequence <= SEQUENCE_MAX, "the journal has counted to 2^48");
        let length = u32::try_from(self.length).expect("a segment is shorter than 4 GiB");
        let word = self.sequence | u64::from(self.kind as u8) << 48 | u64::from(self.detail) << 56;
        [u64::from(length) << 32, word]
    }

    /// Writes it, the checksum last: without it nothing counts. Gives the first word.
    fn write(&self, to: &mut [u8], seed: Seed) -> u64 {
        let [first, word] = self.words();
        to[..8].copy_from_slice(&first.to_le_bytes());
        to[8..16].copy_from_slice(&word.to_le_bytes());
        let crc = crc32c_append(seed.0, &to[4..]);
        to[..4].copy_from_slice(&crc.to_le_bytes());
        u64::from(crc) | first
    }
}
