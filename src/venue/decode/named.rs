//! Whose message it is: the symbol in its bytes.
//!
//! Nearly every message of a connection names the instrument that the one before it named, so that
//! one is looked at before the table is searched. What a missing symbol means is for the general
//! reading to say.

use super::Surprise;
use super::scan::Scan;
use crate::types::{Instrument, InstrumentId, InstrumentTable, Venue};

/// Remembers which instrument was named last. It is only a guess at its place in the table, and the
/// symbol is compared each time: another table does no harm.
#[derive(Clone, Copy, Debug)]
pub struct LastNamed {
    venue: Venue,
    place: InstrumentId,
}

impl LastNamed {
    /// For symbols of that venue.
    #[must_use]
    pub const fn new(venue: Venue) -> Self {
        Self { venue, place: InstrumentId(0) }
    }

    /// The instrument whose symbol stands at `scan`, with its closing quote; the opening one is
    /// behind us.
    ///
    /// # Errors
    /// The symbol is not plain, or not in the table.
    #[inline(always)]
    pub fn scan<'t>(
        &mut self,
        scan: &mut Scan<'_>,
        table: &'t InstrumentTable,
    ) -> Result<&'t Instrument, Surprise> {
        if let Some(last) = table.at(self.place)
            && last.venue == self.venue
            && scan.take_name(&last.symbol)
        {
            return Ok(last);
        }
        let instrument = table.lookup(self.venue, scan.text()?).ok_or(Surprise)?;
        self.place = instrument.id;
        Ok(instrument)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::decode::tests::table;

    #[test]
    fn the_last_one_is_only_a_guess() {
        let long = "A-SYMBOL-OF-THIRTY-ONE-BYTES.31";
        let first = table(Venue::Kraken, &["A/B", "A/BC", "LONGER/NAME", long]);
        let second = table(Venue::Kraken, &["LONGER/NAME", "A/BC"]);
        let other = table(Venue::Bitstamp, &["A/B", "A/BC"]);
        let mut named = LastNamed::new(Venue::Kraken);
        let mut check = |table: &InstrumentTable, text: &str, expected: Option<(u16, &str)>| {
            let mut scan = Scan::at(text.as_bytes(), 0);
            let found = named.scan(&mut scan, table).ok().map(|known| known.id.0);
            assert_eq!(found, expected.map(|known| known.0), "{text}");
            if let Some((_, rest)) = expected {
                assert_eq!(&text[scan.place()..], rest);
            }
        };
        for _ in 0..2 {
            check(&first, "A/BC\",", Some((1, ",")));
            check(&first, "A/BC\"", Some((1, "")));
            check(&first, "A/BC", None);
            check(&first, "A/BCD\"", None);
            check(&first, "A/B\",1", Some((0, ",1")));
            check(&first, &format!("{long}\"}}"), Some((3, "}")));
            check(&second, "LONGER/NAME\"}", Some((0, "}")));
            check(&second, "A/B\"}", None);
            check(&second, "A/BC\"}", Some((1, "}")));
            check(&other, "A/BC\"}", None);
            check(&other, "A/B\"}", None);
        }
    }
}
