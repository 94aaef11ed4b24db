//! One recording: its source and its framing joined, record by record, with a report.
//!
//! A line that is no record is counted with its number and its reason, and the rest of the file
//! goes on. Several recordings are merged by `tape`; payloads are read by the venues' decoders.

use super::framing::{Framing, Malformed, Parts};
use super::own::{self, Next};
use super::record::{Kind, Record};
use super::source::{self, Cut, LINE_MAX, Source};
use crate::types::{Nanos, Venue};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How many malformed lines a report names; all are counted.
pub const NAMED_MAX: usize = 8;

/// Why a recording cannot be read, or not further.
#[derive(Debug)]
pub enum RecordingError {
    /// The file cannot be opened.
    Open {
        /// Its name.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Reading or unpacking failed.
    Read {
        /// The file's name.
        path: PathBuf,
        /// Lines that were read before.
        lines: u64,
        /// What the system said.
        cause: io::Error,
    },
    /// The first line is of no framing that is known.
    Framing {
        /// The file's name.
        path: PathBuf,
        /// How the line begins.
        start: String,
    },
    /// A recording of ours that this version does not read.
    FirstLine {
        /// The file's name.
        path: PathBuf,
        /// What is not understood.
        found: String,
    },
}

impl std::fmt::Display for RecordingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open { path, cause } => write!(f, "cannot open {}: {cause}", path.display()),
            Self::Read { path, lines, cause } => {
                write!(f, "{} is damaged behind line {lines}: {cause}", path.display())
            }
            Self::Framing { path, start } => write!(
                f,
                "{} begins with {start:?}, which is no framing of a recording",
                path.display()
            ),
            Self::FirstLine { path, found } => write!(
                f,
                "{} is a recording of ours, but {found:?} is not understood: read it with the \
                 version that wrote it",
                path.display()
            ),
        }
    }
}

impl std::error::Error for RecordingError {}

/// What was read of a recording so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Lines, or records of our own framing.
    pub lines: u64,
    /// Lines with nothing on them.
    pub blank: u64,
    /// Records given out, by the number of their [`Kind`].
    pub records: [u64; Kind::ALL.len()],
    /// Lines that are no records.
    pub malformed: u64,
    /// The number and the reason of the first [`NAMED_MAX`] of them.
    pub named: Vec<(u64, Malformed)>,
    /// The recording stops inside a record or a compressed stream; so many bytes are left of it.
    pub torn: Option<usize>,
    /// Records whose stamp lies before that of the one before: the recorder's clock stepped back.
    pub steps_back: u64,
    /// The first stamp.
    pub first: Nanos,
    /// The last stamp.
    pub last: Nanos,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            lines: 0,
            blank: 0,
            records: [0; Kind::ALL.len()],
            malformed: 0,
            named: Vec::with_capacity(NAMED_MAX),
            torn: None,
            steps_back: 0,
            first: Nanos::UNKNOWN,
            last: Nanos::UNKNOWN,
        }
    }
}

impl Report {
    /// How many records of that kind were given out.
    #[must_use]
    pub const fn count(&self, kind: Kind) -> u64 {
        self.records[kind as usize]
    }

    fn malformed(&mut self, why: Malformed) {
        self.malformed += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push((self.lines, why));
        }
    }
}

/// One opened recording.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    source: Source,
    framing: Option<Framing>,
    venue: Option<Venue>,
    unescaped: Vec<u8>,
    current: Option<Current>,
    latest: Nanos,
    report: Report,
    ended: bool,
}

#[derive(Debug)]
struct Current {
    line: Range<usize>,
    parts: Parts,
    torn: bool,
}

