//! One epoch as it is played: what the core decides again, and what is recorded.
//!
//! What is recorded are facts: positions, orders and the trading state follow from the inputs and
//! the recorded outputs alone. Beside them a core decides anew, if it is of the version that wrote;
//! what it decides otherwise is counted and the first of it named, and nothing else follows from
//! it. Where records come from is not known here.

use super::poison;
use super::record::Input;
use super::snapshot::{Facts, Image};
use super::{Place, Start};
use crate::engine::buffer::Buffer;
use crate::engine::risk::{OUTPUT_LINES_MAX, Opening, Output, Risk};
use crate::engine::{CORE_VERSION, Core, CoreParams, risk_of};
use crate::event::{Event, Level, Line, Part};
use crate::types::Nanos;
use std::fmt;

/// Something that this core decides otherwise than is recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// Where the recorded output stands, or the record behind the input that lacks one.
    pub place: Place,
    /// The input.
    pub input: u64,
    /// What is recorded.
    pub recorded: String,
    /// What this core decides.
    pub decided: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place: Place { segment, offset, .. }, input, recorded, decided } = self;
        write!(
            f,
            "input {input} is decided otherwise (segment {segment}, offset {offset}): recorded \
             {recorded}, decided {decided}"
        )
    }
}

/// What has been played and compared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Inputs.
    pub inputs: u64,
    /// Outputs.
    pub outputs: u64,
    /// Inputs that this core decides otherwise.
    pub differences: u64,
    /// The first of them.
    pub first: Option<Difference>,
    /// Recorded outputs that cannot follow from what was recorded before.
    pub contradictions: u64,
    /// Inputs that were not decided again, as one before them makes the core panic.
    pub not_decided: u64,
}

/// One epoch.
#[derive(Debug)]
pub struct Playing {
    start: Start,
    params: CoreParams,
    /// Decides anew; gone where an input makes it panic.
    core: Option<Core>,
    facts: Risk,
    out: Buffer<Output>,
    /// How many of the outputs have been met.
    met: usize,
    /// The input at hand was decided otherwise already.
    differs: bool,
    input: u64,
    time: Nanos,
    part: Part,
    poisons: Vec<u64>,
}

impl Playing {
    /// The epoch as it begins. `poisons` are records that make the core panic.
    ///
    /// # Errors
    /// Its parameters cannot be understood.
    pub fn begin(start: Start, poisons: Vec<u64>) -> Result<Self, serde_json::Error> {
        let params: CoreParams = serde_json::from_str(start.config.get())?;
        let mut core = Core::new(&params);
        core.keep_marks(&params);
        let facts = risk_of(&params);
        let time = start.started;
        Ok(Self::of(start, params, (Some(core), facts), (0, time), poisons))
    }

    /// The same behind that input of an earlier epoch: inputs are counted on.
    #[must_use]
    pub fn after(mut self, input: u64) -> Self {
        self.input = self.input.max(input);
        self
    }

    /// The epoch as a snapshot has it.
    ///
    /// # Errors
    /// Its parameters cannot be understood.
    pub fn resume(image: Image, poisons: Vec<u64>) -> Result<Self, serde_json::Error> {
        let Image { facts: Facts { start, opening, input, time, .. }, core } = image;
        let params: CoreParams = serde_json::from_str(start.config.get())?;
        let core = core.map(|mut core| {
            core.keep_marks(&params);
            core
        });
        let mut facts = risk_of(&CoreParams { opening: Some(opening), ..params.clone() });
        if let Some(core) = &core {
            facts.learn_from(core.risk());
        }
        Ok(Self::of(start, params, (core, facts), (input, time), poisons))
    }

    fn of(
        start: Start,
        params: CoreParams,
        (core, facts): (Option<Core>, Risk),
        (input, time): (u64, Nanos),
        poisons: Vec<u64>,
    ) -> Self {
        let out = Buffer::new(Core::outputs_max(&params));
        Self {
            start,
            params,
            core,
            facts,
            out,
            met: 0,
            differs: false,
            input,
            time,
            part: Part::empty(),
            poisons,
        }
    }

    /// What the epoch began with.
    #[must_use]
    pub const fn start(&self) -> &Start {
        &self.start
    }

