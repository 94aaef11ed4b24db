//! Recordings played through `Replay` and through the tool, for the tests that compare books.
//!
//! What is right is not known here: each test brings its own figures.

use crate::data;
use pinnaclemm::engine::book::Top;
use pinnaclemm::event::{Body, Event, Level, Shape};
use pinnaclemm::types::{Currency, InstrumentTable, Product, Qty, Scale, Side, Symbol, Venue};
use pinnaclemm::venue::recorded::replay::Replay;
use pinnaclemm::venue::recorded::report::report;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// The files of a recording, or nothing if one of them is absent.
pub(crate) fn paths(names: &[&str]) -> Option<Vec<PathBuf>> {
    names.iter().map(|name| data::path(name)).collect()
}

/// A replay at the beginning of the recording, with the scales that its numbers have.
pub(crate) fn open(venue: Venue, names: &[&str]) -> Option<Replay> {
    Some(Replay::open(venue, &paths(names)?).expect("a recording of the venue"))
}

/// The same, played to its end.
pub(crate) fn play(venue: Venue, names: &[&str]) -> Option<Replay> {
    let mut replay = open(venue, names)?;
    replay.run(|_, _, _| {}).expect("a whole recording");
    Some(replay)
}

/// All that a replay has to tell, as a program would read it.
pub(crate) fn told(replay: &Replay) -> Value {
    serde_json::to_value(report(replay, 0)).expect("plain text and counts")
}

/// What the tool prints of the recording.
pub(crate) fn printed(venue: Venue, names: &[&str]) -> Option<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-tape"))
        .args(["book", "--depth", "0", "--venue", venue.name()])
        .args(paths(names)?)
        .output()
        .expect("the tool can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("the tool prints JSON"))
}

/// A JSON document among the recordings.
pub(crate) fn document(name: &str) -> Option<Value> {
    let bytes = std::fs::read(data::path(name)?).expect("it can be read");
    Some(serde_json::from_slice(&bytes).expect("it is JSON"))
}

/// A number without the zeros that do not change it, from text or from a JSON number. The shortest
/// text of a double is the number that was written as long as that had at most 15 digits.
pub(crate) fn plain(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    assert!(!text.contains('e') && (value.is_string() || digits <= 15), "{text}");
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text,
    }
}

/// The first `count` levels of a side as plain numbers.
pub(crate) fn rows(side: &Value, count: usize) -> Vec<[String; 2]> {
    let rows = side.as_array().expect("a list of levels").iter().take(count);
    rows.map(|row| [plain(&row[0]), plain(&row[1])]).collect()
}

/// The best bid and ask as the venue published them in that event.
pub(crate) fn top_of(event: &Event, levels: &[Level]) -> Option<Top> {
    let Body::Levels(head) = event.body else { return None };
    if head.shape != Shape::Top {
        return None;
    }
    let of = |side: Side| levels.iter().find(|level| level.side() == side);
    let (bid, ask) = (of(Side::Bid)?, of(Side::Ask)?);
    let qty = |level: &Level| Qty(level.qty().lots());
    Some(Top { bid: bid.price(), bid_qty: qty(bid), ask: ask.price(), ask_qty: qty(ask) })
}

/// Instruments with ticks and lots of so many digits behind the point.
pub(crate) fn table(venue: Venue, symbols: &[&str], tick: u8, lot: u8) -> InstrumentTable {
    let mut table = InstrumentTable::new(symbols.len());
    for symbol in symbols {
        let lot = Scale::power_of_ten(lot);
        let product = Product {
            symbol: Symbol::new(symbol.as_bytes()).expect("a short name"),
            base: Currency::new(b"BASE").expect("a short name"),
            quote: Currency::new(b"QUOTE").expect("a short name"),
            tick: Scale::power_of_ten(tick),
            lot,
            order_step: lot,
            trading: true,
        };
        table.add(venue, &product).expect("each symbol once");
    }
    table
}
