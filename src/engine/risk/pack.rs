//! Outputs to lines and back: tags from 48 on, apart from those of events and drafts.
//!
//! ```text
//! request      as its proposal                                     one line
//! explanation  as the draft                                        three lines
//! refusal      as its proposal, byte 6 the code,
//!              words 4, 5 the value and 6, 7 the limit, low first  one line
//! state        small bytes 0 and 1 state and reason                one line
//! exit         small bytes 0 and 1 reason and whether it is over; word 1 the
//!              instrument, words 2, 3 the value and 4, 5 the limit,
//!              low first                                           one line
//! query        small byte 0 the side; word 1 the instrument, word 2
//!              the order                                           one line
//! breaker      small bytes 0 to 2 was, is and trigger; word 1 the
//!              instrument                                          one line
//! answer       small bytes 0 to 5 command, verdict, state, reason,
//!              whether there is a mark, the breaker, and the limit that
//!              cannot be so, plus 1; word 1 the id,
//!              words 2, 3 the high-water mark, low first           one line
//! ```

use super::{Answer, CommandVerdict, Exit, OrderRequest, Output, Refusal};
use crate::event::pack::{EXPLANATION_LINES, TAG_EXPLANATION, TAG_PROPOSAL};
use crate::event::{
    BreakerChange, BreakerState, Command, ExitChange, ExitReason, Explanation, LimitKey, Line,
    NotAnEvent, Proposal, RefusalCode, StateReason, TradingState, Trigger,
};
use crate::types::{InstrumentId, OrderId, Side};

const REQUEST: u8 = 48;
const EXPLANATION: u8 = 49;
const REFUSAL: u8 = 50;
const STATE: u8 = 51;
const ANSWER: u8 = 52;
const BREAKER: u8 = 53;
const EXIT: u8 = 54;
const QUERY: u8 = 55;

/// The most lines of one output.
pub const OUTPUT_LINES_MAX: usize = EXPLANATION_LINES;

/// The line with another tag.
fn retag(mut line: Line, tag: u8) -> Line {
    line.0[0] = line.0[0] & !0xff | u64::from(tag);
    line
}

fn split(number: i128) -> [u64; 2] {
    let bytes = number.cast_unsigned();
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    let halves = [bytes as u64, (bytes >> 64) as u64];
    halves
}

fn join(low: u64, high: u64) -> i128 {
    (u128::from(high) << 64 | u128::from(low)).cast_signed()
}

impl Output {
    /// How many lines it takes.
    #[inline]
    #[must_use]
    pub const fn line_count(&self) -> usize {
        match self {
            Self::Explanation(_) => EXPLANATION_LINES,
            Self::Request(_) | Self::Refusal(_) => 1,
            Self::State { .. } | Self::Answer(_) | Self::Breaker { .. } => 1,
            Self::Exit(_) | Self::Query { .. } => 1,
        }
    }

    /// How many lines an output takes whose first line that is.
    ///
    /// # Errors
    /// It is none's.
    pub const fn line_count_of(first: &Line) -> Result<usize, NotAnEvent> {
        match first.0[0].to_le_bytes()[0] {
            REQUEST | REFUSAL | STATE | ANSWER | BREAKER | EXIT | QUERY => Ok(1),
            EXPLANATION => Ok(EXPLANATION_LINES),
            tag => Err(NotAnEvent { tag }),
        }
    }

    /// Writes its lines; how many they are.
    #[inline]
    pub fn pack_into(&self, lines: &mut [Line; OUTPUT_LINES_MAX]) -> usize {
        match self {
            Self::Request(request) => lines[0] = retag(request.pack(), REQUEST),
            Self::Explanation(explanation) => {
                *lines = explanation.pack();
                lines[0] = retag(lines[0], EXPLANATION);
            }
            Self::Refusal(refusal) => {
                let mut line = retag(refusal.proposal.pack(), REFUSAL);
                line.0[0] |= u64::from(refusal.code as u8) << 48;
                [line.0[4], line.0[5]] = split(refusal.value);
                [line.0[6], line.0[7]] = split(refusal.limit);
                lines[0] = line;
            }
            Self::State { state, reason } => {
                let head = [STATE, *state as u8, *reason as u8, 0, 0, 0, 0, 0];
                lines[0] = Line([u64::from_le_bytes(head), 0, 0, 0, 0, 0, 0, 0]);
            }
            Self::Answer(answer) => lines[0] = answer.pack(),
            Self::Breaker { change, instrument } => {
                let [was, state] = [change.was as u8, change.state as u8];
                let head = [BREAKER, was, state, change.trigger as u8, 0, 0, 0, 0];
                let of = u64::from(instrument.0);
                lines[0] = Line([u64::from_le_bytes(head), of, 0, 0, 0, 0, 0, 0]);
            }
            Self::Exit(exit) => lines[0] = exit.pack(),
            Self::Query { order, instrument, side } => {
                let head = u64::from(QUERY) | u64::from(*side as u8) << 8;
                lines[0] = Line([head, instrument.0.into(), order.0, 0, 0, 0, 0, 0]);
            }
        }
        self.line_count()
    }

