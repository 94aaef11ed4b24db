//! Market data of a real venue, and fills by a model that watches it.

use super::{Packed, Wish};
use crate::event::Part;
use crate::threads::feed::{Feed, Source};
use crate::types::Nanos;
use crate::venue::fills::FillModel;

/// Where market data comes from.
#[derive(Debug)]
pub enum Market {
    /// Frames to decode.
    Feed(Box<Feed>),
    /// Events that were decoded before.
    Packed(Box<Packed>),
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

    #[inline]
    pub(super) fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        let market_due = self.market.due();
        let is_answer_first = match (self.fills.due(), market_due) {
            (Some(answer), Some(market)) => answer <= market,
            (answer, _) => answer.is_some(),
        };
        if is_answer_first && self.fills.hear(now, part) {
            return true;
        }
        if self.market.hear(now, part) {
            if let Some(due) = market_due {
                // A record without a stamp, or one that steps back, came when the last one did.
                part.event.received = due;
            }
            self.fills.observe(&part.event, part.levels());
            return true;
        }
        false
    }

    #[inline]
    pub(super) fn due(&mut self) -> Option<Nanos> {
        match (self.fills.due(), self.market.due()) {
            (Some(answer), Some(market)) => Some(answer.min(market)),
            (answer, market) => answer.or(market),
        }
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
    fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        match self {
            Self::Feed(feed) => feed.hear(now, part),
            Self::Packed(packed) => packed.hear(now, part),
        }
    }

    #[inline]
    fn due(&mut self) -> Option<Nanos> {
        match self {
            Self::Feed(feed) => feed.due(),
            Self::Packed(packed) => packed.due(),
        }
    }

    /// Why it ended before its time, if it did; said once.
    pub(super) fn take_failure(&mut self) -> Option<String> {
        match self {
            Self::Feed(feed) => match feed.source() {
                Source::Recorded(recorded) => {
                    recorded.take_failure().map(|error| error.to_string())
                }
                Source::Live(_) => None,
            },
            Self::Packed(packed) => packed.take_failure().map(|error| error.to_string()),
        }
    }

    fn is_finished(&self) -> bool {
        match self {
            Self::Feed(feed) => feed.is_finished(),
            Self::Packed(packed) => packed.is_finished(),
        }
    }
}
