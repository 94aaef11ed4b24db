//! The limits that operators have set, as readers off the path see them.

use super::account::{join, split};
use crate::engine::risk::{LimitSet, LimitsSet, limits::LIMITS_SET_MAX};
use crate::event::{LimitKey, Who};
use crate::threads::view::Words;
use crate::types::{InstrumentId, Nanos};

/// Words of one: what it is of, its value, number and time of its input, and who.
const ONE: usize = 5 + Who::WORDS;
/// Words of all that are set.
pub const LIMITS_WORDS: usize = 1 + ONE * LIMITS_SET_MAX;

impl Words<LIMITS_WORDS> for LimitsSet {
    fn to_words(&self) -> [u64; LIMITS_WORDS] {
        let mut words = [0; LIMITS_WORDS];
        words[0] = self.revision;
        for (place, one) in words[1..].chunks_exact_mut(ONE).zip(self.iter()) {
            // A place without one is zero, so its first word never is.
            place[0] = u64::from(one.key as u8) << 16 | u64::from(one.instrument.0) | 1 << 32;
            [place[1], place[2]] = split(one.value);
            place[3] = one.sequence;
            place[4] = one.time.0.cast_unsigned();
            place[5..].copy_from_slice(&one.who.to_words());
        }
        words
    }

    fn from_words(words: &[u64; LIMITS_WORDS]) -> Self {
        let places = words[1..].chunks_exact(ONE);
        let read = |place: &[u64]| {
            let [a, b, c, ..] = place[0].to_le_bytes();
            let key = LimitKey::ALL.get(usize::from(c)).filter(|_| place[0] != 0)?;
            Some(LimitSet {
                key: *key,
                instrument: InstrumentId(u16::from_le_bytes([a, b])),
                value: join(place[1], place[2]),
                sequence: place[3],
                time: Nanos(place[4].cast_signed()),
                who: Who::of_words(&place[5..]),
            })
        };
        let mut list = [None; LIMITS_SET_MAX];
        list.iter_mut().zip(places).for_each(|(one, place)| *one = read(place));
        Self::of_places(list, words[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_survives_its_words() {
        let who = Who::from(&crate::event::Note::new("an operator", "x").unwrap());
        let one = |at: usize| LimitSet {
            key: LimitKey::ALL[at % LimitKey::ALL.len()],
            instrument: [InstrumentId(0), InstrumentId::ALL][at % 2],
            value: 1 << (at * 3),
            sequence: u64::MAX - at as u64,
            time: Nanos(-1),
            who,
        };
        for count in [0, 1, LIMITS_SET_MAX] {
            let set = LimitsSet::of(&(0..count).map(one).collect::<Vec<_>>());
            assert_eq!(LimitsSet::from_words(&set.to_words()), set);
        }
    }
}
