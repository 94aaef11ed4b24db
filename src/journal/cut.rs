//! Cutting a journal: what stands behind the cut is saved aside first, and never overwritten.
//!
//! Done by a start where the table of cases says so, and by `pinnaclemm-journal repair`. Every step
//! can be done again after a crash in the middle of it.

use super::DataDirectory;
use super::archive::held_in;
use super::directory::sync_directory;
use super::failure::OpenError;
use super::files::{segment_numbers, segment_path};
use super::segment::{HEADER_BYTES, Header};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Cuts everything from an offset of a segment on, later segments included; the files that hold
/// what was cut.
///
/// # Errors
/// The system says no: then it can be done again.
pub fn cut(
    directory: &DataDirectory,
    segment: u64,
    offset: usize,
) -> Result<Vec<PathBuf>, OpenError> {
    let folder = directory.journal_path();
    let numbers = segment_numbers(&folder).map_err(|e| OpenError::io("read", &folder, e))?;
    let mut saved = Vec::new();
    // The last one first, so that none is ever missing in the middle.
    for number in numbers.into_iter().rev().filter(|number| *number > segment) {
        saved.push(put_aside(&folder, number)?);
    }
    let path = held_in(&folder, segment);
    if !path.exists() {
        return Ok(saved);
    }
    if offset < HEADER_BYTES || path != segment_path(&folder, segment) {
        saved.push(put_aside(&folder, segment)?);
        return Ok(saved);
    }
    let part = cut_end(&folder, segment, offset);
    saved.push(part.map_err(|error| OpenError::io("cut", &path, error))?);
    Ok(saved)
}

/// Gives a whole segment a name that no journal reads.
fn put_aside(folder: &Path, number: u64) -> Result<PathBuf, OpenError> {
    let path = held_in(folder, number);
    let aside = free_name(folder, &format!("{number:020}-0"));
    let done = fs::rename(&path, &aside).and_then(|()| sync_directory(folder));
    done.map_err(|error| OpenError::io("put aside", &path, error))?;
    Ok(aside)
}

fn cut_end(folder: &Path, number: u64, offset: usize) -> io::Result<PathBuf> {
    let path = segment_path(folder, number);
    let mut file = File::options().read(true).write(true).open(&path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let allocated = Header::read(&bytes).map_or(0, |(header, _)| header.allocated);
    let torn = bytes.get(offset..).unwrap_or_default();
    let torn = &torn[..torn.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)];
    let aside = free_name(folder, &format!("{number:020}-{offset}"));
    fs::write(&aside, torn)?;
    File::open(&aside)?.sync_all()?;
    sync_directory(folder)?;
    // A segment that is not sealed has the length that it was made with.
    file.write_all_at(&vec![0; torn.len()], offset as u64)?;
    file.set_len(allocated.max(bytes.len() as u64))?;
    file.sync_all()?;
    Ok(aside)
}

/// A name that nothing has: what was saved before stays.
fn free_name(folder: &Path, stem: &str) -> PathBuf {
    let numbered = (1_u32..).map(|n| folder.join(format!("{stem}.{n}.torn")));
    let mut names = std::iter::once(folder.join(format!("{stem}.torn"))).chain(numbered);
    names.find(|path| !path.exists()).expect("numbers do not end")
}
