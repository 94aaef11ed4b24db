//! Startup, health, readiness, latency, config and version.

use crate::web::desk::Desk;
use crate::web::reasons::PROGRESS_WITHIN;
use crate::web::reply::Reply;
use crate::web::state::State;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The front's longest silence: it turns every millisecond.
const FRONT_WITHIN_MS: u64 = 5_000;

/// 503 while it starts, then 200 for life.
#[must_use]
pub fn startup(desk: &Desk) -> Reply {
    let (phase, percent) = desk.progress.get();
    // Held, nothing will start: whoever restarts it then would only do it again and again.
    let held = desk.progress.held();
    let is_started = desk.state.is_some() || held.is_some();
    let body = json!({
        "status": if is_started { "started" } else { "starting" },
        "phase": if held.is_some() { "held" } else if is_started { "running" } else { phase },
        "percent": if is_started { 100.0 } else { percent },
        "timestamp": desk.now.0,
    });
    Reply::json(if is_started { 200 } else { 503 }, body.to_string())
}

/// Why it is not alive: empty when it is.
#[must_use]
pub fn liveness(desk: &Desk) -> Vec<String> {
    let mut reasons = if desk.progress.held().is_some() {
        Vec::new()
    } else if desk.state.is_some() {
        desk.pulse.liveness(&desk.threads, Instant::now())
    } else if desk.progress.still_for() > PROGRESS_WITHIN {
        vec!["start_stuck".to_owned()]
    } else {
        Vec::new()
    };
    if desk.shared.front_age_ms() > FRONT_WITHIN_MS {
        reasons.push("stalled:front".to_owned());
    }
    reasons
}

/// Whether it is alive; the venue, and what is off the path, do not count.
#[must_use]
pub fn health(desk: &Desk) -> Reply {
    let reasons = liveness(desk);
    let is_healthy = reasons.is_empty();
    let now = Instant::now();
    let threads = desk.threads.iter().map(|thread| {
        let age = desk.pulse.age(thread.name, now).unwrap_or(Duration::ZERO);
        let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        json!({
            "name": thread.name,
            "vital": thread.is_vital,
            "turned_ms_ago": age,
            "stalls": thread.stalls,
            "turn_ns_max": thread.turn_ns_max,
        })
    });
    let uptime = u64::try_from(desk.shared.begun().elapsed().as_millis()).unwrap_or(u64::MAX);
    let body = json!({
        "status": if is_healthy { "healthy" } else { "unhealthy" },
        "timestamp": desk.now.0,
        "uptime_ms": uptime,
        "reasons": reasons,
        "threads": threads.collect::<Vec<_>>(),
    });
    Reply::json(if is_healthy { 200 } else { 503 }, body.to_string())
}

/// Whether it may quote, every reason why not, and what it does without.
#[must_use]
pub fn ready(desk: &Desk) -> Reply {
    let reasons = desk.readiness();
    let is_ready = reasons.is_empty();
    let remarks = desk.source.as_ref().map_or(&[][..], |source| &source.facts().remarks);
    let body = json!({
        "ready": is_ready,
        "reasons": reasons,
        "remarks": remarks,
        "timestamp": desk.now.0,
    });
    Reply::json(if is_ready { 200 } else { 503 }, body.to_string())
}

/// How long each stage takes.
#[must_use]
pub fn latency(state: &State) -> Value {
    let stages = state.latency.iter().map(|stage| {
        let quantiles = stage
            .quantiles
            .iter()
            .map(|(share, ns)| (format!("p{}", (share * 1e5).round() / 1e3), Value::from(*ns)));
        json!({
            "stage": stage.name,
            "count": stage.count,
            "unit": "ns",
            "quantiles": quantiles.collect::<serde_json::Map<_, _>>(),
            "max": stage.max,
        })
    });
    json!({ "stages": stages.collect::<Vec<_>>() })
}

/// Which program this is.
#[must_use]
pub fn version(desk: &Desk) -> Value {
    let facts = desk.source.as_ref().map(|source| source.facts());
    json!({
        "name": "pinnaclemm",
        "version": env!("CARGO_PKG_VERSION"),
        "core_version": crate::engine::CORE_VERSION,
        "mode": facts.map(|facts| facts.mode),
        "venue": facts.map(|facts| facts.venue),
        "threads": facts.map(|facts| facts.threads),
        "websocket_port": desk.websocket_port,
    })
}
