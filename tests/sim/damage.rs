//! Bits that flip on the disk: behind what was synced they are cut with the tail; before it the
//! start says so by name, or does not need what is damaged.

use crate::chance::Chance;
use crate::story::{Counts, compared};
use pinnaclemm::journal::files::{segment_numbers, segment_path};
use pinnaclemm::journal::recovery::{Recovered, recover};
use pinnaclemm::journal::synced::marks_path;
use pinnaclemm::journal::{Journal, ReadError, read_marks, snapshot};
use std::fs;
use std::path::{Path, PathBuf};

fn flip(path: &Path, at: usize, bit: u64) {
    let mut bytes = fs::read(path).expect("it is there");
    bytes[at] ^= 1 << bit;
    fs::write(path, bytes).expect("there is room");
}

/// Flips a bit of the last segment, behind what was synced: for good where it is cut.
pub(crate) fn behind_the_synced(
    data: &Path,
    chance: &mut Chance,
    counts: &mut Counts,
) -> Result<(), String> {
    let folder = data.join("journal");
    let Some(last) = segment_numbers(&folder).ok().and_then(|numbers| numbers.last().copied())
    else {
        return Ok(());
    };
    let marks = read_marks(data).ok().flatten().unwrap_or_default().synced;
    let path = segment_path(&folder, last);
    let from = if last == marks.segment { marks.offset } else { 0 };
    let length = fs::metadata(&path).map_or(0, |facts| facts.len());
    if last < marks.segment || from >= length {
        return Ok(());
    }
    let room = (length - from).min(chance.pick(&[64, 4096, 1 << 16]));
    let at = from + chance.below(room);
    let (at, bit) = (usize::try_from(at).expect("a small file"), chance.below(8));
    flip(&path, at, bit);
    counts.count("bits flipped behind what was synced");
    match recover(data, &mut |_| true) {
        Ok(_) => Ok(()),
        // A segment that was closed and not noted yet: cut short, it is not taken for a tail.
        Err(error) if error.case().is_some() => {
            flip(&path, at, bit);
            counts.count("of these named");
            Ok(())
        }
        Err(error) => Err(format!("bit {bit} of byte {at} behind the synced: {error}")),
    }
}

/// Flips a bit of what was synced, looks what is said of it, and flips it back.
pub(crate) fn of_the_synced(
    data: &Path,
    left: &Recovered,
    chance: &mut Chance,
    counts: &mut Counts,
) -> Result<(), String> {
    let (path, at, is_journal) = match chance.below(4) {
        0 => {
            // One slot of two; where the other has never been written, none would be left.
            let at = chance.pick(&[0, 4096]) + chance.place(64);
            let path = marks_path(data);
            let other = fs::read(&path).map_err(|error| error.to_string())?;
            let slot = 4096 - at / 4096 * 4096;
            if other[slot..slot + 64].iter().all(|byte| *byte == 0) {
                return Ok(());
            }
            (path, at, false)
        }
        1 => {
            let Some(record) = left.snapshot else { return Ok(()) };
            let path = snapshot::path_in(data, record);
            let length = fs::metadata(&path).map_or(0, |facts| facts.len());
            (path, chance.place(usize::try_from(length).expect("a small file")), false)
        }
        _ => {
            let Some((path, at)) = synced_place(data, chance) else { return Ok(()) };
            (path, at, true)
        }
    };
    let bit = chance.below(8);
    flip(&path, at, bit);
    let told = told(data, left, is_journal);
    flip(&path, at, bit);
    counts.count("bits flipped in what was synced");
    told.map_err(|what| format!("bit {bit} of byte {at} of {}: {what}", path.display()))
}

/// A byte of the journal that was synced.
fn synced_place(data: &Path, chance: &mut Chance) -> Option<(PathBuf, usize)> {
    let synced = read_marks(data).ok().flatten()?.synced;
    let folder = data.join("journal");
    let mut numbers = segment_numbers(&folder).ok()?;
    numbers.retain(|number| *number <= synced.segment);
    let number = *numbers.get(chance.place(numbers.len().max(1)))?;
    let path = segment_path(&folder, number);
    let mut length = fs::metadata(&path).ok()?.len();
    if number == synced.segment {
        length = length.min(synced.offset);
    }
    let at = chance.place(usize::try_from(length).ok().filter(|length| *length > 0)?);
    Some((path, at))
}

/// What a reader and a start make of a flipped bit.
fn told(data: &Path, left: &Recovered, is_journal: bool) -> Result<(), String> {
    let whole = Journal::open(data).and_then(|journal| journal.visit::<ReadError>(|_, _| Ok(())));
    if is_journal && whole.is_ok() {
        return Err("a reader of the whole journal does not see it".into());
    }
    match recover(data, &mut |_| true) {
        Ok(Some(again)) => {
            let same = compared(&again.opening) == compared(&left.opening);
            let last = again.summary.last_record == left.summary.last_record;
            let is_so = same && last && again.input == left.input;
            if is_so { Ok(()) } else { Err("a start finds something else".into()) }
        }
        Ok(None) => Err("a start finds nothing".into()),
        Err(error) if error.case().is_some() => Ok(()),
        Err(error) => Err(format!("a start names no case: {error}")),
    }
}

/// What is found where no snapshot is.
pub(crate) fn without_snapshots<T>(data: &Path, find: impl Fn(&Path) -> T) -> T {
    let (folder, aside) = (snapshot::folder_in(data), data.join("snapshots-aside"));
    fs::rename(&folder, &aside).expect("it is there");
    let found = find(data);
    fs::rename(&aside, &folder).expect("it was there");
    found
}
