//! What Prometheus collects, in base units: seconds, bytes, one; money in the account currency.

use super::desk::Desk;
use super::reasons::readiness;
use super::shared::Count;
use super::state::{CpuState, InstrumentState, JournalState, State};
use crate::event::{Health, TradingState};
use crate::types::Price;
use std::fmt::{Display, Write as _};
use std::time::Duration;

mod guards;

/// Text in the exposition format.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        write!(self.0, "# HELP pinnaclemm_{name} {help}\n# TYPE pinnaclemm_{name} {kind}\n")
            .expect("a string takes all");
    }

    fn value(&mut self, name: &str, labels: &str, value: impl Display) {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        writeln!(self.0, "pinnaclemm_{name}{labels} {value}").expect("a string takes all");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.value(name, "", value);
    }
}

/// All metrics.
#[must_use]
pub fn text(desk: &Desk) -> String {
    let mut page = Page(String::with_capacity(16 << 10));
    let version = env!("CARGO_PKG_VERSION");
    page.head("build_info", "gauge", "The program that runs.");
    page.value("build_info", &format!("version=\"{version}\""), 1);
    let uptime = desk.shared.begun().elapsed().as_secs_f64();
    page.one("uptime_seconds", "gauge", "Since the process began.", uptime);
    let started = u8::from(desk.state.is_some());
    page.one("started", "gauge", "1 once recovery is over.", started);
    let held = u8::from(desk.progress.held().is_some());
    page.one("held", "gauge", "1 while a start that was refused is held.", held);
    web(&mut page, desk);
    if let Some(state) = &desk.state {
        account(&mut page, state);
        instruments(&mut page, state, desk);
        stages(&mut page, state);
        health(&mut page, state);
        guards::add(&mut page, state, desk);
        threads(&mut page, desk);
        cpu(&mut page, state.cpu);
    }
    page.0
}

fn web(page: &mut Page, desk: &Desk) {
    let named = [
        (Count::Accepted, "web_connections_total", "counter", "Connections taken."),
        (Count::Evicted, "web_evicted_total", "counter", "Idle connections that gave way."),
        (Count::Refused, "web_refused_total", "counter", "Requests that were no good requests."),
        (Count::TimedOut, "web_timed_out_total", "counter", "Connections that were too slow."),
        (Count::Answered, "web_answered_total", "counter", "Requests that were answered."),
        (Count::Clients, "websocket_clients_total", "counter", "WebSocket clients taken."),
        (Count::SlowClients, "websocket_slow_total", "counter", "Clients dropped as too slow."),
        (Count::Open, "web_connections", "gauge", "Connections open now."),
        (Count::ClientsOpen, "websocket_clients", "gauge", "WebSocket clients open now."),
    ];
    for (count, name, kind, help) in named {
        page.one(name, kind, help, desk.shared.get(count));
    }
}

fn account(page: &mut Page, state: &State) {
    let account = &state.account;
    page.head("trading_state", "gauge", "1 for the trading state that holds.");
    for one in TradingState::ALL {
        let label = format!("state=\"{}\"", one.name());
        page.value("trading_state", &label, u8::from(one == account.state));
    }
    let ready = u8::from(readiness(state).is_empty());
    page.one("ready", "gauge", "1 while it is ready to quote.", ready);
    let money = [
        ("pnl", account.profit, "Everything earned, fees taken off."),
        ("pnl_today", account.profit_today, "What of it was earned today."),
        ("unrealized_pnl", account.unrealised, "What is held would earn at the last marks."),
        ("fees", account.fees, "What fees have cost, rebates taken off."),
        ("drawdown", account.drawdown, "How far below the high-water mark."),
        ("gross_exposure", account.gross, "All positions and working orders."),
        ("net_exposure", account.net, "Longs less shorts, on the worse side."),
    ];
    let currency = format!("currency=\"{}\"", account.currency);
    for (name, amount, help) in money {
        page.head(name, "gauge", help);
        page.value(name, &currency, account.amount(amount));
    }
    let counts = [
        ("fills_total", account.fills, "Trades of ours."),
        ("requests_total", account.requests, "Requests released to the venue."),
        ("refusals_total", account.refusals, "Proposals that risk has refused."),
    ];
    for (name, count, help) in counts {
        page.one(name, "counter", help, count);
    }
    page.one("open_orders", "gauge", "Orders that are not known to be gone.", account.open_orders);
}

fn instruments(page: &mut Page, state: &State, desk: &Desk) {
    type Value = fn(&InstrumentState) -> Option<String>;
    let rows: [(&str, &str, Value); 8] = [
        ("position", "What is held, in the base currency.", |one| Some(one.qty(one.lots))),
        ("bid_price", "The market's best bid.", |one| price(one, 0, false)),
        ("ask_price", "The market's best ask.", |one| price(one, 1, false)),
        ("own_bid_price", "Our best bid.", |one| price(one, 0, true)),
        ("own_ask_price", "Our best ask.", |one| price(one, 1, true)),
        ("book_fresh", "1 while the book may be trusted.", |one| {
            Some(u8::from(one.stale.is_none()).to_string())
        }),
        ("inputs_total", "The number of the last input.", |one| Some(one.sequence.to_string())),
        ("last_input_timestamp_seconds", "The time of the last input.", |one| {
            let (seconds, rest) =
                (one.time.0.div_euclid(1_000_000_000), one.time.0.rem_euclid(1_000_000_000));
            Some(format!("{seconds}.{rest:09}"))
        }),
    ];
    for (name, help, value) in rows {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        page.head(name, kind, help);
        for one in &state.instruments {
            if let Some(value) = value(one) {
                page.value(name, &format!("symbol=\"{}\"", one.instrument.symbol), value);
            }
        }
    }
    page.head("instrument_fills_total", "counter", "Trades of ours by instrument.");
    for one in &state.instruments {
        let label = format!("symbol=\"{}\"", one.instrument.symbol);
        page.value("instrument_fills_total", &label, desk.trades(one.instrument.id));
    }
}

