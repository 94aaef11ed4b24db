//! The way to an open WebSocket: TCP, TLS, HTTP upgrade, all without blocking.
//!
//! It has no deadline of its own; the session's clock bounds it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use tungstenite::client::client_with_config;
use tungstenite::handshake::client::Response;
use tungstenite::handshake::{HandshakeError, MidHandshake};
use tungstenite::http::{HeaderValue, Request, header};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{ClientHandshake, Error, client::IntoClientRequest as _, error::ProtocolError};

use super::config::{ConfigError, Endpoint};
use super::reason::DropReason;
use super::rest::retry_after;
use super::socket::{Socket, Tls, Wire, io_reason};
use crate::types::Nanos;

/// A TLS record holds 16 kB at most, so a larger buffer would only be cleared in vain.
const READ_BUFFER_BYTES: usize = 16 << 10;

/// Whom to connect to; made once, when the config is checked.
#[derive(Debug)]
pub(super) struct Target {
    name: ServerName<'static>,
    request: Request<()>,
    tls: Arc<ClientConfig>,
    frame_bytes_max: usize,
}

impl Target {
    pub(super) fn new(
        endpoint: &Endpoint,
        path: &str,
        tls: Arc<ClientConfig>,
        frame_bytes_max: usize,
    ) -> Result<Self, ConfigError> {
        let wrong = || ConfigError::Host(endpoint.host.clone());
        let name = ServerName::try_from(endpoint.host.clone()).map_err(|_| wrong())?;
        let url = format!("wss://{}{path}", endpoint.authority());
        let mut request = url.into_client_request().map_err(|_| wrong())?;
        let agent = HeaderValue::from_static(super::USER_AGENT);
        request.headers_mut().insert(header::USER_AGENT, agent);
        Ok(Self { name, request, tls, frame_bytes_max })
    }

    /// Where it connects, as a URL.
    pub(super) fn address(&self) -> String {
        self.request.uri().to_string()
    }
}

/// Why it did not open, and for how long the server wants to be left alone.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reason: DropReason,
    pub(super) retry_after: Option<Nanos>,
}

impl From<DropReason> for Failure {
    fn from(reason: DropReason) -> Self {
        Self { reason, retry_after: None }
    }
}

type Upgrade = MidHandshake<ClientHandshake<Tls>>;

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one, and it stands in a box")]
enum Stage {
    /// The TCP connection is under way.
    Tcp(TcpStream),
    /// TLS and upgrade are; tungstenite drives both, since TLS shakes hands on the first write.
    Upgrade(Upgrade),
}

/// A connection that is not open yet.
#[derive(Debug)]
pub(super) struct Opening {
    /// Empty once it has opened or failed.
    stage: Option<Stage>,
}

impl Opening {
    /// Begins.
    pub(super) fn start(
        address: SocketAddr,
        registry: &Registry,
        token: Token,
    ) -> Result<Self, DropReason> {
        let unreachable = |error: std::io::Error| DropReason::Unreachable(error.kind());
        let mut tcp = TcpStream::connect(address).map_err(unreachable)?;
        registry
            .register(&mut tcp, token, Interest::READABLE | Interest::WRITABLE)
            .map_err(unreachable)?;
        Ok(Self { stage: Some(Stage::Tcp(tcp)) })
    }

    /// Goes as far as it can: the open socket, or nothing yet.
    pub(super) fn turn(&mut self, target: &Target) -> Result<Option<Socket>, Failure> {
        let result = match self.stage.take().expect("an opening ends once") {
            Stage::Tcp(tcp) => {
                if !is_connected(&tcp)? {
                    self.stage = Some(Stage::Tcp(tcp));
                    return Ok(None);
                }
                // Subscribes are small and must not wait for the answer to an earlier packet.
                tcp.set_nodelay(true).map_err(|error| DropReason::Unreachable(error.kind()))?;
                let connection = ClientConnection::new(target.tls.clone(), target.name.clone())
                    .map_err(|_| DropReason::Tls)?;
                let tls = StreamOwned::new(connection, Wire::new(tcp));
                let config = WebSocketConfig::default()
                    .read_buffer_size(READ_BUFFER_BYTES)
                    .max_frame_size(Some(target.frame_bytes_max))
                    .max_message_size(Some(target.frame_bytes_max));
                client_with_config(target.request.clone(), tls, Some(config))
            }
            Stage::Upgrade(upgrade) => upgrade.handshake(),
        };
        self.settle(result)
    }

    fn settle(
        &mut self,
        result: Result<
            (tungstenite::WebSocket<Tls>, Response),
            HandshakeError<ClientHandshake<Tls>>,
        >,
    ) -> Result<Option<Socket>, Failure> {
        match result {
            Ok((web, _response)) => Ok(Some(Socket::new(web))),
            Err(HandshakeError::Interrupted(upgrade)) => {
                self.stage = Some(Stage::Upgrade(upgrade));
                Ok(None)
            }
            Err(HandshakeError::Failure(error)) => Err(failure(&error)),
        }
    }
}

/// Whether the TCP connection stands; mio's own recipe.
fn is_connected(tcp: &TcpStream) -> Result<bool, DropReason> {
    if let Ok(Some(error)) | Err(error) = tcp.take_error() {
        return Err(DropReason::Unreachable(error.kind()));
    }
    match tcp.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(DropReason::Unreachable(error.kind())),
    }
}

/// What an error on the way to an open connection means.
fn failure(error: &Error) -> Failure {
    match error {
        Error::Io(error) => io_reason(error).into(),
        Error::Http(response) => {
            let header = response.headers().get(header::RETRY_AFTER);
            Failure {
                reason: DropReason::HttpStatus(response.status().as_u16()),
                retry_after: header.and_then(|value| retry_after(value.as_bytes())),
            }
        }
        Error::Protocol(ProtocolError::HandshakeIncomplete) => DropReason::Cut.into(),
        _ => DropReason::NotWebSocket.into(),
    }
}
