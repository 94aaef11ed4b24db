//! Segments in plain memory, and a small journal with one record of every kind.

use crate::engine::risk::{OrderRequest, Output, Refusal};
use crate::event::explanation::SideExplained;
use crate::event::{
    Asked, Body, Command, Event, Explanation, FeeIn, Health, Level, Levels, MarketStatus,
    OrderAction, OrderKey, OrderUpdate, Proposal, RefusalCode, Refused, RejectCode, Report,
    ReportKind, RequestKind, Shape, Stale, StateReason, Trade, TradingState,
};
use crate::journal::identity::{Account, ModeName};
use crate::journal::params::SyncMode;
use crate::journal::reader::{End, Found, SegmentReader};
use crate::journal::record::Content;
use crate::journal::segment::{Ending, Owner};
use crate::journal::writer::{Origin, Retired, Segments, Writer};
use crate::journal::{Identity, Start, SyncedTo, WriteError};
use crate::sys::mmap::Storage;
use crate::types::{
    Currency, InstanceTag, Instrument, InstrumentId, Nanos, OrderId, Price, Qty, Scale, Side,
    Symbol, TimeInForce, Venue,
};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::rc::Rc;

/// What stands in memory when its writer is gone, by number.
pub(super) type Images = Rc<RefCell<BTreeMap<u64, Vec<u8>>>>;

/// Bytes that leave their last state behind, as a mapping does.
#[derive(Debug)]
pub(super) struct Memory {
    bytes: Vec<u8>,
    number: u64,
    images: Images,
    sync_fails: bool,
}

