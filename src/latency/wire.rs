//! Wire to wire: a real loopback venue on another core, the first byte of a message in to our order
//! bytes out, as the venue sees it.
//!
//! A message leaves the venue's core, the engine takes it from its socket, decodes, decides,
//! writes, and sends; the time ends when the first order of the message has come whole. The floor
//! is the round trip of as many bytes through the same sockets, with a loop in the engine's place
//! that sends back what it hears: over TCP a busy-polled loopback, over TLS the same rustls.
//! Product and floor are measured in turn, on the same two cores and the same connections.

use super::crew::{Bench, Crew, CrewFault};
use super::desk::{Answers, Desk};
use super::measure::{Growing, Plan};
use super::pace::Pace;
use super::probe::{Done, Sample};
use super::result::Row;
use super::wire_link::{Cue, Lines, Market, Role, WireLink};
use super::wire_venue::{Far, Near, plain, tls};
use crate::config::ThreadName;
use crate::journal::SyncMode;
use crate::sys::clock::{Moment, ticks};
use crate::threads::cores::pin;
use crate::threads::feed::{Feed, FeedParams, Source};
use crate::types::{InstrumentId, Nanos};
use crate::venue::decoder::VenueDecoder;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Between two messages, in nanoseconds: what the last one brought is done by then.
const BETWEEN_NS: u64 = 50_000;
/// No order comes later than this.
const WITHIN_NS: u64 = 20_000_000;
/// How long the engine takes to read a snapshot, and more.
const SETTLE: Duration = Duration::from_millis(100);
/// Messages of a repeat.
const MESSAGES: u64 = 2_000;

/// Why nothing was measured on the wire.
#[derive(Debug)]
pub enum WireFault {
    /// A loopback socket said no.
    Socket(io::Error),
    /// The engine does not come up.
    Crew(CrewFault),
}

