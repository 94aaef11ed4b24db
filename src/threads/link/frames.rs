//! How the link to a venue in another process lies in its stream: what it is, how many lines
//! follow, and the lines as they lie in memory, little-endian.
//!
//! Neither side ever waits: what cannot be written yet is kept, what is not there yet is not seen.

use crate::event::pack::{pack_levels, unpack_levels};
use crate::event::{Event, LEVELS_PER_LINE, Line, PART_LINES_MAX, Part};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;

const LINE_BYTES: usize = 64;
/// What is read at once.
const READ_BYTES: usize = 1 << 16;

/// What a frame says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    /// From the venue: a part.
    Part = 1,
    /// To the venue: a request.
    Request,
    /// To the venue: what has become of an order?
    Query,
    /// To the venue: a snapshot of a book is wanted.
    Resync,
    /// To the venue: another connection is wanted.
    Reconnect,
    /// To the venue: none of our orders is to rest any more.
    CancelAll,
    /// To the venue: what is known of us?
    QueryAll,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Part,
        Self::Request,
        Self::Query,
        Self::Resync,
        Self::Reconnect,
        Self::CancelAll,
        Self::QueryAll,
    ];
}

/// A stream of frames.
#[derive(Debug)]
pub(super) struct Frames {
    stream: UnixStream,
    inbox: Vec<u8>,
    /// All before is read.
    at: usize,
    outbox: Vec<u8>,
    has_ended: bool,
}

impl Frames {
    /// On a stream that never blocks from now on.
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let (inbox, outbox) = (Vec::new(), Vec::new());
        Ok(Self { stream, inbox, at: 0, outbox, has_ended: false })
    }

    /// Whether the other side has gone.
    pub(super) const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Sends a frame; false if the other side has gone.
    pub(super) fn push(&mut self, kind: Kind, lines: &[Line]) -> bool {
        let count = u8::try_from(lines.len()).expect("a part is eight lines");
        self.outbox.extend([kind as u8, count]);
        for line in lines {
            line.0.iter().for_each(|word| self.outbox.extend(word.to_le_bytes()));
        }
        self.flush();
        !self.has_ended
    }

    /// Writes what can be written now.
    pub(super) fn flush(&mut self) {
        let mut written = 0;
        while written < self.outbox.len() && !self.has_ended {
            match self.stream.write(&self.outbox[written..]) {
                Ok(count @ 1..) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => self.has_ended = true,
            }
        }
        self.outbox.drain(..written);
    }

    /// The next frame, its lines into `lines`; nothing if none is whole yet.
    pub(super) fn next(&mut self, lines: &mut Vec<Line>) -> Option<Kind> {
        if let Some(kind) = self.take(lines) {
            return Some(kind);
        }
        self.read();
        self.take(lines)
    }

    fn take(&mut self, lines: &mut Vec<Line>) -> Option<Kind> {
        let rest = &self.inbox[self.at..];
        let (&[kind, count], rest) = rest.split_first_chunk()?;
        let length = usize::from(count) * LINE_BYTES;
        let bytes = rest.get(..length)?;
        let Some(kind) = Kind::ALL.into_iter().find(|known| *known as u8 == kind) else {
            self.has_ended = true;
            return None;
        };
        lines.clear();
        for line in bytes.as_chunks::<LINE_BYTES>().0 {
            let words = line.as_chunks::<8>().0;
            lines.push(Line(std::array::from_fn(|at| u64::from_le_bytes(words[at]))));
        }
        self.at += 2 + length;
        Some(kind)
    }

    fn read(&mut self) {
        self.inbox.drain(..self.at);
        self.at = 0;
        let held = self.inbox.len();
        self.inbox.resize(held + READ_BYTES, 0);
        let read = self.stream.read(&mut self.inbox[held..]);
        let count = match read {
            Ok(0) => {
                self.has_ended = true;
                0
            }
            Ok(count) => count,
            Err(error) => {
                let waits = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted);
                self.has_ended |= !waits;
                0
            }
        };
        self.inbox.truncate(held + count);
    }
}

/// The lines of a part.
pub(super) fn part_lines(part: &Part, lines: &mut Vec<Line>) {
    lines.clear();
    lines.push(part.event.pack());
    lines.extend(part.levels().chunks(LEVELS_PER_LINE).map(pack_levels));
    assert!(lines.len() <= PART_LINES_MAX, "a part has no more lines");
}

/// Reads a part from its lines; false if they are none.
pub(super) fn read_part(lines: &[Line], part: &mut Part) -> bool {
    let Some((head, levels)) = lines.split_first() else { return false };
    let Ok(event) = Event::unpack(head) else { return false };
    if levels.len() != event.level_count().div_ceil(LEVELS_PER_LINE) {
        return false;
    }
    part.event = event;
    let places = part.places().as_chunks_mut::<LEVELS_PER_LINE>().0;
    for (place, line) in places.iter_mut().zip(levels) {
        *place = unpack_levels(line);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Body, Level};
    use crate::types::{InstrumentId, Nanos, Price, Qty, Side};

    #[test]
    fn frames_come_as_they_were_sent_however_they_are_cut() {
        let (a, b) = UnixStream::pair().unwrap();
        let (mut venue, mut engine) = (Frames::new(a).unwrap(), Frames::new(b).unwrap());
        let mut part = Part::empty();
        let levels: Vec<_> =
            (1..=7).map(|n| Level::new(Side::Ask, Price(100 + n), Qty(n))).collect();
        let shape = crate::event::Levels {
            shape: crate::event::Shape::Update,
            first: true,
            last: true,
            count: 7,
            follows: 1,
            id: 2,
            checksum: None,
        };
        let event = Event {
            sequence: 0,
            received: Nanos(5),
            venue_time: Nanos(4),
            instrument: InstrumentId(0),
            body: Body::Levels(shape),
        };
        part.set(&event, &levels);
        let (mut lines, mut read) = (Vec::new(), Part::empty());
        for _ in 0..300 {
            part_lines(&part, &mut lines);
            assert!(venue.push(Kind::Part, &lines));
        }
        assert!(engine.push(Kind::CancelAll, &[]));
        let mut count = 0;
        while let Some(kind) = engine.next(&mut lines) {
            assert_eq!(kind, Kind::Part);
            assert!(read_part(&lines, &mut read));
            assert_eq!((read.event, read.levels()), (event, &levels[..]));
            count += 1;
            venue.flush();
        }
        assert_eq!(count, 300);
        assert_eq!(venue.next(&mut lines), Some(Kind::CancelAll));
        assert!(!read_part(&[], &mut read) && !engine.has_ended());
        drop(venue);
        assert!(engine.next(&mut lines).is_none() && engine.has_ended());
    }
}
