//! Where the tests find recordings, and the count of those that were found.
//!
//! Recordings are no part of the package. They lie in the folder that `PINNACLE_TEST_DATA` names,
//! by default `../shared/data` beside the package; a test that needs one asks [`path`] and ends
//! early without it.
//!
//! A test binary cannot end with a line of its own: its tests run in parallel, and `cargo test`
//! runs several binaries. So each use appends `run <name>` or `skip <name>` to
//! `target/tmp/recordings.log`. `.ci/run` removes that file before the tests and afterwards counts
//! the different names in it: `recordings: N run, M skipped`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The log of the recordings that were used, as `.ci/run` reads it.
const LOG: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/recordings.log");

/// The folder with the recordings, whether there is one or not.
pub(crate) fn root() -> PathBuf {
    match std::env::var_os("PINNACLE_TEST_DATA") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
    }
}

/// A recording by its name below the folder; says why and counts it as skipped where there is none.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    let path = root().join(name);
    let found = path.is_file();
    if !found {
        eprintln!("skipped: {} is absent; PINNACLE_TEST_DATA names its folder", path.display());
    }
    // One short write to a file opened for appending: tests in parallel do not mix their lines.
    let line = format!("{} {name}\n", if found { "run" } else { "skip" });
    let mut log = OpenOptions::new().append(true).create(true).open(LOG).expect("a log in target");
    log.write_all(line.as_bytes()).expect("a line of the log");
    found.then_some(path)
}