fn price(one: &InstrumentState, side: usize, own: bool) -> Option<String> {
    let side = &one.sides[side];
    let (price, qty): (Price, _) =
        if own { (side.own, side.own_qty) } else { (side.market, side.market_qty) };
    (qty.0 > 0).then(|| one.price(price))
}

fn stages(page: &mut Page, state: &State) {
    page.head("stage_seconds", "histogram", "How long a stage takes.");
    let seconds = |ns: u64| format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000);
    for stage in &state.latency {
        let name = stage.name;
        for (bound, count) in &stage.spread {
            let labels = format!("stage=\"{name}\",le=\"{}\"", *bound as f64 / 1e9);
            page.value("stage_seconds_bucket", &labels, count);
        }
        let ((count, sum), label) = (stage.spread_of, format!("stage=\"{name}\""));
        page.value("stage_seconds_bucket", &format!("{label},le=\"+Inf\""), count);
        page.value("stage_seconds_sum", &label, seconds(sum));
        page.value("stage_seconds_count", &label, count);
    }
    page.head("stage_quantile_seconds", "gauge", "What so many of a stage's spans took at most.");
    for stage in &state.latency {
        for (share, ns) in &stage.quantiles {
            let labels = format!("stage=\"{}\",share=\"{share}\"", stage.name);
            page.value("stage_quantile_seconds", &labels, seconds(*ns));
        }
    }
    page.head("stage_seconds_max", "gauge", "The longest that a stage took.");
    for stage in &state.latency {
        let label = format!("stage=\"{}\"", stage.name);
        page.value("stage_seconds_max", &label, seconds(stage.max));
    }
}

fn health(page: &mut Page, state: &State) {
    page.head("unhealthy", "gauge", "1 for what stops quoting from outside the core.");
    for (condition, name) in Health::ALL {
        let is_raised = state.health.0 & condition.0 != 0;
        page.value("unhealthy", &format!("reason=\"{name}\""), u8::from(is_raised));
    }
    if let Some(age) = state.synced_ago {
        let help = "Since everything written was last synced.";
        page.one("journal_unsynced_seconds", "gauge", help, age.as_secs_f64());
    }
    if let Some(journal) = state.journal {
        keeping(page, journal);
    }
}

fn keeping(page: &mut Page, journal: JournalState) {
    let window = Duration::from_millis(journal.loss_window_ms).as_secs_f64();
    let rows = [
        ("journal_written_sequence", journal.lsn_written, "The last record that is written."),
        ("journal_synced_sequence", journal.lsn_synced, "The last record that is synced."),
        ("journal_sent_sequence", journal.lsn_sent, "The last request released to leave."),
        ("follower_sequence", journal.followed, "The last record that the follower has read."),
        ("follower_differences", journal.differences, "Inputs that it decides otherwise."),
        ("snapshot_sequence", journal.snapshot, "The record behind which the newest snapshot is."),
        ("journal_bytes", journal.bytes, "What the journal takes on the disk."),
        ("journal_bytes_per_hour", journal.bytes_per_hour, "What is written in an hour."),
        ("disk_free_bytes", journal.disk_free, "What is free on the disk of the journal."),
    ];
    for (name, value, help) in rows {
        page.one(name, "gauge", help, value);
    }
    let help = "What a loss of power would take.";
    page.one("journal_loss_window_seconds", "gauge", help, window);
    let help = "How far back its records may go, in whole hours.";
    let retention = journal.retention_hours.saturating_mul(3600);
    page.one("journal_retention_seconds", "gauge", help, retention);
    if let Some(minutes) = journal.minutes_left {
        let help = "Until the disk is full at the present rate.";
        page.one("disk_full_in_seconds", "gauge", help, minutes.saturating_mul(60));
    }
}

fn cpu(page: &mut Page, cpu: CpuState) {
    page.one("cpu_cores", "gauge", "Cores that the process may run on.", cpu.cores);
    let own = u8::from(cpu.is_own);
    page.one("cpu_exclusive", "gauge", "1 where they are its own, as far as it can see.", own);
    let bounds = [
        ("cpu_quota_cores", cpu.quota, "The CPU time that it may take."),
        ("cpu_promised_cores", cpu.promised, "The CPU time that its pod has asked for."),
    ];
    for (name, bound, help) in bounds {
        if let Some(bound) = bound {
            page.one(name, "gauge", help, bound);
        }
    }
    let Some(held) = cpu.throttled else { return };
    page.one("cpu_periods_total", "counter", "Periods of the quota in which it ran.", held.periods);
    let help = "Periods in which the quota has stopped it.";
    page.one("cpu_throttled_periods_total", "counter", help, held.throttled);
    let help = "How long it stood still for that, all threads together.";
    page.one("cpu_throttled_seconds_total", "counter", help, held.time.as_secs_f64());
}

fn threads(page: &mut Page, desk: &Desk) {
    let rows = [
        ("thread_turns_total", "Turns of a thread."),
        ("thread_busy_turns_total", "Turns that did something."),
        ("thread_stalls_total", "Turns that took too long."),
        ("thread_rings_full_total", "How often a ring below had no room."),
    ];
    for (at, (name, help)) in rows.into_iter().enumerate() {
        page.head(name, "counter", help);
        for thread in &desk.threads {
            let value = [thread.turns, thread.busy_turns, thread.stalls, thread.rings_full][at];
            page.value(name, &format!("thread=\"{}\"", thread.name), value);
        }
    }
}
