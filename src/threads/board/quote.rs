//! One instrument as quoting sees it: the touch, our quotes, and why a side is withheld.
//!
//! Not what is held of it: see `holding`.

use crate::engine::book::{Book, BookState};
use crate::engine::quote::{QuoteView as Quoted, Slot};
use crate::event::Stale;
use crate::event::explanation::Withheld;
use crate::threads::view::Words;
use crate::types::{Nanos, Price, Qty, Side};

/// One side of an instrument's market and of our quotes on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SideView {
    /// The best price of the market; nothing is there if `market_qty` is zero.
    pub market: Price,
    /// What is there.
    pub market_qty: Qty,
    /// Our best price at the venue; nothing is there if `own_qty` is zero.
    pub own: Price,
    /// What of ours is there.
    pub own_qty: Qty,
    /// Why we do not quote, as it was decided last.
    pub withheld: Withheld,
    /// The number of what stands behind that.
    pub code: u8,
}

/// One instrument as quoting sees it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct QuoteView {
    /// The last input.
    pub sequence: u64,
    /// Its time.
    pub time: Nanos,
    /// Why the book is stale, if it is.
    pub stale: Option<Stale>,
    /// What the strategy takes it to be worth, in ticks.
    pub fair_value: f64,
    /// Standard deviation of the price in a second, in ticks.
    pub volatility: f64,
    /// Bid and ask.
    pub sides: [SideView; 2],
}

impl SideView {
    /// Nothing there, and nothing decided.
    const NOTHING: Self = Self {
        market: Price(0),
        market_qty: Qty(0),
        own: Price(0),
        own_qty: Qty(0),
        withheld: Withheld::Quoted,
        code: 0,
    };
}

impl QuoteView {
    /// Before the first input.
    pub const NOTHING: Self = Self {
        sequence: 0,
        time: Nanos(0),
        stale: Some(Stale::NoSnapshot),
        fair_value: 0.0,
        volatility: 0.0,
        sides: [SideView::NOTHING; 2],
    };

    /// After the input of this number and time.
    pub(super) fn of((sequence, time): (u64, Nanos), book: &Book, quoted: Quoted<'_>) -> Self {
        let explained = quoted.explanation;
        let mut sides = [SideView::NOTHING; 2];
        for side in Side::BOTH {
            let shown = &mut sides[side.index()];
            if let Some((price, qty)) = book.side(side).best() {
                (shown.market, shown.market_qty) = (price, qty);
            }
            if let Some((price, qty)) = best_own(quoted.slots[side.index()], side) {
                (shown.own, shown.own_qty) = (price, qty);
            }
            if let Some(explained) = explained {
                let explained = explained.sides[side.index()];
                (shown.withheld, shown.code) = (explained.withheld, explained.code);
            }
        }
        Self {
            sequence,
            time,
            stale: match book.state() {
                BookState::Fresh => None,
                BookState::Stale(reason) => Some(reason),
            },
            fair_value: explained.map_or(0.0, |explained| explained.fair_value),
            volatility: explained.map_or(0.0, |explained| explained.volatility),
            sides,
        }
    }
}

impl Words<15> for QuoteView {
    fn to_words(&self) -> [u64; 15] {
        let word = i64::cast_unsigned;
        let [bid, ask] = &self.sides;
        let why = |side: &SideView| u64::from(side.withheld as u8) << 8 | u64::from(side.code);
        let withheld = why(bid) << 16 | why(ask);
        [
            self.sequence,
            word(self.time.0),
            self.stale.map_or(0, |reason| reason as u64 + 1),
            self.fair_value.to_bits(),
            self.volatility.to_bits(),
            withheld,
            word(bid.market.0),
            word(bid.market_qty.0),
            word(bid.own.0),
            word(bid.own_qty.0),
            word(ask.market.0),
            word(ask.market_qty.0),
            word(ask.own.0),
            word(ask.own_qty.0),
            0,
        ]
    }

    fn from_words(words: &[u64; 15]) -> Self {
        let place = |word: u64| usize::try_from(word).expect("a small number");
        let side = |at: usize, why: u64| {
            let [market, market_qty, own, own_qty] =
                std::array::from_fn(|i| words[at + i].cast_signed());
            SideView {
                market: Price(market),
                market_qty: Qty(market_qty),
                own: Price(own),
                own_qty: Qty(own_qty),
                withheld: Withheld::ALL[place(why >> 8 & 0xff)],
                code: why.to_le_bytes()[0],
            }
        };
        Self {
            sequence: words[0],
            time: Nanos(words[1].cast_signed()),
            stale: place(words[2]).checked_sub(1).map(|at| Stale::ALL[at]),
            fair_value: f64::from_bits(words[3]),
            volatility: f64::from_bits(words[4]),
            sides: [side(6, words[5] >> 16), side(10, words[5])],
        }
    }
}

/// The best price of ours at the venue, and what is left there.
fn best_own(slots: &[Slot], side: Side) -> Option<(Price, Qty)> {
    let standing = slots.iter().filter_map(|slot| Some((slot.standing?, slot)));
    let (terms, slot) = standing.max_by_key(|(terms, _)| terms.price.0 * side.sign())?;
    Some((terms.price, Qty(terms.qty - slot.traded)))
}
