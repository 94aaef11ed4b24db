//! Results as files: whole or not at all.

use crate::threads::run::RunFault;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file of that name into the directory; one that stands there is replaced in one step.
pub(in crate::threads) fn write(directory: &Path, name: &str, text: &str) -> Result<(), RunFault> {
    let path = directory.join(name);
    let beside = directory.join(format!(".{name}.{}", std::process::id()));
    written(&beside, text).and_then(|()| fs::rename(&beside, &path)).map_err(|cause| {
        // The fault that is told is the first one.
        fs::remove_file(&beside).ok();
        RunFault::Report { path, cause }
    })
}

fn written(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Writes text to stdout.
pub(in crate::threads) fn say(text: &str) -> Result<(), RunFault> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(RunFault::Output)
}
