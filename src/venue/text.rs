//! Text that is made in place: for what a venue is sent, without an allocation.

/// Up to `N` bytes of text.
#[derive(Clone, Copy, Debug)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self { bytes: [0; N], length: 0 }
    }
}

/// "00" to "99".
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut i = 0_u8;
    while i < 100 {
        pairs[i as usize] = [b'0' + i / 10, b'0' + i % 10];
        i += 1;
    }
    pairs
};

/// The digits of the greatest `u64`.
const DIGITS_MAX: usize = 20;

/// The bytes that are copied at once.
const WIDTH: usize = 24;

impl<const N: usize> Text<N> {
    /// What was put.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Nothing stands there any more.
    #[inline]
    pub const fn clear(&mut self) {
        self.length = 0;
    }

    /// Puts bytes behind the others.
    ///
    /// # Panics
    /// They do not fit: whoever chose `N` has counted wrong.
    #[inline(always)]
    pub fn put(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.bytes[self.length..end].copy_from_slice(bytes);
        self.length = end;
    }

    /// Puts a whole number.
    ///
    /// # Panics
    /// As [`Self::put`].
    #[inline]
    pub fn put_number(&mut self, number: u64) {
        self.put_decimal(number, 0);
    }

    /// Puts `units` of 10^-`decimals` with all these decimals.
    ///
    /// # Panics
    /// As [`Self::put`].
    #[inline]
    pub fn put_decimal(&mut self, units: u64, decimals: u8) {
        // From the last digit to the first, into a place of its own: a zero before the point too.
        let mut digits = [b'0'; 2 * DIGITS_MAX + WIDTH];
        let (mut rest, mut at) = (units, 2 * DIGITS_MAX);
        while rest >= 100 {
            let pair = PAIRS[usize::try_from(rest % 100).expect("two digits")];
            rest /= 100;
            at -= 2;
            digits[at..at + 2].copy_from_slice(&pair);
        }
        let pair = PAIRS[usize::try_from(rest).expect("two digits")];
        at -= 2;
        digits[at..at + 2].copy_from_slice(&pair);
        at += usize::from(rest < 10);
        let decimals = usize::from(decimals);
        let point = 2 * DIGITS_MAX - decimals;
        let first = at.min(point - 1);
        self.put_first(&digits[first..], point - first);
        if decimals > 0 {
            self.put(b".");
            self.put_first(&digits[point..], decimals);
        }
    }

    /// Puts the first of those bytes: so many, which are few, with others behind them.
    #[inline]
    fn put_first(&mut self, bytes: &[u8], count: usize) {
        match (self.bytes[self.length..].first_chunk_mut::<WIDTH>(), bytes.first_chunk()) {
            // As many bytes each time need no call; what is too much is written over.
            (Some(place), Some(bytes)) if count <= WIDTH => {
                *place = *bytes;
                self.length += count;
            }
            _ => self.put(&bytes[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        let mut text = Text::<64>::default();
        let mut numbers: Vec<u64> = (0..2_000).collect();
        numbers.extend((0..20).flat_map(|power| {
            let ten = 10_u64.pow(power);
            [ten - 1, ten, ten + 1]
        }));
        numbers.push(u64::MAX);
        for number in numbers {
            for decimals in 0..=18_u8 {
                text.clear();
                text.put_decimal(number, decimals);
                let places = usize::from(decimals);
                let mut expected = format!("{number:0>width$}", width = places + 1);
                if places > 0 {
                    expected.insert(expected.len() - places, '.');
                }
                assert_eq!(std::str::from_utf8(text.bytes()).unwrap(), expected);
            }
        }
        text.clear();
        text.put(b"a");
        text.put_number(907);
        assert_eq!(text.bytes(), b"a907");
        // To the last place.
        let mut full = Text::<6>::default();
        full.put_decimal(12_345, 2);
        assert_eq!(full.bytes(), b"123.45");
    }
}
