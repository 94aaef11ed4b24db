//! WebSocket clients: what each has subscribed to, and what it was told so far.
//!
//! Nobody waits for a client: what it does not take is kept up to a bound, and then it is dropped
//! and counted. What the channels hold is made elsewhere.

use crate::web::feed::{Channel, Feed};
use crate::web::shared::{Count, Shared};
use mio::net::TcpStream;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

/// Clients at a time.
pub(super) const CLIENTS_MAX: usize = 128;
/// The longest message that a client may send.
const MESSAGE_BYTES_MAX: usize = 4 << 10;
/// What a client may leave untaken.
const UNTAKEN_BYTES_MAX: usize = 1 << 20;
/// How long it may leave something untaken.
const UNTAKEN_MAX: Duration = Duration::from_secs(10);
/// How often it is asked whether it is there, and how long it may be silent.
const PING_EVERY: Duration = Duration::from_secs(10);
const SILENCE_MAX: Duration = Duration::from_secs(35);
/// Messages that are taken of one client in a turn.
const MESSAGES_MAX: usize = 16;

#[derive(Debug)]
struct Client {
    socket: WebSocket<TcpStream>,
    /// By channel: the last number that was told; nothing where it is not subscribed to.
    told: [Option<u64>; Channel::ALL.len()],
    heard: Instant,
    asked: Instant,
    /// Since when something is untaken.
    untaken: Option<Instant>,
    /// More messages may lie in the socket than were taken.
    has_more: bool,
}

/// All clients.
#[derive(Debug, Default)]
pub(super) struct Clients {
    all: BTreeMap<usize, Client>,
    told_at: i64,
}

/// How a connection is taken over.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(MESSAGE_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
        .write_buffer_size(16 << 10)
        .max_write_buffer_size(UNTAKEN_BYTES_MAX)
}

impl Clients {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn has(&self, id: usize) -> bool {
        self.all.contains_key(&id)
    }

    /// Takes over a connection behind its upgrade.
    pub(super) fn add(&mut self, id: usize, stream: TcpStream, rest: Vec<u8>, now: Instant) {
        let socket = WebSocket::from_partially_read(stream, rest, Role::Server, Some(config()));
        let told = [None; Channel::ALL.len()];
        let client = Client { socket, told, heard: now, asked: now, untaken: None, has_more: true };
        self.all.insert(id, client);
    }

    /// A socket has something to say, or takes more.
    pub(super) fn ready(&mut self, id: usize, shared: &Shared, now: Instant) {
        let Some(client) = self.all.get_mut(&id) else { return };
        if let Err(gone) = client.turn(shared, now) {
            self.drop_client(id, gone, shared);
        }
    }

    /// Tells what is new, asks who is there, drops who is not.
    pub(super) fn turn(&mut self, shared: &Shared, now: Instant) -> usize {
        let feed = shared.feed();
        let is_new = feed.time_ns != self.told_at;
        self.told_at = feed.time_ns;
        let mut gone = Vec::new();
        for (id, client) in &mut self.all {
            let mut result = Ok(());
            if client.has_more {
                result = client.turn(shared, now);
            }
            if is_new {
                result = result.and_then(|()| client.tell(&feed, now));
            }
            if let Err(why) = result.and_then(|()| client.look(now)) {
                gone.push((*id, why));
            }
        }
        for (id, why) in gone {
            self.drop_client(id, why, shared);
        }
        shared.set(Count::ClientsOpen, self.all.len());
        usize::from(is_new) * self.all.len()
    }

    fn drop_client(&mut self, id: usize, why: Gone, shared: &Shared) {
        self.all.remove(&id);
        if why == Gone::Slow {
            shared.count(Count::SlowClients);
        }
    }
}

/// Why a client is dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gone {
    /// It went, or broke the rules.
    Left,
    /// It does not take what it asked for, or is silent.
    Slow,
}

