//! The log of 2015: the event's name as tag, and its data as JSON.
//!
//! Orders are exact. Trades went through the venue's floats (`1.7885566900000001`) and name no
//! aggressor. Here, and nowhere else, a number is rounded to the step it must have been, and the
//! side that took is told by the venue's last published best prices: a trade above their middle
//! was bought. (Against the sides that the obAnalytics package finds by matching orders this is
//! right for 337 of 343 trades.) A trade before the first such frame is counted and gives no part.

use super::decode::{Bitstamp, Deed, Order, SIDES, event, only_instrument, stamp};
use crate::event::{Body, Levels, Part, Shape, Trade};
use crate::types::{Decimal, Instrument, Nanos, NumberError, Price, Qty, Scale, Side};
use crate::venue::decode::parts::Parts;
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::tape::{Fields, Value};
use crate::venue::decode::{Frame, Kind, Scanned, Surprise, Wrong};

/// The best bid and ask that the venue published last, added up in ticks.
#[derive(Debug, Default)]
pub(super) struct Quoted(Option<i64>);

/// What an order's tag says has happened.
fn deed(tag: &[u8]) -> Option<Deed> {
    match tag {
        b"order_created" => Some(Deed::Created),
        b"order_changed" => Some(Deed::Changed),
        b"order_deleted" => Some(Deed::Deleted),
        _ => None,
    }
}

/// When it happened: a message gives whole seconds, and those of the order's creation.
fn time(deed: Deed, created: Nanos) -> Nanos {
    if deed == Deed::Created { created } else { Nanos::UNKNOWN }
}

/// Scans an order.
pub(super) fn scan(tag: &[u8], frame: &Frame<'_>, part: &mut Part) -> Result<Scanned, Surprise> {
    let deed = deed(tag).ok_or(Surprise)?;
    let instrument = only_instrument(frame.table).ok_or(Surprise)?;
    let mut scan = Scan::at(frame.bytes, 0);
    scan.literal(b"{\"price\": \"")?;
    let price = scan.decimal()?;
    scan.literal(b"\", \"amount\": \"")?;
    let amount = scan.decimal()?;
    scan.literal(b"\", \"datetime\": \"")?;
    let created = stamp(scan.count()?, 1_000_000_000).ok_or(Surprise)?;
    scan.literal(b"\", \"id\": ")?;
    let id = scan.count()?;
    let side = if scan.take(b", \"order_type\": 0}") {
        Side::Bid
    } else {
        scan.literal(b", \"order_type\": 1}")?;
        Side::Ask
    };
    scan.end()?;
    let order = Order { deed, id, side, price, amount };
    let (update, level) = order.update(Scales::from(instrument)).map_err(|_| Surprise)?;
    let event = event(frame, instrument.id, time(deed, created), Body::Order(update));
    part.set(&event, &[level]);
    Ok(Scanned::LastPart(deed.kind()))
}

impl Bitstamp {
    /// A message of the log.
    pub(super) fn walk_log(
        &mut self,
        frame: &Frame<'_>,
        message: Value<'_, '_>,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        let fields = Fields::of(message, "message")?;
        let instrument = only_instrument(frame.table).ok_or(Wrong::Missing("symbol"))?;
        if let Some(deed) = deed(frame.origin.tag) {
            return walk_order(deed, &fields, instrument, parts);
        }
        match frame.origin.tag {
            b"trade" => self.quoted.walk_trade(&fields, instrument, parts),
            b"order_book" => self.quoted.walk_top(&fields, instrument, parts),
            _ => Err(Wrong::UnknownType),
        }
    }
}

fn walk_order(
    deed: Deed,
    fields: &Fields<'_, '_>,
    instrument: &Instrument,
    parts: &mut Parts,
) -> Result<Kind, Wrong> {
    let order = Order {
        deed,
        id: fields.count("id")?,
        side: fields.side("order_type", SIDES)?,
        price: fields.decimal("price")?,
        amount: fields.decimal("amount")?,
    };
    let created = stamp(fields.count("datetime")?, 1_000_000_000);
    let venue_time = time(deed, created.ok_or(Wrong::Field("datetime"))?);
    let (update, level) = order.update(Scales::from(instrument))?;
    parts.order(instrument.id, venue_time, Body::Order(update), level);
    Ok(deed.kind())
}

impl Quoted {
    /// The top 100 levels, of which the first are taken.
    fn walk_top(
        &mut self,
        fields: &Fields<'_, '_>,
        instrument: &Instrument,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        let scales = Scales::from(instrument);
        let mut prices = [None; 2];
        let shape = Shape::Top;
        let head =
            Levels { shape, first: true, last: false, count: 0, follows: 0, id: 0, checksum: None };
        parts.open(instrument.id, head);
        for (side, name) in [(Side::Bid, "bids"), (Side::Ask, "asks")] {
            if let Some(row) = fields.array(name)?.rows().next() {
                let row = row?;
                let level = scales.level(side, row.decimal(0)?, row.decimal(1)?)?;
                prices[side.index()] = Some(level.price().0);
                parts.level(level);
            }
        }
        parts.close(Nanos::UNKNOWN, None);
        self.0 = prices[0].zip(prices[1]).map(|(bid, ask)| bid + ask);
        Ok(Kind::BookTop)
    }

