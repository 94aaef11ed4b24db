//! The venue's product list, fetched by REST before there is a session. Blocks: for the start only.
//!
//! What the answer says is not known here.

use std::fmt;
use std::time::Duration;

use super::config::{Endpoint, SessionConfig};
use super::facts;
use super::{rest, tls};
use crate::types::Venue;

/// How long the fetch may take in all: the longest list has 13 MB.
const FETCH_MAX: Duration = Duration::from_secs(30);
const BODY_BYTES_MAX: u64 = 64 << 20;

/// Why there is no list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchError {
    /// Whose list.
    pub venue: Venue,
    /// Where it was to be fetched.
    pub url: String,
    /// Why it was not, in words.
    pub cause: String,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { venue, url, cause } = self;
        write!(f, "the product list of {venue} cannot be fetched from {url}: {cause}")
    }
}

impl std::error::Error for FetchError {}

/// The answer as the venue gave it, from the REST server of that config.
///
/// # Errors
/// There is no answer, or the venue refuses to give the list.
///
/// # Panics
/// The venue has no live session: the config is checked before.
pub fn fetch(config: &SessionConfig) -> Result<Vec<u8>, FetchError> {
    let venue = config.venue;
    let products = facts::of(venue).expect("a venue with a live session").products;
    let own = || Endpoint { host: products.host.into(), port: 443 };
    let endpoint = config.rest.clone().unwrap_or_else(own);
    let url = format!("https://{}{}", endpoint.authority(), products.path);
    let failed = |cause: String| FetchError { venue, url: url.clone(), cause };
    let agent = rest::agent(tls::for_rest(&config.roots), FETCH_MAX);
    let mut answer = agent.get(&url).call().map_err(|error| failed(error.to_string()))?;
    let status = answer.status().as_u16();
    if status != 200 {
        return Err(failed(format!("the answer was HTTP {status}")));
    }
    let body = answer.body_mut().with_config().limit(BODY_BYTES_MAX).read_to_vec();
    body.map_err(|error| failed(error.to_string()))
}
