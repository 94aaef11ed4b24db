//! When a side is not proposed again: after a refusal of risk, and after the venue's rejects.
//!
//! Both end by themselves after a span of input time that doubles while nothing is accepted; a
//! refusal ends sooner when what was refused is no longer wished, or what refused it has changed.

use crate::event::{RefusalCode, RejectCode};
use crate::types::Nanos;
use serde::{Deserialize, Serialize};

/// So many equal rejects of the venue in a row withhold a side.
pub(super) const REJECTS_MAX: u8 = 5;
const BACKOFF_MIN: Nanos = Nanos::from_seconds(1);
const REJECT_BACKOFF_MAX: Nanos = Nanos::from_seconds(300);
const REFUSAL_BACKOFF_MAX: Nanos = Nanos::from_seconds(60);
const DAY: i64 = 86_400 * 1_000_000_000;

/// A span that doubles with each use.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Backoff(Nanos);

impl Backoff {
    /// The next span.
    fn next(&mut self, max: Nanos) -> Nanos {
        self.0 = Nanos((self.0.0 * 2).clamp(BACKOFF_MIN.0, max.0));
        self.0
    }
}

/// What can make a refused proposal pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ends {
    /// Another price.
    pub(super) price: bool,
    /// Another quantity.
    pub(super) qty: bool,
    /// A fill.
    pub(super) position: bool,
    /// The next day.
    pub(super) day: bool,
    /// A change of the book's state.
    pub(super) book: bool,
}

/// What ends the refusal of that code, but for a change of the trading state and time, which end
/// all of them.
pub(super) const fn ends(code: RefusalCode) -> Ends {
    use RefusalCode as C;
    let none = Ends { price: false, qty: false, position: false, day: false, book: false };
    match code {
        C::Halted | C::RateLimit | C::StaleConversion | C::Capacity | C::DrawdownLimit => none,
        C::Closing => none,
        C::CircuitBreaker => Ends { qty: true, position: true, ..none },
        C::OrderSizeLimit => Ends { price: true, qty: true, ..none },
        C::PositionLimit | C::ExposureLimit => Ends { qty: true, position: true, ..none },
        C::VolumeLimit => Ends { qty: true, day: true, ..none },
        C::DailyLossLimit => Ends { day: true, ..none },
        C::PriceCollar => Ends { price: true, book: true, ..none },
        C::SelfTrade => Ends { price: true, position: true, ..none },
        C::ReduceOnly => Ends { position: true, ..none },
        C::StaleBook => Ends { book: true, ..none },
        // Faults of our own count: the next proposal has an id and an order of its own.
        C::Duplicate | C::UnknownOrder => Ends { price: true, qty: true, position: true, ..none },
    }
}

/// The refusal that stands, if one does, and the rejects of one side.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Holdback {
    refusal: Option<Refusal>,
    refusals: Backoff,
    reject: RejectCode,
    rejects: u8,
    rejecting_until: Nanos,
    rejections: Backoff,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Refusal {
    code: RefusalCode,
    until: Nanos,
    price: i64,
    qty: i64,
}

impl Holdback {
    pub(super) const NONE: Self = Self {
        refusal: None,
        refusals: Backoff(Nanos(0)),
        reject: RejectCode::None,
        rejects: 0,
        rejecting_until: Nanos::UNKNOWN,
        rejections: Backoff(Nanos(0)),
    };

    /// Risk has refused that price and quantity.
    pub(super) fn refused(&mut self, code: RefusalCode, [price, qty]: [i64; 2], now: Nanos) {
        if self.refusal.is_some() {
            return; // One decision can bring several; the first has said it.
        }
        let mut until = now.0.saturating_add(self.refusals.next(REFUSAL_BACKOFF_MAX).0);
        if ends(code).day {
            until = until.min((now.0 / DAY + 1) * DAY);
        }
        self.refusal = Some(Refusal { code, until: Nanos(until), price, qty });
    }

