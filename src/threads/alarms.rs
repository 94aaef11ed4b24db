//! What the views of a run give cause to raise: looked at from the process's own thread.
//!
//! A state that lasts is raised once, when it begins; what moves up and down across a threshold is
//! held back by the throttle of the book.

use super::board::{BreakerMove, FedView, HoldingView, Views};
use super::health::HealthSlot;
use super::limits::LimitDesk;
use super::var::VarReader;
use crate::alerts::{Alert, AlertType, Alerts, Raised, Severity, Webhook};
use crate::config::Config;
use crate::engine::risk::limits::AccountLimits;
use crate::event::{BreakerState, Health, Stale, Trigger};
use crate::logs::{Level, Log};
use crate::types::money::Trillionths;
use crate::types::{Instrument, InstrumentId, Nanos, Symbol};
use std::io;

/// What an instrument's alerts are judged by.
#[derive(Clone, Copy, Debug)]
struct Watched {
    symbol: Symbol,
    position_max: i64,
    regime: u8,
    /// Why its data could not be trusted when last looked at.
    stale: Option<Stale>,
}

/// Raises alerts of one run.
#[derive(Debug)]
pub struct Alarms {
    alerts: Alerts,
    webhook: Option<Webhook>,
    log: Log,
    warning_pct: u32,
    limits: LimitDesk,
    account: AccountLimits,
    /// The last change of limits that was seen.
    revision: u64,
    instruments: Vec<Watched>,
    health: HealthSlot,
    /// What was seen last.
    conditions: Health,
    moved: u64,
    /// Breaches of the limit of value at risk that were told.
    breaches: u64,
    /// How near each limit was: drawdown, loss of the day, each position.
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
    pub fn new(params: AlarmParams, limits: LimitDesk, health: HealthSlot) -> Self {
        let AlarmParams { alerts, webhook, log, warning_pct } = params;
        let set = limits.set();
        let watched = |one: &Instrument| Watched {
            symbol: one.symbol,
            position_max: limits.hard().instrument(&set, one.id).position_max,
            regime: 0,
            stale: None,
        };
        let instruments: Vec<_> = limits.instruments().iter().map(watched).collect();
        let alarms = Self {
            alerts,
            webhook,
            log,
            warning_pct,
            account: limits.hard().account(&set),
            revision: set.revision,
            near: vec![Near::Far; 2 + instruments.len()],
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

    /// What was set counts from now on.
    fn look_at_limits(&mut self) {
        let set = self.limits.set();
        if set.revision != std::mem::replace(&mut self.revision, set.revision) {
            self.account = self.limits.hard().account(&set);
            for (one, id) in self.instruments.iter_mut().zip((0..).map(InstrumentId)) {
                one.position_max = self.limits.hard().instrument(&set, id).position_max;
            }
        }
    }

    /// The book.
    #[must_use]
    pub fn alerts(&self) -> Alerts {
        self.alerts.clone()
    }

    /// Looks at everything once. `now` is the wall's time.
    pub fn look(&mut self, views: &Views, now: Nanos) {
        self.look_at_limits();
        self.look_at_breaker(views, now);
        self.look_at_account(views, now);
        self.look_at_var(views, now);
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

    fn look_at_account(&mut self, views: &Views, now: Nanos) {
        let account = views.account.read();
        let loss = views.breaker.read().day_loss;
        let rows = [
            Rule {
                at: 0,
                value: account.drawdown,
                limit: self.account.drawdown_max,
                kinds: DRAWDOWN,
            },
            Rule { at: 1, value: loss, limit: self.account.daily_loss_max, kinds: DAILY_LOSS },
        ];
        rows.into_iter().for_each(|rule| self.against(&rule, "account", now));
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
            if is_new {
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
        let (value, limit) = (i128::from(holding.lots).abs(), i128::from(own.position_max));
        self.against(&Rule { at: 2 + at, value, limit, kinds: POSITION }, &source, now);
        if fed.gauge.regime != own.regime {
            let text = format!("the price moves as {} now", fed.gauge.regime_name());
            self.raise(AlertType::RegimeChange, &source, text, now);
        }
        let lost = |stale| matches!(stale, Some(Stale::Disconnected | Stale::SilentFeed));
        if lost(stale) && !lost(own.stale) {
            let text = "its market data has stopped".to_owned();
            self.raise(AlertType::ConnectivityIssue, &source, text, now);
        }
        let own = &mut self.instruments[at];
        (own.regime, own.stale) = (fed.gauge.regime, stale);
    }

    /// A number against its limit: near it, or at it.
    fn against(&mut self, rule: &Rule, source: &str, now: Nanos) {
        let Rule { at, value, limit, kinds: [warning, breach] } = *rule;
        let reached = value.saturating_mul(100);
        let near = if value >= limit {
            Near::There
        } else if reached >= limit.saturating_mul(i128::from(self.warning_pct)) {
            Near::Close
        } else {
            Near::Far
        };
        if near <= std::mem::replace(&mut self.near[at], near) {
            return;
        }
        let kind = if near == Near::There { breach } else { warning };
        let percent = reached / limit.max(1);
        self.raise(kind, source, format!("{percent} % of the limit is used"), now);
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

/// How near a limit is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Near {
    Far,
    Close,
    There,
}

/// A number against its limit, and the place where it is remembered.
struct Rule {
    at: usize,
    value: i128,
    limit: i128,
    kinds: Kinds,
}

/// Near a limit, and at it.
type Kinds = [AlertType; 2];
const POSITION: Kinds = [AlertType::PositionWarning, AlertType::PositionBreach];
const DRAWDOWN: Kinds = [AlertType::DrawdownWarning, AlertType::DrawdownBreach];
const DAILY_LOSS: Kinds = [AlertType::DailyLossWarning, AlertType::DailyLossBreach];
