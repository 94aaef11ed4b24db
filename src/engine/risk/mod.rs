//! Risk: what may leave, and what was refused and why.
//!
//! It lives on marks and never on levels; a venue's bytes and files are not known here. Read `gate`
//! first: it is the row of checks. `checks` has a function a limit, `accounts` and `position` the
//! money, `state` what a trading state allows, `flatten` and `cancels` what risk does by itself.

mod accounts;
mod breaker;
mod cancels;
mod checks;
mod commands;
mod exit;
mod flatten;
mod follow;
mod gate;
mod guard;
mod hedge;
pub mod limits;
mod opening;
mod output;
mod pack;
mod params;
pub mod position;
mod rate;
mod reconcile;
mod request;
mod set_limits;
pub mod state;
mod triggers;
pub mod unit;
mod view;
mod worth;

#[cfg(test)]
mod accounting_tests;
#[cfg(test)]
mod bound_tests;
#[cfg(test)]
mod exit_tests;
#[cfg(test)]
mod hedge_tests;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod tests;

pub use breaker::{BreakerParams, BreakerSeen, OpeningBreaker};
pub use exit::ExitParams;
pub use hedge::HedgeParams;
pub use limits::{FileLimit, HardLimits, LimitFault, LimitSet, LimitsSet};
pub use opening::{Flattening, Opening, OpeningState};
pub use output::{Answer, CommandVerdict, Exit, Output, Refusal};
pub use pack::OUTPUT_LINES_MAX;
pub use params::{Conversion, InstrumentLimits, RateParams, RateSource, RiskParams};
pub use position::Position;
pub use reconcile::{HeldThere, Reconciled};
pub use request::{Approved, OrderRequest};
pub use triggers::{Baselines, Fed, Gauge, Learned};
pub use view::PositionView;

use crate::engine::buffer::Buffer;
use crate::engine::curb::Curb;
use crate::engine::order::{OpenSide, OrderTable};
use crate::event::{
    Body, Draft, Event, Explanation, Level, Mark, Proposal, RefusalCode, Report, StateReason,
    TradingState,
};
use crate::types::{InstrumentId, Nanos, OrderId, Origin};
use accounts::Accounts;
use breaker::Breaker;
use cancels::Sweep;
use exit::Exits;
use flatten::Pace;
use hedge::Hedge;
use rate::Bucket;
use reconcile::Reconciliation;
use serde::{Deserialize, Serialize};
use state::Trading;

const DAY: i64 = 86_400_000_000_000;
/// Later than every time.
const NEVER: Nanos = Nanos(i64::MAX);

/// The whole of risk: a pure function of inputs and drafts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Risk {
    /// Its limits are those that hold.
    params: RiskParams,
    hard: HardLimits,
    limits_set: Box<LimitsSet>,
    accounts: Accounts,
    orders: OrderTable,
    bucket: Bucket,
    trading: Trading,
    /// The time of the last input.
    now: Nanos,
    /// The next time at which something is to be done: a day's end included.
    wake: Nanos,
    /// The end of the day, by input time.
    day_end: Nanos,
    /// What was earned when the day began, in 10⁻¹² of the account currency.
    day_start: i128,
    /// The most that capital and profit have come to.
    high_water: i128,
    /// Whether a loss of the day halts; not after an operator has resumed in spite of it, until
    /// it has been made good or the day ends.
    loss_halts: bool,
    /// Why the next requests are made.
    explanation: Option<Explanation>,
    sweep: Sweep,
    flatten: Pace,
    hedge: Hedge,
    exits: Exits,
    reconciliation: Reconciliation,
    breaker: Breaker,
    refusals: [u64; RefusalCode::ALL.len()],
    commands_not_taken: u64,
    curb: Curb,
}

impl Risk {
    /// Risk over these instruments, by their ids; it begins ACTIVE with nothing held.
    ///
    /// # Panics
    /// An instrument's currency has no conversion: the config has checked it.
    #[must_use]
    pub fn new(params: &RiskParams, instruments: &[InstrumentLimits]) -> Self {
        let orders_max = params.orders_max as usize;
        Self {
            accounts: Accounts::new(params, instruments),
            orders: OrderTable::new(orders_max, instruments.len()),
            bucket: Bucket::new(params.rate),
            trading: Trading::new(TradingState::Active, StateReason::Start, false),
            now: Nanos(0),
            wake: Nanos(0),
            day_end: Nanos(0),
            day_start: 0,
            high_water: params.capital,
            loss_halts: true,
            explanation: None,
            sweep: Sweep::default(),
            flatten: Pace::default(),
            hedge: Hedge::default(),
            exits: Exits::new(instruments.len()),
            reconciliation: Reconciliation::new(instruments.len()),
            breaker: Breaker::new(params.breaker, instruments.len()),
            refusals: [0; RefusalCode::ALL.len()],
            commands_not_taken: 0,
            curb: Curb::new(None),
            params: params.clone(),
            hard: HardLimits::new(params, instruments),
            limits_set: Box::default(),
        }
    }

