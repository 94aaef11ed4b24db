//! What commands do: the state they lead to, what becomes of orders then, and the answer.

use super::{Answer, CommandVerdict, Output, Risk};
use crate::engine::buffer::Buffer;
use crate::event::{Asked, Command, Event, Level, StateReason, TradingState, Trigger};
use crate::types::InstrumentId;

impl Risk {
    pub(super) fn on_command(
        &mut self,
        asked: &Asked,
        heard: (&Event, &[Level]),
        out: &mut Buffer<Output>,
    ) {
        let high_water = self.high_water;
        let (verdict, limit) = match asked.command {
            Command::Limits => match self.set_limits(asked, heard, out) {
                Ok(()) => (CommandVerdict::Taken, None),
                Err(key) => (CommandVerdict::LimitRefused, Some(key)),
            },
            command => (self.command(command, out), None),
        };
        if asked.id == 0 {
            return;
        }
        let (state, reason) = self.trading.shown();
        out.push(Output::Answer(Answer {
            id: asked.id,
            command: asked.command,
            verdict,
            state,
            reason,
            breaker: self.breaker.state(),
            limit,
            high_water_was: (high_water != self.high_water).then_some(high_water),
        }));
    }

    fn command(&mut self, command: Command, out: &mut Buffer<Output>) -> CommandVerdict {
        let Some(next) = self.trading.command(command) else {
            self.commands_not_taken += 1;
            let is_killed = self.trading.is_killed();
            return if is_killed {
                CommandVerdict::NeedsConfirmation
            } else {
                CommandVerdict::Ending
            };
        };
        let resumed = matches!(command, Command::Resume | Command::ResumeConfirmed);
        if resumed && self.trading.state() == TradingState::Halted {
            self.accept_breach();
        }
        self.move_to(next, out);
        if resumed {
            // A limit that is reached still halts at once, and not with the next change of price.
            self.judge_losses(out);
        }
        match command {
            Command::Halt | Command::HaltDiskFull | Command::Kill | Command::Shutdown => {
                self.cancel_all(out);
            }
            Command::Reduce if self.trading.state() == TradingState::Reducing => {
                self.keep_reducing(out);
            }
            Command::Flatten => self.begin_flatten(out),
            Command::Trip => self.trip(Trigger::Manual, InstrumentId::ALL, out),
            Command::Reset => self.reset_breaker(out),
            Command::Reconcile => self.reconcile(out),
            _ => {}
        }
        self.plan_sweep();
        self.set_wake();
        CommandVerdict::Taken
    }

    /// An operator goes on in spite of a breach. A drawdown is counted from here on, as nothing
    /// else would ever end it; a loss of the day stands, refuses growth until midnight, and halts
    /// no second time.
    pub(super) fn accept_breach(&mut self) {
        match self.trading.reason() {
            StateReason::DrawdownLimit => self.high_water = self.equity(),
            StateReason::DailyLossLimit => self.loss_halts = false,
            _ => {}
        }
    }
}
