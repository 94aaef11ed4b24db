//! Nanoseconds since 1970-01-01 UTC, and the venues' ways of writing them.
//!
//! No clock is read here. Leap seconds do not exist, as in every venue's own stamps.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A point in time, in nanoseconds since 1970-01-01T00:00:00Z; or a span of them.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Nanos(pub i64);

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_MINUTE: i64 = 60 * NANOS_PER_SECOND;

impl Nanos {
    /// Said of a stamp that the venue did not give.
    pub const UNKNOWN: Self = Self(i64::MIN);

    /// Whole seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * NANOS_PER_SECOND)
    }

    /// Whole milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1_000_000)
    }

    /// The earlier one of two that may be missing.
    #[inline]
    #[must_use]
    pub fn earlier(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Whether it is a time at all.
    #[inline]
    #[must_use]
    pub const fn is_known(self) -> bool {
        self.0 != i64::MIN
    }

    /// Reads `2021-04-17T16:43:30.244075Z`: any count of fraction digits up to nine, always UTC.
    ///
    /// A date before 1970 or after 2261 is no stamp of a venue (one real message carries year 1)
    /// and reads as [`Nanos::UNKNOWN`].
    #[must_use]
    pub fn parse_rfc3339(text: &[u8]) -> Option<Self> {
        let (day, rest) = text.split_at_checked(10)?;
        let number = |bytes: &[u8]| {
            bytes.iter().try_fold(0_i64, |sum, b| {
                b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0'))
            })
        };
        if day[4] != b'-' || day[7] != b'-' {
            return None;
        }
        let (year, month, date) = (number(&day[..4])?, number(&day[5..7])?, number(&day[8..])?);
        let days = days_from_civil(year, month, date)?;
        let (clock, in_minute) = rest.split_first_chunk::<7>()?;
        let two = |at: usize| number(&clock[at..at + 2]);
        if (clock[0], clock[3], clock[6]) != (b'T', b':', b':') {
            return None;
        }
        let (hour, minute) = (two(1)?, two(4)?);
        if hour > 23 || minute > 59 {
            return None;
        }
        let in_minute = parse_in_minute(in_minute)?;
        if !(1970..=2261).contains(&year) {
            return Some(Self::UNKNOWN);
        }
        Some(Self((days * 1440 + hour * 60 + minute) * NANOS_PER_MINUTE + in_minute))
    }

    /// Reads seconds since 1970 with a fraction, such as `1617666539.868687`.
    #[must_use]
    pub fn parse_seconds(text: &[u8]) -> Option<Self> {
        let seconds = super::Decimal::parse(text).ok()?;
        super::Scale::power_of_ten(9).steps(seconds).ok().map(Self)
    }
}

/// Reads `30.244075Z` as nanoseconds of the minute.
#[inline]
fn parse_in_minute(text: &[u8]) -> Option<i64> {
    let ([tens, ones], fraction) = text.split_first_chunk::<2>()?;
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens > 5 || ones > 9 {
        return None;
    }
    let nanos = match fraction {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] => fraction_nanos(digits)?,
        _ => return None,
    };
    Some((i64::from(tens) * 10 + i64::from(ones)) * NANOS_PER_SECOND + nanos)
}

/// The digits behind a second's point as nanoseconds: one to nine of them.
#[inline]
fn fraction_nanos(digits: &[u8]) -> Option<i64> {
    let (eight, ninth) = match digits.len() {
        1..=8 => {
            let mut eight = *b"00000000";
            eight[..digits.len()].copy_from_slice(digits);
            (eight, b'0')
        }
        9 => (*digits.first_chunk()?, digits[8]),
        _ => return None,
    };
    let ninth = i64::from(ninth.wrapping_sub(b'0'));
    let value = super::decimal::eight_digits(u64::from_le_bytes(eight))?.cast_signed();
    (ninth < 10).then_some(value * 10 + ninth)
}

/// Days from 1970-01-01 to that date of the Gregorian calendar; nothing if there is no such date.
///
/// Counts in eras of 400 years that begin on the first of March, so that the leap day is the last
/// of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// The time as RFC 3339 with nine fraction digits, or `unknown`.
impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_known() {
            return f.write_str("unknown");
        }
        let seconds = self.0.div_euclid(NANOS_PER_SECOND);
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let shifted = days + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let fraction = self.0.rem_euclid(NANOS_PER_SECOND);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z")
    }
}

