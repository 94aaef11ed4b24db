//! Commands of operators: what may be asked, and what is answered.
//!
//! Who carries them into the core, and what the core says, is not known here.

use super::reply::{Refusal, Reply};
use super::request::Verb;
use crate::event::LimitChange;
use serde::Deserialize;
use serde_json::json;

/// What an operator may ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Stop quoting and cancel everything.
    Halt,
    /// Quote again.
    Resume,
    /// Quote only what brings positions down.
    Reduce,
    /// Halt, and close the gateway until a confirmed resume.
    Kill,
    /// Bring every position to nothing, then halt.
    Flatten,
    /// Open the circuit breaker until it is reset.
    Trip,
    /// Close it.
    Reset,
    /// Tighten limits, or give them back to the config.
    Limits,
    /// Ask the venue about every order and every position.
    Reconcile,
}

/// Where each of them is asked for.
pub const PATHS: [(Act, &str); 9] = [
    (Act::Halt, "/api/halt"),
    (Act::Resume, "/api/resume"),
    (Act::Reduce, "/api/reduce"),
    (Act::Kill, "/api/kill"),
    (Act::Flatten, "/api/flatten"),
    (Act::Trip, "/api/risk/circuit-breaker/trip"),
    (Act::Reset, "/api/risk/circuit-breaker/reset"),
    (Act::Limits, "/api/risk/limits"),
    (Act::Reconcile, "/api/reconcile"),
];

/// The body of a command.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// Why: it is written down.
    reason: String,
    /// Who.
    #[serde(default)]
    who: Option<String>,
    /// With `resume` after a kill.
    #[serde(default)]
    confirm: bool,
}

/// A command that may be carried out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// What.
    pub act: Act,
    /// Who asks.
    pub who: String,
    /// Why.
    pub why: String,
    /// It is meant, also after a kill.
    pub confirm: bool,
    /// What is to be changed of the limits.
    pub changes: Vec<LimitChange>,
}

/// What the core has said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// The number of the input that it has become.
    pub sequence: u64,
    /// Whether it was taken.
    pub is_taken: bool,
    /// The stable name of what was said.
    pub verdict: &'static str,
    /// The trading state behind it, and its reason.
    pub state: (&'static str, &'static str),
}

/// Why the core has said nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotDone {
    /// It cannot be said so.
    Wrong(String),
    /// It can be said, and cannot be as things are.
    Refused(String),
    /// Not now; it was not taken.
    Busy(String),
    /// No answer in time: whether it was taken is open.
    NoAnswer(String),
}

/// Who carries commands into the core. It may take seconds.
pub trait Commander: Send + Sync {
    /// Reads the body of a change of limits.
    ///
    /// # Errors
    /// It says no change, or one that cannot be.
    fn read_limits(&self, body: &[u8]) -> Result<Order, NotDone>;

    /// Carries one out.
    ///
    /// # Errors
    /// The core has said nothing.
    fn command(&self, order: &Order) -> Result<Verdict, NotDone>;
}

impl Act {
    /// The command at that path.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        PATHS.into_iter().find(|(_, known)| *known == path).map(|(act, _)| act)
    }

    /// How it is asked for.
    #[must_use]
    pub const fn verb(self) -> Verb {
        match self {
            Self::Limits => Verb::Patch,
            _ => Verb::Post,
        }
    }

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let row = PATHS.into_iter().find(|(act, _)| *act == self);
        row.and_then(|(_, path)| path.rsplit('/').next()).unwrap_or_default()
    }
}

/// Reads the body of a command.
///
/// # Errors
/// What is wrong with it, in words.
pub fn order(act: Act, body: &[u8]) -> Result<Order, String> {
    let Body { reason, who, confirm } =
        serde_json::from_slice(body).map_err(|error| format!("the body: {error}"))?;
    if confirm && act != Act::Resume {
        return Err("confirm is for resume only".to_owned());
    }
    let who = who.unwrap_or_else(|| "api".to_owned());
    Ok(Order { act, who, why: reason, confirm, changes: Vec::new() })
}

/// What is answered to an order.
#[must_use]
pub fn reply(order: &Order, result: Result<Verdict, NotDone>, now_ns: i64) -> Reply {
    match result {
        Ok(verdict) if verdict.is_taken => {
            let (state, reason) = verdict.state;
            let data = json!({
                "command": order.act.name(),
                "sequence": verdict.sequence,
                "verdict": verdict.verdict,
                "trading_state": state,
                "state_reason": reason,
            });
            Reply::json(200, super::pages::envelope(&data, now_ns))
        }
        Ok(verdict) => {
            let (state, reason) = verdict.state;
            let detail = format!(
                "{} was not taken: {} (input {}; the state is {state}, {reason})",
                order.act.name(),
                verdict.verdict,
                verdict.sequence
            );
            Refusal::Conflict.reply(Some(&detail), now_ns)
        }
        Err(fault) => fault.reply(now_ns),
    }
}

impl NotDone {
    /// What is answered.
    #[must_use]
    pub fn reply(&self, now_ns: i64) -> Reply {
        let (refusal, why) = match self {
            Self::Wrong(why) => (Refusal::BadBody, why),
            Self::Refused(why) => (Refusal::Conflict, why),
            Self::Busy(why) => (Refusal::Busy, why),
            Self::NoAnswer(why) => (Refusal::NoAnswer, why),
        };
        refusal.reply(Some(why), now_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_taken_or_refused_in_words() {
        let check = |act, body: &str, expected: &str| {
            let got = order(act, body.as_bytes());
            let got = got.map_or_else(
                |why| why,
                |it| format!("{} by {}: {} {}", it.act.name(), it.who, it.why, it.confirm),
            );
            assert!(got.contains(expected), "{body}: {got}");
        };
        check(Act::Halt, r#"{"reason":"x"}"#, "halt by api: x false");
        check(Act::Resume, r#"{"reason":"x","who":"me","confirm":true}"#, "resume by me: x true");
        check(Act::Halt, r#"{"reason":"x","confirm":true}"#, "confirm is for resume only");
        check(Act::Halt, "", "EOF");
        check(Act::Halt, "[]", "invalid");
        check(Act::Halt, r#"{"why":"x"}"#, "unknown field");
        check(Act::Halt, r#"{"reason":1}"#, "invalid type");
        check(Act::Halt, "{}", "missing field `reason`");
    }
}
