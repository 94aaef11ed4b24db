//! The circuit breaker as readers off the path see it: its state, its last changes, and how near
//! each trigger is; with it what the rules of an instrument were fed with.

use super::account::{join, split};
use crate::engine::risk::{BreakerSeen, Gauge};
use crate::event::{BreakerChange, BreakerState, Trigger};
use crate::threads::view::Words;
use crate::types::{InstrumentId, Nanos};

/// Changes that are shown.
pub const BREAKER_HISTORY: usize = 8;

/// A change of the breaker's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BreakerMove {
    /// The number of the input that brought it about.
    pub sequence: u64,
    /// The time of that input.
    pub time: Nanos,
    /// From what, to what, and why.
    pub change: BreakerChange,
    /// Whose market it was; [`InstrumentId::ALL`] where it was none's.
    pub instrument: InstrumentId,
}

/// The breaker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BreakerView {
    /// As it is now.
    pub seen: BreakerSeen,
    /// Its last changes, the oldest first.
    pub history: [Option<BreakerMove>; BREAKER_HISTORY],
    /// What was lost today, in 10⁻¹² of the account currency: what the limit of it is held
    /// against.
    pub day_loss: i128,
}

/// Words of a [`BreakerView`].
pub const BREAKER_WORDS: usize = 6 + 3 * BREAKER_HISTORY;

impl BreakerView {
    /// Closed, and never tripped.
    pub const CLOSED: Self = Self {
        seen: BreakerSeen {
            state: BreakerState::Closed,
            trigger: Trigger::None,
            instrument: InstrumentId::ALL,
            since: Nanos(0),
            until: None,
            trips: 0,
        },
        history: [None; BREAKER_HISTORY],
        day_loss: 0,
    };
}

fn small(a: u8, b: u8, c: u8, instrument: InstrumentId) -> u64 {
    let [low, high] = instrument.0.to_le_bytes();
    u64::from_le_bytes([a, b, c, 1, low, high, 0, 0])
}

fn instrument_of(word: u64) -> InstrumentId {
    let [.., low, high, _, _] = word.to_le_bytes();
    InstrumentId(u16::from_le_bytes([low, high]))
}

impl Words<BREAKER_WORDS> for BreakerView {
    fn to_words(&self) -> [u64; BREAKER_WORDS] {
        let mut words = [0; BREAKER_WORDS];
        let BreakerSeen { state, trigger, instrument, since, until, trips } = self.seen;
        words[0] = small(state as u8, trigger as u8, u8::from(until.is_some()), instrument);
        words[1] = since.0.cast_unsigned();
        words[2] = until.unwrap_or(Nanos(0)).0.cast_unsigned();
        words[3] = trips;
        [words[4], words[5]] = split(self.day_loss);
        for (place, moved) in words[6..].chunks_exact_mut(3).zip(self.history) {
            if let Some(BreakerMove { sequence, time, change, instrument }) = moved {
                let BreakerChange { was, state, trigger } = change;
                place[0] = small(was as u8, state as u8, trigger as u8, instrument);
                place[1] = sequence;
                place[2] = time.0.cast_unsigned();
            }
        }
        words
    }

    fn from_words(words: &[u64; BREAKER_WORDS]) -> Self {
        let state = |byte: u8| BreakerState::ALL[usize::from(byte)];
        let trigger = |byte: u8| Trigger::ALL[usize::from(byte)];
        let time = |word: u64| Nanos(word.cast_signed());
        let [a, b, has_end, ..] = words[0].to_le_bytes();
        let seen = BreakerSeen {
            state: state(a),
            trigger: trigger(b),
            instrument: instrument_of(words[0]),
            since: time(words[1]),
            until: (has_end == 1).then_some(time(words[2])),
            trips: words[3],
        };
        let history = std::array::from_fn(|at| {
            let place = &words[6 + 3 * at..];
            let [was, is, why, is_there, ..] = place[0].to_le_bytes();
            (is_there == 1).then(|| BreakerMove {
                sequence: place[1],
                time: time(place[2]),
                change: BreakerChange { was: state(was), state: state(is), trigger: trigger(why) },
                instrument: instrument_of(place[0]),
            })
        });
        Self { seen, history, day_loss: join(words[4], words[5]) }
    }
}

/// What an instrument's rules were fed with, and how near its triggers are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FedView {
    /// How near each trigger is.
    pub gauge: Gauge,
    /// Marks of a fresh book.
    pub marks: u64,
    /// The last of them.
    pub mark_at: Nanos,
    /// Marks that brought trades of the market.
    pub trades: u64,
    /// The last of them.
    pub trade_at: Nanos,
    /// Seconds of spreads, minutes of volumes, seconds of moves that were learned.
    pub learned: [u32; 3],
    /// Trades of ours, and the last of them.
    pub fills: (u64, Nanos),
}

/// Words of a [`FedView`].
pub const FED_WORDS: usize = 14;

impl Words<FED_WORDS> for FedView {
    fn to_words(&self) -> [u64; FED_WORDS] {
        let word = i64::cast_unsigned;
        let gauge = &self.gauge;
        let [spreads, volumes, moves] = self.learned.map(u64::from);
        [
            word(gauge.move_1min_ppm),
            word(gauge.move_5min_ppm),
            word(gauge.spread_ratio),
            word(gauge.volume_ratio),
            word(gauge.speed_ratio),
            gauge.regime.into(),
            self.marks,
            word(self.mark_at.0),
            self.trades,
            word(self.trade_at.0),
            spreads | volumes << 32,
            moves,
            self.fills.0,
            word(self.fills.1.0),
        ]
    }

    fn from_words(words: &[u64; FED_WORDS]) -> Self {
        let number = |at: usize| words[at].cast_signed();
        let [a, b, c, d, e, f, g, h] = words[10].to_le_bytes();
        let [i, j, k, l, ..] = words[11].to_le_bytes();
        Self {
            gauge: Gauge {
                move_1min_ppm: number(0),
                move_5min_ppm: number(1),
                spread_ratio: number(2),
                volume_ratio: number(3),
                speed_ratio: number(4),
                regime: words[5].to_le_bytes()[0],
            },
            marks: words[6],
            mark_at: Nanos(number(7)),
            trades: words[8],
            trade_at: Nanos(number(9)),
            learned: [[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_le_bytes),
            fills: (words[12], Nanos(number(13))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_survive_their_words() {
        let change = BreakerChange {
            was: BreakerState::HalfOpen,
            state: BreakerState::Open,
            trigger: Trigger::Manual,
        };
        let instrument = InstrumentId(4095);
        let moved = BreakerMove { sequence: u64::MAX, time: Nanos(-7), change, instrument };
        let mut view = BreakerView::CLOSED;
        view.history[3] = Some(moved);
        view.day_loss = -3;
        view.seen.until = Some(Nanos(9));
        for view in [BreakerView::CLOSED, view] {
            assert_eq!(BreakerView::from_words(&view.to_words()), view);
        }
        let fed = FedView {
            gauge: Gauge { move_1min_ppm: -1, regime: 2, ..Gauge::default() },
            marks: 3,
            mark_at: Nanos(4),
            trades: 5,
            trade_at: Nanos(6),
            learned: [u32::MAX, 1, 2],
            fills: (7, Nanos(8)),
        };
        assert_eq!(FedView::from_words(&fed.to_words()), fed);
    }
}
