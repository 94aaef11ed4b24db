//! The second stage: books and quoter.

use super::{BATCH, Gauges, push};
use crate::engine::Quoting;
use crate::engine::buffer::Buffer;
use crate::event::pack::EXPLANATION_LINES;
use crate::event::{Draft, PART_LINES_MAX, Part};
use crate::threads::agent::Agent;
use crate::threads::board::QuotingBoard;
use crate::threads::lane::{Receiver, Sender};
use crate::threads::link::Wish;
use crate::threads::resyncs;
use rtrb::Producer;
use std::sync::Arc;

/// What joins it with the others.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) from: Receiver,
    pub(super) to: Sender,
    pub(super) wishes: Producer<Wish>,
    pub(super) gauges: Arc<Gauges>,
}

/// Keeps books and wants quotes.
#[derive(Debug)]
pub struct QuotingAgent {
    quoting: Quoting,
    drafts: Buffer<Draft>,
    drafts_max: usize,
    part: Part,
    board: QuotingBoard,
    ends: Ends,
}

impl QuotingAgent {
    pub(super) fn new(
        quoting: Quoting,
        drafts_max: usize,
        board: QuotingBoard,
        ends: Ends,
    ) -> Self {
        let drafts = Buffer::new(drafts_max);
        ends.gauges.set_deadline(0, quoting.deadline());
        Self { quoting, drafts, drafts_max, part: Part::empty(), board, ends }
    }

    /// Takes one input; false if none has come.
    fn take(&mut self) -> bool {
        let Self { quoting, drafts, part, board, ends, .. } = self;
        if !ends.from.pop(part).expect("nobody else writes into the lane") {
            return false;
        }
        board.stage.begin(part.event.sequence);
        drafts.clear();
        let change = quoting.apply(&part.event, part.levels(), drafts);
        ends.gauges.set_deadline(0, quoting.deadline());
        let follow = u16::try_from(drafts.items().len()).expect("few drafts");
        ends.to.push_followed(&part.event, part.levels(), follow);
        for draft in drafts.items() {
            match draft {
                Draft::Mark(mark) => ends.to.push_lines(&[mark.pack()]),
                Draft::Explanation(explanation) => ends.to.push_lines(&explanation.pack()),
                Draft::Proposal(proposal) => ends.to.push_lines(&[proposal.pack()]),
            }
        }
        board.stage.end();
        let wishes = &mut ends.wishes;
        resyncs::judge(&part.event, change, quoting.books(), |wish| push(wishes, wish));
        board.input(&part.event, quoting);
        true
    }
}

impl Agent for QuotingAgent {
    fn name(&self) -> &'static str {
        "quoting"
    }

    fn do_work(&mut self) -> usize {
        let lines = PART_LINES_MAX + EXPLANATION_LINES * self.drafts_max;
        let wishes = resyncs::wishes_max(self.quoting.books());
        for taken in 0..BATCH {
            let has_room = self.ends.wishes.slots() >= wishes && self.ends.to.has_room_for(lines);
            if !has_room || !self.take() {
                if taken == 0 {
                    self.board.idle(&self.quoting);
                }
                return taken;
            }
        }
        BATCH
    }

    fn on_close(&mut self) {
        while self.do_work() > 0 {}
        let last = &self.part.event;
        self.board.close(&self.quoting, (last.sequence, last.received));
    }

    fn rings_full(&self) -> u64 {
        self.ends.to.full()
    }
}
