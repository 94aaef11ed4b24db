//! The simulated venue in a process of its own, as it is reached and as it answers.
//!
//! Both ends go by the wall's clock: what lies between them is real. The venue lives on when the
//! engine dies, and keeps what is true; fills that nobody heard are told to the next connection.

use super::frames::{Frames, Kind, part_lines, read_part};
use super::resyncs::Resyncs;
use super::{Foreign, Wish};
use crate::engine::risk::{OUTPUT_LINES_MAX, OrderRequest, Output};
use crate::event::{Body, Event, Line, Part, Stale};
use crate::types::{InstrumentId, Nanos, OrderId};
use crate::venue::simulated::{Simulated, TruthError};
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Between two attempts at a connection.
const RETRY: Nanos = Nanos::from_millis(100);

/// The engine's end.
#[derive(Debug)]
pub struct Remote {
    path: PathBuf,
    frames: Option<Frames>,
    retry_at: Nanos,
    lines: Vec<Line>,
    resyncs: Resyncs,
}

impl Remote {
    /// Connects to the venue that listens there.
    ///
    /// # Errors
    /// Nobody does.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let frames = Some(Frames::new(UnixStream::connect(path)?)?);
        let (path, retry_at, lines) = (path.to_owned(), Nanos(0), Vec::new());
        Ok(Self { path, frames, retry_at, lines, resyncs: Resyncs::default() })
    }

    /// Asks for the snapshots that are due.
    fn resync(&mut self, now: Nanos) {
        while let Some(instrument) = self.resyncs.take(now) {
            let line = Line([u64::from(instrument.0), 0, 0, 0, 0, 0, 0, 0]);
            self.push(Kind::Resync, &[line]);
        }
    }

    fn push(&mut self, kind: Kind, lines: &[Line]) -> bool {
        self.frames.as_mut().is_some_and(|frames| frames.push(kind, lines))
    }
}

impl Foreign for Remote {
    fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        self.resync(now);
        let Some(frames) = &mut self.frames else {
            if now >= self.retry_at {
                self.retry_at = Nanos(now.0 + RETRY.0);
                let stream = UnixStream::connect(&self.path);
                self.frames = stream.and_then(Frames::new).ok();
            }
            return false;
        };
        frames.flush();
        let kind = frames.next(&mut self.lines);
        if kind == Some(Kind::Part) && read_part(&self.lines, part) {
            part.event.received = now;
            return true;
        }
        if frames.has_ended() {
            self.frames = None;
            let body = Body::Fault(Stale::Disconnected);
            let (instrument, venue_time) = (InstrumentId::ALL, Nanos::UNKNOWN);
            part.set(&Event { sequence: 0, received: now, venue_time, instrument, body }, &[]);
            return true;
        }
        false
    }

    fn due(&mut self) -> Option<Nanos> {
        None
    }

    fn send(&mut self, request: &OrderRequest, _: Nanos) -> bool {
        let mut lines = [Line::default(); OUTPUT_LINES_MAX];
        let count = Output::Request(*request).pack_into(&mut lines);
        self.push(Kind::Request, &lines[..count])
    }

    fn cancel_all(&mut self, _: Nanos) -> bool {
        self.push(Kind::CancelAll, &[])
    }

    fn query(&mut self, order: OrderId, instrument: InstrumentId, _: Nanos) {
        let line = Line([order.0, u64::from(instrument.0), 0, 0, 0, 0, 0, 0]);
        // Without a connection there is no answer, and it is asked again.
        self.push(Kind::Query, &[line]);
    }

    fn query_all(&mut self, from: u64, _: Nanos) {
        self.push(Kind::QueryAll, &[Line([from, 0, 0, 0, 0, 0, 0, 0])]);
    }

    fn heed(&mut self, wish: Wish, now: Nanos) {
        match wish {
            Wish::Resync(instrument) => {
                self.resyncs.want(instrument);
                self.resync(now);
            }
            Wish::Reconnect => drop(self.push(Kind::Reconnect, &[])),
            Wish::Synced(instrument) => self.resyncs.synced(instrument),
        }
    }

    fn is_finished(&self) -> bool {
        false
    }
}

/// Whoever watches the line at the venue's end, and may cut it: then nothing passes either way
/// until the next connection.
pub trait Watch {
    /// A request comes; false cuts the line before it has.
    fn comes(&mut self, request: &OrderRequest) -> bool;

    /// Something leaves for the engine; false cuts the line before it has.
    fn leaves(&mut self, part: &Part) -> bool;
}

/// The venue's end: a venue that listens.
#[derive(Debug)]
pub struct Served {
    venue: Simulated,
    listener: UnixListener,
    frames: Option<Frames>,
    is_cut: bool,
    lines: Vec<Line>,
    part: Part,
}

impl Served {
    /// That venue, at a place where nobody listens yet.
    ///
    /// # Errors
    /// The place cannot be had.
    pub fn listen(mut venue: Simulated, path: &Path, now: Nanos) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        // The connection that it begins with is nobody's.
        venue.hang_up(now);
        let (lines, part) = (Vec::new(), Part::empty());
        Ok(Self { venue, listener, frames: None, is_cut: false, lines, part })
    }

    /// Does what is to be done by now; how much that was.
    pub fn turn(&mut self, now: Nanos, watch: &mut impl Watch) -> usize {
        if let Ok((stream, _)) = self.listener.accept() {
            self.frames = Frames::new(stream).ok();
            self.is_cut = false;
            self.venue.reconnect(now);
        }
        let mut work = 0;
        while let Some(kind) = self.frames.as_mut().and_then(|frames| frames.next(&mut self.lines))
        {
            if !self.is_cut {
                self.take(kind, now, watch);
            }
            work += 1;
        }
        while !self.is_cut && self.venue.hear(now, &mut self.part) {
            if let Some(frames) = &mut self.frames {
                if watch.leaves(&self.part) {
                    part_lines(&self.part, &mut self.lines);
                    frames.push(Kind::Part, &self.lines);
                } else {
                    self.is_cut = true;
                }
            }
            work += 1;
        }
        if let Some(frames) = &mut self.frames {
            frames.flush();
            if frames.has_ended() {
                self.frames = None;
                self.is_cut = false;
                self.venue.hang_up(now);
            }
        }
        work
    }

    fn take(&mut self, kind: Kind, now: Nanos, watch: &mut impl Watch) {
        let word = |at: usize| self.lines.first().map_or(0, |line| line.0[at]);
        let instrument =
            |at: usize| u16::try_from(word(at)).map_or(InstrumentId::ALL, InstrumentId);
        match kind {
            Kind::Request => {
                if let Ok(Output::Request(request)) = Output::unpack(&self.lines) {
                    self.is_cut = !watch.comes(&request);
                    if !self.is_cut {
                        self.venue.send(&request, now);
                    }
                }
            }
            Kind::Query => drop(self.venue.query(OrderId(word(0)), instrument(1), now)),
            Kind::QueryAll => drop(self.venue.query_all(word(0), now)),
            Kind::Resync => drop(self.venue.resync(instrument(0), now)),
            Kind::Reconnect => drop(self.venue.reconnect(now)),
            Kind::CancelAll => drop(self.venue.cancel_all(now)),
            Kind::Part => {}
        }
    }

    /// Writes and syncs what the venue knows.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn persist(&mut self) -> Result<(), TruthError> {
        self.venue.persist()
    }
}
