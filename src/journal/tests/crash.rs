//! Whatever prefix of its stores a writer has come to, what is read is a prefix of its records.

use super::memory::*;
use crate::journal::params::SyncMode;
use crate::journal::reader::End;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

const LENGTH: usize = 8192;

/// The image of a journal of the start and `count` records.
fn image(count: usize) -> Vec<u8> {
    let segments = MemorySegments::new(LENGTH);
    let images = segments.images.clone();
    let mut writer = writer(segments, SyncMode::Process);
    for n in 0..count {
        append_nth(&mut writer, n).unwrap();
    }
    drop(writer);
    images.borrow()[&1].clone()
}

/// The places in which two images differ, from the first to the last.
fn changed(before: &[u8], after: &[u8]) -> std::ops::Range<usize> {
    let differ = |(a, b): (&u8, &u8)| a != b;
    let first = before.iter().zip(after).position(differ).unwrap();
    let last = before.iter().zip(after).rposition(differ).unwrap();
    first / 8 * 8..last + 1
}

fn records(image: &[u8]) -> Vec<String> {
    read(image).unwrap().0
}

#[test]
fn a_kill_between_two_stores_leaves_a_prefix() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut torn = 0;
    for count in 0..24 {
        let (before, after) = (image(count), image(count + 1));
        let (old, new) = (records(&before), records(&after));
        assert_eq!((old.len(), new.len()), (count + 1, count + 2));
        assert_eq!(old, new[..=count]);
        let place = changed(&before, &after);
        let order: Vec<_> = [
            place.start + 16..place.end,
            place.start + 4..place.start + 16,
            place.start..place.start + 4,
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut check = |image: &[u8], complete: bool| {
            let (told, end) = read(image).unwrap();
            assert_eq!(told, if complete { &new[..] } else { &old[..] });
            assert!(!matches!(end, End::Sealed(_)));
            torn += usize::from(matches!(end, End::Torn { .. }));
        };
        let mut image = before.clone();
        for at in &order {
            check(&image, image == after);
            image[*at] = after[*at];
        }
        assert_eq!(image, after);
        check(&image, true);
        // Pages reach a disk in any order.
        for _ in 0..50 {
            let mut image = before.clone();
            for at in &order {
                if random.next_u64() % 2 == 0 {
                    image[*at] = after[*at];
                }
            }
            check(&image, image == after);
        }
    }
    assert!(torn > 1000, "{torn}");
}

#[test]
fn a_kill_in_the_header_leaves_a_segment_that_has_not_begun() {
    let whole = image(0);
    let order: Vec<_> = (8..512).chain(0..8).collect();
    let mut image = vec![0; LENGTH];
    for (done, at) in order.iter().enumerate() {
        let begun = !crate::journal::segment::has_not_begun(&image);
        // Once the magic has begun, the last steps of one store are taken for damage.
        assert_eq!(begun, done > 504, "{done}");
        image[*at] = whole[*at];
    }
    assert_eq!(read(&image).unwrap().0.len(), 0);
}