    /// The most outputs of one input and its drafts: what must be free before it is taken.
    ///
    /// At worst one input cancels, or asks about, every order (the one it tells of twice), tries to
    /// flatten every instrument twice and to exit it twice, each with its begin or end, asks about
    /// every position twice, changes the state, answers, moves the breaker, and each of its drafts
    /// brings two outputs.
    #[must_use]
    pub const fn outputs_max(params: &RiskParams, instruments: usize, drafts_max: usize) -> usize {
        let orders = OrderTable::places_max(params.orders_max as usize);
        orders + 8 * instruments + 12 + 2 * drafts_max
    }

    /// When it wants to be asked, if nothing comes before: a timer input is made then.
    #[inline]
    #[must_use]
    pub fn deadline(&self) -> Option<Nanos> {
        Some(self.due()).filter(|due| *due != NEVER)
    }

    /// Takes an input, before its drafts.
    #[inline]
    pub fn input(&mut self, event: &Event, levels: &[Level], out: &mut Buffer<Output>) {
        self.explanation = None;
        self.now = self.now.max(event.received);
        if self.now >= self.wake {
            self.on_time(out);
        }
        match &event.body {
            Body::Report(report) => self.on_report(event.instrument, report, levels[0], out),
            Body::Command(asked) => self.on_command(asked, (event, levels), out),
            Body::Fault(reason) => self.lost(*reason),
            Body::Health(health) => self.health(*health, out),
            Body::Var(result) => drop(self.curb.hear(result)),
            _ => {}
        }
    }

    /// Takes what quoting makes of the input, in its order.
    #[inline]
    pub fn draft(&mut self, draft: &Draft, out: &mut Buffer<Output>) {
        match draft {
            Draft::Mark(mark) => self.mark(mark, out),
            Draft::Explanation(explanation) => self.explanation(explanation),
            Draft::Proposal(proposal) => self.proposal(proposal, out),
        }
    }

    /// Takes a mark.
    #[inline]
    pub fn mark(&mut self, mark: &Mark, out: &mut Buffer<Output>) {
        if self.accounts.mark(mark) {
            self.judge_losses(out);
            self.judge_exit(mark, out);
        }
        self.guard(mark, out);
    }

    /// Takes why the proposals behind it are made.
    #[inline]
    pub fn explanation(&mut self, explanation: &Explanation) {
        self.explanation = Some(*explanation);
    }

    /// Takes a proposal.
    #[inline]
    pub fn proposal(&mut self, proposal: &Proposal, out: &mut Buffer<Output>) {
        self.propose(proposal, out);
    }

    /// See [`Core::glance`](crate::engine::Core::glance).
    pub(in crate::engine) fn glance(&self, instrument: InstrumentId) -> i64 {
        let limits = self.params.gross_exposure_max ^ self.params.drawdown_max ^ self.high_water;
        let due = self.wake.0 ^ self.due().0 ^ self.bucket.has_room() as i64;
        let breaker = self.breaker.watches[instrument.index()].fed().marks.1.0;
        #[expect(clippy::cast_possible_truncation, reason = "it is only read")]
        let limits = limits as i64;
        limits ^ due ^ breaker ^ self.accounts.glance(instrument) ^ self.orders.glance(instrument)
    }

    fn open_sides(&self, instrument: InstrumentId) -> [OpenSide; 2] {
        *self.orders.open_sides(instrument)
    }

    /// Something is due.
    #[cold]
    fn on_time(&mut self, out: &mut Buffer<Output>) {
        self.begin_day_if_over();
        let change = self.breaker.on_time(self.now);
        self.changed(change, InstrumentId::ALL, out);
        self.retry_cancels(out);
        self.flatten_when_due(out);
        self.exit_when_due(out);
        self.hedge_when_due(out);
        self.ask_positions_when_due(out);
        self.set_wake();
    }

    /// Also the first input of an epoch begins a day, unless it is that of the opening.
    fn begin_day_if_over(&mut self) {
        if self.now >= self.day_end {
            self.day_end = Nanos((self.now.0.div_euclid(DAY) + 1).saturating_mul(DAY));
            self.day_start = self.accounts.profit;
            self.accounts.begin_day();
            self.loss_halts = true;
        }
    }

