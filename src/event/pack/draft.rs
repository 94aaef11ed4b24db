//! Drafts, requests and what else risk says as lines: tags from 32 on, apart from those of events.

use super::{Line, NotAnEvent};
use crate::event::explanation::{Clamps, SideExplained, Withheld};
use crate::event::{Draft, Explanation, Mark, Proposal, RequestKind, Stale};
use crate::types::{InstrumentId, Nanos, OrderId, Price, Qty, Side, TimeInForce};

const TAG_MARK: u8 = 32;
/// The tag of an explanation.
pub(crate) const TAG_EXPLANATION: u8 = 33;
/// The tag of a proposal.
pub(crate) const TAG_PROPOSAL: u8 = 34;

/// Lines that an explanation takes.
pub const EXPLANATION_LINES: usize = 3;

/// What a line is the head of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    /// An event; see [`Event::unpack`](crate::event::Event::unpack).
    Event,
    /// A mark, in this line.
    Mark,
    /// An explanation, in this line and the two behind it.
    Explanation,
    /// A proposal, in this line.
    Proposal,
}

impl Item {
    /// What that line is the head of; what is no draft passes for an event.
    #[inline]
    #[must_use]
    pub const fn of(line: &Line) -> Self {
        match tag(line) {
            TAG_MARK => Self::Mark,
            TAG_EXPLANATION => Self::Explanation,
            TAG_PROPOSAL => Self::Proposal,
            _ => Self::Event,
        }
    }
}

const fn tag(line: &Line) -> u8 {
    line.0[0].to_le_bytes()[0]
}

/// A head word: tag, three small bytes, instrument.
fn head(tag: u8, small: [u8; 3], instrument: InstrumentId) -> u64 {
    let [low, high] = instrument.0.to_le_bytes();
    u64::from_le_bytes([tag, small[0], small[1], small[2], low, high, 0, 0])
}

/// The three small bytes and the instrument of a head word that has to have that tag.
fn read_head(word: u64, expected: u8) -> Result<([u8; 3], InstrumentId), NotAnEvent> {
    let [tag, a, b, c, low, high, ..] = word.to_le_bytes();
    if tag != expected {
        return Err(NotAnEvent { tag });
    }
    Ok(([a, b, c], InstrumentId(u16::from_le_bytes([low, high]))))
}

impl Mark {
    /// Its line.
    #[inline]
    #[must_use]
    pub fn pack(&self) -> Line {
        let stale = self.stale.map_or(0, |reason| reason as u8 + 1);
        let word = i64::cast_unsigned;
        Line([
            head(TAG_MARK, [stale, 0, 0], self.instrument),
            self.sequence,
            word(self.received.0),
            word(self.bid.0),
            word(self.bid_qty.0),
            word(self.ask.0),
            word(self.ask_qty.0),
            word(self.traded.0),
        ])
    }

    /// The mark of a line.
    ///
    /// # Errors
    /// It is none.
    #[inline]
    pub fn unpack(line: &Line) -> Result<Self, NotAnEvent> {
        let [first, sequence, received, bid, bid_qty, ask, ask_qty, traded] = line.0;
        let ([stale, ..], instrument) = read_head(first, TAG_MARK)?;
        let stale = match usize::from(stale).checked_sub(1) {
            None => None,
            Some(at) => Some(*Stale::ALL.get(at).ok_or(NotAnEvent { tag: TAG_MARK })?),
        };
        Ok(Self {
            sequence,
            received: Nanos(received.cast_signed()),
            bid: Price(bid.cast_signed()),
            bid_qty: Qty(bid_qty.cast_signed()),
            ask: Price(ask.cast_signed()),
            ask_qty: Qty(ask_qty.cast_signed()),
            traded: Qty(traded.cast_signed()),
            instrument,
            stale,
        })
    }
}

const POST_ONLY: u8 = 1;
const REDUCE_ONLY: u8 = 2;
const ASK: u8 = 4;

impl Proposal {
    /// Its line.
    #[inline]
    #[must_use]
    pub fn pack(&self) -> Line {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(self.post_only, POST_ONLY)
            | flag(self.reduce_only, REDUCE_ONLY)
            | flag(self.side == Side::Ask, ASK);
        let small = [self.kind as u8, self.time_in_force as u8, flags];
        let (price, qty) = (self.price.0.cast_unsigned(), self.qty.0.cast_unsigned());
        let first = head(TAG_PROPOSAL, small, self.instrument);
        Line([first, self.order.0, price, qty, 0, 0, 0, 0])
    }

