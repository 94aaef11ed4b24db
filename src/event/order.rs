//! What becomes of our requests: reports of the venue and the gateway, and refusals of risk, as
//! inputs of the core.
//!
//! Which report moves an order to which status is the order table's to say, not this file's.

use super::RequestKind;
use crate::types::OrderId;
use serde::{Deserialize, Serialize};

/// What a report says. The level behind it has the order's side; its price and quantity are told
/// with each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ReportKind {
    /// The request has left this process; the level is the request's.
    Sent = 0,
    /// The request has not left and never will; the level is the request's.
    NotSent = 1,
    /// No answer came in time: whether the venue has the request is unknown. The level is empty.
    TimedOut = 2,
    /// The venue has the order. The level is its price and whole quantity.
    Accepted = 3,
    /// The venue does not take the order. The level is the order's.
    Rejected = 4,
    /// It traded. The level is the price and quantity of this trade.
    Filled = 5,
    /// It is gone without (further) trade: cancelled by us or by the venue. The level is its price
    /// and the quantity that was left.
    Canceled = 6,
    /// The venue does not cancel it: it is filled, gone, or unknown there.
    CancelRejected = 7,
    /// It has a new price and whole quantity: the level's.
    Replaced = 8,
    /// The venue leaves it as it was.
    ReplaceRejected = 9,
    /// Answer to a query: it rests. The level is its price and the quantity that is left. Of a
    /// position: the level's quantity is held, on its side.
    Open = 10,
    /// Answer to a query: the venue has no such open order; fills it has had were reported before.
    /// Of [`OrderId::NONE`]: all that was asked for has been told.
    /// Of a position: the venue cannot tell.
    Absent = 11,
}

impl ReportKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::Sent,
        Self::NotSent,
        Self::TimedOut,
        Self::Accepted,
        Self::Rejected,
        Self::Filled,
        Self::Canceled,
        Self::CancelRejected,
        Self::Replaced,
        Self::ReplaceRejected,
        Self::Open,
        Self::Absent,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NotSent => "not_sent",
            Self::TimedOut => "timed_out",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Filled => "fill",
            Self::Canceled => "canceled",
            Self::CancelRejected => "cancel_rejected",
            Self::Replaced => "replaced",
            Self::ReplaceRejected => "replace_rejected",
            Self::Open => "open",
            Self::Absent => "absent",
        }
    }
}

/// Why the venue or the gateway says no.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum RejectCode {
    /// It says yes.
    None = 0,
    /// A post-only order would have traded.
    PostOnly = 1,
    /// The account has not enough.
    InsufficientFunds = 2,
    /// Too many requests.
    RateLimited = 3,
    /// The venue knows no such order.
    UnknownOrder = 4,
    /// The price keeps not to the venue's steps or bounds.
    Price = 5,
    /// The quantity keeps not to the venue's steps or bounds.
    Quantity = 6,
    /// The instrument does not trade.
    MarketHalted = 7,
    /// It would have traded with another order of ours.
    SelfTrade = 8,
    /// It could not trade at once and whole, or at once at all.
    Unfilled = 9,
    /// The id was used before.
    DuplicateId = 10,
    /// There is no connection.
    Disconnected = 11,
    /// Something that has no number here.
    Other = 12,
}

impl RejectCode {
    /// Every code, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::None,
        Self::PostOnly,
        Self::InsufficientFunds,
        Self::RateLimited,
        Self::UnknownOrder,
        Self::Price,
        Self::Quantity,
        Self::MarketHalted,
        Self::SelfTrade,
        Self::Unfilled,
        Self::DuplicateId,
        Self::Disconnected,
        Self::Other,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PostOnly => "post_only",
            Self::InsufficientFunds => "insufficient_funds",
            Self::RateLimited => "rate_limited",
            Self::UnknownOrder => "unknown_order",
            Self::Price => "price",
            Self::Quantity => "quantity",
            Self::MarketHalted => "market_halted",
            Self::SelfTrade => "self_trade",
            Self::Unfilled => "unfilled",
            Self::DuplicateId => "duplicate_id",
            Self::Disconnected => "disconnected",
            Self::Other => "other",
        }
    }
}

/// What a fee is paid in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FeeIn {
    /// The instrument's quote currency.
    Quote = 0,
    /// The instrument's base currency.
    Base = 1,
}

