//! A thread for each stage, joined by rings: what `dedicated` pins and `stepped` turns by chance.
//!
//! The same stages as in `fused`, cut where the rings are. An agent takes an input only when every
//! ring below has room for all that this input can bring about, so nobody ever waits in a push.
//! The way is: feed → quoting → risk → journal → feed; the agents share nothing but the rings and a
//! few numbers that the feed reads.

mod feed;
mod journal;
mod quoting;
mod risk;

pub use feed::FeedAgent;
pub use journal::JournalAgent;
pub use quoting::QuotingAgent;
pub use risk::RiskAgent;

use super::board::Board;
use super::health::HealthSlot;
use super::lane::lane;
use super::link::Wish;
use super::outcome;
use super::pilot::Pilot;
use super::sequencer::Sequencer;
use crate::engine::risk::{OUTPUT_LINES_MAX, OrderRequest};
use crate::engine::{Core, CoreParams, Quoting, risk_of};
use crate::event::pack::EXPLANATION_LINES;
use crate::event::{Body, PART_LINES_MAX};
use crate::journal::{Journaled, Ledger};
use crate::types::{InstrumentId, Nanos};
use crossbeam_channel::Sender;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Inputs that an agent takes in one turn.
const BATCH: usize = 64;

/// Numbers that go back to the feed without a ring: the latest is all that counts.
#[derive(Debug)]
struct Gauges {
    /// The next deadline of quoting and of risk, or [`i64::MAX`].
    deadlines: [AtomicI64; 2],
    /// Orders that are not known to be gone.
    open_orders: AtomicU64,
    /// The last input whose outputs are all written and released.
    done: AtomicU64,
}

impl Gauges {
    fn set_deadline(&self, of: usize, deadline: Option<Nanos>) {
        let deadline = deadline.map_or(i64::MAX, |deadline| deadline.0);
        self.deadlines[of].store(deadline, Ordering::Release);
    }

    fn deadline(&self) -> Option<Nanos> {
        let [quoting, risk] = &self.deadlines;
        let earlier = quoting.load(Ordering::Acquire).min(risk.load(Ordering::Acquire));
        (earlier != i64::MAX).then_some(Nanos(earlier))
    }
}

/// What comes back to the feed.
type Feedback = (InstrumentId, Body);

/// A request that stands in the journal, and the number of its input.
type Released = (u64, Journaled<OrderRequest>);

/// How large the rings are made beyond what they must hold, in lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RingSizes {
    /// Feed to quoting.
    pub inputs: usize,
    /// Quoting to risk.
    pub drafts: usize,
    /// Risk to journal.
    pub outputs: usize,
    /// Journal to gateway, in requests.
    pub requests: usize,
    /// Risk to feed, in refusals and states.
    pub feedback: usize,
}

impl RingSizes {
    /// No more inputs than this are on their way at a time: each is a line at least in every ring.
    #[must_use]
    pub const fn inputs_max(&self) -> usize {
        self.inputs + self.drafts + self.outputs
    }

    /// No more than one input can bring about: what every size must reach.
    #[must_use]
    pub fn least(params: &CoreParams) -> Self {
        let drafts = EXPLANATION_LINES * Core::drafts_max(params);
        let outputs = OUTPUT_LINES_MAX * Core::outputs_max(params);
        Self {
            inputs: PART_LINES_MAX,
            drafts: PART_LINES_MAX + drafts,
            outputs: PART_LINES_MAX + outputs,
            requests: Core::outputs_max(params),
            feedback: Core::outputs_max(params),
        }
    }
}

/// What the stages are made of.
#[derive(Debug)]
pub struct Parts {
    /// All inputs.
    pub sequencer: Sequencer,
    /// When it is.
    pub pilot: Pilot,
    /// The journal, which has its start.
    pub ledger: Ledger,
    /// What is shown.
    pub board: Board,
    /// What must stop quoting.
    pub health: HealthSlot,
    /// Where each stage says what it leaves.
    pub outcome: Sender<outcome::Part>,
}

/// The four agents in the order of the way.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is the stage of its name")]
pub struct Stages {
    pub feed: FeedAgent,
    pub quoting: QuotingAgent,
    pub risk: RiskAgent,
    pub journal: JournalAgent,
}

/// Cuts the way into its stages; rings that are asked for too small are made just large enough.
#[must_use]
pub fn stages(params: &CoreParams, mut parts: Parts, sizes: RingSizes) -> Stages {
    let answering = parts.sequencer.answering();
    let least = RingSizes::least(params);
    let (drafts_max, outputs_max) = (Core::drafts_max(params), Core::outputs_max(params));
    let (to_quoting, inputs) = lane(sizes.inputs.max(least.inputs));
    let (to_risk, drafts) = lane(sizes.drafts.max(least.drafts));
    let (to_journal, outputs) = lane(sizes.outputs.max(least.outputs));
    let (released_in, released) = RingBuffer::<Released>::new(sizes.requests.max(least.requests));
    let (feedback_in, feedback) = RingBuffer::<Feedback>::new(sizes.feedback.max(least.feedback));
    let (wishes_in, wishes) = RingBuffer::<Wish>::new(params.instruments.len().max(1));
    let quoting = Quoting::new(params);
    let risk = risk_of(params);
    let gauges = Arc::new(Gauges {
        deadlines: [AtomicI64::new(i64::MAX), AtomicI64::new(i64::MAX)],
        open_orders: AtomicU64::new(0),
        done: AtomicU64::new(parts.sequencer.sequence()),
    });
    let boards = parts.board;
    let shared = Arc::clone(&gauges);
    let quoting_ends =
        quoting::Ends { from: inputs, to: to_risk, wishes: wishes_in, gauges: shared };
    Stages {
        feed: FeedAgent::new(
            parts.sequencer,
            parts.pilot,
            feed::Ends {
                lane: to_quoting,
                released,
                feedback,
                wishes,
                health: parts.health.clone(),
                latency: boards.latency,
                gauges: Arc::clone(&gauges),
                outcome: parts.outcome.clone(),
            },
        ),
        quoting: QuotingAgent::new(quoting, drafts_max, boards.quoting, quoting_ends),
        risk: RiskAgent::new(
            risk,
            outputs_max,
            boards.risk,
            risk::Ends {
                from: drafts,
                to: to_journal,
                feedback: feedback_in,
                gauges: Arc::clone(&gauges),
                outcome: parts.outcome.clone(),
            },
        ),
        journal: JournalAgent::new(
            parts.ledger,
            journal::Ends {
                from: outputs,
                released: released_in,
                gauges,
                outputs_max,
                health: parts.health,
                stage: boards.journal,
                answering,
                outcome: parts.outcome,
            },
        ),
    }
}

/// All that stands in a ring now, in order.
fn drain<T>(ring: &mut Consumer<T>) -> impl Iterator<Item = T> {
    std::iter::from_fn(|| ring.pop().ok())
}

/// Pushes into a ring that has been asked for room.
fn push<T>(ring: &mut Producer<T>, item: T) {
    assert!(ring.push(item).is_ok(), "a ring has room for all that an input can bring about");
}
