//! A request as it comes from a stranger: read within bounds, or refused by name.
//!
//! It knows no path and no token. What it lets through is whole, capped and plain, so that whoever
//! answers needs no bounds of its own.

use super::reply::Refusal;

/// The longest head of a request.
pub const HEAD_BYTES_MAX: usize = 8 << 10;
/// The longest body.
pub const BODY_BYTES_MAX: usize = 16 << 10;
/// The longest path, its query included.
const TARGET_BYTES_MAX: usize = 1 << 10;
const HEADERS_MAX: usize = 48;

/// What may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// To read.
    Get,
    /// A command.
    Post,
    /// A change of limits.
    Patch,
    /// A browser asks whether it may ask.
    Options,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Get, Self::Post, Self::Patch, Self::Options];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Options => "OPTIONS",
        }
    }

    /// The verb of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == name)
    }
}

/// What is needed of a head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// What is asked.
    pub verb: Verb,
    /// The path and the query, as they were written.
    pub target: String,
    /// Our own name, as the caller knows it.
    pub host: String,
    /// The page that asks, where a browser says so.
    pub origin: Option<String>,
    authorization: Option<String>,
    content_type: Option<String>,
    /// Where the caller wants another protocol: its key.
    pub upgrade: Option<String>,
    /// Bytes of the head.
    pub head_bytes: usize,
    /// Bytes of the body.
    pub body_bytes: usize,
    /// The caller waits for a word before it sends the body.
    pub expects: bool,
    /// The connection goes on behind the answer.
    pub keeps: bool,
}

/// Reads a head; nothing while it is not whole.
///
/// # Errors
/// It can never become a request that is answered.
pub fn head(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(&bytes[..bytes.len().min(HEAD_BYTES_MAX)]);
    let head_bytes = match status {
        Ok(httparse::Status::Complete(count)) => count,
        Ok(httparse::Status::Partial) if bytes.len() >= HEAD_BYTES_MAX => {
            return Err(Refusal::HeadTooLarge);
        }
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
        Err(_) => return Err(Refusal::BadRequest),
    };
    let name = parsed.method.ok_or(Refusal::BadRequest)?;
    let verb = Verb::of(name).ok_or(Refusal::Method)?;
    let target = parsed.path.ok_or(Refusal::BadRequest)?;
    if target.len() > TARGET_BYTES_MAX {
        return Err(Refusal::TargetTooLong);
    }
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refusal::BadRequest);
    }
    let fields = Fields::of(parsed.headers)?;
    let is_new = parsed.version == Some(1);
    let host = match fields.host {
        Some(host) => host,
        None if is_new => return Err(Refusal::BadRequest),
        None => String::new(),
    };
    let body_bytes = fields.length.unwrap_or(0);
    if body_bytes > BODY_BYTES_MAX {
        return Err(Refusal::BodyTooLarge);
    }
    Ok(Some(Head {
        verb,
        target: target.to_owned(),
        host,
        origin: fields.origin,
        authorization: fields.authorization,
        content_type: fields.content_type,
        upgrade: fields.key.filter(|_| fields.is_websocket),
        head_bytes,
        body_bytes,
        expects: fields.expects,
        keeps: if is_new { !fields.closes } else { fields.keeps },
    }))
}

/// The fields that count.
#[derive(Default)]
struct Fields {
    host: Option<String>,
    origin: Option<String>,
    authorization: Option<String>,
    content_type: Option<String>,
    key: Option<String>,
    is_websocket: bool,
    length: Option<usize>,
    expects: bool,
    closes: bool,
    keeps: bool,
}

impl Fields {
    fn of(headers: &[httparse::Header<'_>]) -> Result<Self, Refusal> {
        let mut fields = Self::default();
        let mut is_version = false;
        let mut wants_upgrade = false;
        for header in headers {
            let printable = |byte: &u8| (0x20..0x7f).contains(byte) || *byte == b'\t';
            if !header.value.iter().all(printable) {
                return Err(Refusal::BadRequest);
            }
            let value = std::str::from_utf8(header.value).map_err(|_| Refusal::BadRequest)?.trim();
            let has =
                |word: &str| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(word));
            let name = header.name.to_ascii_lowercase();
            let text = match name.as_str() {
                "host" => &mut fields.host,
                "origin" => &mut fields.origin,
                "authorization" => &mut fields.authorization,
                "content-type" => &mut fields.content_type,
                "sec-websocket-key" => &mut fields.key,
                "content-length" => {
                    let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
                    if fields.length.is_some() || !is_number {
                        return Err(Refusal::BadRequest);
                    }
                    fields.length = Some(value.parse().unwrap_or(usize::MAX));
                    continue;
                }
                "transfer-encoding" => return Err(Refusal::LengthRequired),
                "expect" if value.eq_ignore_ascii_case("100-continue") => {
                    fields.expects = true;
                    continue;
                }
                "upgrade" => {
                    fields.is_websocket |= has("websocket");
                    continue;
                }
                "sec-websocket-version" => {
                    is_version = value == "13";
                    continue;
                }
                "connection" => {
                    wants_upgrade |= has("upgrade");
                    fields.closes |= has("close");
                    fields.keeps |= has("keep-alive");
                    continue;
                }
                _ => continue,
            };
            if text.replace(value.to_owned()).is_some() {
                return Err(Refusal::BadRequest);
            }
        }
        fields.is_websocket &= is_version && wants_upgrade;
        Ok(fields)
    }
}

