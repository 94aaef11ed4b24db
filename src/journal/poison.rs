//! Which input made the core panic: noted as the process dies, so that it does not panic for ever.
//!
//! `DATA_DIR/poison.jsonl` has a line for each panic of a thread that applies inputs: the record at
//! work, and what was said. A thread that reads the journal names the record before it applies it;
//! of the hot threads, which must not do more than they have to, the last record that is written is
//! noted. Whoever plays the journal later applies nothing from a noted record on: what followed is
//! taken from the recorded outputs alone.

use super::sync::Written;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A panic that was noted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Poison {
    /// The start of the process whose input it was; 0 where only a reader was at work.
    pub epoch: u32,
    /// The record at work.
    pub record: u64,
    /// What was said, and where.
    pub said: String,
}

/// Where it is noted.
#[derive(Debug)]
struct Page {
    file: File,
    epoch: u32,
    /// The journal that is written to, once it is.
    written: Option<Written>,
}

static PAGE: Mutex<Option<Page>> = Mutex::new(None);

thread_local! {
    /// The record that this thread applies; 0 for none.
    static AT_WORK: Cell<u64> = const { Cell::new(0) };
}

/// The path of the file.
#[must_use]
pub fn path_in(directory: &Path) -> PathBuf {
    directory.join("poison.jsonl")
}

/// From now on a panic is noted in that data directory: by those who read it first, by those who
/// write once their journal is told.
///
/// # Errors
/// The file cannot be opened.
pub fn arm(directory: &Path) -> io::Result<()> {
    let file = File::options().create(true).append(true).open(path_in(directory))?;
    *page() = Some(Page { file, epoch: 0, written: None });
    Ok(())
}

/// The journal that the hot threads write to from now on.
pub fn writes(epoch: u32, written: Written) {
    if let Some(page) = page().as_mut() {
        (page.epoch, page.written) = (epoch, Some(written));
    }
}

fn page() -> std::sync::MutexGuard<'static, Option<Page>> {
    PAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This thread applies that record now; 0 when it is done.
#[inline]
pub fn at_work(record: u64) {
    AT_WORK.set(record);
}

/// Notes a panic of this thread, if it was applying an input: `hot` says whether it is one of the
/// threads that do nothing else. Called from the panic hook, so that what fails here is left.
pub fn note(info: &PanicHookInfo<'_>, hot: bool) {
    let Some(page) = &mut *page() else { return };
    let (own, written) = (AT_WORK.get(), page.written.as_ref().map(Written::sequence));
    let (record, epoch) = match (own, written) {
        (0, Some(written)) if hot => (written, page.epoch),
        (0, _) => return,
        (own, _) => (own, 0),
    };
    let said = info.to_string().replace('\n', " ");
    let mut line = serde_json::to_vec(&Poison { epoch, record, said }).unwrap_or_default();
    line.push(b'\n');
    let _ = page.file.write_all(&line).and_then(|()| page.file.sync_all());
}

/// All that was noted in a data directory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Noted {
    /// Records that make the core panic.
    pub records: Vec<u64>,
    /// The last one, if no start has come up halted for it yet.
    pub fresh: Option<Poison>,
}

/// Notes that a start has come up halted for what was noted before.
///
/// # Errors
/// The file cannot be written.
pub fn acknowledge(directory: &Path, epoch: u32) -> io::Result<()> {
    let mut file = File::options().create(true).append(true).open(path_in(directory))?;
    let said = "an epoch has begun halted".to_string();
    let mut line = serde_json::to_vec(&Poison { epoch, record: 0, said })?;
    line.push(b'\n');
    file.write_all(&line)?;
    file.sync_all()
}

/// What was noted. A line that was cut off as it was written is none.
///
/// # Errors
/// The file cannot be read.
pub fn read(directory: &Path) -> io::Result<Noted> {
    let text = match std::fs::read_to_string(path_in(directory)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Noted::default()),
        Err(error) => return Err(error),
    };
    let mut noted = Noted::default();
    for poison in text.lines().filter_map(|line| serde_json::from_str::<Poison>(line).ok()) {
        if poison.record == 0 {
            noted.fresh = None;
        } else {
            noted.records.push(poison.record);
            noted.fresh = Some(poison);
        }
    }
    Ok(noted)
}
