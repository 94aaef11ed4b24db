//! The first pass over a recording: which instruments it holds, and what their steps are.
//!
//! Only here a scale is inferred: the coarsest power of ten that every price (or quantity) of the
//! instrument is a whole number of. Everything is decoded with a very fine scale first; when a
//! number does not fit it, the pass begins again with a coarser one, or a finer one. The engine
//! never does this: it takes scales from the venue's product list.

use super::replay::{ReplayError, frame_of};
use super::{Kind, Tape};
use crate::event::{Body, Event, Level, OrderAction, Part};
use crate::types::decimal::pow10;
use crate::types::{
    Currency, InstrumentId, InstrumentTable, NumberError, Product, Scale, Symbol, Venue,
};
use crate::venue::decode::{Next, Wrong};
use crate::venue::decoder::VenueDecoder;
use std::path::PathBuf;

/// The steps that the first pass decodes with: 10⁻⁸, and two digits coarser or finer each time a
/// number does not fit.
const DECIMALS: u8 = 8;
const DECIMALS_MAX: u8 = 12;
/// A recorder whose clock is further from the venue's has another idea of time than UTC.
const UTC_WITHIN: i64 = 600_000_000_000;

/// What the first pass found.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The instruments in the order in which they were met, with their scales.
    pub table: InstrumentTable,
    /// By instrument, how many orders were opened: 0 for a book of levels.
    pub orders: Vec<usize>,
    /// Whether the recorder's stamps are UTC, so that they can be held against the venue's.
    pub utc: bool,
}

/// How many digits behind the point the values of an instrument really have.
#[derive(Debug, Clone, Copy, Default)]
struct Digits {
    price: u8,
    qty: u8,
}

/// Why a pass has to begin again.
enum Again {
    Price(NumberError),
    Qty(NumberError),
}

struct Pass {
    venue: Venue,
    price_decimals: u8,
    qty_decimals: u8,
    table: InstrumentTable,
    digits: Vec<Digits>,
    orders: Vec<usize>,
    utc: Option<bool>,
}

/// Passes over the recordings once, or a few times if numbers do not fit.
///
/// # Errors
/// A recording cannot be read, or its numbers span more digits than are kept exactly.
pub fn survey(venue: Venue, paths: &[PathBuf]) -> Result<Survey, ReplayError> {
    let (mut price_decimals, mut qty_decimals) = (DECIMALS, DECIMALS);
    for _ in 0..16 {
        let mut pass = Pass {
            venue,
            price_decimals,
            qty_decimals,
            table: InstrumentTable::new(InstrumentTable::INSTRUMENTS_MAX),
            digits: Vec::new(),
            orders: Vec::new(),
            utc: None,
        };
        let Some(again) = pass.run(paths)? else {
            return pass.finish();
        };
        let (decimals, error) = match again {
            Again::Price(error) => (&mut price_decimals, error),
            Again::Qty(error) => (&mut qty_decimals, error),
        };
        *decimals =
            if error == NumberError::Overflow { decimals.saturating_sub(1) } else { *decimals + 2 };
    }
    Err(ReplayError::Scale { price_decimals, qty_decimals })
}

impl Pass {
    /// Reads everything; says what did not fit.
    fn run(&mut self, paths: &[PathBuf]) -> Result<Option<Again>, ReplayError> {
        let mut tape = Tape::open(paths)?;
        let mut decoders: Vec<_> = paths.iter().map(|_| VenueDecoder::new(self.venue)).collect();
        let mut part = Part::empty();
        while let Some((place, record)) = tape.advance()? {
            let decoder = &mut decoders[place];
            if record.kind == Kind::Up {
                decoder.connected();
            }
            // A message that names a new symbol is read again once the symbol is in the table.
            for _ in 0..64 {
                let Some(frame) = frame_of(self.venue, &record, &self.table) else { break };
                decoder.begin();
                let before = (decoder.counts().malformed, decoder.counts().unknown_symbol);
                let mut seen = Vec::new();
                while decoder.next(&frame, &mut part) == Next::Part {
                    seen.push((part.event, part.levels().to_vec()));
                }
                if decoder.counts().unknown_symbol > before.1
                    && let Some(symbol) = decoder.take_unknown_symbol()
                    && self.add(symbol)
                {
                    continue;
                }
                if decoder.counts().malformed > before.0
                    && let Some(again) = self.misfit(decoder.last_wrong())
                {
                    return Ok(Some(again));
                }
                seen.iter().for_each(|(event, levels)| self.see(event, levels));
                break;
            }
        }
        Ok(None)
    }

    /// Adds an instrument; false if there is no room.
    fn add(&mut self, symbol: Symbol) -> bool {
        let unknown = Currency::new(b"UNKNOWN").expect("a short plain name");
        let product = Product {
            symbol,
            base: unknown,
            quote: unknown,
            tick: Scale::power_of_ten(self.price_decimals),
            lot: Scale::power_of_ten(self.qty_decimals),
            trading: true,
        };
        self.digits.push(Digits::default());
        self.orders.push(0);
        self.table.add(self.venue, &product).is_ok()
    }

    /// A number that another scale may take.
    fn misfit(&self, wrong: Option<Wrong>) -> Option<Again> {
        let Some(Wrong::Number(field, error)) = wrong else { return None };
        let price = field.contains("price");
        let decimals = if price { self.price_decimals } else { self.qty_decimals };
        let fits = match error {
            // Once made finer it is not made coarser again: then the number itself is the fault.
            NumberError::Overflow => (1..=DECIMALS).contains(&decimals),
            NumberError::OffStep => (DECIMALS..DECIMALS_MAX).contains(&decimals),
            _ => false,
        };
        fits.then_some(if price { Again::Price(error) } else { Again::Qty(error) })
    }

    fn see(&mut self, event: &Event, levels: &[Level]) {
        if event.instrument == InstrumentId::ALL {
            return;
        }
        if let Some(offset) = event.clock_offset() {
            self.utc.get_or_insert(offset.0.saturating_abs() < UTC_WITHIN);
        }
        let at = event.instrument.index();
        let (price_decimals, qty_decimals) = (self.price_decimals, self.qty_decimals);
        let mut see = |price: i64, qty: i64| {
            let digits = &mut self.digits[at];
            digits.price = digits.price.max(needed(price, price_decimals, digits.price));
            digits.qty = digits.qty.max(needed(qty, qty_decimals, digits.qty));
        };
        for level in levels {
            see(level.price().0, level.qty().0);
        }
        match event.body {
            Body::Trade(trade) => see(trade.price.0, trade.qty.0),
            Body::Order(order) if order.action == OrderAction::Open => self.orders[at] += 1,
            _ => {}
        }
    }

    /// The same instruments with the scales that were found.
    fn finish(self) -> Result<Survey, ReplayError> {
        let mut table = InstrumentTable::new(InstrumentTable::INSTRUMENTS_MAX);
        for (instrument, digits) in self.table.iter().zip(&self.digits) {
            let product = Product {
                symbol: instrument.symbol,
                base: instrument.base,
                quote: instrument.quote,
                tick: Scale::power_of_ten(digits.price),
                lot: Scale::power_of_ten(digits.qty),
                trading: true,
            };
            table.add(self.venue, &product).expect("as many as in the table it is taken from");
        }
        Ok(Survey { table, orders: self.orders, utc: self.utc.unwrap_or(false) })
    }
}

/// How many of `decimals` digits behind the point the value needs, at least `known`.
fn needed(value: i64, decimals: u8, known: u8) -> u8 {
    let mut need = known;
    while need < decimals && value % pow10(decimals - need) != 0 {
        need += 1;
    }
    need
}
