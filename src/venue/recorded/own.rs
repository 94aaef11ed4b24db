//! Our own framing, and the recorder that writes it from a live feed.
//!
//! ```text
//! pinnaclemm-recording 1 venue=kraken
//! <nanos> <kind> <tag length> <payload length> <tag> <payload>
//! 1786309548026294000 recv 0 23  {"channel":"heartbeat"}
//! ```
//!
//! Kinds are the names of [`Kind`]; an unknown stamp is `-`. The lengths count bytes, so tag and
//! payload may hold anything, line ends too; a line end closes the record. A file that was cut is
//! whole up to its last whole record, and what is behind that is torn: nothing in the middle is
//! ever rewritten. Where a length is damaged, reading goes on at the next line that is a record.
//!
//! No clock is read here: the stamps are the records' own.

use super::framing::{Malformed, Parts, Place};
use super::record::{Kind, Record};
use super::sink::{self, Sink};
use super::source::{Cut, LINE_MAX, Source};
use crate::types::{Nanos, Venue};
use std::io::{self, Write};
use std::path::Path;

/// What every recording of ours begins with.
pub const MAGIC: &str = "pinnaclemm-recording ";
/// The version that is written, and the only one that is read.
pub const VERSION: &str = "1";
/// A crash loses at most what came in this span, and in that before the next record.
pub const FLUSH_EVERY: Nanos = Nanos::from_seconds(1);

/// A head is four words: at most 20 + 5 + 9 + 9 bytes with their spaces.
const HEAD_MAX: usize = 64;
/// What is gathered before it is written.
const GATHER: usize = 64 << 10;

/// Reads the first line: its venue, or the part of it that is not understood.
pub(crate) fn parse_first_line(line: &[u8]) -> Result<Venue, String> {
    let text = String::from_utf8_lossy(line);
    let words = text.strip_prefix(MAGIC).and_then(|rest| rest.split_once(' '));
    let (version, venue) = words.ok_or_else(|| text.to_string())?;
    if version != VERSION {
        return Err(format!("version {version}"));
    }
    let name = venue.strip_prefix("venue=").and_then(Venue::from_name);
    name.ok_or_else(|| venue.to_owned())
}

/// What stands next in a recording of ours.
pub(crate) enum Next {
    /// A record over so many bytes from the place given; its parts count from there.
    Record(std::ops::Range<usize>, Parts),
    /// A line that is no record.
    Malformed(Malformed),
    /// The file stops inside a record; so many bytes of it are there.
    Torn(usize),
    /// Nothing more.
    End,
}

/// What the first bytes of a record say.
#[derive(PartialEq, Eq, Debug)]
enum Head {
    Whole { received: Nanos, kind: Kind, tag: usize, payload: usize, len: usize },
    Incomplete,
    Bad,
}

/// Takes the next record from the source.
pub(crate) fn next(source: &mut Source) -> io::Result<Next> {
    let at = source.want(HEAD_MAX)?;
    if at.is_empty() {
        return Ok(Next::End);
    }
    let window = at.start..at.end.min(at.start + HEAD_MAX);
    let Head::Whole { received, kind, tag, payload, len } = parse_head(&source.bytes()[window])
    else {
        let short = parse_head(&source.bytes()[at.clone()]) == Head::Incomplete;
        if at.len() < HEAD_MAX && short {
            source.take(at.len());
            return Ok(Next::Torn(at.len()));
        }
        return skip(source);
    };
    let total = len + tag + 1 + payload + 1;
    let at = source.want(total)?;
    if at.len() < total {
        source.take(at.len());
        return Ok(Next::Torn(at.len()));
    }
    let record = &source.bytes()[at.start..at.start + total];
    if record[len + tag] != b' ' || record[total - 1] != b'\n' {
        return skip(source);
    }
    source.take(total);
    let payload = len + tag + 1..total - 1;
    let (tag, payload) = (Place::Line(len..len + tag), Place::Line(payload));
    Ok(Next::Record(at.start..at.start + total, Parts { received, kind, tag, payload }))
}

/// Passes the line on which no record begins.
fn skip(source: &mut Source) -> io::Result<Next> {
    Ok(match source.line()? {
        Cut::TooLong => Next::Malformed(Malformed::TooLong),
        Cut::Whole(_) | Cut::Unfinished(_) => Next::Malformed(Malformed::Lengths),
        Cut::End => Next::End,
    })
}

fn parse_head(bytes: &[u8]) -> Head {
    let mut words = [&bytes[..0]; 4];
    let mut at = 0;
    for word in &mut words {
        match bytes[at..].iter().position(|byte| matches!(byte, b' ' | b'\n')) {
            Some(len) if bytes[at + len] == b' ' => {
                *word = &bytes[at..at + len];
                at += len + 1;
            }
            Some(_) => return Head::Bad,
            None => return Head::Incomplete,
        }
    }
    let number = |word: &[u8]| std::str::from_utf8(word).ok()?.parse::<i64>().ok();
    let length = |word| usize::try_from(number(word)?).ok().filter(|len| *len <= LINE_MAX);
    let [stamp, kind, tag, payload] = words;
    let received = if stamp == b"-" { Some(Nanos::UNKNOWN) } else { number(stamp).map(Nanos) };
    match (received, Kind::from_name(kind), length(tag), length(payload)) {
        (Some(received), Some(kind), Some(tag), Some(payload)) => {
            Head::Whole { received, kind, tag, payload, len: at }
        }
        _ => Head::Bad,
    }
}

