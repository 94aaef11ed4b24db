//! What the venue knows of us: our orders, what we have traded, what we hold, what it cost.
//!
//! The account may go short and into debt: a margin account without a limit, whose limits are the
//! risk gate's to hold. How orders trade is not known here.

use super::ids::{Ids, IdsUsed};
use super::orders::Place;
use super::params::FeeRate;
use crate::event::{FeeIn, Level, Report, ReportKind};
use crate::types::{Instrument, Money, OrderId, Price, Qty, Side};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Fills that are remembered, to be told again where we ask for an order.
pub(super) const FILLS_MAX: usize = 4096;
/// The most digits behind the point of a fee: those of [`Money`].
const FEE_DECIMALS_MAX: u8 = crate::types::money::DECIMALS;

/// An order of ours that rests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ours {
    /// Its id.
    pub(super) id: OrderId,
    /// The market's place.
    pub(super) market: u16,
    /// Its side.
    pub(super) side: Side,
    /// Its limit.
    pub(super) price: Price,
    /// Its whole quantity, what it has traded included.
    pub(super) whole: Qty,
    /// What it has traded.
    pub(super) traded: Qty,
    /// Where it rests.
    pub(super) place: Place,
}

impl Ours {
    /// What is left of it.
    #[must_use]
    pub(super) const fn left(&self) -> Qty {
        Qty(self.whole.0 - self.traded.0)
    }

    /// Its side and price with a quantity.
    #[must_use]
    pub(super) const fn level(&self, qty: Qty) -> Level {
        Level::new(self.side, self.price, qty)
    }
}

/// A trade of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Fill {
    /// The order's id.
    pub(super) order: u64,
    /// The market's place.
    pub(super) market: u16,
    /// The order's side.
    pub(super) side: Side,
    /// At what price.
    pub(super) price: Price,
    /// How much.
    pub(super) qty: Qty,
    /// The venue's number of it.
    pub(super) trade_id: u64,
    /// What it cost, in 10^-`fee_decimals` of the quote currency.
    pub(super) fee: i64,
    /// Digits behind the point of the fee.
    pub(super) fee_decimals: u8,
    /// Our order rested.
    pub(super) maker: bool,
}

impl Fill {
    /// The report of it, and the level behind the report.
    #[must_use]
    pub(super) const fn report(&self) -> (Report, Level) {
        let report = Report {
            trade_id: self.trade_id,
            fee: self.fee,
            fee_decimals: self.fee_decimals,
            fee_in: FeeIn::Quote,
            maker: self.maker,
            ..Report::new(OrderId(self.order), ReportKind::Filled)
        };
        (report, Level::new(self.side, self.price, self.qty))
    }
}

/// What we hold in one market.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Holding {
    /// Bought minus sold, in lots.
    pub position: i64,
    /// What selling brought minus what buying and fees cost, in 10⁻¹² of the quote currency.
    pub cash: i128,
    /// The fees in it, in 10⁻¹² of the quote currency; negative for rebates.
    pub fees: i128,
}

/// What the venue knows of us.
#[derive(Debug)]
pub(super) struct Account {
    /// By id.
    orders: Vec<Ours>,
    /// The ids used so far.
    pub(super) ids: Ids,
    fills: VecDeque<Fill>,
    holdings: Vec<Holding>,
}

impl Account {
    /// An account with those holdings, one for each market, and fills.
    #[must_use]
    pub(super) fn new(used: IdsUsed, holdings: Vec<Holding>, fills: VecDeque<Fill>) -> Self {
        Self { orders: Vec::with_capacity(1024), ids: Ids::new(used), fills, holdings }
    }

    /// Our orders by id.
    #[must_use]
    pub(super) fn orders(&self) -> &[Ours] {
        &self.orders
    }

    /// The order of that id, if it rests.
    #[must_use]
    pub(super) fn get(&self, id: OrderId) -> Option<&Ours> {
        self.find(id).ok().map(|at| &self.orders[at])
    }

    /// An order rests, or rests otherwise than before.
    pub(super) fn put(&mut self, order: Ours) {
        match self.find(order.id) {
            Ok(at) => self.orders[at] = order,
            Err(at) => self.orders.insert(at, order),
        }
    }

    /// An order is gone.
    pub(super) fn remove(&mut self, id: OrderId) -> Option<Ours> {
        self.find(id).ok().map(|at| self.orders.remove(at))
    }

