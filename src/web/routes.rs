//! Which page stands at which path, and which method it takes: one table, and nothing beside it.

use super::desk::Desk;
use super::metrics;
use super::pages::{envelope, guards, market, number, risk, status, strategies};
use super::reply::{Refusal, Reply};
use super::request::Verb;
use super::state::State;
use serde_json::{Value, json};

/// The page that is served at `/`.
const PAGE: &str = include_str!("../../visualization/static/index.html");
const OPENAPI: &str = include_str!("openapi.json");
const HTML: &str = "text/html; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What stands in the places of `{…}`, in their order.
    pub parts: &'a [&'a str],
    query: &'a str,
}

type Page = fn(&Desk, Ask<'_>) -> Result<Reply, Refusal>;

/// Where an alert is acknowledged.
pub const ACKNOWLEDGE: &str = "/api/risk/alerts/{id}/ack";

/// One row: what is read at a path.
pub struct Route {
    /// The path; `{…}` stands for one part of any name.
    pub path: &'static str,
    page: Page,
}

/// Everything that can be read.
pub const ROUTES: [Route; 27] = [
    Route { path: "/", page: |_, _| Ok(text(HTML, PAGE.to_owned())) },
    Route { path: "/metrics", page: |desk, _| Ok(text(PROMETHEUS, metrics::text(desk))) },
    Route { path: "/api/metrics", page: |desk, _| Ok(text(PROMETHEUS, metrics::text(desk))) },
    Route { path: "/api/openapi.json", page: |_, _| Ok(text(Reply::JSON, OPENAPI.to_owned())) },
    Route { path: "/api/startup", page: |desk, _| Ok(status::startup(desk)) },
    Route { path: "/api/health", page: |desk, _| Ok(status::health(desk)) },
    Route { path: "/api/ready", page: |desk, _| Ok(status::ready(desk)) },
    Route { path: "/api/version", page: |desk, _| Ok(data(desk, &status::version(desk))) },
    Route { path: "/api/config", page: |desk, _| config(desk) },
    Route { path: "/api/quotes", page: |desk, _| of(desk, market::quotes) },
    Route { path: "/api/book", page: |desk, _| of(desk, market::book) },
    Route { path: "/api/orders", page: |desk, _| of(desk, market::orders) },
    Route { path: "/api/fills", page: fills },
    Route { path: "/api/positions", page: |desk, _| of(desk, risk::positions) },
    Route { path: "/api/pnl", page: |desk, _| of(desk, risk::pnl) },
    Route { path: "/api/latency", page: |desk, _| of(desk, status::latency) },
    Route { path: "/api/risk/state", page: |desk, _| of(desk, risk::state_page) },
    Route { path: "/api/risk/limits", page: |desk, _| of(desk, risk::limits) },
    Route { path: "/api/risk/circuit-breaker", page: |desk, _| of(desk, guards::breaker_page) },
    Route { path: "/api/risk/var", page: |desk, _| of(desk, guards::var) },
    Route { path: "/api/risk/alerts", page: |desk, _| of(desk, |_| guards::alerts(desk)) },
    Route {
        path: "/api/v1/strategies",
        page: |desk, _| of(desk, |state| strategies::list(state, desk.strategy())),
    },
    Route { path: "/api/v1/strategies/{id}/performance", page: performance },
    Route { path: "/api/v1/strategies/{id}/charts/{metric}", page: chart },
    Route { path: "/index.html", page: |_, _| Ok(text(HTML, PAGE.to_owned())) },
    Route { path: "/openapi.json", page: |_, _| Ok(text(Reply::JSON, OPENAPI.to_owned())) },
    Route { path: "/favicon.ico", page: |_, _| Err(Refusal::NotFound) },
];

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.path)
    }
}

/// Answers a request to read.
///
/// # Errors
/// There is no such path, or it is not read there.
pub fn read(desk: &Desk, verb: Verb, target: &str) -> Result<Reply, Refusal> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    for route in &ROUTES {
        let Some(parts) = fits(route.path, path) else { continue };
        return match verb {
            Verb::Get => (route.page)(desk, Ask { parts: &parts, query }),
            _ => Err(Refusal::Method),
        };
    }
    Err(Refusal::NotFound)
}

/// What stands in the places of `{…}` where the path is of that form.
#[must_use]
pub fn fits<'a>(form: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = Vec::new();
    let (mut form, mut path) = (form.split('/'), path.split('/'));
    loop {
        match (form.next(), path.next()) {
            (None, None) => return Some(parts),
            (Some(form), Some(path)) if form.starts_with('{') && !path.is_empty() => {
                parts.push(path);
            }
            (Some(form), Some(path)) if form == path => {}
            _ => return None,
        }
    }
}

