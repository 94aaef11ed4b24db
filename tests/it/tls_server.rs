//! A TLS WebSocket and HTTPS server of the tests' own on loopback, and a client to turn against it.
//!
//! The server's thread does only the handshakes. An open connection is handed to the test, which
//! then plays both sides in step and so decides byte by byte what the client sees and when.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use pinnaclemm::types::{Nanos, Symbol, Venue};
use pinnaclemm::venue::session::config::{Endpoint, Roots, SessionConfig};
use pinnaclemm::venue::session::facts::Content;
use pinnaclemm::venue::session::reason::DropReason;
use pinnaclemm::venue::session::{Session, Turn};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tungstenite::{Message, WebSocket};

/// How long anything on loopback may take on a loaded machine before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// What a new connection meets.
#[derive(Clone, Debug)]
pub(crate) enum Welcome {
    /// TLS and upgrade, then it is the test's.
    WebSocket,
    /// These bytes instead of TLS.
    RawBytes(Vec<u8>),
    /// TLS, then these bytes whatever is asked.
    TlsBytes(Vec<u8>),
    /// TLS, then the end.
    TlsEnd,
    /// TLS and the request are taken; nothing is said.
    Stall,
    /// TLS and a request, then it is the test's to answer.
    Request,
}

/// A connection in the test's hands.
pub(crate) struct Peer {
    pub(crate) web: WebSocket<Tls>,
}

/// A request in the test's hands.
pub(crate) struct Asked {
    /// Method, path and headers.
    pub(crate) head: String,
    tls: Tls,
}

impl Asked {
    /// Answers and closes.
    pub(crate) fn answer(mut self, status: &str, headers: &str, body: &[u8]) {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
            body.len()
        );
        self.tls.write_all(head.as_bytes()).expect("the client listens");
        self.tls.write_all(body).expect("the client listens");
        self.tls.conn.send_close_notify();
        self.tls.flush().ok();
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) certificate: CertificateDer<'static>,
    peers: Receiver<Peer>,
    requests: Receiver<Asked>,
}

impl Server {
    /// Listens; connections are met by `welcomes` in order, and by a WebSocket after them.
    pub(crate) fn start(welcomes: impl IntoIterator<Item = Welcome>) -> Self {
        Self::start_as(&["localhost", "127.0.0.1"], welcomes)
    }

    /// The same with a certificate for these names.
    pub(crate) fn start_as(names: &[&str], welcomes: impl IntoIterator<Item = Welcome>) -> Self {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("names are valid");
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .expect("the key is the certificate's");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (peer, peers) = unbounded();
        let (request, requests) = unbounded();
        let mut welcomes = welcomes.into_iter().collect::<Vec<_>>().into_iter();
        // The thread stays in `accept` until the test's process ends.
        thread::spawn(move || {
            for tcp in listener.incoming() {
                let Ok(tcp) = tcp else { return };
                let welcome = welcomes.next().unwrap_or(Welcome::WebSocket);
                let (config, peer, request) = (config.clone(), peer.clone(), request.clone());
                // A refused certificate ends the handshake: the client's matter, not the server's.
                thread::spawn(move || meet(tcp, config, welcome, &peer, &request).ok());
            }
        });
        Self { address, certificate, peers, requests }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint { host: "127.0.0.1".into(), port: self.address.port() }
    }

    /// The next open connection.
    pub(crate) fn peer(&self) -> Peer {
        self.peers.recv_timeout(PATIENCE).expect("a client came")
    }

    /// The next request, if one has come.
    pub(crate) fn request(&self) -> Option<Asked> {
        self.requests.try_recv().ok()
    }
}

fn meet(
    mut tcp: TcpStream,
    config: Arc<ServerConfig>,
    welcome: Welcome,
    peers: &Sender<Peer>,
    requests: &Sender<Asked>,
) -> std::io::Result<()> {
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    if let Welcome::RawBytes(bytes) = &welcome {
        tcp.write_all(bytes)?;
        // Read to the end: closing with bytes unread would be a reset, another fault.
        std::io::copy(&mut tcp, &mut std::io::sink())?;
        return Ok(());
    }
    let connection = ServerConnection::new(config).expect("the config is sound");
    let mut tls = StreamOwned::new(connection, tcp);
    if let Welcome::WebSocket = welcome {
        if let Ok(web) = tungstenite::accept(tls) {
            peers.send(Peer { web }).ok();
        }
        return Ok(());
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tls.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    match welcome {
        Welcome::Request => {
            let head = String::from_utf8(head).expect("a request is text");
            requests.send(Asked { head, tls }).ok();
            return Ok(());
        }
        Welcome::TlsBytes(bytes) => tls.write_all(&bytes)?,
        Welcome::TlsEnd => {
            tls.conn.send_close_notify();
            tls.flush()?;
            return Ok(());
        }
        _ => {}
    }
    std::io::copy(&mut tls, &mut std::io::sink())?;
    Ok(())
}

impl Peer {
    /// The next text from the client.
    pub(crate) fn text(&mut self) -> String {
        loop {
            match self.web.read().expect("the client speaks") {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not a text: {other:?}"),
            }
        }
    }

    /// Sends a text as one whole frame.
    pub(crate) fn send(&mut self, text: &str) {
        self.web.send(Message::text(text)).expect("the client listens");
    }

    /// Sends bytes under TLS, whatever they are to WebSocket.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        let tls = self.web.get_mut();
        tls.write_all(bytes).and_then(|()| tls.flush()).expect("the client listens");
    }

    /// What TLS makes of these bytes, for the test to send in pieces.
    pub(crate) fn encrypted(&mut self, bytes: &[u8]) -> Vec<u8> {
        let connection = &mut self.web.get_mut().conn;
        connection.writer().write_all(bytes).expect("the buffer takes a record");
        let mut wire = Vec::new();
        while connection.wants_write() {
            connection.write_tls(&mut wire).expect("a vector takes all");
        }
        wire
    }

    /// Sends bytes under TCP, past TLS.
    pub(crate) fn send_wire(&mut self, bytes: &[u8]) {
        self.web.get_mut().sock.write_all(bytes).expect("the client listens");
    }

    /// Ends the TCP connection without a word.
    pub(crate) fn cut(self) {
        self.web.get_ref().sock.shutdown(std::net::Shutdown::Both).ok();
    }
}

