//! Binance's trades by hand, one by one and summed up over the makers of one price.

use super::decode::{Binance, scan_stamp};
use crate::event::{Body, Part, Trade};
use crate::types::{Instrument, Nanos, Side};
use crate::venue::decode::scan::{Scales, Scan};
use crate::venue::decode::{Frame, Kind, Scanned, Surprise};

/// The side that took: `m` says that the buyer was there first.
#[inline]
pub(super) const fn aggressor(buyer_is_maker: bool) -> Side {
    if buyer_is_maker { Side::Ask } else { Side::Bid }
}

/// What both forms say of a trade, before they tell who took.
struct Deal<'a> {
    instrument: &'a Instrument,
    venue_time: Nanos,
    trade: Trade,
}

impl<'a> Deal<'a> {
    /// Scans number, price and quantity.
    #[inline]
    fn scan(scan: &mut Scan<'_>, instrument: &'a Instrument) -> Result<Self, Surprise> {
        let id = scan.count()?;
        scan.literal(b",\"p\":\"")?;
        let price = scan.decimal()?;
        scan.literal(b"\",\"q\":\"")?;
        let qty = scan.decimal()?;
        scan.literal(b"\"")?;
        let scales = Scales::from(instrument);
        let price = scales.price(price).map_err(|_| Surprise)?;
        let qty = scales.qty(qty).map_err(|_| Surprise)?;
        let trade = Trade { price, qty, id, aggressor: Side::Bid, history: false };
        Ok(Self { instrument, venue_time: Nanos::UNKNOWN, trade })
    }
}

impl Binance {
    /// Scans a trade; futures say `T` before the symbol and then `X`, spot may name the two orders.
    pub(super) fn scan_trade(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        scan_stamp(&mut scan)?;
        let early = if scan.take(b",\"T\":") { Some(scan_stamp(&mut scan)?) } else { None };
        let instrument = self.scan_symbol(frame, &mut scan)?;
        scan.literal(b",\"t\":")?;
        let mut deal = Deal::scan(&mut scan, instrument)?;
        if scan.take(b",\"b\":") {
            scan.count()?;
            scan.literal(b",\"a\":")?;
            scan.count()?;
        }
        deal.venue_time = match early {
            Some(stamp) => {
                // What is of another kind need not be a trade.
                scan.literal(b",\"X\":\"MARKET\"")?;
                stamp
            }
            None => {
                scan.literal(b",\"T\":")?;
                scan_stamp(&mut scan)?
            }
        };
        self.scan_maker(&deal, frame, scan, part)
    }

    /// Scans a trade summed up over the makers of one price.
    pub(super) fn scan_aggregate(
        &mut self,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        scan_stamp(&mut scan)?;
        let instrument = self.scan_symbol(frame, &mut scan)?;
        scan.literal(b",\"a\":")?;
        let mut deal = Deal::scan(&mut scan, instrument)?;
        scan.literal(b",\"f\":")?;
        scan.count()?;
        scan.literal(b",\"l\":")?;
        scan.count()?;
        scan.literal(b",\"T\":")?;
        deal.venue_time = scan_stamp(&mut scan)?;
        self.scan_maker(&deal, frame, scan, part)
    }

    /// Scans who was the maker and the end of the message, and fills the part.
    #[inline]
    fn scan_maker(
        &self,
        deal: &Deal<'_>,
        frame: &Frame<'_>,
        mut scan: Scan<'_>,
        part: &mut Part,
    ) -> Result<Scanned, Surprise> {
        let buyer_is_maker = scan.take(b",\"m\":true");
        if !buyer_is_maker {
            scan.literal(b",\"m\":false")?;
        }
        // `M` has said nothing since 2017.
        if scan.take(b",\"M\":") && !scan.take(b"true") {
            scan.literal(b"false")?;
        }
        self.scan_end(scan)?;
        part.event.received = frame.origin.received;
        part.event.venue_time = deal.venue_time;
        part.event.instrument = deal.instrument.id;
        part.event.body = Body::Trade(Trade { aggressor: aggressor(buyer_is_maker), ..deal.trade });
        Ok(Scanned::LastPart(Kind::Trade))
    }
}
