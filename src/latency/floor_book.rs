//! The shortest book: for each side a plain array of ticks, a bit for each and a bit for each word.
//! It lies where the made session is, which no real book knows, and never moves.

use super::floor_scan::snapshot;
use crate::types::Side;

/// A thousand levels of the made book on either side of the touch, and more.
const TICKS: usize = 1 << 17;
const SPAN: i64 = 1 << 17;
/// The first tick of the arrays, in cents; asks are counted downwards from [`LAST`].
const FIRST: i64 = 6_000_000 - SPAN / 2;
const LAST: i64 = FIRST + SPAN - 1;

/// The best of both sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touch {
    pub(super) bid: i64,
    pub(super) bid_qty: i64,
    pub(super) ask: i64,
    pub(super) ask_qty: i64,
}

/// One side: the best level has the least place.
#[derive(Debug)]
struct Array {
    best: usize,
    quantities: Box<[i64]>,
    words: Box<[u64]>,
    summary: [u64; TICKS / 4096],
}

impl Array {
    fn new() -> Self {
        Self {
            best: TICKS - 1,
            quantities: vec![0; TICKS].into(),
            words: vec![0; TICKS / 64].into(),
            summary: [0; TICKS / 4096],
        }
    }

    #[inline(always)]
    fn set(&mut self, place: usize, qty: i64) {
        self.quantities[place] = qty;
        let (word, bit) = (place / 64, 1 << (place % 64));
        if qty != 0 {
            self.words[word] |= bit;
            self.summary[word / 64] |= 1 << (word % 64);
            self.best = self.best.min(place);
            return;
        }
        self.words[word] &= !bit;
        if self.words[word] == 0 {
            self.summary[word / 64] &= !(1 << (word % 64));
        }
        if self.best == place {
            self.best = self.next(word);
        }
    }

    /// The first level from that word on; one beyond all where there is none.
    #[inline(always)]
    fn next(&self, word: usize) -> usize {
        let mut at = word / 64;
        let mut bits = self.summary[at] & (!0 << (word % 64));
        while bits == 0 {
            at += 1;
            match self.summary.get(at) {
                Some(more) => bits = *more,
                None => return TICKS - 1,
            }
        }
        let word = at * 64 + bits.trailing_zeros() as usize;
        word * 64 + self.words[word].trailing_zeros() as usize
    }
}

/// Both sides.
#[derive(Debug)]
pub(super) struct ArrayBook([Array; 2]);

impl ArrayBook {
    pub(super) fn new() -> Self {
        Self([Array::new(), Array::new()])
    }

    /// Takes the snapshot of the made session.
    pub(super) fn open(&mut self, bytes: &[u8]) {
        snapshot(bytes, |side, price, qty| self.set(side, price, qty));
    }

    #[inline(always)]
    pub(super) fn set(&mut self, side: Side, price: i64, qty: i64) {
        let place = match side {
            Side::Bid => LAST - price,
            Side::Ask => price - FIRST,
        };
        let place = usize::try_from(place).expect("a price of the made session");
        self.0[side.index()].set(place, qty);
    }

    #[inline(always)]
    pub(super) fn touch(&self) -> Touch {
        let [bids, asks] = &self.0;
        Touch {
            bid: LAST - bids.best.cast_signed() as i64,
            bid_qty: bids.quantities[bids.best],
            ask: FIRST + asks.best.cast_signed() as i64,
            ask_qty: asks.quantities[asks.best],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_touch_is_that_of_a_sorted_map() {
        let mut book = ArrayBook::new();
        let mut maps = [std::collections::BTreeMap::new(), std::collections::BTreeMap::new()];
        let mut seed = 7_u64;
        for step in 0..20_000_i64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let away = 1 + i64::try_from(seed >> 33).unwrap() % 300;
            let side = Side::BOTH[usize::try_from(seed >> 20 & 1).unwrap()];
            let price = 6_000_000 - side.sign() * away;
            let qty = if seed >> 21 & 1 == 0 { 0 } else { step + 1 };
            book.set(side, price, qty);
            let map = &mut maps[side.index()];
            if qty == 0 {
                map.remove(&price)
            } else {
                map.insert(price, qty)
            };
            let touch = book.touch();
            if let (Some(bid), Some(ask)) = (maps[0].last_key_value(), maps[1].first_key_value()) {
                let found = (touch.bid, touch.bid_qty, touch.ask, touch.ask_qty);
                assert_eq!(found, (*bid.0, *bid.1, *ask.0, *ask.1));
            }
        }
    }
}
