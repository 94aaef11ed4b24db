//! Reads a packed file: a block is checked as a whole, then its events are handed out in place.

use super::super::source;
use super::{
    BLOCK, BLOCK_LINES_MAX, BlockHead, CLOSE, LINE, MAGIC, PackedError, PackedFault, SUMMED,
    Totals, VERSION, line,
};
use crate::event::pack::unpack_levels;
use crate::event::{Event, LEVELS_PER_LINE, Level, Part};
use crate::types::{Currency, InstrumentId, InstrumentTable, Nanos, Product, Scale, Symbol, Venue};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// What is read ahead, for the header's lines and the heads of blocks. Less than a block, which so
/// goes straight to its place.
const BUFFER: usize = 4 << 10;
/// The longest line of the header: three names and two numbers.
const HEADER_LINE_MAX: u64 = 256;

/// Reads events from a packed file.
pub struct PackedReader {
    path: PathBuf,
    input: BufReader<Box<dyn Read + Send>>,
    venue: Venue,
    instruments: InstrumentTable,
    /// The lines of the current block, and where the next event begins in it.
    block: Vec<u8>,
    at: usize,
    blocks: u64,
    crc: u32,
    read: Totals,
    ended: bool,
    part: Part,
}

impl std::fmt::Debug for PackedReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackedReader")
            .field("path", &self.path)
            .field("blocks", &self.blocks)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}

impl PackedReader {
    /// Whether the file begins like a packed one; not if it cannot be read.
    #[must_use]
    pub fn is_packed(path: &Path) -> bool {
        let mut start = [0; MAGIC.len()];
        let read = source::open(path).and_then(|mut input| input.read_exact(&mut start));
        read.is_ok() && start == *MAGIC.as_bytes()
    }

    /// Opens a packed file, plain or compressed, and checks its header and its first block.
    ///
    /// # Errors
    /// It is no packed file of this version, or is damaged so far.
    pub fn open(path: &Path) -> Result<Self, PackedError> {
        let fail = |fault| PackedError { path: path.to_owned(), fault };
        let input = source::open(path).map_err(|cause| fail(PackedFault::Read(cause)))?;
        Self::over(path, input)
    }

