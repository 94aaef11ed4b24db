//! Where recorder and packed writer put their bytes: a new file, compressed if its name says so.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// zstd's fast end: a feed must not wait for its recorder.
const ZSTD_LEVEL: i32 = 1;

/// A stream with an end of its own; a trait so that tests can fail at will.
pub(crate) trait Sink: Write + Send {
    /// Closes the stream and puts all of it on the disk.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Sink for File {
    fn finish(self: Box<Self>) -> io::Result<()> {
        self.sync_all()
    }
}

impl Sink for zstd::stream::write::Encoder<'static, File> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.sync_all()
    }
}

/// A new file of that name, never one that exists; compressed if the name ends in `.zst`.
pub(crate) fn create(path: &Path) -> io::Result<Box<dyn Sink>> {
    let file = File::create_new(path)?;
    if path.extension().is_some_and(|end| end == "zst") {
        let mut encoder = zstd::stream::write::Encoder::new(file, ZSTD_LEVEL)?;
        encoder.include_checksum(true)?;
        return Ok(Box::new(encoder));
    }
    Ok(Box::new(file))
}
