//! What an operator's subcommands do: they ask the engine that runs, over its API, and print what
//! it says.

use crate::config::operate::{Operate, Place, Saying};
use crate::config::{self, Arguments, Environment, ExitCode, directories};
use crate::web::Places;
use crate::web::client::{Answer, Client, NoAnswer, body};
use crate::web::token::TokenSource;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const TRIP: &str = "risk/circuit-breaker/trip";
const RESET: &str = "risk/circuit-breaker/reset";

/// Does it; the lines to print, and the exit code.
#[must_use]
pub fn operate(wish: &Operate, environment: &Environment, user: Option<String>) -> Said {
    match wish {
        Operate::Health(place) => health(place),
        Operate::Doctor { place, config } => doctor(place, config.as_deref(), environment),
        Operate::Halt(saying) => command("halt", (saying, false), environment, user),
        Operate::Resume { saying, confirm } => {
            command("resume", (saying, *confirm), environment, user)
        }
        Operate::Reduce(saying) => command("reduce", (saying, false), environment, user),
        Operate::Kill(saying) => command("kill", (saying, false), environment, user),
        Operate::Flatten(saying) => command("flatten", (saying, false), environment, user),
        Operate::Trip(saying) => command(TRIP, (saying, false), environment, user),
        Operate::Reset(saying) => command(RESET, (saying, false), environment, user),
        Operate::Reconcile(saying) => command("reconcile", (saying, false), environment, user),
        Operate::Limits { saying, changes } => limits(saying, changes, environment, user),
    }
}

/// Lines, and the exit code.
pub type Said = (Vec<String>, ExitCode);

fn nobody(fault: &NoAnswer) -> Said {
    (vec![fault.to_string()], ExitCode::NotReady)
}

fn judged(lines: Vec<String>, is_good: bool) -> Said {
    (lines, if is_good { ExitCode::Done } else { ExitCode::NotReady })
}

fn reasons(said: &Value) -> Vec<String> {
    let list = said["reasons"].as_array();
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(ToOwned::to_owned).collect()
}

fn health(place: &Place) -> Said {
    match Client::new(&place.api).get("/api/health") {
        Err(fault) => nobody(&fault),
        Ok((status, said)) => {
            let mut lines = vec![said["status"].as_str().unwrap_or("no engine").to_owned()];
            lines.extend(reasons(&said));
            judged(lines, status == 200)
        }
    }
}

fn doctor(place: &Place, config: Option<&Path>, environment: &Environment) -> Said {
    match Client::new(&place.api).get("/api/ready") {
        Ok((status, said)) => {
            let is_ready = status == 200;
            let first = if is_ready { "ready" } else { "not ready" };
            let mut lines = vec![format!("the engine at {} is {first}", place.api)];
            lines.extend(reasons(&said));
            judged(lines, is_ready)
        }
        Err(_) => {
            let mut lines = vec![format!("no engine answers at {}: pre-flight", place.api)];
            let is_good = before_flight(config, environment, &mut lines);
            judged(lines, is_good)
        }
    }
}

/// What would keep an engine from starting.
fn before_flight(
    config: Option<&Path>,
    environment: &Environment,
    lines: &mut Vec<String>,
) -> bool {
    let flags = Arguments::of_config(config.map(PathBuf::from));
    let loaded = match config::load(&flags, environment) {
        Ok(loaded) => loaded,
        Err(fault) => {
            lines.push(format!("config: {fault}"));
            return false;
        }
    };
    lines.push(format!("config: {}", loaded.summary()));
    let mut is_good = true;
    match directories::prepare(&loaded.config) {
        Ok(made) => {
            made.take_back();
            lines.push("directories: can be written".to_owned());
        }
        Err(fault) => {
            lines.push(format!("directories: {fault}"));
            is_good = false;
        }
    }
    match loaded.config.web.as_ref().map(Places::take) {
        None => lines.push("web: off".to_owned()),
        Some(Ok(_)) => lines.push("web: both ports are free".to_owned()),
        Some(Err(fault)) => {
            lines.push(format!("web: {fault}"));
            is_good = false;
        }
    }
    is_good
}

fn command(
    name: &str,
    (saying, confirm): (&Saying, bool),
    environment: &Environment,
    user: Option<String>,
) -> Said {
    let token = match token_of(saying, environment) {
        Ok(token) => token,
        Err(said) => return said,
    };
    let Saying { place, reason, who, .. } = saying;
    let body = body(reason, &named(who.as_ref(), user), confirm);
    let path = format!("/api/{name}");
    let name = name.rsplit('/').next().unwrap_or(name);
    told(name, Client::new(&place.api).command(&path, &token, &body))
}

fn token_of(saying: &Saying, environment: &Environment) -> Result<String, Said> {
    let path = saying.token_file.clone().or_else(|| environment.token_file.clone());
    let path = path.or_else(|| environment.mounted_token.clone()).map(TokenSource::File);
    let source = path.or_else(|| environment.token.clone());
    let source = source.unwrap_or_else(|| TokenSource::File(config::MOUNTED_TOKEN.into()));
    source.read().map_err(|fault| (vec![fault.to_string()], ExitCode::Refused))
}

fn named(who: Option<&String>, user: Option<String>) -> String {
    who.cloned().or(user).unwrap_or_else(|| "operator".to_owned())
}

/// The body is the sections of the config, with what shall differ.
fn limits(
    saying: &Saying,
    changes: &[String],
    environment: &Environment,
    user: Option<String>,
) -> Said {
    let (mut all, mut own) = (Map::new(), BTreeMap::<&str, Map<String, Value>>::new());
    for change in changes {
        let Some((name, value)) = change.split_once('=') else {
            let line = format!("{change}: a change is [SYMBOL:]KEY=VALUE, or =file to end one");
            return (vec![line], ExitCode::Refused);
        };
        let value = if value == "file" { Value::Null } else { Value::from(value) };
        let (limits, key) = match name.rsplit_once(':') {
            Some((symbol, key)) => (own.entry(symbol).or_default(), key),
            None => (&mut all, name),
        };
        if limits.insert(key.to_owned(), value).is_some() {
            return (vec![format!("{name} is named twice: name it once")], ExitCode::Refused);
        }
    }
    let own = own.into_iter().map(|(symbol, mut limits)| {
        limits.insert("symbol".to_owned(), symbol.into());
        Value::from(limits)
    });
    let token = match token_of(saying, environment) {
        Ok(token) => token,
        Err(said) => return said,
    };
    let mut body = body(&saying.reason, &named(saying.who.as_ref(), user), false);
    body["limits"] = all.into();
    body["per_symbol_limits"] = own.collect();
    told("limits", Client::new(&saying.place.api).change("/api/risk/limits", &token, &body))
}

fn told(name: &str, answer: Result<Answer, NoAnswer>) -> Said {
    match answer {
        Err(fault) => nobody(&fault),
        Ok((200, said)) => {
            let data = &said["data"];
            let word = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
            let line = format!(
                "{name}: {} (input {}); the state is {}, {}",
                word("verdict"),
                data["sequence"],
                word("trading_state"),
                word("state_reason")
            );
            (vec![line], ExitCode::Done)
        }
        Ok((status, said)) => {
            let why = said["error"].as_str().unwrap_or("no engine answers there");
            judged(vec![format!("{name}: {status}: {why}")], false)
        }
    }
}