/// Why a recording is not written.
#[derive(Debug)]
pub enum RecorderError {
    /// The file cannot be made; one of that name is never written over.
    Create {
        /// Its name.
        path: String,
        /// What the system said.
        cause: io::Error,
    },
    /// Writing failed. The recorder is dead: every later call says the same.
    Write {
        /// The file's name.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// A tag or payload that no reader would take; it is not written.
    TooLong {
        /// Its bytes.
        len: usize,
    },
}

impl std::fmt::Display for RecorderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Create { path, cause } if cause.kind() == io::ErrorKind::AlreadyExists => {
                write!(f, "{path} exists: move it away or choose another name")
            }
            Self::Create { path, cause } => write!(f, "cannot make {path}: {cause}"),
            Self::Write { path, cause } => {
                write!(f, "writing {path} failed, the recording ends here: {cause}")
            }
            Self::TooLong { len } => {
                write!(f, "a record of {len} bytes is not recorded: at most {LINE_MAX} are")
            }
        }
    }
}

impl std::error::Error for RecorderError {}

/// Writes records to a file as they come. One that is dropped without [`Self::finish`] leaves a
/// torn file, as a crash does.
pub struct Recorder {
    sink: Option<Box<dyn Sink>>,
    path: String,
    gathered: Vec<u8>,
    /// When what is gathered has to be flushed.
    due: Nanos,
    failed: Option<String>,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder")
            .field("path", &self.path)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Recorder {
    /// Begins a recording in a new file, compressed if its name ends in `.zst`.
    ///
    /// # Errors
    /// The file cannot be made, or there is one.
    pub fn create(path: &Path, venue: Venue) -> Result<Self, RecorderError> {
        let name = path.display().to_string();
        match sink::create(path) {
            Ok(sink) => Ok(Self::over(sink, name, venue)),
            Err(cause) => Err(RecorderError::Create { path: name, cause }),
        }
    }

    pub(crate) fn over(sink: Box<dyn Sink>, path: String, venue: Venue) -> Self {
        let gathered = format!("{MAGIC}{VERSION} venue={venue}\n").into_bytes();
        Self { sink: Some(sink), path, gathered, due: Nanos(i64::MIN), failed: None }
    }

    /// Appends a record; its `torn` is not kept. Written and flushed when [`FLUSH_EVERY`] has
    /// passed by the stamps of the records.
    ///
    /// # Errors
    /// The record is too long, or writing failed now or before.
    pub fn record(&mut self, record: &Record<'_>) -> Result<(), RecorderError> {
        let (tag, payload) = (record.tag, record.payload);
        let len = tag.len().max(payload.len());
        if len > LINE_MAX {
            return Err(RecorderError::TooLong { len });
        }
        let out = &mut self.gathered;
        let written = if record.received.is_known() {
            write!(out, "{}", record.received.0)
        } else {
            write!(out, "-")
        };
        written
            .and_then(|()| write!(out, " {} {} {} ", record.kind.name(), tag.len(), payload.len()))
            .expect("a vector takes all that is written");
        out.extend_from_slice(tag);
        out.push(b' ');
        out.extend_from_slice(payload);
        out.push(b'\n');
        if self.gathered.len() >= GATHER {
            self.pass_on(false)?;
        }
        self.flush_due(record.received)
    }

    /// Flushes if [`FLUSH_EVERY`] has passed: for the caller's idle turns on a quiet feed.
    ///
    /// # Errors
    /// Writing failed now or before.
    pub fn flush_due(&mut self, now: Nanos) -> Result<(), RecorderError> {
        if now < self.due || !now.is_known() {
            return self.check();
        }
        self.due = Nanos(now.0.saturating_add(FLUSH_EVERY.0));
        self.pass_on(true)
    }

    /// Writes what is left, ends the stream and puts it on the disk.
    ///
    /// # Errors
    /// Writing failed now or before; the file stands up to its last flush.
    pub fn finish(mut self) -> Result<(), RecorderError> {
        self.pass_on(true)?;
        let sink = self.sink.take().expect("only `finish` takes the sink, and it takes self");
        sink.finish().map_err(|error| self.fail(&error))
    }

    fn check(&self) -> Result<(), RecorderError> {
        match &self.failed {
            None => Ok(()),
            Some(cause) => {
                Err(RecorderError::Write { path: self.path.clone(), cause: cause.clone() })
            }
        }
    }

    fn fail(&mut self, error: &io::Error) -> RecorderError {
        let cause = error.to_string();
        self.failed = Some(cause.clone());
        RecorderError::Write { path: self.path.clone(), cause }
    }

    fn pass_on(&mut self, flush: bool) -> Result<(), RecorderError> {
        self.check()?;
        let sink = self.sink.as_mut().expect("only `finish` takes the sink, and it takes self");
        let mut result = sink.write_all(&self.gathered);
        if flush {
            result = result.and_then(|()| sink.flush());
        }
        self.gathered.clear();
        result.map_err(|error| self.fail(&error))
    }
}

#[cfg(test)]
#[path = "own_tests.rs"]
mod tests;
