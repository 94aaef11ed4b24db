//! The file of the log: appended to, and put aside before it grows too long.
//!
//! `name` is written, `name.1` is the one before it, and so on. Files with other numbers than are
//! kept are left alone.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file of lines that never grows beyond its bound, but for a line that is longer by itself.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: u64,
    kept: u32,
}

impl LogFile {
    /// Opens it behind what stands there.
    ///
    /// # Errors
    /// It cannot be opened or made.
    pub fn open(path: PathBuf, bytes_max: u64, kept: u32) -> io::Result<Self> {
        let file = File::options().append(true).create(true).open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path, file, bytes, bytes_max, kept })
    }

    /// Its name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line that ends with its newline, in one write.
    ///
    /// # Errors
    /// It cannot be written, or the file cannot be put aside; the next line is tried again.
    pub fn append(&mut self, line: &str) -> io::Result<()> {
        let length = line.len() as u64;
        if self.bytes > 0 && self.bytes.saturating_add(length) > self.bytes_max {
            self.put_aside()?;
        }
        self.file.write_all(line.as_bytes())?;
        self.bytes += length;
        Ok(())
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    fn put_aside(&mut self) -> io::Result<()> {
        for number in (1..self.kept).rev() {
            let from = self.numbered(number);
            if from.exists() {
                fs::rename(from, self.numbered(number + 1))?;
            }
        }
        if self.kept == 0 {
            fs::remove_file(&self.path)?;
        } else {
            fs::rename(&self.path, self.numbered(1))?;
        }
        self.file = File::options().append(true).create(true).open(&self.path)?;
        self.bytes = self.file.metadata()?.len();
        Ok(())
    }
}
