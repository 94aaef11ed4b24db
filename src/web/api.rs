//! The server: `tiny_http` behind the front, and what each request is answered.
//!
//! It hears whole requests only, from the front's lanes, on a socket without a name in the file
//! system. A command may take seconds, so it has a thread for its time; everything else is answered
//! at once.

use super::Params;
use super::commands::{self, Act, NotDone};
use super::desk::Desk;
use super::pages::{envelope, guards};
use super::reply::{Refusal, Reply, SECURITY_HEADERS};
use super::request::{BODY_BYTES_MAX, Verb, may_ask};
use super::routes;
use super::shared::Shared;
use super::source::{Progress, Source};
use super::token::Guard;
use crate::alerts::AckFault;
use crate::logs::Log;
use crossbeam_channel::Receiver;
use std::io::{self, Read as _};
use std::mem::ManuallyDrop;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tiny_http::{Header, Request, Response, Server, StatusCode};

/// Commands that are carried out at a time: lanes are left for those who only look.
const COMMANDS_MAX: usize = 2;
/// Said while nobody takes commands.
const NOBODY_YET: &str = "not now: no run is there that takes commands";
/// Requests that are answered in a turn.
const REQUESTS_MAX: usize = 64;

/// What the server is made of.
#[derive(Debug)]
pub struct Parts {
    /// How far the start has come.
    pub progress: Progress,
    /// Where the run comes from once it goes.
    pub runs: Receiver<Box<dyn Source>>,
    /// What the front has as well.
    pub shared: Arc<Shared>,
    /// Where the WebSocket is.
    pub websocket_port: u16,
    /// The log.
    pub log: Log,
}

/// The server.
pub struct Api {
    /// Never dropped: it would look for a file of its socket's name. It ends with the process.
    server: ManuallyDrop<Server>,
    desk: Desk,
    guard: Guard,
    under_way: Arc<AtomicUsize>,
    origins: Vec<String>,
    log: Log,
    /// A request that has ended a wait.
    next: Option<Request>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("desk", &self.desk).finish_non_exhaustive()
    }
}

impl Api {
    /// A server, and the name under which the front finds it.
    ///
    /// # Errors
    /// The system gives no socket.
    pub fn new(params: &Params, parts: Parts) -> io::Result<(Self, String)> {
        static SERVERS: AtomicU64 = AtomicU64::new(0);
        let number = SERVERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("pinnaclemm-web-{}-{number}", std::process::id());
        let guard = Guard::new(params.token.clone());
        let address = SocketAddr::from_abstract_name(&name)?;
        let listener = UnixListener::bind_addr(&address)?;
        let server = Server::from_listener(listener, None).map_err(io::Error::other)?;
        let log = parts.log.clone();
        let api = Self {
            server: ManuallyDrop::new(server),
            desk: Desk::new(parts),
            guard,
            under_way: Arc::default(),
            origins: params.origins.clone(),
            log,
            next: None,
        };
        Ok((api, name))
    }

    /// One turn, without waiting: looks at the run if it is time, and answers what was asked.
    pub fn turn(&mut self) -> usize {
        let mut work = self.desk.turn();
        for _ in 0..REQUESTS_MAX {
            let waited = self.next.take();
            // An error would be the accept loop's end, which the front sees as a lane that is lost.
            let next = waited.or_else(|| self.server.try_recv().ok().flatten());
            let Some(request) = next else { break };
            self.serve(request);
            work += 1;
        }
        work
    }

    /// Waits for the next request, for so long at most.
    pub fn wait(&mut self, most: Duration) {
        self.next = self.server.recv_timeout(most).ok().flatten();
    }

