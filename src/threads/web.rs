//! The threads of the web: its ports are taken before recovery begins, and given back when the run
//! is over. What they see of the run is `looking`'s.

mod carrier;
mod looking;

pub use looking::{Looking, facts};

use super::agent::Agent;
use super::crew::{Crew, Muster};
use super::run::RunFault;
use crate::config::ThreadName;
use crate::logs::Log;
use crate::web::api::{Api, Parts};
use crate::web::front::Front;
use crate::web::shared::Shared;
use crate::web::source::{Progress, Source};
use crate::web::token::TokenSource;
use crate::web::{BindFault, Params, Places};
use crossbeam_channel::{Sender, bounded};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long its threads are given to end.
const END_WITHIN: Duration = Duration::from_secs(2);

/// Why there is no web.
#[derive(Debug)]
pub enum WebFault {
    /// A port cannot be had.
    Bind(BindFault),
    /// The system gives no sockets.
    Sockets(io::Error),
}

impl fmt::Display for WebFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(fault) => fault.fmt(f),
            Self::Sockets(cause) => write!(f, "the API cannot be served: {cause}"),
        }
    }
}

impl std::error::Error for WebFault {}

/// The web of a run, from before its recovery to after its end.
#[derive(Debug)]
pub struct Web {
    crew: Crew,
    runs: Sender<Box<dyn Source>>,
    /// How far the start has come.
    pub progress: Progress,
    /// Where the API and the WebSocket are.
    pub addresses: [SocketAddr; 2],
}

struct ApiAgent(Api);

impl Agent for ApiAgent {
    fn name(&self) -> &'static str {
        "web"
    }

    fn do_work(&mut self) -> usize {
        self.0.turn()
    }

    fn wait(&mut self, most: Duration) -> bool {
        self.0.wait(most);
        true
    }
}

struct FrontAgent(Front);

impl Agent for FrontAgent {
    fn name(&self) -> &'static str {
        "front"
    }

    fn do_work(&mut self) -> usize {
        self.0.turn()
    }

    fn wait(&mut self, most: Duration) -> bool {
        self.0.wait(most);
        true
    }
}

/// Takes the ports and starts the threads; nothing where none is wanted.
///
/// # Errors
/// A port is in use, or there is no socket or thread.
pub fn start(
    params: Option<&Params>,
    muster: Muster<'_>,
    log: &Log,
) -> Result<Option<Web>, RunFault> {
    let Some(params) = params else { return Ok(None) };
    let wrong = RunFault::Web;
    let places = Places::take(params).map_err(|fault| wrong(WebFault::Bind(fault)))?;
    let (api, socket) = places.addresses().map_err(|cause| wrong(WebFault::Sockets(cause)))?;
    let (runs, runs_out) = bounded(1);
    let (progress, shared) = (Progress::default(), Shared::new());
    let parts = Parts {
        progress: progress.clone(),
        runs: runs_out,
        shared: Arc::clone(&shared),
        websocket_port: socket.port(),
        log: log.clone(),
    };
    let (server, name) =
        Api::new(params, parts).map_err(|cause| wrong(WebFault::Sockets(cause)))?;
    let front = Front::new(places, name, params.origins.clone(), shared)
        .map_err(|cause| wrong(WebFault::Sockets(cause)))?;
    let mut crew = Crew::default();
    crew.start(ThreadName::Web, ApiAgent(server), muster).map_err(RunFault::Start)?;
    crew.start(ThreadName::Front, FrontAgent(front), muster).map_err(RunFault::Start)?;
    let token = params.token.as_ref().map(TokenSource::read);
    let fields = vec![
        ("api", api.to_string().into()),
        ("websocket", socket.to_string().into()),
        ("commands", matches!(token, Some(Ok(_))).into()),
    ];
    log.info("web", fields);
    if let Some(Err(fault)) = token {
        log.warn("commands_off", vec![("reason", fault.to_string().into())]);
    }
    Ok(Some(Web { crew, runs, progress, addresses: [api, socket] }))
}

impl Web {
    /// From now on this run is seen.
    pub fn run(&self, source: impl Source + 'static) {
        // The thread that takes it is gone only when the run is over.
        self.runs.send(Box::new(source)).ok();
    }

    /// A thread of it that ended though nobody asked it to.
    #[must_use]
    pub fn failed(&self) -> Option<ThreadName> {
        self.crew.failed()
    }

    /// Ends it.
    pub fn end(self) {
        // A caller who is being answered is no reason to wait longer.
        self.crew.end(END_WITHIN);
    }
}
