//! Brings stale books back on an open connection: by texts at the venue's pace, or by REST.
//!
//! When a book is wanted, and when again, is `resync`; this joins that table with the connection,
//! the REST thread and the venue's limits.

use std::sync::Arc;

use mio::Waker;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::config::{Endpoint, SessionConfig};
use super::connection::{Connection, Lent};
use super::facts::{Facts, RestFacts, WayBack};
use super::pacing::Bucket;
use super::rest::{Fetched, Order, RestFailure, RestLink};
use super::resync::Resyncs;
use super::tls;
use crate::types::{Nanos, Symbol};

/// What two texts cost: the unsubscribe and the subscribe.
const TEXTS_COST: u32 = 2;
/// How long REST rests when the venue limits us and does not say for how long.
const LIMITED_FOR: Nanos = Nanos::from_seconds(60);

/// The venue's REST snapshots, where books come back that way.
#[derive(Debug)]
struct Rest {
    facts: &'static RestFacts,
    authority: String,
    link: RestLink,
    budget: Bucket,
    /// The venue wants to hear nothing before this.
    not_before: Nanos,
    /// Orders whose result has not come.
    under_way: usize,
}

impl Rest {
    fn url(&self, symbol: &Symbol, depth: u16) -> String {
        format!("https://{}{}", self.authority, (self.facts.path)(symbol, depth))
    }
}

/// All stale books of a session.
#[derive(Debug)]
pub(super) struct Recovery {
    resyncs: Resyncs,
    rest: Option<Rest>,
    /// Which connection this is: a snapshot for an earlier one is of no use.
    round: u64,
}

/// A snapshot by REST and whose it is.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) place: usize,
    pub(super) body: Vec<u8>,
}

impl Recovery {
    pub(super) fn new(config: &SessionConfig, facts: &Facts, waker: &Arc<Waker>) -> Self {
        let rest = match facts.way_back {
            WayBack::Rest(rest) if config.content.books() => {
                let host = Endpoint { host: rest.host.into(), port: 443 };
                let authority = config.rest.as_ref().unwrap_or(&host).authority();
                let orders_max = config.symbols.len();
                let tls = tls::for_rest(&config.roots);
                Some(Rest {
                    facts: rest,
                    authority,
                    link: RestLink::start(tls, orders_max, waker.clone()),
                    budget: Bucket::new(rest.limit),
                    not_before: Nanos(i64::MIN),
                    under_way: 0,
                })
            }
            _ => None,
        };
        Self { resyncs: Resyncs::new(config.symbols.len()), rest, round: 0 }
    }

    /// A connection has come up. Where snapshots come by REST, every book needs one.
    pub(super) fn up(&mut self, now: Nanos, count: usize, random: &mut Xoshiro256PlusPlus) {
        if self.rest.is_some() {
            for place in 0..count {
                self.resyncs.want(place, now, random);
            }
        }
    }

    /// The connection is gone, and with it what was asked for.
    pub(super) fn down(&mut self) {
        self.round += 1;
        self.resyncs.clear();
    }

    /// See [`Resyncs::want`].
    pub(super) fn want(
        &mut self,
        place: usize,
        now: Nanos,
        random: &mut Xoshiro256PlusPlus,
    ) -> bool {
        self.resyncs.want(place, now, random)
    }

    /// See [`Resyncs::calm`].
    pub(super) fn calm(&mut self, place: usize) {
        self.resyncs.calm(place);
    }

    /// Asks for what is due; a snapshot, if one has come.
    pub(super) fn turn(
        &mut self,
        config: &SessionConfig,
        connection: &mut Connection,
        lent: &mut Lent<'_>,
        random: &mut Xoshiro256PlusPlus,
    ) -> Option<Snapshot> {
        let snapshot = self.collect(lent, random);
        lent.counters.resyncs_retried += self.resyncs.expire(lent.now, random);
        if let Some(place) = self.resyncs.due(lent.now)
            && connection.is_subscribed()
            && self.ask(place, config, connection, lent)
        {
            lent.counters.resyncs += 1;
            self.resyncs.asked(place, lent.now);
        }
        snapshot
    }

    /// Asks for one book, if the limits allow it now.
    fn ask(
        &mut self,
        place: usize,
        config: &SessionConfig,
        connection: &mut Connection,
        lent: &Lent<'_>,
    ) -> bool {
        let symbol = &config.symbols[place];
        if let WayBack::Texts(texts) = lent.facts.way_back {
            let is_ready = lent.messages.ready_at(TEXTS_COST) <= lent.now;
            if is_ready {
                connection.enqueue(texts(symbol, config.depth));
            }
            return is_ready;
        }
        let rest = self.rest.as_mut().expect("a venue without texts has REST");
        let weight = (rest.facts.weight)(config.depth);
        if lent.now < rest.not_before || rest.budget.ready_at(weight) > lent.now {
            return false;
        }
        let url = rest.url(symbol, config.depth);
        let is_ordered = rest.link.order(Order { index: place, round: self.round, url });
        if is_ordered {
            rest.budget.owe(lent.now, weight);
            rest.under_way += 1;
        }
        is_ordered
    }

    /// Takes one result from the REST thread.
    fn collect(
        &mut self,
        lent: &mut Lent<'_>,
        random: &mut Xoshiro256PlusPlus,
    ) -> Option<Snapshot> {
        let rest = self.rest.as_mut().filter(|rest| rest.under_way > 0)?;
        let Fetched { index: place, round, body } = rest.link.fetched()?;
        rest.under_way -= 1;
        let now = lent.now;
        let is_late = round != self.round;
        match body {
            Ok(_) if is_late => {
                lent.counters.rest_late += 1;
                None
            }
            Ok(body) => {
                lent.counters.rest_bodies += 1;
                self.resyncs.delivered(place, now);
                Some(Snapshot { place, body })
            }
            Err(failure) => {
                lent.counters.rest_failures += 1;
                let pause = match failure {
                    RestFailure::Limited { retry_after } => retry_after.unwrap_or(LIMITED_FOR),
                    RestFailure::Failed => Nanos(0),
                };
                rest.not_before = rest.not_before.max(Nanos(now.0 + pause.0));
                if !is_late {
                    self.resyncs.again(place, now, pause, random);
                }
                None
            }
        }
    }

    /// Where the snapshot of a symbol is fetched from, if it comes by REST.
    pub(super) fn address(&self, symbol: &Symbol, depth: u16) -> Option<String> {
        self.rest.as_ref().map(|rest| rest.url(symbol, depth))
    }

    /// When something is to be done here though nothing is heard.
    pub(super) fn next_due(&self, depth: u16, messages: &Bucket) -> Option<Nanos> {
        let can_ask_at = self.rest.as_ref().map_or_else(
            || messages.ready_at(TEXTS_COST),
            |rest| rest.budget.ready_at((rest.facts.weight)(depth)).max(rest.not_before),
        );
        self.resyncs.next_due(can_ask_at)
    }
}
