//! An engine that is measured, as the web looks at it: what `threads::web` needs of a run, made of
//! the rig's parts. So the web that is beside the engine while it is measured is the product's own.
//!
//! It takes no commands: nothing but what is measured may reach the engine.

use super::crew::Bench;
use super::rig::Blueprint;
use crate::alerts::Alerts;
use crate::config::{Idle, ThreadMode, ThreadName};
use crate::threads::board::{Fills, Views};
use crate::threads::counters::Readings;
use crate::threads::cpu::Cpu;
use crate::threads::feeding::FedRules;
use crate::threads::health::HealthSlot;
use crate::threads::limits::LimitDesk;
use crate::threads::topology::{Plan, ThreadPlan, rest_idle};
use crate::threads::web::{Looking, facts};

/// What an engine publishes.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) views: Views,
    pub(super) fills: Fills,
    pub(super) health: HealthSlot,
}

/// The hot thread on the core that the tool gives it, everything else on the first one.
#[must_use]
pub fn plan(bench: &Bench) -> Plan {
    let thread = |name: ThreadName| {
        let is_hot = name.is_hot();
        let core = Some(if is_hot { bench.hot_core(0) } else { 0 });
        let idle = if is_hot { Idle::Spin } else { rest_idle(name) };
        ThreadPlan { name, core, idle }
    };
    use ThreadName::{Front, Hot, Housekeeping, Main, Web};
    let threads = [Hot, Main, Housekeeping, Web, Front].map(thread).to_vec();
    Plan { mode: ThreadMode::Shared, threads, remarks: Vec::new() }
}

impl Shown {
    /// As the web looks at it.
    pub(super) fn looking(self, bench: &Bench, readings: Vec<(ThreadName, Readings)>) -> Looking {
        let Self { views, fills, health } = self;
        let Blueprint { loaded, currency, .. } = &bench.blueprint;
        let (config, core) = (&loaded.config, bench.blueprint.core());
        let alerts = Alerts::open(config.alerts.interval, config.alerts.history_max, None);
        Looking {
            limits: LimitDesk::new(core, Vec::new(), views.limits.clone()),
            views,
            fills,
            health,
            synced: None,
            readings,
            tag: None,
            currency: *currency,
            desk: None,
            fed: FedRules {
                within: config.fed_within,
                is_wall_time: true,
                has_triggers: core.risk.breaker.is_some(),
                exit: core.risk.exit,
                hedge: core.risk.hedge,
            },
            soft_pct: config.alerts.warning_pct,
            alerts: alerts.expect("alerts without a file read none"),
            cpu: Cpu::new(&bench.allowance),
            facts: facts(loaded, &plan(bench)),
        }
    }
}
