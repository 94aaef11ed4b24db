//! Sealed segments in real folders: packed and read as before, pruned as far as nobody needs them.

use super::folders::{Folder, append, run, verify};
use crate::journal::archive::packed_path;
use crate::journal::files::segment_path;
use crate::journal::{Begun, KeepParams, Keeper, PruneBound, read_marks};

/// A journal of many segments that is still written to, and its keeper.
fn kept(folder: &Folder, params: KeepParams) -> (Begun, Keeper, PruneBound) {
    let mut begun = run(&folder.0, 1).unwrap();
    append(&mut begun, 200);
    let bound = PruneBound::default();
    let parts = (begun.writer.written(), bound.clone());
    let keeper = Keeper::new(&folder.0, begun.marks.clone(), parts, params);
    (begun, keeper, bound)
}

fn work(keeper: &mut Keeper) -> usize {
    std::iter::from_fn(|| Some(keeper.work().unwrap()).filter(|work| *work > 0)).sum()
}

#[test]
fn what_is_packed_is_read_as_before() {
    let folder = Folder::new("packed");
    let (mut begun, mut keeper, _) = kept(&folder, KeepParams { pack: true, bytes_max: u64::MAX });
    let before = verify(&folder.0).unwrap();
    assert!(before.segments > 6, "{before:?}");
    assert!(work(&mut keeper) > 6);
    assert_eq!(verify(&folder.0).unwrap(), before);
    let journal = folder.0.join("journal");
    for number in 1..before.last_segment - 1 {
        assert!(packed_path(&journal, number).exists() && !segment_path(&journal, number).exists());
    }
    for number in [before.last_segment - 1, before.last_segment] {
        assert!(segment_path(&journal, number).exists(), "{number}");
    }
    assert!(keeper.bytes() < before.bytes, "{} {}", keeper.bytes(), before.bytes);
    assert_eq!(work(&mut keeper), 0);
    // Writing goes on, and the next start as well.
    append(&mut begun, 50);
    begun.writer.close().unwrap();
    run(&folder.0, 1).unwrap().writer.close().unwrap();
    let after = verify(&folder.0).unwrap();
    assert!(after.clean && after.records > before.records, "{after:?}");
}

#[test]
fn only_what_no_snapshot_needs_is_pruned() {
    let folder = Folder::new("pruned");
    let (begun, mut keeper, bound) = kept(&folder, KeepParams { pack: false, bytes_max: 200_000 });
    let before = verify(&folder.0).unwrap();
    // Nothing may go as long as nobody has a snapshot.
    work(&mut keeper);
    assert_eq!(verify(&folder.0).unwrap(), before);
    drop((begun, keeper));
    bound.raise(before.records / 2);
    let begun = run(&folder.0, 1).unwrap();
    let parts = (begun.writer.written(), bound);
    let params = KeepParams { pack: false, bytes_max: 200_000 };
    let mut keeper = Keeper::new(&folder.0, begun.marks.clone(), parts, params);
    work(&mut keeper);
    let first = read_marks(&folder.0).unwrap().unwrap().first_segment;
    assert!(first > 2 && first < before.last_segment, "{first} of {}", before.last_segment);
    let journal = folder.0.join("journal");
    assert!(!segment_path(&journal, first - 1).exists() && segment_path(&journal, first).exists());
    let after = verify(&folder.0).unwrap();
    // All that the snapshot lacks is there.
    assert!(after.records > before.records / 2, "{after:?}");
    // A pruning that was killed in its middle leaves what is not read.
    std::fs::write(segment_path(&journal, first - 1), b"left").unwrap();
    assert_eq!(verify(&folder.0).unwrap(), after);
    // What must be there and is not is missed.
    std::fs::remove_file(segment_path(&journal, first)).unwrap();
    assert!(verify(&folder.0).unwrap_err().to_string().contains("is missing"));
}
