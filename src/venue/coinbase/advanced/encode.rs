//! Coinbase Advanced: the texts of order entry, each the body of one request.
//!
//! `POST /api/v3/brokerage/orders` places, `…/orders/edit` gives another price and whole quantity
//! and keeps the order, `…/orders/batch_cancel` ends it. Placing names the order as we do, the
//! other two as the venue does. Numbers are texts with all the decimals of their step. Nothing here
//! allocates, signs or sends; who may be sent is not known here.

use crate::event::{Proposal, RequestKind};
use crate::types::{Instrument, Scale, Side, TimeInForce};
use crate::venue::text::Text;

/// Where placing goes.
pub const PLACE_PATH: &str = "/api/v3/brokerage/orders";
/// Where another price and quantity goes.
pub const REPLACE_PATH: &str = "/api/v3/brokerage/orders/edit";
/// Where a cancel goes.
pub const CANCEL_PATH: &str = "/api/v3/brokerage/orders/batch_cancel";

/// More than any of the texts takes.
pub const TEXT_BYTES_MAX: usize = 384;

/// The text of an order's name: a UUID.
pub type NameText = [u8; 36];

/// A body that is made in place.
pub type Body = Text<TEXT_BYTES_MAX>;

/// What is to be told to the venue.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// What is asked for.
    pub terms: &'a Proposal,
    /// Of which instrument.
    pub instrument: &'a Instrument,
    /// Our name of a new order; the venue's of one that it has.
    pub name: &'a NameText,
}

/// Where that kind of request is sent.
#[must_use]
pub const fn path(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Place => PLACE_PATH,
        RequestKind::Replace => REPLACE_PATH,
        RequestKind::Cancel => CANCEL_PATH,
    }
}