    /// The output that these lines begin with.
    ///
    /// # Errors
    /// They begin with none, or end inside of it.
    pub fn unpack(lines: &[Line]) -> Result<Self, NotAnEvent> {
        let first = lines.first().ok_or(NotAnEvent { tag: 0 })?;
        let [tag, a, b, c, _, _, code, _] = first.0[0].to_le_bytes();
        let wrong = NotAnEvent { tag };
        match tag {
            REQUEST => OrderRequest::unpack(&retag(*first, TAG_PROPOSAL)).map(Self::Request),
            EXPLANATION => {
                let mut three = *lines.first_chunk::<EXPLANATION_LINES>().ok_or(wrong)?;
                three[0] = retag(three[0], TAG_EXPLANATION);
                Explanation::unpack(&three).map(Self::Explanation)
            }
            REFUSAL => Ok(Self::Refusal(Refusal {
                proposal: Proposal::unpack(&retag(*first, TAG_PROPOSAL))?,
                code: *RefusalCode::ALL.get(usize::from(code)).ok_or(wrong)?,
                value: join(first.0[4], first.0[5]),
                limit: join(first.0[6], first.0[7]),
            })),
            STATE => Ok(Self::State {
                state: *TradingState::ALL.get(usize::from(a)).ok_or(wrong)?,
                reason: *StateReason::ALL.get(usize::from(b)).ok_or(wrong)?,
            }),
            BREAKER => Ok(Self::Breaker {
                change: BreakerChange {
                    was: *BreakerState::ALL.get(usize::from(a)).ok_or(wrong)?,
                    state: *BreakerState::ALL.get(usize::from(b)).ok_or(wrong)?,
                    trigger: *Trigger::ALL.get(usize::from(c)).ok_or(wrong)?,
                },
                instrument: InstrumentId(u16::try_from(first.0[1]).map_err(|_| wrong)?),
            }),
            ANSWER => Answer::unpack(first).map(Self::Answer).ok_or(wrong),
            EXIT => Exit::unpack(first).map(Self::Exit).ok_or(wrong),
            QUERY => Ok(Self::Query {
                order: OrderId(first.0[2]),
                instrument: InstrumentId(u16::try_from(first.0[1]).map_err(|_| wrong)?),
                side: *Side::BOTH.get(usize::from(a)).ok_or(wrong)?,
            }),
            _ => Err(wrong),
        }
    }
}

impl Exit {
    fn pack(&self) -> Line {
        let Self { instrument, change, value, limit } = *self;
        let head = [EXIT, change.reason as u8, u8::from(change.is_over), 0, 0, 0, 0, 0];
        let ([a, b], [c, d]) = (split(value), split(limit));
        Line([u64::from_le_bytes(head), instrument.0.into(), a, b, c, d, 0, 0])
    }

    fn unpack(line: &Line) -> Option<Self> {
        let [_, reason, is_over, ..] = line.0[0].to_le_bytes();
        let reason = *ExitReason::ALL.get(usize::from(reason))?;
        (is_over <= 1).then_some(Self {
            instrument: InstrumentId(u16::try_from(line.0[1]).ok()?),
            change: ExitChange { reason, is_over: is_over == 1 },
            value: join(line.0[2], line.0[3]),
            limit: join(line.0[4], line.0[5]),
        })
    }
}

impl Answer {
    /// Its line.
    #[must_use]
    pub fn pack(&self) -> Line {
        let Self { id, command, verdict, state, reason, breaker, limit, high_water_was } = *self;
        let [mark_low, mark_high] = split(high_water_was.unwrap_or(0));
        let has_mark = u8::from(high_water_was.is_some());
        let [a, b, c] = [command as u8, verdict as u8, state as u8];
        let (d, f) = (reason as u8, breaker as u8);
        let key = limit.map_or(0, |key| key as u8 + 1);
        let head = u64::from_le_bytes([ANSWER, a, b, c, d, has_mark, f, key]);
        Line([head, id, mark_low, mark_high, 0, 0, 0, 0])
    }