impl Client {
    fn turn(&mut self, shared: &Shared, now: Instant) -> Result<(), Gone> {
        self.has_more = false;
        for _ in 0..MESSAGES_MAX {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    self.heard = now;
                    self.hear(text.as_str(), shared, now)?;
                }
                Ok(Message::Binary(_)) => return Err(Gone::Left),
                Ok(_) => self.heard = now,
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return self.flush(now);
                }
                Err(_) => return Err(Gone::Left),
            }
        }
        self.has_more = true;
        self.flush(now)
    }

    /// Answers a message.
    fn hear(&mut self, text: &str, shared: &Shared, now: Instant) -> Result<(), Gone> {
        let feed = shared.feed();
        let time = feed.time_ns;
        let error = |what: String| json!({ "type": "error", "message": what, "timestamp": time });
        let message: Value = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(_) => return self.say(error("this is no JSON".into()).to_string().into(), now),
        };
        let word = |key: &str| message[key].as_str();
        let strategy = word("strategy_id").unwrap_or("primary_strategy");
        match word("type") {
            Some("subscribe") => {
                let name = word("channel").or(word("data_type")).unwrap_or("performance");
                let Some(channel) = Channel::of(name) else {
                    let names = Channel::ALL.map(Channel::name).join(", ");
                    let what = format!("there is no channel of that name; there are {names}");
                    return self.say(error(what).to_string().into(), now);
                };
                let ack = json!({
                    "type": "subscribe_ack", "strategy_id": strategy, "data_type": name,
                    "channel": name, "status": "subscribed", "timestamp": time,
                });
                self.say(ack.to_string().into(), now)?;
                self.told[channel as usize] = Some(feed.channel(channel).sequence);
                self.say(feed.snapshot(channel), now)
            }
            Some("get_history") => {
                let metric = word("metric").unwrap_or("pnl");
                let range = message["time_range"].as_i64().unwrap_or(3_600_000_000_000);
                let data = shared.history(|history| history.points(strategy, metric, range));
                let Some(data) = data else {
                    let what = "there is no such strategy or metric".to_owned();
                    return self.say(error(what).to_string().into(), now);
                };
                let head = json!({ "strategy_id": strategy, "metric": metric, "timestamp": time });
                let head = head.to_string();
                let head = head.trim_start_matches('{');
                self.say(format!(r#"{{"type":"history_data","data":{data},{head}"#).into(), now)
            }
            Some("get_strategies") => self.say(feed.strategies.clone(), now),
            _ => self.say(
                error("a type is wanted: subscribe, get_history, get_strategies".into())
                    .to_string()
                    .into(),
                now,
            ),
        }
    }

    /// Tells what is new of the channels that it has subscribed to.
    fn tell(&mut self, feed: &Feed, now: Instant) -> Result<(), Gone> {
        for channel in Channel::ALL {
            let Some(told) = self.told[channel as usize] else { continue };
            let stream = feed.channel(channel);
            let first = stream.updates.front().map_or(stream.sequence, |(number, _)| *number);
            if stream.sequence > told && first > told + 1 {
                // It was asleep for longer than updates are kept.
                self.say(feed.snapshot(channel), now)?;
            } else {
                for (_, text) in stream.updates.iter().filter(|(number, _)| *number > told) {
                    self.say(text.clone(), now)?;
                }
            }
            self.told[channel as usize] = Some(stream.sequence);
        }
        self.flush(now)
    }

    fn say(&mut self, text: tungstenite::Utf8Bytes, now: Instant) -> Result<(), Gone> {
        match self.socket.write(Message::Text(text)) {
            Ok(()) => Ok(()),
            Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                self.untaken.get_or_insert(now);
                Ok(())
            }
            Err(Error::WriteBufferFull(_)) => Err(Gone::Slow),
            Err(_) => Err(Gone::Left),
        }
    }

    fn flush(&mut self, now: Instant) -> Result<(), Gone> {
        match self.socket.flush() {
            Ok(()) => {
                self.untaken = None;
                Ok(())
            }
            Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                self.untaken.get_or_insert(now);
                Ok(())
            }
            Err(_) => Err(Gone::Left),
        }
    }

    /// Whether it is still there.
    fn look(&mut self, now: Instant) -> Result<(), Gone> {
        let is_stuck = self.untaken.is_some_and(|since| now.duration_since(since) > UNTAKEN_MAX);
        if is_stuck || now.duration_since(self.heard) > SILENCE_MAX {
            return Err(Gone::Slow);
        }
        if now.duration_since(self.asked) >= PING_EVERY {
            self.asked = now;
            match self.socket.write(Message::Ping(Vec::new().into())) {
                Ok(()) => return self.flush(now),
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(Gone::Slow),
            }
        }
        Ok(())
    }
}
