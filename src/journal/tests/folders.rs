//! Starts in real folders: what is found, what is refused, what is cut.

use super::memory::{identity, inputs, request, start};
use crate::journal::fault::Damage;
use crate::journal::files::segment_path;
use crate::journal::identity::{Account, ModeName};
use crate::journal::params::{DiskParams, JournalParams, SyncMode};
use crate::journal::reader::End;
use crate::journal::{
    Begun, DataDirectory, Identity, IdentityError, Journal, OpenError, ReadError, Summary, begin,
};
use crate::types::{Currency, InstanceTag, Nanos, Venue};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};

/// A folder that is gone when its test is.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pinnaclemm-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const PARAMS: JournalParams = JournalParams {
    segment_bytes: 1 << 16,
    sync: SyncMode::Batch,
    sync_interval: Nanos::from_millis(10),
    unsynced_max: Nanos::from_seconds(2),
    pack: false,
    journal_bytes_max: None,
    disk: DiskParams { warn_minutes: 60, stop_minutes: 15, halt_minutes: 5 },
};

pub(super) fn run(path: &Path, epoch_min: u32) -> Result<Begun, OpenError> {
    let directory = DataDirectory::open(path, &identity())?;
    let owner = *directory.identity();
    begin(directory, &PARAMS, epoch_min, |epoch| start(owner, epoch))
}

/// Appends every input, and a request behind each.
pub(super) fn append(begun: &mut Begun, times: usize) {
    for _ in 0..times {
        for (event, levels) in inputs() {
            begun.writer.append_input(&event, &levels).unwrap();
            begun.writer.append_request(&request()).unwrap();
        }
    }
}

/// What both ways of reading say, which is the same.
pub(super) fn verify(path: &Path) -> Result<Summary, ReadError> {
    let journal = Journal::open(path)?;
    let visited = journal.visit(|_, _| Ok::<_, ReadError>(()));
    let verified = journal.verify(NonZero::new(3).unwrap(), || ());
    assert_eq!(format!("{verified:?}"), format!("{visited:?}"));
    Ok(visited?.expect("a segment has begun"))
}

#[test]
fn epochs_follow_each_other_after_a_close_and_after_a_kill() {
    let folder = Folder::new("epochs");
    let mut begun = run(&folder.0, 100).unwrap();
    assert_eq!(begun.start.epoch, 100);
    append(&mut begun, 100);
    assert_eq!(begun.syncer.sync().unwrap(), begun.writer.written().sequence());
    append(&mut begun, 100);
    begun.writer.close().unwrap();
    let first = verify(&folder.0).unwrap();
    assert!(first.segments > 5 && first.clean && matches!(first.end, End::Sealed(_)), "{first:?}");
    let on_disk = |summary: &Summary| {
        let sizes = fs::read_dir(folder.0.join("journal")).unwrap();
        let sum: u64 = sizes.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert_eq!(sum, summary.bytes, "a start costs no more than it writes");
    };
    on_disk(&first);

    // Seconds that do not move on, or run back, do not give an epoch twice.
    let mut begun = run(&folder.0, 100).unwrap();
    assert_eq!(begun.start.epoch, 101);
    append(&mut begun, 1);
    drop(begun);
    let killed = verify(&folder.0).unwrap();
    assert_eq!((killed.end, killed.clean), (End::Open, false));
    assert_eq!(killed.records, first.records + 1 + 32);

    let begun = run(&folder.0, 7).unwrap();
    assert_eq!(begun.start.epoch, 102);
    begun.writer.close().unwrap();
    let last = verify(&folder.0).unwrap();
    assert_eq!(last.records, killed.records + 1 + 3);
    on_disk(&last);
}