impl Reader {
    /// Opens a recording; nothing is read but its first bytes.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        match source::open(path) {
            Ok(input) => Ok(Self::over(path.to_owned(), Source::new(input, LINE_MAX))),
            Err(cause) => Err(RecordingError::Open { path: path.to_owned(), cause }),
        }
    }

    /// Reads a recording from something else than a file; `name` stands for it in errors.
    ///
    /// # Errors
    /// Its first bytes cannot be read.
    pub fn from_read(
        name: &str,
        input: impl Read + Send + 'static,
    ) -> Result<Self, RecordingError> {
        match source::unpacked(input) {
            Ok(input) => Ok(Self::over(name.into(), Source::new(input, LINE_MAX))),
            Err(cause) => Err(RecordingError::Open { path: name.into(), cause }),
        }
    }

    fn over(path: PathBuf, source: Source) -> Self {
        Self {
            path,
            source,
            framing: None,
            venue: None,
            unescaped: Vec::new(),
            current: None,
            latest: Nanos::UNKNOWN,
            report: Report::default(),
            ended: false,
        }
    }

    /// The file's name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is written, once the first line was read.
    #[must_use]
    pub const fn framing(&self) -> Option<Framing> {
        self.framing
    }

    /// Whose it is: only our own framing says that.
    #[must_use]
    pub const fn venue(&self) -> Option<Venue> {
        self.venue
    }

    /// What was read so far.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The greatest stamp so far: where this recording stands when several are merged. A record
    /// without a stamp, or with one that steps back, follows the one before it.
    #[must_use]
    pub const fn latest(&self) -> Nanos {
        self.latest
    }

    /// Goes to the next record; false at the end.
    ///
    /// # Errors
    /// The file cannot be read further; the next call says that it has ended.
    pub fn advance(&mut self) -> Result<bool, RecordingError> {
        self.current = None;
        while !self.ended {
            let read = match self.framing {
                Some(Framing::Own) => self.read_own(),
                _ => self.read_line(),
            };
            if let Err(error) = read {
                self.ended = true;
                return Err(error);
            }
            if let Some(current) = &self.current {
                let (kind, received) = (current.parts.kind, current.parts.received);
                self.count(kind, received);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The record that [`Self::advance`] went to.
    #[must_use]
    pub fn record(&self) -> Option<Record<'_>> {
        let Current { line, parts, torn } = self.current.as_ref()?;
        let line = &self.source.bytes()[line.clone()];
        Some(Record {
            received: parts.received,
            kind: parts.kind,
            tag: parts.tag.of(line, &self.unescaped),
            payload: parts.payload.of(line, &self.unescaped),
            torn: *torn,
        })
    }

    fn count(&mut self, kind: Kind, received: Nanos) {
        self.report.records[kind as usize] += 1;
        if !received.is_known() {
            return;
        }
        if !self.report.first.is_known() {
            self.report.first = received;
        }
        // Against the one before, not the greatest: one stamp too high is one step.
        self.report.steps_back += u64::from(received < self.report.last);
        self.report.last = received;
        self.latest = self.latest.max(received);
    }

    fn failed(&self, cause: io::Error) -> RecordingError {
        RecordingError::Read { path: self.path.clone(), lines: self.report.lines, cause }
    }

    fn end(&mut self) {
        self.ended = true;
        if self.source.is_cut_short() && self.report.torn.is_none() {
            self.report.torn = Some(0);
        }
    }

    fn read_line(&mut self) -> Result<(), RecordingError> {
        let (mut line, mut finished) = match self.source.line().map_err(|e| self.failed(e))? {
            Cut::Whole(line) => (line, true),
            Cut::Unfinished(line) => (line, false),
            Cut::TooLong => {
                self.report.lines += 1;
                self.report.malformed(Malformed::TooLong);
                return Ok(());
            }
            Cut::End => {
                self.end();
                return Ok(());
            }
        };
        self.report.lines += 1;
        let text = &self.source.bytes()[line.clone()];
        if text.last() == Some(&b'\r') {
            line.end -= 1;
        }
        if text.trim_ascii().is_empty() {
            self.report.blank += 1;
            return Ok(());
        }
        let framing = match self.framing {
            Some(framing) => framing,
            None => match self.begin(&line, finished)? {
                Some(framing) => framing,
                None => return Ok(()),
            },
        };
        if framing == Framing::Document {
            match self.source.read_to_end(&line).map_err(|e| self.failed(e))? {
                Cut::Unfinished(all) => (line, finished) = (all, false),
                _ => {
                    self.report.malformed(Malformed::TooLong);
                    return Ok(());
                }
            }
        }
        self.cut(framing, line, finished);
        Ok(())
    }

    /// Tells the framing from the first line; nothing is left to cut where that is all it says.
    fn begin(
        &mut self,
        line: &Range<usize>,
        finished: bool,
    ) -> Result<Option<Framing>, RecordingError> {
        let text = &self.source.bytes()[line.clone()];
        let begins_ours = text.starts_with(own::MAGIC.as_bytes())
            || own::MAGIC.as_bytes().starts_with(text)
            || source::begins_compressed(text);
        if !finished && begins_ours {
            self.report.torn = Some(text.len());
            return Ok(None);
        }
        let Some(framing) = Framing::detect(text) else {
            let start = &text[..text.len().min(40)];
            let start = String::from_utf8_lossy(start).into_owned();
            return Err(RecordingError::Framing { path: self.path.clone(), start });
        };
        self.framing = Some(framing);
        if framing != Framing::Own {
            return Ok(Some(framing));
        }
        let venue = own::parse_first_line(text)
            .map_err(|found| RecordingError::FirstLine { path: self.path.clone(), found })?;
        self.venue = Some(venue);
        Ok(None)
    }

    fn cut(&mut self, framing: Framing, line: Range<usize>, finished: bool) {
        let text = &self.source.bytes()[line.clone()];
        let parts = framing.cut(text, &mut self.unescaped);
        let whole = finished
            || parts
                .as_ref()
                .is_ok_and(|parts| framing.is_whole(text, parts.payload.of(text, &self.unescaped)));
        if !whole {
            self.report.torn = Some(text.len());
        }
        match parts {
            Ok(parts) => self.current = Some(Current { line, parts, torn: !whole }),
            Err(why) if whole => self.report.malformed(why),
            // What is left of the line is counted as torn, and is no fault of the recording.
            Err(_) => {}
        }
    }

    fn read_own(&mut self) -> Result<(), RecordingError> {
        let next = own::next(&mut self.source).map_err(|e| self.failed(e))?;
        if !matches!(next, Next::End) {
            self.report.lines += 1;
        }
        match next {
            Next::Record(line, parts) => {
                self.current = Some(Current { line, parts, torn: false });
            }
            Next::Malformed(why) => self.report.malformed(why),
            Next::Torn(len) => self.report.torn = Some(len),
            Next::End => self.end(),
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
