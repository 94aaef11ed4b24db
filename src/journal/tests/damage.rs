//! Every bit that flips, and every byte that is cut off, is seen.

use super::memory::*;
use crate::journal::fault::{Damage, Flaw};
use crate::journal::params::SyncMode;
use crate::journal::reader::{End, SegmentReader};

const LENGTH: usize = 4096;

/// A journal of a start and a few records, closed or killed.
fn image(closed: bool) -> Vec<u8> {
    let segments = MemorySegments::new(LENGTH);
    let images = segments.images.clone();
    let mut writer = writer(segments, SyncMode::Process);
    for n in 0..10 {
        append_nth(&mut writer, n).unwrap();
    }
    if closed {
        writer.close().unwrap();
    } else {
        drop(writer);
    }
    images.borrow()[&1].clone()
}

#[test]
fn every_bit_flip_of_a_sealed_segment_is_damage() {
    let image = image(true);
    assert!(matches!(read(&image).unwrap().1, End::Sealed(_)));
    for bit in 0..8 * image.len() {
        let mut image = image.clone();
        image[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&image).is_err(), "bit {bit} of {}", 8 * image.len());
    }
}

/// Of an open one, the last record may pass for torn; what stands before may not.
#[test]
fn every_bit_flip_of_an_open_segment_is_damage_but_in_its_last_record() {
    let image = image(false);
    let (whole, end) = read(&image).unwrap();
    assert_eq!(end, End::Open);
    let mut reader = SegmentReader::new(&image).unwrap();
    while reader.next().unwrap().is_some() {}
    let used = reader.at();
    let (mut torn, mut damaged) = (0, 0);
    for bit in 0..8 * image.len() {
        let mut image = image.clone();
        image[bit / 8] ^= 1 << (bit % 8);
        match read(&image) {
            Err(_) => damaged += 1,
            Ok((told, End::Torn { .. })) => {
                let rest = if bit / 8 < used { whole.len() - 1 } else { whole.len() };
                assert_eq!(told, whole[..rest], "bit {bit}");
                torn += 1;
            }
            Ok((_, end)) => panic!("bit {bit} is not seen: {end:?}"),
        }
    }
    assert_eq!(torn + damaged, 8 * image.len());
    assert!(damaged > 8 * (used - 200) && torn > 8 * (LENGTH - used), "{torn} {damaged} {used}");
}

#[test]
fn every_truncation_is_damage() {
    let check = |image: &[u8], length: usize| {
        let found = read(&image[..length]).map(|(told, end)| (told.len(), end));
        let (at, damage) = found.expect_err("it is seen");
        assert!(at <= length, "{at} {length}");
        match damage {
            Damage::NotASegment => assert!(length < 8),
            Damage::Header(_) => assert!(length < 512),
            Damage::Shortened { allocated } => assert_eq!(allocated, LENGTH as u64),
            other => panic!("{length}: {other}"),
        }
    };
    for image in [image(true), image(false)] {
        for length in 0..image.len() {
            check(&image, length);
        }
    }
}

#[test]
fn damage_has_its_name() {
    let whole = image(false);
    let first = 512;
    let length = |at: usize| u32::from_le_bytes(*whole[at + 4..].first_chunk().unwrap()) as usize;
    let second = first + length(first).next_multiple_of(8);
    let check = |change: &dyn Fn(&mut Vec<u8>), expected: (usize, Damage)| {
        let mut image = whole.clone();
        change(&mut image);
        assert_eq!(read(&image).unwrap_err(), expected);
    };
    let hole = |flaw| (first, Damage::Hole { flaw, sound_at: second });
    check(&|image| image[first + 20] ^= 1, hole(Flaw::Checksum));
    check(&|image| image[first + 4..first + 8].fill(0), hole(Flaw::Unfinished));
    check(&|image| image[first + 7] = 0xff, hole(Flaw::Length(0xff00_0000 + length(first) as u64)));
    check(&|image| image[0] = 0, (0, Damage::NotASegment));
    check(&|image| image[30] = 1, (0, Damage::Header("the checksum is wrong")));
    check(&|image| image[8] = 2, (0, Damage::Version { found: 2 }));
    // A sound record in another place of its segment.
    check(
        &|image| image.copy_within(second..second + length(second), first),
        (first, Damage::Record(Flaw::Sequence { expected: 1, found: 2 })),
    );
    // Zeros are no segment, however many there are.
    for length in [0, 1, 512, LENGTH] {
        assert_eq!(read(&vec![0; length]).unwrap_err(), (0, Damage::NotASegment));
        assert_eq!(crate::journal::segment::has_not_begun(&vec![0; length]), length > 512);
    }
    let sealed = image(true);
    let mut longer = sealed.clone();
    longer.push(1);
    assert_eq!(read(&longer).unwrap_err(), (sealed.len(), Damage::BehindSeal));
    longer[sealed.len()] = 0;
    let allocated = LENGTH as u64;
    assert_eq!(read(&longer).unwrap_err(), (sealed.len(), Damage::Shortened { allocated }));
    longer.resize(LENGTH, 0);
    assert_eq!(read(&longer).unwrap(), read(&sealed).unwrap());
}
