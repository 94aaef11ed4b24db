//! What must hold after every input: held against the core as the input has left it, and against
//! books that are kept here by the definition of average cost.

use crate::shore::{Terms, Trade};
use pinnaclemm::engine::risk::{Output, Position, Risk};
use pinnaclemm::engine::{Core, CoreParams};
use pinnaclemm::event::{Body, Level, Part, ReportKind, RequestKind, StateReason, TradingState};
use pinnaclemm::types::{InstrumentId, Money, Origin, Price, Qty, Side};
use std::collections::BTreeSet;

/// What is held of an instrument and what it has cost, by the average-cost method.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Account {
    pub(crate) lots: i64,
    cost: i128,
    realised: i128,
    pub(crate) fees: i128,
}

impl Account {
    /// What selling has brought less what buying and fees have cost.
    pub(crate) const fn cash(&self) -> i128 {
        self.realised - self.cost - self.fees
    }

    /// The same, as the engine has it.
    pub(crate) const fn of(position: &Position) -> Self {
        let Position { lots, cost, realised, fees, .. } = *position;
        Self { lots, cost, realised, fees }
    }

    fn fill(&mut self, notional: impl Fn(i64) -> i128, sign: i64, qty: i64, fee: i128) {
        self.fees += fee;
        let closed = if self.lots.signum() == -sign { qty.min(self.lots.abs()) } else { 0 };
        if closed > 0 {
            let share = self.cost * i128::from(closed) / i128::from(self.lots.abs());
            self.realised += i128::from(-sign) * notional(closed) - share;
            self.cost -= share;
        }
        self.cost += i128::from(sign) * (notional(qty) - notional(closed));
        self.lots += sign * qty;
    }
}

/// The books of all instruments.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    instruments: Vec<pinnaclemm::types::Instrument>,
    pub(crate) each: Vec<Account>,
    known: BTreeSet<Trade>,
}

impl Accounts {
    /// Nothing is held.
    pub(crate) fn new(params: &CoreParams) -> Self {
        let instruments: Vec<_> = params.instruments.iter().map(|one| one.instrument).collect();
        let each = vec![Account::default(); instruments.len()];
        Self { instruments, each, known: BTreeSet::new() }
    }

    /// A fill, which counts once.
    pub(crate) fn fill(&mut self, trade: Trade, (at, sign, price, qty, fee): Terms, decimals: u8) {
        if !self.known.insert(trade) {
            return;
        }
        let instrument = self.instruments[usize::from(at)];
        let notional = |lots| {
            Money::notional(&instrument, Price(price), Qty(lots)).expect("an exact amount").amount
        };
        let fee = i128::from(fee) * 10_i128.pow(u32::from(12 - decimals));
        self.each[usize::from(at)].fill(notional, sign, qty, fee);
    }
}

/// The fill that an input reports, with the decimals of its fee.
pub(crate) fn fill_of(
    part_event: &pinnaclemm::event::Event,
    level: Level,
) -> Option<(Trade, Terms, u8)> {
    let Body::Report(report) = part_event.body else { return None };
    if report.kind != ReportKind::Filled {
        return None;
    }
    let terms =
        (part_event.instrument.0, level.side().sign(), level.price().0, level.qty().0, report.fee);
    Some(((report.order.0, report.trade_id), terms, report.fee_decimals))
}

/// The law over one epoch.
#[derive(Debug)]
pub(crate) struct Law {
    epoch: u32,
    accounts: Accounts,
    state: TradingState,
    last: [u64; 2],
    positions_max: Vec<i64>,
    orders_max: u64,
}

impl Law {
    /// Over the epoch of these parameters, with what was held before.
    pub(crate) fn new(params: &CoreParams, accounts: Accounts) -> Self {
        let opening = params.opening.as_ref();
        Self {
            epoch: params.epoch,
            accounts,
            state: opening.map_or(TradingState::Active, |opening| opening.trading.state),
            last: [0; 2],
            positions_max: params.instruments.iter().map(|one| one.limits.position_max).collect(),
            orders_max: params.risk.orders_max.into(),
        }
    }

    /// An input and what the core has made of it.
    pub(crate) fn hold(
        &mut self,
        core: &Core,
        part: &Part,
        outputs: &[Output],
    ) -> Result<(), String> {
        let risk = core.risk();
        if let Some((trade, terms, decimals)) =
            part.levels().first().and_then(|l| fill_of(&part.event, *l))
        {
            self.accounts.fill(trade, terms, decimals);
        }
        for (id, account) in (0..).map(InstrumentId).zip(&self.accounts.each) {
            let found = Account::of(&risk.position(id).position);
            if found != *account {
                return Err(format!("the engine holds {found:?} of {id:?}, and it is {account:?}"));
            }
            let quoted = core.quoting().quoter().view(id).position;
            if quoted.0 != account.lots {
                return Err(format!("quotes are made for {quoted:?} of {id:?}, held: {account:?}"));
            }
        }
        if risk.open_orders() > self.orders_max {
            return Err(format!("{} live orders", risk.open_orders()));
        }
        outputs.iter().try_for_each(|output| self.output(risk, output))?;
        let (state, reason) = risk.trading();
        if state != self.state && reason != StateReason::Shutdown {
            return Err(format!("it is {state:?} without a word: it was {:?}", self.state));
        }
        Ok(())
    }

    fn output(&mut self, risk: &Risk, output: &Output) -> Result<(), String> {
        match output {
            Output::State { state, .. } => self.state = *state,
            Output::Request(request) if request.terms().kind != RequestKind::Cancel => {
                return self.request(risk, request.terms());
            }
            _ => {}
        }
        Ok(())
    }

    fn request(&mut self, risk: &Risk, terms: &pinnaclemm::event::Proposal) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{what}: {terms:?}"));
        let is_own = terms.order.origin() == Origin::Risk;
        if self.state == TradingState::Halted && !is_own {
            return wrong("an order while halted");
        }
        if terms.kind == RequestKind::Place {
            let last = &mut self.last[terms.order.origin() as usize];
            if terms.order.epoch() != self.epoch || terms.order.0 <= *last {
                return wrong("an id of another epoch, or one that does not grow");
            }
            *last = terms.order.0;
        }
        let [bids, asks] = *risk.orders().open_sides(terms.instrument);
        let lots = risk.position(terms.instrument).position.lots;
        let (toward, key, open, opposite) = match terms.side {
            Side::Bid => (lots, terms.price.0, bids, asks),
            Side::Ask => (-lots, -terms.price.0, asks, bids),
        };
        // An order that was thought to be gone may come back across a standing one: that no request
        // has done.
        if opposite.count > 0 && key + opposite.best >= 0 {
            return wrong("it crosses a quote of our own");
        }
        let limit = self.positions_max[terms.instrument.index()];
        // What only reduces is within what is held.
        if toward + open.leaves > limit.max(0) {
            return wrong("beyond the limit of the position");
        }
        Ok(())
    }
}
