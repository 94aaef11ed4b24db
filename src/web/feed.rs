//! What WebSocket clients are fed: channels, each with its snapshot and its last numbered updates.
//!
//! A channel's text is made once, however many clients there are, and only where something changed.

use super::desk::Desk;
use super::pages::{guards, market, risk, status, strategies};
use serde_json::{Value, json};
use std::collections::VecDeque;
use tungstenite::Utf8Bytes;

/// Updates of a channel that are kept for a client that comes late: two seconds at ten a second.
const UPDATES_MAX: usize = 20;
/// Fills that a snapshot has.
const FILLS_SHOWN: usize = 100;

/// What can be subscribed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Channel {
    /// Quotes beside the market.
    Quotes = 0,
    /// Levels near the touch.
    Book = 1,
    /// Trades of ours; an update has the new ones only.
    Fills = 2,
    /// Risk, positions and P&L.
    Risk = 3,
    /// How long stages take.
    Latency = 4,
    /// Readiness and liveness with their reasons.
    Health = 5,
    /// The original's, once a second.
    Performance = 6,
    /// What was raised.
    Alerts = 7,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Quotes,
        Self::Book,
        Self::Fills,
        Self::Risk,
        Self::Latency,
        Self::Health,
        Self::Performance,
        Self::Alerts,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quotes => "quotes",
            Self::Book => "book",
            Self::Fills => "fills",
            Self::Risk => "risk",
            Self::Latency => "latency",
            Self::Health => "health",
            Self::Performance => "performance",
            Self::Alerts => "alerts",
        }
    }

    /// The channel of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// One channel as it is now.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// The number of the last update.
    pub sequence: u64,
    /// The last updates with their numbers.
    pub updates: VecDeque<(u64, Utf8Bytes)>,
    /// What a new client is told.
    data: String,
}

/// All channels.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    /// When it was made.
    pub time_ns: i64,
    streams: [Stream; Channel::ALL.len()],
    /// The answer to `get_strategies`.
    pub strategies: Utf8Bytes,
    fills_told: u64,
    turns: u64,
}

impl Feed {
    /// One channel.
    #[must_use]
    pub const fn channel(&self, channel: Channel) -> &Stream {
        &self.streams[channel as usize]
    }

    /// What a client is told when it subscribes.
    #[must_use]
    pub fn snapshot(&self, channel: Channel) -> Utf8Bytes {
        let Stream { sequence, data, .. } = self.channel(channel);
        let data = if data.is_empty() { "null" } else { data };
        text(channel, "snapshot", *sequence, data, self.time_ns)
    }

    /// Takes note of how it is now.
    pub(super) fn take(&mut self, desk: &Desk) {
        self.time_ns = desk.now.0;
        self.turns += 1;
        let Some(state) = &desk.state else {
            return self.change(Channel::Health, health(desk).to_string());
        };
        self.change(Channel::Quotes, market::quotes(state).to_string());
        self.change(Channel::Book, market::book(state).to_string());
        let all = json!({
            "state": risk::state_page(state),
            "pnl": risk::pnl(state),
            "positions": risk::positions(state),
            "limits": risk::limits(state),
            "circuit_breaker": guards::breaker(state),
            "var": guards::var(state),
        });
        self.change(Channel::Risk, all.to_string());
        self.change(Channel::Latency, status::latency(state).to_string());
        self.change(Channel::Health, health(desk).to_string());
        self.change(Channel::Alerts, guards::alerts(desk).to_string());
        self.take_fills(desk);
        // The original tells it once a second.
        let is_untold = self.channel(Channel::Performance).data.is_empty();
        if self.turns.is_multiple_of(10) || is_untold {
            let all = strategies::all(state, |one| desk.trades(one.instrument.id));
            self.change(Channel::Performance, all.to_string());
        }
        let list = strategies::list(state, desk.strategy());
        let count = list.as_array().map_or(0, Vec::len);
        let list = json!({
            "type": "strategies_list", "strategies": list, "count": count, "timestamp": desk.now.0,
        });
        self.strategies = list.to_string().into();
    }

    fn take_fills(&mut self, desk: &Desk) {
        let Some(state) = &desk.state else { return };
        let new = usize::try_from(desk.fills_seen.saturating_sub(self.fills_told));
        let new = new.unwrap_or(usize::MAX).min(desk.fills.len());
        self.fills_told = desk.fills_seen;
        let shown = |count: usize| -> Value {
            let from = desk.fills.len().saturating_sub(count);
            desk.fills.range(from..).map(|fill| market::fill(state, fill)).collect()
        };
        let stream = &mut self.streams[Channel::Fills as usize];
        if new == 0 && !stream.data.is_empty() {
            return;
        }
        stream.data = shown(FILLS_SHOWN).to_string();
        if new > 0 {
            let data = shown(new).to_string();
            push(stream, Channel::Fills, &data, self.time_ns);
        }
    }

    fn change(&mut self, channel: Channel, data: String) {
        let stream = &mut self.streams[channel as usize];
        if stream.data != data {
            push(stream, channel, &data, self.time_ns);
            stream.data = data;
        }
    }
}

fn push(stream: &mut Stream, channel: Channel, data: &str, time_ns: i64) {
    stream.sequence += 1;
    if stream.updates.len() == UPDATES_MAX {
        stream.updates.pop_front();
    }
    let update = text(channel, "update", stream.sequence, data, time_ns);
    stream.updates.push_back((stream.sequence, update));
}

fn text(channel: Channel, kind: &str, sequence: u64, data: &str, time_ns: i64) -> Utf8Bytes {
    let name = channel.name();
    if channel == Channel::Performance {
        let head = r#"{"type":"performance_update","channel":"performance""#;
        let data = if data == "null" { "{}" } else { data };
        let tail = format!(r#""sequence":{sequence},"strategies":{data},"timestamp":{time_ns}"#);
        return format!("{head},{tail}}}").into();
    }
    let head = format!(r#"{{"type":"{kind}","channel":"{name}","sequence":{sequence}"#);
    format!(r#"{head},"data":{data},"timestamp":{time_ns}}}"#).into()
}

/// Readiness and liveness, with their reasons.
fn health(desk: &Desk) -> Value {
    let (ready, alive) = (desk.readiness(), status::liveness(desk));
    json!({
        "ready": ready.is_empty(),
        "reasons": ready,
        "healthy": alive.is_empty(),
        "health_reasons": alive,
    })
}
