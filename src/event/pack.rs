//! Events and levels to lines and back: the one place that knows where a field lies.

use super::{
    Asked, Body, BreakerChange, BreakerState, Checksum, Command, Event, ExitChange, ExitReason,
    FeeIn, Health, LEVELS_PER_LINE, LIMIT_CHANGES_MAX, Level, Levels, Line, MarketStatus,
    NOTE_PLACES_MAX, NotAnEvent, OrderAction, OrderKey, OrderUpdate, PART_LEVELS_MAX, RefusalCode,
    Refused, RejectCode, Report, ReportKind, RequestKind, Shape, Stale, StateReason, Trade,
    TradingState, Trigger, VarResult,
};
use crate::types::{InstrumentId, Nanos, OrderId, Price, Qty, Side};

mod draft;

pub use draft::{EXPLANATION_LINES, Item};
pub(crate) use draft::{TAG_EXPLANATION, TAG_PROPOSAL};

const TAG_LEVELS: u8 = 1;
const TAG_ORDER: u8 = 2;
const TAG_TRADE: u8 = 3;
const TAG_HEARTBEAT: u8 = 4;
const TAG_STATUS: u8 = 5;
const TAG_FAULT: u8 = 6;
const TAG_SUBSCRIBED: u8 = 7;
const TAG_IGNORED: u8 = 8;
const TAG_REPORT: u8 = 9;
const TAG_REFUSED: u8 = 10;
const TAG_STATE: u8 = 11;
const TAG_TIMER: u8 = 12;
const TAG_HEALTH: u8 = 13;
const TAG_COMMAND: u8 = 14;
const TAG_BREAKER: u8 = 15;
const TAG_VAR: u8 = 20;
const TAG_EXIT: u8 = 21;
const TAG_QUERY: u8 = 22;

const FIRST: u8 = 1;
const LAST: u8 = 2;
const CHECKSUM: u8 = 4;
const SNAPSHOT: u8 = 8;
const HISTORY: u8 = 16;
const MAKER: u8 = 32;
const FEE_IN_BASE: u8 = 64;

/// The words of a head that depend on its tag.
struct Packed {
    tag: u8,
    flags: u8,
    small: u8,
    count: u8,
    words: [u64; 4],
}

impl Packed {
    #[inline]
    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    #[inline]
    fn levels(&self) -> Option<Levels> {
        let [follows, id, sum, _] = self.words;
        let [c0, c1, c2, c3, price_decimals, qty_decimals, ..] = sum.to_le_bytes();
        let crc = u32::from_le_bytes([c0, c1, c2, c3]);
        if usize::from(self.count) > PART_LEVELS_MAX {
            return None;
        }
        let checksum = || Checksum::new(crc, price_decimals, qty_decimals);
        Some(Levels {
            shape: match self.small {
                0 => Shape::Snapshot,
                1 => Shape::Update,
                2 => Shape::Top,
                _ => return None,
            },
            first: self.has(FIRST),
            last: self.has(LAST),
            count: self.count,
            follows,
            id,
            checksum: self.has(CHECKSUM).then(checksum),
        })
    }

    #[inline]
    fn order(&self) -> Option<OrderUpdate> {
        let [high, low, id, _] = self.words;
        Some(OrderUpdate {
            key: OrderKey { high, low },
            action: match self.small {
                0 => OrderAction::Open,
                1 => OrderAction::Match,
                2 => OrderAction::Change,
                3 => OrderAction::Done,
                4 => OrderAction::Received,
                _ => return None,
            },
            snapshot: self.has(SNAPSHOT),
            first: self.has(FIRST),
            id,
        })
    }

    #[inline]
    fn report(&self) -> Option<Report> {
        let [order, trade_id, fee, rest] = self.words;
        let [code, fee_decimals, ..] = rest.to_le_bytes();
        Some(Report {
            order: OrderId(order),
            kind: *ReportKind::ALL.get(usize::from(self.small))?,
            code: *RejectCode::ALL.get(usize::from(code))?,
            trade_id,
            fee: fee.cast_signed(),
            fee_decimals,
            fee_in: if self.has(FEE_IN_BASE) { FeeIn::Base } else { FeeIn::Quote },
            maker: self.has(MAKER),
        })
    }
}

impl Event {
    /// When the event of that head line was received.
    #[inline]
    #[must_use]
    pub const fn received_of(head: &Line) -> Nanos {
        Nanos(head.0[2].cast_signed())
    }

