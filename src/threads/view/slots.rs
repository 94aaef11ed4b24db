//! The slots of a view: where one thread writes and others read, without either waiting.
//!
//! Each value goes into the next slot of `K`, so a reader has the time of `K - 1` further values
//! before its slot is written again; should that happen it notices, by the slot's version, and
//! tries again with the newest. The words are relaxed atomics, so a torn value can be read but
//! never be returned: this is the sequence lock of H. Boehm, "Can seqlocks get along with
//! programming language memory models?" (MSPC 2012), with `K` locks in place of one.
//!
//! This file is compiled twice: here with the processor's atomics, in `tests/it/view_model.rs` with
//! those of loom, which tries every order that the memory model allows.

use super::atomic::{AtomicU64, Ordering, fence};

/// A slot that is being written, or never was. No value has this version.
const WRITING: u64 = u64::MAX;

/// One value and its version.
#[derive(Debug)]
#[repr(align(64))]
struct Slot<const N: usize> {
    version: AtomicU64,
    words: [AtomicU64; N],
}

/// The last `K` values of `N` words.
#[derive(Debug)]
pub(super) struct Slots<const N: usize, const K: usize> {
    newest: AtomicU64,
    slots: [Slot<N>; K],
}

impl<const N: usize, const K: usize> Slots<N, K> {
    /// The value of version 0.
    pub(super) fn new(first: [u64; N]) -> Self {
        let slot = |k| Slot {
            version: AtomicU64::new(if k == 0 { 0 } else { WRITING }),
            words: first.map(AtomicU64::new),
        };
        Self { newest: AtomicU64::new(0), slots: std::array::from_fn(slot) }
    }

    fn slot(&self, version: u64) -> &Slot<N> {
        let place = version % K as u64;
        &self.slots[usize::try_from(place).expect("the count of slots is a usize")]
    }

    /// Writes the value of that version: the one after the last, and always by the same thread.
    pub(super) fn write(&self, version: u64, words: &[u64; N]) {
        let slot = self.slot(version);
        slot.version.store(WRITING, Ordering::Relaxed);
        // Whoever reads a word of this value will see, behind its own fence, that the slot changed.
        fence(Ordering::Release);
        for (place, word) in slot.words.iter().zip(words) {
            place.store(*word, Ordering::Relaxed);
        }
        slot.version.store(version, Ordering::Release);
        self.newest.store(version, Ordering::Release);
    }

    /// The version of the newest value.
    pub(super) fn newest(&self) -> u64 {
        self.newest.load(Ordering::Acquire)
    }

    /// The newest value and its version; none if the writer went round all slots meanwhile.
    pub(super) fn try_read(&self) -> Option<(u64, [u64; N])> {
        let version = self.newest();
        let slot = self.slot(version);
        let words = std::array::from_fn(|n| slot.words[n].load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        (slot.version.load(Ordering::Relaxed) == version).then_some((version, words))
    }
}