    /// Reads a packed file from something else than a file; `name` stands for it in errors.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_read(name: &str, input: impl Read + Send + 'static) -> Result<Self, PackedError> {
        let path = Path::new(name);
        match source::unpacked(input) {
            Ok(input) => Self::over(path, input),
            Err(cause) => {
                Err(PackedError { path: path.to_owned(), fault: PackedFault::Read(cause) })
            }
        }
    }

    pub(super) fn over(path: &Path, input: Box<dyn Read + Send>) -> Result<Self, PackedError> {
        let fail = |fault| PackedError { path: path.to_owned(), fault };
        let mut input = BufReader::with_capacity(BUFFER, input);
        let mut sum = crc32fast::Hasher::new();
        let (venue, instruments) = read_header(&mut input, &mut sum).map_err(fail)?;
        let mut reader = Self {
            path: path.to_owned(),
            input,
            venue,
            instruments,
            block: Vec::with_capacity(BLOCK_LINES_MAX * LINE),
            at: 0,
            blocks: 0,
            crc: sum.finalize(),
            read: Totals::default(),
            ended: false,
            part: Part::empty(),
        };
        reader.load().map_err(fail)?;
        Ok(reader)
    }

    /// Whose events these are.
    #[must_use]
    pub const fn venue(&self) -> Venue {
        self.venue
    }

    /// What they are of: ids count as in this table.
    #[must_use]
    pub const fn instruments(&self) -> &InstrumentTable {
        &self.instruments
    }

    /// What was handed out so far.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.read
    }

    /// The next event with its levels; nothing behind the last one, when the file is whole.
    ///
    /// # Errors
    /// The file is cut or damaged from here on; the next call says that it has ended.
    #[inline]
    pub fn advance(&mut self) -> Result<Option<(&Event, &[Level])>, PackedError> {
        let is_there = match self.is_ready() {
            Ok(true) => {
                let rest = &self.block[self.at..];
                let taken = unpack(rest, &self.instruments, &mut self.part);
                self.account(taken)
            }
            other => other,
        };
        match is_there {
            Ok(true) => Ok(Some((&self.part.event, self.part.levels()))),
            Ok(false) => Ok(None),
            Err(fault) => Err(self.fail(fault)),
        }
    }

    /// The same into a part of the caller's; false behind the last one.
    ///
    /// # Errors
    /// As [`Self::advance`].
    #[inline]
    pub fn take(&mut self, part: &mut Part) -> Result<bool, PackedError> {
        let is_there = match self.is_ready() {
            Ok(true) => {
                let taken = unpack(&self.block[self.at..], &self.instruments, part);
                self.account(taken)
            }
            other => other,
        };
        is_there.map_err(|fault| self.fail(fault))
    }

    /// When the next event was received; nothing behind the last one.
    ///
    /// # Errors
    /// As [`Self::advance`].
    #[inline]
    pub fn due(&mut self) -> Result<Option<Nanos>, PackedError> {
        match self.is_ready() {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(fault) => return Err(self.fail(fault)),
        }
        let (lines, _) = self.block[self.at..].as_chunks::<LINE>();
        match lines.first() {
            Some(head) => Ok(Some(Event::received_of(&line(head)))),
            None => Err(self.fail(PackedFault::Overlong)),
        }
    }

    /// Nothing can be read any more.
    #[cold]
    fn fail(&mut self, fault: PackedFault) -> PackedError {
        self.ended = true;
        self.block.clear();
        self.at = 0;
        PackedError { path: self.path.clone(), fault }
    }

    /// Whether an event has to stand at `at`; false behind the last one.
    #[inline]
    fn is_ready(&mut self) -> Result<bool, PackedFault> {
        if self.at == self.block.len() {
            self.load()?;
        }
        Ok(!self.ended)
    }

    /// Goes on behind what was taken.
    #[inline]
    fn account(&mut self, taken: Result<Totals, PackedFault>) -> Result<bool, PackedFault> {
        let taken = taken?;
        self.at += usize::try_from(taken.lines).expect("they lie in memory") * LINE;
        self.read.add(taken);
        Ok(true)
    }

    /// Reads and checks the next block, or the end.
    fn load(&mut self) -> Result<(), PackedFault> {
        if self.ended {
            return Ok(());
        }
        let mut head = [0; LINE];
        self.fill(&mut head)?;
        let damaged = PackedFault::Damaged { block: self.blocks };
        let Some((parsed, crc)) = BlockHead::from_bytes(&head) else { return Err(damaged) };
        let lines = match parsed.magic {
            BLOCK => usize::try_from(parsed.totals.lines).unwrap_or(usize::MAX),
            CLOSE => 0,
            _ => return Err(damaged),
        };
        // The length is not checked yet, so it may be anything.
        if lines > BLOCK_LINES_MAX || parsed.number != self.blocks {
            return Err(damaged);
        }
        let mut block = std::mem::take(&mut self.block);
        block.resize(lines * LINE, 0);
        let filled = self.fill(&mut block);
        self.block = block;
        self.at = 0;
        filled?;
        let mut sum = crc32fast::Hasher::new_with_initial(self.crc);
        sum.update(&head[..SUMMED]);
        sum.update(&self.block);
        self.crc = sum.finalize();
        if self.crc != crc {
            return Err(damaged);
        }
        self.blocks += 1;
        if parsed.magic == CLOSE { self.close(parsed.totals) } else { Ok(()) }
    }

    fn close(&mut self, written: Totals) -> Result<(), PackedFault> {
        self.ended = true;
        if written != self.read {
            return Err(PackedFault::Totals { written, read: self.read });
        }
        match self.input.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(PackedFault::Trailing),
            Err(cause) => Err(self.fault(cause)),
        }
    }

    fn fill(&mut self, into: &mut [u8]) -> Result<(), PackedFault> {
        self.input.read_exact(into).map_err(|cause| self.fault(cause))
    }

    fn fault(&self, cause: io::Error) -> PackedFault {
        fault(cause, self.blocks)
    }
}

