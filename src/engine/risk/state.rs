//! The trading state: what it allows, and what commands and breaches make of it.
//!
//! What becomes of the orders then is not known here.

use crate::event::{Command, StateReason, TradingState};
use serde::{Deserialize, Serialize};

/// What is asked for, as far as the trading state is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intent {
    /// The end of an order.
    Cancel,
    /// An order that may only bring the position down.
    ReduceOnly,
    /// An order of `flatten`.
    Flatten,
    /// Any other order.
    Growing,
}

/// Whether the state allows it.
#[inline]
#[must_use]
pub const fn allows(state: TradingState, intent: Intent) -> bool {
    match state {
        TradingState::Active => true,
        TradingState::Reducing => !matches!(intent, Intent::Growing),
        TradingState::Halted => matches!(intent, Intent::Cancel | Intent::Flatten),
    }
}

/// How far a `flatten` is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Flattening {
    /// None runs.
    #[default]
    No,
    /// It runs, and the state that it brought is yet to be recorded.
    Begun,
    /// It runs: the next state of this reason that is recorded is its end.
    Runs,
}

impl Flattening {
    /// Whether one runs.
    #[must_use]
    pub const fn is_on(self) -> bool {
        !matches!(self, Self::No)
    }
}

/// State and reason, and what stands above both.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Trading {
    state: TradingState,
    reason: StateReason,
    /// The gateway is closed until a confirmed resume.
    killed: bool,
    /// The process is about to end. What is beneath outlives it.
    ending: bool,
    flattening: Flattening,
}

impl Trading {
    pub(super) const fn new(state: TradingState, reason: StateReason, killed: bool) -> Self {
        Self { state, reason, killed, ending: false, flattening: Flattening::No }
    }

    /// What it is now.
    #[inline]
    pub(super) const fn state(&self) -> TradingState {
        if self.ending { TradingState::Halted } else { self.state }
    }

    pub(super) const fn reason(&self) -> StateReason {
        if self.ending { StateReason::Shutdown } else { self.reason }
    }

    /// Both, as they are told.
    pub(super) const fn shown(&self) -> (TradingState, StateReason) {
        (self.state(), self.reason())
    }

    /// What the next start shall begin with.
    pub(super) const fn lasting(&self) -> (TradingState, StateReason, bool) {
        (self.state, self.reason, self.killed)
    }

    /// What lasts no longer than the process: how far a `flatten` is, and whether the end is near.
    pub(super) const fn passing(&self) -> (Flattening, bool) {
        (self.flattening, self.ending)
    }

    /// The same where that is so.
    pub(super) const fn amid(self, (flattening, ending): (Flattening, bool)) -> Self {
        Self { flattening, ending, ..self }
    }

    pub(super) const fn is_flattening(&self) -> bool {
        self.flattening.is_on() && !self.ending
    }

    pub(super) const fn is_killed(&self) -> bool {
        self.killed
    }

    /// What a command makes of it; nothing if it is not taken: after a kill, only a confirmed
    /// resume and the process's end are.
    pub(super) const fn command(self, command: Command) -> Option<Self> {
        Some(match command {
            Command::Kill => {
                Self { killed: true, ..self.set(TradingState::Halted, StateReason::Kill) }
            }
            Command::Shutdown => Self { ending: true, flattening: Flattening::No, ..self },
            Command::ResumeConfirmed => {
                Self { killed: false, ..self.set(TradingState::Active, StateReason::Operator) }
            }
            // The breaker and the limits are moved, and questions asked, whatever the state is.
            Command::Trip | Command::Reset | Command::Limits | Command::Reconcile => self,
            _ if self.killed => return None,
            Command::Halt => self.halt(StateReason::Operator),
            Command::HaltDiskFull => self.halt(StateReason::DiskFull),
            Command::Resume => self.set(TradingState::Active, StateReason::Operator),
            Command::Reduce => self.set(TradingState::Reducing, StateReason::Operator),
            Command::Flatten if self.ending => return None,
            Command::Flatten => {
                // Said only where it shows.
                let shows = !self.is_halted_by_flatten();
                let flattening = if shows { Flattening::Begun } else { Flattening::Runs };
                Self { flattening, ..self.set(TradingState::Halted, StateReason::Flatten) }
            }
        })
    }

