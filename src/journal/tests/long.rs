//! Every truncation and very many bit flips of a segment of a mebibyte: a sample here, all of them
//! in the long run (`PINNACLE_LONG`, set by `.ci/run --long`).

use super::memory::*;
use crate::journal::params::SyncMode;
use crate::journal::reader::{End, SegmentReader};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

const LENGTH: usize = 1 << 20;

fn is_long() -> bool {
    std::env::var_os("PINNACLE_LONG").is_some()
}

/// A full segment, sealed or killed just before.
fn image(closed: bool) -> Vec<u8> {
    let segments = MemorySegments::new(LENGTH);
    let images = segments.images.clone();
    let mut writer = writer(segments, SyncMode::Process);
    for n in 0.. {
        if writer.room() < 4096 {
            break;
        }
        append_nth(&mut writer, n).unwrap();
    }
    if closed {
        writer.close().unwrap();
    } else {
        drop(writer);
    }
    images.borrow()[&1].clone()
}

/// Whether it is read to its end as it was written.
fn is_taken(bytes: &[u8]) -> bool {
    let Ok(mut reader) = SegmentReader::new(bytes) else { return false };
    loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => return !matches!(reader.end(), Some(End::Torn { .. })),
            Err(_) => return false,
        }
    }
}

#[test]
fn every_truncation_of_a_mebibyte_is_seen() {
    let step = if is_long() { 1 } else { 4099 };
    let cores = std::thread::available_parallelism().unwrap().get();
    for image in [&image(true)[..], &image(false)[..]] {
        assert!(is_taken(image) && image.len() > LENGTH - 8192);
        let ends = (0..600).chain(image.len() - 600..image.len());
        let lengths: Vec<_> = (0..image.len()).step_by(step).chain(ends).collect();
        let check = |first: usize| {
            for length in lengths.iter().skip(first).step_by(cores) {
                assert!(!is_taken(&image[..*length]), "cut at {length} of {}", image.len());
            }
        };
        std::thread::scope(|scope| {
            (0..cores).for_each(|first| drop(scope.spawn(move || check(first))))
        });
    }
}

#[test]
fn a_hundred_thousand_flips_of_a_mebibyte_are_seen() {
    let flips = if is_long() { 100_000 } else { 400 };
    let mut random = Xoshiro256PlusPlus::seed_from_u64(20);
    for mut image in [image(true), image(false)] {
        for n in 0..flips {
            // Each header bit first, then anywhere.
            let bits = 8 * image.len() as u64;
            let bit = if n < 4096 && is_long() { n } else { random.next_u64() % bits };
            let bit = usize::try_from(bit).unwrap();
            image[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_taken(&image), "bit {bit}");
            image[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
