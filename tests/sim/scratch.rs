//! The folder of a story, in memory where the system has such a place: what outlives what is decided
//! by `disk`, so it need not lie on a disk at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Files in memory.
const MEMORY: &str = "/dev/shm";

/// A folder that goes away with its owner.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    is_kept: bool,
}

impl Scratch {
    /// An empty one.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "pinnaclemm-sim-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let made = [PathBuf::from(MEMORY), std::env::temp_dir()].into_iter().find_map(|place| {
            let path = place.join(&name);
            let _ = fs::remove_dir_all(&path);
            // A place that is not there, or not ours, is not made.
            fs::create_dir(&path).ok().map(|()| path)
        });
        let path = made.expect("the system has a place for what does not last");
        Self { path, is_kept: false }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// It stays, to be looked at.
    pub(crate) fn keep(&mut self) -> &Path {
        self.is_kept = true;
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
