//! What the views of a run give cause to raise: looked at from the process's own thread.
//!
//! A state that lasts is raised once, when it begins; what moves up and down across a threshold is
//! held back by the throttle of the book.

use super::board::{BreakerMove, FedView, HoldingView, Views};
use super::feeding::{self, FedRules};
use super::health::HealthSlot;
use super::limits::LimitDesk;
use super::usage::{Held, Near, Usage};
use super::var::VarReader;
use crate::alerts::{Alert, AlertType, Alerts, Raised, Severity, Webhook};
use crate::config::Config;
use crate::event::{BreakerState, ExitReason, Health, LimitKey, Stale, Trigger};
use crate::logs::{Level, Log};
use crate::types::money::Trillionths;
use crate::types::{Instrument, Nanos, Symbol};
use std::collections::BTreeSet;
use std::io;

mod kinds;

/// What an instrument's alerts are judged by.
#[derive(Clone, Copy, Debug)]
struct Watched {
    symbol: Symbol,
    regime: u8,
    /// Why its data could not be trusted when last looked at.
    stale: Option<Stale>,
    /// The venue holds something else.
    differs: bool,
    /// Exits that were told.
    exits: [u64; ExitReason::ALL.len()],
}

/// Raises alerts of one run.
#[derive(Debug)]
pub struct Alarms {
    alerts: Alerts,
    webhook: Option<Webhook>,
    log: Log,
    warning_pct: u32,
    limits: LimitDesk,
    /// What the limits were at the last look.
    held: Held,
    /// What makes a rule starve, and what did at the last look.
    fed: FedRules,
    starving: BTreeSet<String>,
    instruments: Vec<Watched>,
    health: HealthSlot,
    /// What was seen last.
    conditions: Health,
    moved: u64,
    /// Breaches of the limit of value at risk that were told.
    breaches: u64,
    /// How near each limit was, in the order of [`Held::usages`].
    near: Vec<Near>,
    /// Whether they could be kept when that was last tried.
    keeps: bool,
}

/// Where alerts go, and from when on a limit is near.
#[derive(Debug)]
pub struct AlarmParams {
    /// The book.
    pub alerts: Alerts,
    /// A receiver elsewhere.
    pub webhook: Option<Webhook>,
    /// The log.
    pub log: Log,
    /// A limit is near from so many percent of it on.
    pub warning_pct: u32,
}

impl AlarmParams {
    /// The book that the data directory keeps, and the receiver that the config names.
    ///
    /// # Errors
    /// The book cannot be read, or the system gives no thread.
    pub fn open(config: &Config, log: &Log) -> io::Result<Self> {
        let params = &config.alerts;
        let file = config.data_directory.as_ref().map(|path| path.join("alerts.json"));
        let alerts = Alerts::open(params.interval, params.history_max, file.as_deref())?;
        let webhook = params.webhook.clone().map(Webhook::start).transpose()?;
        Ok(Self { alerts, webhook, log: log.clone(), warning_pct: params.warning_pct })
    }
}

impl Alarms {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(
        params: AlarmParams,
        (limits, fed): (LimitDesk, FedRules),
        health: HealthSlot,
    ) -> Self {
        let AlarmParams { alerts, webhook, log, warning_pct } = params;
        let set = limits.set();
        let watched = |one: &Instrument| Watched {
            symbol: one.symbol,
            regime: 0,
            stale: None,
            differs: false,
            exits: [0; ExitReason::ALL.len()],
        };
        let instruments: Vec<_> = limits.instruments().iter().map(watched).collect();
        let alarms = Self {
            alerts,
            webhook,
            log,
            warning_pct,
            held: Held::of(limits.hard(), &set, instruments.len()),
            fed,
            starving: BTreeSet::new(),
            near: Vec::new(),
            instruments,
            limits,
            health,
            conditions: Health::GOOD,
            moved: 0,
            breaches: 0,
            keeps: true,
        };
        alarms.tell_dropped();
        alarms
    }

    /// Each limit that was set and holds no more, as the config has changed it since.
    fn tell_dropped(&self) {
        for one in self.limits.dropped() {
            let name = self.limits.name(one.key, one.instrument);
            let (set, who) = (Trillionths(one.value), one.who.text());
            let file = self.limits.hard().file(one.key, one.instrument).unwrap_or(0);
            let text = format!(
                "{name} was set to {set} by {who} and is {} again: the config has changed it",
                Trillionths(file)
            );
            let fields = vec![
                ("limit", name.clone().into()),
                ("set", set.to_string().into()),
                ("who", who.into()),
                ("input", one.sequence.into()),
                ("text", text.clone().into()),
            ];
            self.log.warn("limit_dropped", fields);
            self.raise(AlertType::SystemError, &name, text, super::timeline::wall());
        }
    }