impl fmt::Display for WireFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(error) => write!(f, "a loopback socket failed: {error}"),
            Self::Crew(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for WireFault {}

impl From<io::Error> for WireFault {
    fn from(error: io::Error) -> Self {
        Self::Socket(error)
    }
}

/// The rows of both kinds of socket.
///
/// # Errors
/// A socket says no, or the engine does not come up.
pub fn rows(
    bench: &Bench,
    repeats: u32,
    is_quick: bool,
    begun: &Moment,
) -> Result<Vec<Row>, WireFault> {
    let symbol = bench.stream.table.get(InstrumentId(0)).symbol;
    let messages = if is_quick { MESSAGES / 20 } else { MESSAGES };
    let mut rows = Vec::new();
    for (mode, ends, floor_is) in [
        ("tcp", plain()?, "busy-polled round trip of as many bytes on the same sockets"),
        ("tls", tls(symbol)?, "echo of as many bytes by the same rustls"),
    ] {
        let pace = Pace::Saturated;
        let plan = Plan { pace, count: messages, warm: messages / 8, is_signed: false };
        let mut growing = Growing::new(plan);
        let (near, far) = ends;
        let cue = Cue::default();
        let crew = engine(bench, near, cue.clone()).map_err(WireFault::Crew)?;
        let played = play(bench, far, (cue.clone(), plan, repeats));
        cue.set(Role::End);
        crew.end().map_err(WireFault::Crew)?;
        for (product, floor) in played? {
            growing.take(&product, Some(&floor), (bench.rate, begun));
        }
        let mut row = growing.finish(mode, SyncMode::Process).row;
        row.pattern = "even".to_string();
        row.title = format!("1 per {} µs", BETWEEN_NS / 1_000);
        row.floor_is = Some(floor_is.to_string());
        rows.push(row);
    }
    Ok(rows)
}

/// The engine on its end of the sockets.
fn engine(bench: &Bench, near: Near, role: Cue) -> Result<Crew, CrewFault> {
    let stream = Arc::clone(&bench.stream);
    let market = match near.session {
        None => Market::Lines(Box::new(VenueDecoder::new(stream.venue)), None),
        Some(session) => {
            let params = FeedParams { venue: stream.venue, table: stream.table.clone() };
            Market::Feed(Box::new(Feed::new(params, Source::Live(Box::new(session)))))
        }
    };
    let link = WireLink {
        answers: Answers::new(&stream.table),
        desk: Desk::new(),
        orders: Lines::new(near.orders),
        received: Nanos::UNKNOWN,
        stream,
        market,
        role,
    };
    Crew::linked(bench, Box::new(link))
}

/// What product and floor took, repeat by repeat: on a thread of its own, on the other core.
fn play(
    bench: &Bench,
    far: Far,
    (cue, plan, repeats): (Cue, Plan, u32),
) -> io::Result<Vec<(Done, Done)>> {
    let (core, bench) = (bench.hot_core(1), bench.clone());
    let venue = thread::spawn(move || {
        pin(ThreadName::Feed, core, &bench.allowance).map_err(io::Error::other)?;
        let mut venue = Venue { bench, far, at: 0 };
        venue.open()?;
        let mut played = Vec::new();
        for _ in 0..repeats {
            cue.set(Role::Engine);
            thread::sleep(Duration::from_millis(1));
            let product = venue.block(plan, Venue::ask)?;
            cue.set(Role::Echo);
            thread::sleep(Duration::from_millis(1));
            let floor = venue.block(plan, Venue::echo)?;
            played.push((product, floor));
        }
        Ok(played)
    });
    venue.join().unwrap_or_else(|_| Err(io::Error::other("the venue's end has failed")))
}

/// The venue's end while it measures.
struct Venue {
    bench: Bench,
    far: Far,
    /// The next mover of the made session.
    at: usize,
}

impl Venue {
    /// Sends what the engine's book needs to begin.
    fn open(&mut self) -> io::Result<()> {
        let stream = Arc::clone(&self.bench.stream);
        for at in stream.opening.clone() {
            self.far.send(stream.get(at).1)?;
        }
        thread::sleep(SETTLE);
        Ok(())
    }

    fn block(
        &mut self,
        plan: Plan,
        one: fn(&mut Self) -> io::Result<Option<Sample>>,
    ) -> io::Result<Done> {
        let begun = ticks();
        let mut done = Done::default();
        for n in 0..plan.warm + plan.count {
            let found = one(self)?;
            if n >= plan.warm {
                done.messages += 1;
                done.orders += u64::from(found.is_some());
                done.samples.extend(found);
            }
            let end = ticks() + self.bench.rate.ticks(BETWEEN_NS);
            while ticks() < end {
                // What else is said belongs to the message before.
                while self.far.orders.next()?.is_some() {}
            }
        }
        done.span = ticks() - begun;
        Ok(done)
    }

    /// Sends a mover and waits for its first order.
    fn ask(&mut self) -> io::Result<Option<Sample>> {
        let stream = Arc::clone(&self.bench.stream);
        let movers = stream.cycle(Pace::Cold);
        let text = stream.get(movers.start + self.at).1;
        self.at = (self.at + 1) % movers.len();
        let meant = ticks();
        self.far.send(text)?;
        self.answer(meant)
    }

    /// Sends as many bytes and waits until they are back.
    fn echo(&mut self) -> io::Result<Option<Sample>> {
        let stream = Arc::clone(&self.bench.stream);
        let text = stream.get(stream.cycle(Pace::Cold).start).1;
        let meant = ticks();
        self.far.orders.send(text)?;
        self.answer(meant)
    }

    fn answer(&mut self, meant: u64) -> io::Result<Option<Sample>> {
        loop {
            if self.far.orders.next()?.is_some() {
                return Ok(Some(Sample { meant, took: ticks().saturating_sub(meant) }));
            }
            if ticks().saturating_sub(meant) > self.bench.rate.ticks(WITHIN_NS) {
                return Ok(None);
            }
        }
    }
}