    fn walk_trade(
        &self,
        fields: &Fields<'_, '_>,
        instrument: &Instrument,
        parts: &mut Parts,
    ) -> Result<Kind, Wrong> {
        let number = |name, scale| {
            nearest(fields.text(name)?.as_bytes(), scale).map_err(|e| Wrong::Number(name, e))
        };
        let price = number("price", instrument.tick)?;
        let (qty, id) = (Qty(number("amount", instrument.lot)?), fields.count("id")?);
        if price == 0 || price > Price::MAX.0 / 2 {
            return Err(Wrong::Number("price", NumberError::Zero));
        }
        if let Some(sum) = self.0 {
            let aggressor = if 2 * price > sum { Side::Bid } else { Side::Ask };
            let trade = Trade { price: Price(price), qty, id, aggressor, history: false };
            parts.event(instrument.id, Nanos::UNKNOWN, Body::Trade(trade));
        }
        Ok(Kind::Trade)
    }
}

/// The count of steps of a number that was printed from a double.
///
/// A double is off by less than one part in 10¹⁵ of its value; what is further from a whole count
/// of steps than that was none.
fn nearest(text: &[u8], scale: Scale) -> Result<i64, NumberError> {
    let (digits, shift) = match text.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&text[..at], shift(&text[at + 1..])?),
        None => (text, 0),
    };
    let (mantissa, behind_point) = printed(digits)?;
    let ten = |power: u32| 10_i128.checked_pow(power);
    let units = || mantissa.checked_mul(ten(scale.decimals().into())?);
    let step = || i128::from(scale.increment()).checked_mul(ten(behind_point + shift)?);
    let (units, step) = units().zip(step()).ok_or(NumberError::Overflow)?;
    let steps = (units + step / 2) / step;
    let off = (units - steps * step).abs().checked_mul(1_000_000_000_000_000);
    if off.is_none_or(|off| off > units) {
        return Err(NumberError::OffStep);
    }
    i64::try_from(steps).map_err(|_| NumberError::Overflow)
}

/// How many places a negative exponent moves the point.
fn shift(exponent: &[u8]) -> Result<u32, NumberError> {
    let places = exponent.strip_prefix(b"-").ok_or(NumberError::Exponent)?;
    match Decimal::parse(places)? {
        Decimal { mantissa: places @ 0..=18, decimals: 0 } => {
            Ok(u32::try_from(places).expect("at most 18"))
        }
        _ => Err(NumberError::Exponent),
    }
}

/// All digits as one number, and how many of them stood behind the point: more than a [`Decimal`]
/// has, as a small double has seventeen of them behind its leading zeros.
fn printed(text: &[u8]) -> Result<(i128, u32), NumberError> {
    let (mut mantissa, mut behind_point, mut point) = (0_i128, 0, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + i128::from(byte - b'0'),
            b'.' if at > 0 && !point => point = true,
            b'-' | b'+' => return Err(NumberError::Sign),
            _ => return Err(NumberError::NotADigit),
        }
        if mantissa >= 1_000_000_000_000_000_000 || behind_point > 30 {
            return Err(NumberError::TooManyDigits);
        }
        behind_point += u32::from(point && *byte != b'.');
    }
    match text.last() {
        Some(b'0'..=b'9') => Ok((mantissa, behind_point)),
        _ => Err(NumberError::NotADigit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_what_they_were_before_they_were_printed() {
        let check = |text: &str, expected: Result<i64, NumberError>| {
            assert_eq!(nearest(text.as_bytes(), Scale::power_of_ten(8)), expected, "{text}");
        };
        check("1.7885566900000001", Ok(178_855_669));
        check("8.8351857299999992", Ok(883_518_573));
        check("2", Ok(200_000_000));
        check("0.5", Ok(50_000_000));
        check("9.2e-06", Ok(920));
        check("9.9999999999999995e-07", Ok(100));
        check("0.0087547500000000004", Ok(875_475));
        check("1000000000000000000", Err(NumberError::TooManyDigits));
        check("0.0000000000000000000000000000000001", Err(NumberError::TooManyDigits));
        check("1.", Err(NumberError::NotADigit));
        check(".1", Err(NumberError::NotADigit));
        check("1.2.3", Err(NumberError::NotADigit));
        check("0.123456789", Err(NumberError::OffStep));
        check("1.78855669001", Err(NumberError::OffStep));
        check("1e5", Err(NumberError::Exponent));
        check("1e-19", Err(NumberError::Exponent));
        check("1e-0.5", Err(NumberError::Exponent));
        check("-1", Err(NumberError::Sign));
        check("", Err(NumberError::NotADigit));
        check("999999999999999999", Err(NumberError::Overflow));
    }
}
