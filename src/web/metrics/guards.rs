//! Metrics of what guards the account: the circuit breaker, value at risk, alerts.

use super::Page;
use crate::event::BreakerState;
use crate::var::{Confidence, Method, VarView};
use crate::web::desk::Desk;
use crate::web::state::State;

pub(super) fn add(page: &mut Page, state: &State, desk: &Desk) {
    let seen = state.breaker.seen;
    page.head("circuit_breaker_state", "gauge", "1 for the state that the breaker is in.");
    for one in BreakerState::ALL {
        let label = format!("state=\"{}\"", one.name());
        page.value("circuit_breaker_state", &label, u8::from(one == seen.state));
    }
    let trips = "How often the circuit breaker was tripped.";
    page.one("circuit_breaker_trips_total", "counter", trips, seen.trips);
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
