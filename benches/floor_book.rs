//! The shortest book that is still right on a stream: for each side a plain array of 64 k ticks, a
//! bit for each and a bit for each word, and a `BTreeMap` for what lies beyond.
//!
//! The array never moves: it lies where the touch of the stream will be, which no real book knows.
//! Nothing bounds the map. So it shows what a book costs that owes nobody anything.

use crate::streams::{Maps, Sides, Stream, Touch, coordinate};
use pinnaclemm::event::Level;
use pinnaclemm::types::Side;
use std::collections::BTreeMap;

const TICKS: usize = 1 << 16;

#[derive(Debug, Clone)]
struct Array {
    base: i64,
    best: Option<usize>,
    quantities: Box<[i64; TICKS]>,
    words: Box<[u64; TICKS / 64]>,
    summary: [u64; TICKS / 4096],
    far: BTreeMap<i64, i64>,
}

impl Array {
    /// An empty side whose array begins there.
    fn new(base: i64) -> Self {
        Self {
            base,
            best: None,
            quantities: vec![0; TICKS].try_into().expect("its length"),
            words: vec![0; TICKS / 64].try_into().expect("its length"),
            summary: [0; TICKS / 4096],
            far: BTreeMap::new(),
        }
    }

    /// The place in the array, if it lies there.
    #[inline(always)]
    fn place(&self, at: i64) -> Option<usize> {
        usize::try_from(at - self.base).ok().filter(|place| *place < TICKS)
    }

    #[inline(always)]
    fn set(&mut self, at: i64, qty: i64) {
        let Some(place) = self.place(at) else {
            if qty == 0 {
                self.far.remove(&at);
            } else {
                self.far.insert(at, qty);
            }
            return;
        };
        self.quantities[place] = qty;
        let (word, bit) = (place / 64, 1 << (place % 64));
        if qty != 0 {
            self.words[word] |= bit;
            self.summary[word / 64] |= 1 << (word % 64);
            if self.best.is_none_or(|best| place < best) {
                self.best = Some(place);
            }
            return;
        }
        self.words[word] &= !bit;
        if self.words[word] == 0 {
            self.summary[word / 64] &= !(1 << (word % 64));
        }
        if self.best == Some(place) {
            self.best = self.next(word);
        }
    }

    /// The first level from that word on.
    #[inline(always)]
    fn next(&self, word: usize) -> Option<usize> {
        let mut at = word / 64;
        let mut bits = self.summary[at] & (!0 << (word % 64));
        while bits == 0 {
            at += 1;
            bits = *self.summary.get(at)?;
        }
        let word = at * 64 + bits.trailing_zeros() as usize;
        Some(word * 64 + self.words[word].trailing_zeros() as usize)
    }

    #[inline(always)]
    fn best(&self) -> (i64, i64) {
        match self.best {
            Some(place) => (self.base + place.cast_signed() as i64, self.quantities[place]),
            None => self.far.first_key_value().map_or((0, 0), |(at, qty)| (*at, *qty)),
        }
    }
}

/// Both sides.
#[derive(Debug, Clone)]
pub(crate) struct Floor([Array; 2]);

impl Floor {
    /// The book at the start of a stream.
    pub(crate) fn of(stream: &Stream) -> Self {
        let mut maps = Maps::of(&stream.start);
        let mut bases = [i64::MAX; 2];
        for level in &stream.updates {
            for (side, best) in Side::BOTH.into_iter().zip(maps.touch()) {
                let base = &mut bases[side.index()];
                *base = coordinate(side, best.0).min(*base);
            }
            maps.set(*level);
        }
        let mut floor = Self(bases.map(Array::new));
        stream.start.iter().for_each(|level| floor.set(*level));
        floor
    }

    /// Whether a level lies beyond the array.
    #[allow(dead_code, reason = "the bench beside the peers does not ask")]
    pub(crate) fn is_far(&self, level: Level) -> bool {
        let at = coordinate(level.side(), level.price().0);
        self.0[level.side().index()].place(at).is_none()
    }
}

impl Sides for Floor {
    #[inline(always)]
    fn set(&mut self, level: Level) {
        let at = coordinate(level.side(), level.price().0);
        self.0[level.side().index()].set(at, level.qty().0);
    }

    #[inline(always)]
    fn touch(&self) -> Touch {
        Side::BOTH.map(|side| {
            let (at, qty) = self.0[side.index()].best();
            (coordinate(side, at), qty)
        })
    }
}
