//! A lane to the server behind: one whole request at a time, one whole answer back.
//!
//! The lanes are opened once and kept, so the server has as many threads as there are lanes and
//! never hears of a connection from outside.

use mio::net::UnixStream;
use std::io::{self, Read as _, Write as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::SocketAddr;

/// The longest answer.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// One lane.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) stream: UnixStream,
    /// Whose request is on it.
    pub(super) caller: Option<usize>,
    out: Vec<u8>,
    sent: usize,
    answer: Vec<u8>,
}

impl Lane {
    /// Opens a lane to the server of that name.
    pub(super) fn open(name: &str) -> io::Result<Self> {
        let address = SocketAddr::from_abstract_name(name)?;
        let stream = std::os::unix::net::UnixStream::connect_addr(&address)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: UnixStream::from_std(stream),
            caller: None,
            out: Vec::new(),
            sent: 0,
            answer: Vec::new(),
        })
    }

    /// Sends a request for that caller.
    pub(super) fn take(&mut self, caller: usize, request: Vec<u8>) {
        (self.caller, self.out, self.sent) = (Some(caller), request, 0);
        self.answer.clear();
    }

    /// Goes on as far as it can; the answer once it is whole.
    pub(super) fn advance(&mut self) -> io::Result<Option<Vec<u8>>> {
        while self.sent < self.out.len() {
            match self.stream.write(&self.out[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let mut piece = [0; 16 << 10];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.answer.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.answer.len() > ANSWER_BYTES_MAX {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        match whole(&self.answer)? {
            Some(bytes) if self.answer.len() >= bytes => {
                self.caller = None;
                self.out.clear();
                Ok(Some(std::mem::take(&mut self.answer)))
            }
            _ => Ok(None),
        }
    }
}

/// How long an answer is; nothing while its head is not whole.
fn whole(bytes: &[u8]) -> io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Response::new(&mut headers);
    let wrong = |_| io::Error::from(io::ErrorKind::InvalidData);
    let httparse::Status::Complete(head) = parsed.parse(bytes).map_err(wrong)? else {
        return Ok(None);
    };
    let length = parsed.headers.iter().find(|it| it.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|it| std::str::from_utf8(it.value).ok()?.parse().ok());
    Ok(Some(head + length.unwrap_or(0)))
}

/// The answer with word that the connection ends behind it.
pub(super) fn closing(mut answer: Vec<u8>) -> Vec<u8> {
    if let Some(at) = answer.windows(2).position(|pair| pair == b"\r\n") {
        answer.splice(at + 2..at + 2, *b"Connection: close\r\n");
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_long_as_it_says() {
        let check = |text: &str, expected| assert_eq!(whole(text.as_bytes()).unwrap(), expected);
        check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", Some(41));
        check("HTTP/1.1 204 No Content\r\n\r\n", Some(27));
        check("HTTP/1.1 200 OK\r\nContent-Le", None);
        assert!(whole(b"nonsense").is_err());
        let closed = closing(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nx".to_vec());
        assert_eq!(closed, b"HTTP/1.1 200 OK\r\nConnection: close\r\nA: b\r\n\r\nx");
    }
}