    /// The proposal of a line.
    ///
    /// # Errors
    /// It is none.
    #[inline]
    pub fn unpack(line: &Line) -> Result<Self, NotAnEvent> {
        let [first, order, price, qty, ..] = line.0;
        let ([kind, time_in_force, flags], instrument) = read_head(first, TAG_PROPOSAL)?;
        let wrong = NotAnEvent { tag: TAG_PROPOSAL };
        Ok(Self {
            order: OrderId(order),
            price: Price(price.cast_signed()),
            qty: Qty(qty.cast_signed()),
            instrument,
            kind: *RequestKind::ALL.get(usize::from(kind)).ok_or(wrong)?,
            side: if flags & ASK == 0 { Side::Bid } else { Side::Ask },
            time_in_force: *TimeInForce::ALL.get(usize::from(time_in_force)).ok_or(wrong)?,
            post_only: flags & POST_ONLY != 0,
            reduce_only: flags & REDUCE_ONLY != 0,
        })
    }
}

impl Explanation {
    /// Its lines.
    #[must_use]
    pub fn pack(&self) -> [Line; EXPLANATION_LINES] {
        let [bid, ask] = &self.sides;
        let side = |side: &SideExplained| {
            let bytes = [side.clamps.0, side.withheld as u8, side.code, side.levels];
            u64::from(u32::from_le_bytes(bytes))
        };
        let word = i64::cast_unsigned;
        [
            Line([
                head(TAG_EXPLANATION, [self.strategy, 0, 0], self.instrument),
                self.sequence,
                word(self.received.0),
                self.fair_value.to_bits(),
                self.reservation.to_bits(),
                self.volatility.to_bits(),
                self.imbalance.to_bits(),
                self.spread.to_bits(),
            ]),
            Line([
                self.spread_volatility.to_bits(),
                self.spread_imbalance.to_bits(),
                self.spread_fees.to_bits(),
                self.spread_final.to_bits(),
                self.intensity_a.to_bits(),
                self.intensity_k.to_bits(),
                word(self.position),
                side(bid) | side(ask) << 32,
            ]),
            Line([
                word(bid.price.0),
                word(bid.qty.0),
                word(ask.price.0),
                word(ask.qty.0),
                0,
                0,
                0,
                0,
            ]),
        ]
    }

    /// The explanation of those lines.
    ///
    /// # Errors
    /// They are none.
    pub fn unpack(lines: &[Line; EXPLANATION_LINES]) -> Result<Self, NotAnEvent> {
        let [a, b, c] = lines;
        let ([strategy, ..], instrument) = read_head(a.0[0], TAG_EXPLANATION)?;
        let float = f64::from_bits;
        let [b0, b1, b2, b3, a0, a1, a2, a3] = b.0[7].to_le_bytes();
        let side = |[clamps, withheld, code, levels]: [u8; 4], price: u64, qty: u64| {
            let withheld = *Withheld::ALL
                .get(usize::from(withheld))
                .ok_or(NotAnEvent { tag: TAG_EXPLANATION })?;
            let (price, qty) = (Price(price.cast_signed()), Qty(qty.cast_signed()));
            Ok(SideExplained { price, qty, clamps: Clamps(clamps), withheld, code, levels })
        };
        Ok(Self {
            sequence: a.0[1],
            received: Nanos(a.0[2].cast_signed()),
            instrument,
            strategy,
            fair_value: float(a.0[3]),
            reservation: float(a.0[4]),
            volatility: float(a.0[5]),
            imbalance: float(a.0[6]),
            spread: float(a.0[7]),
            spread_volatility: float(b.0[0]),
            spread_imbalance: float(b.0[1]),
            spread_fees: float(b.0[2]),
            spread_final: float(b.0[3]),
            intensity_a: float(b.0[4]),
            intensity_k: float(b.0[5]),
            position: b.0[6].cast_signed(),
            sides: [
                side([b0, b1, b2, b3], c.0[0], c.0[1])?,
                side([a0, a1, a2, a3], c.0[2], c.0[3])?,
            ],
        })
    }
}

impl Draft {
    /// How many lines it takes.
    #[inline]
    #[must_use]
    pub const fn line_count(&self) -> usize {
        match self {
            Self::Explanation(_) => EXPLANATION_LINES,
            Self::Mark(_) | Self::Proposal(_) => 1,
        }
    }
}