    /// From how many percent on a limit is near.
    #[must_use]
    pub const fn warning_pct(&self) -> u32 {
        self.warning_pct
    }

    /// The book.
    #[must_use]
    pub fn alerts(&self) -> Alerts {
        self.alerts.clone()
    }

    /// Looks at everything once. `now` is the wall's time.
    pub fn look(&mut self, views: &Views, now: Nanos) {
        self.look_at_breaker(views, now);
        self.look_at_limits(views, now);
        self.look_at_var(views, now);
        self.look_at_feeding(views, now);
        self.look_at_health(now);
        for at in 0..self.instruments.len() {
            let stale = views.quotes[at].read().stale;
            let (holding, fed) = (views.holdings[at].read(), views.fed[at].read());
            self.look_at_instrument(at, (stale, holding, fed), now);
        }
        let failed = self.alerts.save().err();
        // Once: it is tried again with every look, and a full disk stays full for long.
        if let Some(error) = failed.as_ref().filter(|_| self.keeps) {
            let fields = vec![("text", format!("alerts cannot be kept: {error}").into())];
            self.log.error("alerts", fields);
        }
        self.keeps = failed.is_none();
    }

    fn look_at_breaker(&mut self, views: &Views, now: Nanos) {
        let view = views.breaker.read();
        let seen = self.moved;
        let new = |moved: &BreakerMove| moved.sequence > seen;
        for moved in view.history.into_iter().flatten().filter(new) {
            self.moved = moved.sequence;
            let change = moved.change;
            let source = self.symbol(moved.instrument.index());
            let (was, state, trigger) =
                (change.was.name(), change.state.name(), change.trigger.name());
            let text = format!("{was} -> {state} (trigger={trigger})");
            let mut fields = vec![("text", format!("[CircuitBreaker] {text}").into())];
            fields.push(("source", source.clone().into()));
            fields.push(("input", moved.sequence.into()));
            self.log.warn("circuit_breaker", fields);
            let by_hand = change.trigger == Trigger::Manual;
            if by_hand {
                let text = if change.state == BreakerState::Open { "trip" } else { "reset" };
                let fields = vec![("text", format!("[CircuitBreaker] Manual {text}").into())];
                self.log.warn("circuit_breaker", fields);
            }
            let kind = match change.state {
                BreakerState::Open => AlertType::CircuitBreakerOpen,
                BreakerState::HalfOpen => AlertType::CircuitBreakerHalfOpen,
                BreakerState::Closed => AlertType::CircuitBreakerClosed,
            };
            self.raise(kind, &source, text, now);
            let anomaly = match (change.state, change.trigger) {
                (BreakerState::Open, Trigger::SpreadWidening) => AlertType::SpreadAnomaly,
                (BreakerState::Open, Trigger::VolumeSpike) => AlertType::VolumeAnomaly,
                _ => continue,
            };
            self.raise(anomaly, &source, format!("{trigger} has opened the breaker"), now);
        }
    }

    /// Each limit by itself: told when it comes nearer than it was.
    fn look_at_limits(&mut self, views: &Views, now: Nanos) {
        let set = self.limits.set();
        if set.revision != self.held.revision {
            self.held = Held::of(self.limits.hard(), &set, self.instruments.len());
        }
        let holdings: Vec<_> = views.holdings.iter().map(super::view::View::read).collect();
        let loss = views.breaker.read().day_loss;
        let usages = self.held.usages((&views.account.read(), loss), &holdings);
        self.near.resize(usages.len(), Near::Far);
        for (at, usage) in usages.iter().enumerate() {
            let near = usage.near(self.warning_pct);
            if near > std::mem::replace(&mut self.near[at], near) {
                self.tell_usage(usage, near, now);
            }
        }
    }

    fn tell_usage(&self, usage: &Usage, near: Near, now: Nanos) {
        let source = self.symbol(usage.instrument.index());
        let kind = kinds::of(usage.key)[usize::from(near == Near::Hard)];
        let percent = usage.percent();
        // A position has one limit, and its words are older than the others'.
        let text = match usage.key {
            LimitKey::MaxPositionSize | LimitKey::MaxDrawdownPct | LimitKey::DailyLossLimit => {
                format!("{percent} % of the limit is used")
            }
            key => format!("{percent} % of {} is used", key.name()),
        };
        self.raise(kind, &source, text, now);
    }

    /// What has begun to starve.
    fn look_at_feeding(&mut self, views: &Views, now: Nanos) {
        let starving = feeding::starved(&feeding::rows(views, &self.fed, now));
        for name in starving.difference(&self.starving) {
            let text = format!("{name} has not come for too long: rules on it do not protect");
            self.raise(AlertType::InputStarved, name, text, now);
        }
        self.starving = starving;
    }