/// Unpacks the event that the lines begin with.
#[inline]
fn unpack(from: &[u8], of: &InstrumentTable, part: &mut Part) -> Result<Totals, PackedFault> {
    let (lines, _) = from.as_chunks::<LINE>();
    let (head, behind) = lines.split_first().ok_or(PackedFault::Overlong)?;
    let event = Event::unpack(&line(head)).map_err(PackedFault::NotAnEvent)?;
    if event.instrument.index() >= of.len() && event.instrument != InstrumentId::ALL {
        return Err(PackedFault::Instrument(event.instrument));
    }
    let (count, lines) = (event.level_count(), event.line_count());
    let behind = behind.get(..lines - 1).ok_or(PackedFault::Overlong)?;
    let (places, _) = part.places().as_chunks_mut::<LEVELS_PER_LINE>();
    for (four, bytes) in places.iter_mut().zip(behind) {
        *four = unpack_levels(&line(bytes));
    }
    part.event = event;
    Ok(Totals { lines: lines as u64, events: 1, levels: count as u64 })
}

fn fault(cause: io::Error, blocks: u64) -> PackedFault {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => PackedFault::Truncated { blocks },
        _ => PackedFault::Read(cause),
    }
}

type Header = (Venue, InstrumentTable);

fn read_header(
    input: &mut impl BufRead,
    sum: &mut crc32fast::Hasher,
) -> Result<Header, PackedFault> {
    let start = input.fill_buf().map_err(|cause| fault(cause, 0))?;
    let known = start.len().min(MAGIC.len());
    if start[..known] != MAGIC.as_bytes()[..known] {
        return Err(PackedFault::NotPacked);
    }
    let first = read_header_line(input, sum)?;
    let rest = first.strip_prefix(MAGIC).ok_or(PackedFault::NotPacked)?;
    let unknown = || PackedFault::Header(first.clone());
    let (version, rest) = rest.split_once(' ').ok_or_else(unknown)?;
    if version != VERSION {
        return Err(PackedFault::Version(version.to_owned()));
    }
    let (venue, count) = rest.split_once(' ').ok_or_else(unknown)?;
    let venue = venue.strip_prefix("venue=").and_then(Venue::from_name).ok_or_else(unknown)?;
    let count = count.strip_prefix("instruments=").and_then(|count| count.parse().ok());
    let count = count.filter(|count| *count <= InstrumentTable::INSTRUMENTS_MAX);
    let count: usize = count.ok_or_else(unknown)?;
    let mut instruments = InstrumentTable::new(count.max(1));
    for _ in 0..count {
        let text = read_header_line(input, sum)?;
        let added = parse_product(&text).and_then(|product| instruments.add(venue, &product).ok());
        added.ok_or(PackedFault::Header(text))?;
    }
    Ok((venue, instruments))
}

fn read_header_line(
    input: &mut impl BufRead,
    sum: &mut crc32fast::Hasher,
) -> Result<String, PackedFault> {
    let mut bytes = Vec::new();
    let read = input.take(HEADER_LINE_MAX).read_until(b'\n', &mut bytes);
    read.map_err(|cause| fault(cause, 0))?;
    sum.update(&bytes);
    match bytes.split_last() {
        Some((b'\n', text)) => {
            String::from_utf8(text.to_vec()).map_err(|error| PackedFault::Header(error.to_string()))
        }
        _ if bytes.len() as u64 == HEADER_LINE_MAX => {
            Err(PackedFault::Header(String::from_utf8_lossy(&bytes).into_owned()))
        }
        _ => Err(PackedFault::Truncated { blocks: 0 }),
    }
}

/// The product that a line of the header names.
fn parse_product(text: &str) -> Option<Product> {
    let mut words = text.split(' ').map(str::as_bytes);
    let symbol = Symbol::new(words.next()?).ok()?;
    let base = Currency::new(words.next()?).ok()?;
    let quote = Currency::new(words.next()?).ok()?;
    let tick = Scale::parse(words.next()?).ok()?;
    let lot = Scale::parse(words.next()?).ok()?;
    // No order is sent to a recording; the step of orders is not written in it.
    let order_step = lot;
    let product = Product { symbol, base, quote, tick, lot, order_step, trading: true };
    words.next().is_none().then_some(product)
}
