//! The levels of one side that lie beyond the ladder's window.
//!
//! Two tables: by coordinate the quantity, by page of 64 coordinates which of them are taken. So a
//! level is found in one probe, and a page that enters the window in one more. Order is needed only
//! when the window has run empty or a reader looks deeper than it: then the list of pages is
//! walked, which its bound makes bounded.

use crate::engine::image::roomy;
use crate::engine::table::Table;
use serde::{Deserialize, Serialize};

/// Coordinates of one page.
pub(super) const PAGE: i64 = 64;

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Page {
    number: i64,
    bits: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Far {
    quantities: Table<i64, i64>,
    /// Place in `pages` by [`page_key`].
    places: Table<i64, u32>,
    #[serde(with = "roomy")]
    pages: Vec<Page>,
    len: usize,
    levels_max: usize,
}

/// Page numbers include zero, keys do not.
#[inline]
const fn page_key(number: i64) -> i64 {
    number * 2 + 1
}

impl Far {
    pub(super) fn new(levels_max: usize) -> Self {
        Self {
            quantities: Table::new(levels_max),
            places: Table::new(levels_max),
            pages: Vec::with_capacity(levels_max),
            len: 0,
            levels_max,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn get(&self, at: i64) -> i64 {
        self.quantities.get(at).unwrap_or(0)
    }

    /// Sets the quantity at a coordinate and gives the old one; nothing if there is no place left.
    pub(super) fn set(&mut self, at: i64, qty: i64) -> Option<i64> {
        if qty == 0 {
            return Some(self.remove(at));
        }
        let old = self.get(at);
        if old == 0 {
            if self.len == self.levels_max {
                return None;
            }
            self.len += 1;
            self.mark(at);
        }
        self.quantities.insert(at, qty);
        Some(old)
    }

    fn remove(&mut self, at: i64) -> i64 {
        let Some(old) = self.quantities.remove(at) else {
            return 0;
        };
        self.len -= 1;
        let number = at.div_euclid(PAGE);
        let place = self.places.get(page_key(number)).expect("a level's page is listed");
        let page = &mut self.pages[place as usize];
        page.bits &= !(1 << at.rem_euclid(PAGE));
        if page.bits == 0 {
            self.unlist(place);
        }
        old
    }

    fn mark(&mut self, at: i64) {
        let number = at.div_euclid(PAGE);
        let bit = 1 << at.rem_euclid(PAGE);
        if let Some(place) = self.places.get(page_key(number)) {
            self.pages[place as usize].bits |= bit;
            return;
        }
        let place = u32::try_from(self.pages.len()).expect("fewer pages than levels");
        self.pages.push(Page { number, bits: bit });
        self.places.insert(page_key(number), place);
    }

    /// Takes a page out of the list; the last one moves to its place.
    fn unlist(&mut self, place: u32) {
        let gone = self.pages.swap_remove(place as usize);
        self.places.remove(page_key(gone.number));
        if let Some(moved) = self.pages.get(place as usize) {
            self.places.insert(page_key(moved.number), place);
        }
    }

    /// Takes a whole page out, level by level.
    pub(super) fn take_page(&mut self, number: i64, mut take: impl FnMut(i64, i64)) {
        let Some(place) = self.places.get(page_key(number)) else {
            return;
        };
        let mut bits = self.pages[place as usize].bits;
        self.unlist(place);
        while bits != 0 {
            let at = number * PAGE + i64::from(bits.trailing_zeros());
            bits &= bits - 1;
            self.len -= 1;
            take(at, self.quantities.remove(at).expect("a marked level has a quantity"));
        }
    }

    /// The lowest page at or above that number, and which of its coordinates are taken.
    pub(super) fn page_from(&self, number: i64) -> Option<(i64, u64)> {
        let pages = self.pages.iter().filter(|page| page.number >= number);
        pages.min_by_key(|page| page.number).map(|page| (page.number, page.bits))
    }

    /// The highest coordinate that is taken.
    pub(super) fn last(&self) -> Option<i64> {
        let page = self.pages.iter().max_by_key(|page| page.number)?;
        Some(page.number * PAGE + 63 - i64::from(page.bits.leading_zeros()))
    }

    /// Every level in order. Allocates: for readers off the path.
    pub(super) fn sorted(&self) -> Vec<(i64, i64)> {
        let mut pages = self.pages.clone();
        pages.sort_unstable_by_key(|page| page.number);
        let mut levels = Vec::with_capacity(self.len);
        for Page { number, mut bits } in pages {
            while bits != 0 {
                let at = number * PAGE + i64::from(bits.trailing_zeros());
                bits &= bits - 1;
                levels.push((at, self.get(at)));
            }
        }
        levels
    }

    pub(super) fn clear(&mut self) {
        // A few levels are taken out one by one; many are faster gone with the whole tables.
        if self.len * 32 < self.levels_max {
            while let Some(page) = self.pages.last() {
                self.take_page(page.number, |_, _| {});
            }
            return;
        }
        self.quantities.clear();
        self.places.clear();
        self.pages.clear();
        self.len = 0;
    }
}
