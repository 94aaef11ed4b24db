//! The digest of a run: 64 bits over every output in order, with its input's sequence and time.
//!
//! It compares two runs; it proves nothing to an enemy. It does not depend on how threads are
//! joined, nor on whether a journal is kept.

use crate::event::{Event, Line};

/// An odd number without structure (the golden ratio's fraction).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// What has come so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest {
    state: u64,
    outputs: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self { state: MULTIPLIER, outputs: 0 }
    }
}

impl Digest {
    /// Takes an output of that input.
    pub fn take(&mut self, input: &Event, lines: &[Line]) {
        self.outputs += 1;
        self.mix(input.sequence);
        self.mix(input.received.0.cast_unsigned());
        lines.iter().flat_map(|line| line.0).for_each(|word| self.mix(word));
    }

    #[inline]
    const fn mix(&mut self, word: u64) {
        let mixed = (self.state ^ word).wrapping_mul(MULTIPLIER);
        self.state = mixed ^ mixed >> 29;
    }

    /// How many outputs there were.
    #[must_use]
    pub const fn outputs(&self) -> u64 {
        self.outputs
    }

    /// The digest of a run that ended behind that input.
    #[must_use]
    pub fn finish(mut self, sequence: u64) -> String {
        self.mix(sequence);
        self.mix(self.outputs);
        format!("{:016x}", self.state)
    }
}
