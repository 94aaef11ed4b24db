//! Facts of a live session with Kraken spot, protocol v2, public channels only.
//!
//! A subscribe to several symbols is answered once a symbol. Status and heartbeat come unasked.

use crate::types::{Nanos, Symbol};
use crate::venue::session::facts::{
    Answer, Facts, Ping, Plan, ProductsFacts, Request, WayBack, holds, quoted,
};
use crate::venue::session::pacing::Rate;

const BATCH: usize = 50;

/// Kraken spot, v2.
pub static FACTS: Facts = Facts {
    host: "ws.kraken.com",
    products: ProductsFacts { host: "api.kraken.com", path: "/0/public/AssetPairs" },
    path: |_| Some("/v2"),
    depths: &[10, 25, 100, 500, 1000],
    // The venue's bound for its order-by-order channel; none is stated for this one.
    symbols_max: 200,
    symbol_fits: |symbol| symbol.as_bytes().contains(&b'/'),
    subscribe,
    answer,
    way_back: WayBack::Texts(again),
    // Above it the address is banned for ten minutes.
    connects: Rate { count: 150, per: Nanos::from_seconds(600) },
    // Our own bound: none is stated for public channels.
    messages: Rate::per_second(10),
    pongs_count: false,
    silence: Nanos::from_seconds(5),
    pong_within: Nanos::from_seconds(5),
    ping: Ping::Text(r#"{"method":"ping"}"#),
    frame_bytes_max: 16 << 20,
    terminal_codes: &[1008],
};

fn subscribe(plan: &Plan<'_>) -> Vec<Request> {
    let mut texts = Vec::new();
    for batch in plan.symbols.chunks(BATCH) {
        let names = quoted(batch.iter());
        let answers = u32::try_from(batch.len()).expect("at most a batch");
        let mut push = |channel: &str, more: &str| {
            let params = format!(r#"{{"channel":"{channel}","symbol":[{names}]{more}}}"#);
            texts.push(Request::new(
                format!(r#"{{"method":"subscribe","params":{params}}}"#),
                answers,
            ));
        };
        if plan.content.books() {
            push("book", &format!(r#","depth":{}"#, plan.depth));
            // By every change of the top, not by trades only: it checks the book.
            push("ticker", r#","event_trigger":"bbo""#);
        }
        if plan.content.trades() {
            push("trade", "");
        }
    }
    texts
}

fn again(symbol: &Symbol, depth: u16) -> [String; 2] {
    // Without the depth the unsubscribe means the default depth, and is refused.
    let params = format!(r#"{{"channel":"book","symbol":["{symbol}"],"depth":{depth}}}"#);
    ["unsubscribe", "subscribe"].map(|verb| format!(r#"{{"method":"{verb}","params":{params}}}"#))
}

fn answer(frame: &[u8]) -> Answer {
    if holds(frame, r#""method":"pong""#) {
        Answer::Pong
    } else if !holds(frame, r#""method":"subscribe""#) {
        Answer::None
    } else if holds(frame, r#""success":true"#) {
        Answer::Accepted
    } else {
        Answer::Refused
    }
}