/// Writes the body of a request in the place of what `text` held.
#[inline]
pub fn encode(order: &Order<'_>, text: &mut Body) {
    text.clear();
    match order.terms.kind {
        RequestKind::Place => place(order, text),
        RequestKind::Replace => replace(order, text),
        RequestKind::Cancel => {
            text.put(br#"{"order_ids":[""#);
            text.put(order.name);
            text.put(br#""]}"#);
        }
    }
}

fn place(order: &Order<'_>, text: &mut Body) {
    let Order { terms, instrument, name } = order;
    text.put(br#"{"client_order_id":""#);
    text.put(*name);
    text.put(br#"","product_id":""#);
    text.put(instrument.symbol.as_bytes());
    text.put(match terms.side {
        Side::Bid => br#"","side":"BUY","order_configuration":{""#,
        Side::Ask => br#"","side":"SELL","order_configuration":{""#.as_slice(),
    });
    text.put(match terms.time_in_force {
        TimeInForce::GoodTillCancel => br#"limit_limit_gtc":{"base_size":""#.as_slice(),
        TimeInForce::ImmediateOrCancel => br#"sor_limit_ioc":{"base_size":""#,
        TimeInForce::FillOrKill => br#"limit_limit_fok":{"base_size":""#,
    });
    number(text, instrument.lot, terms.qty.0);
    text.put(br#"","limit_price":""#);
    number(text, instrument.tick, terms.price.0);
    // Only what may rest has the word.
    text.put(match (terms.time_in_force, terms.post_only) {
        (TimeInForce::GoodTillCancel, true) => br#"","post_only":true}}}"#.as_slice(),
        (TimeInForce::GoodTillCancel, false) => br#"","post_only":false}}}"#,
        _ => br#""}}}"#,
    });
}

#[inline]
fn replace(order: &Order<'_>, text: &mut Body) {
    let Order { terms, instrument, name } = order;
    text.put(br#"{"order_id":""#);
    text.put(*name);
    text.put(br#"","price":""#);
    number(text, instrument.tick, terms.price.0);
    text.put(br#"","size":""#);
    number(text, instrument.lot, terms.qty.0);
    text.put(br#""}"#);
}

#[inline]
fn number(text: &mut Body, scale: Scale, steps: i64) {
    let units = u64::try_from(steps).expect("a price and a quantity of ours are not negative");
    text.put_decimal(units * scale.increment().unsigned_abs(), scale.decimals());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Currency, InstrumentId, OrderId, Price, Qty, Symbol, Venue};

    fn instrument(symbol: &[u8], tick: &[u8], lot: &[u8]) -> Instrument {
        let currency = Currency::new(b"X").unwrap();
        let lot = Scale::parse(lot).unwrap();
        Instrument {
            id: InstrumentId(0),
            venue: Venue::CoinbaseAdvanced,
            symbol: Symbol::new(symbol).unwrap(),
            base: currency,
            quote: currency,
            tick: Scale::parse(tick).unwrap(),
            lot,
            order_step: lot,
        }
    }

    fn terms(kind: RequestKind, side: Side, time_in_force: TimeInForce) -> Proposal {
        Proposal {
            order: OrderId(1),
            price: Price(6_000_012),
            qty: Qty(1_000_000),
            instrument: InstrumentId(0),
            kind,
            side,
            time_in_force,
            post_only: side == Side::Bid,
            reduce_only: false,
        }
    }

    #[test]
    fn every_request_is_the_text_that_the_venue_reads() {
        use {RequestKind as K, TimeInForce as T};
        let bitcoin = instrument(b"BTC-USD", b"0.01", b"0.00000001");
        let name = b"00000001-0000-8000-8000-000100000001";
        let mut text = Body::default();
        let mut check = |terms: Proposal, expected: &str| {
            encode(&Order { terms: &terms, instrument: &bitcoin, name }, &mut text);
            let found = std::str::from_utf8(text.bytes()).unwrap();
            assert_eq!(found, expected);
            serde_json::from_str::<serde_json::Value>(found).unwrap();
        };
        check(
            terms(K::Place, Side::Bid, T::GoodTillCancel),
            concat!(
                r#"{"client_order_id":"00000001-0000-8000-8000-000100000001","#,
                r#""product_id":"BTC-USD","side":"BUY","order_configuration":{"#,
                r#""limit_limit_gtc":{"base_size":"0.01000000","limit_price":"60000.12","#,
                r#""post_only":true}}}"#
            ),
        );
        check(
            terms(K::Place, Side::Ask, T::GoodTillCancel),
            concat!(
                r#"{"client_order_id":"00000001-0000-8000-8000-000100000001","#,
                r#""product_id":"BTC-USD","side":"SELL","order_configuration":{"#,
                r#""limit_limit_gtc":{"base_size":"0.01000000","limit_price":"60000.12","#,
                r#""post_only":false}}}"#
            ),
        );
        check(
            terms(K::Place, Side::Ask, T::ImmediateOrCancel),
            concat!(
                r#"{"client_order_id":"00000001-0000-8000-8000-000100000001","#,
                r#""product_id":"BTC-USD","side":"SELL","order_configuration":{"#,
                r#""sor_limit_ioc":{"base_size":"0.01000000","limit_price":"60000.12"}}}"#
            ),
        );
        check(
            terms(K::Place, Side::Bid, T::FillOrKill),
            concat!(
                r#"{"client_order_id":"00000001-0000-8000-8000-000100000001","#,
                r#""product_id":"BTC-USD","side":"BUY","order_configuration":{"#,
                r#""limit_limit_fok":{"base_size":"0.01000000","limit_price":"60000.12"}}}"#
            ),
        );
        check(
            terms(K::Replace, Side::Ask, T::GoodTillCancel),
            concat!(
                r#"{"order_id":"00000001-0000-8000-8000-000100000001","#,
                r#""price":"60000.12","size":"0.01000000"}"#
            ),
        );
        check(
            terms(K::Cancel, Side::Ask, T::GoodTillCancel),
            r#"{"order_ids":["00000001-0000-8000-8000-000100000001"]}"#,
        );
    }

    #[test]
    fn steps_that_are_no_power_of_ten_and_the_longest_names_fit() {
        let odd = instrument(&[b'A'; 23], b"0.05", b"10");
        let mut long = terms(RequestKind::Place, Side::Bid, TimeInForce::GoodTillCancel);
        (long.price, long.qty) = (Price(3), Qty(i64::MAX / 10));
        let mut text = Body::default();
        encode(&Order { terms: &long, instrument: &odd, name: &[b'f'; 36] }, &mut text);
        let found = std::str::from_utf8(text.bytes()).unwrap();
        assert!(found.contains(r#""limit_price":"0.15""#), "{found}");
        assert!(found.contains(r#""base_size":"9223372036854775800""#), "{found}");
    }
}
