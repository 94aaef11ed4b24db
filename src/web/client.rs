//! The other end: how our own command line asks a run that goes, over the same API as everybody.

use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use ureq::Agent;

/// Longer than a command is waited for.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Nobody has answered.
#[derive(Debug)]
pub struct NoAnswer {
    address: String,
    cause: String,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, cause } = self;
        write!(f, "no engine answers at {address}: {cause}; is it running, and is --api right?")
    }
}

impl std::error::Error for NoAnswer {}

/// A status, and what was said.
pub type Answer = (u16, Value);

/// An engine at an address, `HOST:PORT`.
#[derive(Debug)]
pub struct Client {
    address: String,
    agent: Agent,
}

impl Client {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(address: &str) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(ANSWER_WITHIN))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        Self { address: address.to_owned(), agent: config.into() }
    }

    /// Reads a page.
    ///
    /// # Errors
    /// Nobody answers, or what answers is no engine.
    pub fn get(&self, path: &str) -> Result<Answer, NoAnswer> {
        let url = format!("http://{}{path}", self.address);
        self.answer(self.agent.get(url).call())
    }

    /// Gives a command.
    ///
    /// # Errors
    /// Nobody answers, or what answers is no engine.
    pub fn command(&self, path: &str, token: &str, body: &Value) -> Result<Answer, NoAnswer> {
        let url = format!("http://{}{path}", self.address);
        let request = self.agent.post(url).header("Authorization", format!("Bearer {token}"));
        self.answer(request.content_type("application/json").send(body.to_string()))
    }

    /// Asks for a change of limits.
    ///
    /// # Errors
    /// Nobody answers, or what answers is no engine.
    pub fn change(&self, path: &str, token: &str, body: &Value) -> Result<Answer, NoAnswer> {
        let url = format!("http://{}{path}", self.address);
        let request = self.agent.patch(url).header("Authorization", format!("Bearer {token}"));
        self.answer(request.content_type("application/json").send(body.to_string()))
    }

    fn answer(
        &self,
        result: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer, NoAnswer> {
        let fault = |cause: String| NoAnswer { address: self.address.clone(), cause };
        let mut response = result.map_err(|error| fault(error.to_string()))?;
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let body = body.map_err(|error| fault(error.to_string()))?;
        let said = serde_json::from_str(&body).map_err(|_| fault("this is no engine".into()))?;
        Ok((response.status().as_u16(), said))
    }
}

/// The body of a command.
#[must_use]
pub fn body(why: &str, who: &str, confirm: bool) -> Value {
    if confirm {
        json!({ "reason": why, "who": who, "confirm": true })
    } else {
        json!({ "reason": why, "who": who })
    }
}
