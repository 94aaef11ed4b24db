//! Short ASCII names that are `Copy`: symbols of instruments and codes of currencies.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// At most `N` bytes of printable ASCII, kept inline; the rest is zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

/// An instrument's symbol as the venue writes it, such as `BTC-USD` or `XBT/USD`.
pub type Symbol = Name<31>;
/// A currency code as the venue writes it, such as `USD` or `USDT`.
pub type Currency = Name<15>;

/// Why a text is no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameError {
    /// No characters.
    Empty,
    /// More than the `max` bytes that fit.
    TooLong {
        /// How many bytes fit.
        max: usize,
    },
    /// A byte outside letters, digits and `-_./:`.
    Character(u8),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty name"),
            Self::TooLong { max } => write!(f, "a name of more than {max} bytes"),
            Self::Character(byte) => {
                write!(f, "a name may hold letters, digits and -_./: but not byte {byte:#04x}")
            }
        }
    }
}

impl std::error::Error for NameError {}

impl<const N: usize> Name<N> {
    /// Takes a venue's text.
    ///
    /// # Errors
    /// The text is empty, longer than `N` bytes, or holds another character than letters, digits
    /// and `-_./:`.
    pub fn new(text: &[u8]) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > N {
            return Err(NameError::TooLong { max: N });
        }
        if let Some(&byte) =
            text.iter().find(|b| !b.is_ascii_alphanumeric() && !b"-_./:".contains(b))
        {
            return Err(NameError::Character(byte));
        }
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text);
        let len = u8::try_from(text.len()).expect("N is at most 255");
        Ok(Self { bytes, len })
    }

    /// The text as bytes.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// What stands behind the name in a text that begins with it.
    #[inline(always)]
    #[must_use]
    pub fn strip_from<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let (head, rest) = text.split_at_checked(usize::from(self.len))?;
        same(head, self.as_bytes()).then_some(rest)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("a name is ASCII by construction")
    }
}

/// The first and the last bytes of a short text, eight or four of them; they may overlap.
#[inline(always)]
pub(super) fn ends(text: &[u8]) -> (u64, u64) {
    if let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) {
        return (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
    }
    if let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) {
        return (u32::from_le_bytes(*head).into(), u32::from_le_bytes(*tail).into());
    }
    (text.iter().fold(0, |word, b| word << 8 | u64::from(*b)), 0)
}

/// Whether two short texts are equal, by two overlapping words where a call would cost more.
#[inline(always)]
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // Up to sixteen bytes the two ends and the length say it all.
    if a.len() <= 16 { ends(a) == ends(b) } else { a == b }
}

impl<const N: usize> fmt::Display for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl<const N: usize> Serialize for Name<N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Name<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        Self::new(text.as_bytes()).map_err(D::Error::custom)
    }
}
