//! What is shown of a run to readers off the path: views, published a few times a second.
//!
//! Three writers, one for each stage, as they may be on threads of their own. Nothing here is
//! needed by a decision, and a reader that never comes costs nothing. What readers make of it is
//! theirs.

mod account;
mod breaker;
mod depth;
mod holding;
mod journal;
mod limits;
mod orders;
mod pace;
mod quote;

pub use account::{ACCOUNT_WORDS, AccountView};
pub use breaker::{BREAKER_HISTORY, BREAKER_WORDS, BreakerMove, BreakerView, FED_WORDS, FedView};
pub use depth::{DEPTH_LEVELS, DepthView};
pub use holding::{ExitsTold, HOLDING_WORDS, HoldingView};
pub use journal::{JOURNAL_WORDS, JournalView};
pub use limits::LIMITS_WORDS;
pub use orders::{FillTold, Fills, ORDERS_SHOWN, OrderView, OrdersView};
pub use quote::{QuoteView, SideView};

use super::latency::{LATENCY_WORDS, Latency, LatencyView, Stage, latency, stage};
use super::var::{Sampler, VarReader};
use super::view::{Publisher, View, view};
use crate::engine::risk::{LimitsSet, Output, Risk};
use crate::engine::{Core, Quoting};
use crate::event::{Body, Event, Level, ReportKind};
use crate::types::{Instrument, InstrumentId, Nanos};
use orders::FillsIn;
use pace::Pace;

