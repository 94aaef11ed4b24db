//! An engine with its ports, and plain callers: requests written byte by byte, WebSocket clients,
//! and what comes back.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::engine_rig::{Home, Running, log_lines};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

/// The token of every engine here.
pub(crate) const TOKEN: &str = "a-token-of-tests-0123456789";

/// An engine with ports that the system has chosen.
pub(crate) struct Served {
    pub(crate) engine: Running,
    pub(crate) api: SocketAddr,
    pub(crate) socket: SocketAddr,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The data of the envelope.
    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        let json = self.json();
        assert_eq!(json["success"], true, "{json}");
        assert!(json["timestamp"].as_i64().unwrap() > 1_700_000_000_000_000_000, "{json}");
        json["data"].clone()
    }

    /// A field of the head.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut fields = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        fields.next().map(|(_, value)| value)
    }
}

impl Served {
    /// Starts an engine with those words beside the ports.
    pub(crate) fn start(home: &Home, line: &str) -> Self {
        Self::start_in(home, line, &[])
    }

    /// The same in that environment.
    pub(crate) fn start_in(home: &Home, line: &str, environment: &[(&str, &str)]) -> Self {
        let engine = home.start_in(&format!("{line} --api-port 0 --ws-port 0"), environment);
        let begun = Instant::now();
        loop {
            if let Some(line) = log_lines(&engine.err(), "web").first() {
                let place = |name: &str| line[name].as_str().unwrap().parse().unwrap();
                return Self { api: place("api"), socket: place("websocket"), engine };
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "no ports: {}", engine.err());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The same with a token; its file is `token` in the folder.
    pub(crate) fn commanded(home: &Home, line: &str) -> Self {
        write_token(home, "token", TOKEN);
        Self::start(home, &format!("{line} --token-file token"))
    }

    /// Writes bytes and reads until the other side ends.
    pub(crate) fn raw(at: SocketAddr, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The other side may have answered and gone before it was sent all.
        stream.write_all(bytes).ok();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).ok();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// One request with those fields.
    pub(crate) fn ask(&self, line: &str, fields: &[&str], body: &str) -> Answer {
        let mut text = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for field in fields {
            text.extend([*field, "\r\n"]);
        }
        if !body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        text.extend(["\r\n", body]);
        answer(&Self::raw(self.api, text.as_bytes()))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[], "")
    }

    /// A command with the token.
    pub(crate) fn command(&self, name: &str, body: &str) -> Answer {
        let token = format!("Authorization: Bearer {TOKEN}");
        let fields = [token.as_str(), "Content-Type: application/json"];
        self.ask(&format!("POST /api/{name}"), &fields, body)
    }

    /// Waits until a page says so; what it says then.
    pub(crate) fn wait(&self, path: &str, fits: impl Fn(&Answer) -> bool) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.get(path);
            if fits(&answer) {
                return answer;
            }
            let waited = begun.elapsed() < Duration::from_secs(30);
            assert!(waited, "{path} never said so: {answer:?} {}", self.engine.err());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A WebSocket client.
    pub(crate) fn client(&self) -> WebSocket<TcpStream> {
        let stream = TcpStream::connect(self.socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        tungstenite::client(format!("ws://{}/", self.socket), stream).unwrap().0
    }
}

/// The next text of a client, as JSON.
pub(crate) fn hear(client: &mut WebSocket<TcpStream>) -> Value {
    loop {
        if let Message::Text(text) = client.read().unwrap() {
            return serde_json::from_str(text.as_str()).unwrap();
        }
    }
}

/// Sends a text.
pub(crate) fn say(client: &mut WebSocket<TcpStream>, text: &str) {
    client.send(Message::Text(text.into())).unwrap();
}

/// The parts of an answer.
pub(crate) fn answer(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// A file with a token that only its owner can read.
pub(crate) fn write_token(home: &Home, name: &str, token: &str) {
    let path = home.path(name);
    std::fs::write(&path, token).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
