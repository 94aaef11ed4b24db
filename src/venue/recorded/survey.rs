//! The first pass over a recording: which instruments it holds, and what their steps are.
//!
//! Only here a scale is inferred: the coarsest power of ten that every price (or quantity) of the
//! instrument is a whole number of. Everything is decoded with a very fine scale first; when a
//! number does not fit it, the pass begins again with a coarser one, or a finer one. Where the
//! venue's product list is given, its scales are taken instead, as the engine always does.

use super::currencies::of_symbol;
use super::replay::{ReplayError, frame_of};
use super::{Kind, Reader, Tape, played_events};
use crate::event::{Body, Event, Level, OrderAction, Part};
use crate::types::decimal::pow10;
use crate::types::{
    Currency, Instrument, InstrumentId, InstrumentTable, Nanos, NumberError, Price, Product, Scale,
    Symbol, Venue,
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
    /// By instrument, the first price that was seen, if there was one.
    pub prices: Vec<Option<Price>>,
    /// Whether the recorder's stamps are UTC, so that they can be held against the venue's.
    pub utc: bool,
    /// The greatest stamp, if there was one.
    pub last: Nanos,
}

/// What is known of the instruments before the first pass.
#[derive(Debug, Clone)]
pub struct Known {
    /// The instrument of recordings that name none: Bitstamp's log and rows.
    pub unnamed: Symbol,
    /// Products whose scales are taken and not inferred.
    pub products: Vec<Product>,
}

impl Default for Known {
    fn default() -> Self {
        let unnamed = Symbol::new(b"unnamed").expect("a short plain name");
        Self { unnamed, products: Vec::new() }
    }
}

/// How many digits behind the point the values of an instrument really have.
#[derive(Debug, Clone, Copy, Default)]
struct Digits {
    price: u8,
    qty: u8,
    /// The first price, in the pass's steps.
    first: Option<i64>,
    /// The scales are those of a product list, whatever the values are.
    listed: bool,
}

/// Why a pass has to begin again.
enum Again {
    Price(NumberError),
    Qty(NumberError),
}

struct Pass<'a> {
    venue: Venue,
    known: &'a Known,
    price_decimals: u8,
    qty_decimals: u8,
    table: InstrumentTable,
    digits: Vec<Digits>,
    orders: Vec<usize>,
    utc: Option<bool>,
    last: Nanos,
}

/// Passes over the recordings once, or a few times if numbers do not fit.
///
/// # Errors
/// A recording cannot be read, or its numbers span more digits than are kept exactly.
pub fn survey(venue: Venue, paths: &[PathBuf]) -> Result<Survey, ReplayError> {
    survey_with(venue, paths, &Known::default())
}

/// The same with what is known of the instruments. A packed file tells all of that itself.
///
/// # Errors
/// As [`survey`].
pub fn survey_with(venue: Venue, paths: &[PathBuf], known: &Known) -> Result<Survey, ReplayError> {
    if let Some(path) = played_events::packed_of(paths)? {
        return played_events::survey(venue, path);
    }
    agree(venue, paths)?;
    let (mut price_decimals, mut qty_decimals) = (DECIMALS, DECIMALS);
    for _ in 0..16 {
        let mut pass = Pass {
            venue,
            known,
            price_decimals,
            qty_decimals,
            table: InstrumentTable::new(InstrumentTable::INSTRUMENTS_MAX),
            digits: Vec::new(),
            orders: Vec::new(),
            utc: None,
            last: Nanos::UNKNOWN,
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

/// Recordings of our own framing say whose they are: `venue` must be the same.
fn agree(venue: Venue, paths: &[PathBuf]) -> Result<(), ReplayError> {
    for path in paths {
        let mut reader = Reader::open(path)?;
        reader.advance()?;
        if let Some(found) = reader.venue().filter(|found| *found != venue) {
            return Err(ReplayError::Venue { path: path.clone(), found, asked: venue });
        }
    }
    Ok(())
}

/// Whether a recorder whose clock is so far from the venue's has the same idea of time.
pub(super) const fn is_utc(offset: Nanos) -> bool {
    offset.0.saturating_abs() < UTC_WITHIN
}

impl Pass<'_> {
    /// Reads everything; says what did not fit.
    fn run(&mut self, paths: &[PathBuf]) -> Result<Option<Again>, ReplayError> {
        let mut tape = Tape::open(paths)?;
        let mut decoders: Vec<_> = paths.iter().map(|_| VenueDecoder::new(self.venue)).collect();
        let mut part = Part::empty();
        while let Some((place, record)) = tape.advance()? {
            self.last = self.last.max(record.received);
            let decoder = &mut decoders[place];
            if record.kind == Kind::Up {
                decoder.connected();
            }
            let tagged = record.kind == Kind::Received && !record.tag.is_empty();
            if self.venue == Venue::Bitstamp && tagged && self.table.is_empty() {
                self.add(self.known.unnamed);
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
                let last = seen.last().map(|(event, _)| event.instrument);
                if decoder.counts().malformed > before.0
                    && !last.is_some_and(|id| self.is_listed(id))
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
        let listed = self.known.products.iter().find(|product| product.symbol == symbol);
        let unknown = || Currency::new(b"UNKNOWN").expect("a short plain name");
        let (base, quote) = of_symbol(&symbol).unwrap_or_else(|| (unknown(), unknown()));
        let product = listed.copied().unwrap_or_else(|| Product {
            symbol,
            base,
            quote,
            tick: Scale::power_of_ten(self.price_decimals),
            lot: Scale::power_of_ten(self.qty_decimals),
            order_step: Scale::power_of_ten(self.qty_decimals),
            trading: true,
        });
        self.digits.push(Digits { listed: listed.is_some(), ..Digits::default() });
        self.orders.push(0);
        self.table.add(self.venue, &product).is_ok()
    }

    /// Whether the steps of that instrument are the venue's own: a number off them is a fault.
    fn is_listed(&self, id: InstrumentId) -> bool {
        self.digits.get(id.index()).is_some_and(|digits| digits.listed)
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
            self.utc.get_or_insert(is_utc(offset));
        }
        let at = event.instrument.index();
        let (price_decimals, qty_decimals) = (self.price_decimals, self.qty_decimals);
        let mut see = |price: i64, qty: i64| {
            let digits = &mut self.digits[at];
            if price > 0 {
                digits.first.get_or_insert(price);
            }
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
        let mut prices = Vec::new();
        for (instrument, digits) in self.table.iter().zip(&self.digits) {
            let Instrument { symbol, base, quote, tick, lot, order_step, .. } = *instrument;
            let listed = Product { symbol, base, quote, tick, lot, order_step, trading: true };
            let lot = Scale::power_of_ten(digits.qty);
            // A step of the scale that is found is so many of the pass's.
            let steps = if digits.listed { 1 } else { pow10(self.price_decimals - digits.price) };
            prices.push(digits.first.map(|first| Price(first / steps)));
            let product = match digits.listed {
                true => listed,
                false => Product {
                    tick: Scale::power_of_ten(digits.price),
                    lot,
                    order_step: lot,
                    ..listed
                },
            };
            table.add(self.venue, &product).expect("as many as in the table it is taken from");
        }
        let utc = self.utc.unwrap_or(false);
        Ok(Survey { table, orders: self.orders, prices, utc, last: self.last })
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
