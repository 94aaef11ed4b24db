//! A replay written as a packed file: every event with its levels, in the order the books saw them.
//!
//! What is wrong with the recording itself (lines that are no records) is not in a packed file; the
//! summary says it.

use super::packed::PackedWriter;
use super::replay::{Replay, ReplayError};
use super::report::damage;
use serde::Serialize;
use std::path::Path;

/// What was written.
#[derive(Debug, Serialize)]
pub struct Converted {
    /// The venue's name.
    pub venue: &'static str,
    /// The packed file.
    pub out: String,
    /// How many instruments it names.
    pub instruments: usize,
    /// Events that were written.
    pub events: u64,
    /// Levels behind them.
    pub levels: u64,
    /// Bytes before compression, without heads.
    pub bytes: u64,
    /// Everything for which the recording is not whole, as `check` says it.
    pub damage: Vec<String>,
}

/// Plays all of a replay into a new packed file. A file that cannot be finished is removed.
///
/// # Errors
/// There is a file of that name, it cannot be written, or the recording cannot be read further.
pub fn convert(replay: &mut Replay, out: &Path) -> Result<Converted, ReplayError> {
    let mut writer = PackedWriter::create(out, replay.venue(), replay.table())?;
    let written = push_all(replay, &mut writer).and_then(|()| Ok(writer.finish()?));
    let totals = match written {
        Ok(totals) => totals,
        Err(error) => {
            // The error says why; that half a file may be left is told by its missing end.
            std::fs::remove_file(out).ok();
            return Err(error);
        }
    };
    Ok(Converted {
        venue: replay.venue().name(),
        out: out.display().to_string(),
        instruments: replay.table().len(),
        events: totals.events,
        levels: totals.levels,
        bytes: totals.lines * 64,
        damage: damage(replay),
    })
}

fn push_all(replay: &mut Replay, writer: &mut PackedWriter) -> Result<(), ReplayError> {
    let mut pushed = Ok(());
    while replay.advance(|event, levels, _| {
        if pushed.is_ok() {
            pushed = writer.push(event, levels);
        }
    })? {
        if pushed.is_err() {
            break;
        }
    }
    Ok(pushed?)
}
