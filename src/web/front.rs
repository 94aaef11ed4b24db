//! The front: every connection from outside, on both ports, in one thread and without waiting.
//!
//! `tiny_http` gives a thread to every connection and knows neither bounds nor deadlines. So it
//! stands behind this front and hears from a few lanes only, each with one whole request at a time;
//! whoever is slow, silent, or sends garbage is held here, at the price of a socket. Connections
//! are bounded: the oldest that has not asked for anything gives way to a new one, so a probe is
//! answered whatever else is held open.

mod clients;
mod conn;
mod lane;

use super::Places;
use super::reply::{Refusal, Reply};
use super::request::{Head, Verb, may_ask};
use super::shared::{Count, Shared};
use clients::{CLIENTS_MAX, Clients};
use conn::{Conn, Event, Port, Step};
use lane::{Lane, closing};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tungstenite::handshake::derive_accept_key;

/// Connections at a time, WebSocket clients aside.
const CONNECTIONS_MAX: usize = 512;
/// Requests at a time before the server: as many threads as it always has, so that each lane finds
/// one that is free.
const LANES: usize = 4;
/// Connections that are taken in a turn.
const ACCEPTS_MAX: usize = 256;
const SWEEP_EVERY: Duration = Duration::from_millis(100);
const API: usize = 0;
const SOCKET: usize = 1;
const FIRST_LANE: usize = 2;
const FIRST_CALLER: usize = FIRST_LANE + LANES;

/// All connections.
#[derive(Debug)]
pub struct Front {
    poll: Poll,
    events: Events,
    /// The events are those that have ended a wait.
    has_waited: bool,
    listeners: [TcpListener; 2],
    /// A listener may have more than was taken.
    has_more: [bool; 2],
    conns: BTreeMap<usize, Conn>,
    clients: Clients,
    lanes: Vec<Lane>,
    /// Whole requests that wait for a lane.
    waiting: VecDeque<(usize, Vec<u8>)>,
    next: usize,
    swept: Instant,
    server: String,
    origins: Vec<String>,
    shared: Arc<Shared>,
}

impl Front {
    /// Keeps those places, and hands requests to the server of that name.
    ///
    /// # Errors
    /// The system gives no sockets.
    pub fn new(
        places: Places,
        server: String,
        origins: Vec<String>,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listeners = [places.api, places.socket].map(TcpListener::from_std);
        for (at, listener) in listeners.iter_mut().enumerate() {
            poll.registry().register(listener, Token(at), Interest::READABLE)?;
        }
        let mut front = Self {
            poll,
            events: Events::with_capacity(1024),
            has_waited: false,
            listeners,
            has_more: [true; 2],
            conns: BTreeMap::new(),
            clients: Clients::default(),
            lanes: Vec::new(),
            waiting: VecDeque::new(),
            next: FIRST_CALLER,
            swept: Instant::now(),
            server,
            origins,
            shared,
        };
        for at in 0..LANES {
            let lane = front.open_lane(at)?;
            front.lanes.push(lane);
        }
        Ok(front)
    }

