//! `pinnaclemm-tape record`: the edge of a live recording — arguments, clock, signals, terminal.
//!
//! What is recorded and how stands in `venue::recorded`.

use clap::Args;
use pinnaclemm::config::arguments;
use pinnaclemm::types::{Nanos, Symbol, Venue};
use pinnaclemm::venue::recorded::own::RecorderError;
use pinnaclemm::venue::recorded::record_live::Summary;
use pinnaclemm::venue::recorded::{LiveRecorder, Recorder};
use pinnaclemm::venue::session::Session;
use pinnaclemm::venue::session::config::{ConfigError, Endpoint, Roots, RootsError, SessionConfig};
use pinnaclemm::venue::session::facts::{self, Content};
use pinnaclemm::venue::session::reason::DropReason;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

/// How long a turn may sleep: what a signal waits at most.
const NAP: Duration = Duration::from_millis(100);

#[derive(Args, Debug)]
pub(crate) struct Live {
    /// Whose feed.
    #[arg(long, value_parser = arguments::venue)]
    venue: Venue,
    /// Instruments as the venue writes them.
    #[arg(long = "symbol", required = true, num_args = 1.., value_parser = arguments::symbol)]
    symbols: Vec<Symbol>,
    /// Levels of each side, one of the depths that the venue offers; its 1000 if it offers that,
    /// else the whole book.
    #[arg(long)]
    depth: Option<u16>,
    /// What is asked for: all, books or trades; books where one connection cannot carry all.
    #[arg(long, value_parser = content)]
    content: Option<Content>,
    /// The recording, which must not exist; compressed if its name ends in .zst.
    #[arg(long)]
    out: PathBuf,
    /// Stops after so long: 10s, 5m, 2h. Without it, SIGINT or SIGTERM ends the recording.
    #[arg(long, value_parser = arguments::duration)]
    duration: Option<Nanos>,
    /// Another feed than the venue's, wss://HOST:PORT: for a proxy or a test venue.
    #[arg(long, value_parser = endpoint)]
    endpoint: Option<Endpoint>,
    /// Another server of snapshots than the venue's, https://HOST:PORT: as above.
    #[arg(long, value_parser = endpoint)]
    rest_endpoint: Option<Endpoint>,
    /// Believe only the certificates in this PEM file instead of the web's authorities: as above.
    #[arg(long)]
    ca: Option<PathBuf>,
}

fn content(name: &str) -> Result<Content, String> {
    let mut all = [Content::All, Content::Books, Content::Trades].into_iter();
    all.find(|content| content.name() == name).ok_or_else(|| "all, books or trades".into())
}

fn endpoint(text: &str) -> Result<Endpoint, String> {
    Endpoint::parse(text).ok_or_else(|| "wss://HOST:PORT or https://HOST:PORT".to_owned())
}

/// Why there is no recording, or only a part of one.
#[derive(Debug)]
pub(crate) enum Failure {
    Config(ConfigError),
    Roots(RootsError),
    Recorder(RecorderError),
    Signals(io::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(error) => write!(f, "{error}"),
            Self::Roots(error) => write!(f, "{error}"),
            Self::Recorder(error) => write!(f, "{error}"),
            Self::Signals(error) => write!(f, "signals cannot be caught: {error}"),
        }
    }
}

impl From<RecorderError> for Failure {
    fn from(error: RecorderError) -> Self {
        Self::Recorder(error)
    }
}

/// The wall clock, read once a turn.
fn wall() -> Nanos {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let since = since.expect("the clock stands after 1970");
    Nanos(i64::try_from(since.as_nanos()).expect("the clock stands before 2262"))
}

impl Live {
    fn config(&self) -> Result<SessionConfig, Failure> {
        let facts = facts::of(self.venue);
        let facts = facts.ok_or(Failure::Config(ConfigError::NoLiveFeed(self.venue)))?;
        let carries_all = (facts.path)(Content::All).is_some();
        let usual = if carries_all { Content::All } else { Content::Books };
        let content = self.content.unwrap_or(usual);
        let depth = self.depth.unwrap_or(facts.usual_depth());
        let mut config = SessionConfig::public(self.venue, self.symbols.clone(), depth, content);
        config.feed.clone_from(&self.endpoint);
        config.rest.clone_from(&self.rest_endpoint);
        if let Some(path) = &self.ca {
            config.roots = Roots::of_file(path).map_err(Failure::Roots)?;
        }
        Ok(config)
    }

    /// Records until the time is over, a signal comes or the venue ends it for good.
    pub(crate) fn run(&self) -> Result<Summary, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, stop.clone()).map_err(Failure::Signals)?;
        }
        let begun = wall();
        // The seed only spreads reconnects in time, so any number that differs will do.
        let session = Session::new(self.config()?, begun.0.unsigned_abs());
        let session = session.map_err(Failure::Config)?;
        let recorder = Recorder::create(&self.out, self.venue)?;
        let mut live = LiveRecorder::new(session, recorder);
        let span = self.duration.map_or(i64::MAX, |span| span.0);
        let mut status = Status::new(begun);
        let mut now = begun;
        while !stop.load(Ordering::Relaxed) && now.0 - begun.0 < span && live.stopped().is_none() {
            if !live.turn(now)? {
                live.wait(NAP);
            }
            now = wall();
            status.show(&live, now);
        }
        status.end();
        Ok(live.finish()?)
    }
}

/// A line that is written over once a second, if a person looks.
struct Status {
    is_seen: bool,
    due: Nanos,
    begun: Nanos,
}

impl Status {
    fn new(begun: Nanos) -> Self {
        Self { is_seen: io::stderr().is_terminal(), due: begun, begun }
    }

    fn show(&mut self, live: &LiveRecorder, now: Nanos) {
        if !self.is_seen || now < self.due {
            return;
        }
        self.due = Nanos(now.0 + Nanos::from_seconds(1).0);
        let counters = live.counters();
        let seconds = (now.0 - self.begun.0) / 1_000_000_000;
        let (frames, bytes, ups) = (counters.frames, counters.bytes, counters.ups);
        let downs: String = DropReason::NAMES
            .iter()
            .zip(counters.drops)
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("  {count} {name}"))
            .collect();
        // A terminal that has gone is nobody who could be told.
        write!(
            io::stderr(),
            "\r{seconds} s  {frames} frames  {bytes} bytes  {ups} up{downs}\x1b[K"
        )
        .ok();
    }

    fn end(&self) {
        if self.is_seen {
            writeln!(io::stderr()).ok();
        }
    }
}
