//! The threads of the web, and what they see of the run: views are read, a ring of trades is
//! drained, nothing on the path is asked.

use super::agent::Agent;
use super::board::{FillTold, Fills, Views};
use super::cores::Allowance;
use super::counters::Readings;
use super::crew::{Crew, Muster};
use super::health::HealthSlot;
use super::housekeeping::Synced;
use super::run::{RunFault, order_name};
use super::topology::Plan;
use crate::config::{Config, Loaded, ThreadName};
use crate::event::FeeIn;
use crate::logs::Log;
use crate::types::{Currency, InstanceTag, Instrument, Scale};
use crate::web::api::{Api, ApiFault, Parts};
use crate::web::commands::Commander;
use crate::web::front::Front;
use crate::web::routes::digest;
use crate::web::shared::Shared;
use crate::web::source::{Progress, Source};
use crate::web::state::{
    AccountState, Facts, FillState, InstrumentState, OrderState, SideState, StageState, State,
    ThreadState,
};
use crate::web::{BindFault, Places};
use crossbeam_channel::{Sender, bounded};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long its threads are given to end.
const END_WITHIN: Duration = Duration::from_secs(2);

/// Why there is no web.
#[derive(Debug)]
pub enum WebFault {
    /// A port cannot be had.
    Bind(BindFault),
    /// The server cannot be made.
    Api(ApiFault),
    /// The system gives no sockets.
    Sockets(io::Error),
}

impl fmt::Display for WebFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(fault) => fault.fmt(f),
            Self::Api(ApiFault::Token(fault)) => fault.fmt(f),
            Self::Api(ApiFault::Socket(cause)) | Self::Sockets(cause) => {
                write!(f, "the API cannot be served: {cause}")
            }
        }
    }
}

impl std::error::Error for WebFault {}

/// The web of a run, from before its recovery to after its end.
#[derive(Debug)]
pub struct Web {
    crew: Crew,
    runs: Sender<Box<dyn Source>>,
    /// How far the start has come.
    pub progress: Progress,
}

struct ApiAgent(Api);

impl Agent for ApiAgent {
    fn name(&self) -> &'static str {
        "web"
    }

    fn do_work(&mut self) -> usize {
        self.0.turn()
    }
}

struct FrontAgent(Front);

impl Agent for FrontAgent {
    fn name(&self) -> &'static str {
        "front"
    }

    fn do_work(&mut self) -> usize {
        self.0.turn()
    }
}

/// Takes the ports and starts the threads; nothing where the config wants none.
///
/// # Errors
/// A port is in use, or there is no socket or thread.
pub fn start(
    config: &Config,
    (plan, allowance): (&Plan, &Allowance),
    log: &Log,
) -> Result<Option<Web>, RunFault> {
    let Some(params) = &config.web else { return Ok(None) };
    let wrong = RunFault::Web;
    let places = Places::take(params).map_err(|fault| wrong(WebFault::Bind(fault)))?;
    let (api, socket) = places.addresses().map_err(|cause| wrong(WebFault::Sockets(cause)))?;
    let (runs, runs_out) = bounded(1);
    let (progress, shared) = (Progress::default(), Shared::new());
    let parts = Parts {
        progress: progress.clone(),
        runs: runs_out,
        shared: Arc::clone(&shared),
        websocket_port: socket.port(),
        log: log.clone(),
    };
    let (server, name) = Api::new(params, parts).map_err(|fault| wrong(WebFault::Api(fault)))?;
    let front = Front::new(places, name, params.origins.clone(), shared)
        .map_err(|cause| wrong(WebFault::Sockets(cause)))?;
    let mut crew = Crew::default();
    let muster = Muster { plan, allowance, stall_ns: config.threads.stall_ns };
    crew.start(ThreadName::Web, ApiAgent(server), muster).map_err(RunFault::Start)?;
    crew.start(ThreadName::Front, FrontAgent(front), muster).map_err(RunFault::Start)?;
    let fields = vec![
        ("api", api.to_string().into()),
        ("websocket", socket.to_string().into()),
        ("commands", params.token_file.is_some().into()),
    ];
    log.info("web", fields);
    Ok(Some(Web { crew, runs, progress }))
}

impl Web {
    /// From now on this run is seen.
    pub fn run(&self, source: impl Source + 'static) {
        // The thread that takes it is gone only when the run is over.
        self.runs.send(Box::new(source)).ok();
    }

    /// A thread of it that ended though nobody asked it to.
    #[must_use]
    pub fn failed(&self) -> Option<ThreadName> {
        self.crew.failed()
    }

    /// Ends it.
    pub fn end(self) {
        // A caller who is being answered is no reason to wait longer.
        self.crew.end(END_WITHIN);
    }
}

/// A run as the web looks at it.
#[derive(Debug)]
pub struct Looking {
    /// What the stages publish.
    pub views: Views,
    /// Trades of ours.
    pub fills: Fills,
    /// What stops quoting.
    pub health: HealthSlot,
    /// When everything was last synced.
    pub synced: Option<Synced>,
    /// What the threads count.
    pub readings: Vec<(ThreadName, Readings)>,
    /// What orders are known by.
    pub tag: Option<InstanceTag>,
    /// What everything is added up in.
    pub currency: Currency,
    /// What does not change.
    pub facts: Facts,
}

