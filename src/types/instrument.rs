//! Instruments: what is traded where, and what a tick and a lot of it are worth.
//!
//! An id is given once per (venue, symbol), in the order of arrival, and never changes or returns.
//! Scales come from the venue's product list; only the tape reader infers them.

use super::name::{ends, same};
use super::{Currency, Scale, Symbol, Venue};
use serde::{Deserialize, Serialize};

/// The number of an instrument: its place in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct InstrumentId(pub u16);

impl InstrumentId {
    /// Stands for every instrument of the connection: a fault that cannot be laid to one of them.
    pub const ALL: Self = Self(u16::MAX);

    /// The place in tables kept by instrument.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One line of a venue's product list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Product {
    /// The venue's name for it.
    pub symbol: Symbol,
    /// What is bought and sold; a quantity counts it.
    pub base: Currency,
    /// What it is paid in; a price counts it.
    pub quote: Currency,
    /// One price step.
    pub tick: Scale,
    /// One quantity step.
    pub lot: Scale,
    /// The step that quantities of our orders must keep; the book's lots may be finer.
    pub order_step: Scale,
    /// Whether the venue says that it trades now.
    pub trading: bool,
}

/// A product that has its id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Instrument {
    /// Its place in the table.
    pub id: InstrumentId,
    /// Where it trades.
    pub venue: Venue,
    /// The venue's name for it.
    pub symbol: Symbol,
    /// What a quantity counts.
    pub base: Currency,
    /// What a price counts.
    pub quote: Currency,
    /// One price step.
    pub tick: Scale,
    /// One quantity step.
    pub lot: Scale,
    /// The step that quantities of our orders must keep; the book's lots may be finer.
    pub order_step: Scale,
}

/// Why a product gets no id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableError {
    /// There is one of that venue and symbol.
    Duplicate(InstrumentId),
    /// All places are taken.
    Full {
        /// How many places there are.
        instruments_max: usize,
    },
}

impl std::fmt::Display for TableError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Duplicate(id) => write!(f, "the instrument stands in the table as {}", id.0),
            Self::Full { instruments_max } => {
                write!(f, "the table is full with {instruments_max} instruments")
            }
        }
    }
}

impl std::error::Error for TableError {}

/// All instruments by id and by name. Only ever grows.
#[derive(Debug, Clone)]
pub struct InstrumentTable {
    instruments: Vec<Instrument>,
    /// Open addressing over the names: a place in `instruments` plus one, or zero.
    slots: Vec<u16>,
    instruments_max: usize,
}

impl InstrumentTable {
    /// The most instruments a table can be made for.
    pub const INSTRUMENTS_MAX: usize = 4096;

    /// An empty table with room for `instruments_max`.
    ///
    /// # Panics
    /// `instruments_max` is zero or above [`Self::INSTRUMENTS_MAX`]: the config has checked it.
    #[must_use]
    pub fn new(instruments_max: usize) -> Self {
        assert!((1..=Self::INSTRUMENTS_MAX).contains(&instruments_max));
        Self {
            instruments: Vec::with_capacity(instruments_max),
            slots: vec![0; (instruments_max * 4).next_power_of_two()],
            instruments_max,
        }
    }

    /// Gives the product the next id.
    ///
    /// # Errors
    /// It has one already, or no place is left.
    pub fn add(&mut self, venue: Venue, product: &Product) -> Result<InstrumentId, TableError> {
        let mut slot = self.home(venue, product.symbol.as_bytes());
        while let Some(held) = self.slots[slot].checked_sub(1) {
            let held = &self.instruments[usize::from(held)];
            if held.venue == venue && held.symbol == product.symbol {
                return Err(TableError::Duplicate(held.id));
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        if self.instruments.len() == self.instruments_max {
            return Err(TableError::Full { instruments_max: self.instruments_max });
        }
        let number = u16::try_from(self.instruments.len()).expect("at most 4096 instruments");
        let id = InstrumentId(number);
        let Product { symbol, base, quote, tick, lot, order_step, .. } = *product;
        self.instruments.push(Instrument { id, venue, symbol, base, quote, tick, lot, order_step });
        self.slots[slot] = number + 1;
        Ok(id)
    }

    /// The instrument of that name.
    #[inline(always)]
    #[must_use]
    pub fn lookup(&self, venue: Venue, symbol: &[u8]) -> Option<&Instrument> {
        let mut slot = self.home(venue, symbol);
        while let Some(held) = self.slots[slot].checked_sub(1) {
            let held = &self.instruments[usize::from(held)];
            if same(held.symbol.as_bytes(), symbol) && held.venue == venue {
                return Some(held);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        None
    }

    /// The instrument of that id, if there is one.
    #[inline]
    #[must_use]
    pub fn at(&self, id: InstrumentId) -> Option<&Instrument> {
        self.instruments.get(id.index())
    }

    /// The instrument of that id.
    ///
    /// # Panics
    /// The id is not of this table: our own fault.
    #[inline]
    #[must_use]
    pub fn get(&self, id: InstrumentId) -> &Instrument {
        &self.instruments[id.index()]
    }

    /// All instruments in the order of their ids.
    pub fn iter(&self) -> std::slice::Iter<'_, Instrument> {
        self.instruments.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.instruments.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.instruments.is_empty()
    }

    /// Where the search for a name begins: its first and last eight bytes, its length and venue.
    #[inline(always)]
    fn home(&self, venue: Venue, symbol: &[u8]) -> usize {
        let (head, tail) = ends(symbol);
        let mixed = (head ^ tail.rotate_left(29))
            .wrapping_add(symbol.len() as u64 * 8 + venue as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (mixed >> 40) as usize;
        place & (self.slots.len() - 1)
    }
}

impl<'a> IntoIterator for &'a InstrumentTable {
    type Item = &'a Instrument;
    type IntoIter = std::slice::Iter<'a, Instrument>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(symbol: Symbol) -> Product {
        let (name, scale) = (Currency::new(b"X").unwrap(), Scale::power_of_ten(0));
        Product {
            symbol,
            base: name,
            quote: name,
            tick: scale,
            lot: scale,
            order_step: scale,
            trading: true,
        }
    }

    #[test]
    fn names_of_every_length_are_found_and_no_others() {
        let mut table = InstrumentTable::new(64);
        let text = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
        for length in 1..=text.len() {
            let symbol = Symbol::new(&text[..length]).unwrap();
            let product = product(symbol);
            let id = table.add(Venue::Kraken, &product).unwrap();
            assert_eq!(table.add(Venue::Kraken, &product), Err(TableError::Duplicate(id)));
        }
        for length in 1..=text.len() {
            let mut query = text[..length].to_vec();
            let found = table.lookup(Venue::Kraken, &query).map(|i| i.id.index());
            assert_eq!(found, Some(length - 1));
            assert!(table.lookup(Venue::Bitstamp, &query).is_none());
            for at in 0..length {
                query[at] ^= 0x20;
                assert!(table.lookup(Venue::Kraken, &query).is_none(), "{length} {at}");
                query[at] ^= 0x20;
            }
        }
        assert!(table.lookup(Venue::Kraken, b"").is_none());
    }

    #[test]
    fn a_full_table_says_so() {
        let mut table = InstrumentTable::new(1);
        let [a, b] = [b"A", b"B"].map(|symbol| product(Symbol::new(symbol).unwrap()));
        assert_eq!(table.add(Venue::Kraken, &a), Ok(InstrumentId(0)));
        let full = Err(TableError::Full { instruments_max: 1 });
        assert_eq!(table.add(Venue::Kraken, &b), full);
    }
}
