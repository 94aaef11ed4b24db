//! Positions by instrument, money by currency, and what both come to in the account currency.
//!
//! Sums are kept as differences come: a mark or a fill touches its own instrument and its own
//! currency, whatever else is held. Currencies are only added through their rates.

use super::position::Position;
use super::unit::{Rate, at_price, fee_amount};
use super::{InstrumentLimits, RateSource, RiskParams};
use crate::engine::order::{Fill, OpenSide};
use crate::event::{FeeIn, Mark, Report, Stale};
use crate::types::{Currency, InstrumentId, Nanos, Price, Qty, Side};
use serde::{Deserialize, Serialize};

/// No place.
const NONE: usize = usize::MAX;

/// What one instrument adds to the sums of its currency: what its position would come to if all
/// working bids fill, if all working asks fill, and the greater of both without sign; and what was
/// earned with it. All in 10⁻¹² of the quote currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Worth {
    pub(super) profit: i128,
    pub(super) gross: i128,
    pub(super) up: i128,
    pub(super) down: i128,
}

impl Worth {
    /// Adds the difference of two.
    #[inline]
    fn shift(&mut self, old: &Self, new: &Self) {
        let shift = |sum: &mut i128, old: i128, new: i128| {
            *sum = sum.saturating_add(new.saturating_sub(old));
        };
        shift(&mut self.profit, old.profit, new.profit);
        shift(&mut self.gross, old.gross, new.gross);
        shift(&mut self.up, old.up, new.up);
        shift(&mut self.down, old.down, new.down);
    }
}

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
    worth: Worth,
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
    sum: Worth,
}

/// What the account would come to with one order more. All in 10⁻¹² of the account currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Exposure {
    /// The instrument's position, without sign.
    pub(super) notional: i128,
    /// Whether the order makes that greater.
    pub(super) grows: bool,
    /// All positions, without sign.
    pub(super) gross: i128,
    /// Longs less shorts toward the order's side: positive if it makes it worse.
    pub(super) net: i128,
}

/// All that is held and earned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Accounts {
    pub(super) holdings: Box<[Holding]>,
    ledgers: Box<[Ledger]>,
    /// Everything earned, in 10⁻¹² of the account currency.
    pub(super) profit: i128,
}

impl Accounts {
    pub(super) fn new(params: &RiskParams, instruments: &[InstrumentLimits]) -> Self {
        let home = Ledger {
            currency: params.currency,
            rate: Rate::ONE,
            source: None,
            rated_at: Nanos(0),
            stale: false,
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
            worth: Worth::default(),
        };
        let holdings = instruments.iter().enumerate().map(holding).collect();
        Self { holdings, ledgers: ledgers.into(), profit: 0 }
    }

    #[inline]
    pub(super) fn get(&self, instrument: InstrumentId) -> &Holding {
        &self.holdings[instrument.index()]
    }

    /// Takes a mark; whether that has changed what was earned.
    #[inline]
    pub(super) fn mark(&mut self, mark: &Mark, open: &[OpenSide; 2]) -> bool {
        let holding = &mut self.holdings[mark.instrument.index()];
        holding.stale = mark.stale;
        let twice = middle_twice(mark.bid, mark.ask);
        let moved = twice != holding.position.mark_twice;
        holding.position.mark_twice = twice;
        let feeds = holding.feeds;
        let mut changed = moved && self.revalue(mark.instrument, open);
        if feeds != NONE {
            changed |= self.rerate(feeds, mark, twice);
        }
        if changed {
            self.profit = self.total(|sum| sum.profit);
        }
        changed
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
        ledger.sum.profit != 0
    }

    /// Brings what the instrument adds to the sums up to date; whether what was earned changed.
    #[inline]
    pub(super) fn revalue(&mut self, instrument: InstrumentId, open: &[OpenSide; 2]) -> bool {
        let holding = &mut self.holdings[instrument.index()];
        let old = holding.worth;
        let new = worth(holding, open[0].leaves, open[1].leaves);
        if old == new {
            return false;
        }
        holding.worth = new;
        self.ledgers[holding.ledger].sum.shift(&old, &new);
        old.profit != new.profit
    }