    fn serve(&mut self, mut request: Request) {
        let field = |name: &'static str| {
            let found = request.headers().iter().find(|header| header.field.equiv(name));
            found.map(|header| header.value.as_str().to_owned())
        };
        let (origin, host) = (field("Origin"), field("Host").unwrap_or_default());
        let (authorization, kind) = (field("Authorization"), field("Content-Type"));
        let verb = Verb::of(request.method().as_str());
        let target = request.url().to_owned();
        let path = target.split('?').next().unwrap_or_default();
        let is_ours = origin.as_deref().is_none_or(|origin| may_ask(origin, &host, &self.origins));
        let origin = origin.filter(|_| is_ours);
        let act = Act::at(path);
        let alert = routes::fits(routes::ACKNOWLEDGE, path).map(|parts| parts[0].to_owned());
        let is_read = act == Some(Act::Limits);
        let is_command = (act.is_some() && !is_read) || alert.is_some();
        let result = match (verb, act) {
            _ if !is_ours => Err(Refusal::Origin),
            (None, _) => Err(Refusal::Method),
            (Some(Verb::Options), _) => return respond(request, preflight(), origin.as_deref()),
            (Some(verb), Some(act)) if verb == act.verb() => {
                match self.allowed(authorization.as_deref(), kind.as_deref()) {
                    Ok(()) => return self.command(act, request, origin),
                    Err(refusal) => Err(refusal),
                }
            }
            (Some(Verb::Post), None) if alert.is_some() => {
                self.acknowledge(authorization.as_deref(), alert.as_deref().unwrap_or_default())
            }
            (Some(_), _) if is_command => Err(Refusal::Method),
            (Some(verb), _) => routes::read(&self.desk, verb, &target),
        };
        // What was sent and is not wanted must not stand before the next request.
        io::copy(&mut request.as_reader().take(BODY_BYTES_MAX as u64), &mut io::sink()).ok();
        let reply = result.unwrap_or_else(|refusal| {
            let mut reply = refusal.reply(None, super::wall().0);
            if refusal == Refusal::Method {
                let allow = match (is_command, is_read) {
                    (true, _) => "POST, OPTIONS",
                    (false, true) => "GET, PATCH, OPTIONS",
                    (false, false) => "GET, OPTIONS",
                };
                reply.allow = Some(allow.to_owned());
            }
            reply
        });
        respond(request, reply, origin.as_deref());
    }

    /// Whether a command may be given.
    fn allowed(&mut self, authorization: Option<&str>, kind: Option<&str>) -> Result<(), Refusal> {
        self.guard.check(authorization, Instant::now())?;
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        if kind.is_none_or(|kind| !kind.eq_ignore_ascii_case(Reply::JSON)) {
            return Err(Refusal::MediaType);
        }
        Ok(())
    }

    /// An operator has seen that alert.
    fn acknowledge(&mut self, authorization: Option<&str>, id: &str) -> Result<Reply, Refusal> {
        self.guard.check(authorization, Instant::now())?;
        let now = super::wall();
        let book = self.desk.source.as_ref().and_then(|source| source.alerts());
        let book = book.ok_or(Refusal::Busy)?;
        let id = id.parse().map_err(|_| Refusal::NotFound)?;
        Ok(match book.acknowledge(id, now) {
            Ok(alert) => {
                self.log.info("alert_acknowledged", vec![("id", id.into())]);
                Reply::json(200, envelope(&guards::alert(&alert), now.0))
            }
            Err(fault @ AckFault::Unknown(_)) => {
                Refusal::NotFound.reply(Some(&fault.to_string()), now.0)
            }
            Err(fault @ AckFault::Already(_)) => {
                Refusal::Conflict.reply(Some(&fault.to_string()), now.0)
            }
        })
    }

    /// Carries a command out, on a thread for its time.
    fn command(&self, act: Act, mut request: Request, origin: Option<String>) {
        let mut body = Vec::new();
        let read = request.as_reader().take(BODY_BYTES_MAX as u64).read_to_end(&mut body);
        let now = super::wall().0;
        let commander = self.desk.source.as_ref().and_then(|source| source.commander());
        let order = match (read, act, &commander) {
            (Err(error), ..) => Err(NotDone::Wrong(error.to_string())),
            (Ok(_), Act::Limits, None) => Err(NotDone::Busy(NOBODY_YET.to_owned())),
            (Ok(_), Act::Limits, Some(commander)) => commander.read_limits(&body),
            (Ok(_), act, _) => commands::order(act, &body).map_err(NotDone::Wrong),
        };
        let busy = || NotDone::Busy(NOBODY_YET.to_owned());
        let ready = order.and_then(|order| Ok((order, commander.ok_or_else(busy)?)));
        let (order, commander) = match ready {
            Ok(ready) => ready,
            Err(fault) => return respond(request, fault.reply(now), origin.as_deref()),
        };
        if self.under_way.fetch_add(1, Ordering::AcqRel) >= COMMANDS_MAX {
            self.under_way.fetch_sub(1, Ordering::AcqRel);
            return respond(request, Refusal::Busy.reply(None, now), origin.as_deref());
        }
        let (under_way, log) = (Arc::clone(&self.under_way), self.log.clone());
        let carry = move || {
            let result = commander.command(&order);
            let reply = commands::reply(&order, result, super::wall().0);
            let fields = vec![
                ("command", order.act.name().into()),
                ("who", order.who.as_str().into()),
                ("why", order.why.as_str().into()),
                ("status", reply.status.into()),
            ];
            log.warn("operator_command", fields);
            under_way.fetch_sub(1, Ordering::AcqRel);
            respond(request, reply, origin.as_deref());
        };
        // Without a thread the request is dropped with its answer: the front says that it is busy.
        if std::thread::Builder::new().name("command".into()).spawn(carry).is_err() {
            self.under_way.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// What a browser may ask for.
const fn preflight() -> Reply {
    Reply { status: 204, content_type: Reply::JSON, body: Vec::new(), allow: None }
}

fn respond(request: Request, reply: Reply, origin: Option<&str>) {
    let is_preflight = reply.status == 204;
    let mut headers = SECURITY_HEADERS.to_vec();
    headers.push(("Content-Type", reply.content_type));
    headers.push(("Vary", "Origin"));
    if let Some(origin) = origin {
        headers.push(("Access-Control-Allow-Origin", origin));
        if is_preflight {
            headers.push(("Access-Control-Allow-Methods", "GET, POST, PATCH"));
            headers.push(("Access-Control-Allow-Headers", "Authorization, Content-Type"));
            headers.push(("Access-Control-Max-Age", "600"));
        }
    }
    if let Some(allow) = &reply.allow {
        headers.push(("Allow", allow));
    }
    if reply.status == 401 {
        headers.push(("WWW-Authenticate", "Bearer"));
    }
    let headers = headers
        .into_iter()
        .filter_map(|(name, value)| Header::from_bytes(name.as_bytes(), value.as_bytes()).ok());
    let length = reply.body.len();
    let response = Response::new(
        StatusCode(reply.status),
        headers.collect(),
        io::Cursor::new(reply.body),
        Some(length),
        None,
    );
    // Whoever asked may have gone.
    request.respond(response.with_chunked_threshold(usize::MAX)).ok();
}
