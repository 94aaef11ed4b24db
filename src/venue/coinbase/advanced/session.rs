//! Facts of a live session with Coinbase Advanced Trade, public channels only.
//!
//! One channel per subscribe; what is asked for as `level2` arrives as `l2_data`. Idle channels are
//! closed after a minute or so, hence the heartbeats.

use crate::types::{Nanos, Symbol};
use crate::venue::session::facts::{
    Answer, Content, Facts, Ping, Plan, ProductsFacts, Request, WayBack, holds, quoted,
};
use crate::venue::session::pacing::Rate;

const BATCH: usize = 100;

/// Coinbase Advanced Trade.
pub static FACTS: Facts = Facts {
    host: "advanced-trade-ws.coinbase.com",
    products: ProductsFacts {
        host: "api.coinbase.com",
        path: "/api/v3/brokerage/market/products?product_type=SPOT",
    },
    path: |_| Some("/"),
    depths: &[],
    // Our own bound: none is stated, and a first frame holds the whole book of each.
    symbols_max: 200,
    symbol_fits: |symbol| symbol.as_bytes().contains(&b'-'),
    subscribe,
    answer,
    way_back: WayBack::Texts(again),
    connects: Rate::per_second(8),
    messages: Rate::per_second(8),
    pongs_count: false,
    // Heartbeats come every second.
    silence: Nanos::from_seconds(5),
    pong_within: Nanos::from_seconds(5),
    ping: Ping::Frame,
    // The first frame of BTC-USD holds 46,000 levels in 5 MB.
    frame_bytes_max: 32 << 20,
    terminal_codes: &[],
};

fn channels(content: Content) -> &'static [&'static str] {
    match content {
        Content::All => &["level2", "ticker", "market_trades"],
        Content::Books => &["level2", "ticker"],
        Content::Trades => &["market_trades"],
    }
}

fn subscribe(plan: &Plan<'_>) -> Vec<Request> {
    let mut texts = Vec::new();
    for channel in channels(plan.content) {
        for batch in plan.symbols.chunks(BATCH) {
            let names = quoted(batch.iter());
            let head = format!(r#"{{"type":"subscribe","product_ids":[{names}]"#);
            texts.push(Request::new(format!(r#"{head},"channel":"{channel}"}}"#), 1));
        }
    }
    // Nobody waits for this answer: taken alone it would pass for a taken subscription to books.
    let heartbeats = String::from(r#"{"type":"subscribe","channel":"heartbeats"}"#);
    texts.push(Request::new(heartbeats, 0));
    texts
}

fn again(symbol: &Symbol, _depth: u16) -> [String; 2] {
    ["unsubscribe", "subscribe"]
        .map(|verb| format!(r#"{{"type":"{verb}","product_ids":["{symbol}"],"channel":"level2"}}"#))
}

fn answer(frame: &[u8]) -> Answer {
    if holds(frame, r#""channel":"subscriptions""#) {
        Answer::Accepted
    } else if holds(frame, r#""type":"error""#) {
        Answer::Refused
    } else {
        Answer::None
    }
}
