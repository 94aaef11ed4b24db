//! One side of a book: quantities by tick.
//!
//! Near the touch, a circular window of ticks with a bitmap over it; beyond the window, `Far`. Both
//! are made once. Ticks are turned into *coordinates* that grow away from the touch (an ask's tick,
//! a bid's tick negated), so both sides are the same code and the best level is always the lowest.
//!
//! What lies in `Far` is always deeper than the window's end. The window moves inside `set`: at
//! once when a level appears in front of it, and by at most sixteen pages a call when the touch
//! has drifted into its deeper half.

use super::far::{Far, PAGE};
use crate::engine::image::runs;
use crate::event::Level;
use crate::types::{Price, Qty, Side};
use serde::{Deserialize, Serialize};

/// The coordinate of an empty side's best.
const NONE: i64 = i64::MAX;
/// How many pages the window follows a drifting touch in one call.
const FOLLOW_PAGES: i64 = 16;

/// A level could not be kept: the store of far levels is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

/// One side of a book. See the module's head.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ladder {
    side: Side,
    /// Quantity by coordinate modulo the window's length.
    #[serde(with = "runs")]
    window: Box<[i64]>,
    /// A bit for each place of the window that is taken.
    #[serde(with = "runs")]
    words: Box<[u64]>,
    /// A bit for each word that is not zero.
    #[serde(with = "runs")]
    summary: Box<[u64]>,
    /// The first coordinate of the window, a multiple of a page.
    base: i64,
    best: i64,
    near: usize,
    far: Far,
}

impl Ladder {
    /// An empty side with a window of `window_ticks` and room for `far_levels_max` beyond it.
    ///
    /// # Panics
    /// `window_ticks` is no power of two of at least 4096: our own fault, the config has checked.
    #[must_use]
    pub fn new(side: Side, window_ticks: usize, far_levels_max: usize) -> Self {
        assert!(window_ticks.is_power_of_two() && window_ticks >= 4096);
        Self {
            side,
            window: vec![0; window_ticks].into(),
            words: vec![0; window_ticks / 64].into(),
            summary: vec![0; window_ticks / 4096].into(),
            base: 0,
            best: NONE,
            near: 0,
            far: Far::new(far_levels_max),
        }
    }

    #[inline]
    const fn coordinate(&self, price: Price) -> i64 {
        match self.side {
            Side::Bid => -price.0,
            Side::Ask => price.0,
        }
    }

    #[inline]
    const fn price(&self, at: i64) -> Price {
        match self.side {
            Side::Bid => Price(-at),
            Side::Ask => Price(at),
        }
    }

    #[expect(clippy::cast_possible_wrap, reason = "a window is far shorter than i64::MAX")]
    const fn length(&self) -> i64 {
        self.window.len() as i64
    }

    /// The place of a coordinate in the window.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "masked to the window's length")]
    const fn slot(&self, at: i64) -> usize {
        at.cast_unsigned() as usize & (self.window.len() - 1)
    }

    /// Whether a coordinate lies in the window.
    #[inline]
    const fn is_near(&self, at: i64) -> bool {
        at.wrapping_sub(self.base).cast_unsigned() < self.window.len() as u64
    }

    /// How many levels the side has.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.near + self.far.len()
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many levels lie beyond the window.
    #[must_use]
    pub const fn far_len(&self) -> usize {
        self.far.len()
    }

    /// The best level.
    #[inline]
    #[must_use]
    pub fn best(&self) -> Option<(Price, Qty)> {
        if self.best == NONE {
            return None;
        }
        Some((self.price(self.best), Qty(self.window[self.slot(self.best)])))
    }

    /// The quantity at a price, zero where there is no level.
    #[inline]
    #[must_use]
    pub fn qty(&self, price: Price) -> Qty {
        let at = self.coordinate(price);
        Qty(if self.is_near(at) { self.window[self.slot(at)] } else { self.far.get(at) })
    }

