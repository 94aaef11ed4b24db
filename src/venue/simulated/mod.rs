//! The simulated venue: a market of seeded participants with a matching engine, embedded here.
//!
//! It speaks events and has no bytes and no clock: all it does is a function of its parameters, the
//! seed, and what it is sent when. Ask it at what times you like, the story is the same.
//!
//! | file | what it is |
//! |---|---|
//! | `orders`, `matching` | what rests, and how an order trades |
//! | `chance`, `fair`, `participants` | the fair value and those who trade around it |
//! | `market` | one instrument, and what is told of it |
//! | `agenda`, `channel`, `wire` | what comes when; the way to us and back |
//! | `account`, `ids`, `requests` | our orders, fills and holdings |
//! | `faults`, `truth` | what goes wrong; what a real venue would still know after we died |
//!
//! What we make of it (answers that do not come, books, positions) is not known here.

mod account;
mod agenda;
mod chance;
mod channel;
mod fair;
mod faults;
mod ids;
mod market;
mod matching;
mod orders;
mod params;
mod participants;
mod requests;
mod truth;
mod wire;

#[cfg(test)]
mod tests;

pub use account::Holding;
pub use faults::{FaultKind, FaultParams};
pub use params::{
    CrowdParams, FeeRate, LatencyParams, MarketParams, ParticipantParams, SimulatorParams,
};
pub use truth::{Truth, TruthError};

use crate::engine::risk::OrderRequest;
use crate::event::{Body, Event, Part};
use crate::types::{InstrumentId, InstrumentTable, Nanos, OrderId, Venue};
use account::Account;
use agenda::{Agenda, Kind, Turn};
use chance::Chance;
use faults::Active;
use market::Market;
use participants::Crowd;
use std::io;
use truth::{Entry, Memory};
use wire::{Ask, Next, Wire};

/// The venue says so often that it is alive.
const HEARTBEAT: Nanos = Nanos::from_seconds(1);
/// Streams of draws below this number are the wire's; above, a market's each.
const MARKET_STREAMS: u64 = 1 << 16;
const NO_MARKET: u16 = u16::MAX;

/// The venue.
#[derive(Debug)]
pub struct Simulated {
    params: SimulatorParams,
    now: Nanos,
    agenda: Agenda,
    markets: Vec<Market>,
    /// The market of each instrument of the table.
    places: Vec<u16>,
    account: Account,
    next_trade: u64,
    /// The truth holds that no trade has that number: it is raised before one does.
    trades_below: u64,
    active: Active,
    wire: Wire,
    truth: Option<Truth>,
    failed: Option<io::Error>,
}

impl Simulated {
    /// The venue at its start, with a connection about to stand. Where there is a truth it goes on
    /// from there: our orders rest ahead of a crowd that gathers anew around the fair value.
    ///
    /// # Errors
    /// The truth is of other instruments, or cannot be written.
    ///
    /// # Panics
    /// An instrument is missing in the table: [`SimulatorParams::add_to`] was not called.
    pub fn new(
        params: &SimulatorParams,
        table: &InstrumentTable,
        (seed, start): (u64, Nanos),
        truth: Option<Truth>,
    ) -> Result<Self, TruthError> {
        let mut params = params.clone();
        let mut truth = truth;
        let memory = match &mut truth {
            Some(truth) => truth.settle_markets(&mut params.markets)?,
            None => Memory::default(),
        };
        // A venue that starts again does not tell the same story again.
        let seed = seed ^ memory.starts.saturating_sub(1).rotate_right(16);
        let mut venue = Self {
            now: start,
            agenda: Agenda::default(),
            markets: Vec::with_capacity(params.markets.len()),
            places: vec![NO_MARKET; table.len()],
            account: Account::new(
                memory.ids,
                memory.holdings(params.markets.len()),
                memory.fills.clone(),
            ),
            next_trade: memory.trades_below.max(1),
            trades_below: memory.trades_below.max(1),
            active: Active::none(),
            wire: Wire::new(&params, seed),
            truth,
            failed: None,
            params,
        };
        for place in 0..venue.params.markets.len() {
            venue.open_market(place, table, seed, &memory);
        }
        for (place, fault) in (0..).zip(&venue.params.faults) {
            venue.agenda.add(Nanos(start.0 + fault.at.0), Turn::Fault(place));
        }
        venue.agenda.add(Nanos(start.0 + HEARTBEAT.0), Turn::Heartbeat);
        venue.wire.open(start);
        Ok(venue)
    }

