//! How much stands in a journal: records and bytes by what they are, bytes by symbol and day.

use super::fault::ReadError;
use super::read::{Journal, Summary};
use super::record::{Content, Record};
use crate::engine::risk::Output;
use crate::event::Body;
use crate::types::{InstrumentId, Nanos, Symbol};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Records and their bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Count {
    /// How many records.
    pub records: u64,
    /// Their bytes, heads and padding included.
    pub bytes: u64,
}

impl Count {
    const fn add(&mut self, record: &Record<'_>) {
        self.records += 1;
        self.bytes += record.bytes() as u64;
    }
}

/// What one symbol took on one day of input time (UTC).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Day {
    /// The date.
    pub date: String,
    /// The instrument; nothing for what belongs to none, or to all.
    pub symbol: Option<Symbol>,
    /// What it took.
    #[serde(flatten)]
    pub count: Count,
}

/// The whole of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Whose it is.
    pub directory: String,
    /// Segments that have begun.
    pub segments: u64,
    /// The last epoch.
    pub epoch: u32,
    /// Whether the process that wrote last ended as it should.
    pub clean: bool,
    /// All records.
    pub records: u64,
    /// All bytes, headers of segments included.
    pub bytes: u64,
    /// The first input's time.
    pub from: Option<String>,
    /// The last input's time.
    pub to: Option<String>,
    /// By kind; fills stand apart from the other inputs.
    pub by_type: BTreeMap<&'static str, Count>,
    /// By date and symbol.
    pub by_day: Vec<Day>,
}

/// What has been counted so far.
#[derive(Default)]
struct Counting {
    symbols: Vec<Symbol>,
    by_type: BTreeMap<&'static str, Count>,
    by_day: BTreeMap<(i64, Option<Symbol>), Count>,
    /// The first and the last time.
    times: Option<(Nanos, Nanos)>,
}

const DAY: i64 = 86_400_000_000_000;

impl Counting {
    fn add(&mut self, record: &Record<'_>) {
        self.by_type.entry(type_of(&record.content)).or_default().add(record);
        let instrument = match &record.content {
            Content::Input(input) => {
                let now = input.event.received;
                self.times = Some((self.times.map_or(now, |(first, _)| first), now));
                input.event.instrument
            }
            Content::Output { output, .. } => instrument_of(output),
            Content::Start(_) | Content::End | Content::Seal { .. } => return,
        };
        let symbol = self.symbols.get(instrument.index()).copied();
        let day = self.times.map_or(0, |(_, now)| now.0.div_euclid(DAY));
        self.by_day.entry((day, symbol)).or_default().add(record);
    }
}

/// The name under which a record is counted.
#[must_use]
pub fn type_of(content: &Content<'_>) -> &'static str {
    match content {
        Content::Start(_) => "start",
        Content::Input(input) if is_fill(&input.event.body) => "fill",
        Content::Input(_) => "input",
        Content::Output { output: Output::Explanation(_), .. } => "explanation",
        Content::Output { output: Output::Request(_), .. } => "request",
        Content::Output { output: Output::Refusal(_), .. } => "refusal",
        Content::Output { output: Output::State { .. }, .. } => "state",
        Content::Output { output: Output::Answer(_), .. } => "answer",
        Content::Output { output: Output::Breaker { .. }, .. } => "breaker",
        Content::Output { output: Output::Exit(_), .. } => "exit",
        Content::Output { output: Output::Query { .. }, .. } => "query",
        Content::End => "end",
        Content::Seal { .. } => "seal",
    }
}

const fn is_fill(body: &Body) -> bool {
    matches!(body, Body::Report(report) if matches!(report.kind, crate::event::ReportKind::Filled))
}

/// Whose an output is; all instruments' where it is of none.
#[must_use]
pub const fn instrument_of(output: &Output) -> InstrumentId {
    match output {
        Output::Explanation(explanation) => explanation.instrument,
        Output::Request(request) => request.terms().instrument,
        Output::Refusal(refusal) => refusal.proposal.instrument,
        Output::Breaker { instrument, .. } => *instrument,
        Output::Exit(exit) => exit.instrument,
        Output::Query { instrument, .. } => *instrument,
        Output::State { .. } | Output::Answer(_) => InstrumentId::ALL,
    }
}

/// Counts a journal.
///
/// # Errors
/// It is damaged, or there is none.
pub fn stats(journal: &Journal) -> Result<Stats, ReadError> {
    let mut counting = Counting::default();
    let summary = journal.visit(|place, record| {
        if let Content::Start(text) = record.content {
            let start = journal.start(place, text)?;
            counting.symbols = start.instruments.iter().map(|one| one.symbol).collect();
        }
        counting.add(record);
        Ok::<_, ReadError>(())
    })?;
    let summary = summary.ok_or_else(|| journal.nothing())?;
    Ok(told(journal, &summary, counting))
}

fn told(journal: &Journal, summary: &Summary, counting: Counting) -> Stats {
    let Counting { by_type, by_day, times, .. } = counting;
    let date = |day: i64| Nanos(day * DAY).to_string()[..10].to_string();
    Stats {
        directory: journal.identity().to_string(),
        segments: summary.segments,
        epoch: summary.epoch,
        clean: summary.clean,
        records: summary.records,
        bytes: summary.bytes,
        from: times.map(|(from, _)| from.to_string()),
        to: times.map(|(_, to)| to.to_string()),
        by_type,
        by_day: by_day
            .into_iter()
            .map(|((day, symbol), count)| Day { date: date(day), symbol, count })
            .collect(),
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { directory, segments, epoch, records, bytes, .. } = self;
        writeln!(f, "{directory}")?;
        let ended = if self.clean { "ended as it should" } else { "did not end, or has not yet" };
        writeln!(f, "{records} records, {bytes} bytes, {segments} segments, last epoch {epoch}")?;
        writeln!(f, "the last run {ended}")?;
        if let (Some(from), Some(to)) = (&self.from, &self.to) {
            writeln!(f, "inputs from {from} to {to}")?;
        }
        writeln!(f, "\n{:<24}{:>14}{:>16}", "type", "records", "bytes")?;
        for (name, Count { records, bytes }) in &self.by_type {
            writeln!(f, "{name:<24}{records:>14}{bytes:>16}")?;
        }
        writeln!(f, "\n{:<12}{:<12}{:>14}{:>16}", "day", "symbol", "records", "bytes")?;
        for Day { date, symbol, count: Count { records, bytes } } in &self.by_day {
            let symbol = symbol.map_or("-".into(), |symbol| symbol.to_string());
            writeln!(f, "{date:<12}{symbol:<12}{records:>14}{bytes:>16}")?;
        }
        Ok(())
    }
}