impl Storage for Memory {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
    fn sync(&mut self, _: Range<usize>) -> io::Result<()> {
        if self.sync_fails { Err(io::Error::other("no")) } else { Ok(()) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.images.borrow_mut().insert(self.number, std::mem::take(&mut self.bytes));
    }
}

/// Makes segments of a length, as many as are allowed.
#[derive(Debug)]
pub(super) struct MemorySegments {
    pub(super) images: Images,
    pub(super) length: usize,
    pub(super) most: u64,
    pub(super) sync_fails: bool,
}

impl MemorySegments {
    pub(super) fn new(length: usize) -> Self {
        Self { images: Images::default(), length, most: u64::MAX, sync_fails: false }
    }
}

impl Segments for MemorySegments {
    type Storage = Memory;
    fn create(&mut self, number: u64) -> io::Result<Memory> {
        if number > self.most {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let images = self.images.clone();
        Ok(Memory { bytes: vec![0; self.length], number, images, sync_fails: self.sync_fails })
    }
    fn cut(&mut self, mut retired: Retired<Memory>) -> io::Result<()> {
        retired.storage.bytes.truncate(retired.used);
        Ok(())
    }
    fn sync(&mut self, storage: &mut Memory, at: Range<usize>, _: SyncedTo) -> io::Result<()> {
        storage.sync(at)
    }
    fn discard(&mut self, number: u64, storage: Memory) -> io::Result<()> {
        drop(storage);
        self.images.borrow_mut().remove(&number);
        Ok(())
    }
}

pub(super) fn identity() -> Identity {
    Identity {
        mode: ModeName::new(b"simulation").unwrap(),
        venue: Venue::Simulated,
        account: Account::new(b"main").unwrap(),
        settlement_currency: Currency::new(b"USD").unwrap(),
        instance_tag: InstanceTag::new(0xabc),
    }
}

pub(super) fn start(identity: Identity, epoch: u32) -> Start {
    let scale = Scale::power_of_ten;
    let instrument = Instrument {
        id: InstrumentId(0),
        venue: identity.venue,
        symbol: Symbol::new(b"BTC-USD").unwrap(),
        base: Currency::new(b"BTC").unwrap(),
        quote: Currency::new(b"USD").unwrap(),
        tick: scale(2),
        lot: scale(8),
        order_step: scale(8),
    };
    Start {
        core_version: 1,
        program: "0.1.0".into(),
        identity,
        epoch,
        started: Nanos::from_seconds(1_700_000_000),
        seed: 7,
        instruments: vec![instrument],
        config: RawValue::from_string(r#"{"a": [1, 2.50]}"#.into()).unwrap(),
    }
}

pub(super) fn writer(segments: MemorySegments, mode: SyncMode) -> Writer<MemorySegments> {
    let owner = Owner { identity: identity(), program: "0.1.0".into(), commit: String::new() };
    let origin = Origin { number: 1, sequence: 1, previous: Ending::default(), epoch: 5, owner };
    let mut writer = Writer::begin(segments, origin, mode).unwrap();
    writer.append_start(&start(identity(), 5)).unwrap();
    writer
}

fn levels(count: u8) -> Vec<Level> {
    let level = |i: u8| Level::new(Side::BOTH[usize::from(i % 2)], Price(i.into()), Qty(1 << 40));
    (0..count).map(level).collect()
}

/// An input of every body, with the levels behind it.
pub(super) fn inputs() -> Vec<(Event, Vec<Level>)> {
    let report = Report {
        trade_id: 99,
        fee: -125,
        fee_decimals: 4,
        fee_in: FeeIn::Quote,
        maker: true,
        code: RejectCode::None,
        ..Report::new(OrderId(1 << 32 | 1), ReportKind::Filled)
    };
    let head = |count, shape| Levels {
        shape,
        first: true,
        last: count < 28,
        count,
        follows: 3,
        id: u64::MAX,
        checksum: None,
    };
    let key = OrderKey { high: u64::MAX, low: 0 };
    let (action, order) = (OrderAction::Open, OrderId(1 << 32 | 2));
    let refused = Refused { order, kind: RequestKind::Place, code: RefusalCode::PositionLimit };
    let trade = Trade { price: Price(5), qty: Qty(6), id: 7, aggressor: Side::Ask, history: false };
    let state = Body::State { state: TradingState::Halted, reason: StateReason::Operator };
    let bodies = [
        Body::Levels(head(28, Shape::Snapshot)),
        Body::Levels(head(3, Shape::Update)),
        Body::Levels(head(0, Shape::Top)),
        Body::Order(OrderUpdate { key, action, snapshot: false, first: false, id: 1 }),
        Body::Trade(trade),
        Body::Heartbeat { id: 0, trade_id: 1 },
        Body::Status(MarketStatus::Trading),
        Body::Fault(Stale::Crossed),
        Body::Subscribed { depth: 10 },
        Body::Ignored,
        Body::Report(report),
        Body::Refused(refused),
        state,
        Body::Timer,
        Body::Health(Health::SYNC_LATE),
        Body::Command(Asked::plain(Command::Halt)),
    ];
    let mut all = Vec::new();
    for (sequence, body) in (1..).zip(bodies) {
        let venue_time = [Nanos::UNKNOWN, Nanos(5)][all.len() % 2];
        let (received, instrument) = (Nanos(1_700_000_000_000_000_000), InstrumentId(0));
        let event = Event { sequence, received, venue_time, instrument, body };
        all.push((event, levels(u8::try_from(event.level_count()).unwrap())));
    }
    all
}

pub(super) fn request() -> OrderRequest {
    let proposal = Proposal {
        order: OrderId(5 << 32 | 1),
        price: Price(100),
        qty: Qty(3),
        instrument: InstrumentId(0),
        kind: RequestKind::Place,
        side: Side::Bid,
        time_in_force: TimeInForce::GoodTillCancel,
        post_only: true,
        reduce_only: false,
    };
    OrderRequest::unpack(&proposal.pack()).unwrap()
}

/// An output of every kind but a request.
pub(super) fn outputs() -> [Output; 3] {
    let explanation = Explanation {
        sequence: 1,
        received: Nanos(2),
        instrument: InstrumentId(0),
        strategy: 3,
        fair_value: 4.5,
        reservation: -5.5,
        volatility: 0.0,
        imbalance: 0.25,
        spread: 6.5,
        spread_volatility: 7.5,
        spread_imbalance: 8.5,
        spread_fees: 9.5,
        spread_final: 10.5,
        intensity_a: 0.0,
        intensity_k: 0.0,
        position: -11,
        sides: [SideExplained { levels: 3, price: Price(99), ..SideExplained::default() }; 2],
    };
    let proposal = *request().terms();
    let (value, limit) = (i128::MIN, 7);
    let (state, reason) = (TradingState::Reducing, StateReason::Operator);
    [
        Output::Explanation(explanation),
        Output::Refusal(Refusal { proposal, code: RefusalCode::VolumeLimit, value, limit }),
        Output::State { state, reason },
    ]
}

/// Appends the n-th of a row of records without end: every input in turn, outputs between them.
pub(super) fn append_nth(writer: &mut Writer<MemorySegments>, n: usize) -> Result<(), WriteError> {
    let inputs = inputs();
    match n % 4 {
        1 => writer.append_request(&request()).map(|journaled| {
            assert_eq!(*journaled.get(), request());
        }),
        3 => writer.append_output(&outputs()[n / 4 % 3]).map(|released| {
            assert_eq!(released, None);
        }),
        _ => {
            let (event, levels) = &inputs[n / 2 % inputs.len()];
            writer.append_input(event, levels)
        }
    }
}

/// All that one segment tells: a line a record, and how it ends.
pub(super) fn read(bytes: &[u8]) -> Result<(Vec<String>, End), Found> {
    let mut reader = SegmentReader::new(bytes).map_err(|damage| (0, damage))?;
    let mut told = Vec::new();
    while let Some(record) = reader.next()? {
        told.push(match &record.content {
            Content::Input(input) => {
                let levels: Vec<_> = input.levels().collect();
                format!("{} {:?} {levels:?}", record.sequence, input.event)
            }
            other => format!("{} {other:?}", record.sequence),
        });
    }
    Ok((told, reader.end().expect("it was read to its end")))
}
