//! REST snapshots, fetched on a thread of its own and joined by bounded channels.
//!
//! The thread fetches one after another and keeps the connection. It knows no back-off and no
//! limits: when a fetch is due is the session's business. It ends when the session is dropped, at
//! the latest when the fetch under way does.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use mio::Waker;
use ureq::Agent;
use ureq::tls::TlsConfig;

use crate::types::Nanos;

/// How long one fetch may take in all.
const FETCH_MAX: Duration = Duration::from_secs(10);
/// The largest body: 5,000 levels a side are 0.4 MB.
const BODY_BYTES_MAX: u64 = 16 << 20;

/// What is to be fetched.
#[derive(Debug)]
pub(super) struct Order {
    /// The symbol, by its place in the session.
    pub(super) index: usize,
    /// The connection for which it is fetched: a later one has no use for it.
    pub(super) round: u64,
    pub(super) url: String,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) index: usize,
    pub(super) round: u64,
    pub(super) body: Result<Vec<u8>, RestFailure>,
}

/// Why there is no body.
#[derive(Debug)]
pub(super) enum RestFailure {
    /// The venue limits us (429, 418) and may say for how long.
    Limited { retry_after: Option<Nanos> },
    /// Another status, a timeout, a failed connection, a body too large.
    Failed,
}

/// The session's end of the thread.
#[derive(Debug)]
pub(super) struct RestLink {
    orders: Sender<Order>,
    fetched: Receiver<Fetched>,
}

impl RestLink {
    /// Starts the thread; `orders_max` may wait at once.
    pub(super) fn start(tls: TlsConfig, orders_max: usize, waker: Arc<Waker>) -> Self {
        let agent = agent(tls, FETCH_MAX);
        let (orders, ordered) = bounded::<Order>(orders_max);
        let (answer, fetched) = bounded(orders_max);
        let body = move || {
            for Order { index, round, url } in ordered {
                let body = fetch(&agent, &url);
                if answer.send(Fetched { index, round, body }).is_err() {
                    return;
                }
                // A session that does not wait polls; a lost wake-up costs it one timeout.
                waker.wake().ok();
            }
        };
        thread::Builder::new()
            .name("feed-rest".into())
            .spawn(body)
            .expect("the system gives a thread at start");
        Self { orders, fetched }
    }

    /// Hands over an order; false if no more may wait.
    pub(super) fn order(&self, order: Order) -> bool {
        match self.orders.try_send(order) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => false,
            Err(TrySendError::Disconnected(_)) => unreachable!("the thread outlives its orders"),
        }
    }

    /// The next result, if there is one.
    pub(super) fn fetched(&self) -> Option<Fetched> {
        self.fetched.try_recv().ok()
    }
}

/// A client that gives up after so long.
pub(super) fn agent(tls: TlsConfig, within: Duration) -> Agent {
    Agent::config_builder()
        .tls_config(tls)
        .https_only(true)
        // The feed goes straight to the venue; a proxy from the environment would split the two.
        .proxy(None)
        .http_status_as_error(false)
        .timeout_global(Some(within))
        .user_agent(super::USER_AGENT)
        .build()
        .new_agent()
}

fn fetch(agent: &Agent, url: &str) -> Result<Vec<u8>, RestFailure> {
    let mut response = agent.get(url).call().map_err(|_| RestFailure::Failed)?;
    match response.status().as_u16() {
        200 => response
            .body_mut()
            .with_config()
            .limit(BODY_BYTES_MAX)
            .read_to_vec()
            .map_err(|_| RestFailure::Failed),
        429 | 418 => {
            let header = response.headers().get("retry-after");
            let retry_after = header.and_then(|value| retry_after(value.as_bytes()));
            Err(RestFailure::Limited { retry_after })
        }
        _ => Err(RestFailure::Failed),
    }
}

/// The seconds of a `Retry-After`; its date form is no venue's.
pub(super) fn retry_after(value: &[u8]) -> Option<Nanos> {
    let seconds: u32 = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
    Some(Nanos::from_seconds(i64::from(seconds)))
}
