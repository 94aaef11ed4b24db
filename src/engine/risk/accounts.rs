//! Positions by instrument, money by currency, and what both come to in the account currency.
//!
//! Sums are kept as differences come: a mark or a fill touches its own instrument and its own
//! currency, whatever else is held. Currencies are only added through their rates. What was earned
//! is right after each mark; what orders and positions come to is brought up to date when a check
//! asks for it, since marks come far more often than orders.

use super::position::Position;
use super::unit::{Rate, at_price, fee_amount};
use super::worth::{Exposure, Worth, middle_twice, shift};
use super::{InstrumentLimits, RateSource, RiskParams};
use crate::engine::image::roomy;
use crate::engine::order::{Fill, OpenSide, OrderTable};
use crate::event::{FeeIn, Mark, Report, Stale};
use crate::types::{Currency, InstrumentId, Nanos, Price, Qty, Side};
use serde::{Deserialize, Serialize};

/// No place.
const NONE: usize = usize::MAX;

/// One instrument.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Holding {
    pub(super) position: Position,
    pub(super) limits: InstrumentLimits,
    /// Why its book is stale; before the first mark it has no snapshot.
    pub(super) stale: Option<Stale>,
    ledger: usize,
    /// The ledger whose rate it makes, or [`NONE`].
    feeds: usize,
    /// Realised + unrealised − fees, in the quote currency.
    pub(super) profit: i128,
    /// As of when it was last brought up to date.
    worth: Worth,
    /// `worth` is out of date, and the instrument stands in the list of those.
    touched: bool,
}

/// One currency.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ledger {
    currency: Currency,
    rate: Rate,
    /// The instrument that makes the rate, or nothing for a fixed one.
    source: Option<RateSource>,
    /// When the rate was made.
    rated_at: Nanos,
    stale: bool,
    /// What was earned in it.
    profit: i128,
    sum: Worth,
}

/// All that is held and earned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Accounts {
    pub(super) holdings: Box<[Holding]>,
    ledgers: Box<[Ledger]>,
    /// Everything earned, in 10⁻¹² of the account currency.
    pub(super) profit: i128,
    /// The sum of all ledgers.
    total: Worth,
    /// A rate has changed since that sum was made.
    rerated: bool,
    /// The instruments whose worth is out of date: room for each of them once.
    #[serde(with = "roomy")]
    touched: Vec<InstrumentId>,
}

impl Accounts {
    pub(super) fn new(params: &RiskParams, instruments: &[InstrumentLimits]) -> Self {
        let home = Ledger {
            currency: params.currency,
            rate: Rate::ONE,
            source: None,
            rated_at: Nanos(0),
            stale: false,
            profit: 0,
            sum: Worth::default(),
        };
        let mut ledgers = vec![home];
        for conversion in &params.conversions {
            let (rate, source) = match conversion.source {
                RateSource::Fixed(rate) => (Rate::of_trillionths(rate), None),
                source @ RateSource::Instrument { .. } => (Rate::UNKNOWN, Some(source)),
            };
            let (currency, sum) = (conversion.currency, Worth::default());
            ledgers.push(Ledger {
                currency,
                rate,
                stale: source.is_some(),
                source,
                rated_at: Nanos(0),
                profit: 0,
                sum,
            });
        }
        let holding = |(place, limits): (usize, &InstrumentLimits)| Holding {
            position: Position::default(),
            limits: *limits,
            stale: Some(Stale::NoSnapshot),
            ledger: ledgers
                .iter()
                .position(|ledger| ledger.currency == limits.quote)
                .expect("the config checks that each currency has a conversion"),
            feeds: ledgers
                .iter()
                .position(|ledger| {
                    matches!(ledger.source,
                        Some(RateSource::Instrument { instrument, .. })
                            if instrument.index() == place)
                })
                .unwrap_or(NONE),
            profit: 0,
            worth: Worth::default(),
            touched: false,
        };
        let holdings = instruments.iter().enumerate().map(holding).collect();
        Self {
            holdings,
            ledgers: ledgers.into(),
            profit: 0,
            total: Worth::default(),
            rerated: false,
            touched: Vec::with_capacity(instruments.len()),
        }
    }

    #[inline]
    pub(super) fn get(&self, instrument: InstrumentId) -> &Holding {
        &self.holdings[instrument.index()]
    }

    /// See [`Core::glance`](crate::engine::Core::glance).
    pub(super) fn glance(&self, instrument: InstrumentId) -> i64 {
        let holding = self.get(instrument);
        let Holding { position, limits, worth, .. } = holding;
        let money = position.realised ^ worth.gross ^ limits.value_max ^ limits.notional_max;
        let ledger = &self.ledgers[holding.ledger];
        let money = money ^ ledger.profit ^ ledger.sum.gross ^ self.total.gross ^ self.profit;
        #[expect(clippy::cast_possible_truncation, reason = "it is only read")]
        let money = money as i64;
        money ^ position.mark_twice ^ limits.qty_max ^ ledger.rated_at.0
    }

