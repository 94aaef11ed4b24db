//! `--speed`: when a record is due. Pure: the caller passes its clock in and does the waiting.

use crate::types::{Decimal, Nanos};

/// How fast a recording is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speed {
    /// As fast as it is taken.
    Max,
    /// So many times as fast as it was received; never zero.
    Times(Decimal),
}

/// A text that is no speed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpeedError {
    /// What stood there.
    pub text: String,
}

impl std::fmt::Display for SpeedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is no speed: say max, 1 (real time), 2.5, 0.1 …", self.text)
    }
}

impl std::error::Error for SpeedError {}

impl std::str::FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match Decimal::parse(text.as_bytes()) {
            Ok(times) if times.mantissa > 0 => Ok(Self::Times(times)),
            _ => Err(SpeedError { text: text.to_owned() }),
        }
    }
}

/// Keeps playing time and recorded time side by side, from the first stamp on.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    speed: Speed,
    begun: Option<Begun>,
}

#[derive(Clone, Copy, Debug)]
struct Begun {
    stamp: Nanos,
    at: Nanos,
}

impl Pace {
    /// Begins with the first stamp it is asked about.
    #[must_use]
    pub const fn new(speed: Speed) -> Self {
        Self { speed, begun: None }
    }

    /// How long to wait before a record with that stamp is played; `now` is any clock that never
    /// steps back. A record without a stamp, and one that is late, is due at once.
    pub fn wait(&mut self, stamp: Nanos, now: Nanos) -> Nanos {
        let Speed::Times(times) = self.speed else { return Nanos(0) };
        if !stamp.is_known() {
            return Nanos(0);
        }
        let begun = *self.begun.get_or_insert(Begun { stamp, at: now });
        let recorded = i128::from(stamp.0) - i128::from(begun.stamp.0);
        let played = i128::from(now.0) - i128::from(begun.at.0);
        let unit = 10_i128.pow(u32::from(times.decimals));
        let due = recorded * unit / i128::from(times.mantissa);
        Nanos(i64::try_from((due - played).max(0)).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read_or_refused() {
        let check = |text: &str, expected: Option<Speed>| {
            assert_eq!(text.parse::<Speed>().ok(), expected, "{text}");
        };
        check("max", Some(Speed::Max));
        check("1", Some(Speed::Times(Decimal { mantissa: 1, decimals: 0 })));
        check("2.5", Some(Speed::Times(Decimal { mantissa: 25, decimals: 1 })));
        for text in ["", "0", "0.0", "-1", "fast", "1e3", "MAX"] {
            check(text, None);
        }
        let error = "0".parse::<Speed>().unwrap_err().to_string();
        assert_eq!(error, "\"0\" is no speed: say max, 1 (real time), 2.5, 0.1 …");
    }

    #[test]
    fn records_are_due_by_their_stamps() {
        // (stamp, now) → wait, one after the other; the clock starts at 100, the stamps at 5000.
        let check = |speed: &str, steps: &[(i64, i64, i64)]| {
            let mut pace = Pace::new(speed.parse().unwrap());
            for (stamp, now, expected) in steps {
                assert_eq!(pace.wait(Nanos(*stamp), Nanos(*now)), Nanos(*expected), "{speed}");
            }
        };
        check("max", &[(5000, 100, 0), (9000, 100, 0)]);
        check("1", &[(5000, 100, 0), (5300, 150, 250), (5300, 420, 0), (4000, 420, 0)]);
        check("2.5", &[(5000, 100, 0), (6000, 100, 400), (6000, 300, 200)]);
        check("0.1", &[(5000, 100, 0), (5001, 100, 10)]);
        check("1", &[(i64::MIN, 100, 0), (5000, 900, 0), (5001, 900, 1), (i64::MIN, 900, 0)]);
        check("0.000000001", &[(-i64::MAX, -i64::MAX, 0), (i64::MAX, 0, i64::MAX)]);
    }
}