    /// Each breach is told, though it ended between two looks.
    fn look_at_var(&mut self, views: &Views, now: Nanos) {
        let Some(view) = views.var.as_ref().map(VarReader::read) else { return };
        if view.breaches > std::mem::replace(&mut self.breaches, view.breaches) {
            let (method, as_of) = view.method;
            let (share, limit) = (view.share, view.limit);
            let text = format!(
                "{share} ppm of equity by {} after input {as_of}, the limit is {limit} ppm; quotes \
                 are {}/1000 of their size",
                method.name(),
                view.size,
            );
            self.raise(AlertType::VarBreach, "account", text, now);
        }
    }

    fn look_at_health(&mut self, now: Nanos) {
        let conditions = self.health.get();
        let before = std::mem::replace(&mut self.conditions, conditions);
        for (condition, name) in Health::ALL {
            let is_new = conditions.0 & !before.0 & condition.0 != 0;
            // Positions that differ are told by their instruments; a start that asks is no fault.
            let is_told = [Health::POSITION_DIFFERS, Health::RECONCILING].contains(&condition);
            if is_new && !is_told {
                let kind = if condition == Health::LATENCY_HIGH {
                    AlertType::LatencyWarning
                } else {
                    AlertType::SystemError
                };
                self.raise(kind, name, format!("{name} has begun"), now);
            }
        }
    }

    fn look_at_instrument(
        &mut self,
        at: usize,
        (stale, holding, fed): (Option<Stale>, HoldingView, FedView),
        now: Nanos,
    ) {
        let own = self.instruments[at];
        let source = own.symbol.to_string();
        self.look_at_exits(own, &holding, now);
        if fed.gauge.regime != own.regime {
            let text = format!("the price moves as {} now", fed.gauge.regime_name());
            self.raise(AlertType::RegimeChange, &source, text, now);
        }
        let lost = |stale| matches!(stale, Some(Stale::Disconnected | Stale::SilentFeed));
        if lost(stale) && !lost(own.stale) {
            let text = "its market data has stopped".to_owned();
            self.raise(AlertType::ConnectivityIssue, &source, text, now);
        }
        let differs = holding.there.differs();
        if differs && !own.differs {
            let lot = self.limits.instruments()[at].lot;
            let there = holding.there.lots.unwrap_or(0);
            let [there, here] = [there, there.saturating_sub(holding.there.apart)];
            let [there, here] = [there, here].map(|lots| lot.text(lots));
            let text = format!("the venue holds {there} for us, and the fills that we know {here}");
            self.raise(AlertType::PositionMismatch, &source, text, now);
        }
        let own = &mut self.instruments[at];
        (own.regime, own.stale, own.differs) = (fed.gauge.regime, stale, differs);
        own.exits = holding.exits.begun;
    }

    /// Each exit is told, though it is over between two looks.
    fn look_at_exits(&self, own: Watched, holding: &HoldingView, now: Nanos) {
        for (reason, kind) in
            ExitReason::ALL.into_iter().zip([AlertType::StopLoss, AlertType::TakeProfit])
        {
            if holding.exits.begun[reason as usize] > own.exits[reason as usize] {
                let [value, limit] = holding.exits.compared.map(Trillionths);
                let (input, name) = (holding.exits.sequence, reason.name());
                let text = format!(
                    "{name}: the position is being closed, as it would earn {value} against a \
                     bound of {limit} (input {input})"
                );
                self.raise(kind, &own.symbol.to_string(), text, now);
            }
        }
    }

    fn symbol(&self, at: usize) -> String {
        self.instruments.get(at).map_or("account".to_owned(), |one| one.symbol.to_string())
    }

    fn raise(&self, kind: AlertType, source: &str, message: String, now: Nanos) {
        if let Raised::Kept(alert) = self.alerts.raise(kind, source, message, now) {
            self.tell(&alert);
        }
    }

    fn tell(&self, alert: &Alert) {
        let level = match alert.severity {
            Severity::Info => Level::Info,
            Severity::Warning => Level::Warn,
            Severity::Critical | Severity::Emergency => Level::Error,
        };
        let (kind, severity) = (alert.kind.name(), alert.severity.name());
        let text = format!("[ALERT] [{kind}] [{severity}] {}: {}", alert.source, alert.message);
        let fields = vec![
            ("text", text.into()),
            ("id", alert.id.into()),
            ("type", kind.into()),
            ("severity", severity.into()),
            ("source", alert.source.clone().into()),
            ("message", alert.message.clone().into()),
            ("suppressed", alert.suppressed.into()),
        ];
        self.log.line(level, "alert", fields);
        if let Some(webhook) = &self.webhook {
            webhook.send(alert);
        }
    }
}