/// What of a run does not change.
#[must_use]
pub fn facts(loaded: &Loaded, plan: &Plan) -> Facts {
    let text = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
    let file = loaded.file();
    let bytes = file.and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    Facts {
        mode: loaded.config.mode.name(),
        venue: loaded.config.venue.name(),
        threads: plan.mode.name(),
        strategy: text(serde_json::to_string(&loaded.effective.strategy.name)).replace('"', ""),
        config: text(serde_json::to_string(&loaded.effective)),
        config_digest: digest(&bytes),
        config_file: file.map(ToOwned::to_owned),
        limits: text(serde_json::to_string(&loaded.effective.risk_management.limits)),
    }
}

impl Looking {
    fn instrument(&self, at: usize, instrument: &Instrument) -> InstrumentState {
        let (quote, held) = (self.views.quotes[at].read(), self.views.holdings[at].read());
        let depth = self.views.depths[at].read();
        let side = |at: usize| {
            let side = &quote.sides[at];
            let levels = depth.sides[at].iter().filter(|(_, qty)| qty.0 > 0);
            SideState {
                market: side.market,
                market_qty: side.market_qty,
                own: side.own,
                own_qty: side.own_qty,
                withheld: side.withheld,
                code: side.code,
                levels: levels.copied().collect(),
            }
        };
        InstrumentState {
            instrument: *instrument,
            sequence: quote.sequence,
            time: quote.time,
            stale: quote.stale,
            fair_value: quote.fair_value,
            volatility: quote.volatility,
            sides: [side(0), side(1)],
            lots: held.lots,
            cost: held.cost,
            realised: held.realised,
            unrealised: held.unrealised,
            fees: held.fees,
            volume_today: held.volume_today,
        }
    }

    fn account(&self) -> AccountState {
        let seen = self.views.account.read();
        AccountState {
            currency: self.currency,
            state: seen.state,
            reason: seen.reason,
            is_killed: seen.is_killed,
            is_flattening: seen.is_flattening,
            profit: seen.profit,
            profit_today: seen.profit_today,
            unrealised: seen.unrealised,
            fees: seen.fees,
            drawdown: seen.drawdown,
            high_water: seen.high_water,
            gross: seen.gross,
            net: seen.net,
            open_orders: seen.open_orders,
            fills: seen.fills,
            requests: seen.requests,
            refusals: seen.refusals,
        }
    }

    fn orders(&self) -> Vec<OrderState> {
        let orders = self.views.orders.read().0.into_iter().flatten();
        let orders = orders.map(|order| OrderState {
            id: order_name(order.id, self.tag),
            instrument: order.instrument,
            side: order.side,
            price: order.price,
            qty: order.qty,
            traded: order.traded,
            status: order.status.name(),
            reduce_only: order.reduce_only,
        });
        orders.collect()
    }
}

impl Source for Looking {
    fn look(&mut self) -> State {
        let instruments = self.views.instruments.iter().enumerate();
        let latency = self.views.latency.read();
        let stage = StageState {
            name: "input_to_request",
            count: latency.count,
            quantiles: vec![(0.5, latency.p50), (0.99, latency.p99)],
            max: latency.max,
        };
        State {
            instruments: instruments.map(|(at, one)| self.instrument(at, one)).collect(),
            account: self.account(),
            orders: self.orders(),
            latency: Some(stage).into_iter().filter(|stage| stage.count > 0).collect(),
            health: self.health.get(),
            synced_ago: self.synced.as_ref().map(Synced::age),
        }
    }

    fn fills(&mut self, add: &mut dyn FnMut(FillState)) {
        while let Some(told) = self.fills.next() {
            let FillTold { sequence, time, instrument, report, level } = told;
            let Some(one) = self.views.instruments.get(instrument.index()) else { continue };
            let fee = Scale::power_of_ten(report.fee_decimals).text(report.fee);
            let currency = if report.fee_in == FeeIn::Base { one.base } else { one.quote };
            add(FillState {
                sequence,
                time,
                order: order_name(report.order, self.tag),
                trade_id: report.trade_id,
                instrument,
                side: level.side(),
                price: level.price(),
                qty: level.qty(),
                fee: (fee.to_string(), currency),
                maker: report.maker,
            });
        }
    }

    fn fills_lost(&self) -> u64 {
        self.fills.lost()
    }

    fn threads(&self) -> Vec<ThreadState> {
        let threads = self.readings.iter().map(|(name, readings)| {
            let counts = readings.get();
            ThreadState {
                name: name.name(),
                is_vital: name.is_hot(),
                turns: counts.turns,
                busy_turns: counts.turns.saturating_sub(counts.idle_turns),
                turn_ns_max: counts.turn_ns_max,
                stalls: counts.stalls,
                rings_full: counts.rings_full,
            }
        });
        threads.collect()
    }

    fn commander(&self) -> Option<Arc<dyn Commander>> {
        None
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }
}
