//! One open WebSocket over TLS, non-blocking: frames in, texts and pings out.
//!
//! It knows the WebSocket protocol and no venue. How it came to be open is `opening`.

use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;
use rustls::{ClientConnection, StreamOwned};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocket};
use tungstenite::{Bytes, Error, Message, Utf8Bytes, error::ProtocolError};

use super::reason::DropReason;

/// The TCP stream, counting what arrives: any byte is a sign of life, a whole frame is not needed.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) tcp: TcpStream,
    bytes_heard: u64,
}

impl Wire {
    pub(super) const fn new(tcp: TcpStream) -> Self {
        Self { tcp, bytes_heard: 0 }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.tcp.read(buffer)?;
        self.bytes_heard += count as u64;
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.tcp.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// TLS over the wire.
pub(super) type Tls = StreamOwned<ClientConnection, Wire>;

/// What one read brought.
#[derive(Debug)]
pub(super) enum Got {
    /// Nothing more stands in the socket.
    Nothing,
    /// A whole text message, as tungstenite holds it: no copy of ours.
    Text(Utf8Bytes),
    /// A ping, answered.
    Ping,
    /// A pong.
    Pong,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Socket {
    web: WebSocket<Tls>,
    /// All that was received has been read: only new bytes can bring more.
    drained: bool,
    /// Something of ours did not fit the socket's buffer.
    unflushed: bool,
}

impl Socket {
    pub(super) const fn new(web: WebSocket<Tls>) -> Self {
        Self { web, drained: false, unflushed: false }
    }

    /// Bytes received so far, encrypted and with every frame's overhead.
    pub(super) fn bytes_heard(&self) -> u64 {
        self.web.get_ref().sock.bytes_heard
    }

    /// The next message, if it is there whole.
    pub(super) fn read(&mut self) -> Result<Got, DropReason> {
        if self.unflushed {
            self.flush()?;
        }
        if self.drained && !self.fill()? {
            return Ok(Got::Nothing);
        }
        self.drained = false;
        match self.web.read() {
            Ok(Message::Text(text)) => Ok(Got::Text(text)),
            Ok(Message::Ping(_)) => {
                // tungstenite has queued the pong.
                self.flush()?;
                Ok(Got::Ping)
            }
            Ok(Message::Pong(_)) => Ok(Got::Pong),
            Ok(Message::Binary(_)) => Err(DropReason::Binary),
            Ok(Message::Close(frame)) => {
                // The answer to the close frame is a courtesy.
                self.web.flush().ok();
                Err(DropReason::Closed(frame.map_or(1005, |frame| frame.code.into())))
            }
            Ok(Message::Frame(_)) => unreachable!("tungstenite reads no raw frames"),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                self.drained = true;
                Ok(Got::Nothing)
            }
            Err(error) => Err(reason(&error)),
        }
    }

    /// Takes bytes from the wire; false if there are none.
    ///
    /// tungstenite clears its buffer before each attempt to read. That is too dear for a caller who
    /// polls, so an attempt is made only when there are bytes.
    fn fill(&mut self) -> Result<bool, DropReason> {
        let tls = self.web.get_mut();
        if tls.conn.wants_write() {
            return Ok(true);
        }
        match tls.conn.read_tls(&mut tls.sock) {
            // Also the end of the stream, which `WebSocket::read` then names.
            Ok(_) => {
                tls.conn.process_new_packets().map_err(|error| tls_reason(&error))?;
                Ok(true)
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                Ok(false)
            }
            Err(error) => Err(io_reason(&error)),
        }
    }

    /// Sends a text.
    pub(super) fn send(&mut self, text: Utf8Bytes) -> Result<(), DropReason> {
        self.write(Message::Text(text))
    }

    /// Sends an empty ping.
    pub(super) fn ping(&mut self) -> Result<(), DropReason> {
        self.write(Message::Ping(Bytes::new()))
    }

    /// Says good-bye, if the socket takes it at once.
    pub(super) fn close(&mut self) {
        let frame = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
        self.web.close(Some(frame)).ok();
    }

    fn write(&mut self, message: Message) -> Result<(), DropReason> {
        match self.web.write(message) {
            Ok(()) => self.flush(),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                self.unflushed = true;
                Ok(())
            }
            Err(error) => Err(reason(&error)),
        }
    }

    fn flush(&mut self) -> Result<(), DropReason> {
        match self.web.flush() {
            Ok(()) => {
                self.unflushed = false;
                Ok(())
            }
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                self.unflushed = true;
                Ok(())
            }
            Err(error) => Err(reason(&error)),
        }
    }
}

/// What an error on an open connection means.
fn reason(error: &Error) -> DropReason {
    match error {
        Error::Io(error) => io_reason(error),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | Error::ConnectionClosed
        | Error::AlreadyClosed => DropReason::Cut,
        Error::Capacity(_) => DropReason::Oversized,
        Error::Utf8(_) => DropReason::NotUtf8,
        _ => DropReason::Protocol,
    }
}

/// What an I/O error under TLS means; rustls hides its own errors in them.
pub(super) fn io_reason(error: &io::Error) -> DropReason {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    inner.map_or(DropReason::Cut, tls_reason)
}

fn tls_reason(error: &rustls::Error) -> DropReason {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            DropReason::Certificate
        }
        _ => DropReason::Tls,
    }
}
