//! What is known of the run, brought up to date ten times a second: every page is made of it.

use super::api::Parts;
use super::feed::Feed;
use super::reasons::{Pulse, readiness};
use super::shared::Shared;
use super::source::{Progress, Source};
use super::state::{FillState, State, ThreadState};
use crate::logs::Log;
use crate::types::{InstrumentId, Nanos};
use crossbeam_channel::Receiver;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is brought up to date.
const EVERY: Duration = Duration::from_millis(100);
/// Trades that are kept for those who ask.
const FILLS_MAX: usize = 1000;

/// See the head of the file.
pub struct Desk {
    /// When it was brought up to date.
    pub now: Nanos,
    /// How far the start has come.
    pub progress: Progress,
    /// The run, once there is one.
    pub source: Option<Box<dyn Source>>,
    /// How it was at the last look.
    pub state: Option<State>,
    /// What each thread had done.
    pub threads: Vec<ThreadState>,
    /// When each of them turned.
    pub pulse: Pulse,
    /// The last trades, the oldest first.
    pub fills: VecDeque<FillState>,
    /// Trades that were seen at all.
    pub fills_seen: u64,
    /// What the front has as well.
    pub shared: Arc<Shared>,
    /// Where the WebSocket is.
    pub websocket_port: u16,
    trades: Vec<u64>,
    limits: Value,
    feed: Feed,
    sources: Receiver<Box<dyn Source>>,
    due: Instant,
    log: Log,
    told: Option<Vec<String>>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Desk {
    /// Nothing is known yet; the run comes through the channel.
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { progress, runs: sources, shared, websocket_port, log } = parts;
        Self {
            websocket_port,
            now: super::wall(),
            progress,
            source: None,
            state: None,
            threads: Vec::new(),
            pulse: Pulse::default(),
            fills: VecDeque::new(),
            fills_seen: 0,
            shared,
            trades: Vec::new(),
            limits: Value::Null,
            feed: Feed::default(),
            sources,
            due: Instant::now(),
            log,
            told: None,
        }
    }

    /// Looks again, if it is time.
    pub(super) fn turn(&mut self) -> usize {
        let now = Instant::now();
        if now < self.due {
            return 0;
        }
        self.due = now + EVERY;
        self.now = super::wall();
        if let Ok(source) = self.sources.try_recv() {
            self.limits = serde_json::from_str(&source.facts().limits).unwrap_or_default();
            self.source = Some(source);
        }
        self.look(now);
        let mut feed = std::mem::take(&mut self.feed);
        feed.take(self);
        self.shared.put_feed(feed.clone());
        self.feed = feed;
        self.tell();
        1
    }

    fn look(&mut self, now: Instant) {
        let Self { source: Some(source), fills, fills_seen, trades, .. } = self else { return };
        source.fills(&mut |fill| {
            let at = fill.instrument.index();
            if trades.len() <= at {
                trades.resize(at + 1, 0);
            }
            trades[at] += 1;
            *fills_seen += 1;
            if fills.len() == FILLS_MAX {
                fills.pop_front();
            }
            fills.push_back(fill);
        });
        let state = source.look();
        self.threads = source.threads();
        self.pulse.look(&self.threads, now);
        self.shared.history(|history| history.take(&state, self.now));
        self.state = Some(state);
    }

    /// Says in the log when what keeps it from being ready has changed.
    fn tell(&mut self) {
        let reasons = self.readiness();
        if self.told.as_ref() != Some(&reasons) {
            let fields = vec![
                ("ready", reasons.is_empty().into()),
                ("reasons", Value::from(reasons.clone())),
            ];
            self.log.info("readiness", fields);
            self.told = Some(reasons);
        }
    }

    /// Why it is not ready.
    #[must_use]
    pub fn readiness(&self) -> Vec<String> {
        if let Some(reason) = self.progress.held() {
            return vec![format!("held:{reason}")];
        }
        match &self.state {
            Some(state) => readiness(state),
            None => vec![format!("starting:{}", self.progress.get().0.replace(' ', "_"))],
        }
    }

    /// Trades of an instrument since the start.
    #[must_use]
    pub fn trades(&self, id: InstrumentId) -> u64 {
        self.trades.get(id.index()).copied().unwrap_or(0)
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> &Value {
        &self.limits
    }

    /// The strategy's name.
    #[must_use]
    pub fn strategy(&self) -> &str {
        self.source.as_ref().map_or("", |source| source.facts().strategy.as_str())
    }
}