    /// The head line of this event; its levels go by [`pack_levels`].
    #[inline]
    #[must_use]
    pub fn pack(&self) -> Line {
        let body = self.body.pack();
        let head = u64::from(body.tag)
            | u64::from(body.flags) << 8
            | u64::from(body.small) << 16
            | u64::from(self.instrument.0) << 32
            | u64::from(body.count) << 48;
        let [a, b, c, d] = body.words;
        let (received, venue_time) = (self.received.0, self.venue_time.0);
        Line([
            head,
            self.sequence,
            received.cast_unsigned(),
            venue_time.cast_unsigned(),
            a,
            b,
            c,
            d,
        ])
    }

    /// The event of a head line.
    ///
    /// # Errors
    /// The line is the head of no event of this version.
    #[inline]
    pub fn unpack(line: &Line) -> Result<Self, NotAnEvent> {
        let [head, sequence, received, venue_time, a, b, c, d] = line.0;
        let [tag, flags, small, _, low, high, count, _] = head.to_le_bytes();
        let body = Body::unpack(&Packed { tag, flags, small, count, words: [a, b, c, d] })
            .ok_or(NotAnEvent { tag })?;
        Ok(Self {
            sequence,
            received: Nanos(received.cast_signed()),
            venue_time: Nanos(venue_time.cast_signed()),
            instrument: InstrumentId(u16::from_le_bytes([low, high])),
            body,
        })
    }
}

const fn flag(set: bool, flag: u8) -> u8 {
    if set { flag } else { 0 }
}

impl Levels {
    #[inline]
    fn pack(&self) -> Packed {
        let sum = self.checksum.map_or(0, checksum_word);
        Packed {
            tag: TAG_LEVELS,
            flags: flag(self.first, FIRST)
                | flag(self.last, LAST)
                | flag(self.checksum.is_some(), CHECKSUM),
            small: self.shape as u8,
            count: self.count,
            words: [self.follows, self.id, sum, 0],
        }
    }
}

impl Body {
    #[inline]
    fn pack(&self) -> Packed {
        let plain = |tag, small| Packed { tag, flags: 0, small, count: 0, words: [0; 4] };
        match *self {
            Self::Levels(levels) => levels.pack(),
            Self::Order(order) => Packed {
                tag: TAG_ORDER,
                flags: flag(order.first, FIRST) | flag(order.snapshot, SNAPSHOT),
                small: order.action as u8,
                count: 1,
                words: [order.key.high, order.key.low, order.id, 0],
            },
            Self::Trade(trade) => Packed {
                tag: TAG_TRADE,
                flags: flag(trade.history, HISTORY),
                small: trade.aggressor as u8,
                count: 0,
                words: [trade.price.0.cast_unsigned(), trade.qty.0.cast_unsigned(), trade.id, 0],
            },
            Self::Heartbeat { id, trade_id } => {
                Packed { words: [id, trade_id, 0, 0], ..plain(TAG_HEARTBEAT, 0) }
            }
            Self::Status(status) => plain(TAG_STATUS, status as u8),
            Self::Fault(reason) => plain(TAG_FAULT, reason as u8),
            Self::Subscribed { depth } => {
                Packed { words: [u64::from(depth), 0, 0, 0], ..plain(TAG_SUBSCRIBED, 0) }
            }
            Self::Ignored => plain(TAG_IGNORED, 0),
            Self::Report(report) => Packed {
                tag: TAG_REPORT,
                flags: flag(report.maker, MAKER) | flag(report.fee_in == FeeIn::Base, FEE_IN_BASE),
                small: report.kind as u8,
                count: 1,
                words: [
                    report.order.0,
                    report.trade_id,
                    report.fee.cast_unsigned(),
                    u64::from(report.code as u8) | u64::from(report.fee_decimals) << 8,
                ],
            },
            Self::Refused(refused) => Packed {
                words: [refused.order.0, refused.kind as u64, 0, 0],
                ..plain(TAG_REFUSED, refused.code as u8)
            },
            Self::State { state, reason } => {
                Packed { words: [reason as u64, 0, 0, 0], ..plain(TAG_STATE, state as u8) }
            }
            Self::Breaker(change) => Packed {
                words: [change.was as u64, change.trigger as u64, 0, 0],
                ..plain(TAG_BREAKER, change.state as u8)
            },
            Self::Timer => plain(TAG_TIMER, 0),
            Self::Health(health) => {
                Packed { words: [u64::from(health.0), 0, 0, 0], ..plain(TAG_HEALTH, 0) }
            }
            Self::Command(asked) => Packed {
                count: asked.places,
                words: [asked.id, u64::from(asked.changes), 0, 0],
                ..plain(TAG_COMMAND, asked.command as u8)
            },
            Self::Var(result) => Packed { words: result.words(), ..plain(TAG_VAR, 0) },
            Self::Exit(change) => Packed {
                words: [u64::from(change.is_over), 0, 0, 0],
                ..plain(TAG_EXIT, change.reason as u8)
            },
            Self::Query { order, side } => {
                Packed { words: [order.0, 0, 0, 0], ..plain(TAG_QUERY, side as u8) }
            }
        }
    }

