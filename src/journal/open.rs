//! Going on with a journal: the last segment is closed where its records end, and a new one begins
//! with the next epoch.
//!
//! A start costs no more than a header, a start record and a sync. What stands torn behind the last
//! record is saved aside before it is cut; what is damaged stops the start. Every step can be done
//! again after a crash in the middle of it.

use super::archive::{held_in, read_segment};
use super::cases::{Case, Decision};
use super::cut::cut;
use super::directory::{DataDirectory, sync_directory};
use super::failure::OpenError;
use super::fault::ReadError;
use super::files::{FileSegments, segment_numbers, segment_path};
use super::params::JournalParams;
use super::reader::{End, SegmentReader};
use super::record::{Kind, PlainForm, SEAL_BYTES};
use super::segment::{Ending, Header, Owner, has_not_begun};
use super::start::Start;
use super::sync::Syncer;
use super::synced::{SyncedFile, SyncedTo};
use super::writer::{Origin, Writer};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// A journal that is open, with the start record of its epoch written.
#[derive(Debug)]
pub struct Begun {
    /// Appends.
    pub writer: Writer<FileSegments>,
    /// Syncs from another thread; to be dropped where nobody does.
    pub syncer: Syncer,
    /// How far it is synced, for those who prune.
    pub marks: SyncedFile,
    /// What was put aside, as power was lost within the first start.
    pub put_aside: Vec<PathBuf>,
    /// The start as it was written, its epoch included.
    pub start: Start,
}

/// Begins the next epoch: the stored one plus one, at least `epoch_min` (the seconds since 1970).
///
/// # Errors
/// The journal is damaged, or something cannot be written.
pub fn begin(
    directory: DataDirectory,
    params: &JournalParams,
    epoch_min: u32,
    start: impl FnOnce(u32) -> Start,
) -> Result<Begun, OpenError> {
    let identity = *directory.identity();
    let marks = SyncedFile::open(directory.path()).map_err(OpenError::Marks)?;
    let folder = directory.journal_path();
    let put_aside = put_aside_unbegun(&directory, marks.marks().synced)?;
    let last = close_last(&directory)?;
    let epoch = match last {
        None => epoch_min,
        Some(last) => last.epoch.checked_add(1).ok_or(OpenError::NoEpochLeft)?.max(epoch_min),
    };
    let origin = Origin {
        number: last.map_or(1, |last| last.number + 1),
        sequence: last.map_or(1, |last| last.next_sequence),
        previous: last.map_or(Ending::default(), |last| last.ending),
        epoch,
        owner: Owner::this(identity),
    };
    if let Some(last) = last {
        let Last { number: segment, epoch, next_sequence, ending } = last;
        let (offset, sequence) = (ending.used, next_sequence - 1);
        let closed = SyncedTo { segment, offset, sequence, epoch };
        let path = super::synced::marks_path(directory.path());
        marks.note(closed).map_err(|error| OpenError::io("write", &path, error))?;
    }
    let (segments, made) = FileSegments::new(directory, params.segment_bytes, marks.clone());
    let mut writer = Writer::begin(segments, origin, params.sync)?;
    let start = start(epoch);
    writer.append_start(&start)?;
    let mut syncer = Syncer::new(made, writer.written(), marks.clone(), epoch);
    // Whoever finds an order of this epoch at the venue must find the epoch here, in every mode.
    syncer.sync().map_err(|error| OpenError::io("sync", &folder, error))?;
    Ok(Begun { writer, syncer, start, marks, put_aside })
}

/// The last segment, closed.
#[derive(Clone, Copy)]
struct Last {
    number: u64,
    epoch: u32,
    next_sequence: u64,
    ending: Ending,
}

/// Power was lost within the very first start: nothing had left, and nothing is known. What of it
/// has come to the disk is no journal and gets names that none reads.
fn put_aside_unbegun(
    directory: &DataDirectory,
    synced: SyncedTo,
) -> Result<Vec<PathBuf>, OpenError> {
    let folder = directory.journal_path();
    let numbers =
        segment_numbers(&folder).map_err(|error| OpenError::io("read", &folder, error))?;
    let Some(first) = numbers.first().filter(|_| synced == SyncedTo::default()) else {
        return Ok(Vec::new());
    };
    let mut bytes = Vec::new();
    read_segment(&folder, *first, &mut bytes)?;
    match Header::read(&bytes) {
        Err(damage) if !has_not_begun(&bytes) => {
            let case = Case::of_damage(&damage, (*first, 0), Some(synced));
            let is_lost = case.decision() == Decision::Cut;
            if is_lost { cut(directory, *first, 0) } else { Ok(Vec::new()) }
        }
        _ => Ok(Vec::new()),
    }
}

/// Closes the last segment that has begun, and takes away the one that has not.
fn close_last(directory: &DataDirectory) -> Result<Option<Last>, OpenError> {
    let folder = directory.journal_path();
    let mut numbers =
        segment_numbers(&folder).map_err(|error| OpenError::io("read", &folder, error))?;
    let mut bytes = Vec::new();
    while let Some(number) = numbers.pop() {
        read_segment(&folder, number, &mut bytes)?;
        let path = held_in(&folder, number);
        if has_not_begun(&bytes) {
            fs::remove_file(&path).map_err(|error| OpenError::io("remove", &path, error))?;
            continue;
        }
        let damaged = |(offset, damage)| {
            let path = path.clone();
            ReadError::Damaged { path, segment: number, offset, sequence: 0, damage }
        };
        let mut reader = SegmentReader::new(&bytes).map_err(|damage| damaged((0, damage)))?;
        while reader.next().map_err(damaged)?.is_some() {}
        let ending = close(&folder, number, &bytes, &reader)
            .map_err(|error| OpenError::io("close", &path, error))?;
        let sealed_now = !matches!(reader.end(), Some(End::Sealed(_)));
        return Ok(Some(Last {
            number,
            epoch: reader.header().epoch,
            next_sequence: reader.sequence() + u64::from(sealed_now),
            ending,
        }));
    }
    Ok(None)
}

/// Seals a segment where its records end, and shortens it.
fn close(
    folder: &Path,
    number: u64,
    bytes: &[u8],
    reader: &SegmentReader<'_>,
) -> io::Result<Ending> {
    let (at, path) = (reader.at(), segment_path(folder, number));
    let file = File::options().write(true).open(&path)?;
    let ending = match reader.end().expect("it was read to its end") {
        End::Sealed(ending) => ending,
        end @ (End::Open | End::Torn { .. }) => {
            if let End::Torn { bytes: torn, .. } = end {
                save_aside(folder, number, at, &bytes[at..at + torn])?;
                file.write_all_at(&vec![0; torn], at as u64)?;
            }
            let mut digest = reader.digest();
            let payload = digest.value().to_le_bytes();
            let mut seal = [0; SEAL_BYTES];
            let form = PlainForm { kind: Kind::Seal, detail: 1, payload: &payload };
            digest.fold(form.write(&mut seal, reader.sequence(), reader.seed()));
            file.write_all_at(&seal, at as u64)?;
            Ending { used: (at + SEAL_BYTES) as u64, digest: digest.value() }
        }
    };
    file.sync_all()?;
    file.set_len(ending.used)?;
    file.sync_all()?;
    Ok(ending)
}

/// Keeps what stood torn, for those who want to know.
fn save_aside(folder: &Path, number: u64, at: usize, torn: &[u8]) -> io::Result<()> {
    let path = folder.join(format!("{number:020}-{at}.torn"));
    fs::write(&path, torn)?;
    File::open(&path)?.sync_all()?;
    sync_directory(folder)
}
