//! How the large parts of the core look when it is written down and read back.
//!
//! The rest of the core is what `serde` derives. A window of ticks or an open table is mostly one
//! value again and again, so it is written as runs; what never grows keeps its room, as a core that
//! was read back must not allocate either. Which bytes stand for a number is the caller's business.

/// Equal neighbours as one: how many, and what.
pub(in crate::engine) mod runs {
    use serde::de::Error as _;
    use serde::ser::SerializeSeq as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// More places than any part of a core has: a count that was read is not believed blindly.
    const PLACES_MAX: usize = 1 << 28;

    pub(in crate::engine) fn serialize<T: Serialize + PartialEq, S: Serializer>(
        items: &[T],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let runs = || items.chunk_by(|a, b| a == b);
        let mut out = to.serialize_seq(Some(runs().count()))?;
        for run in runs() {
            out.serialize_element(&(run.len() as u64, &run[0]))?;
        }
        out.end()
    }

    pub(in crate::engine) fn deserialize<'de, T, C, D>(from: D) -> Result<C, D::Error>
    where
        T: Deserialize<'de> + Clone,
        C: TryFrom<Vec<T>>,
        D: Deserializer<'de>,
    {
        let runs: Vec<(u64, T)> = Vec::deserialize(from)?;
        let too_many = || D::Error::custom("another number of places");
        let mut items = Vec::new();
        for (count, item) in runs {
            let count = usize::try_from(count).map_err(|_| too_many())?;
            let length = items.len() + count.min(PLACES_MAX);
            if length > PLACES_MAX {
                return Err(too_many());
            }
            items.resize(length, item);
        }
        C::try_from(items).map_err(|_| too_many())
    }
}

/// As many places as the type says: `serde` derives no more than 32.
pub(in crate::engine) mod lots {
    use super::runs;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::borrowed_box, reason = "serde gives a field as it is")]
    pub(in crate::engine) fn serialize<T, S, const N: usize>(
        items: &Box<[T; N]>,
        to: S,
    ) -> Result<S::Ok, S::Error>
    where
        T: Serialize + PartialEq,
        S: Serializer,
    {
        runs::serialize(&items[..], to)
    }

    pub(in crate::engine) fn deserialize<'de, T, D, const N: usize>(
        from: D,
    ) -> Result<Box<[T; N]>, D::Error>
    where
        T: Deserialize<'de> + Clone,
        D: Deserializer<'de>,
    {
        runs::deserialize(from)
    }
}

/// A list with the room that it was made with.
pub(in crate::engine) mod roomy {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// More than any list of a core has room for.
    const ROOM_MAX: u64 = 1 << 28;

    pub(in crate::engine) fn serialize<T: Serialize, S: Serializer>(
        items: &Vec<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        (items.capacity() as u64, items).serialize(to)
    }

    pub(in crate::engine) fn deserialize<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let (room, mut items): (u64, Vec<T>) = Deserialize::deserialize(from)?;
        let room = usize::try_from(room.min(ROOM_MAX)).expect("at most 2^28");
        if room < items.len() {
            return Err(D::Error::custom("a list longer than its room"));
        }
        items.reserve_exact(room - items.len());
        Ok(items)
    }
}