    #[inline]
    fn unpack(packed: &Packed) -> Option<Self> {
        let [a, b, c, _] = packed.words;
        let small = usize::from(packed.small);
        Some(match packed.tag {
            TAG_LEVELS => Self::Levels(packed.levels()?),
            TAG_ORDER => Self::Order(packed.order()?),
            TAG_TRADE => Self::Trade(Trade {
                price: Price(a.cast_signed()),
                qty: Qty(b.cast_signed()),
                id: c,
                aggressor: *Side::BOTH.get(small)?,
                history: packed.has(HISTORY),
            }),
            TAG_HEARTBEAT => Self::Heartbeat { id: a, trade_id: b },
            TAG_STATUS => Self::Status(match packed.small {
                0 => MarketStatus::Trading,
                1 => MarketStatus::CancelOnly,
                2 => MarketStatus::PostOnly,
                3 => MarketStatus::Halted,
                _ => return None,
            }),
            TAG_FAULT => Self::Fault(*Stale::ALL.get(small)?),
            TAG_SUBSCRIBED => Self::Subscribed { depth: u32::try_from(a).ok()? },
            TAG_IGNORED => Self::Ignored,
            TAG_REPORT => Self::Report(packed.report()?),
            TAG_REFUSED => Self::Refused(Refused {
                order: OrderId(a),
                kind: *RequestKind::ALL.get(usize::try_from(b).ok()?)?,
                code: *RefusalCode::ALL.get(small)?,
            }),
            TAG_STATE => Self::State {
                state: *TradingState::ALL.get(small)?,
                reason: *StateReason::ALL.get(usize::try_from(a).ok()?)?,
            },
            TAG_BREAKER => Self::Breaker(BreakerChange {
                was: *BreakerState::ALL.get(usize::try_from(a).ok()?)?,
                state: *BreakerState::ALL.get(small)?,
                trigger: *Trigger::ALL.get(usize::try_from(b).ok()?)?,
            }),
            TAG_TIMER => Self::Timer,
            TAG_HEALTH => Self::Health(Health(u32::try_from(a).ok()?)),
            TAG_COMMAND => {
                let changes = u8::try_from(b).ok()?;
                let note = packed.count.checked_sub(changes)?;
                let fits = usize::from(note) <= NOTE_PLACES_MAX
                    && usize::from(changes) <= LIMIT_CHANGES_MAX;
                let command = fits.then(|| Command::ALL.get(small)).flatten()?;
                Self::Command(Asked { command: *command, places: packed.count, changes, id: a })
            }
            TAG_VAR => Self::Var(VarResult::of_words(packed.words)),
            TAG_EXIT if a <= 1 => {
                let reason = *ExitReason::ALL.get(small)?;
                Self::Exit(ExitChange { reason, is_over: a == 1 })
            }
            TAG_QUERY => Self::Query { order: OrderId(a), side: *Side::BOTH.get(small)? },
            _ => return None,
        })
    }
}

#[inline]
fn checksum_word(sum: Checksum) -> u64 {
    u64::from(sum.crc()) | u64::from(sum.price_decimals) << 32 | u64::from(sum.qty_decimals) << 40
}

/// The line of up to four levels; places that are left stay zero.
///
/// # Panics
/// More than four levels: our own fault.
#[inline]
#[must_use]
pub fn pack_levels(levels: &[Level]) -> Line {
    let mut line = Line::default();
    assert!(levels.len() <= LEVELS_PER_LINE);
    for (pair, level) in line.0.chunks_exact_mut(2).zip(levels) {
        pair.copy_from_slice(&pack_level(level));
    }
    line
}

/// The two words of a level.
#[inline]
#[must_use]
pub const fn pack_level(level: &Level) -> [u64; 2] {
    [level.key.cast_unsigned(), level.qty.0.cast_unsigned()]
}

/// The four places of a line of levels.
#[inline]
#[must_use]
pub fn unpack_levels(line: &Line) -> [Level; LEVELS_PER_LINE] {
    std::array::from_fn(|i| Level {
        key: line.0[2 * i].cast_signed(),
        qty: Qty(line.0[2 * i + 1].cast_signed()),
    })
}
