//! What differs between the venues, as one table of facts a venue.
//!
//! The facts stand in `venue/<venue>/session.rs`; the session knows no venue by name but here.

use std::fmt::Write as _;

use super::pacing::Rate;
use crate::types::{Nanos, Symbol, Venue};

/// What a connection carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// Books, tops and trades.
    All,
    /// Books and tops only.
    Books,
    /// Trades only.
    Trades,
}

impl Content {
    /// Whether books are in it.
    #[must_use]
    pub const fn books(self) -> bool {
        matches!(self, Self::All | Self::Books)
    }

    /// Whether trades are in it.
    #[must_use]
    pub const fn trades(self) -> bool {
        matches!(self, Self::All | Self::Trades)
    }

    /// `all`, `books` or `trades`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Books => "books",
            Self::Trades => "trades",
        }
    }
}

/// One text to send, and how many answers the venue gives to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The JSON text.
    pub text: String,
    /// Answers to expect; 0 for a text whose answer nobody waits for.
    pub answers: u32,
}

impl Request {
    /// A text that the venue answers `answers` times.
    #[must_use]
    pub const fn new(text: String, answers: u32) -> Self {
        Self { text, answers }
    }
}

/// What to subscribe to.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The instruments, as the venue writes them.
    pub symbols: &'a [Symbol],
    /// The depth of the books; 0 where the venue offers the whole book only.
    pub depth: u16,
    /// Books, trades or both.
    pub content: Content,
}

/// What a frame is to the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// No answer: data.
    None,
    /// A subscription was taken.
    Accepted,
    /// A subscription was refused.
    Refused,
    /// The answer to the venue's own form of ping.
    Pong,
}

/// How the venue is asked whether it still lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ping {
    /// A WebSocket ping frame.
    Frame,
    /// A text of the venue's protocol.
    Text(&'static str),
}

/// The cheapest way back for one stale book.
#[derive(Clone, Copy, Debug)]
pub enum WayBack {
    /// Texts on the connection: the venue sends a snapshot again.
    Texts(fn(&Symbol, u16) -> [String; 2]),
    /// A snapshot by REST.
    Rest(&'static RestFacts),
}

/// How a snapshot is fetched by REST.
#[derive(Debug)]
pub struct RestFacts {
    /// The venue's REST host.
    pub host: &'static str,
    /// Path and query of one snapshot.
    pub path: fn(&Symbol, u16) -> String,
    /// What a snapshot of that depth costs in the unit of `limit`.
    pub weight: fn(u16) -> u32,
    /// What the venue allows in all.
    pub limit: Rate,
}

/// Where the venue's product list is: the one source of names and scales.
#[derive(Clone, Copy, Debug)]
pub struct ProductsFacts {
    /// The venue's REST host.
    pub host: &'static str,
    /// Path and query.
    pub path: &'static str,
}

/// Everything that the session must know of a venue.
#[derive(Debug)]
pub struct Facts {
    /// The host of the public feed; port 443 always.
    pub host: &'static str,
    /// Where the product list is.
    pub products: ProductsFacts,
    /// The path for a content; nothing where the venue does not carry it on one connection.
    pub path: fn(Content) -> Option<&'static str>,
    /// The depths offered; empty where it is the whole book only.
    pub depths: &'static [u16],
    /// The most instruments on one connection.
    pub symbols_max: usize,
    /// Whether a symbol has the venue's form.
    pub symbol_fits: fn(&Symbol) -> bool,
    /// All texts that subscribe to the plan.
    pub subscribe: fn(&Plan<'_>) -> Vec<Request>,
    /// What a frame answers; asked only while an answer is awaited.
    pub answer: fn(&[u8]) -> Answer,
    /// The way back for a stale book.
    pub way_back: WayBack,
    /// Connection attempts that the venue allows from one address.
    pub connects: Rate,
    /// Messages that it allows on a connection.
    pub messages: Rate,
    /// Whether our pongs and pings count among the messages.
    pub pongs_count: bool,
    /// How long nothing may be heard before the venue is asked whether it lives.
    pub silence: Nanos,
    /// How long it may take to say so.
    pub pong_within: Nanos,
    /// How it is asked.
    pub ping: Ping,
    /// The largest frame that is taken.
    pub frame_bytes_max: usize,
    /// Close codes after which it is of no use to come back.
    pub terminal_codes: &'static [u16],
}

impl Facts {
    /// The depth of books where nobody says: 1000 where it is offered, else the whole book.
    #[must_use]
    pub fn usual_depth(&self) -> u16 {
        if self.depths.contains(&1000) { 1000 } else { 0 }
    }
}

/// The facts of a venue; nothing for one that has no live session here.
#[must_use]
pub fn of(venue: Venue) -> Option<&'static Facts> {
    match venue {
        Venue::CoinbaseExchange => Some(&crate::venue::coinbase::exchange::session::FACTS),
        Venue::CoinbaseAdvanced => Some(&crate::venue::coinbase::advanced::session::FACTS),
        Venue::Kraken => Some(&crate::venue::kraken::session::FACTS),
        Venue::BinanceSpot => Some(&crate::venue::binance::session::SPOT),
        Venue::BinanceUsdm => Some(&crate::venue::binance::session::USDM),
        Venue::Bitstamp | Venue::Simulated => None,
    }
}

/// `"A","B"`: names as the inside of a JSON array. A name holds no character that JSON escapes.
pub(in crate::venue) fn quoted<T: std::fmt::Display>(names: impl Iterator<Item = T>) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push(',');
        }
        write!(text, "\"{name}\"").expect("a string takes any text");
    }
    text
}

/// Whether `text` stands in the first half kilobyte of the frame, where every answer has its marks.
pub(in crate::venue) fn holds(frame: &[u8], text: &str) -> bool {
    let head = &frame[..frame.len().min(512)];
    head.windows(text.len()).any(|window| window == text.as_bytes())
}
