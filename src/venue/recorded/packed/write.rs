//! Writes a packed file, block by block.

use super::super::sink::{self, Sink};
use super::{
    BLOCK, BLOCK_LINES_MAX, BlockHead, CLOSE, LINE, MAGIC, PackedError, PackedFault, Totals,
    VERSION,
};
use crate::event::pack::pack_levels;
use crate::event::{Event, LEVELS_PER_LINE, Level, Line};
use crate::types::{InstrumentId, InstrumentTable, Venue};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Writes events to a new packed file.
pub struct PackedWriter {
    sink: Box<dyn Sink>,
    path: PathBuf,
    instruments: usize,
    /// The lines of the block that is gathered.
    block: Vec<u8>,
    gathered: Totals,
    written: Totals,
    blocks: u64,
    crc: u32,
    failed: Option<String>,
}

impl std::fmt::Debug for PackedWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackedWriter")
            .field("path", &self.path)
            .field("written", &self.written)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl PackedWriter {
    /// Begins a new file, compressed if its name ends in `.zst`.
    ///
    /// # Errors
    /// The file cannot be made, or there is one.
    ///
    /// # Panics
    /// An instrument of another venue: our own fault.
    pub fn create(
        path: &Path,
        venue: Venue,
        instruments: &InstrumentTable,
    ) -> Result<Self, PackedError> {
        let sink = sink::create(path).map_err(|cause| PackedError {
            path: path.into(),
            fault: PackedFault::Create(cause),
        })?;
        Self::over(sink, path, venue, instruments)
    }

    pub(super) fn over(
        sink: Box<dyn Sink>,
        path: &Path,
        venue: Venue,
        instruments: &InstrumentTable,
    ) -> Result<Self, PackedError> {
        let mut header =
            format!("{MAGIC}{VERSION} venue={venue} instruments={}\n", instruments.len());
        for instrument in instruments {
            assert_eq!(instrument.venue, venue, "a packed file holds one venue");
            let (tick, lot) = (instrument.tick.text(1), instrument.lot.text(1));
            let (symbol, base, quote) = (instrument.symbol, instrument.base, instrument.quote);
            writeln!(header, "{symbol} {base} {quote} {tick} {lot}")
                .expect("a string takes all that is written");
        }
        let mut writer = Self {
            sink,
            path: path.into(),
            instruments: instruments.len(),
            block: Vec::with_capacity(BLOCK_LINES_MAX * LINE),
            gathered: Totals::default(),
            written: Totals::default(),
            blocks: 0,
            crc: 0,
            failed: None,
        };
        writer.put(header.as_bytes())?;
        Ok(writer)
    }

    /// Appends an event with its levels.
    ///
    /// # Errors
    /// Writing failed now or before.
    ///
    /// # Panics
    /// The event says that it has another number of levels, or is of an instrument that the file
    /// does not name: our own fault.
    pub fn push(&mut self, event: &Event, levels: &[Level]) -> Result<(), PackedError> {
        assert_eq!(levels.len(), event.level_count());
        let known = event.instrument.index() < self.instruments;
        assert!(known || event.instrument == InstrumentId::ALL, "{:?}", event.instrument);
        let lines = event.line_count();
        if self.block.len() + lines * LINE > BLOCK_LINES_MAX * LINE {
            self.put_block()?;
        }
        self.append(&event.pack());
        for levels in levels.chunks(LEVELS_PER_LINE) {
            self.append(&pack_levels(levels));
        }
        let (lines, levels) = (lines as u64, levels.len() as u64);
        self.gathered.add(Totals { lines, events: 1, levels });
        self.check()
    }

    /// Writes the rest and the end, and puts all of it on the disk.
    ///
    /// # Errors
    /// Writing failed now or before: the file is not to be used.
    pub fn finish(mut self) -> Result<Totals, PackedError> {
        if !self.block.is_empty() {
            self.put_block()?;
        }
        self.put_head(CLOSE, self.written)?;
        match self.sink.finish() {
            Ok(()) => Ok(self.written),
            Err(cause) => {
                let fault = PackedFault::Write(cause.to_string());
                Err(PackedError { path: self.path, fault })
            }
        }
    }

    #[inline]
    fn append(&mut self, line: &Line) {
        let mut bytes = [0; LINE];
        for (place, word) in bytes.chunks_exact_mut(8).zip(line.0) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        self.block.extend_from_slice(&bytes);
    }

    fn put_block(&mut self) -> Result<(), PackedError> {
        let totals = std::mem::take(&mut self.gathered);
        let block = std::mem::take(&mut self.block);
        self.put_head_over(BLOCK, totals, &block)?;
        self.block = block;
        self.block.clear();
        self.written.add(totals);
        self.blocks += 1;
        Ok(())
    }

    fn put_head(&mut self, magic: u64, totals: Totals) -> Result<(), PackedError> {
        self.put_head_over(magic, totals, &[])
    }

    /// Writes a head and the lines behind it; the CRC in the head is over both.
    fn put_head_over(
        &mut self,
        magic: u64,
        totals: Totals,
        lines: &[u8],
    ) -> Result<(), PackedError> {
        let head = BlockHead { magic, totals, number: self.blocks }.to_bytes();
        let mut sum = crc32fast::Hasher::new_with_initial(self.crc);
        sum.update(&head);
        sum.update(lines);
        self.crc = sum.finalize();
        let crc = u64::from(self.crc).to_le_bytes();
        self.write(&head)?;
        self.write(&crc)?;
        self.write(lines)
    }

    /// Writes bytes that count for the CRC.
    fn put(&mut self, bytes: &[u8]) -> Result<(), PackedError> {
        let mut sum = crc32fast::Hasher::new_with_initial(self.crc);
        sum.update(bytes);
        self.crc = sum.finalize();
        self.write(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PackedError> {
        self.check()?;
        let result: io::Result<()> = self.sink.write_all(bytes);
        if let Err(cause) = result {
            self.failed = Some(cause.to_string());
        }
        self.check()
    }

    fn check(&self) -> Result<(), PackedError> {
        match &self.failed {
            None => Ok(()),
            Some(cause) => Err(PackedError {
                path: self.path.clone(),
                fault: PackedFault::Write(cause.clone()),
            }),
        }
    }
}
