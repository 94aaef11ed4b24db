//! What the journal says, read record by record by whoever trusts nobody: the orders, the fills,
//! the epochs, the last trading state.
//!
//! What stood in segments that were pruned since is remembered from earlier readings; what a loss
//! of power has taken is forgotten.

use crate::law::{Accounts, Law, fill_of};
use crate::shore::{Terms, Trade};
use pinnaclemm::engine::buffer::Buffer;
use pinnaclemm::engine::risk::Output;
use pinnaclemm::engine::{Core, CoreParams};
use pinnaclemm::event::{Body, Command, Part, RequestKind, StateReason, TradingState};
use pinnaclemm::journal::{Content, Journal, ReadError, Summary};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Something that is recorded.
#[derive(Clone, Copy, Debug)]
enum Entry {
    Epoch(u32),
    Placed(u64),
    Fill(Trade, Terms, u8),
    State(TradingState),
    /// A command, and the state that it asks for: nothing where that depends on the state before.
    Asked(Option<TradingState>),
}

/// All that is recorded.
#[derive(Debug, Default)]
pub(crate) struct Told {
    entries: BTreeMap<u64, Entry>,
    /// The record that the journal begins with.
    pub(crate) first: u64,
    /// The record and the number of each input.
    numbers: Vec<(u64, u64)>,
    /// How many inputs were held against the law.
    pub(crate) inputs: u64,
}

impl Told {
    /// Reads the journal of that directory; with `law`, the last epoch is decided again, and held
    /// against the law.
    pub(crate) fn read(&mut self, data: &Path, law: bool) -> Result<Option<Summary>, String> {
        let journal = Journal::open(data).map_err(|error| error.to_string())?;
        let mut found: Vec<(u64, Entry)> = Vec::new();
        let (mut first, mut last_start, mut numbers) = (None, 0, Vec::new());
        let read = journal.visit_from::<ReadError>(1, |place, record| {
            first.get_or_insert(record.sequence);
            let entry = match &record.content {
                Content::Start(_) => {
                    last_start = record.sequence;
                    Some(Entry::Epoch(place.epoch))
                }
                Content::Input(input) => {
                    numbers.push((record.sequence, input.event.sequence));
                    asked(&input.event.body).or_else(|| {
                        let (trade, terms, decimals) =
                            fill_of(&input.event, input.levels().next()?)?;
                        Some(Entry::Fill(trade, terms, decimals))
                    })
                }
                Content::Output { output, .. } => entry_of(output),
                _ => None,
            };
            found.extend(entry.map(|entry| (record.sequence, entry)));
            Ok(())
        });
        let summary = read.map_err(|error| error.to_string())?;
        self.first = first.unwrap_or(1);
        self.entries.split_off(&self.first);
        self.entries.extend(found);
        self.numbers.truncate(self.numbers.partition_point(|(record, _)| *record < self.first));
        self.numbers.append(&mut numbers);
        if law && last_start > 0 {
            self.decide(&journal, last_start)?;
        }
        Ok(summary)
    }

    /// Decides the epoch that begins with that record again.
    fn decide(&mut self, journal: &Journal, start: u64) -> Result<(), String> {
        let mut epoch: Option<Epoch> = None;
        let mut wrong = None;
        let mut inputs = 0;
        let read = journal.visit_from::<ReadError>(start, |place, record| {
            if wrong.is_some() || record.sequence < start {
                return Ok(());
            }
            let done = match &record.content {
                Content::Start(text) => {
                    let start = journal.start(place, text)?;
                    let params: CoreParams =
                        serde_json::from_str(start.config.get()).expect("a start has its core");
                    let before = self.accounts_before(record.sequence, &params);
                    epoch = Some(Epoch::new(&params, before));
                    Ok(())
                }
                Content::Input(input) => {
                    inputs += 1;
                    let epoch = epoch.as_mut().expect("a start stands first");
                    input.read_into(&mut epoch.part);
                    epoch.input().map_err(|what| format!("input {}: {what}", input.event.sequence))
                }
                Content::Output { input, output } => {
                    let epoch = epoch.as_mut().expect("a start stands first");
                    epoch.output(output).map_err(|what| format!("input {input}: {what}"))
                }
                _ => Ok(()),
            };
            wrong = done.err();
            Ok(())
        });
        read.map_err(|error| error.to_string())?;
        self.inputs += inputs;
        wrong.map_or(Ok(()), Err)
    }