    const fn is_halted_by_flatten(&self) -> bool {
        matches!((self.state, self.reason), (TradingState::Halted, StateReason::Flatten))
    }

    const fn set(self, state: TradingState, reason: StateReason) -> Self {
        Self { state, reason, flattening: Flattening::No, ..self }
    }

    /// A halt has its first reason, but for one that an end of `flatten` has.
    const fn halt(self, reason: StateReason) -> Self {
        match self.state {
            TradingState::Halted if !self.flattening.is_on() => self,
            _ => self.set(TradingState::Halted, reason),
        }
    }

    /// A limit is reached: it halts unless it is halted already.
    pub(super) const fn breach(self, reason: StateReason) -> Self {
        match self.state {
            TradingState::Halted => self,
            _ => Self { state: TradingState::Halted, reason, ..self },
        }
    }

    /// What was recorded to have become of it. The end of the process lies above and does not last.
    pub(super) const fn recorded(self, state: TradingState, reason: StateReason) -> Self {
        match reason {
            StateReason::Shutdown => Self { ending: true, flattening: Flattening::No, ..self },
            StateReason::Flatten if matches!(self.flattening, Flattening::Begun) => {
                Self { state, reason, flattening: Flattening::Runs, ..self }
            }
            _ => self.set(state, reason),
        }
    }

