//! The third stage: limits, positions, orders.

use super::{BATCH, Feedback, Gauges, push};
use crate::engine::buffer::Buffer;
use crate::engine::risk::{OUTPUT_LINES_MAX, Output, Risk};
use crate::event::pack::Item;
use crate::event::{Draft, Explanation, Line, Mark, PART_LINES_MAX, Part, Proposal};
use crate::threads::agent::Agent;
use crate::threads::board::RiskBoard;
use crate::threads::fused::fed_back;
use crate::threads::lane::{Receiver, Sender};
use crate::threads::outcome;
use rtrb::Producer;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What joins it with the others.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) from: Receiver,
    pub(super) to: Sender,
    pub(super) feedback: Producer<Feedback>,
    pub(super) gauges: Arc<Gauges>,
    pub(super) outcome: crossbeam_channel::Sender<outcome::Part>,
}

/// Checks what quoting proposes.
#[derive(Debug)]
pub struct RiskAgent {
    risk: Risk,
    out: Buffer<Output>,
    part: Part,
    /// Drafts of the input at hand that have not come yet.
    awaited: u16,
    is_inside: bool,
    board: RiskBoard,
    ends: Ends,
    outputs_max: usize,
}

impl RiskAgent {
    pub(super) fn new(risk: Risk, outputs_max: usize, board: RiskBoard, ends: Ends) -> Self {
        ends.gauges.set_deadline(1, risk.deadline());
        Self {
            risk,
            out: Buffer::new(outputs_max),
            part: Part::empty(),
            awaited: 0,
            is_inside: false,
            board,
            ends,
            outputs_max,
        }
    }

    /// Takes the next item, an input or one of its drafts; false if none has come.
    fn take(&mut self) -> bool {
        let Self { risk, out, part, board, ends, .. } = self;
        let Some(head) = ends.from.head() else { return false };
        let damaged = "nobody else writes into the lane";
        match Item::of(head) {
            Item::Event => {
                assert!(!self.is_inside, "all drafts of the input before have come");
                let follow = ends.from.pop_followed(part).expect(damaged).expect("a head is there");
                board.stage.begin(part.event.sequence);
                out.clear();
                risk.input(&part.event, part.levels(), out);
                self.awaited = follow;
                self.is_inside = true;
            }
            Item::Mark => {
                let mark = Mark::unpack(&pop::<1>(&mut ends.from)[0]).expect(damaged);
                risk.draft(&Draft::Mark(mark), out);
                self.awaited -= 1;
            }
            Item::Proposal => {
                let proposal = Proposal::unpack(&pop::<1>(&mut ends.from)[0]).expect(damaged);
                risk.draft(&Draft::Proposal(proposal), out);
                self.awaited -= 1;
            }
            Item::Explanation => {
                let explanation = Explanation::unpack(&pop(&mut ends.from)).expect(damaged);
                risk.draft(&Draft::Explanation(explanation), out);
                self.awaited -= 1;
            }
        }
        if self.awaited == 0 {
            self.pass_on();
        }
        true
    }

    /// Hands the input with its outputs to the journal.
    fn pass_on(&mut self) {
        let Self { risk, out, part, ends, board, .. } = self;
        self.is_inside = false;
        ends.gauges.set_deadline(1, risk.deadline());
        ends.gauges.open_orders.store(risk.open_orders(), Ordering::Release);
        // Before the input is known to be done: in lock-step a sample of it is looked for then.
        board.sample(&part.event, risk);
        let follow = u16::try_from(out.items().len()).expect("few outputs");
        ends.to.push_followed(&part.event, part.levels(), follow);
        for output in out.items() {
            let mut lines = [Line::default(); OUTPUT_LINES_MAX];
            let count = output.pack_into(&mut lines);
            ends.to.push_lines(&lines[..count]);
            if let Some(feedback) = fed_back(output) {
                push(&mut ends.feedback, feedback);
            }
        }
        board.stage.end();
        board.input((&part.event, part.levels()), risk, out.items());
    }
}

impl Agent for RiskAgent {
    fn name(&self) -> &'static str {
        "risk"
    }

    fn do_work(&mut self) -> usize {
        let lines = PART_LINES_MAX + OUTPUT_LINES_MAX * self.outputs_max;
        for taken in 0..BATCH {
            let has_room =
                self.ends.feedback.slots() >= self.outputs_max && self.ends.to.has_room_for(lines);
            if !has_room || !self.take() {
                if taken == 0 {
                    self.board.idle(&self.risk);
                }
                return taken;
            }
        }
        BATCH
    }

    fn on_close(&mut self) {
        while self.do_work() > 0 {}
        self.board.close(&self.risk);
        let left = outcome::Part::Risk(Box::new(self.risk.clone()), self.board.fills());
        self.ends.outcome.send(left).ok();
    }

    fn rings_full(&self) -> u64 {
        self.ends.to.full()
    }
}

/// The lines of the next item, which are `N`.
fn pop<const N: usize>(from: &mut Receiver) -> [Line; N] {
    let mut lines = [Line::default(); N];
    from.pop_lines(&mut lines);
    lines
}
