//! A table by key of fixed size: open addressing, no tombstones, the same on every machine.
//!
//! It never grows: whoever owns it counts its entries and refuses the one too many. The zero key
//! marks an empty place and cannot be stored.

use crate::engine::image::runs;
use serde::{Deserialize, Serialize};

/// A key of a [`Table`]; its default is the empty place.
pub(in crate::engine) trait Key: Copy + Eq + Default {
    /// All bits of the key in one word.
    fn word(self) -> u64;
}

impl Key for u64 {
    #[inline]
    fn word(self) -> u64 {
        self
    }
}

impl Key for i64 {
    #[inline]
    fn word(self) -> u64 {
        self.cast_unsigned()
    }
}

impl Key for crate::event::OrderKey {
    #[inline]
    fn word(self) -> u64 {
        self.low ^ self.high.rotate_left(32)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound(
    serialize = "K: Serialize + PartialEq, V: Serialize + PartialEq",
    deserialize = "K: Deserialize<'de> + Clone, V: Deserialize<'de> + Clone"
))]
pub(in crate::engine) struct Table<K, V> {
    #[serde(with = "runs")]
    slots: Box<[(K, V)]>,
    /// How far the mixed word is shifted to give a place.
    shift: u32,
}

impl<K: Key, V: Copy + Default> Table<K, V> {
    /// A table that is at most half full with `entries_max`.
    pub(in crate::engine) fn new(entries_max: usize) -> Self {
        let slots = (entries_max * 2).next_power_of_two().max(2);
        Self {
            slots: vec![(K::default(), V::default()); slots].into(),
            shift: 64 - slots.trailing_zeros(),
        }
    }

    /// Where the search for a key begins: the upper bits of its Fibonacci product.
    #[inline]
    fn home(&self, key: K) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "shifted to fewer bits than a place has"
        )]
        let place = (key.word().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        place
    }

    /// The place of the key, or the empty one where it would go.
    #[inline]
    fn place(&self, key: K) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.home(key);
        while self.slots[at].0 != key && self.slots[at].0 != K::default() {
            at = (at + 1) & mask;
        }
        at
    }

    #[inline]
    pub(in crate::engine) fn get(&self, key: K) -> Option<V> {
        let (held, value) = self.slots[self.place(key)];
        // What marks an empty place is not there, though it is found.
        (held == key && key != K::default()).then_some(value)
    }

    /// Puts the value there, new or in place of the old one.
    #[inline]
    pub(in crate::engine) fn insert(&mut self, key: K, value: V) {
        debug_assert!(key != K::default());
        let at = self.place(key);
        self.slots[at] = (key, value);
    }

    /// Takes the key out; those behind it that it had pushed on move up.
    pub(in crate::engine) fn remove(&mut self, key: K) -> Option<V> {
        let mask = self.slots.len() - 1;
        let mut hole = self.place(key);
        let (held, value) = self.slots[hole];
        if held != key || key == K::default() {
            return None;
        }
        let mut at = (hole + 1) & mask;
        while self.slots[at].0 != K::default() {
            // It may fill the hole if its home does not lie between the hole and itself.
            let home = self.home(self.slots[at].0);
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
            at = (at + 1) & mask;
        }
        self.slots[hole] = (K::default(), V::default());
        Some(value)
    }

    pub(in crate::engine) fn clear(&mut self) {
        self.slots.fill((K::default(), V::default()));
    }

    #[cfg(test)]
    pub(in crate::engine) fn len(&self) -> usize {
        self.slots.iter().filter(|(key, _)| *key != K::default()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn it_holds_what_a_map_holds() {
        // Few slots and keys that collide: every chain and wrap of a small table occurs.
        let mut table: Table<i64, i64> = Table::new(8);
        let mut oracle = BTreeMap::new();
        let mut seed = 1_u64;
        for step in 0..200_000_i64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = i64::try_from(seed >> 60).unwrap() + 1;
            if seed >> 40 & 1 == 0 && (oracle.len() < 14 || oracle.contains_key(&key)) {
                table.insert(key, step);
                oracle.insert(key, step);
            } else {
                assert_eq!(table.remove(key), oracle.remove(&key));
            }
            assert_eq!(table.get(0), None);
            for key in 1..=16 {
                assert_eq!(table.get(key), oracle.get(&key).copied(), "step {step}");
            }
            assert_eq!(table.len(), oracle.len());
        }
        table.clear();
        assert_eq!(table.len(), 0);
        assert_eq!(table.remove(0), None);
    }
}