    /// Each order has traded so much.
    pub(super) fn traded(&mut self, id: OrderId, qty: Qty) -> Option<Ours> {
        let at = self.find(id).ok()?;
        self.orders[at].traded.0 += qty.0;
        let order = self.orders[at];
        if order.left() == Qty::ZERO {
            self.orders.remove(at);
        }
        Some(order)
    }

    /// Books a fill.
    pub(super) fn book(&mut self, fill: Fill, instrument: &Instrument) {
        let holding = &mut self.holdings[usize::from(fill.market)];
        let sign = fill.side.sign();
        let notional = Money::notional(instrument, fill.price, fill.qty)
            .expect("tick and lot were checked to keep money exact");
        let unit = i128::from(crate::types::decimal::pow10(FEE_DECIMALS_MAX - fill.fee_decimals));
        let fee = i128::from(fill.fee) * unit;
        holding.position += fill.qty.0 * sign;
        holding.cash -= notional.amount * i128::from(sign) + fee;
        holding.fees += fee;
        if self.fills.len() == FILLS_MAX {
            self.fills.pop_front();
        }
        self.fills.push_back(fill);
    }

    /// The fills remembered, oldest first.
    pub(super) fn fills(&self) -> impl Iterator<Item = &Fill> {
        self.fills.iter()
    }

    /// What we hold, by the market's place.
    #[must_use]
    pub(super) fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    fn find(&self, id: OrderId) -> Result<usize, usize> {
        self.orders.binary_search_by_key(&id.0, |order| order.id.0)
    }
}

/// The fee of a trade in the quote currency, as mantissa and decimals: exact, but where it has more
/// digits than [`Money`] or than an `i64` holds; then rounded up, against the account.
#[must_use]
pub(super) fn fee(instrument: &Instrument, price: Price, qty: Qty, rate: FeeRate) -> (i64, u8) {
    let steps = i128::from(instrument.tick.increment()) * i128::from(instrument.lot.increment());
    let mut fee = i128::from(price.0) * i128::from(qty.0) * steps * i128::from(rate.0);
    let mut decimals = instrument.tick.decimals() + instrument.lot.decimals() + 6;
    while decimals > 0 && fee % 10 == 0 {
        (fee, decimals) = (fee / 10, decimals - 1);
    }
    loop {
        match i64::try_from(fee) {
            Ok(fee) if decimals <= FEE_DECIMALS_MAX => return (fee, decimals),
            _ => {
                assert!(decimals > 0, "a fee of more than an i64 of whole units");
                (fee, decimals) = (-(-fee).div_euclid(10), decimals - 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Currency, InstrumentId, Scale, Symbol, Venue};

    #[test]
    fn fees_are_exact_or_rounded_up() {
        let check = |(tick, lot): (&str, &str), (price, qty), rate, expected: (i64, u8)| {
            let lot = Scale::parse(lot.as_bytes()).unwrap();
            let name = Currency::new(b"X").unwrap();
            let instrument = Instrument {
                id: InstrumentId(0),
                venue: Venue::Simulated,
                symbol: Symbol::new(b"X-X").unwrap(),
                base: name,
                quote: name,
                tick: Scale::parse(tick.as_bytes()).unwrap(),
                lot,
                order_step: lot,
            };
            let got = fee(&instrument, Price(price), Qty(qty), FeeRate(rate));
            assert_eq!(got, expected, "{tick} {lot:?} {price} {qty} {rate}");
        };
        // 60,000.00 × 0.01 × 1 bp = 0.06.
        check(("0.01", "0.00001"), (6_000_000, 1000), 100, (6, 2));
        check(("0.01", "0.00001"), (6_000_000, 1000), -100, (-6, 2));
        check(("0.01", "0.00001"), (6_000_001, 1), 1, (600_001, 12));
        check(("0.01", "0.00001"), (6_000_000, 1000), 0, (0, 0));
        check(("0.05", "2"), (3, 7), 150, (315, 6));
        // Thirteen and more digits are cut to twelve, against us: a rebate shrinks, a fee grows.
        check(("0.00000001", "0.0001"), (1, 1), 1, (1, 12));
        check(("0.00000001", "0.0001"), (1, 1), -1, (0, 12));
        check(("0.01", "0.0000000001"), (123_457, 3), 7, (3, 12));
    }
}
