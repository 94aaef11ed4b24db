//! A connection from outside, from its first byte to its last: it reads one whole request, waits
//! for the answer, writes it, and goes on or ends. Every state has a deadline.

use crate::web::reply::Refusal;
use crate::web::request::{BODY_BYTES_MAX, HEAD_BYTES_MAX, Head, head};
use mio::net::TcpStream;
use std::io::{self, Read as _, Write as _};
use std::time::{Duration, Instant};

/// How long a request may take to come, and a kept connection may wait for the next.
pub(super) const REQUEST_WITHIN: Duration = Duration::from_secs(5);
/// How long an answer may take to be made: longer than a command is waited for.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long the caller may take to read it.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// How long what comes behind a refusal is read and thrown away, so that it is read at all.
const LINGER_WITHIN: Duration = Duration::from_secs(1);
const REQUEST_BYTES_MAX: usize = HEAD_BYTES_MAX + BODY_BYTES_MAX;

/// Which of our ports it came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Port {
    Api,
    Socket,
}

#[derive(Debug)]
pub(super) enum Step {
    /// A request is not whole yet.
    Reading,
    /// It is, and waits for a lane or an answer.
    Asked,
    /// The answer goes out.
    Writing { out: Vec<u8>, sent: usize },
    /// All is said; what still comes is thrown away.
    Lingering,
}

#[derive(Debug)]
pub(super) struct Conn {
    pub(super) stream: TcpStream,
    pub(super) port: Port,
    pub(super) step: Step,
    pub(super) deadline: Instant,
    bytes: Vec<u8>,
    /// It goes on behind the answer.
    keeps: bool,
    /// The caller was told to send the body.
    told: bool,
}

/// What has become of a connection.
#[derive(Debug)]
pub(super) enum Event {
    /// It waits.
    Nothing,
    /// It is over.
    Gone,
    /// A whole request: its head and its body.
    Request(Head, Vec<u8>),
    /// No request that is answered.
    Refused(Refusal),
}

impl Conn {
    pub(super) fn new(stream: TcpStream, port: Port, now: Instant) -> Self {
        let (deadline, bytes) = (now + REQUEST_WITHIN, Vec::new());
        Self { stream, port, step: Step::Reading, deadline, bytes, keeps: true, told: false }
    }

    /// Goes on as far as it can.
    pub(super) fn advance(&mut self, now: Instant) -> Event {
        loop {
            match &mut self.step {
                Step::Reading => return self.read(now),
                Step::Asked => return Event::Nothing,
                Step::Writing { out, sent } => match self.stream.write(&out[*sent..]) {
                    Ok(count) if *sent + count < out.len() => *sent += count,
                    Ok(_) if self.keeps => {
                        self.step = Step::Reading;
                        (self.deadline, self.told) = (now + REQUEST_WITHIN, false);
                    }
                    Ok(_) => {
                        // A caller that has gone already is no fault.
                        self.stream.shutdown(std::net::Shutdown::Write).ok();
                        self.step = Step::Lingering;
                        self.deadline = now + LINGER_WITHIN;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        return Event::Nothing;
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => return Event::Gone,
                },
                Step::Lingering => return self.linger(),
            }
        }
    }

    fn read(&mut self, now: Instant) -> Event {
        let mut piece = [0; 4 << 10];
        loop {
            if !self.bytes.is_empty() {
                match self.taken(now) {
                    Event::Nothing => {}
                    event => return event,
                }
            }
            match self.stream.read(&mut piece) {
                Ok(0) => return Event::Gone,
                Ok(count) => self.bytes.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Event::Nothing,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Event::Gone,
            }
        }
    }

    /// Looks whether a request is whole.
    fn taken(&mut self, now: Instant) -> Event {
        let head = match head(&self.bytes) {
            Ok(Some(head)) => head,
            Ok(None) => return Event::Nothing,
            Err(refusal) => return Event::Refused(refusal),
        };
        if self.bytes.len() < head.bytes() {
            if head.expects && !self.told {
                self.told = true;
                // It fits: nothing was written before. If not, the caller sends without the word.
                self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok();
            }
            return Event::Nothing;
        }
        let body = self.bytes[head.head_bytes..head.bytes()].to_vec();
        self.bytes.drain(..head.bytes());
        // What is sent behind the request waits for the answer; too much of it, and it ends there.
        self.keeps = head.keeps && self.bytes.len() <= REQUEST_BYTES_MAX;
        self.step = Step::Asked;
        self.deadline = now + ANSWER_WITHIN;
        Event::Request(head, body)
    }

    /// Whether nothing has come of a request.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self.step, Step::Reading) && self.bytes.is_empty()
    }

    /// Whether it ends behind the answer.
    pub(super) const fn closes(&self) -> bool {
        !self.keeps
    }

    /// Begins to write the last answer of this connection.
    pub(super) fn close_with(&mut self, out: Vec<u8>, now: Instant) {
        self.keeps = false;
        self.answer(out, now);
    }

    /// Begins to write an answer.
    pub(super) fn answer(&mut self, out: Vec<u8>, now: Instant) {
        self.step = Step::Writing { out, sent: 0 };
        self.deadline = now + WRITE_WITHIN;
    }

    fn linger(&mut self) -> Event {
        let mut piece = [0; 16 << 10];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Event::Gone,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Event::Nothing,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Event::Gone,
            }
        }
    }

    /// What came behind the request, and the stream: another protocol goes on with them.
    pub(super) fn into_parts(self) -> (TcpStream, Vec<u8>) {
        (self.stream, self.bytes)
    }
}