    /// Sets the quantity at a price, zero to remove the level, and gives the old one.
    ///
    /// # Errors
    /// The level lies beyond the window and there is no place left.
    #[inline]
    pub fn set(&mut self, price: Price, qty: Qty) -> Result<Qty, Full> {
        let at = self.coordinate(price);
        if !self.is_near(at) {
            return self.set_outside(at, qty.0);
        }
        let slot = self.slot(at);
        let old = std::mem::replace(&mut self.window[slot], qty.0);
        if qty.0 != 0 {
            if old == 0 {
                self.mark(slot);
                self.best = self.best.min(at);
            }
        } else if old != 0 {
            self.unmark(slot);
            if at == self.best {
                self.find_best();
            }
        }
        Ok(Qty(old))
    }

    #[inline]
    fn mark(&mut self, slot: usize) {
        self.near += 1;
        self.words[slot / 64] |= 1 << (slot % 64);
        self.summary[slot / 4096] |= 1 << (slot / 64 % 64);
    }

    #[inline]
    fn unmark(&mut self, slot: usize) {
        self.near -= 1;
        self.words[slot / 64] &= !(1 << (slot % 64));
        if self.words[slot / 64] == 0 {
            self.summary[slot / 4096] &= !(1 << (slot / 64 % 64));
        }
    }

    /// After the best level went: the next one, the window moved to it if need be.
    #[inline]
    fn find_best(&mut self) {
        self.best = self.next(self.best).unwrap_or(NONE);
        if self.best == NONE {
            if self.far.len() > 0 {
                self.refill();
            }
        } else if self.best - self.base > self.length() / 2 {
            self.follow();
        }
    }

    /// The first taken coordinate of the window at or behind `from`, which lies in the window.
    #[inline]
    fn next(&self, from: i64) -> Option<i64> {
        let page = from.div_euclid(PAGE);
        let word = self.words[self.slot(from) / 64] & (!0 << from.rem_euclid(PAGE));
        if word != 0 {
            return Some(page * PAGE + i64::from(word.trailing_zeros()));
        }
        self.next_page(page + 1).map(|(page, word)| page * PAGE + i64::from(word.trailing_zeros()))
    }

    /// The first page of the window at or behind `page` that is not empty, and its word.
    fn next_page(&self, mut page: i64) -> Option<(i64, u64)> {
        let end = (self.base + self.length()) / PAGE;
        while page < end {
            let place = self.slot(page * PAGE) / 64;
            let within = place % 64;
            let summary = self.summary[place / 64] >> within;
            if summary != 0 {
                let found = page + i64::from(summary.trailing_zeros());
                // Bits behind the end belong to the window's beginning, around the circle.
                let word = self.words[self.slot(found * PAGE) / 64];
                return (found < end).then_some((found, word));
            }
            page += 64 - i64::try_from(within).expect("below 64");
        }
        None
    }

    /// The deepest taken coordinate of the window.
    fn last_near(&self) -> Option<i64> {
        let mut page = (self.base + self.length()) / PAGE - 1;
        while page >= self.base / PAGE {
            let place = self.slot(page * PAGE) / 64;
            let summary = self.summary[place / 64] << (63 - place % 64);
            if summary != 0 {
                let found = page - i64::from(summary.leading_zeros());
                let word = self.words[self.slot(found * PAGE) / 64];
                let at = found * PAGE + 63 - i64::from(word.leading_zeros());
                return (found >= self.base / PAGE).then_some(at);
            }
            page -= i64::try_from(place % 64).expect("below 64") + 1;
        }
        None
    }

    /// A level in front of the window or beyond it.
    #[cold]
    fn set_outside(&mut self, at: i64, qty: i64) -> Result<Qty, Full> {
        if at >= self.base && self.near > 0 {
            return self.far.set(at, qty).map(Qty).ok_or(Full);
        }
        // In front of the window nothing stands, and in an empty window no level holds the base.
        if qty == 0 {
            return Ok(Qty::ZERO);
        }
        self.rebase(at)?;
        self.set(self.price(at), Qty(qty))
    }

    /// Moves the window so that a new best at `at` has an eighth of it in front.
    fn rebase(&mut self, at: i64) -> Result<(), Full> {
        let base = (at - self.length() / 8).div_euclid(PAGE) * PAGE;
        if self.near > 0 {
            let keep = base + self.length();
            while let Some(last) = self.last_near().filter(|last| *last >= keep) {
                let slot = self.slot(last);
                self.far.set(last, self.window[slot]).ok_or(Full)?;
                self.window[slot] = 0;
                self.unmark(slot);
            }
            if self.near == 0 {
                self.best = NONE;
            }
        }
        self.base = base;
        Ok(())
    }