#[test]
fn a_torn_tail_is_saved_aside_and_cut() {
    let folder = Folder::new("torn");
    let mut begun = run(&folder.0, 1).unwrap();
    append(&mut begun, 1);
    drop(begun);
    let before = verify(&folder.0).unwrap();
    let path = segment_path(&folder.0.join("journal"), 1);
    let mut bytes = fs::read(&path).unwrap();
    let torn = b"no record at all";
    bytes[before.used + 8..before.used + 8 + torn.len()].copy_from_slice(torn);
    fs::write(&path, &bytes).unwrap();
    let seen = verify(&folder.0).unwrap();
    assert!(matches!(seen.end, End::Torn { bytes: 24, .. }), "{seen:?}");

    run(&folder.0, 1).unwrap().writer.close().unwrap();
    let after = verify(&folder.0).unwrap();
    assert_eq!(after.records, before.records + 1 + 3);
    let aside = folder.0.join(format!("journal/{:020}-{}.torn", 1, before.used));
    assert_eq!(fs::read(&aside).unwrap()[8..], *torn);
    assert_eq!(fs::metadata(&path).unwrap().len(), before.used as u64 + 24);
}

#[test]
fn a_segment_that_was_made_ahead_does_not_count() {
    let folder = Folder::new("ahead");
    run(&folder.0, 1).unwrap().writer.close().unwrap();
    let ahead = segment_path(&folder.0.join("journal"), 2);
    fs::write(&ahead, vec![0; 1 << 16]).unwrap();
    let before = verify(&folder.0).unwrap();
    assert_eq!(before.segments, 1);
    let begun = run(&folder.0, 1).unwrap();
    assert_eq!(verify(&folder.0).unwrap().segments, 2);
    drop(begun);
    fs::write(segment_path(&folder.0.join("journal"), 3), b"").unwrap();
    let damage = |path: &Path| match verify(path).unwrap_err() {
        ReadError::Damaged { damage, .. } => damage,
        other => panic!("{other}"),
    };
    assert_eq!(damage(&folder.0), Damage::NotASegment);
}

