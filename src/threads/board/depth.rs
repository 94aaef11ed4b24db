//! The levels near the touch as readers off the path see them.

use crate::engine::book::Book;
use crate::threads::view::Words;
use crate::types::{Price, Qty, Side};

/// Levels of each side that are shown.
pub const DEPTH_LEVELS: usize = 10;

/// Best first; a level without quantity is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DepthView {
    /// Bids and asks.
    pub sides: [[(Price, Qty); DEPTH_LEVELS]; 2],
}

impl DepthView {
    pub(super) fn of(book: &Book) -> Self {
        let mut view = Self::default();
        for side in Side::BOTH {
            let levels = book.side(side).iter();
            for (place, level) in view.sides[side.index()].iter_mut().zip(levels) {
                *place = level;
            }
        }
        view
    }
}

impl Words<{ 4 * DEPTH_LEVELS }> for DepthView {
    fn to_words(&self) -> [u64; 4 * DEPTH_LEVELS] {
        let mut words = [0; 4 * DEPTH_LEVELS];
        let (places, _) = words.as_chunks_mut::<2>();
        for (place, (price, qty)) in places.iter_mut().zip(self.sides.iter().flatten()) {
            *place = [price.0.cast_unsigned(), qty.0.cast_unsigned()];
        }
        words
    }

    fn from_words(words: &[u64; 4 * DEPTH_LEVELS]) -> Self {
        let places = words.as_chunks::<2>().0;
        let level = |at: usize| {
            let [price, qty] = places[at];
            (Price(price.cast_signed()), Qty(qty.cast_signed()))
        };
        Self {
            sides: std::array::from_fn(|side| {
                std::array::from_fn(|at| level(side * DEPTH_LEVELS + at))
            }),
        }
    }
}