    /// Nothing is held any more.
    pub(super) const fn flattened(self) -> Self {
        Self { flattening: Flattening::No, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use StateReason as R;
    use TradingState as S;

    #[test]
    fn every_cell_of_the_states_is_as_the_design_says() {
        let table = "
            ACTIVE   Cancel yes ReduceOnly yes Flatten yes Growing yes
            REDUCING Cancel yes ReduceOnly yes Flatten yes Growing no
            HALTED   Cancel yes ReduceOnly no  Flatten yes Growing no";
        let mut cells = 0;
        for (state, row) in S::ALL.into_iter().zip(table.lines().skip(1)) {
            let words: Vec<_> = row.split_whitespace().collect();
            assert_eq!(words[0], state.name());
            let intents = [Intent::Cancel, Intent::ReduceOnly, Intent::Flatten, Intent::Growing];
            for (intent, cell) in intents.into_iter().zip(words[1..].chunks(2)) {
                assert_eq!(cell[0], format!("{intent:?}"));
                assert_eq!(allows(state, intent), cell[1] == "yes", "{} {}", words[0], cell[0]);
                cells += 1;
            }
        }
        assert_eq!(cells, 12);
    }

    /// State and reason; k killed, e ending, f flattening; `-` if the command is not taken.
    fn text(trading: Option<Trading>) -> String {
        let Some(trading) = trading else { return "-".to_string() };
        let flag = |set: bool, letter| if set { letter } else { "" };
        format!(
            "{}/{}{}{}{}",
            trading.state().name(),
            trading.reason().name(),
            flag(trading.killed, "+k"),
            flag(trading.ending, "+e"),
            flag(trading.is_flattening(), "+f"),
        )
    }

    #[test]
    fn every_command_in_every_state_leads_where_it_is_written() {
        let start = |state, reason| Trading::new(state, reason, false);
        let flattening = start(S::Active, R::Start).command(Command::Flatten).unwrap();
        let ending = start(S::Active, R::Start).command(Command::Shutdown).unwrap();
        let active = "HALTED/operator ACTIVE/operator ACTIVE/operator REDUCING/operator \
                      HALTED/flatten+f HALTED/kill+k HALTED/shutdown+e";
        let lost = active.replacen("operator", "daily_loss_limit", 1);
        let ended = "HALTED/shutdown+e ".repeat(4) + "- HALTED/shutdown+k+e HALTED/shutdown+e";
        let rows = [
            (start(S::Active, R::Start), active),
            (start(S::Reducing, R::Operator), active),
            (start(S::Halted, R::DailyLossLimit), lost.as_str()),
            (flattening, active),
            (
                Trading::new(S::Halted, R::Kill, true),
                "- - ACTIVE/operator - - HALTED/kill+k HALTED/shutdown+k+e",
            ),
            (ending, ended.as_str()),
        ];
        for (from, expected) in rows {
            let expected: Vec<_> = expected.split_whitespace().collect();
            // What moves the breaker and the limits leaves the state as it is.
            let (states, others) = Command::ALL.split_at(expected.len());
            let moves_nothing = [Command::Trip, Command::Reset, Command::Limits];
            assert_eq!(others[..3], moves_nothing);
            assert_eq!(others[3..], [Command::HaltDiskFull, Command::Reconcile]);
            for command in moves_nothing.into_iter().chain([Command::Reconcile]) {
                assert_eq!(from.command(command), Some(from), "{}", command.name());
            }
            // As a halt by an operator, but for the reason.
            let halted = text(from.command(Command::Halt)).replace("operator", "disk_full");
            assert_eq!(text(from.command(Command::HaltDiskFull)), halted);
            for (command, expected) in states.iter().copied().zip(expected) {
                let got = text(from.command(command));
                assert_eq!(got, expected, "{} and {}", text(Some(from)), command.name());
            }
        }
    }

    #[test]
    fn the_end_of_the_process_does_not_last_but_a_halt_does() {
        let trading = Trading::new(S::Reducing, R::Operator, false);
        let ending = trading.command(Command::Shutdown).unwrap();
        assert_eq!(ending.lasting(), (S::Reducing, R::Operator, false));
        let halted = ending.command(Command::Halt).unwrap();
        assert_eq!(halted.lasting(), (S::Halted, R::Operator, false));
        let killed = ending.command(Command::Kill).unwrap();
        assert_eq!(killed.lasting(), (S::Halted, R::Kill, true));
    }

    #[test]
    fn a_breach_halts_what_is_not_halted() {
        let breach = |state| Trading::new(state, R::Operator, false).breach(R::DrawdownLimit);
        assert_eq!(text(Some(breach(S::Active))), "HALTED/drawdown_limit");
        assert_eq!(text(Some(breach(S::Reducing))), "HALTED/drawdown_limit");
        assert_eq!(text(Some(breach(S::Halted))), "HALTED/operator");
    }

    #[test]
    fn a_flatten_that_is_followed_ends_where_its_end_is_recorded() {
        let follow = |from: Trading, steps: &str| {
            let next = |at: Trading, step| match step {
                "flatten" => at.command(Command::Flatten).unwrap(),
                "halt" => at.command(Command::Halt).unwrap(),
                "flatten_said" => at.recorded(S::Halted, R::Flatten),
                "operator_said" => at.recorded(S::Halted, R::Operator),
                _ => unreachable!(),
            };
            text(Some(steps.split_whitespace().fold(from, next)))
        };
        let active = Trading::new(S::Active, R::Start, false);
        let flat = Trading::new(S::Halted, R::Flatten, false);
        for (from, steps, expected) in [
            (active, "flatten", "HALTED/flatten+f"),
            (active, "flatten flatten_said", "HALTED/flatten+f"),
            (active, "flatten flatten_said flatten_said", "HALTED/flatten"),
            (active, "flatten flatten_said flatten_said halt", "HALTED/flatten"),
            (active, "flatten flatten_said halt", "HALTED/operator"),
            (active, "flatten flatten_said halt operator_said", "HALTED/operator"),
            (active, "flatten flatten_said flatten flatten_said", "HALTED/flatten"),
            (flat, "flatten", "HALTED/flatten+f"),
            (flat, "flatten flatten_said", "HALTED/flatten"),
        ] {
            assert_eq!(follow(from, steps), expected, "{} {steps}", text(Some(from)));
        }
    }
}
