//! Market data of a real venue, and fills by a model that watches it.

use super::{Decoded, End, Packed, Wish};
use crate::engine::book::{Books, Change};
use crate::event::Part;
use crate::threads::feed::{Feed, Source};
use crate::types::Nanos;
use crate::venue::fills::FillModel;
use crate::venue::recorded::replay::ReplayError;

/// Where market data comes from.
#[derive(Debug)]
pub enum Market {
    /// Frames to decode.
    Feed(Box<Feed>),
    /// Events that were decoded before.
    Packed(Box<Packed>),
    /// Events in memory, which other runs play too.
    Decoded(Box<Decoded>),
}

/// Market data of a real venue, recorded or live, and fills by a model on it.
#[derive(Debug)]
pub struct Modelled {
    market: Market,
    pub(super) fills: FillModel,
}

impl Modelled {
    /// Joins the two.
    #[must_use]
    pub const fn new(market: Market, fills: FillModel) -> Self {
        Self { market, fills }
    }

    /// Where market data comes from.
    #[must_use]
    pub const fn market(&mut self) -> &mut Market {
        &mut self.market
    }

    /// The next thing by `now`; `books` are the engine's where the model is shown them.
    #[inline]
    pub(super) fn hear(&mut self, now: Nanos, part: &mut Part, books: Option<&Books>) -> bool {
        let market_due = self.market.due();
        let is_answer_first = match (self.fills.due(), market_due) {
            (Some(answer), Some(market)) => answer <= market,
            (answer, _) => answer.is_some(),
        };
        let fills = &mut self.fills;
        if is_answer_first
            && match books {
                Some(books) => fills.hear_with(now, part, books),
                None => fills.hear(now, part),
            }
        {
            return true;
        }
        if self.market.hear(now, part) {
            if let Some(due) = market_due {
                // A record without a stamp, or one that steps back, came when the last one did.
                part.event.received = due;
            }
            match books {
                Some(books) => fills.approach(&part.event, books),
                None => fills.observe(&part.event, part.levels()),
            }
            return true;
        }
        false
    }

    /// The books that the model is shown have had that input.
    #[inline]
    pub(super) fn told(&mut self, part: &Part, change: Change, books: &Books) {
        self.fills.told(&part.event, change, books);
    }

    /// From here on the model is shown the engine's books.
    pub(super) fn lend(&mut self) {
        self.fills.lend();
    }

    #[inline]
    pub(super) fn due(&mut self) -> Option<Nanos> {
        Nanos::earlier(self.fills.due(), self.market.due())
    }

    pub(super) fn heed(&mut self, wish: Wish, now: Nanos) {
        if let Market::Feed(feed) = &mut self.market {
            feed.heed(wish, now);
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.market.is_finished()
    }
}

impl Market {
    #[inline]
    pub(super) fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        match self {
            Self::Feed(feed) => feed.hear(now, part),
            Self::Packed(packed) => packed.hear(now, part),
            Self::Decoded(decoded) => decoded.hear(now, part),
        }
    }

    #[inline]
    pub(super) fn due(&mut self) -> Option<Nanos> {
        match self {
            Self::Feed(feed) => feed.due(),
            Self::Packed(packed) => packed.due(),
            Self::Decoded(decoded) => decoded.due(),
        }
    }

    /// How it ended: all that could not be read, and why it ended before its time, if so.
    pub(super) fn end(&mut self) -> End {
        match self {
            Self::Feed(feed) => {
                let damage = feed.damage();
                let failure = match feed.source() {
                    Source::Recorded(recorded) => recorded.take_failure().map(ReplayError::from),
                    Source::Live(session) => {
                        let why = session.stopped().map(|reason| {
                            format!("{} has ended the feed for good: {reason}", session.venue())
                        });
                        return End::of_live(why);
                    }
                };
                End::of(damage, failure)
            }
            Self::Packed(packed) => {
                End::of(Vec::new(), packed.take_failure().map(ReplayError::from))
            }
            Self::Decoded(_) => End::default(),
        }
    }

    fn is_finished(&self) -> bool {
        match self {
            Self::Feed(feed) => feed.is_finished(),
            Self::Packed(packed) => packed.is_finished(),
            Self::Decoded(decoded) => decoded.is_finished(),
        }
    }
}