    /// Positions, orders and the trading state as they follow from what is recorded.
    #[must_use]
    pub const fn facts(&self) -> &Risk {
        &self.facts
    }

    /// The core that decides anew, if there is one.
    #[must_use]
    pub const fn core(&self) -> Option<&Core> {
        self.core.as_ref()
    }

    /// The number and the time of the last input.
    #[must_use]
    pub const fn last(&self) -> (u64, Nanos) {
        (self.input, self.time)
    }

    /// Whether this core is of the version that wrote.
    #[must_use]
    pub const fn compares(&self) -> bool {
        self.start.core_version == CORE_VERSION
    }

    /// Takes an input that stands at that record.
    pub fn input(&mut self, place: Place, record: u64, input: &Input<'_>, tally: &mut Tally) {
        self.complete(place, tally);
        input.read_into(&mut self.part);
        self.out.clear();
        (self.met, self.differs) = (0, false);
        let event = self.part.event;
        (self.input, self.time) = (event.sequence, event.received);
        tally.inputs += 1;
        if self.poisons.contains(&record) {
            self.core = None;
        }
        let Self { core, facts, part, out, .. } = self;
        facts.follow_input(&part.event, part.levels());
        match core {
            Some(core) => decide(core, record, (&part.event, part.levels()), (facts, out)),
            None => tally.not_decided += 1,
        }
    }

    /// Takes an output that is recorded of the input at hand.
    pub fn output(&mut self, place: Place, input: u64, recorded: &Output, tally: &mut Tally) {
        tally.outputs += 1;
        tally.contradictions += u64::from(!self.facts.follow_output(recorded));
        if self.core.is_none() || !self.compares() {
            return;
        }
        let decided = self.out.items().get(self.met);
        self.met += 1;
        // Compared as they are written: a float that is no number equals itself there.
        let is_same = decided.is_some_and(|decided| lines_of(decided) == lines_of(recorded));
        if is_same && input == self.input {
            return;
        }
        let decided = decided.map_or("nothing".to_string(), |output| format!("{output:?}"));
        self.differ(place, format!("{recorded:?}"), decided, tally);
    }

    /// The input at hand must have had all its outputs. Not asked where the process died.
    pub fn complete(&mut self, place: Place, tally: &mut Tally) {
        if !self.compares() {
            return;
        }
        if let Some(output) = self.out.items().get(self.met) {
            let decided = format!("{output:?}");
            self.differ(place, "nothing more".to_string(), decided, tally);
        }
    }

    /// How many outputs of the input at hand are not recorded.
    #[must_use]
    pub fn missing(&self) -> u64 {
        let all = if self.compares() { self.out.items().len() } else { 0 };
        all.saturating_sub(self.met) as u64
    }

    fn differ(&mut self, place: Place, recorded: String, decided: String, tally: &mut Tally) {
        if !std::mem::replace(&mut self.differs, true) {
            tally.differences += 1;
            let difference = Difference { place, input: self.input, recorded, decided };
            tally.first.get_or_insert(difference);
        }
    }

    /// All of it as it is behind that record.
    #[must_use]
    pub fn facts_at(&self, record: u64) -> Facts {
        let opening: Opening = self.facts.closing();
        let (start, input, time) = (self.start.clone(), self.input, self.time);
        Facts { start, opening, record, input, time }
    }

    /// What the core was made of.
    #[must_use]
    pub const fn params(&self) -> &CoreParams {
        &self.params
    }
}

/// Lets the core decide about an input; its marks are facts of the books and go to both.
fn decide(
    core: &mut Core,
    record: u64,
    (event, levels): (&Event, &[Level]),
    (facts, out): (&mut Risk, &mut Buffer<Output>),
) {
    poison::at_work(record);
    core.apply(event, levels, out);
    poison::at_work(0);
    core.marks().iter().for_each(|mark| facts.follow_mark(mark));
}

fn lines_of(output: &Output) -> ([Line; OUTPUT_LINES_MAX], usize) {
    let mut lines = [Line::default(); OUTPUT_LINES_MAX];
    let count = output.pack_into(&mut lines);
    (lines, count)
}
