//! HTTP and WebSocket: what probes, operators, Prometheus and the dashboard see of a run, and the
//! commands that operators give it.
//!
//! It works on plain data that the threads fill, and hands commands to whoever carries them: it
//! knows no stage, no ring and no venue, and nothing on the path waits for it. `front` keeps the
//! connections, `api` answers whole requests with `tiny_http`, `desk` knows the run, `routes` is
//! the table of pages.

pub mod api;
pub mod client;
pub mod commands;
pub mod desk;
pub mod feed;
pub mod front;
pub mod history;
pub mod metrics;
pub mod pages;
pub mod reasons;
pub mod reply;
pub mod request;
pub mod routes;
pub mod shared;
pub mod source;
pub mod state;
pub mod token;

use crate::types::Nanos;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::SystemTime;
use token::TokenSource;

/// What the web is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Params {
    /// The address that both ports are on.
    pub bind: IpAddr,
    /// The port of the API and the page; 0 lets the system choose.
    pub api_port: u16,
    /// The port of the WebSocket; 0 lets the system choose.
    pub ws_port: u16,
    /// Where the token is that commands need; without it nobody may command.
    pub token: Option<TokenSource>,
    /// Pages of these origins may ask, beside our own and those from disk.
    pub origins: Vec<String>,
}

/// A port that cannot be had.
#[derive(Debug)]
pub struct BindFault {
    what: &'static str,
    address: SocketAddr,
    cause: io::Error,
}

impl fmt::Display for BindFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, address, cause } = self;
        let option = if *what == "API" { "--api-port" } else { "--ws-port" };
        match cause.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "the {what} cannot have {address}: the port is in use; is another engine running? \
                 Choose another with {option}, or start with --no-web"
            ),
            _ => write!(f, "the {what} cannot have {address}: {cause}; see --bind and {option}"),
        }
    }
}

impl std::error::Error for BindFault {}

/// Both ports, taken.
#[derive(Debug)]
pub struct Places {
    /// Of the API and the page.
    pub api: TcpListener,
    /// Of the WebSocket.
    pub socket: TcpListener,
}

impl Places {
    /// Takes both.
    ///
    /// # Errors
    /// One of them cannot be had.
    pub fn take(params: &Params) -> Result<Self, BindFault> {
        let place = |what, port| {
            let address = SocketAddr::new(params.bind, port);
            let fault = |cause| BindFault { what, address, cause };
            let listener = TcpListener::bind(address).map_err(fault)?;
            listener.set_nonblocking(true).map_err(fault)?;
            Ok(listener)
        };
        let api = place("API", params.api_port)?;
        Ok(Self { api, socket: place("WebSocket", params.ws_port)? })
    }

    /// Where they are.
    ///
    /// # Errors
    /// The system does not say.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.api.local_addr()?, self.socket.local_addr()?))
    }
}

/// The wall clock: since the epoch.
#[must_use]
pub fn wall() -> Nanos {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
