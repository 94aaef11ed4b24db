//! What of value at risk outlives a restart: the returns and the grades, in a file beside the
//! journal.
//!
//! A file of its own, since the journal is pruned long before a window of days is over. It is
//! replaced as a whole, so a crash leaves the one before. One that cannot be read, or was written
//! for other instruments, another window or another period, is said and begun anew.

use crate::types::Nanos;
use crate::var::Forecasts;
use crate::var::History;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Its name in the data directory.
const NAME: &str = "var_history.json";

/// What the file holds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// The symbols of the columns.
    pub(super) symbols: Vec<String>,
    /// The sampling period in nanoseconds.
    pub(super) period: i64,
    /// The time of the last sample.
    pub(super) time: Nanos,
    pub(super) history: History,
    pub(super) forecasts: Forecasts,
}

/// The file's place.
pub(super) fn path(data: &Path) -> PathBuf {
    data.join(NAME)
}

/// What the file holds; nothing if there is none.
///
/// # Errors
/// Why it cannot be used, in words.
pub(super) fn read(path: &Path, new: &Kept, window: usize) -> Result<Option<Kept>, String> {
    let name = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{name} cannot be read ({error}): begun anew")),
    };
    let kept: Kept = serde_json::from_str(&text)
        .map_err(|error| format!("{name} cannot be understood ({error}): begun anew"))?;
    let is_same = kept.symbols == new.symbols && kept.period == new.period;
    if !is_same || !kept.history.is_of(new.symbols.len(), window) {
        return Err(format!("{name} is of other instruments, periods or window: begun anew"));
    }
    Ok(Some(kept))
}

/// Replaces the file.
pub(super) fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    let new = path.with_extension("json.new");
    let mut file = fs::File::create(&new)?;
    file.write_all(&serde_json::to_vec(kept)?)?;
    // Before the name: a name without its bytes would be damage after a loss of power.
    file.sync_data()?;
    fs::rename(&new, path)
}
