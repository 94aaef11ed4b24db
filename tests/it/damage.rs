//! Seeded damage of messages: bytes flipped, put in, taken out or cut off, numbers at their extremes,
//! fields twice or in each other's places.

#![expect(clippy::unwrap_used, reason = "a test")]

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Texts that a number may be replaced by.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "0.0",
    "1e5",
    "1E-8",
    "00012.5",
    ".5",
    "5.",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "4611686018427387904",
    "1234567890123456789012345678901234567890",
    "0.000000000000000000000000000000000000001",
];

/// Where the numbers of a message stand.
fn numbers(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let part = |b: u8| b.is_ascii_digit() || b == b'.';
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|b| part(**b)).count();
        if length > 0 {
            found.push(at..at + length);
        }
        at += length + 1;
    }
    found
}

/// Where the fields `"key":value` of a message stand, cut at commas.
fn fields(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if b",{}[]".contains(byte) {
            if bytes[start..at].contains(&b':') {
                found.push(start..at);
            }
            start = at + 1;
        }
    }
    found
}

/// A seeded source of changes.
pub(crate) struct Damage(Xoshiro256PlusPlus);

impl Damage {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.next_u64() % bound.max(1) as u64).unwrap()
    }

    /// One seeded change of a message.
    pub(crate) fn of(&mut self, message: &[u8]) -> Vec<u8> {
        let mut bytes = message.to_vec();
        let at = self.below(bytes.len());
        match self.below(7) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes.insert(at, b"\"{}[],:0 \\\xff."[self.below(12)]),
            2 => drop(bytes.remove(at)),
            3 => bytes.truncate(at),
            4 => {
                let numbers = numbers(message);
                if let Some(range) = numbers.get(self.below(numbers.len())) {
                    let text = NUMBERS[self.below(NUMBERS.len())];
                    bytes.splice(range.clone(), text.bytes());
                }
            }
            // A field twice, or two fields in each other's places.
            5 => {
                let fields = fields(message);
                if let Some(range) = fields.get(self.below(fields.len())) {
                    let mut text = message[range.clone()].to_vec();
                    text.push(b',');
                    bytes.splice(range.start..range.start, text);
                }
            }
            _ => {
                let fields = fields(message);
                let (a, b) = (self.below(fields.len()), self.below(fields.len()));
                if a < b {
                    let (a, b) = (fields[a].clone(), fields[b].clone());
                    bytes.splice(b.clone(), message[a.clone()].iter().copied());
                    bytes.splice(a, message[b].iter().copied());
                }
            }
        }
        bytes
    }
}

/// How many times as much is tried: 1, or 100 in a long run (`PINNACLE_LONG`, set by
/// `.ci/run --long`).
pub(crate) fn effort() -> usize {
    if std::env::var_os("PINNACLE_LONG").is_some() { 100 } else { 1 }
}