    /// Takes a mark; whether that has changed what was earned.
    #[inline]
    pub(super) fn mark(&mut self, mark: &Mark) -> bool {
        let holding = &mut self.holdings[mark.instrument.index()];
        holding.stale = mark.stale;
        let twice = middle_twice(mark.bid, mark.ask);
        let moved = twice != holding.position.mark_twice;
        holding.position.mark_twice = twice;
        let feeds = holding.feeds;
        let mut changed = false;
        if moved {
            self.touch(mark.instrument);
            changed = self.count_profit(mark.instrument);
        }
        if feeds != NONE && self.rerate(feeds, mark, twice) {
            self.profit = self.total_profit();
            changed = true;
        }
        changed
    }

    /// The instrument's worth is out of date: its mark, its position or its orders have changed.
    #[inline]
    pub(super) fn touch(&mut self, instrument: InstrumentId) {
        let holding = &mut self.holdings[instrument.index()];
        if !holding.touched {
            holding.touched = true;
            self.touched.push(instrument);
        }
    }

    /// Counts anew what was earned with the instrument; whether that has changed.
    #[inline]
    fn count_profit(&mut self, instrument: InstrumentId) -> bool {
        let holding = &mut self.holdings[instrument.index()];
        let (old, new) = (holding.profit, holding.position.profit(holding.limits.unit));
        if old == new {
            return false;
        }
        holding.profit = new;
        let ledger = &mut self.ledgers[holding.ledger];
        shift(&mut ledger.profit, old, new);
        if ledger.rate == Rate::ONE {
            shift(&mut self.profit, old, new);
        } else {
            self.profit = self.total_profit();
        }
        true
    }

    /// Brings the worth of what was touched up to date.
    #[inline]
    pub(super) fn refresh(&mut self, orders: &OrderTable) {
        while let Some(instrument) = self.touched.pop() {
            let holding = &mut self.holdings[instrument.index()];
            holding.touched = false;
            let new = worth(holding, orders.open_sides(instrument));
            let old = std::mem::replace(&mut holding.worth, new);
            let ledger = &mut self.ledgers[holding.ledger];
            let change = new.less(&old);
            ledger.sum.add(&change);
            if ledger.rate == Rate::ONE {
                self.total.add(&change);
            } else {
                self.rerated = true;
            }
        }
        if self.rerated {
            self.total = self.total_worth();
            self.rerated = false;
        }
    }

    fn total_worth(&self) -> Worth {
        let mut total = Worth::default();
        self.ledgers.iter().for_each(|ledger| total.add_at(&ledger.sum, ledger.rate));
        total
    }

    fn total_profit(&self) -> i128 {
        self.ledgers.iter().map(|ledger| ledger.rate.convert(ledger.profit)).sum()
    }

    /// The mark makes a currency's rate.
    fn rerate(&mut self, ledger: usize, mark: &Mark, twice: i64) -> bool {
        let ledger = &mut self.ledgers[ledger];
        ledger.stale = mark.stale.is_some();
        if ledger.stale {
            return false;
        }
        let Some(RateSource::Instrument { tick, .. }) = ledger.source else { return false };
        let rate = Rate::of_middle(twice, tick);
        ledger.rated_at = mark.received;
        ledger.stale = !rate.is_known();
        if !rate.is_known() || rate == ledger.rate {
            return false;
        }
        ledger.rate = rate;
        self.rerated = true;
        ledger.profit != 0
    }

    /// Books a trade of ours.
    pub(super) fn fill(&mut self, instrument: InstrumentId, fill: &Fill, report: &Report) {
        let holding = &mut self.holdings[instrument.index()];
        let Holding { position, limits, .. } = holding;
        position.fill(limits.unit, fill.side, fill.price, fill.qty);
        let amount = fee_amount(report.fee, report.fee_decimals);
        let fee = match report.fee_in {
            FeeIn::Quote => amount,
            FeeIn::Base => {
                position.fees_base = position.fees_base.saturating_add(amount);
                at_price(amount, fill.price.0, limits.tick)
            }
        };
        position.fees = position.fees.saturating_add(fee);
        self.touch(instrument);
        self.count_profit(instrument);
    }

