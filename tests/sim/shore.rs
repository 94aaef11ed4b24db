//! The venue, which lives on when the engine dies, and the way to it.
//!
//! It notes what it was sent and what it has told, so that what the journal says can be held
//! against it. The moments before and behind each request are moments at which the machine may end;
//! what a dead machine sends never leaves, and what it is told it never hears.

use crate::system::with_disk;
use pinnaclemm::engine::risk::OrderRequest;
use pinnaclemm::event::{Body, Part, Proposal, ReportKind, RequestKind};
use pinnaclemm::threads::link::{Foreign, Wish};
use pinnaclemm::types::{InstrumentId, Nanos, OrderId};
use pinnaclemm::venue::simulated::{Holding, Simulated};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Between a lost connection and the attempt at the next.
const RETRY: Nanos = Nanos::from_millis(20);

/// By then an engine that meets no fault has cancelled what earlier ones have left.
const SETTLED: Nanos = Nanos::from_millis(150);

/// An order and the venue's number of a trade.
pub(crate) type Trade = (u64, u64);
/// What both sides say of a fill: instrument, side, price, quantity, fee.
pub(crate) type Terms = (u16, i64, i64, i64, i64);

/// What the venue is and has seen.
#[derive(Debug)]
pub(crate) struct Shore {
    venue: Simulated,
    /// The orders that it was sent.
    pub(crate) placed: BTreeMap<u64, Proposal>,
    /// Ids that it was sent with two orders.
    pub(crate) twice: BTreeSet<u64>,
    /// The fills that it has told.
    pub(crate) told: BTreeMap<Trade, Terms>,
    /// Requests that it was sent, of every kind.
    pub(crate) requests: u64,
    /// Everything is to be cancelled, past the journal.
    pub(crate) cancelled: bool,
    /// Requests behind that.
    pub(crate) after_cancel: u64,
    /// When the engine of that epoch has called.
    begun: (Nanos, u32),
    /// Fills of orders of earlier epochs long after that.
    pub(crate) left: Vec<Trade>,
    /// The last time that the engine has asked at.
    pub(crate) latest: Nanos,
    retry_at: Option<Nanos>,
}

/// The way there.
#[derive(Clone, Debug)]
pub(crate) struct Way(Arc<Mutex<Shore>>);

impl Way {
    /// To that venue, which nobody has called at yet.
    pub(crate) fn new(mut venue: Simulated, now: Nanos) -> Self {
        venue.hang_up(now);
        Self(Arc::new(Mutex::new(Shore {
            venue,
            placed: BTreeMap::new(),
            twice: BTreeSet::new(),
            told: BTreeMap::new(),
            requests: 0,
            cancelled: false,
            after_cancel: 0,
            begun: (now, 0),
            left: Vec::new(),
            latest: now,
            retry_at: None,
        })))
    }

    /// What it has seen.
    pub(crate) fn shore(&self) -> MutexGuard<'_, Shore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine has gone; what it has not heard by then it never hears.
    pub(crate) fn hang_up(&self, now: Nanos) {
        let mut shore = self.shore();
        shore.venue.hang_up(now);
        let mut part = Part::empty();
        while shore.venue.hear(now, &mut part) {}
    }

    /// Another engine calls, that of this epoch.
    pub(crate) fn call(&self, now: Nanos, epoch: u32) {
        let mut shore = self.shore();
        shore.begun = (now, epoch);
        let mut part = Part::empty();
        // What was told to nobody is not told to this one.
        while shore.venue.hear(now, &mut part) {}
        shore.venue.reconnect(now);
        (shore.retry_at, shore.cancelled, shore.after_cancel) = (None, false, 0);
    }

    /// What is held there, by instrument.
    pub(crate) fn holding(&self, instrument: InstrumentId) -> Holding {
        self.shore().venue.holding(instrument).expect("it has that market")
    }

    /// The orders that rest there, as the venue says itself; nobody else may be calling.
    pub(crate) fn resting(&self, now: Nanos) -> Vec<u64> {
        let mut shore = self.shore();
        let (mut at, mut part, mut found) = (now, Part::empty(), Vec::new());
        shore.venue.reconnect(at);
        for step in 0..200 {
            at = Nanos(at.0 + Nanos::from_millis(10).0);
            if step == 2 {
                shore.venue.query_all(u64::MAX, at);
            }
            while shore.venue.hear(at, &mut part) {
                if let Body::Report(report) = part.event.body
                    && report.kind == ReportKind::Open
                {
                    found.push(report.order.0);
                }
            }
        }
        found
    }
}

fn is_dead() -> bool {
    with_disk(|disk| disk.is_dead()) == Some(true)
}

impl Shore {
    fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        self.latest = self.latest.max(now);
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            self.venue.reconnect(now);
        }
        let has_heard = self.venue.hear(now, part);
        if self.retry_at.is_none() && !self.venue.is_connected() {
            self.retry_at = Some(Nanos(now.0 + RETRY.0));
        }
        if let (true, Body::Report(report)) = (has_heard, part.event.body)
            && report.kind == ReportKind::Filled
        {
            let level = part.levels()[0];
            let (side, price, qty) = (level.side().sign(), level.price().0, level.qty().0);
            let terms = (part.event.instrument.0, side, price, qty, report.fee);
            let trade = (report.order.0, report.trade_id);
            let (begun, epoch) = self.begun;
            let is_new = self.told.insert(trade, terms).is_none();
            if is_new
                && report.order.epoch() < epoch
                && part.event.venue_time.0 > begun.0 + SETTLED.0
            {
                self.left.push(trade);
            }
        }
        has_heard
    }

    fn send(&mut self, request: &OrderRequest, now: Nanos) -> bool {
        let terms = *request.terms();
        if !self.venue.send(request, now) {
            return false;
        }
        self.requests += 1;
        self.after_cancel += u64::from(self.cancelled);
        if terms.kind == RequestKind::Place && self.placed.insert(terms.order.0, terms).is_some() {
            self.twice.insert(terms.order.0);
        }
        true
    }
}

impl Foreign for Way {
    fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        with_disk(crate::disk::Disk::moment);
        !is_dead() && self.shore().hear(now, part)
    }

    fn due(&mut self) -> Option<Nanos> {
        let shore = self.shore();
        [shore.venue.due(), shore.retry_at].into_iter().flatten().min()
    }

    fn send(&mut self, request: &OrderRequest, now: Nanos) -> bool {
        with_disk(crate::disk::Disk::moment);
        let has_left = !is_dead() && self.shore().send(request, now);
        with_disk(crate::disk::Disk::moment);
        has_left
    }

    fn cancel_all(&mut self, now: Nanos) -> bool {
        if is_dead() {
            return false;
        }
        let mut shore = self.shore();
        shore.cancelled = true;
        shore.venue.cancel_all(now)
    }

    fn query(&mut self, order: OrderId, instrument: InstrumentId, now: Nanos) {
        if !is_dead() {
            self.shore().venue.query(order, instrument, now);
        }
    }

    fn query_all(&mut self, from: u64, now: Nanos) {
        if !is_dead() {
            self.shore().venue.query_all(from, now);
        }
    }

    fn heed(&mut self, wish: Wish, now: Nanos) {
        if is_dead() {
            return;
        }
        match wish {
            Wish::Resync(instrument) => _ = self.shore().venue.resync(instrument, now),
            Wish::Reconnect => _ = self.shore().venue.reconnect(now),
            Wish::Synced(_) => {}
        }
    }

    fn is_finished(&self) -> bool {
        false
    }
}
