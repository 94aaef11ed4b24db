//! What the tests of this folder share: seeded random bytes and a directory of their own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// xorshift: the same numbers on every machine.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn bytes(&mut self, max: u64) -> Vec<u8> {
        // Line ends, spaces and digits are common, as they are what a framing could trip over.
        let alphabet = b"\n\n  0123 recv\r\0\"\\\xff{}";
        let len = self.below(max + 1);
        (0..len)
            .map(|_| match self.below(4) {
                0 => self.next().to_le_bytes()[0],
                _ => alphabet[usize::try_from(self.next() % alphabet.len() as u64).unwrap()],
            })
            .collect()
    }
}

/// A directory that goes away with its owner.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pinnaclemm-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
