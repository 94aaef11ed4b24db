//! What kinds of messages there are, over all venues. What they say is not known here.

/// Kinds of messages, counted by the names that `stats` and `book` print.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Kind {
    /// A whole book.
    BookSnapshot,
    /// Changes of a book.
    BookUpdate,
    /// The best bid and ask as the venue publishes them.
    BookTop,
    /// Trades as they happen.
    Trade,
    /// Trades from before the subscription.
    TradeHistory,
    /// A ticker that carries no book.
    Ticker,
    /// An order was announced.
    OrderReceived,
    /// An order rests.
    OrderOpen,
    /// An order is gone.
    OrderDone,
    /// An order traded.
    OrderMatch,
    /// An order was changed.
    OrderChange,
    /// A stop order became active.
    OrderActivate,
    /// The venue is alive.
    Heartbeat,
    /// The venue's or an instrument's state.
    Status,
    /// An answer to a subscription.
    Subscription,
    /// The venue refused something.
    Error,
    /// Our own orders' channel.
    User,
    /// Candles, which nobody here reads.
    Candle,
}

impl Kind {
    /// Every kind, in the order of the counters.
    pub const ALL: [Self; 18] = [
        Self::BookSnapshot,
        Self::BookUpdate,
        Self::BookTop,
        Self::Trade,
        Self::TradeHistory,
        Self::Ticker,
        Self::OrderReceived,
        Self::OrderOpen,
        Self::OrderDone,
        Self::OrderMatch,
        Self::OrderChange,
        Self::OrderActivate,
        Self::Heartbeat,
        Self::Status,
        Self::Subscription,
        Self::Error,
        Self::User,
        Self::Candle,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BookSnapshot => "book_snapshot",
            Self::BookUpdate => "book_update",
            Self::BookTop => "book_top",
            Self::Trade => "trade",
            Self::TradeHistory => "trade_history",
            Self::Ticker => "ticker",
            Self::OrderReceived => "order_received",
            Self::OrderOpen => "order_open",
            Self::OrderDone => "order_done",
            Self::OrderMatch => "order_match",
            Self::OrderChange => "order_change",
            Self::OrderActivate => "order_activate",
            Self::Heartbeat => "heartbeat",
            Self::Status => "status",
            Self::Subscription => "subscription",
            Self::Error => "error",
            Self::User => "user",
            Self::Candle => "candle",
        }
    }
}
