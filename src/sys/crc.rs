//! CRC-32C of short records by the processor's own instruction, read back or on their way into
//! memory.
//!
//! JUSTIFICATION: the crates compute long buffers well and short ones slowly: 5.9 ns for 64 bytes
//! where the instruction takes 1.7 (`benches/journal.rs`). The standard library offers it only to
//! functions that are compiled for it, and calling one of those is not safe code. What was just
//! stored by words and is summed from its fifth byte on has to wait for the stores, so a record is
//! summed while it is written.

/// Up to so many bytes the plain loop is the faster way.
#[cfg(target_arch = "x86_64")]
const SHORT: usize = 512;

/// The CRC-32C of what gave `crc` and then these bytes; 0 begins.
#[inline]
#[must_use]
pub fn crc32c_append(crc: u32, bytes: &[u8]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if bytes.len() <= SHORT && std::arch::is_x86_feature_detected!("sse4.2") {
        #[expect(unsafe_code, reason = "see JUSTIFICATION")]
        // SAFETY: the processor has SSE 4.2, as was just asked; nothing else is demanded.
        return unsafe { by_instruction(crc, bytes) };
    }
    crc32c::crc32c_append(crc, bytes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn by_instruction(crc: u32, bytes: &[u8]) -> u32 {
    use std::arch::x86_64::{_mm_crc32_u8, _mm_crc32_u64};
    let mut state = u64::from(!crc);
    let (words, rest) = bytes.as_chunks();
    for word in words {
        state = _mm_crc32_u64(state, u64::from_le_bytes(*word));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the instruction clears the upper half")]
    let mut state = state as u32;
    for byte in rest {
        state = _mm_crc32_u8(state, *byte);
    }
    !state
}

/// Writes words to `to`, and into the lower half of the first one, which is zero, the CRC-32C of
/// all that follows that half, begun with `crc`; gives the first word. It is written last.
///
/// # Panics
/// `to` is no place of just these words, or there are none.
#[inline]
pub fn put_summed(words: &[u64], to: &mut [u8], crc: u32) -> u64 {
    let (first, words) = words.split_first().expect("at least one word");
    let (place, places) = to.split_first_chunk_mut().expect("a place of as many words");
    let (places, rest) = places.as_chunks_mut();
    assert!(places.len() == words.len() && rest.is_empty(), "a place of as many words");
    let half = (first >> 32) as u32;
    let first = first | u64::from(sum_into(words, places, half, crc));
    *place = first.to_le_bytes();
    first
}

#[inline]
fn sum_into(words: &[u64], places: &mut [[u8; 8]], half: u32, crc: u32) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("sse4.2") {
        #[expect(unsafe_code, reason = "see JUSTIFICATION")]
        // SAFETY: the processor has SSE 4.2, as was just asked; nothing else is demanded.
        return unsafe { sum_into_by_instruction(words, places, half, crc) };
    }
    places.iter_mut().zip(words).for_each(|(place, word)| *place = word.to_le_bytes());
    let crc = crc32c::crc32c_append(crc, &half.to_le_bytes());
    crc32c::crc32c_append(crc, places.as_flattened())
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn sum_into_by_instruction(words: &[u64], places: &mut [[u8; 8]], half: u32, crc: u32) -> u32 {
    use std::arch::x86_64::{_mm_crc32_u32, _mm_crc32_u64};
    let mut state = u64::from(_mm_crc32_u32(!crc, half));
    for (place, word) in places.iter_mut().zip(words) {
        *place = word.to_le_bytes();
        state = _mm_crc32_u64(state, *word);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the instruction clears the upper half")]
    let state = state as u32;
    !state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_gives_what_the_crate_gives() {
        let bytes: Vec<u8> = (0..1100_u32).map(|i| (i * i % 251) as u8).collect();
        for length in 0..bytes.len() {
            for (begin, seed) in [(0, 0), (3, 0x8a91_36aa)] {
                let Some(some) = bytes.get(begin..length) else { continue };
                assert_eq!(crc32c_append(seed, some), crc32c::crc32c_append(seed, some));
            }
        }
        // The check value of the catalogue.
        assert_eq!(crc32c_append(0, b"123456789"), 0xe306_9283);
    }

    #[test]
    fn words_are_written_with_the_sum_of_what_was_written() {
        let words: Vec<u64> =
            (0..70_u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) << 32 | i).collect();
        for count in 1..words.len() {
            let mut words = words[..count].to_vec();
            words[0] = words[0] >> 32 << 32;
            let mut to = vec![0xff; 8 * count];
            let first = put_summed(&words, &mut to, 0x8a91_36aa);
            let expected = crc32c::crc32c_append(0x8a91_36aa, &to[4..]);
            assert_eq!(to[..4], expected.to_le_bytes(), "{count} words");
            words[0] |= u64::from(expected);
            assert_eq!(first, words[0]);
            assert_eq!(to, words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>());
        }
    }
}