    /// Books a trade of ours; the caller revalues with the orders that are left.
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
    }

    /// Brings everything up to date after a fill.
    pub(super) fn settle(&mut self, instrument: InstrumentId, open: &[OpenSide; 2]) {
        self.revalue(instrument, open);
        self.profit = self.total(|sum| sum.profit);
    }

    /// The sum over all currencies, in the account currency.
    #[inline]
    fn total(&self, of: impl Fn(&Worth) -> i128) -> i128 {
        if let [home] = &self.ledgers[..] {
            return of(&home.sum);
        }
        let mut total = 0_i128;
        for ledger in &self.ledgers {
            total = total.saturating_add(ledger.rate.convert(of(&ledger.sum)));
        }
        total
    }

    /// The account with `leaves` lots working on that side of the instrument.
    #[inline]
    pub(super) fn exposure_with(
        &self,
        instrument: InstrumentId,
        side: Side,
        leaves: i64,
    ) -> Exposure {
        let holding = self.get(instrument);
        let rate = self.rate_of(holding);
        let Worth { gross, up, down, .. } = holding.worth;
        let sign = side.sign();
        let lots = holding.position.lots.saturating_add(sign.saturating_mul(leaves));
        let reached = value(holding, lots);
        let (before, other) = if side == Side::Bid { (up, down) } else { (down, up) };
        let notional = magnitude(reached).max(magnitude(other));
        let more = rate.convert(notional.saturating_sub(gross));
        let moved = rate.convert(reached.saturating_sub(before));
        let side_sum = |sum: &Worth| if side == Side::Bid { sum.up } else { sum.down };
        let net = self.total(side_sum).saturating_add(moved);
        Exposure {
            notional: rate.convert(notional),
            grows: notional > gross,
            gross: self.total(|sum| sum.gross).saturating_add(more),
            net: i128::from(sign).saturating_mul(net),
        }
    }

    /// Gross and net exposure with all working orders: net is that of the worse side, with its
    /// sign.
    pub(super) fn exposure(&self) -> (i128, i128) {
        let (up, down) = (self.total(|sum| sum.up), self.total(|sum| sum.down));
        (self.total(|sum| sum.gross), if up >= -down { up } else { down })
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

    /// What was earned with the instrument, in its quote currency.
    #[inline]
    pub(super) fn profit_of(&self, instrument: InstrumentId) -> i128 {
        self.get(instrument).worth.profit
    }

    /// How old the rate of the instrument's quote currency is; the greatest age if it is stale.
    #[inline]
    pub(super) fn rate_age(&self, instrument: InstrumentId, now: Nanos) -> i64 {
        let ledger = &self.ledgers[self.get(instrument).ledger];
        match ledger.source {
            None => 0,
            Some(_) if ledger.stale => i64::MAX,
            Some(_) => now.0.saturating_sub(ledger.rated_at.0),
        }
    }

    /// Whether what was earned in every currency can be counted.
    #[inline]
    pub(super) fn is_complete(&self) -> bool {
        self.ledgers.iter().all(|ledger| ledger.rate.is_known() || ledger.sum.profit == 0)
    }

    /// A day begins.
    pub(super) fn begin_day(&mut self) {
        for holding in &mut self.holdings {
            holding.position.volume_today = 0;
            holding.position.day_start = holding.worth.profit;
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
            let old = self.holdings[place].worth;
            let new = worth(&self.holdings[place], 0, 0);
            self.holdings[place].worth = new;
            self.ledgers[self.holdings[place].ledger].sum.shift(&old, &new);
        }
        self.profit = self.total(|sum| sum.profit);
    }

    /// The rates that came from marks.
    pub(super) fn rates(&self) -> impl Iterator<Item = (Currency, Rate)> {
        let marked = self.ledgers.iter().filter(|ledger| ledger.source.is_some());
        marked.map(|ledger| (ledger.currency, ledger.rate))
    }
}

/// The sum of bid and ask; where one side was never quoted, twice the other.
#[inline]
fn middle_twice(bid: Price, ask: Price) -> i64 {
    match (bid.0, ask.0) {
        (0, price) | (price, 0) => price.saturating_mul(2),
        (bid, ask) => bid.saturating_add(ask),
    }
}

#[inline]
fn value(holding: &Holding, lots: i64) -> i128 {
    holding.limits.unit.value_at_half(holding.position.mark_twice, lots)
}

#[inline]
fn worth(holding: &Holding, buys: i64, sells: i64) -> Worth {
    let position = &holding.position;
    let unit = holding.limits.unit;
    if position.lots == 0 && buys == 0 && sells == 0 {
        return Worth { profit: position.profit(unit), ..Worth::default() };
    }
    let [held, up, down] = unit.values_at_half(
        position.mark_twice,
        [position.lots, position.lots.saturating_add(buys), position.lots.saturating_sub(sells)],
    );
    let gross = magnitude(up).max(magnitude(down));
    Worth { profit: position.profit_at(held), gross, up, down }
}

#[inline]
const fn magnitude(amount: i128) -> i128 {
    amount.saturating_abs()
}

/// What a quantity is worth at a price, in the instrument's quote currency.
#[inline]
pub(super) fn notional(holding: &Holding, price: Price, qty: Qty) -> i128 {
    holding.limits.unit.value(price.0, qty.0)
}