    /// Whether a refusal stands, as far as nothing has ended it.
    #[inline]
    pub(super) const fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// The venue says no.
    pub(super) fn rejected(&mut self, code: RejectCode, now: Nanos) {
        let equal = self.reject == code;
        self.reject = code;
        self.rejects = if equal { self.rejects.saturating_add(1) } else { 1 };
        if self.rejects >= REJECTS_MAX && now >= self.rejecting_until {
            let span = self.rejections.next(REJECT_BACKOFF_MAX);
            self.rejecting_until = Nanos(now.0.saturating_add(span.0));
        }
    }

    /// The venue has taken an order.
    pub(super) fn accepted(&mut self) {
        *self = Self { refusal: self.refusal, ..Self::NONE };
    }

    /// Ends the refusal if that is one of its ends.
    pub(super) fn end(&mut self, is_end: impl Fn(Ends) -> bool) {
        self.refusal = self.refusal.filter(|refusal| !is_end(ends(refusal.code)));
    }

    /// The refusal that stands now; `is_wished` says whether that price and quantity still are, as
    /// far as another one could end it.
    pub(super) fn refusal(
        &mut self,
        now: Nanos,
        is_wished: impl Fn(Ends, i64, i64) -> bool,
    ) -> Option<RefusalCode> {
        let refusal = self.refusal?;
        let ends = ends(refusal.code);
        let gone = (ends.price || ends.qty) && !is_wished(ends, refusal.price, refusal.qty);
        if now >= refusal.until || gone {
            self.refusal = None;
        }
        self.refusal.map(|refusal| refusal.code)
    }

    /// The code that the venue rejects with again and again, while that withholds the side.
    #[inline]
    pub(super) fn rejecting(&self, now: Nanos) -> Option<RejectCode> {
        (now < self.rejecting_until).then_some(self.reject)
    }

    /// When something ends by time alone.
    pub(super) fn until(&self, now: Nanos) -> Option<Nanos> {
        let refusal = self.refusal.map(|refusal| refusal.until);
        let rejecting = self.rejecting(now).map(|_| self.rejecting_until);
        refusal.into_iter().chain(rejecting).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_equal_rejects_withhold_and_the_span_doubles_to_five_minutes() {
        let (mut side, mut now) = (Holdback::NONE, 0_i64);
        let mut spans = Vec::new();
        for i in 0..4 {
            side.rejected([RejectCode::PostOnly, RejectCode::Other][i % 2], Nanos(now));
        }
        assert_eq!(side.rejecting(Nanos(now)), None, "not equal");
        for _ in 0..4 {
            side.rejected(RejectCode::Price, Nanos(now));
            assert_eq!(side.rejecting(Nanos(now)), None);
        }
        for _ in 0..10 {
            side.rejected(RejectCode::Price, Nanos(now));
            side.rejected(RejectCode::Price, Nanos(now));
            assert_eq!(side.rejecting(Nanos(now)), Some(RejectCode::Price));
            let until = side.until(Nanos(now)).unwrap();
            spans.push((until.0 - now) / 1_000_000_000);
            now = until.0;
            assert_eq!(side.rejecting(until), None);
        }
        assert_eq!(spans, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        side.accepted();
        side.rejected(RejectCode::Price, Nanos(now));
        assert_eq!(side.rejecting(Nanos(now)), None);
    }

    #[test]
    fn a_limit_of_the_day_ends_with_the_day() {
        let mut side = Holdback::NONE;
        let now = Nanos(3 * DAY - 5);
        side.refused(RefusalCode::VolumeLimit, [7, 7], now);
        assert_eq!(side.until(now), Some(Nanos(3 * DAY)));
        assert_eq!(side.refusal(now, |_, _, _| true), Some(RefusalCode::VolumeLimit));
        assert_eq!(side.refusal(Nanos(3 * DAY), |_, _, _| true), None);
    }
}