    /// The next thing that has reached us by `now`; false if nothing has.
    ///
    /// Its `received` is when it did. A report is given only when the truth behind it is written.
    #[inline]
    pub fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        self.advance(now);
        if !self.wire.hear(now, part) {
            return false;
        }
        if let (Body::Report(_), Some(truth)) = (part.event.body, &mut self.truth)
            && let Err(error) = truth.write()
        {
            // What cannot be kept is not told: the venue is gone.
            self.failed = Some(error);
            self.wire.drop_connection(now);
            return self.wire.hear(now, part);
        }
        true
    }

    /// Nothing reaches us before this time. By then either something does, or the venue has done
    /// something that is not heard (yet), and the next time is a later one.
    #[inline]
    #[must_use]
    pub fn due(&self) -> Option<Nanos> {
        let venue = self.wire.next(self.agenda.next()).map(|next| match next {
            Next::Turn(at, _) | Next::Ask(at, _) => at,
        });
        // The heartbeat is always to come.
        venue.map(|venue| venue.min(self.wire.due()))
    }

    /// Sends a request; false without a connection: it has not left and never will.
    pub fn send(&mut self, request: &OrderRequest, now: Nanos) -> bool {
        self.ask(Ask::Order(*request.terms()), now)
    }

    /// Asks for a snapshot of a book; false without a connection.
    pub fn resync(&mut self, instrument: InstrumentId, now: Nanos) -> bool {
        self.ask(Ask::Snapshot(instrument), now)
    }

    /// Asks what has become of an order; false without a connection. The venue tells its fills
    /// again, under the same numbers, then `Open` or `Absent`.
    pub fn query(&mut self, order: OrderId, instrument: InstrumentId, now: Nanos) -> bool {
        self.ask(Ask::Query(order, instrument), now)
    }

    /// Asks for all that the venue knows of us; false without a connection. It tells our trades
    /// from that number on again, under the same numbers, then `Open` for each order that rests,
    /// then `Absent` for [`OrderId::NONE`].
    pub fn query_all(&mut self, from: u64, now: Nanos) -> bool {
        self.ask(Ask::QueryAll(from), now)
    }

    /// Asks for none of our orders to rest any more; false without a connection.
    pub fn cancel_all(&mut self, now: Nanos) -> bool {
        self.ask(Ask::CancelAll, now)
    }

    /// Makes a new connection, and gives up the old one if there is one; false if the venue takes
    /// none now. Fills that were not told are told first, then each book from its snapshot on;
    /// other answers are lost.
    pub fn reconnect(&mut self, now: Nanos) -> bool {
        self.advance(now);
        let refused = self.active.until(FaultKind::Disconnect, self.now).is_some();
        if refused || self.failed.is_some() {
            return false;
        }
        self.active.end(FaultKind::Stall);
        self.wire.open(self.now);
        true
    }

    /// We have gone: fills that come from here on are told to the next connection.
    pub fn hang_up(&mut self, now: Nanos) {
        self.advance(now);
        if self.wire.is_open() {
            self.wire.drop_connection(self.now);
        }
    }

    /// Whether there is a connection, or one about to stand.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.wire.is_open()
    }

    /// What the venue says that we hold of an instrument.
    #[must_use]
    pub fn holding(&self, instrument: InstrumentId) -> Option<Holding> {
        let market = self.market_of(instrument)?;
        Some(self.account.holdings()[usize::from(market)])
    }

    /// Writes and syncs the truth.
    ///
    /// # Errors
    /// It cannot be written, or could not be before.
    pub fn persist(&mut self) -> Result<(), TruthError> {
        self.note_fair_values();
        let Some(truth) = &mut self.truth else { return Ok(()) };
        let path = truth.path().to_path_buf();
        let done = self.failed.take().map_or_else(|| truth.persist(), Err);
        done.map_err(|error| {
            self.failed = Some(io::Error::new(error.kind(), error.to_string()));
            TruthError::Io(path, error)
        })
    }

    fn open_market(&mut self, place: usize, table: &InstrumentTable, seed: u64, memory: &Memory) {
        let params = self.params.markets[place];
        let number = u16::try_from(place).expect("at most 4096 instruments");
        let instrument = *table
            .lookup(Venue::Simulated, params.symbol.as_bytes())
            .expect("the simulator's products were added to the table");
        self.places[instrument.id.index()] = number;
        let fair = memory.fair.get(&number).copied();
        let fair = fair.unwrap_or_else(|| fair::float(params.start_price.0));
        let chance = Chance::new(seed, MARKET_STREAMS + u64::from(number));
        let crowd = Crowd::new(&self.params.crowd, &params, (self.now, fair), chance);
        let mut market = Market::new(instrument, params, crowd);
        for order in memory.orders.iter().filter(|order| order.market == number) {
            self.account.put(order.put_back(&mut market));
        }
        market.open(self.now);
        for kind in Kind::ALL {
            if let Some(wait) = market.first(kind) {
                let turn = Turn::Participant { market: number, kind };
                self.agenda.add(Nanos(self.now.0 + wait.0), turn);
            }
        }
        self.markets.push(market);
    }

    fn ask(&mut self, ask: Ask, now: Nanos) -> bool {
        self.advance(now);
        self.wire.ask(ask, self.now)
    }

    /// Everything comes about that does by `now`.
    #[inline]
    fn advance(&mut self, now: Nanos) {
        while let Some(next) = self.wire.next(self.agenda.next()) {
            match next {
                Next::Turn(at, turn) if at <= now => self.turn(at, turn),
                Next::Ask(at, ask) if at <= now => {
                    self.wire.taken();
                    self.take(at, &ask);
                }
                _ => break,
            }
        }
        self.now = self.now.max(now);
    }

    /// The venue acts of its own accord; the agenda still shows the turn.
    fn turn(&mut self, at: Nanos, turn: Turn) {
        let after = |wait: Nanos| Nanos(at.0.saturating_add(wait.0));
        let again = match turn {
            Turn::Participant { market, kind } => {
                let wait = self.markets[usize::from(market)].act(kind, at);
                self.settle(market, at, None);
                wait.map(after)
            }
            Turn::Heartbeat => {
                self.heartbeat(at);
                Some(after(HEARTBEAT))
            }
            Turn::Fault(place) => {
                let fault = self.params.faults[usize::from(place)];
                self.begin_fault(&fault, at);
                fault.every.map(after)
            }
        };
        self.agenda.again(again);
    }

    fn heartbeat(&mut self, at: Nanos) {
        self.note_fair_values();
        let stamps = self.wire.feed_stamps(at, &self.active);
        let Some(received) = stamps.received else { return };
        let body = Body::Heartbeat { id: 0, trade_id: self.next_trade - 1 };
        let (venue_time, instrument) = (stamps.venue_time, InstrumentId::ALL);
        let event = Event { sequence: 0, received, venue_time, instrument, body };
        self.wire.feed.push(&event, &[]);
    }

    fn begin_fault(&mut self, fault: &FaultParams, at: Nanos) {
        self.active.begin(fault, at);
        if fault.kind == FaultKind::Disconnect && self.wire.is_open() {
            self.wire.drop_connection(at);
            if self.params.cancel_on_disconnect {
                self.clear(at);
            }
        }
    }

    fn note_fair_values(&mut self) {
        let Some(truth) = &mut self.truth else { return };
        for (market, at) in (0..).zip(&self.markets) {
            truth.add(&Entry::Fair { market, ticks: at.fair() });
        }
    }

    /// The market of an instrument, if this venue has it.
    fn market_of(&self, instrument: InstrumentId) -> Option<u16> {
        self.places.get(instrument.index()).copied().filter(|place| *place != NO_MARKET)
    }
}
