//! The data directory: one owner for ever, one process at a time.

use super::failure::OpenError;
use super::fault::IdentityError;
use super::segment::FORMAT_VERSION;
use super::{Identity, ReadError};
use crate::types::InstanceTag;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A data directory that this process alone writes to, as long as a clone of this lives.
#[derive(Clone, Debug)]
pub struct DataDirectory {
    path: PathBuf,
    identity: Identity,
    _lock: Arc<Lock>,
}

/// A file that is locked. The kernel ends that even after `kill -9`, but only when nobody has the
/// file open: a child just forked has, until it runs something else. So the lock is given back by
/// name.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        flock(&self.0, FlockOperation::Unlock).ok();
    }
}

/// What stands in `identity.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdentityFile {
    format_version: u64,
    identity: Identity,
}

/// The part of it that every format has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormatOnly {
    format_version: u64,
}

impl DataDirectory {
    /// Takes the directory for this process; a new one gets the identity, tag included, an old one
    /// keeps its tag.
    ///
    /// # Errors
    /// Another process has it, it belongs to something else, or it cannot be made or read.
    pub fn open(path: &Path, identity: &Identity) -> Result<Self, OpenError> {
        let journal = path.join("journal");
        fs::create_dir_all(&journal).map_err(|e| OpenError::io("make", &journal, e))?;
        let lock = take_lock(path)?;
        let identity = match read_identity(path)? {
            Some(found) => {
                if let Some((key, found, wanted)) = found.difference(identity) {
                    return Err(OpenError::Other { path: path.into(), key, found, wanted });
                }
                found
            }
            None => {
                if fs::read_dir(&journal).is_ok_and(|mut entries| entries.next().is_some()) {
                    return Err(IdentityError::Missing { path: identity_path(path) }.into());
                }
                write_identity(path, identity)?;
                *identity
            }
        };
        Ok(Self { path: path.to_path_buf(), identity, _lock: Arc::new(lock) })
    }

    /// Whose it is.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The upper half of all its order ids.
    #[must_use]
    pub const fn instance_tag(&self) -> InstanceTag {
        self.identity.instance_tag
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the segments stand.
    #[must_use]
    pub fn journal_path(&self) -> PathBuf {
        self.path.join("journal")
    }
}

fn identity_path(directory: &Path) -> PathBuf {
    directory.join("identity.json")
}

/// The identity of a directory, for those who only read.
///
/// # Errors
/// There is none, or none that can be taken.
pub fn identity_of(directory: &Path) -> Result<Identity, ReadError> {
    read_identity(directory)
        .map_err(ReadError::Identity)?
        .ok_or_else(|| ReadError::Nothing { path: directory.to_path_buf() })
}

fn take_lock(directory: &Path) -> Result<Lock, OpenError> {
    let path = directory.join("lock");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| OpenError::io("open", &path, e))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            let mut process = String::new();
            if file.read_to_string(&mut process).is_err() || process.is_empty() {
                process = "unknown".into();
            }
            let path = directory.to_path_buf();
            return Err(OpenError::Locked { path, process: process.trim().into() });
        }
        Err(error) => return Err(OpenError::io("lock", &path, error.into())),
    }
    let mark = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    mark(&mut file).map_err(|e| OpenError::io("write", &path, e))?;
    Ok(Lock(file))
}

fn read_identity(directory: &Path) -> Result<Option<Identity>, IdentityError> {
    let path = identity_path(directory);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(IdentityError::Io { path, error }),
    };
    let wrong = |error| IdentityError::Text { path: path.clone(), error };
    let FormatOnly { format_version } = serde_json::from_slice(&text).map_err(wrong)?;
    if format_version != u64::from(FORMAT_VERSION) {
        return Err(IdentityError::Version { path, found: format_version });
    }
    let IdentityFile { identity, .. } = serde_json::from_slice(&text).map_err(wrong)?;
    Ok(Some(identity))
}

/// Written aside, synced and renamed, so that it stands whole or not at all.
fn write_identity(directory: &Path, identity: &Identity) -> Result<(), IdentityError> {
    let path = identity_path(directory);
    let aside = directory.join("identity.json.new");
    let format_version = u64::from(FORMAT_VERSION);
    let text = serde_json::to_vec_pretty(&IdentityFile { format_version, identity: *identity })
        .expect("names are JSON");
    let write = || {
        let mut file = File::create(&aside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&aside, &path)?;
        sync_directory(directory)
    };
    write().map_err(|error| IdentityError::Io { path: path.clone(), error })
}

/// Makes the names in a directory outlive a loss of power.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
