//! Following what is recorded: outputs are facts, whatever this core would decide.
//!
//! Positions, profit and orders follow from the inputs and from the requests that were released;
//! the trading state from the commands and the states that were recorded. No limit is compared and
//! nothing is put out, so neither other limits nor another version of the core change what is
//! found. What `position`, `order` and `accounts` say is the same code as in the way itself.

use super::{Output, Risk};
use crate::engine::order::Status;
use crate::event::{Body, Command, Event, Level, Mark, RequestKind, TradingState, Trigger};
use crate::types::InstrumentId;

impl Risk {
    /// Takes an input whose outputs are recorded.
    pub fn follow_input(&mut self, event: &Event, levels: &[Level]) {
        self.now = self.now.max(event.received);
        self.begin_day_if_over();
        self.breaker.follow_time(self.now);
        match &event.body {
            Body::Report(report) => {
                if self.hear_answer(event.instrument, report, levels[0]) {
                    return;
                }
                let reported = self.orders.report(event.instrument, report, levels[0]);
                if event.instrument.index() >= self.accounts.holdings.len() {
                    return;
                }
                if let Some(fill) = &reported.fill {
                    self.accounts.fill(event.instrument, fill, report);
                }
                self.accounts.touch(event.instrument);
                if reported.fill.is_some() && self.accounts.is_complete() {
                    self.take_profit();
                }
            }
            Body::Command(asked) if asked.command == Command::Limits => {
                // One that was not taken then is not taken now: the same numbers are compared.
                self.take_limits(asked, (event, levels)).ok();
            }
            Body::Command(asked) => self.follow_command(asked.command),
            Body::Fault(reason) => self.lost(*reason),
            Body::Health(health) if self.is_slow(*health) => {
                let trigger = Trigger::LatencyDegradation;
                self.breaker.follow(trigger, InstrumentId::ALL, self.now);
            }
            _ => {}
        }
    }

    fn follow_command(&mut self, command: Command) {
        let Some(next) = self.trading.command(command) else {
            self.commands_not_taken += 1;
            return;
        };
        let resumed = matches!(command, Command::Resume | Command::ResumeConfirmed);
        if resumed && self.trading.state() == TradingState::Halted {
            self.accept_breach();
        }
        self.trading = next;
    }

    /// Takes over what the breaker of another one has learned of the same marks, which an
    /// opening does not tell.
    pub fn learn_from(&mut self, other: &Self) {
        self.breaker = other.breaker.clone();
    }

    /// Takes a mark of the input at hand.
    pub fn follow_mark(&mut self, mark: &Mark) {
        if self.accounts.mark(mark) && self.accounts.is_complete() {
            self.take_profit();
        }
        if let Some(trigger) = self.breaker.mark(mark) {
            self.breaker.follow(trigger, mark.instrument, self.now);
        }
        if mark.stale.is_none() {
            self.breaker.heard();
        }
    }

    /// Takes what is recorded of the input at hand; false if the orders cannot be so.
    pub fn follow_output(&mut self, output: &Output) -> bool {
        match output {
            Output::Request(request) => {
                let terms = *request.terms();
                if terms.instrument.index() >= self.accounts.holdings.len() {
                    return false;
                }
                let reduce_only = terms.reduce_only || self.trading.state() != TradingState::Active;
                let known = self.orders.get(terms.order).map(|order| order.status);
                match terms.kind {
                    RequestKind::Place if self.orders.takes(terms.order) => {
                        self.orders.place(&terms, reduce_only);
                    }
                    RequestKind::Replace if known == Some(Status::Working) => {
                        self.orders.replace(&terms, reduce_only);
                    }
                    RequestKind::Cancel => self.orders.ask_cancel(terms.order),
                    RequestKind::Place | RequestKind::Replace => return false,
                }
                self.accounts.touch(terms.instrument);
            }
            Output::State { state, reason } => {
                self.trading = self.trading.recorded(*state, *reason);
            }
            Output::Breaker { change, instrument } => {
                self.breaker.recorded(*change, *instrument, self.now);
            }
            Output::Exit(exit) => {
                if exit.instrument.index() >= self.accounts.holdings.len() {
                    return false;
                }
                self.exits.recorded(exit);
            }
            Output::Explanation(_) | Output::Refusal(_) => {}
            Output::Answer(_) | Output::Query { .. } => {}
        }
        true
    }
}
