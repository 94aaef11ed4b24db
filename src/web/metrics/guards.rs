//! Metrics of what guards the account: the circuit breaker, value at risk, alerts.

use super::Page;
use crate::event::{BreakerState, ExitReason};
use crate::var::{Confidence, Method, VarView};
use crate::web::desk::Desk;
use crate::web::state::{Feeding, RuleShown, State};

pub(super) fn add(page: &mut Page, state: &State, desk: &Desk) {
    let seen = state.breaker.seen;
    page.head("circuit_breaker_state", "gauge", "1 for the state that the breaker is in.");
    for one in BreakerState::ALL {
        let label = format!("state=\"{}\"", one.name());
        page.value("circuit_breaker_state", &label, u8::from(one == seen.state));
    }
    let trips = "How often the circuit breaker was tripped.";
    page.one("circuit_breaker_trips_total", "counter", trips, seen.trips);
    by_itself(page, state);
    rules(page, state);
    if let Some(book) = desk.source.as_ref().and_then(|source| source.alerts()) {
        let (total, open, suppressed) = book.counts();
        page.one("alerts_total", "counter", "Alerts that were raised, ever.", total);
        let help = "Alerts that were held back since the start.";
        page.one("alerts_suppressed_total", "counter", help, suppressed);
        page.one("alerts_unacknowledged", "gauge", "Alerts that nobody has acknowledged.", open);
    }
    if let Some(var) = &state.var {
        at_risk(page, var, &state.account.currency.to_string());
    }
}

/// What risk does by itself.
fn by_itself(page: &mut Page, state: &State) {
    let deeds = &state.deeds;
    let orders = "Orders of the hedge.";
    page.one("hedge_orders_total", "counter", orders, deeds.hedge_orders);
    page.head("hedge_beyond", "gauge", "What the hedge would take off, in the base currency.");
    for one in &state.instruments {
        let label = format!("symbol=\"{}\"", one.instrument.symbol);
        page.value("hedge_beyond", &label, one.qty(one.exit.beyond));
    }
    let help = "Positions that were closed by stop-loss or take-profit.";
    page.head("exits_total", "counter", help);
    for one in &state.instruments {
        for reason in ExitReason::ALL {
            let (symbol, name) = (one.instrument.symbol, reason.name());
            let labels = format!("symbol=\"{symbol}\",reason=\"{name}\"");
            page.value("exits_total", &labels, one.exit.begun[reason as usize]);
        }
    }
    page.head("exit_running", "gauge", "1 while a position is being closed by itself.");
    for one in &state.instruments {
        let label = format!("symbol=\"{}\"", one.instrument.symbol);
        page.value("exit_running", &label, u8::from(one.exit.running.is_some()));
    }
    let reconciled = deeds.reconciled;
    let help = "How often the venue was asked about every order.";
    page.one("reconciles_total", "counter", help, reconciled.count);
    let pending = reconciled.asked - reconciled.open - reconciled.absent;
    let help = "Orders of the last reconcile that the venue has not told of yet.";
    page.one("reconcile_pending", "gauge", help, pending);
    let help = "1 while the venue holds something else for us than we know.";
    page.head("position_differs", "gauge", help);
    for one in &state.instruments {
        let label = format!("symbol=\"{}\"", one.instrument.symbol);
        page.value("position_differs", &label, u8::from(one.exit.there.differs()));
    }
}

/// What the rules were fed with, and how much of each limit is used.
fn rules(page: &mut Page, state: &State) {
    let labels = |rule: &RuleShown| {
        let symbol = rule.symbol.map_or(String::new(), |symbol| symbol.to_string());
        format!("rule=\"{}\",symbol=\"{symbol}\"", rule.rule)
    };
    page.head("rule_samples_total", "counter", "What a rule was fed with.");
    for rule in &state.rules {
        page.value("rule_samples_total", &labels(rule), rule.samples);
    }
    page.head("rule_last_fed_timestamp_seconds", "gauge", "When a rule was fed last.");
    for rule in state.rules.iter().filter(|rule| rule.last_fed.0 > 0) {
        let seconds = rule.last_fed.0.div_euclid(1_000_000_000);
        page.value("rule_last_fed_timestamp_seconds", &labels(rule), seconds);
    }
    page.head("rule_starved", "gauge", "1 while a rule waits for longer than it may.");
    for rule in &state.rules {
        page.value("rule_starved", &labels(rule), u8::from(rule.feeding == Feeding::Starved));
    }
    page.head("limit_used_ratio", "gauge", "The part of a limit that is used.");
    for usage in &state.usages {
        let symbol = usage.symbol.map_or(String::new(), |symbol| symbol.to_string());
        let labels = format!("limit=\"{}\",symbol=\"{symbol}\"", usage.key);
        page.value("limit_used_ratio", &labels, usage.ratio);
    }
}

fn at_risk(page: &mut Page, var: &VarView, currency: &str) {
    let of_one = |ppm: u32| f64::from(ppm) / 1e6;
    let help = "Value at risk by the method of the limit, as a share of capital and profit.";
    page.one("var_ratio", "gauge", help, of_one(var.share));
    page.one("var_limit_ratio", "gauge", "The limit of it.", of_one(var.limit));
    let help = "How large quotes are while the limit is passed, 1 otherwise.";
    page.one("quote_size_ratio", "gauge", help, f64::from(var.size) / 1e3);
    page.one("var_breaches_total", "counter", "How often the limit was passed.", var.breaches);
    page.one("var_samples", "gauge", "Returns that it rests on.", var.samples.0);
    let Some(assessment) = &var.assessment else { return };
    type Figure = fn(crate::var::Tail) -> f64;
    let figures: [(&str, &str, Figure); 2] = [
        ("value_at_risk", "The loss that is passed only in the tail.", |tail| tail.value_at_risk),
        ("expected_shortfall", "The mean loss in the tail.", |tail| tail.expected_shortfall),
    ];
    for (name, help, figure) in figures {
        page.head(name, "gauge", help);
        for method in Method::ALL {
            for (tail, confidence) in assessment.tails(method).iter().zip(Confidence::REPORTED) {
                let (method, share) = (method.name(), 1.0 - confidence.tail());
                let labels =
                    format!("method=\"{method}\",confidence=\"{share}\",currency=\"{currency}\"");
                page.value(name, &labels, figure(*tail));
            }
        }
    }
    page.head("var_exceptions_total", "counter", "Periods that lost more than was forecast.");
    for method in Method::ALL {
        let grades = var.forecasts.realised[method as usize].iter().zip(Confidence::REPORTED);
        for (grade, confidence) in grades {
            let (method, share) = (method.name(), 1.0 - confidence.tail());
            let labels = format!("method=\"{method}\",confidence=\"{share}\"");
            page.value("var_exceptions_total", &labels, grade.exceptions());
        }
    }
}
