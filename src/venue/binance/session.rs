//! Facts of a live session with Binance, spot and USD-M futures, public streams only.
//!
//! Streams are asked for by `SUBSCRIBE` on the combined endpoint, so that every frame names its
//! stream and a thousand streams need no URL of 25 kB. A book starts from a REST snapshot; the
//! venue never sends one itself. USD-M carries books and trades on different paths, hence on
//! different connections: on the wrong one a stream is accepted and stays silent.

use crate::types::Nanos;
use crate::venue::session::facts::{
    Answer, Content, Facts, Ping, Plan, ProductsFacts, Request, RestFacts, WayBack, holds, quoted,
};
use crate::venue::session::pacing::Rate;

/// Streams in one text.
const BATCH: usize = 100;

const BASE: Facts = Facts {
    host: "stream.binance.com",
    products: ProductsFacts { host: "api.binance.com", path: "/api/v3/exchangeInfo" },
    path: |_| Some("/stream"),
    depths: &[5, 10, 20, 50, 100, 500, 1000, 5000],
    // 1024 streams on a connection, three a symbol.
    symbols_max: 341,
    symbol_fits: |symbol| {
        symbol.as_bytes().iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
    },
    subscribe: |plan| subscribe(plan, "trade"),
    answer,
    way_back: WayBack::Rest(&SPOT_REST),
    connects: Rate { count: 300, per: Nanos::from_seconds(300) },
    messages: Rate::per_second(5),
    pongs_count: true,
    // Quiet streams are silent between the server's pings (20 s, 3 min); so ask early.
    silence: Nanos::from_seconds(10),
    pong_within: Nanos::from_seconds(10),
    ping: Ping::Frame,
    frame_bytes_max: 16 << 20,
    terminal_codes: &[],
};

/// Binance spot.
pub static SPOT: Facts = BASE;

/// Binance USD-M futures.
pub static USDM: Facts = Facts {
    host: "fstream.binance.com",
    products: ProductsFacts { host: "fapi.binance.com", path: "/fapi/v1/exchangeInfo" },
    path: |content| match content {
        Content::Books => Some("/public/stream"),
        Content::Trades => Some("/market/stream"),
        Content::All => None,
    },
    depths: &[5, 10, 20, 50, 100, 500, 1000],
    subscribe: |plan| subscribe(plan, "aggTrade"),
    way_back: WayBack::Rest(&USDM_REST),
    messages: Rate::per_second(10),
    ..BASE
};

static SPOT_REST: RestFacts = RestFacts {
    host: "api.binance.com",
    path: |symbol, depth| format!("/api/v3/depth?symbol={symbol}&limit={depth}"),
    weight: |depth| match depth {
        0..=100 => 5,
        101..=500 => 25,
        501..=1000 => 50,
        _ => 250,
    },
    // Half of the address's 6000: the other half is for whoever else lives at this address.
    limit: Rate { count: 3000, per: Nanos::from_seconds(60) },
};

static USDM_REST: RestFacts = RestFacts {
    host: "fapi.binance.com",
    path: |symbol, depth| format!("/fapi/v1/depth?symbol={symbol}&limit={depth}"),
    weight: |depth| match depth {
        0..=50 => 2,
        51..=100 => 5,
        101..=500 => 10,
        _ => 20,
    },
    limit: Rate { count: 1200, per: Nanos::from_seconds(60) },
};

fn subscribe(plan: &Plan<'_>, trades: &str) -> Vec<Request> {
    let mut streams = Vec::new();
    for symbol in plan.symbols {
        let name = symbol.as_str().to_ascii_lowercase();
        if plan.content.books() {
            streams.push(format!("{name}@depth@100ms"));
            streams.push(format!("{name}@bookTicker"));
        }
        if plan.content.trades() {
            streams.push(format!("{name}@{trades}"));
        }
    }
    streams
        .chunks(BATCH)
        .zip(1..)
        .map(|(batch, id)| {
            let params = quoted(batch.iter());
            let text = format!(r#"{{"method":"SUBSCRIBE","params":[{params}],"id":{id}}}"#);
            Request::new(text, 1)
        })
        .collect()
}

fn answer(frame: &[u8]) -> Answer {
    // Data always names its stream; an answer never does.
    if holds(frame, r#""stream":"#) {
        Answer::None
    } else if holds(frame, r#""result":null"#) {
        Answer::Accepted
    } else if holds(frame, r#""error":"#) || holds(frame, r#""code":"#) {
        Answer::Refused
    } else {
        Answer::None
    }
}
