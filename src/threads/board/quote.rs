//! An instrument as quoting sees it, for readers off the path, and how that stands in words.

use crate::event::Stale;
use crate::event::explanation::Withheld;
use crate::threads::view::Words;
use crate::types::{Nanos, Price, Qty};

/// One side of an instrument's market and of our quotes on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
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