/// The reading ends of everything.
#[derive(Clone, Debug)]
pub struct Views {
    /// What the numbers are of, by id.
    pub instruments: Vec<Instrument>,
    /// By instrument.
    pub quotes: Vec<View<QuoteView, 15>>,
    /// By instrument.
    pub holdings: Vec<View<HoldingView, HOLDING_WORDS>>,
    /// Books near the touch, by instrument.
    pub depths: Vec<View<DepthView, { 4 * DEPTH_LEVELS }>>,
    /// The account.
    pub account: View<AccountView, ACCOUNT_WORDS>,
    /// The circuit breaker.
    pub breaker: View<BreakerView, BREAKER_WORDS>,
    /// By instrument: what its rules were fed with.
    pub fed: Vec<View<FedView, FED_WORDS>>,
    /// The limits that operators have set.
    pub limits: View<LimitsSet, LIMITS_WORDS>,
    /// Live orders.
    pub orders: View<OrdersView, { 5 * ORDERS_SHOWN }>,
    /// From an input to its requests.
    pub latency: View<LatencyView, LATENCY_WORDS>,
    /// How the journal gets on; zeros where none is kept.
    pub journal: View<JournalView, JOURNAL_WORDS>,
    /// Value at risk, where it is worked out.
    pub var: Option<VarReader>,
    /// Where the time goes, by the name of the stage: those that this run has show something.
    pub stages: [(&'static str, View<LatencyView, LATENCY_WORDS>); 5],
}

/// What quoting publishes.
#[derive(Debug)]
pub struct QuotingBoard {
    quotes: Vec<Publisher<QuoteView, 15>>,
    depths: Vec<Publisher<DepthView, { 4 * DEPTH_LEVELS }>>,
    /// Books and quoter, where they have a thread of their own.
    pub(super) stage: Stage,
    pace: Pace,
    /// Number and time of the last input.
    latest: (u64, Nanos),
}

/// What risk publishes.
#[derive(Debug)]
pub struct RiskBoard {
    holdings: Vec<Publisher<HoldingView, HOLDING_WORDS>>,
    account: Publisher<AccountView, ACCOUNT_WORDS>,
    orders: Publisher<OrdersView, { 5 * ORDERS_SHOWN }>,
    limits: Publisher<LimitsSet, LIMITS_WORDS>,
    /// Its last change that was shown.
    limits_shown: u64,
    told: FillsIn,
    breaker: Publisher<BreakerView, BREAKER_WORDS>,
    moves: [Option<BreakerMove>; BREAKER_HISTORY],
    fed: Vec<Publisher<FedView, FED_WORDS>>,
    /// Gate and orders, where they have a thread of their own.
    pub(super) stage: Stage,
    pace: Pace,
    sampler: Option<Sampler>,
    fills: u64,
    /// Requests, and when the last was released.
    requests: (u64, Nanos),
    /// By instrument: trades of ours with the time of the last, and exits.
    own: Vec<((u64, Nanos), ExitsTold)>,
}

/// An input and the levels behind it.
pub type Heard<'a> = (&'a Event, &'a [Level]);

/// Both writing ends, for a run in one thread.
#[derive(Debug)]
pub struct Board {
    /// Of quoting.
    pub quoting: QuotingBoard,
    /// Of risk.
    pub risk: RiskBoard,
    /// Of whoever hears and releases.
    pub latency: Latency,
    /// Of whoever keeps the journal, to be taken.
    pub keeping: Option<Publisher<JournalView, JOURNAL_WORDS>>,
    /// Books, quoter, gate and orders, where they are one call.
    pub(super) core: Stage,
    /// Writing, and releasing where it is one with it.
    pub(super) journal: Stage,
}

/// Both ends for these instruments.
#[must_use]
pub fn board(instruments: &[Instrument]) -> (Board, Views, Fills) {
    let (quotes, quote_views) = instruments.iter().map(|_| view(QuoteView::NOTHING)).unzip();
    let (holdings, holding_views) =
        instruments.iter().map(|_| view(HoldingView::default())).unzip();
    let (depths, depth_views) = instruments.iter().map(|_| view(DepthView::default())).unzip();
    let (account, account_view) = view(AccountView::START);
    let (orders, order_views) = view(OrdersView([None; ORDERS_SHOWN]));
    let (limits, limits_view) = view(LimitsSet::default());
    let (told, fills) = orders::fills();
    let (breaker, breaker_view) = view(BreakerView::CLOSED);
    let (fed, fed_views) = instruments.iter().map(|_| view(FedView::default())).unzip();
    let moves = [None; BREAKER_HISTORY];
    let pace = Pace::new();
    let (latest, sampler) = ((0, Nanos(0)), None);
    let (latency, latency_view, hear_view) = latency();
    let [(core, core_view), (journal, journal_view), (quoting, quoting_view), (risk, risk_view)] =
        std::array::from_fn(|_| stage());
    let (keeping, keeping_view) = view(JournalView::default());
    let board = Board {
        keeping: Some(keeping),
        latency,
        core,
        journal,
        quoting: QuotingBoard { quotes, depths, stage: quoting, pace, latest },
        risk: RiskBoard {
            holdings,
            account,
            orders,
            limits,
            limits_shown: 0,
            told,
            breaker,
            moves,
            fed,
            stage: risk,
            pace,
            sampler,
            fills: 0,
            requests: (0, Nanos(0)),
            own: vec![Default::default(); instruments.len()],
        },
    };
    let views = Views {
        instruments: instruments.to_vec(),
        quotes: quote_views,
        holdings: holding_views,
        depths: depth_views,
        account: account_view,
        breaker: breaker_view,
        fed: fed_views,
        limits: limits_view,
        orders: order_views,
        latency: latency_view,
        journal: keeping_view,
        var: None,
        stages: [
            ("hear", hear_view),
            ("core", core_view),
            ("quoting", quoting_view),
            ("risk", risk_view),
            ("journal", journal_view),
        ],
    };
    (board, views, fills)
}

impl Board {
    /// Measures from now on how long things take. No more than `inputs_max` inputs are ever on
    /// their way.
    pub fn turn_on(&mut self, inputs_max: usize) {
        self.latency.turn_on(inputs_max);
        let Self { core, journal, quoting, risk, .. } = self;
        for stage in [core, journal, &mut quoting.stage, &mut risk.stage] {
            stage.turn_on();
        }
    }

    /// Takes note of an input and its outputs.
    #[inline]
    pub fn input(&mut self, (input, levels): Heard<'_>, core: &Core, outputs: &[Output]) {
        self.quoting.input(input, core.quoting());
        self.risk.sample(input, core.risk());
        self.risk.input((input, levels), core.risk(), outputs);
    }

    /// Shows what is not shown yet: no input has come.
    #[inline]
    pub fn idle(&mut self, core: &Core) {
        self.quoting.idle(core.quoting());
        self.risk.idle(core.risk());
    }

    /// Shows how it ended, with the last input.
    pub fn close(&mut self, core: &Core, last: (u64, Nanos)) {
        self.quoting.close(core.quoting(), last);
        self.risk.close(core.risk());
        self.latency.publish();
        self.core.publish();
        self.journal.publish();
    }
}

impl QuotingBoard {
    /// Takes note of an input.
    #[inline]
    pub fn input(&mut self, input: &Event, quoting: &Quoting) {
        self.latest = (input.sequence, input.received);
        if self.pace.is_due(input.received) {
            self.publish(input.sequence, input.received, quoting);
        }
    }

    /// Shows what is not shown yet: no input has come.
    #[inline]
    pub fn idle(&mut self, quoting: &Quoting) {
        if self.pace.is_overdue() {
            let (sequence, time) = self.latest;
            self.publish(sequence, time, quoting);
        }
    }

    /// Shows how it ended, with the last input.
    pub fn close(&mut self, quoting: &Quoting, (sequence, time): (u64, Nanos)) {
        self.stage.publish();
        self.publish(sequence, time, quoting);
    }

    fn publish(&mut self, sequence: u64, time: Nanos, quoting: &Quoting) {
        for ((at, publisher), depth) in (0_u16..).zip(&mut self.quotes).zip(&mut self.depths) {
            let id = InstrumentId(at);
            let book = quoting.books().get(id);
            depth.publish(&DepthView::of(book));
            publisher.publish(&QuoteView::of((sequence, time), book, quoting.quoter().view(id)));
        }
    }
}

impl RiskBoard {
    /// From now on prices and positions are sampled for value at risk.
    pub fn sample_for(&mut self, sampler: Sampler) {
        self.sampler = Some(sampler);
    }

    /// Takes a sample if one is due, before the input is known to be done.
    #[inline]
    pub fn sample(&mut self, input: &Event, risk: &Risk) {
        if let Some(sampler) = &mut self.sampler {
            sampler.input(input, risk);
        }
    }

    /// Takes note of an input and its outputs.
    #[inline]
    pub fn input(&mut self, (input, levels): Heard<'_>, risk: &Risk, outputs: &[Output]) {
        if let Body::Report(report) = input.body
            && report.kind == ReportKind::Filled
        {
            self.fills += 1;
            if let Some((fills, _)) = self.own.get_mut(input.instrument.index()) {
                *fills = (fills.0 + 1, input.received);
            }
            if let Some(level) = levels.first() {
                self.told.tell(input, report, *level);
            }
        }
        for output in outputs {
            match output {
                Output::Request(_) => self.requests = (self.requests.0 + 1, input.received),
                Output::Exit(exit) => {
                    self.own[exit.instrument.index()].1.tell(input.sequence, exit);
                }
                Output::Breaker { change, instrument } => {
                    let (sequence, time) = (input.sequence, input.received);
                    self.moves.rotate_left(1);
                    self.moves[BREAKER_HISTORY - 1] = Some(BreakerMove {
                        sequence,
                        time,
                        change: *change,
                        instrument: *instrument,
                    });
                }
                _ => {}
            }
        }
        if self.pace.is_due(input.received) {
            self.publish(risk);
        }
    }

    /// Shows what is not shown yet: no input has come.
    #[inline]
    pub fn idle(&mut self, risk: &Risk) {
        if self.pace.is_overdue() {
            self.publish(risk);
        }
    }

    /// Trades that were told of.
    #[must_use]
    pub const fn fills(&self) -> u64 {
        self.fills
    }

    /// Shows how it ended.
    pub fn close(&mut self, risk: &Risk) {
        self.stage.publish();
        self.publish(risk);
    }

    fn publish(&mut self, risk: &Risk) {
        for (at, publisher) in (0_u16..).zip(&mut self.holdings) {
            let exits = self.own[usize::from(at)].1;
            publisher.publish(&HoldingView::of(risk, InstrumentId(at), exits));
        }
        for (at, publisher) in (0_u16..).zip(&mut self.fed) {
            let fed = risk.fed(InstrumentId(at));
            let known = fed.baselines;
            publisher.publish(&FedView {
                gauge: risk.gauge(InstrumentId(at)),
                marks: fed.marks.0,
                mark_at: fed.marks.1,
                trades: fed.trades.0,
                trade_at: fed.trades.1,
                learned: [known.spread, known.volume, known.moves].map(|one| one.samples),
                fills: self.own[usize::from(at)].0,
            });
        }
        self.breaker.publish(&BreakerView {
            seen: risk.breaker(),
            history: self.moves,
            day_loss: -risk.profit_today(),
        });
        self.account.publish(&AccountView::of(risk, self.fills, self.requests));
        self.orders.publish(&OrdersView::of(risk.live_orders()));
        let set = risk.limits_set();
        if set.revision != self.limits_shown {
            self.limits_shown = set.revision;
            self.limits.publish(set);
        }
    }
}
