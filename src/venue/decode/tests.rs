//! `check(grammar, table, lines)`: what a grammar makes of messages, as text.
//!
//! A case is a message and the lines that it must become. Each message is read twice, by hand and
//! generally, and the two must give the same parts; so each case is a differential test as well.

use super::{Decoder, Frame, Grammar, Next, Origin, Part, Surprise};
use crate::event::{Body, Event, Level, PART_LEVELS_MAX, Shape};
use crate::types::{Currency, InstrumentTable, Nanos, Product, Scale, Symbol, Venue};
use std::fmt::Write as _;

/// A table of instruments with ticks of 0.01 and lots of 10⁻⁸, unless `SYMBOL tick lot` says else.
pub(crate) fn table(venue: Venue, products: &[&str]) -> InstrumentTable {
    let mut table = InstrumentTable::new(16);
    for line in products {
        let mut words = line.split(' ');
        let symbol = Symbol::new(words.next().unwrap().as_bytes()).unwrap();
        let mut scale =
            |default: &str| Scale::parse(words.next().unwrap_or(default).as_bytes()).unwrap();
        let (tick, lot) = (scale("0.01"), scale("1e-8"));
        let base = Currency::new(b"BASE").unwrap();
        let quote = Currency::new(b"QUOTE").unwrap();
        let order_step = lot;
        let product = Product { symbol, base, quote, tick, lot, order_step, trading: true };
        table.add(venue, &product).unwrap();
    }
    table
}

/// All parts of one frame.
pub(crate) fn parts_of<G: Grammar>(
    decoder: &mut Decoder<G>,
    frame: &Frame<'_>,
) -> Vec<(Event, Vec<Level>)> {
    let mut part = Part::empty();
    let mut all = Vec::new();
    decoder.begin();
    while decoder.next(frame, &mut part) == Next::Part {
        all.push((part.event, part.levels().to_vec()));
    }
    all
}

/// A part as one line: what a reader of a test wants to see of it.
pub(crate) fn line(table: &InstrumentTable, event: &Event, levels: &[Level]) -> String {
    let mut text = String::new();
    let instrument = table.iter().find(|i| i.id == event.instrument);
    let name = instrument.map_or("*", |i| i.symbol.as_str());
    match event.body {
        Body::Levels(head) => {
            let shape = match head.shape {
                Shape::Snapshot => "snapshot",
                Shape::Update => "update",
                Shape::Top => "top",
            };
            write!(text, "{name} {shape}").unwrap();
            let (follows, id) = (head.follows, head.id);
            if (follows, id) != (0, 0) {
                write!(text, " {follows}->{id}").unwrap();
            }
            if !head.first {
                text.push_str(" more");
            }
            if !head.last {
                text.push_str(" open");
            }
            if let Some(sum) = head.checksum {
                let decimals = (sum.price_decimals, sum.qty_decimals);
                write!(text, " crc {} {decimals:?}", sum.crc()).unwrap();
            }
        }
        Body::Order(order) => {
            let key = order.key;
            write!(text, "{name} {:?} {:x}:{:x}", order.action, key.high, key.low).unwrap();
            let id = order.id;
            write!(text, " id {id}").unwrap();
            for (set, word) in [(order.snapshot, " snapshot"), (order.first, " first")] {
                text.push_str(if set { word } else { "" });
            }
        }
        Body::Trade(trade) => {
            let (tick, lot) = instrument.map(|i| (i.tick, i.lot)).unwrap();
            let (price, qty, id) = (trade.price, trade.qty, trade.id);
            let (price, qty) = (tick.text(price.0), lot.text(qty.0));
            let history = if trade.history { " history" } else { "" };
            let side = trade.aggressor.name();
            write!(text, "{name} trade {id} {side} {qty} @ {price}{history}").unwrap();
        }
        Body::Heartbeat { id, trade_id } => {
            write!(text, "{name} heartbeat {id} {trade_id}").unwrap()
        }
        Body::Subscribed { depth: 0 } => write!(text, "{name} Subscribed").unwrap(),
        Body::Fault(stale) => write!(text, "{name} fault {}", stale.name()).unwrap(),
        other => write!(text, "{name} {other:?}").unwrap(),
    }
    for level in levels {
        let (tick, lot) = instrument.map(|i| (i.tick, i.lot)).unwrap();
        let (price, qty) = (tick.text(level.price().0), lot.text(level.qty().0));
        write!(text, " | {} {price} {qty}", level.side().name()).unwrap();
    }
    if event.venue_time.is_known() {
        write!(text, " at {}", event.venue_time.0).unwrap();
    }
    text
}

/// Reads each message by hand and generally; both must give the expected lines. Returns how many
/// messages were left to the general reading.
pub(crate) fn check<G: Grammar>(
    make: impl Fn() -> G,
    table: &InstrumentTable,
    cases: &[(&str, &[&str])],
) -> u64 {
    let (mut fast, mut general) = (Decoder::new(make()), Decoder::new(make()).generally());
    for (message, expected) in cases {
        let origin = Origin::stream(Nanos(7));
        let frame = Frame { bytes: message.as_bytes(), origin, table };
        for decoder in [&mut fast, &mut general] {
            let parts = parts_of(decoder, &frame);
            let lines: Vec<_> = parts.iter().map(|(e, l)| line(table, e, l)).collect();
            assert_eq!(lines, *expected, "{message}\n{:?}", decoder.last_wrong());
            assert!(parts.iter().all(|(event, _)| event.received == Nanos(7)));
        }
    }
    assert_eq!(fast.counts().kinds, general.counts().kinds);
    fast.counts().surprises
}

/// A grammar that scans any length of `*` as levels and then meets a surprise.
struct Stars {
    at: usize,
}

impl Grammar for Stars {
    fn connected(&mut self) {}
    fn begin(&mut self) {
        self.at = 0;
    }
    fn scan(&mut self, frame: &Frame<'_>, part: &mut Part) -> Result<super::Scanned, Surprise> {
        let rest = &frame.bytes[self.at..];
        let stars = rest.iter().take_while(|b| **b == b'*').count().min(PART_LEVELS_MAX);
        self.at += stars;
        part.event.body = Body::Heartbeat { id: self.at as u64, trade_id: 0 };
        if stars == PART_LEVELS_MAX { Ok(super::Scanned::Part) } else { Err(Surprise) }
    }
    fn walk(
        &mut self,
        _: &Frame<'_>,
        _: super::Value<'_, '_>,
        _: &mut super::Parts,
    ) -> Result<super::Kind, super::Wrong> {
        unreachable!("stars are no JSON")
    }
    fn culprit(&self, _: &Frame<'_>) -> crate::types::InstrumentId {
        crate::types::InstrumentId(3)
    }
}

#[test]
fn what_is_found_broken_in_the_middle_ends_in_a_fault() {
    let table = table(Venue::Kraken, &[]);
    let mut decoder = Decoder::new(Stars { at: 0 });
    let bytes = [b'*'; 2 * PART_LEVELS_MAX + 3];
    let frame = Frame { bytes: &bytes, origin: Origin::stream(Nanos(1)), table: &table };
    let parts = parts_of(&mut decoder, &frame);
    let bodies: Vec<_> = parts.iter().map(|(event, _)| event.body).collect();
    assert_eq!(
        bodies,
        [
            Body::Heartbeat { id: 28, trade_id: 0 },
            Body::Heartbeat { id: 56, trade_id: 0 },
            Body::Fault(crate::event::Stale::Malformed),
        ]
    );
    assert_eq!(decoder.counts().malformed, 1);
    assert_eq!(decoder.last_wrong(), Some(super::Wrong::Json));
}