/// A frame as a server writes it: `head` is the first byte, flags and opcode.
pub(crate) fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![head];
    // Network order by hand: the project's lints allow no other than little-endian conversions.
    let (mark, length_bytes) = match payload.len() {
        0..=125 => (None, 1),
        126..=0xffff => (Some(126), 2),
        _ => (Some(127), 8),
    };
    bytes.extend(mark);
    bytes.extend((0..length_bytes).rev().map(|n| (payload.len() >> (8 * n)).to_le_bytes()[0]));
    bytes.extend_from_slice(payload);
    bytes
}

/// A turn's result, owned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    Up,
    Down(DropReason),
    Frame(Vec<u8>),
    Rest(Symbol, Vec<u8>),
    Stopped(DropReason),
}

/// A session, and a clock that a test can put forward.
pub(crate) struct Client {
    pub(crate) session: Session,
    started: Instant,
    skipped: i64,
    /// Whether it waits between turns or polls.
    pub(crate) waits: bool,
}

pub(crate) fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::new(name.as_bytes()).expect("a name")).collect()
}

/// A session of one symbol, whose feed is `server`.
pub(crate) fn config(venue: Venue, server: &Server) -> SessionConfig {
    let (name, depth) = match venue {
        Venue::Kraken => ("BTC/USD", 10),
        Venue::BinanceSpot | Venue::BinanceUsdm => ("BTCUSDT", 1000),
        _ => ("BTC-USD", 0),
    };
    let content = if venue == Venue::BinanceUsdm { Content::Books } else { Content::All };
    let mut config = SessionConfig::public(venue, symbols(&[name]), depth, content);
    config.feed = Some(server.endpoint());
    config.roots = Roots::Only(vec![server.certificate.clone()]);
    config
}

impl Client {
    pub(crate) fn new(config: SessionConfig) -> Self {
        let session = Session::new(config, 7).expect("the config is sound");
        Self { session, started: Instant::now(), skipped: 0, waits: true }
    }

    pub(crate) fn now(&self) -> Nanos {
        let elapsed = i64::try_from(self.started.elapsed().as_nanos()).expect("a short test");
        Nanos(1_000_000_000_000 + elapsed + self.skipped)
    }

    pub(crate) fn skip(&mut self, span: Nanos) {
        self.skipped += span.0;
    }

    /// Puts the clock to when the session has something to do.
    pub(crate) fn skip_to_due(&mut self) {
        let ahead = self.session.next_due().0 - self.now().0;
        self.skipped += ahead.max(0);
    }

    pub(crate) fn turn(&mut self) -> Option<Event> {
        let now = self.now();
        Some(match self.session.turn(now) {
            Turn::Idle => return None,
            Turn::Up => Event::Up,
            Turn::Down(reason) => Event::Down(reason),
            Turn::Frame(bytes) => Event::Frame(bytes.to_vec()),
            Turn::Rest { symbol, body } => Event::Rest(symbol, body.to_vec()),
            Turn::Stopped(reason) => Event::Stopped(reason),
        })
    }

    /// Turns until something comes.
    pub(crate) fn next(&mut self) -> Event {
        self.until("an event", |client| client.turn())
    }

    /// Turns until `found` finds something.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut found: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        let patience = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = found(self) {
                return found;
            }
            assert!(Instant::now() < patience, "{what} never came: {:?}", self.session.counters());
            if self.waits {
                self.session.wait(Duration::from_millis(5));
            }
        }
    }

    /// Turns `count` times and demands that nothing comes.
    pub(crate) fn quiet(&mut self, count: usize) {
        for _ in 0..count {
            assert_eq!(self.turn(), None);
        }
    }

    /// Comes up and hands over the server's end.
    pub(crate) fn come_up(&mut self, server: &Server) -> Peer {
        assert_eq!(self.next(), Event::Up);
        server.peer()
    }

    /// Comes up, answers every subscribe of Kraken's one symbol, and takes the answers.
    pub(crate) fn come_up_subscribed(&mut self, server: &Server) -> Peer {
        let mut peer = self.come_up(server);
        // The first went with the turn that opened the connection.
        let before = self.session.counters().texts_sent;
        self.until("two more subscribes", |client| {
            assert_eq!(client.turn(), None);
            (client.session.counters().texts_sent == before + 2).then_some(())
        });
        for channel in ["book", "ticker", "trade"] {
            let text = peer.text();
            assert!(text.contains(&format!(r#""channel":"{channel}""#)), "{text}");
            let answer = kraken_answer(channel, true);
            peer.send(&answer);
            assert_eq!(self.next(), Event::Frame(answer.into_bytes()));
        }
        assert!(self.session.is_subscribed());
        peer
    }
}

pub(crate) fn kraken_answer(channel: &str, success: bool) -> String {
    let result = format!(r#"{{"channel":"{channel}","symbol":"BTC/USD"}}"#);
    format!(r#"{{"method":"subscribe","result":{result},"success":{success}}}"#)
}