/// What the gateway or the venue says of one of our orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(Rust, packed(4))]
pub struct Report {
    /// Which order.
    pub order: OrderId,
    /// What happened.
    pub kind: ReportKind,
    /// Why not, where it says no.
    pub code: RejectCode,
    /// The venue's number of a trade; 0 but with [`ReportKind::Filled`].
    pub trade_id: u64,
    /// The fee of a trade, in 10^-`fee_decimals` of `fee_in`; negative for a rebate.
    pub fee: i64,
    /// Digits behind the point of the fee, at most 18.
    pub fee_decimals: u8,
    /// What the fee is paid in.
    pub fee_in: FeeIn,
    /// We made the trade: our order rested.
    pub maker: bool,
}

impl Report {
    /// A report without trade and without a no.
    #[must_use]
    pub const fn new(order: OrderId, kind: ReportKind) -> Self {
        Self {
            order,
            kind,
            code: RejectCode::None,
            trade_id: 0,
            fee: 0,
            fee_decimals: 0,
            fee_in: FeeIn::Quote,
            maker: false,
        }
    }
}

/// Why risk refuses; the names are the ones in log, API and journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum RefusalCode {
    /// Trading is halted.
    Halted = 0,
    /// Too many requests in the time.
    RateLimit = 1,
    /// The order is too large, too small or too dear.
    OrderSizeLimit = 2,
    /// The position would be too large.
    PositionLimit = 3,
    /// Too much was traded today.
    VolumeLimit = 4,
    /// Too much was lost today.
    DailyLossLimit = 5,
    /// Too far below the high-water mark.
    DrawdownLimit = 6,
    /// Gross or net exposure would be too large.
    ExposureLimit = 7,
    /// The price is too far from the book, on its wrong side.
    PriceCollar = 8,
    /// It would trade with another order of ours.
    SelfTrade = 9,
    /// The id was used before, or the same order was proposed twice.
    Duplicate = 10,
    /// Only what brings the position down is allowed, and this does not.
    ReduceOnly = 11,
    /// The book is stale.
    StaleBook = 12,
    /// There is no fresh price of the currency.
    StaleConversion = 13,
    /// The order table is full.
    Capacity = 14,
    /// The order is unknown or already done.
    UnknownOrder = 15,
    /// The circuit breaker is open, or half open and the order too large or one too many.
    CircuitBreaker = 16,
    /// The position is being closed by its stop-loss or its take-profit.
    Closing = 17,
}

impl RefusalCode {
    /// Every code, in the order of their numbers.
    pub const ALL: [Self; 18] = [
        Self::Halted,
        Self::RateLimit,
        Self::OrderSizeLimit,
        Self::PositionLimit,
        Self::VolumeLimit,
        Self::DailyLossLimit,
        Self::DrawdownLimit,
        Self::ExposureLimit,
        Self::PriceCollar,
        Self::SelfTrade,
        Self::Duplicate,
        Self::ReduceOnly,
        Self::StaleBook,
        Self::StaleConversion,
        Self::Capacity,
        Self::UnknownOrder,
        Self::CircuitBreaker,
        Self::Closing,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halted => "REJECTED_HALTED",
            Self::RateLimit => "REJECTED_RATE_LIMIT",
            Self::OrderSizeLimit => "REJECTED_ORDER_SIZE_LIMIT",
            Self::PositionLimit => "REJECTED_POSITION_LIMIT",
            Self::VolumeLimit => "REJECTED_VOLUME_LIMIT",
            Self::DailyLossLimit => "REJECTED_DAILY_LOSS_LIMIT",
            Self::DrawdownLimit => "REJECTED_DRAWDOWN_LIMIT",
            Self::ExposureLimit => "REJECTED_EXPOSURE_LIMIT",
            Self::PriceCollar => "REJECTED_PRICE_COLLAR",
            Self::SelfTrade => "REJECTED_SELF_TRADE",
            Self::Duplicate => "REJECTED_DUPLICATE",
            Self::ReduceOnly => "REJECTED_REDUCE_ONLY",
            Self::StaleBook => "REJECTED_STALE_BOOK",
            Self::StaleConversion => "REJECTED_STALE_CONVERSION",
            Self::Capacity => "REJECTED_CAPACITY",
            Self::UnknownOrder => "REJECTED_UNKNOWN_ORDER",
            Self::CircuitBreaker => "REJECTED_CIRCUIT_BREAKER",
            Self::Closing => "REJECTED_CLOSING",
        }
    }
}

/// Risk refused what the quoter proposed; a refused replace has become a cancel of its original.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(Rust, packed(4))]
pub struct Refused {
    /// The order of the proposal.
    pub order: OrderId,
    /// What was proposed.
    pub kind: RequestKind,
    /// Why it is refused.
    pub code: RefusalCode,
}
