//! Runs of the whole engine in memory, and the inputs that such a run takes.
//!
//! What every bench of the engine shares: a config, a venue, and the loop that `shared` and
//! `inline` run. Nothing is timed here.

use clap::Parser as _;
use pinnaclemm::config::arguments::Arguments;
use pinnaclemm::config::load::{Environment, Loaded, load};
use pinnaclemm::engine::buffer::Buffer;
use pinnaclemm::engine::risk::Output;
use pinnaclemm::engine::{Core, CoreParams};
use pinnaclemm::event::{Event, Level};
use pinnaclemm::journal::Ledger;
use pinnaclemm::threads::board::board;
use pinnaclemm::threads::fused::{Fused, fed_back};
use pinnaclemm::threads::gateway::Gateway;
use pinnaclemm::threads::outcome::Part;
use pinnaclemm::threads::pilot::{Pilot, PilotParams};
use pinnaclemm::threads::sequencer::{Sequencer, SequencerParams};
use pinnaclemm::threads::setup::Setup;
use pinnaclemm::threads::signals::Stop;
use pinnaclemm::types::{InstrumentId, Nanos, Origin};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The shipped config with these flags.
pub(crate) fn loaded(flags: &[&str]) -> Loaded {
    let flags = std::iter::once(&"pinnaclemm").chain(flags);
    let arguments = Arguments::try_parse_from(flags).expect("flags of ours");
    load(&arguments, &Environment::default()).expect("the shipped config")
}

fn sequencer(setup: Setup) -> (Sequencer, Pilot) {
    let orders_max = setup.core.risk.orders_max as usize;
    let gateway = Gateway::new(Nanos::from_seconds(5), orders_max);
    let feedback_max = Core::outputs_max(&setup.core);
    let params = SequencerParams { sequence: 0, latest: setup.begins, feedback_max };
    let grace = Nanos::from_millis(500);
    let params_of_end = PilotParams { duration: None, grace };
    let done = Arc::new(AtomicBool::new(false));
    let pilot = Pilot::new(setup.timeline, params_of_end, Stop::default(), done);
    (Sequencer::new(setup.link, gateway, params), pilot)
}

/// The engine in one thread, in lock-step.
pub(crate) struct Run {
    fused: Fused,
    pilot: Pilot,
}

impl Run {
    /// A run that keeps no journal.
    pub(crate) fn new(mut setup: Setup) -> Self {
        setup.begin(1, None);
        let core = setup.core.clone();
        let (board, ..) = board(&setup.instruments());
        let (sequencer, pilot) = sequencer(setup);
        Self { fused: Fused::new(&core, sequencer, Ledger::Unkept, board), pilot }
    }

    /// Takes up to so many inputs; how many there were.
    pub(crate) fn take(&mut self, inputs: u64) -> u64 {
        let mut taken = 0;
        while taken < inputs
            && let Some(now) = self.fused.now(&mut self.pilot)
        {
            taken += u64::from(self.fused.turn(now));
        }
        taken
    }
}

impl Run {
    /// What came of it.
    #[allow(dead_code, reason = "only beside the peers")]
    pub(crate) fn told(self) -> String {
        let [_, risk, _] = self.fused.end();
        let Part::Risk(risk, fills) = risk else { unreachable!("the second part is risk's") };
        let lots = risk.position(InstrumentId(0)).position.lots;
        let orders = risk.orders().last_id(Origin::Quoter).counter();
        format!("{orders} orders, {fills} trades, position {lots}")
    }
}

/// The inputs of a run, and what the core was made of.
pub(crate) struct Inputs {
    pub(crate) params: CoreParams,
    heads: Vec<(Event, u32)>,
    levels: Vec<Level>,
}

impl Inputs {
    /// The inputs of a run until its venue has no more, or of its first so many.
    pub(crate) fn of(mut setup: Setup, inputs_max: usize) -> Self {
        setup.begin(1, None);
        let params = setup.core.clone();
        let mut core = Core::new(&params);
        let mut out = Buffer::new(Core::outputs_max(&params));
        let (mut sequencer, _) = sequencer(setup);
        let mut ledger = Ledger::Unkept;
        let (mut heads, mut levels) = (Vec::new(), Vec::new());
        while heads.len() < inputs_max && !sequencer.is_finished() {
            let deadline = core.deadline();
            let Some(now) = sequencer.due(deadline) else { break };
            if !sequencer.advance(now, deadline, None) {
                continue;
            }
            let part = sequencer.input().clone();
            heads.push((part.event, u32::try_from(levels.len()).expect("a short run")));
            levels.extend_from_slice(part.levels());
            out.clear();
            core.apply(&part.event, part.levels(), &mut out);
            for output in out.items() {
                if let Some(request) = ledger.output(output).expect("nothing is kept") {
                    sequencer.send(&request, now);
                }
                if let Some((instrument, body)) = fed_back(output) {
                    sequencer.feed_back(instrument, body);
                }
            }
        }
        Self { params, heads, levels }
    }

    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    /// The inputs from that one on, each with its levels.
    #[inline]
    pub(crate) fn from(&self, first: usize) -> impl Iterator<Item = (&Event, &[Level])> {
        self.heads[first..].iter().map(|(event, at)| {
            let at = *at as usize;
            (event, &self.levels[at..at + event.level_count()])
        })
    }
}

/// What tells outputs of one core from those of another.
pub(crate) fn sum_of(outputs: &[Output]) -> u64 {
    outputs.iter().fold(outputs.len() as u64, |sum, output| match output {
        Output::Request(request) => {
            let terms = request.terms();
            sum.wrapping_mul(31).wrapping_add(terms.order.0 ^ terms.price.0.cast_unsigned())
        }
        _ => sum,
    })
}
