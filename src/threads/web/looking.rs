//! A run as the web looks at it: views are read, a ring of trades is drained, commands go to their
//! desk; nothing on the path is asked.

use super::carrier::Carrier;
use crate::alerts::Alerts;
use crate::config::{Loaded, ThreadName};
use crate::event::FeeIn;
use crate::threads::board::{BreakerMove, BreakerView, FedView, FillTold, Fills, Views};
use crate::threads::commands::CommandDesk;
use crate::threads::counters::Readings;
use crate::threads::cpu::Cpu;
use crate::threads::disk::Level;
use crate::threads::feeding::{self, FedRules};
use crate::threads::health::HealthSlot;
use crate::threads::housekeeping::Synced;
use crate::threads::latency::{BOUNDS, Spread};
use crate::threads::limits::LimitDesk;
use crate::threads::run::order_name;
use crate::threads::timeline::wall;
use crate::threads::topology::Plan;
use crate::threads::usage::{Held, UsedIn};
use crate::threads::var::VarReader;
use crate::threads::view::View;
use crate::types::money::Trillionths;
use crate::types::{Currency, InstanceTag, Instrument, Scale};
use crate::web::commands::Commander;
use crate::web::routes::digest;
use crate::web::source::Source;
use crate::web::state::{
    AccountState, BreakerShown, DeedsShown, ExitShown, Facts, FedShown, FillState, InstrumentState,
    JournalState, MoveShown, OrderState, SideState, StageState, State, ThreadState, UsageShown,
};
use serde_json::{Map, Value};
use std::sync::Arc;

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
    /// Where commands are given; nothing where none are taken.
    pub desk: Option<CommandDesk>,
    /// Where limits are read and asked for.
    pub limits: LimitDesk,
    /// What makes a rule starve.
    pub fed: FedRules,
    /// From how many percent on a limit is near.
    pub soft_pct: u32,
    /// What was raised.
    pub alerts: Alerts,
    /// What the process is given of the processor.
    pub cpu: Cpu,
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
        config: text(serde_json::to_string(&loaded.shown())),
        config_digest: digest(&bytes),
        config_file: file.map(ToOwned::to_owned),
        limits: limits(loaded),
        remarks: plan.remarks.clone(),
    }
}

/// The limits, and the capital that some of them are a part of.
fn limits(loaded: &Loaded) -> Map<String, Value> {
    let limits = serde_json::to_value(&loaded.effective.risk_management.limits);
    let Ok(Value::Object(mut limits)) = limits else { return Map::new() };
    if let Ok(capital) = serde_json::to_value(loaded.effective.account.capital) {
        limits.insert("account_capital".to_owned(), capital);
    }
    limits
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
            exit: ExitShown {
                running: held.exit,
                bounds: held.bounds,
                begun: held.exits.begun,
                beyond: held.beyond,
                there: held.there,
            },
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

    fn breaker(&self) -> BreakerShown {
        let BreakerView { seen, history, day_loss } = self.views.breaker.read();
        let moves = history.into_iter().flatten().map(|moved| {
            let BreakerMove { sequence, time, change, instrument } = moved;
            MoveShown { sequence, time, change, instrument }
        });
        let fed = self.views.fed.iter().map(|view| {
            let FedView { gauge, marks, mark_at, trades, trade_at, learned, .. } = view.read();
            FedShown { gauge, marks: (marks, mark_at), trades: (trades, trade_at), learned }
        });
        BreakerShown { seen, history: moves.collect(), day_loss, fed: fed.collect() }
    }

    /// How much of each limit is used, as text.
    fn usages(&self) -> Vec<UsageShown> {
        let held = Held::of(self.limits.hard(), &self.limits.set(), self.views.holdings.len());
        let holdings: Vec<_> = self.views.holdings.iter().map(View::read).collect();
        let loss = self.views.breaker.read().day_loss;
        let usages = held.usages((&self.views.account.read(), loss), &holdings);
        let shown = usages.iter().map(|usage| {
            let one = self.views.instruments.get(usage.instrument.index());
            let text = |number: i128| match (usage.used_in, one) {
                (UsedIn::Lots, Some(one)) => {
                    one.lot.text(i64::try_from(number).unwrap_or(i64::MAX)).to_string()
                }
                (UsedIn::Money, _) => Trillionths(number).to_string(),
                _ => number.to_string(),
            };
            UsageShown {
                key: usage.key.name(),
                symbol: one.map(|one| one.symbol),
                used: text(usage.value),
                limit: text(usage.limit),
                ratio: usage.value as f64 / usage.limit.max(1) as f64,
                near: usage.near(self.soft_pct).name(),
            }
        });
        shown.collect()
    }

    fn deeds(&self) -> DeedsShown {
        let seen = self.views.account.read();
        DeedsShown {
            hedge: self.fed.hedge,
            hedge_orders: seen.hedge_orders,
            hedge_due: seen.hedge_due,
            exit: self.fed.exit,
            reconciled: seen.reconciled,
            messages: seen.messages,
        }
    }

    fn journal(&self) -> Option<JournalState> {
        let seen = self.views.journal.read();
        (seen.lsn_written > 0).then(|| JournalState {
            lsn_written: seen.lsn_written,
            lsn_synced: seen.lsn_synced,
            lsn_sent: seen.lsn_sent,
            loss_window_ms: seen.loss_window_ms,
            bytes_per_hour: seen.bytes_per_hour,
            retention_hours: seen.retention_hours,
            bytes: seen.bytes,
            disk_free: seen.disk_free,
            minutes_left: seen.minutes_left,
            disk: seen.disk.map(Level::name),
            followed: seen.followed,
            snapshot: seen.snapshot,
            differences: seen.differences,
        })
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
        let whole = ("input_to_request", &self.views.latency);
        let stages = self.views.stages.iter().map(|(name, view)| (*name, view));
        let stages = std::iter::once(whole).chain(stages).map(|(name, view)| {
            let seen = view.read();
            let quantiles = vec![(0.5, seen.p50), (0.99, seen.p99)];
            let Spread { count, sum, up_to } = seen.spread;
            StageState {
                name,
                count: seen.count,
                quantiles,
                max: seen.max,
                spread: BOUNDS.into_iter().zip(up_to).collect(),
                spread_of: (count, sum),
            }
        });
        let rules = feeding::rows(&self.views, &self.fed, wall());
        State {
            instruments: instruments.map(|(at, one)| self.instrument(at, one)).collect(),
            account: self.account(),
            breaker: self.breaker(),
            limits: self.limits.show(&self.facts.limits, &self.limits.set()),
            usages: self.usages(),
            soft_pct: self.soft_pct,
            starved: feeding::starved(&rules).into_iter().collect(),
            rules,
            deeds: self.deeds(),
            var: self.views.var.as_ref().map(VarReader::read),
            orders: self.orders(),
            latency: stages.filter(|stage| stage.count > 0).collect(),
            health: self.health.get(),
            synced_ago: self.synced.as_ref().map(Synced::age),
            journal: self.journal(),
            cpu: self.cpu.look(),
        }
    }

    fn fills(&mut self, add: &mut dyn FnMut(FillState)) {
        while let Some(told) = self.fills.take() {
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

    fn alerts(&self) -> Option<&Alerts> {
        Some(&self.alerts)
    }

    fn commander(&self) -> Option<Arc<dyn Commander>> {
        let desk = self.desk.clone()?;
        Some(Arc::new(Carrier { desk, limits: self.limits.clone() }))
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }
}
