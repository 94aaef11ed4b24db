//! Copies of a data directory: consistent while an engine runs on it, verified, and listed.
//!
//! A journal only grows, so a copy of its files in their order holds a prefix of it; what the last
//! one holds of a record that was just being written is a torn end. A backup is a data directory
//! itself: every tool reads it. What is restored begins where the backup ended, and the venue tells
//! what happened since.

use super::archive::held_in;
use super::fault::ReadError;
use super::files::{IN_THE_MAKING, segment_numbers};
use super::read::{Journal, Summary};
use super::snapshot;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no copy.
#[derive(Debug)]
pub enum BackupError {
    /// The system says no.
    Io {
        /// With which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The copy cannot be read as a journal.
    Read(ReadError),
    /// There is something already where it should go.
    Exists(PathBuf),
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Read(error) => write!(f, "the copy is no whole journal: {error}"),
            Self::Exists(path) => {
                write!(f, "{} is there already, and is left as it is", path.display())
            }
        }
    }
}

impl std::error::Error for BackupError {}

impl From<ReadError> for BackupError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Files of a data directory beside journal and snapshots; those that are there are copied.
const BESIDE: [&str; 4] = ["identity.json", "synced", "poison.jsonl", "venue-truth.jsonl"];

/// Copies a data directory to a place where nothing is; how its journal ends. `told` hears of each
/// file with the bytes so far.
///
/// # Errors
/// Something is there, the system says no, or the copy is not whole.
pub fn copy(
    from: &Path,
    to: &Path,
    told: &mut dyn FnMut(u64),
) -> Result<Option<Summary>, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_path_buf()));
    }
    let name = to.file_name().map_or_else(|| "copy".into(), |name| name.to_os_string());
    let mut aside_name = name;
    aside_name.push(".new");
    let aside = to.with_file_name(aside_name);
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error| BackupError::Io { path, error }
    };
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(failed(&aside))?;
    }
    fs::create_dir_all(aside.join("journal")).map_err(failed(&aside))?;
    let mut bytes = 0;
    let mut one = |source: &Path, target: &Path| {
        bytes += copy_file(source, target).map_err(failed(source))?;
        told(bytes);
        Ok::<_, BackupError>(())
    };
    // What tells how far the journal is synced first: it is then never ahead of the copy.
    for name in BESIDE.iter().filter(|name| from.join(name).is_file()) {
        one(&from.join(name), &aside.join(name))?;
    }
    let records = snapshot::records(from).map_err(failed(from))?;
    if !records.is_empty() {
        fs::create_dir_all(snapshot::folder_in(&aside)).map_err(failed(&aside))?;
    }
    for record in records {
        one(&snapshot::path_in(from, record), &snapshot::path_in(&aside, record))?;
    }
    let folder = from.join("journal");
    for number in segment_numbers(&folder).map_err(failed(&folder))? {
        let mut source = held_in(&folder, number);
        let target = |source: &Path| aside.join("journal").join(source.file_name().expect("named"));
        if let Err(error) = one(&source, &target(&source)) {
            // It may have been packed since it was listed.
            let now = held_in(&folder, number);
            if now == source {
                return Err(error);
            }
            source = now;
            one(&source, &target(&source))?;
        }
    }
    let summary = Journal::open(&aside)?.visit_from(1, |_, _| Ok::<_, ReadError>(()))?;
    let place = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let named = fs::rename(&aside, to)
        .and_then(|()| super::directory::sync_directory(place.unwrap_or(Path::new("."))));
    named.map_err(failed(to))?;
    Ok(summary)
}

/// Copies a file and syncs it; zeros at its end take no room.
fn copy_file(from: &Path, to: &Path) -> io::Result<u64> {
    let bytes = fs::read(from)?;
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let file = File::create_new(to)?;
    io::Write::write_all(&mut &file, &bytes[..used])?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()?;
    Ok(used as u64)
}

/// A backup in a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Where.
    pub path: PathBuf,
    /// What it is of and how far it goes, or why it cannot be used.
    pub state: String,
}

/// The data directories in a folder, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Vec<Listed>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.join("identity.json").is_file()
            && path.extension().is_none_or(|e| e != IN_THE_MAKING)
        {
            paths.push(path);
        }
    }
    paths.sort();
    let state = |path: &Path| -> Result<String, ReadError> {
        let journal = Journal::open(path)?;
        let summary = journal.visit_from(1, |_, _| Ok::<_, ReadError>(()))?;
        let Summary { last_record, epoch, bytes, .. } = summary.ok_or_else(|| journal.nothing())?;
        let owner = journal.identity();
        Ok(format!("whole: record {last_record}, epoch {epoch}, {bytes} bytes, {owner}"))
    };
    let told = paths.into_iter().map(|path| {
        let state = state(&path).unwrap_or_else(|error| format!("not whole: {error}"));
        Listed { path, state }
    });
    Ok(told.collect())
}