impl Head {
    /// Bytes of the whole request.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.head_bytes + self.body_bytes
    }

    /// The request as it is handed on: nothing in it but what is answered to.
    #[must_use]
    pub fn plain(&self, body: &[u8]) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", self.verb.name(), self.target, {
            if self.host.is_empty() { "localhost" } else { &self.host }
        });
        let named = [
            ("Origin", &self.origin),
            ("Authorization", &self.authorization),
            ("Content-Type", &self.content_type),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                text.extend([name, ": ", value, "\r\n"]);
            }
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }
}

/// Whether a page of that origin may ask: a page from disk (`null`), one that we serve ourselves,
/// or one that the config names.
#[must_use]
pub fn may_ask(origin: &str, host: &str, origins: &[String]) -> bool {
    let name = |text: &str| match text.rfind(':') {
        Some(at) if !text[at..].contains(']') => text[..at].to_owned(),
        _ => text.to_owned(),
    };
    let ours = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    origin == "null"
        || origins.iter().any(|known| known == origin)
        || ours.is_some_and(|ours| name(ours).eq_ignore_ascii_case(&name(host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Option<(Verb, &str, usize)>, Refusal>) {
        let got = head(text.replace('\n', "\r\n").as_bytes());
        let got = got.map(|head| head.map(|it| (it.verb, it.target, it.body_bytes)));
        let expected =
            expected.map(|head| head.map(|(verb, target, body)| (verb, target.to_owned(), body)));
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn requests_are_taken_whole_or_refused_by_name() {
        use Refusal as R;
        let get = Ok(Some((Verb::Get, "/a?b=1", 0)));
        check("GET /a?b=1 HTTP/1.1\nHost: x\n\n", get);
        check("GET /a?b=1 HTTP/1.0\n\n", get);
        check("GET /a HTTP/1.1\nHost: x\n", Ok(None));
        check("", Ok(None));
        let post = Ok(Some((Verb::Post, "/", 5)));
        check("POST / HTTP/1.1\nHost: x\nContent-Length: 5\n\n", post);
        check("DELETE / HTTP/1.1\nHost: x\n\n", Err(R::Method));
        check("HEAD / HTTP/1.1\nHost: x\n\n", Err(R::Method));
        for bad in [
            "GET / HTTP/1.1\n\n",
            "GET / HTTP/1.1\nHost: x\nHost: y\n\n",
            "GET http://x/ HTTP/1.1\nHost: x\n\n",
            "POST / HTTP/1.1\nHost: x\nContent-Length: 5\nContent-Length: 5\n\n",
            "POST / HTTP/1.1\nHost: x\nContent-Length: -1\n\n",
            "POST / HTTP/1.1\nHost: x\nContent-Length: +1\n\n",
            "GET /ä HTTP/1.1\nHost: x\n\n",
            "GET / HTTP/1.1\nHost: ä\n\n",
            "\u{16}\u{3}\u{1}\u{2}",
            "GET / HTTP/9.9\n\n",
        ] {
            check(bad, Err(R::BadRequest));
        }
        let large = "POST / HTTP/1.1\nHost: x\nContent-Length: 99999999999999999999999\n\n";
        check(large, Err(R::BodyTooLarge));
        check("POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n", Err(R::LengthRequired));
        let long = format!("GET /{} HTTP/1.1\nHost: x\n\n", "a".repeat(TARGET_BYTES_MAX));
        check(&long, Err(R::TargetTooLong));
        let long = format!("GET / HTTP/1.1\nHost: x\nA: {}", "a".repeat(HEAD_BYTES_MAX));
        check(&long, Err(R::HeadTooLarge));
        let many = format!("GET / HTTP/1.1\nHost: x\n{}\n", "A: b\n".repeat(HEADERS_MAX));
        check(&many, Err(R::HeadTooLarge));
    }

    #[test]
    fn only_what_is_answered_to_is_handed_on() {
        let text = "POST /api/halt HTTP/1.1\r\nHost: x:1\r\nCookie: a\r\n\
                    Authorization: Bearer t\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
        let head = head(text.as_bytes()).unwrap().unwrap();
        assert_eq!((head.keeps, head.bytes()), (false, text.len()));
        let plain = String::from_utf8(head.plain(b"{}")).unwrap();
        let expected = "POST /api/halt HTTP/1.1\r\nHost: x:1\r\nAuthorization: Bearer t\r\n\
                        Content-Length: 2\r\n\r\n{}";
        assert_eq!(plain, expected);
    }

    #[test]
    fn pages_from_disk_and_our_own_may_ask_and_no_others() {
        let known = ["https://desk.example".to_owned()];
        let check = |origin, host, expected| {
            assert_eq!(may_ask(origin, host, &known), expected, "{origin} at {host}");
        };
        check("null", "localhost:8081", true);
        check("http://localhost:8081", "localhost:8080", true);
        check("http://[::1]:8081", "[::1]:8080", true);
        check("http://[::1]", "[::1]:8080", true);
        check("https://desk.example", "pod", true);
        check("http://desk.example", "pod", false);
        check("http://evil.example", "localhost:8081", false);
        check("http://localhost.evil.example", "localhost:8081", false);
        check("file://", "localhost:8081", false);
    }
}
