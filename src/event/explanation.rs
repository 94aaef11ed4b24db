//! Why a quote is what it is: every number that went into it, what bound it, and why a side is
//! withheld.
//!
//! All prices are in ticks of the instrument. Text is made where it is shown.

use crate::event::{ExitReason, RefusalCode, RejectCode, Stale, TradingState};
use crate::types::{InstrumentId, Nanos, Price, Qty};
use serde::{Deserialize, Serialize};

/// What moved a quote away from where the strategy wanted it: a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Clamps(pub u8);

impl Clamps {
    /// The spread was raised to its least.
    pub const SPREAD_MIN: Self = Self(1);
    /// The spread was cut to its greatest.
    pub const SPREAD_MAX: Self = Self(1 << 1);
    /// The spread was raised to fees and edge.
    pub const FEES: Self = Self(1 << 2);
    /// The price was moved behind the other side of the book, as it must not trade.
    pub const POST_ONLY: Self = Self(1 << 3);
    /// The quantity was cut to what the position limit leaves.
    pub const POSITION: Self = Self(1 << 4);
    /// The quantity was brought to its bounds.
    pub const QUANTITY: Self = Self(1 << 5);
    /// The skew was cut to the greatest spread.
    pub const SKEW: Self = Self(1 << 6);

    /// Each clamp by itself, with its stable name.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::SPREAD_MIN, "spread_min"),
        (Self::SPREAD_MAX, "spread_max"),
        (Self::FEES, "fees"),
        (Self::POST_ONLY, "post_only"),
        (Self::POSITION, "position"),
        (Self::QUANTITY, "quantity"),
        (Self::SKEW, "skew"),
    ];

    /// Both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether that one is in the set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Why a side is not quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum Withheld {
    /// It is quoted.
    #[default]
    Quoted = 0,
    /// The book is stale.
    BookStale = 1,
    /// A side of the book is empty.
    BookEmpty = 2,
    /// Too little was seen for a fair value or a volatility.
    Warming = 3,
    /// The position limit leaves no room.
    PositionLimit = 4,
    /// What may be quoted is less than the venue's least quantity.
    BelowMinimum = 5,
    /// Health stops quoting.
    Unhealthy = 6,
    /// The trading state stops it.
    State = 7,
    /// Risk has refused it, and nothing has changed since.
    Refused = 8,
    /// The venue rejects it again and again; the code stands beside.
    VenueRejecting = 9,
    /// The message budget is used up.
    RateBudget = 10,
    /// The venue does not trade the instrument.
    MarketStatus = 11,
    /// The instrument is not quoted by config.
    Disabled = 12,
    /// Every order id of this epoch is used.
    IdsExhausted = 13,
    /// Only what brings the position down may be quoted, and this side would not.
    ReduceOnly = 14,
    /// The position is being closed by its stop-loss or its take-profit.
    Closing = 15,
}

impl Withheld {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; 16] = [
        Self::Quoted,
        Self::BookStale,
        Self::BookEmpty,
        Self::Warming,
        Self::PositionLimit,
        Self::BelowMinimum,
        Self::Unhealthy,
        Self::State,
        Self::Refused,
        Self::VenueRejecting,
        Self::RateBudget,
        Self::MarketStatus,
        Self::Disabled,
        Self::IdsExhausted,
        Self::ReduceOnly,
        Self::Closing,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quoted => "quoted",
            Self::BookStale => "book_stale",
            Self::BookEmpty => "book_empty",
            Self::Warming => "warming",
            Self::PositionLimit => "position_limit",
            Self::BelowMinimum => "below_minimum",
            Self::Unhealthy => "unhealthy",
            Self::State => "trading_state",
            Self::Refused => "refused",
            Self::VenueRejecting => "venue_rejecting",
            Self::RateBudget => "rate_budget",
            Self::MarketStatus => "market_status",
            Self::Disabled => "disabled",
            Self::IdsExhausted => "ids_exhausted",
            Self::ReduceOnly => "reduce_only",
            Self::Closing => "closing",
        }
    }

    /// The stable name with that of the number behind it: `venue_rejecting:rate_limited`.
    #[must_use]
    pub fn reason(self, code: u8) -> String {
        let at = usize::from(code);
        let behind = match self {
            Self::BookStale => Stale::ALL.get(at).map(|reason| reason.name()),
            Self::Refused => RefusalCode::ALL.get(at).map(|code| code.name()),
            Self::VenueRejecting => RejectCode::ALL.get(at).map(|code| code.name()),
            Self::State => TradingState::ALL.get(at).map(|state| state.name()),
            Self::Closing => ExitReason::ALL.get(at).map(|reason| reason.name()),
            _ => None,
        };
        behind.map_or_else(|| self.name().to_owned(), |behind| format!("{}:{behind}", self.name()))
    }
}

/// One side of a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SideExplained {
    /// The price wanted nearest to the touch; 0 where no level is wanted.
    pub price: Price,
    /// The quantity wanted there.
    pub qty: Qty,
    /// What moved it.
    pub clamps: Clamps,
    /// Why it is withheld.
    pub withheld: Withheld,
    /// The number of what stands behind `withheld`: of the venue's code, the refusal, the book's
    /// reason, the market's status, the trading state or the exit's reason.
    pub code: u8,
    /// How many levels are wanted.
    pub levels: u8,
}

/// The whole of one decision. 192 bytes with its head, three lines.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// The input that it answers.
    pub sequence: u64,
    /// The time of that input.
    pub received: Nanos,
    /// Whose quotes.
    pub instrument: InstrumentId,
    /// The number of the strategy.
    pub strategy: u8,
    /// What the strategy takes the instrument to be worth, in ticks.
    pub fair_value: f64,
    /// The fair value moved by what is held, in ticks.
    pub reservation: f64,
    /// Standard deviation of the price in a second, in ticks.
    pub volatility: f64,
    /// (bid − ask) / (bid + ask) of the quantities near the touch, from −1 to 1.
    pub imbalance: f64,
    /// The whole spread before clamps, in ticks.
    pub spread: f64,
    /// What of it is due to volatility, in ticks.
    pub spread_volatility: f64,
    /// What of it is due to imbalance, in ticks.
    pub spread_imbalance: f64,
    /// Fees and edge of both sides, in ticks: the spread is never less.
    pub spread_fees: f64,
    /// The whole spread after clamps, in ticks.
    pub spread_final: f64,
    /// Order arrivals: A of A·exp(−k·distance), a second; 0 where the strategy has none.
    pub intensity_a: f64,
    /// Order arrivals: k of A·exp(−k·distance), per tick; 0 where the strategy has none.
    pub intensity_k: f64,
    /// What was held, in lots.
    pub position: i64,
    /// Bid and ask.
    pub sides: [SideExplained; 2],
}