    fn open_lane(&self, at: usize) -> io::Result<Lane> {
        let mut lane = Lane::open(&self.server)?;
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut lane.stream, Token(FIRST_LANE + at), both)?;
        Ok(lane)
    }

    /// One turn, without waiting: everything that can go on goes on. How much there was to do.
    pub fn turn(&mut self) -> usize {
        let has_waited = std::mem::take(&mut self.has_waited);
        if !has_waited && self.poll.poll(&mut self.events, Some(Duration::ZERO)).is_err() {
            return 0;
        }
        let ready: Vec<_> = self.events.iter().map(|event| event.token().0).collect();
        let now = Instant::now();
        self.shared.front_turned();
        for id in &ready {
            match *id {
                API | SOCKET => self.has_more[*id] = true,
                FIRST_LANE..FIRST_CALLER => self.lane_ready(id - FIRST_LANE, now),
                id if self.clients.has(id) => self.clients.ready(id, &self.shared, now),
                id => self.conn_ready(id, now),
            }
        }
        for at in [API, SOCKET] {
            if self.has_more[at] {
                self.accept(at, now);
            }
        }
        self.give_lanes(now);
        if now.duration_since(self.swept) >= SWEEP_EVERY {
            self.swept = now;
            self.sweep(now);
        }
        ready.len() + self.clients.turn(&self.shared, now)
    }

    /// Waits until a socket has something, for so long at most.
    pub fn wait(&mut self, most: Duration) {
        let most = if self.has_more.contains(&true) { Duration::ZERO } else { most };
        self.has_waited = self.poll.poll(&mut self.events, Some(most)).is_ok();
    }

    fn accept(&mut self, at: usize, now: Instant) {
        let port = if at == API { Port::Api } else { Port::Socket };
        for _ in 0..ACCEPTS_MAX {
            let stream = match self.listeners[at].accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.has_more[at] = false;
                    return;
                }
                // No socket is left, or the caller has gone: the oldest makes room.
                Err(_) => {
                    self.evict();
                    return;
                }
            };
            if self.conns.len() >= CONNECTIONS_MAX && !self.evict() {
                continue;
            }
            self.shared.count(Count::Accepted);
            let (id, mut conn) = (self.next, Conn::new(stream, port, now));
            // Answers are written whole and must not wait for one another.
            conn.stream.set_nodelay(true).ok();
            let both = Interest::READABLE | Interest::WRITABLE;
            if self.poll.registry().register(&mut conn.stream, Token(id), both).is_ok() {
                self.next += 1;
                self.conns.insert(id, conn);
                self.conn_ready(id, now);
            }
        }
    }

    /// The oldest connection that waits for its caller gives way; false if there is none.
    fn evict(&mut self) -> bool {
        let idle = |conn: &Conn| matches!(conn.step, Step::Reading | Step::Lingering);
        let oldest = self.conns.iter().find(|(_, conn)| idle(conn)).map(|(id, _)| *id);
        if let Some(id) = oldest {
            self.conns.remove(&id);
            self.shared.count(Count::Evicted);
        }
        oldest.is_some()
    }

    fn conn_ready(&mut self, id: usize, now: Instant) {
        while let Some(conn) = self.conns.get_mut(&id) {
            match conn.advance(now) {
                Event::Nothing => return,
                Event::Gone => {
                    self.conns.remove(&id);
                }
                Event::Refused(refusal) => self.refuse(id, refusal, now),
                Event::Request(head, body) => {
                    self.request(id, &head, &body, now);
                    self.give_lanes(now);
                    if self.conns.get(&id).is_none_or(|conn| matches!(conn.step, Step::Asked)) {
                        return;
                    }
                }
            }
        }
    }

    fn request(&mut self, id: usize, head: &Head, body: &[u8], now: Instant) {
        let Some(conn) = self.conns.get(&id) else { return };
        let origin = head.origin.as_deref();
        let is_ours = origin.is_none_or(|origin| may_ask(origin, &head.host, &self.origins));
        match conn.port {
            Port::Api => self.waiting.push_back((id, head.plain(body))),
            Port::Socket if !is_ours => self.refuse(id, Refusal::Origin, now),
            Port::Socket => match &head.upgrade {
                Some(key) if head.verb == Verb::Get => self.upgrade(id, key, now),
                _ => self.refuse(id, Refusal::UpgradeRequired, now),
            },
        }
    }

    /// From now on the connection speaks WebSocket.
    fn upgrade(&mut self, id: usize, key: &str, now: Instant) {
        if self.clients.len() >= CLIENTS_MAX {
            return self.refuse(id, Refusal::Busy, now);
        }
        let Some(conn) = self.conns.remove(&id) else { return };
        let (mut stream, rest) = conn.into_parts();
        let accept = derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        // Nothing was written before, so it fits, or the caller has gone.
        if stream.write_all(answer.as_bytes()).is_ok() {
            self.shared.count(Count::Clients);
            self.clients.add(id, stream, rest, now);
        }
    }

    fn refuse(&mut self, id: usize, refusal: Refusal, now: Instant) {
        self.shared.count(Count::Refused);
        let mut reply = refusal.reply(None, super::wall().0);
        if refusal == Refusal::Method {
            reply.allow = Some("GET, POST, PATCH, OPTIONS".to_owned());
        }
        self.close_with(id, &reply, now);
    }

    fn close_with(&mut self, id: usize, reply: &Reply, now: Instant) {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.close_with(reply.closing(), now);
        }
    }

    /// Gives free lanes to those that wait.
    fn give_lanes(&mut self, now: Instant) {
        for at in 0..self.lanes.len() {
            if self.lanes[at].caller.is_some() {
                continue;
            }
            let Some((id, request)) = self.waiting.pop_front() else { return };
            if self.conns.contains_key(&id) {
                self.lanes[at].take(id, request);
                self.lane_ready(at, now);
            }
        }
    }

    fn lane_ready(&mut self, at: usize, now: Instant) {
        let caller = self.lanes[at].caller;
        let advanced = self.lanes[at].advance();
        let answer = match advanced {
            Ok(None) => return,
            Ok(Some(answer)) => Some(answer),
            Err(_) => {
                // The server has given the lane up: another one takes its place.
                self.lanes[at].caller = None;
                if let Ok(lane) = self.open_lane(at) {
                    self.lanes[at] = lane;
                }
                None
            }
        };
        let Some(id) = caller else { return };
        self.shared.count(Count::Answered);
        let Some(conn) = self.conns.get_mut(&id) else { return };
        match answer {
            Some(answer) if conn.closes() => conn.close_with(closing(answer), now),
            Some(answer) => conn.answer(answer, now),
            None => conn.close_with(Refusal::Busy.reply(None, super::wall().0).closing(), now),
        }
        self.conn_ready(id, now);
    }

    /// Ends what has passed its deadline.
    fn sweep(&mut self, now: Instant) {
        let late = self.conns.iter().filter(|(_, conn)| now >= conn.deadline);
        let late: Vec<_> = late.map(|(id, _)| *id).collect();
        for id in late {
            self.shared.count(Count::TimedOut);
            let refusal = match self.conns[&id].step {
                Step::Reading if !self.conns[&id].is_blank() => Refusal::Timeout,
                Step::Asked => Refusal::Busy,
                Step::Reading | Step::Writing { .. } | Step::Lingering => {
                    self.conns.remove(&id);
                    continue;
                }
            };
            self.refuse(id, refusal, now);
            self.conn_ready(id, now);
        }
        self.shared.set(Count::Open, self.conns.len());
    }
}
