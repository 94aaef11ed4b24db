//! Everybody who looks at an engine at once: callers who ask for pages over connections that they
//! keep, and WebSocket clients who have subscribed to every channel and take what they are told.
//!
//! They count what has really come back. How long anything took is not theirs.

use pinnaclemm::web::feed::Channel;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tungstenite::{Error, Message, WebSocket};

/// What is asked for, one after the other: probes, what Prometheus reads, what the page reads.
const PAGES: [&str; 8] = [
    "/api/ready",
    "/api/health",
    "/metrics",
    "/api/risk/state",
    "/api/quotes",
    "/api/book",
    "/api/latency",
    "/api/risk/limits",
];
/// Connections that ask, each in a thread of its own.
const CALLERS: u32 = 8;
/// No answer takes longer where anybody answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How often the clients look whether they were told something.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How many there are to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    /// Requests a second, of all callers together.
    pub(crate) requests: u32,
    /// WebSocket clients.
    pub(crate) clients: usize,
}

/// What has come back so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    /// Whole answers.
    pub(crate) answers: u64,
    /// Of these, those that say no.
    pub(crate) refused: u64,
    /// Requests without an answer, and clients that were dropped.
    pub(crate) failed: u64,
    /// Clients that are connected.
    pub(crate) clients: u64,
    /// Updates that the clients were told.
    pub(crate) updates: u64,
}

#[derive(Debug, Default)]
struct Counts {
    answers: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    clients: AtomicU64,
    updates: AtomicU64,
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

/// All of them at work.
#[derive(Debug)]
pub(crate) struct Callers {
    stop: Arc<AtomicBool>,
    counts: Arc<Counts>,
    threads: Vec<JoinHandle<()>>,
}

impl Callers {
    /// Starts them, and waits until every client is connected and somebody was answered.
    pub(crate) fn begin([api, socket]: [SocketAddr; 2], crowd: Crowd) -> Self {
        let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Counts::default()));
        let mut threads = Vec::new();
        let every = Duration::from_secs(1) * CALLERS / crowd.requests;
        for first in 0..CALLERS {
            let (stop, counts) = (Arc::clone(&stop), Arc::clone(&counts));
            // Not all at the same time, and not all for the same page.
            let begin = Instant::now() + every * first / CALLERS;
            let call = move || call(api, (first as usize, begin, every), &stop, &counts);
            threads.push(std::thread::spawn(call));
        }
        let (ended, own) = (Arc::clone(&stop), Arc::clone(&counts));
        threads.push(std::thread::spawn(move || listen(socket, crowd.clients, &ended, &own)));
        let callers = Self { stop, counts, threads };
        let begun = Instant::now();
        while callers.heard().clients < crowd.clients as u64 || callers.heard().answers == 0 {
            assert!(begun.elapsed() < ANSWER_WITHIN, "nobody answers: {:?}", callers.heard());
            std::thread::sleep(LOOK_EVERY);
        }
        callers
    }

    /// What they have heard so far.
    pub(crate) fn heard(&self) -> Heard {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counts { answers, refused, failed, clients, updates } = &*self.counts;
        Heard {
            answers: get(answers),
            refused: get(refused),
            failed: get(failed),
            clients: get(clients),
            updates: get(updates),
        }
    }

    /// Ends them all.
    pub(crate) fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("callers do not panic");
        }
    }
}

/// Asks for page after page at the times that are meant: one who was kept waiting catches up.
fn call(
    api: SocketAddr,
    (first, begin, every): (usize, Instant, Duration),
    stop: &AtomicBool,
    counts: &Counts,
) {
    let mut line = None;
    let mut due = begin;
    for page in PAGES.iter().cycle().skip(first) {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if stop.load(Ordering::Relaxed) {
            return;
        }
        due += every;
        match ask(&mut line, api, page) {
            Ok(status) => {
                add(&counts.answers, 1);
                add(&counts.refused, u64::from(status != 200));
            }
            Err(_) => {
                add(&counts.failed, 1);
                line = None;
            }
        }
    }
}

/// One request over the connection that is there, or a new one; the status of its whole answer.
fn ask(line: &mut Option<BufReader<TcpStream>>, api: SocketAddr, page: &str) -> io::Result<u16> {
    if line.is_none() {
        let stream = TcpStream::connect(api)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        *line = Some(BufReader::new(stream));
    }
    let line = line.as_mut().expect("it was just made");
    let request = format!("GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    line.get_mut().write_all(request.as_bytes())?;
    let (mut status, mut length) = (None, 0);
    loop {
        let mut text = String::new();
        line.read_line(&mut text)?;
        let text = text.trim_end();
        if status.is_none() {
            let code = text.split(' ').nth(1).and_then(|code| code.parse().ok());
            status = Some(code.ok_or(io::ErrorKind::InvalidData)?);
        } else if text.is_empty() {
            break;
        } else if let Some((_, value)) =
            text.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            length = value.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
    }
    line.read_exact(&mut vec![0; length])?;
    Ok(status.expect("the first line has one"))
}

/// Connects so many clients, and takes what they are told.
fn listen(socket: SocketAddr, count: usize, stop: &AtomicBool, counts: &Counts) {
    let mut clients = Vec::new();
    for _ in 0..count {
        match client(socket) {
            Ok(client) => {
                clients.push(client);
                add(&counts.clients, 1);
            }
            Err(_) => add(&counts.failed, 1),
        }
    }
    while !stop.load(Ordering::Relaxed) {
        clients.retain_mut(|client| {
            let is_there = take(client, counts);
            if !is_there {
                add(&counts.failed, 1);
                counts.clients.fetch_sub(1, Ordering::Relaxed);
            }
            is_there
        });
        std::thread::sleep(LOOK_EVERY);
    }
}

/// A client that has subscribed to everything, and waits for nothing.
fn client(socket: SocketAddr) -> Result<WebSocket<TcpStream>, Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(socket)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    let (mut client, _) = tungstenite::client(format!("ws://{socket}/"), stream)?;
    for channel in Channel::ALL {
        let text = format!(r#"{{"type":"subscribe","channel":"{}"}}"#, channel.name());
        client.send(Message::Text(text.into()))?;
    }
    client.get_ref().set_nonblocking(true)?;
    Ok(client)
}

/// Takes all that a client was told; false if it was dropped.
fn take(client: &mut WebSocket<TcpStream>, counts: &Counts) -> bool {
    loop {
        match client.read() {
            Ok(Message::Text(text)) => {
                let head = text.as_str().split(',').next().unwrap_or_default();
                add(&counts.updates, u64::from(head.contains("update")));
            }
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(_) => return false,
        }
    }
}
