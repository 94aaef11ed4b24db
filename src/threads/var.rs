//! Value at risk of a run: from samples that risk hands out to results that enter the core.
//!
//! `sample` takes prices and positions off the way at steps of input time, `desk` makes results of
//! them and grades the earlier ones, `kept` has what outlives a restart, `view` what readers see.
//! Where time is the wall's, the desk has the thread `var`, off the hot cores and of low priority,
//! and the sequencer looks for a result once a turn. In virtual time the sequencer turns the desk
//! itself, at the input behind which the sample was taken: one seed, one journal.

mod desk;
mod kept;
mod sample;
mod view;

pub use desk::{Desk, DeskParams};
pub use sample::{Sample, Sampler};
pub use view::VarReader;

use super::agent::Agent;
use super::view::{Publisher, View, Words, view};
use crate::engine::CoreParams;
use crate::event::VarResult;
use crate::types::Instrument;
use std::path::Path;

/// How far the system puts the thread behind others: the lowest priority that is not idle only.
const NICE: i32 = 19;

impl Words<4> for VarResult {
    fn to_words(&self) -> [u64; 4] {
        self.words()
    }

    fn from_words(words: &[u64; 4]) -> Self {
        Self::of_words(*words)
    }
}

/// Where the sequencer hears results from. The latest wins: nothing queues.
#[derive(Debug, Default)]
pub enum Results {
    /// Nobody works any out.
    #[default]
    None,
    /// In virtual time: worked out when asked.
    Here(Box<Desk>),
    /// The thread's, and the last version that was heard.
    There(View<VarResult, 4>, u64),
}

impl Results {
    /// A result that is new.
    #[inline]
    pub fn poll(&mut self) -> Option<VarResult> {
        match self {
            Self::None => None,
            Self::Here(desk) => desk.turn(),
            Self::There(view, heard) if view.version() != *heard => {
                let (version, result) = view.read_versioned();
                *heard = version;
                Some(result)
            }
            Self::There(..) => None,
        }
    }

    /// Writes down what outlives the run, where that is this end's to do.
    pub fn close(&mut self) {
        if let Self::Here(desk) = self {
            desk.keep();
        }
    }
}

/// The ends of value at risk in a run.
#[derive(Debug)]
pub struct Ends {
    /// Risk's.
    pub sampler: Sampler,
    /// The sequencer's.
    pub results: Results,
    /// The thread's, where there is one.
    pub agent: Option<VarAgent>,
    /// Readers'.
    pub reader: VarReader,
    /// What was found amiss, in words.
    pub remark: Option<String>,
}

/// Makes the ends of a run. `data` is where the history is kept.
#[must_use]
pub fn ends(
    params: DeskParams,
    (core, instruments): (&CoreParams, &[Instrument]),
    data: Option<&Path>,
    is_lock_step: bool,
) -> Ends {
    let every = params.config.sample_interval;
    let (sampler, samples) = Sampler::new(every, instruments.len());
    let (desk, reader, remark) = Desk::new(params, (core, instruments), samples, data);
    let (results, agent) = if is_lock_step {
        (Results::Here(Box::new(desk)), None)
    } else {
        let (publisher, view) = view(VarResult::default());
        (Results::There(view, 0), Some(VarAgent { desk, publisher }))
    };
    Ends { sampler, results, agent, reader, remark }
}

/// The desk on a thread of its own.
#[derive(Debug)]
pub struct VarAgent {
    desk: Desk,
    publisher: Publisher<VarResult, 4>,
}

impl Agent for VarAgent {
    fn name(&self) -> &'static str {
        "var"
    }

    fn on_start(&mut self) {
        // Where the system refuses, the thread is as important as others; it is off the hot cores.
        rustix::process::setpriority_process(None, NICE).ok();
    }

    fn do_work(&mut self) -> usize {
        let Some(result) = self.desk.turn() else { return 0 };
        self.publisher.publish(&result);
        self.desk.keep();
        1
    }

    fn on_close(&mut self) {
        self.do_work();
        self.desk.keep();
    }
}