    /// What was held before that record.
    pub(crate) fn accounts_before(&self, record: u64, params: &CoreParams) -> Accounts {
        let mut accounts = Accounts::new(params);
        for entry in self.entries.range(..record).map(|(_, entry)| *entry) {
            if let Entry::Fill(trade, terms, decimals) = entry {
                accounts.fill(trade, terms, decimals);
            }
        }
        accounts
    }

    /// The number of the last input.
    pub(crate) fn input(&self) -> u64 {
        self.last_before(u64::MAX).1
    }

    /// The orders that were asked for.
    pub(crate) fn placed(&self) -> BTreeSet<u64> {
        self.entries
            .values()
            .filter_map(|entry| if let Entry::Placed(id) = entry { Some(*id) } else { None })
            .collect()
    }

    /// The fills.
    pub(crate) fn fills(&self) -> impl Iterator<Item = (Trade, Terms)> {
        self.entries.values().filter_map(|entry| match entry {
            Entry::Fill(trade, terms, _) => Some((*trade, *terms)),
            _ => None,
        })
    }

    /// The epochs in order.
    pub(crate) fn epochs(&self) -> impl Iterator<Item = u32> {
        self.entries
            .values()
            .filter_map(|entry| if let Entry::Epoch(epoch) = entry { Some(*epoch) } else { None })
    }

    /// The trading state that was said last, or that the last input of an epoch asks for where the
    /// record ends before what was said; nothing where that is not known.
    pub(crate) fn state(&self) -> Option<TradingState> {
        let mut end = u64::MAX;
        for (record, entry) in self.entries.iter().rev() {
            match entry {
                Entry::Epoch(_) => end = *record,
                Entry::State(state) => return Some(*state),
                Entry::Asked(state) if self.last_before(end).0 == *record => return *state,
                _ => {}
            }
        }
        Some(TradingState::Active)
    }

    /// Record and number of the last input before that record.
    fn last_before(&self, end: u64) -> (u64, u64) {
        let count = self.numbers.partition_point(|(record, _)| *record < end);
        self.numbers[..count].last().copied().unwrap_or_default()
    }
}

fn asked(body: &Body) -> Option<Entry> {
    let Body::Command(asked) = body else { return None };
    match asked.command {
        Command::Halt | Command::Flatten | Command::Kill => {
            Some(Entry::Asked(Some(TradingState::Halted)))
        }
        Command::ResumeConfirmed => Some(Entry::Asked(Some(TradingState::Active))),
        Command::Reduce => Some(Entry::Asked(None)),
        _ => None,
    }
}

fn entry_of(output: &Output) -> Option<Entry> {
    match output {
        Output::Request(request) if request.terms().kind == RequestKind::Place => {
            Some(Entry::Placed(request.terms().order.0))
        }
        // The end of a process does not outlive it.
        Output::State { state, reason } if *reason != StateReason::Shutdown => {
            Some(Entry::State(*state))
        }
        _ => None,
    }
}

/// An epoch that is decided again.
struct Epoch {
    core: Core,
    law: Law,
    out: Buffer<Output>,
    met: usize,
    part: Part,
}

impl Epoch {
    fn new(params: &CoreParams, before: Accounts) -> Self {
        let out = Buffer::new(Core::outputs_max(params));
        let (core, law) = (Core::new(params), Law::new(params, before));
        Self { core, law, out, met: 0, part: Part::empty() }
    }

    fn input(&mut self) -> Result<(), String> {
        if self.met != self.out.items().len() {
            return Err(format!("{} of the outputs before it are recorded", self.met));
        }
        (self.met, _) = (0, self.out.clear());
        let Self { core, law, out, part, .. } = self;
        core.apply(&part.event, part.levels(), out);
        law.hold(core, part, out.items())
    }

    fn output(&mut self, recorded: &Output) -> Result<(), String> {
        let decided = self.out.items().get(self.met);
        self.met += 1;
        // Texts, as a float that is no number does not equal itself.
        let texts = (decided.map(|output| format!("{output:?}")), format!("{recorded:?}"));
        if texts.0.as_ref() == Some(&texts.1) {
            return Ok(());
        }
        Err(format!("{} is recorded, {:?} decided", texts.1, texts.0))
    }
}
