//! The number of each message of a connection, over all its channels.
//!
//! A message may be read twice, by hand up to a surprise and then generally, and both readings
//! must judge it alike: so a message is compared with the one before it, and becomes the one
//! before only when the next begins. What a gap does to the books is not known here.

/// What is known of the message at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum This {
    /// It was not read, or could not be.
    Unread,
    /// It has no number.
    Unnumbered,
    /// Its number.
    Number(u64),
}

/// Follows the numbers of one connection.
#[derive(Debug)]
pub(super) struct Sequence {
    /// The number of the message before; none at the head of a connection.
    last: Option<u64>,
    this: This,
}

impl Default for Sequence {
    fn default() -> Self {
        Self { last: None, this: This::Unnumbered }
    }
}

impl Sequence {
    /// The next message begins.
    ///
    /// One that could not be read is taken for the one that was due: if it was another, or more
    /// are missing, the next one shows it; and if not, nobody's book suffers but its own.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.last = match self.this {
            This::Unread => self.last.map(|last| last.wrapping_add(1)),
            This::Unnumbered => self.last,
            This::Number(number) => Some(number),
        };
        self.this = This::Unread;
    }

    /// The message at hand has that number; false if it is not the one that was due.
    #[inline]
    pub(super) fn follows(&mut self, number: u64) -> bool {
        self.this = This::Number(number);
        self.last.is_none_or(|last| last.wrapping_add(1) == number)
    }

    /// The message at hand is understood and has no number.
    pub(super) fn unnumbered(&mut self) {
        self.this = This::Unnumbered;
    }

    /// The message at hand cannot be read after all.
    pub(super) fn unread(&mut self) {
        self.this = This::Unread;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done with a message.
    enum Does {
        /// It is read, with that number; whether it follows.
        Reads(u64, bool),
        /// It is read by hand, then cannot be read at all.
        Breaks(u64),
        /// It is no message.
        Garbage,
        Unnumbered,
    }

    fn check(messages: &[Does]) {
        let mut sequence = Sequence::default();
        for (at, message) in messages.iter().enumerate() {
            sequence.begin();
            match *message {
                Does::Reads(number, expected) => {
                    assert_eq!(sequence.follows(number), expected, "message {at}");
                    assert_eq!(sequence.follows(number), expected, "message {at} again");
                }
                Does::Breaks(number) => {
                    sequence.follows(number);
                    sequence.unread();
                }
                Does::Garbage => {}
                Does::Unnumbered => sequence.unnumbered(),
            }
        }
    }

    #[test]
    fn each_number_is_the_one_before_plus_one() {
        use Does::{Breaks, Garbage, Reads, Unnumbered};
        check(&[Reads(0, true), Reads(1, true), Reads(2, true)]);
        check(&[Reads(7, true), Reads(9, false), Reads(10, true), Reads(10, false)]);
        check(&[Reads(7, true), Reads(3, false), Reads(4, true)]);
        check(&[Reads(7, true), Garbage, Reads(9, true)]);
        check(&[Reads(7, true), Garbage, Reads(8, false), Reads(9, true)]);
        check(&[Reads(7, true), Breaks(8), Reads(9, true)]);
        check(&[Reads(7, true), Breaks(9), Reads(10, false), Reads(11, true)]);
        check(&[Reads(7, true), Unnumbered, Reads(8, true)]);
        check(&[Garbage, Unnumbered, Reads(8, true), Reads(9, true)]);
    }
}