#[test]
fn damage_stops_the_start_and_changes_nothing() {
    let folder = Folder::new("damage");
    let mut begun = run(&folder.0, 1).unwrap();
    append(&mut begun, 1);
    drop(begun);
    let path = segment_path(&folder.0.join("journal"), 1);
    let mut bytes = fs::read(&path).unwrap();
    bytes[1500] ^= 4;
    fs::write(&path, &bytes).unwrap();
    let error = run(&folder.0, 1).unwrap_err();
    assert!(matches!(error, OpenError::Read(ReadError::Damaged { .. })), "{error}");
    assert!(error.to_string().contains("00001.seg at offset"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(fs::read_dir(folder.0.join("journal")).unwrap().count(), 1);
}

#[test]
fn the_chain_of_segments_is_held() {
    let folder = Folder::new("chain");
    let path = |number| segment_path(&folder.0.join("journal"), number);
    let mut open = Vec::new();
    for epoch in 1..=3 {
        let mut begun = run(&folder.0, epoch).unwrap();
        append(&mut begun, 1);
        open.push(fs::read(path(u64::from(epoch))).unwrap());
        begun.writer.close().unwrap();
    }
    let kept: Vec<_> = (1..=3).map(|number| fs::read(path(number)).unwrap()).collect();
    let check = |expected: &str| {
        let error = verify(&folder.0).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        for (number, bytes) in (1..).zip(&kept) {
            fs::write(path(number), bytes).unwrap();
        }
        verify(&folder.0).unwrap();
    };
    fs::remove_file(path(2)).unwrap();
    check("00002.seg is missing");
    fs::remove_file(path(1)).unwrap();
    check("00001.seg is missing");
    fs::write(path(1), &open[0]).unwrap();
    check("the segment before is not sealed");
    fs::copy(path(3), path(2)).unwrap();
    check("its header says that it is segment 3");
    // The same records with another start: sound by itself, and another one than the next names.
    let other = Folder::new("chain-other");
    let mut begun = run(&other.0, 9).unwrap();
    append(&mut begun, 1);
    begun.writer.close().unwrap();
    fs::copy(segment_path(&other.0.join("journal"), 1), path(1)).unwrap();
    check("another length or digest");
    let stranger = Identity { account: Account::new(b"x").unwrap(), ..identity() };
    let third = Folder::new("chain-third");
    let directory = DataDirectory::open(&third.0, &stranger).unwrap();
    begin(directory, &PARAMS, 1, |epoch| start(stranger, epoch)).unwrap().writer.close().unwrap();
    fs::copy(segment_path(&third.0.join("journal"), 1), path(1)).unwrap();
    check("it belongs to simulation at simulated, account x in USD");
}

#[test]
fn a_directory_has_one_owner_and_one_process() {
    let folder = Folder::new("owner");
    let directory = DataDirectory::open(&folder.0, &identity()).unwrap();
    let locked = DataDirectory::open(&folder.0, &identity()).unwrap_err();
    let process = std::process::id().to_string();
    assert!(matches!(&locked, OpenError::Locked { process: p, .. } if *p == process), "{locked}");
    drop(directory);

    // The tag is the directory's, whatever a later start would give it.
    let later = Identity { instance_tag: InstanceTag::new(9), ..identity() };
    let directory = DataDirectory::open(&folder.0, &later).unwrap();
    assert_eq!(directory.instance_tag(), identity().instance_tag);
    drop(directory);

    let own = identity();
    let others = [
        (Identity { mode: ModeName::new(b"paper").unwrap(), ..own }, "mode simulation", "paper"),
        (Identity { venue: Venue::Kraken, ..own }, "venue simulated", "kraken"),
        (Identity { account: Account::new(b"b").unwrap(), ..own }, "account main", "account b"),
        (
            Identity { settlement_currency: Currency::new(b"EUR").unwrap(), ..own },
            "currency USD",
            "EUR",
        ),
    ];
    for (other, found, wanted) in others {
        let error = DataDirectory::open(&folder.0, &other).unwrap_err().to_string();
        assert!(error.contains(found) && error.contains(wanted), "{error}");
    }
    let path = folder.0.join("identity.json");
    let text = fs::read_to_string(&path).unwrap();
    let open = || DataDirectory::open(&folder.0, &identity()).unwrap_err();
    fs::write(&path, text.replace("\"formatVersion\": 1", "\"formatVersion\": 2")).unwrap();
    assert!(matches!(open(), OpenError::Identity(IdentityError::Version { found: 2, .. })));
    fs::write(&path, "{").unwrap();
    assert!(matches!(open(), OpenError::Identity(IdentityError::Text { .. })));
    fs::write(&path, &text).unwrap();
    run(&folder.0, 1).unwrap().writer.close().unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(open(), OpenError::Identity(IdentityError::Missing { .. })));
}

/// Random flips over the segments of several runs, some killed and the last one closed, as an
/// operator's disk would have them.
#[test]
fn every_random_flip_is_seen() {
    let folder = Folder::new("flips");
    for epoch in 1..=5 {
        let mut begun = run(&folder.0, epoch).unwrap();
        append(&mut begun, 40);
        if epoch == 5 {
            begun.writer.close().unwrap();
        }
    }
    let segments = verify(&folder.0).unwrap().last_segment;
    assert!(segments > 5);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
    for _ in 0..1000 {
        let number = 1 + random.next_u64() % segments;
        let path = segment_path(&folder.0.join("journal"), number);
        let mut bytes = fs::read(&path).unwrap();
        let used = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
        let at = usize::try_from(random.next_u64()).unwrap() % used;
        let bit = 1 << (random.next_u64() % 8);
        bytes[at] ^= bit;
        fs::write(&path, &bytes).unwrap();
        let error = verify(&folder.0).expect_err("it is seen");
        assert!(error.to_string().contains("seg"), "{error}");
        bytes[at] ^= bit;
        fs::write(&path, &bytes).unwrap();
    }
    verify(&folder.0).unwrap();
}
