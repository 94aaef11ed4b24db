//! The venue's side of the loopback: it accepts, speaks TLS and WebSocket where it should, and
//! measures from its own send to the first order that comes back.

use super::wire_link::{END, Lines, Pipe};
use crate::threads::timeline::wall;
use crate::types::{Symbol, Venue};
use crate::venue::session::config::{Endpoint, Roots, SessionConfig};
use crate::venue::session::facts::Content;
use crate::venue::session::{Session, Turn};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

type ServerTls = StreamOwned<ServerConnection, TcpStream>;

/// How long a handshake on loopback may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Where the venue's market data go.
pub(super) enum Out {
    /// The pipe that orders come by.
    Lines,
    /// A WebSocket of its own.
    Web(Box<WebSocket<ServerTls>>),
}

/// The venue's end.
pub(super) struct Far {
    pub(super) out: Out,
    pub(super) orders: Lines,
}

/// The engine's end.
pub(super) struct Near {
    /// The product's session, where market data come by one.
    pub(super) session: Option<Session>,
    pub(super) orders: Box<dyn Pipe>,
}

/// Both ends of one TCP connection on loopback, in non-blocking mode.
fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let near = TcpStream::connect(listener.local_addr()?)?;
    let (far, _) = listener.accept()?;
    for end in [&near, &far] {
        end.set_nodelay(true)?;
    }
    Ok((near, far))
}

/// Both ends over plain TCP.
pub(super) fn plain() -> io::Result<(Near, Far)> {
    let (near, far) = pair()?;
    near.set_nonblocking(true)?;
    far.set_nonblocking(true)?;
    let near = Near { session: None, orders: Box::new(near) };
    Ok((near, Far { out: Out::Lines, orders: Lines::new(Box::new(far)) }))
}

/// Whose certificate the venue shows, made anew for each run.
struct Shown {
    certificate: CertificateDer<'static>,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

fn shown() -> io::Result<Shown> {
    let names = ["localhost", "127.0.0.1"].map(str::to_string);
    let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .map_err(io::Error::other)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).map_err(io::Error::other)?;
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Shown { certificate, server: Arc::new(server), client: Arc::new(client) })
}

/// Both ends over TLS: market data by a WebSocket and the product's session, orders by a connection
/// of their own.
pub(super) fn tls(symbol: Symbol) -> io::Result<(Near, Far)> {
    let shown = shown()?;
    let (near, far) = pair()?;
    let server = Arc::clone(&shown.server);
    let orders = thread::spawn(move || accept(far, server));
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let client =
        ClientConnection::new(Arc::clone(&shown.client), name).map_err(io::Error::other)?;
    let mut near = StreamOwned::new(client, near);
    near.conn.complete_io(&mut near.sock)?;
    let far = joined(orders)?;
    near.sock.set_nonblocking(true)?;
    far.sock.set_nonblocking(true)?;
    let (session, web) = feed(&shown, symbol)?;
    let near = Near { session: Some(session), orders: Box::new(near) };
    Ok((near, Far { out: Out::Web(Box::new(web)), orders: Lines::new(Box::new(far)) }))
}

fn accept(tcp: TcpStream, config: Arc<ServerConfig>) -> io::Result<ServerTls> {
    let mut tls = StreamOwned::new(ServerConnection::new(config).map_err(io::Error::other)?, tcp);
    tls.conn.complete_io(&mut tls.sock)?;
    Ok(tls)
}

fn joined<T>(thread: thread::JoinHandle<io::Result<T>>) -> io::Result<T> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the venue's end has failed")))
}

/// The product's session, connected and subscribed, and the venue's end of it.
fn feed(shown: &Shown, symbol: Symbol) -> io::Result<(Session, WebSocket<ServerTls>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let config = Arc::clone(&shown.server);
    let web = thread::spawn(move || {
        let (tcp, _) = listener.accept()?;
        tcp.set_nodelay(true)?;
        let mut web = tungstenite::accept(accept(tcp, config)?).map_err(io::Error::other)?;
        // The books of every product, and the list of products.
        for _ in 0..2 {
            web.read().map_err(io::Error::other)?;
        }
        let named = r#"{"name":"level2_batch","product_ids":["BTC-USD"]}"#;
        let answer = format!(r#"{{"type":"subscriptions","channels":[{named}]}}"#);
        web.send(Message::text(answer)).map_err(io::Error::other)?;
        Ok(web)
    });
    let mut config = SessionConfig::public(Venue::CoinbaseExchange, vec![symbol], 0, Content::All);
    config.feed = Some(Endpoint { host: "127.0.0.1".into(), port });
    config.roots = Roots::Only(vec![shown.certificate.clone()]);
    let mut session = Session::new(config, 1).map_err(io::Error::other)?;
    let begun = Instant::now();
    loop {
        match session.turn(wall()) {
            Turn::Up => break,
            Turn::Idle => session.wait(Duration::from_millis(5)),
            Turn::Frame(_) | Turn::Rest { .. } => {}
            Turn::Down(reason) | Turn::Stopped(reason) => {
                return Err(io::Error::other(reason.to_string()));
            }
        }
        if begun.elapsed() > WITHIN {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    // The second text leaves with a later turn.
    while !web.is_finished() && begun.elapsed() < WITHIN {
        if let Turn::Down(reason) | Turn::Stopped(reason) = session.turn(wall()) {
            return Err(io::Error::other(reason.to_string()));
        }
        session.wait(Duration::from_millis(1));
    }
    Ok((session, joined(web)?))
}

impl Far {
    /// Sends a message of the market.
    pub(super) fn send(&mut self, text: &[u8]) -> io::Result<()> {
        match &mut self.out {
            Out::Lines => {
                let mut whole = Vec::with_capacity(text.len() + 1);
                whole.extend_from_slice(text);
                whole.push(END);
                self.orders.send_whole(&whole)
            }
            Out::Web(web) => {
                let text = String::from_utf8_lossy(text).into_owned();
                web.send(Message::text(text)).map_err(io::Error::other)
            }
        }
    }
}