impl Ask<'_> {
    /// A whole number of the query, within its range.
    fn number(&self, name: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64, Refusal> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let mut found = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
        let Some(text) = found.next() else { return Ok(*range.end()) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.filter(|_| found.next().is_none()).ok_or(Refusal::BadParameter)
    }
}

const fn plain(content_type: &'static str, body: Vec<u8>) -> Reply {
    Reply { status: 200, content_type, body, allow: None }
}

fn text(content_type: &'static str, body: String) -> Reply {
    plain(content_type, body.into_bytes())
}

fn data(desk: &Desk, data: &Value) -> Reply {
    Reply::json(200, envelope(data, desk.now.0))
}

/// A page of the state; 503 while there is none.
fn of(desk: &Desk, page: impl Fn(&State) -> Value) -> Result<Reply, Refusal> {
    let state = desk.state.as_ref().ok_or(Refusal::Busy)?;
    Ok(data(desk, &page(state)))
}

fn fills(desk: &Desk, ask: Ask<'_>) -> Result<Reply, Refusal> {
    let limit = ask.number("limit", 1..=1000)?;
    let limit = usize::try_from(limit).map_err(|_| Refusal::BadParameter)?;
    let from = desk.fills.len().saturating_sub(limit);
    of(desk, |state| {
        let fills = desk.fills.range(from..).map(|fill| market::fill(state, fill));
        let lost = desk.source.as_ref().map_or(0, |source| source.fills_lost());
        let fills: Vec<_> = fills.collect();
        json!({ "total": desk.fills_seen, "lost": lost, "fills": fills })
    })
}

fn performance(desk: &Desk, ask: Ask<'_>) -> Result<Reply, Refusal> {
    let state = desk.state.as_ref().ok_or(Refusal::Busy)?;
    let one = strategies::find(state, ask.parts[0]).ok_or(Refusal::NotFound)?;
    let trades = desk.trades(one.instrument.id);
    Ok(data(desk, &strategies::performance(state, one, trades)))
}

fn chart(desk: &Desk, ask: Ask<'_>) -> Result<Reply, Refusal> {
    let range = ask.number("time_range", 1..=3_600_000_000_000)?;
    let &[id, metric] = ask.parts else { return Err(Refusal::NotFound) };
    let points = desk.shared.history(|history| history.points(id, metric, range));
    let points = points.ok_or(Refusal::NotFound)?;
    let now = desk.now.0;
    let head = format!(r#"{{"success":true,"data":{{"strategy_id":"{id}","metric":"{metric}""#);
    Ok(Reply::json(200, format!(r#"{head},"points":{points}}},"timestamp":{now}}}"#)))
}

fn config(desk: &Desk) -> Result<Reply, Refusal> {
    let facts = desk.source.as_ref().ok_or(Refusal::Busy)?.facts();
    let on_disk = facts.config_file.as_ref().map(|path| {
        std::fs::read(path).map_or_else(|error| error.to_string(), |bytes| digest(&bytes))
    });
    let running: Value = serde_json::from_str(&facts.config).unwrap_or(number(""));
    Ok(data(
        desk,
        &json!({
            "source": facts.config_file.as_ref().map(|path| path.display().to_string()),
            "running_digest": facts.config_digest,
            "on_disk_digest": on_disk,
            "config": running,
        }),
    ))
}

/// A short name for bytes, to tell whether a file was changed; no defence against deceit.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_exactly_or_not_at_all() {
        let check = |form, path, expected: Option<&[&str]>| {
            assert_eq!(fits(form, path).as_deref(), expected, "{form} {path}");
        };
        check("/", "/", Some(&[]));
        check("/api/ready", "/api/ready", Some(&[]));
        check("/api/ready", "/api/ready/", None);
        check("/api/ready", "/api//ready", None);
        check("/api/ready", "/API/ready", None);
        check("/a/{id}/b/{c}", "/a/x/b/y", Some(&["x", "y"]));
        check("/a/{id}", "/a/", None);
        check("/a/{id}", "/a/x/y", None);
    }

    #[test]
    fn what_is_documented_is_there_and_what_is_there_is_documented() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let documented = document["paths"].as_object().unwrap();
        let own = ["/index.html", "/openapi.json", "/favicon.ico"];
        for route in ROUTES.iter().filter(|route| !own.contains(&route.path)) {
            assert!(documented.contains_key(route.path), "{} is not documented", route.path);
        }
        for path in documented.keys() {
            let commands = super::super::commands::PATHS;
            let is_there = ROUTES.iter().any(|route| route.path == path)
                || path == ACKNOWLEDGE
                || commands.iter().any(|(_, known)| known == path);
            assert!(is_there, "{path} is documented and absent");
        }
    }
}
