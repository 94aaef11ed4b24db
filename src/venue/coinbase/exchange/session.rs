//! Facts of a live session with Coinbase Exchange, public channels only.
//!
//! `level2_batch` carries what `level2` does, in batches of 50 ms, and needs no key. The venue cuts
//! a connection that has not subscribed within 5 s: the session sends its first text in the turn in
//! which the connection opens.

use crate::types::{Nanos, Symbol};
use crate::venue::session::facts::{
    Answer, Content, Facts, Ping, Plan, ProductsFacts, Request, WayBack, holds, quoted,
};
use crate::venue::session::pacing::Rate;

/// Names in one text; the venue drops a client whose message is "too big" without saying how big.
const BATCH: usize = 100;

/// Coinbase Exchange.
pub static FACTS: Facts = Facts {
    host: "ws-feed.exchange.coinbase.com",
    products: ProductsFacts { host: "api.exchange.coinbase.com", path: "/products" },
    path: |_| Some("/"),
    depths: &[],
    // Our own bound: the venue counts subscriptions per product and channel only.
    symbols_max: 500,
    symbol_fits: |symbol| symbol.as_bytes().contains(&b'-'),
    subscribe,
    answer,
    way_back: WayBack::Texts(again),
    connects: Rate::per_second(8),
    messages: Rate::per_second(100),
    pongs_count: false,
    // The heartbeat channel speaks every second.
    silence: Nanos::from_seconds(5),
    pong_within: Nanos::from_seconds(5),
    ping: Ping::Frame,
    frame_bytes_max: 32 << 20,
    terminal_codes: &[],
};

fn channels(content: Content) -> &'static str {
    match content {
        Content::All => r#""level2_batch","ticker","matches","heartbeat""#,
        Content::Books => r#""level2_batch","ticker","heartbeat""#,
        Content::Trades => r#""matches","heartbeat""#,
    }
}

fn subscribe(plan: &Plan<'_>) -> Vec<Request> {
    let channels = channels(plan.content);
    let mut texts: Vec<_> = plan
        .symbols
        .chunks(BATCH)
        .map(|batch| {
            let names = quoted(batch.iter());
            let head = format!(r#"{{"type":"subscribe","product_ids":[{names}]"#);
            Request::new(format!(r#"{head},"channels":[{channels}]}}"#), 1)
        })
        .collect();
    // The list of products and their states is of no product. Nobody waits for its answer: taken
    // alone it would pass for a taken subscription to books that were refused.
    let status = String::from(r#"{"type":"subscribe","channels":["status"]}"#);
    texts.push(Request::new(status, 0));
    texts
}

fn again(symbol: &Symbol, _depth: u16) -> [String; 2] {
    // A second subscribe to a live channel only repeats the list; the snapshot needs a fresh start.
    ["unsubscribe", "subscribe"].map(|verb| {
        format!(r#"{{"type":"{verb}","product_ids":["{symbol}"],"channels":["level2_batch"]}}"#)
    })
}

fn answer(frame: &[u8]) -> Answer {
    if holds(frame, r#""type":"subscriptions""#) {
        Answer::Accepted
    } else if holds(frame, r#""type":"error""#) {
        Answer::Refused
    } else {
        Answer::None
    }
}
