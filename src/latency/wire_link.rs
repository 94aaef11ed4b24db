//! The engine's side of the loopback venue: market data come from a socket, orders go out by one.
//!
//! Over TLS the market data take the product's own way, session and feed and all. Over plain TCP,
//! which no venue speaks, a message is a line. While the venue measures the floor this end does
//! nothing but send back what it hears, in a loop of its own.

use super::desk::{Answers, Desk};
use super::stream::Stream;
use crate::engine::risk::OrderRequest;
use crate::event::Part;
use crate::threads::feed::Feed;
use crate::threads::link::{Foreign, Wish};
use crate::types::{InstrumentId, Nanos, OrderId};
use crate::venue::decode::{Frame, Next, Origin};
use crate::venue::decoder::VenueDecoder;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// A socket, plain or under TLS, that never blocks.
pub(super) trait Pipe: Read + Write + Send {}

impl<T: Read + Write + Send> Pipe for T {}

/// Between two messages on a pipe.
pub(super) const END: u8 = b'\n';
/// Longer than any message but the snapshot, and than that too.
const BUFFER: usize = 1 << 17;

/// What the engine's end does: said by the venue's.
#[derive(Clone, Debug, Default)]
pub(super) struct Cue(Arc<AtomicU8>);

/// See [`Cue`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Role {
    /// It is the engine.
    Engine = 0,
    /// It sends back what it hears.
    Echo = 1,
    /// It has ended.
    End = 2,
}

impl Cue {
    pub(super) fn set(&self, role: Role) {
        self.0.store(role as u8, Ordering::Release);
    }

    fn is(&self, role: Role) -> bool {
        self.0.load(Ordering::Relaxed) == role as u8
    }
}

/// Bytes of a pipe, message by message.
pub(super) struct Lines {
    pub(super) pipe: Box<dyn Pipe>,
    bytes: Vec<u8>,
    held: Range<usize>,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("held", &self.held).finish_non_exhaustive()
    }
}

impl Lines {
    pub(super) fn new(pipe: Box<dyn Pipe>) -> Self {
        Self { pipe, bytes: vec![0; BUFFER], held: 0..0 }
    }

    /// The place of the next message, if it has come whole.
    pub(super) fn next(&mut self) -> io::Result<Option<Range<usize>>> {
        loop {
            let held = &self.bytes[self.held.clone()];
            if let Some(length) = memchr::memchr(END, held) {
                let found = self.held.start..self.held.start + length;
                self.held.start = found.end + 1;
                return Ok(Some(found));
            }
            if self.held.is_empty() {
                self.held = 0..0;
            } else if self.held.end == BUFFER {
                self.bytes.copy_within(self.held.clone(), 0);
                self.held = 0..self.held.len();
            }
            match self.pipe.read(&mut self.bytes[self.held.end..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.held.end += count,
                Err(error) if is_later(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn get(&self, place: Range<usize>) -> &[u8] {
        &self.bytes[place]
    }

    /// Sends a message; the socket's buffer has room for it.
    pub(super) fn send(&mut self, text: &[u8]) -> io::Result<()> {
        let mut whole = [0; 512];
        whole[..text.len()].copy_from_slice(text);
        whole[text.len()] = END;
        self.send_whole(&whole[..=text.len()])
    }

    /// Sends bytes that end as a message does.
    pub(super) fn send_whole(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.pipe.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if is_later(&error) => {}
                Err(error) => return Err(error),
            }
        }
        loop {
            match self.pipe.flush() {
                Err(error) if is_later(&error) => {}
                other => return other,
            }
        }
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Where market data come from.
#[derive(Debug)]
pub(super) enum Market {
    /// Lines on the pipe that orders go out by.
    Lines(Box<VenueDecoder>, Option<Range<usize>>),
    /// The product's own session.
    Feed(Box<Feed>),
}

/// The link.
#[derive(Debug)]
pub(super) struct WireLink {
    pub(super) stream: Arc<Stream>,
    pub(super) market: Market,
    pub(super) orders: Lines,
    pub(super) role: Cue,
    pub(super) desk: Desk,
    pub(super) answers: Answers,
    pub(super) received: Nanos,
}

impl WireLink {
    /// Sends back what comes until it is the engine again.
    #[cold]
    fn echo(&mut self) {
        while self.role.is(Role::Echo) {
            match self.orders.next() {
                Ok(Some(place)) => {
                    let bytes = &self.orders.bytes[place];
                    let mut text = [0; 512];
                    let length = bytes.len().min(ORDER_BYTES);
                    text[..length].copy_from_slice(&bytes[..length]);
                    // A venue that is gone has had what it wanted.
                    self.orders.send(&text[..length]).ok();
                }
                Ok(None) => {}
                Err(_) => self.role.set(Role::End),
            }
        }
    }

    #[inline]
    fn hear_line(&mut self, now: Nanos, part: &mut Part) -> bool {
        let Market::Lines(decoder, open) = &mut self.market else { return false };
        if open.is_none() {
            let Ok(Some(place)) = self.orders.next() else { return false };
            decoder.begin();
            self.received = now;
            *open = Some(place);
        }
        let Some(place) = open.clone() else { return false };
        let bytes = self.orders.get(place);
        let frame =
            Frame { bytes, origin: Origin::stream(self.received), table: &self.stream.table };
        let has_part = decoder.next(&frame, part) == Next::Part;
        if !has_part {
            *open = None;
        }
        has_part
    }
}

/// Bytes of the text that answers: about those of a replace.
pub(super) const ORDER_BYTES: usize = 96;

impl Foreign for WireLink {
    #[inline]
    fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        if self.role.is(Role::Echo) {
            self.echo();
            return false;
        }
        if self.answers.hear(now, part) {
            return true;
        }
        match &mut self.market {
            Market::Feed(feed) => feed.hear(now, part),
            Market::Lines(..) => self.hear_line(now, part),
        }
    }

    fn due(&mut self) -> Option<Nanos> {
        None
    }

    #[inline]
    fn send(&mut self, request: &OrderRequest, _: Nanos) -> bool {
        self.answers.take(request, &mut self.desk);
        let has_left = self.orders.send(self.desk.text.bytes()).is_ok();
        self.answers.answer(request);
        has_left
    }

    fn cancel_all(&mut self, _: Nanos) -> bool {
        // What measures lets no order rest behind its end.
        true
    }

    fn query(&mut self, order: OrderId, instrument: InstrumentId, _: Nanos) {
        self.answers.tell(order, instrument);
    }

    fn query_all(&mut self, _: u64, _: Nanos) {
        // What measures has traded nothing before.
        self.answers.tell(OrderId::NONE, InstrumentId::ALL);
    }

    fn heed(&mut self, wish: Wish, now: Nanos) {
        if let Market::Feed(feed) = &mut self.market {
            feed.heed(wish, now);
        }
    }

    fn is_finished(&self) -> bool {
        self.role.is(Role::End)
    }
}
