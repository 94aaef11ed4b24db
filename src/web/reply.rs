//! What is answered: a status, a content type, a body; and every refusal with its stable name.
//!
//! How the bytes reach the caller is not known here.

use serde_json::json;
use std::fmt::Write as _;

/// Stands on every answer: nothing is kept, framed, guessed at or told to others.
pub const SECURITY_HEADERS: [(&str, &str); 6] = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
         img-src data:; connect-src 'self' http: ws:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
];

/// Why a request is not answered as it would like; the names are stable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It is no request, or contradicts itself.
    BadRequest,
    /// The body is no JSON, or says what cannot be.
    BadBody,
    /// A query or part of the path says what cannot be.
    BadParameter,
    /// The token is wrong or absent.
    Unauthorized,
    /// No token is configured: nobody may command.
    CommandsOff,
    /// The page that asks is not one of ours.
    Origin,
    /// There is nothing of that name.
    NotFound,
    /// It is there, but not for that method.
    Method,
    /// The request did not come in time.
    Timeout,
    /// What is asked cannot be done as things are.
    Conflict,
    /// A body without a length.
    LengthRequired,
    /// The body is too long.
    BodyTooLarge,
    /// The path is too long.
    TargetTooLong,
    /// The body is of another type than JSON.
    MediaType,
    /// Another protocol is spoken here.
    UpgradeRequired,
    /// Too many wrong tokens.
    TooMany,
    /// The head is too long, or has too many fields.
    HeadTooLarge,
    /// The engine is starting, or too much is asked at once.
    Busy,
    /// The core did not answer in time: whether it was done is not known.
    NoAnswer,
}

impl Refusal {
    /// The status, the stable name, and a sentence.
    #[must_use]
    pub const fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadRequest => (400, "BAD_REQUEST", "this is no request"),
            Self::BadBody => (400, "BAD_BODY", "the body is not what is expected"),
            Self::BadParameter => (400, "BAD_PARAMETER", "a parameter is out of its range"),
            Self::Unauthorized => {
                (401, "UNAUTHORIZED", "a command needs `Authorization: Bearer` and the token")
            }
            Self::CommandsOff => {
                (403, "COMMANDS_OFF", "no token is configured: start with --token-file")
            }
            Self::Origin => (403, "FORBIDDEN_ORIGIN", "pages of this origin may not ask"),
            Self::NotFound => (404, "NOT_FOUND", "there is nothing here"),
            Self::Method => (405, "METHOD_NOT_ALLOWED", "not with this method"),
            Self::Timeout => (408, "REQUEST_TIMEOUT", "the request did not come in time"),
            Self::Conflict => (409, "CONFLICT", "this cannot be done as things are"),
            Self::LengthRequired => (411, "LENGTH_REQUIRED", "a body needs a Content-Length"),
            Self::BodyTooLarge => (413, "BODY_TOO_LARGE", "the body is longer than is taken"),
            Self::TargetTooLong => (414, "TARGET_TOO_LONG", "the path is longer than is taken"),
            Self::MediaType => (415, "UNSUPPORTED_MEDIA_TYPE", "a body is application/json"),
            Self::UpgradeRequired => (426, "UPGRADE_REQUIRED", "this port speaks WebSocket"),
            Self::TooMany => (429, "TOO_MANY_REQUESTS", "too many wrong tokens: wait a minute"),
            Self::HeadTooLarge => (431, "HEAD_TOO_LARGE", "the head is longer than is taken"),
            Self::Busy => (503, "BUSY", "not now: starting, or too much is asked at once"),
            Self::NoAnswer => (504, "NO_ANSWER", "no answer in time: whether it was done is open"),
        }
    }

    /// As an answer, with what is the matter in particular.
    #[must_use]
    pub fn reply(self, detail: Option<&str>, now_ns: i64) -> Reply {
        let (status, code, sentence) = self.parts();
        let error = detail.unwrap_or(sentence);
        let body = json!({ "success": false, "error": error, "code": code, "timestamp": now_ns });
        Reply {
            status,
            content_type: Reply::JSON,
            body: body.to_string().into_bytes(),
            allow: None,
        }
    }
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// With a 405: the methods that there are.
    pub allow: Option<String>,
}

impl Reply {
    /// A JSON body.
    pub const JSON: &'static str = "application/json";

    /// An answer that holds that JSON text.
    #[must_use]
    pub const fn json(status: u16, body: String) -> Self {
        Self { status, content_type: Self::JSON, body: body.into_bytes(), allow: None }
    }

    /// The whole answer as it goes over the wire, for a connection that ends with it.
    #[must_use]
    pub fn closing(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in SECURITY_HEADERS {
            write!(head, "{name}: {value}\r\n").expect("a string takes all");
        }
        if let Some(allow) = &self.allow {
            write!(head, "Allow: {allow}\r\n").expect("a string takes all");
        }
        let (kind, length) = (self.content_type, self.body.len());
        write!(
            head,
            "Content-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
        .expect("a string takes all");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// The words behind a status.
const fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        403 => "Forbidden",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        414 => "URI Too Long",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Refused",
    }
}
