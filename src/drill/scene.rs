//! The data directory of an engine as its files show it from outside, while it runs and when it is
//! dead: which segment has begun, what was being made.

use super::point::Point;
use crate::journal::files::{IN_THE_MAKING, segment_numbers, segment_path};
use crate::journal::{poison, snapshot};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The data directory.
#[derive(Debug)]
pub(super) struct Scene {
    data: PathBuf,
    /// What earlier engines have left half made.
    stale: BTreeSet<PathBuf>,
}

impl Scene {
    /// Of the engines to come.
    pub(super) const fn new(data: PathBuf) -> Self {
        Self { data, stale: BTreeSet::new() }
    }

    /// An engine is about to begin.
    pub(super) fn begin(&mut self) {
        self.stale = self.in_the_making();
    }

    /// All files that are being made.
    fn in_the_making(&self) -> BTreeSet<PathBuf> {
        let folders = [self.journal(), snapshot::folder_in(&self.data)];
        let entries = folders.into_iter().filter_map(|folder| fs::read_dir(folder).ok());
        let paths = entries.flatten().flatten().map(|entry| entry.path());
        let is_new = |path: &PathBuf| path.extension().is_some_and(|it| it == IN_THE_MAKING);
        paths.filter(is_new).collect()
    }

    /// Whether one in that folder is being made by the engine at hand.
    fn makes_in(&self, folder: &Path) -> bool {
        self.in_the_making().difference(&self.stale).any(|path| path.starts_with(folder))
    }

    /// Whether that process has begun to recover: from then on it holds the file in which it would
    /// note an input that makes it panic.
    pub(super) fn recovers(&self, process: u32) -> bool {
        let Ok(noted) = fs::canonicalize(poison::path_in(&self.data)) else { return false };
        let entries = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
        entries.flat_map(|entry| fs::read_link(entry.path())).any(|path| path == noted)
    }

    /// Where it is.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    fn journal(&self) -> PathBuf {
        self.data.join("journal")
    }

    /// Whether that segment has a header: one that was made ahead has none.
    pub(super) fn has_begun(&self, number: u64) -> bool {
        let mut head = [0; 8];
        File::open(segment_path(&self.journal(), number))
            .and_then(|mut file| file.read_exact(&mut head))
            .is_ok_and(|()| head != [0; 8])
    }

    /// The last segment that has begun; 0 if none has.
    pub(super) fn last_begun(&self) -> u64 {
        let numbers = segment_numbers(&self.journal()).unwrap_or_default();
        numbers.into_iter().rev().find(|number| self.has_begun(*number)).unwrap_or(0)
    }

    /// The names of the snapshots, of those in the making too.
    pub(super) fn snapshots(&self) -> BTreeSet<OsString> {
        let entries = fs::read_dir(snapshot::folder_in(&self.data)).into_iter().flatten();
        entries.flatten().map(|entry| entry.file_name()).collect()
    }

    /// The next start has to read all of the journal.
    pub(super) fn forget_snapshots(&self) {
        for name in self.snapshots() {
            fs::remove_file(snapshot::folder_in(&self.data).join(name)).ok();
        }
    }

    /// Whether what is left shows that the engine was at that point; `said` is its log.
    pub(super) fn shows(&self, point: Point, said: &str) -> bool {
        match point {
            Point::Start => !said.contains(r#""event":"readiness","ready":true"#),
            Point::Recovery => !said.contains(r#""event":"recovered""#),
            // The line was cut, or it was ready, when it was killed.
            Point::Quoting | Point::Unsent | Point::Unanswered => true,
            Point::Roll => self.is_within_a_roll(),
            Point::Snapshot => self.makes_in(&snapshot::folder_in(&self.data)),
        }
    }

    /// A segment is being made, or a full one still has the length that it began with.
    fn is_within_a_roll(&self) -> bool {
        let length = |number| fs::metadata(segment_path(&self.journal(), number)).map(|f| f.len());
        let last = self.last_begun();
        let pair = length(last).ok().zip(length(last.saturating_sub(1)).ok());
        self.makes_in(&self.journal()) || pair.is_some_and(|(last, before)| last == before)
    }
}