    /// The answer of a line; nothing where none stands.
    #[must_use]
    pub fn unpack(line: &Line) -> Option<Self> {
        let [tag, command, verdict, state, reason, has_mark, breaker, key] =
            line.0[0].to_le_bytes();
        if tag != ANSWER || has_mark > 1 {
            return None;
        }
        Some(Self {
            id: line.0[1],
            command: *Command::ALL.get(usize::from(command))?,
            verdict: *CommandVerdict::ALL.get(usize::from(verdict))?,
            state: *TradingState::ALL.get(usize::from(state))?,
            reason: *StateReason::ALL.get(usize::from(reason))?,
            breaker: *BreakerState::ALL.get(usize::from(breaker))?,
            limit: match key.checked_sub(1) {
                Some(key) => Some(*LimitKey::ALL.get(usize::from(key))?),
                None => None,
            },
            high_water_was: (has_mark == 1).then(|| join(line.0[2], line.0[3])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RequestKind;
    use crate::event::explanation::{Clamps, SideExplained, Withheld};
    use crate::types::{Nanos, Price, Qty, TimeInForce};

    fn survives(output: Output) {
        let mut lines = [Line([u64::MAX; 8]); OUTPUT_LINES_MAX];
        let count = output.pack_into(&mut lines);
        assert_eq!(Output::unpack(&lines[..count]), Ok(output));
        assert_eq!(Output::line_count_of(&lines[0]), Ok(count));
        assert!(Output::unpack(&lines[..count - 1]).is_err(), "cut off");
        assert!(Proposal::unpack(&lines[0]).is_err(), "an output is no draft");
    }

    fn proposal(kind: RequestKind, at: usize) -> Proposal {
        Proposal {
            order: OrderId(u64::MAX - 7),
            price: Price(i64::MIN),
            qty: Qty(i64::MAX),
            instrument: InstrumentId(4095),
            kind,
            side: Side::BOTH[at % 2],
            time_in_force: TimeInForce::ALL[at % 3],
            post_only: at.is_multiple_of(2),
            reduce_only: at.is_multiple_of(3),
        }
    }

    #[test]
    fn every_output_survives_its_lines() {
        for (at, kind) in RequestKind::ALL.into_iter().enumerate() {
            let request = OrderRequest::unpack(&proposal(kind, at).pack()).unwrap();
            survives(Output::Request(request));
            for (i, code) in RefusalCode::ALL.into_iter().enumerate() {
                let numbers = [0, -1, i128::MAX, i128::MIN, 1 << 64];
                let (value, limit) = (numbers[i % 5], numbers[(i + at) % 5]);
                let proposal = proposal(kind, at + i);
                survives(Output::Refusal(Refusal { proposal, code, value, limit }));
            }
        }
        for state in TradingState::ALL {
            for reason in StateReason::ALL {
                survives(Output::State { state, reason });
                for (at, command) in Command::ALL.into_iter().enumerate() {
                    let verdict = CommandVerdict::ALL[at % 3];
                    let high_water_was = [None, Some(0), Some(i128::MIN)][at % 3];
                    let id = u64::MAX - 1;
                    survives(Output::Answer(Answer {
                        id,
                        command,
                        verdict,
                        state,
                        reason,
                        breaker: BreakerState::ALL[at % 3],
                        limit: LimitKey::ALL.get(at).copied(),
                        high_water_was,
                    }));
                }
            }
        }
        every_act_of_its_own_survives();
        let side = SideExplained {
            price: Price(3),
            qty: Qty(-4),
            clamps: Clamps(0x2a),
            withheld: Withheld::Refused,
            code: 9,
            levels: 5,
        };
        survives(Output::Explanation(Explanation {
            sequence: 1,
            received: Nanos(2),
            instrument: InstrumentId(3),
            strategy: 4,
            fair_value: 5.5,
            reservation: 6.5,
            volatility: 7.5,
            imbalance: -0.5,
            spread: 8.5,
            spread_volatility: 9.5,
            spread_imbalance: 10.5,
            spread_fees: 11.5,
            spread_final: 12.5,
            intensity_a: 13.5,
            intensity_k: 14.5,
            position: -15,
            sides: [side, SideExplained::default()],
        }));
    }

    /// The breaker's, the exits' and the questions.
    fn every_act_of_its_own_survives() {
        for state in BreakerState::ALL {
            for trigger in Trigger::ALL {
                let change = BreakerChange { was: state, state, trigger };
                survives(Output::Breaker { change, instrument: InstrumentId::ALL });
            }
        }
        for reason in ExitReason::ALL {
            let (value, limit) = (i128::MIN, i128::MAX - 1);
            let exit = |is_over| Exit {
                instrument: InstrumentId(4095),
                change: ExitChange { reason, is_over },
                value,
                limit,
            };
            survives(Output::Exit(exit(true)));
            survives(Output::Exit(exit(false)));
        }
        for side in Side::BOTH {
            let (order, instrument) = (OrderId(u64::MAX - 3), InstrumentId(4095));
            survives(Output::Query { order, instrument, side });
        }
    }

    #[test]
    fn lines_of_others_are_refused() {
        for tag in (0..48).chain(56..=255_u8) {
            let line = Line([u64::from(tag), 0, 0, 0, 0, 0, 0, 0]);
            assert_eq!(Output::unpack(&[line; 3]), Err(NotAnEvent { tag }));
            assert_eq!(Output::line_count_of(&line), Err(NotAnEvent { tag }));
        }
        // Numbers that stand for nothing.
        for word in [
            0x0333,
            0x0009_0033,
            0x0012_0000_0000_0032,
            0x0332,
            0x0003_0030,
            0xff34,
            0x0004_0034,
            0x0236,
            0x0002_0036,
            0x0237,
        ] {
            assert!(Output::unpack(&[Line([word, 0, 0, 0, 0, 0, 0, 0])]).is_err(), "{word:x}");
        }
    }
}