/// Remembers the minute that it saw last: nearly every stamp of a feed is of the same.
#[derive(Debug, Clone)]
pub struct StampReader {
    /// `2021-04-17T16:43:`.
    minute: [u8; 17],
    begin: Nanos,
}

impl Default for StampReader {
    fn default() -> Self {
        Self { minute: *b"1970-01-01T00:00:", begin: Nanos(0) }
    }
}

impl StampReader {
    /// Reads the stamp that nearly all are (`2021-04-17T16:43:30.244075Z"`, quote included) where
    /// it is of the last minute; nothing where it is another form or minute.
    #[inline(always)]
    #[must_use]
    pub fn micros_of_last_minute(&self, chunk: &[u8; 28]) -> Option<Nanos> {
        let [minute @ .., tens, ones, point, d1, d2, d3, d4, d5, d6, z, quote] = *chunk;
        if minute != self.minute || (point, z, quote) != (b'.', b'Z', b'"') {
            return None;
        }
        // Two digits of seconds and six behind the point are the microseconds of the minute.
        let digits = u64::from_le_bytes([tens, ones, d1, d2, d3, d4, d5, d6]);
        let micros = super::decimal::eight_digits(digits)?.cast_signed();
        (micros < 60_000_000).then(|| Nanos(self.begin.0.wrapping_add(micros * 1000)))
    }

    /// As [`Nanos::parse_rfc3339`], faster for a run of stamps of one minute.
    #[inline]
    #[must_use]
    pub fn rfc3339(&mut self, text: &[u8]) -> Option<Nanos> {
        let (minute, in_minute) = text.split_first_chunk::<17>()?;
        if *minute == self.minute {
            return Some(Nanos(self.begin.0 + parse_in_minute(in_minute)?));
        }
        let stamp = Nanos::parse_rfc3339(text)?;
        if stamp.is_known() {
            self.minute = *minute;
            self.begin = Nanos(stamp.0 - stamp.0 % NANOS_PER_MINUTE);
        }
        Some(stamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read_and_printed() {
        let mut reader = StampReader::default();
        let mut check = |text: &str, expected: Option<i64>| {
            let expected = expected.map(Nanos);
            assert_eq!(Nanos::parse_rfc3339(text.as_bytes()), expected, "{text}");
            assert_eq!(reader.rfc3339(text.as_bytes()), expected, "{text} by the reader");
            let quoted = format!("{text}\"");
            let micros =
                quoted.as_bytes().first_chunk().and_then(|c| reader.micros_of_last_minute(c));
            let usual = text.len() == 27 && expected.is_some_and(Nanos::is_known);
            assert_eq!(micros, expected.filter(|_| usual), "{text} in the usual form");
        };
        check("1970-01-01T00:00:00Z", Some(0));
        check("2021-04-17T16:43:30.244075Z", Some(1_618_677_810_244_075_000));
        check("2021-04-17T16:43:30.24407512Z", Some(1_618_677_810_244_075_120));
        check("2026-08-09T21:05:48.228568804Z", Some(1_786_309_548_228_568_804));
        check("2000-02-29T23:59:59.9Z", Some(951_868_799_900_000_000));
        check("0001-01-01T00:00:00.000000Z", Some(i64::MIN));
        for bad in [
            "2021-02-29T00:00:00Z",
            "2021-13-01T00:00:00Z",
            "2021-04-17 16:43:30Z",
            "2021-04-17T24:00:00Z",
            "2021-04-17T16:43:30.Z",
            "2021-04-17T16:43:30.0123456789Z",
            "2021-04-17T16:43:30",
            "2021-04-17T16:43:30+00:00",
            "2021-04-17T16:43:30.24407xZ",
            "2021-04-17T16x43:30.244075Z",
            "2021-04-17T16:60:30.244075Z",
            "2021-04-17T16:4x:30.244075Z",
            "2021-04-17T1a:43:30Z",
            "",
        ] {
            check(bad, None);
        }
        assert_eq!(
            Nanos::parse_seconds(b"1617666539.868687"),
            Some(Nanos(1_617_666_539_868_687_000))
        );
        assert_eq!(Nanos(1_618_677_810_244_075_000).to_string(), "2021-04-17T16:43:30.244075000Z");
    }

    #[test]
    fn every_day_of_four_centuries_is_read_back() {
        for day in 0..106_000_i64 {
            let stamp = Nanos(day * 86_400 * NANOS_PER_SECOND + 1);
            assert_eq!(Nanos::parse_rfc3339(stamp.to_string().as_bytes()), Some(stamp));
        }
    }
}