    /// The window has run empty: it moves to the best of the far levels and takes in its own.
    #[cold]
    fn refill(&mut self) {
        let (page, _) = self.far.page_from(i64::MIN).expect("there are far levels");
        self.base = (page * PAGE - self.length() / 8).div_euclid(PAGE) * PAGE;
        let end = (self.base + self.length()) / PAGE;
        let mut from = page;
        while let Some((page, _)) = self.far.page_from(from).filter(|(page, _)| *page < end) {
            self.take_in(page);
            from = page + 1;
        }
        let (page, word) = self.next_page(page).expect("a page was taken in");
        self.best = page * PAGE + i64::from(word.trailing_zeros());
    }

    /// The touch has drifted into the deeper half: pages in front are empty and leave, far ones
    /// enter.
    #[cold]
    fn follow(&mut self) {
        let target = (self.best - self.length() / 8).div_euclid(PAGE);
        let pages = (target - self.base / PAGE).min(FOLLOW_PAGES);
        for _ in 0..pages {
            let entering = (self.base + self.length()) / PAGE;
            self.base += PAGE;
            if self.far.len() > 0 {
                self.take_in(entering);
            }
        }
    }

    /// Takes a page of far levels into the window, which reaches over it.
    fn take_in(&mut self, page: i64) {
        let Self { far, window, words, summary, near, .. } = self;
        let mask = window.len() - 1;
        far.take_page(page, |at, qty| {
            #[expect(clippy::cast_possible_truncation, reason = "masked to the window's length")]
            let slot = at.cast_unsigned() as usize & mask;
            window[slot] = qty;
            words[slot / 64] |= 1 << (slot % 64);
            summary[slot / 4096] |= 1 << (slot / 64 % 64);
            *near += 1;
        });
    }

    /// Removes the deepest levels until `depth` are left.
    pub fn truncate(&mut self, depth: usize) {
        while self.len() > depth {
            let last = self.far.last().or_else(|| self.last_near()).expect("there are levels");
            let gone = self.set(self.price(last), Qty::ZERO);
            debug_assert!(gone.is_ok_and(|qty| qty != Qty::ZERO));
        }
    }

    /// Removes every level.
    pub fn clear(&mut self) {
        for (place, word) in self.words.iter_mut().enumerate() {
            while *word != 0 {
                self.window[place * 64 + word.trailing_zeros() as usize] = 0;
                *word &= *word - 1;
            }
        }
        self.summary.fill(0);
        self.near = 0;
        self.best = NONE;
        self.far.clear();
    }

    /// The levels from the best on. Beyond the window each step walks the list of far pages: made
    /// for looking at a few.
    #[must_use]
    pub fn iter(&self) -> Levels<'_> {
        Levels { ladder: self, page: 0, word: 0, started: false }
    }

    /// Adds every level, best first: for printing, hashing and snapshots, off the path.
    pub fn collect_into(&self, levels: &mut Vec<Level>) {
        let near = self.iter().take(self.near);
        levels.extend(near.map(|(price, qty)| Level::new(self.side, price, qty)));
        for (at, qty) in self.far.sorted() {
            levels.push(Level::new(self.side, self.price(at), Qty(qty)));
        }
    }
}

/// The levels of a [`Ladder`] from the best on.
#[derive(Debug, Clone)]
pub struct Levels<'a> {
    ladder: &'a Ladder,
    page: i64,
    word: u64,
    started: bool,
}

impl Iterator for Levels<'_> {
    type Item = (Price, Qty);

    #[inline]
    fn next(&mut self) -> Option<(Price, Qty)> {
        let ladder = self.ladder;
        if self.word == 0 {
            let from = if self.started {
                self.page + 1
            } else if ladder.best == NONE {
                return None;
            } else {
                ladder.best.div_euclid(PAGE)
            };
            self.started = true;
            (self.page, self.word) =
                ladder.next_page(from).or_else(|| ladder.far.page_from(from))?;
        }
        let at = self.page * PAGE + i64::from(self.word.trailing_zeros());
        self.word &= self.word - 1;
        let price = ladder.price(at);
        Some((price, ladder.qty(price)))
    }
}