    /// The account with `leaves` lots working on that side of an instrument, as of the last
    /// [`refresh`](Self::refresh).
    #[inline]
    pub(super) fn exposure_with(
        &self,
        (holding, rate): (&Holding, Rate),
        side: Side,
        leaves: i64,
    ) -> Exposure {
        assert!(self.touched.is_empty(), "sums are brought up to date before they are judged");
        let Worth { gross, up, down } = holding.worth;
        let lots = match side {
            Side::Bid => holding.position.lots.saturating_add(leaves),
            Side::Ask => holding.position.lots.saturating_sub(leaves),
        };
        let reached = value(holding, lots);
        let (before, other, side_sum) = match side {
            Side::Bid => (up, down, self.total.up),
            Side::Ask => (down, up, self.total.down),
        };
        let notional = reached.abs().max(other.abs());
        let more = rate.convert(notional - gross);
        let net = side_sum + rate.convert(reached - before);
        Exposure {
            notional: rate.convert(notional),
            grows: notional > gross,
            gross: self.total.gross + more,
            net: if side == Side::Bid { net } else { -net },
        }
    }

    /// Gross and net exposure with all working orders: net is that of the worse side, with its
    /// sign.
    pub(super) fn exposure(&self, orders: &OrderTable) -> (i128, i128) {
        let mut total = self.total_worth();
        for instrument in &self.touched {
            let holding = self.get(*instrument);
            let rate = self.rate_of(holding);
            let new = worth(holding, orders.open_sides(*instrument));
            total.add_at(&new.less(&holding.worth), rate);
        }
        (total.gross, if total.up >= -total.down { total.up } else { total.down })
    }

    /// What an instrument's position and its working orders come to now, in the account currency.
    pub(super) fn notional_now(&self, instrument: InstrumentId, orders: &OrderTable) -> i128 {
        let holding = self.get(instrument);
        let worth = worth(holding, orders.open_sides(instrument));
        self.rate_of(holding).convert(worth.gross)
    }

    /// An amount of the instrument's quote currency in the account's.
    #[inline]
    pub(super) fn convert(&self, instrument: InstrumentId, amount: i128) -> i128 {
        self.rate_of(self.get(instrument)).convert(amount)
    }

    #[inline]
    pub(super) fn rate_of(&self, holding: &Holding) -> Rate {
        self.ledgers[holding.ledger].rate
    }

    /// How old the rate of its quote currency is; the greatest age if it is stale.
    #[inline]
    pub(super) fn rate_age(&self, holding: &Holding, now: Nanos) -> i64 {
        let ledger = &self.ledgers[holding.ledger];
        match ledger.source {
            None => 0,
            Some(_) if ledger.stale => i64::MAX,
            Some(_) => now.0.saturating_sub(ledger.rated_at.0),
        }
    }

    /// Whether what was earned in every currency can be counted.
    #[inline]
    pub(super) fn is_complete(&self) -> bool {
        self.ledgers.iter().all(|ledger| ledger.rate.is_known() || ledger.profit == 0)
    }

    /// A day begins.
    pub(super) fn begin_day(&mut self) {
        for holding in &mut self.holdings {
            holding.position.volume_today = 0;
            holding.position.day_start = holding.profit;
        }
    }

    /// Takes over what was held before the start; there are no orders yet.
    pub(super) fn open(&mut self, positions: &[Position], rates: &[(Currency, Rate)]) {
        for (currency, rate) in rates {
            let known =
                |ledger: &&mut Ledger| ledger.currency == *currency && ledger.source.is_some();
            if let Some(ledger) = self.ledgers.iter_mut().find(known) {
                ledger.rate = *rate;
            }
        }
        for (place, position) in positions.iter().enumerate() {
            self.holdings[place].position = *position;
            self.touch(super::instrument_at(place));
            self.count_profit(super::instrument_at(place));
        }
        self.rerated = true;
        self.profit = self.total_profit();
    }

    /// The rates that came from marks.
    pub(super) fn rates(&self) -> impl Iterator<Item = (Currency, Rate)> {
        let marked = self.ledgers.iter().filter(|ledger| ledger.source.is_some());
        marked.map(|ledger| (ledger.currency, ledger.rate))
    }
}

#[inline]
fn value(holding: &Holding, lots: i64) -> i128 {
    holding.limits.unit.value_at_half(holding.position.mark_twice, lots)
}

#[inline]
fn worth(holding: &Holding, [buys, sells]: &[OpenSide; 2]) -> Worth {
    let (lots, buys, sells) = (holding.position.lots, buys.leaves, sells.leaves);
    if lots == 0 && buys == 0 && sells == 0 {
        return Worth::default();
    }
    let [up, down] = holding.limits.unit.values_at_half(
        holding.position.mark_twice,
        [lots.saturating_add(buys), lots.saturating_sub(sells)],
    );
    Worth { gross: up.abs().max(down.abs()), up, down }
}

/// What a quantity is worth at a price, in the instrument's quote currency.
#[inline]
pub(super) fn notional(holding: &Holding, price: Price, qty: Qty) -> i128 {
    holding.limits.unit.value(price.0, qty.0)
}
