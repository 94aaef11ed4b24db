//! The format lasts: a journal of the first format is kept and is written again, byte for byte.

use super::memory::*;
use crate::journal::params::SyncMode;
use crate::journal::{Journal, ReadError};
use std::path::Path;

#[test]
fn the_journal_of_format_1_is_read_and_written_as_ever() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/format-1");
    let segments = MemorySegments::new(8192);
    let images = segments.images.clone();
    let mut writer = writer(segments, SyncMode::Process);
    for n in 0..32 {
        append_nth(&mut writer, n).unwrap();
    }
    writer.close().unwrap();
    let journal = Journal::open(&directory).unwrap();
    assert_eq!(*journal.identity(), identity());
    let kept = std::fs::read(journal.path(1)).unwrap();
    assert!(kept == images.borrow()[&1], "the format has changed: give it another version");
    let mut kinds = Vec::new();
    let summary = journal.visit(|_, record| {
        kinds.push(record.kind().name());
        Ok::<_, ReadError>(())
    });
    let summary = summary.unwrap().unwrap();
    assert_eq!((summary.records, summary.bytes), (35, kept.len() as u64));
    assert_eq!((kinds[0], kinds[33], kinds[34], summary.clean), ("start", "end", "seal", true));
}
