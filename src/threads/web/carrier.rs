//! The web's commands on their way to the core, and what it says in the web's words.

use crate::event::Command;
use crate::threads::commands::{CommandDesk, CommandFault};
use crate::threads::limits::LimitDesk;
use crate::web::commands::{Act, Commander, NotDone, Order, Verdict};
use std::time::Duration;

/// How long the core's word on a command is awaited.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Carries commands to the desk.
#[derive(Debug)]
pub(super) struct Carrier {
    /// Where they are given.
    pub(super) desk: CommandDesk,
    /// Where changes of limits are read.
    pub(super) limits: LimitDesk,
}

impl Commander for Carrier {
    fn read_limits(&self, body: &[u8]) -> Result<Order, NotDone> {
        self.limits.read(body)
    }

    fn command(&self, order: &Order) -> Result<Verdict, NotDone> {
        let command = match order.act {
            Act::Halt => Command::Halt,
            Act::Resume if order.confirm => Command::ResumeConfirmed,
            Act::Resume => Command::Resume,
            Act::Reduce => Command::Reduce,
            Act::Kill => Command::Kill,
            Act::Flatten => Command::Flatten,
            Act::Trip => Command::Trip,
            Act::Reset => Command::Reset,
            Act::Limits => Command::Limits,
            Act::Reconcile => Command::Reconcile,
        };
        let (who, why) = (order.who.as_str(), order.why.as_str());
        let answer = match order.act {
            Act::Limits => self.desk.request_limits(&order.changes, (who, why), ANSWER_WITHIN),
            _ => self.desk.request(command, who, why, ANSWER_WITHIN),
        };
        match answer {
            Ok(answer) => Ok(Verdict {
                sequence: answer.sequence,
                is_taken: answer.is_taken(),
                verdict: answer.decided.verdict.name(),
                state: (answer.decided.state.name(), answer.decided.reason.name()),
            }),
            Err(fault) => {
                let words = fault.to_string();
                Err(match fault {
                    CommandFault::Note(_) => NotDone::Wrong(words),
                    CommandFault::Busy | CommandFault::Ended => NotDone::Busy(words),
                    CommandFault::NoAnswer { .. } => NotDone::NoAnswer(words),
                })
            }
        }
    }
}