    /// The day's end counts too, though nobody need be woken for it.
    fn set_wake(&mut self) {
        self.wake = self.day_end.min(self.due());
    }

    #[inline]
    fn due(&self) -> Nanos {
        let own = self.sweep.due.min(self.flatten.due).min(self.exits.pace.due);
        own.min(self.hedge.due).min(self.breaker.due()).min(self.reconciliation.due)
    }

    fn on_report(
        &mut self,
        instrument: InstrumentId,
        report: &Report,
        level: Level,
        out: &mut Buffer<Output>,
    ) {
        if self.hear_answer(instrument, report, level) {
            return self.set_wake();
        }
        let reported = self.orders.report(instrument, report, level);
        if instrument.index() >= self.accounts.holdings.len() {
            return;
        }
        if let Some(fill) = &reported.fill {
            self.accounts.fill(instrument, fill, report);
            self.flatten.on_fill(self.now);
            self.exits.pace.on_fill(self.now);
        }
        self.accounts.touch(instrument);
        if reported.fill.is_some() {
            self.judge_losses(out);
            self.trim(instrument, out);
            self.plan_hedge(instrument);
            self.hedge_when_due(out);
        }
        if reported.came_back {
            self.retry_later();
        }
        let went_on = reported.ended && self.has_gone_on(instrument, report.order);
        if self.trading.state() == TradingState::Halted {
            self.after_halted_report(went_on, out);
        } else if went_on && self.exits.of(instrument).is_some() {
            self.exits.pace.due = self.now;
            self.exit_when_due(out);
        }
    }

    /// While halted, the end of an order may let `flatten` go on, and one that came back (a cancel
    /// that was refused) wants its cancel again.
    fn after_halted_report(&mut self, went_on: bool, out: &mut Buffer<Output>) {
        self.plan_sweep();
        if self.trading.is_flattening() && went_on {
            self.flatten.due = self.now;
            self.flatten_when_due(out);
        }
        self.set_wake();
    }

    /// Whether the end of that order lets the next one go: nothing else lives for the instrument.
    /// An order of our own that nobody took does not hasten the next one.
    fn has_gone_on(&self, instrument: InstrumentId, ended: OrderId) -> bool {
        let order = self.orders.get(ended);
        self.is_idle(instrument)
            && order.is_some_and(|one| one.id.origin() == Origin::Quoter || one.traded.0 > 0)
    }

    /// Whether no order lives for the instrument.
    fn is_idle(&self, instrument: InstrumentId) -> bool {
        self.open_sides(instrument).iter().all(|side| side.count == 0)
    }

    fn equity(&self) -> i128 {
        self.params.capital + self.accounts.profit
    }

    fn day_loss(&self) -> i128 {
        self.day_start - self.accounts.profit
    }

    fn drawdown_now(&self) -> i128 {
        self.high_water - self.equity()
    }

    /// After a change of what was earned: a limit that is reached halts.
    #[inline]
    fn judge_losses(&mut self, out: &mut Buffer<Output>) {
        if !self.accounts.is_complete() {
            return;
        }
        let lost = self.take_profit();
        if lost && self.loss_halts {
            self.breach(StateReason::DailyLossLimit, out);
        } else if self.drawdown_now() >= self.params.drawdown_max {
            self.breach(StateReason::DrawdownLimit, out);
        }
    }

    /// Takes note of what was earned; whether the loss of the day has reached its limit.
    #[inline]
    fn take_profit(&mut self) -> bool {
        self.high_water = self.high_water.max(self.equity());
        let lost = self.day_loss() >= self.params.daily_loss_max;
        self.loss_halts |= !lost;
        lost
    }

    #[cold]
    fn breach(&mut self, reason: StateReason, out: &mut Buffer<Output>) {
        let next = self.trading.breach(reason);
        if next != self.trading {
            self.move_to(next, out);
            self.cancel_all(out);
            self.plan_sweep();
            self.set_wake();
        }
    }

    /// Changes the trading state, and says so if that shows.
    fn move_to(&mut self, next: Trading, out: &mut Buffer<Output>) {
        let before = self.trading.shown();
        self.trading = next;
        if !self.trading.is_flattening() {
            self.flatten = Pace::default();
        }
        let (state, reason) = self.trading.shown();
        if (state, reason) != before {
            self.trading = next.recorded(state, reason);
            out.push(Output::State { state, reason });
        }
    }
}

/// The id of the instrument at that place of a table.
fn instrument_at(place: usize) -> InstrumentId {
    InstrumentId(u16::try_from(place).expect("an id has 16 bits"))
}
