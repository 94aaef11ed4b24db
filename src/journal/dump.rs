//! A journal as text: one object of JSON a line and record.
//!
//! Numbers of prices, quantities and money are text in units of the instrument, exactly as they
//! are; ids of orders are UUIDs. What is shown of a record is told by `show`, this file has the
//! row of records and the choice among them.

mod object;
mod show;

use super::fault::ReadError;
use super::read::{Journal, Place};
use super::record::{Content, Record};
use super::start::Start;
use super::stats::type_of;
use crate::types::Nanos;
use object::Object;
use std::io;

/// Which records are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// All.
    All,
    /// Inputs, fills among them.
    Input,
    /// Everything that was decided.
    Output,
    /// Those of one name of [`type_of`].
    Type(&'static str),
}

impl Choice {
    /// Every choice, by its name.
    pub const NAMES: [(&'static str, Self); 15] = [
        ("all", Self::All),
        ("input", Self::Input),
        ("output", Self::Output),
        ("start", Self::Type("start")),
        ("fill", Self::Type("fill")),
        ("explanation", Self::Type("explanation")),
        ("request", Self::Type("request")),
        ("refusal", Self::Type("refusal")),
        ("state", Self::Type("state")),
        ("answer", Self::Type("answer")),
        ("breaker", Self::Type("breaker")),
        ("exit", Self::Type("exit")),
        ("query", Self::Type("query")),
        ("end", Self::Type("end")),
        ("seal", Self::Type("seal")),
    ];

    /// The choice of that name.
    ///
    /// # Errors
    /// There is none; the names are listed.
    pub fn from_name(name: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            let names: Vec<_> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            format!("one of {}", names.join(", "))
        })
    }

    fn takes(self, content: &Content<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Input => matches!(content, Content::Input(_)),
            Self::Output => matches!(content, Content::Output { .. }),
            Self::Type(name) => type_of(content) == name,
        }
    }
}

/// Which of the chosen records are shown: all limits that are set hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The first record.
    pub from_record: Option<u64>,
    /// The last record.
    pub to_record: Option<u64>,
    /// The first input's time.
    pub from: Option<Nanos>,
    /// The last input's time.
    pub to: Option<Nanos>,
    /// The order that it tells of, as the journal shows it.
    pub order: Option<String>,
}

impl Filter {
    fn takes(&self, context: &Context, record: &Record<'_>, line: &str) -> bool {
        let within = self.from_record.is_none_or(|first| record.sequence >= first)
            && self.to_record.is_none_or(|last| record.sequence <= last);
        let now = context.now;
        let timely = self.from.is_none_or(|from| now.is_some_and(|now| now >= from))
            && self.to.is_none_or(|to| now.is_some_and(|now| now <= to));
        within && timely && self.order.as_ref().is_none_or(|order| tells_of(line, order))
    }
}

/// Whether a line tells of that order.
fn tells_of(line: &str, order: &str) -> bool {
    let told = |text: &str| text.strip_prefix(order).is_some_and(|rest| rest.starts_with('"'));
    line.split("\"order\":\"").skip(1).any(told)
}

/// The whole story of an order: the input that it came of, why, what was asked for, what was said
/// of it. What a record of it follows from stands before it.
///
/// # Errors
/// As [`dump`].
pub fn explain(journal: &Journal, order: &str, out: &mut impl io::Write) -> Result<u64, DumpError> {
    let mut context = Context::default();
    // The input at hand and its explanation, until something of the order follows from them.
    let mut before: Vec<String> = Vec::new();
    let mut count = 0;
    let summary = journal.visit(|place, record| {
        context.take(journal, place, record)?;
        let told = line(&context, place, record);
        match &record.content {
            Content::Input(_) => before.clear(),
            Content::Output { .. } => {}
            _ => return Ok::<_, DumpError>(()),
        }
        if tells_of(&told, order) {
            for line in before.drain(..).chain([told]) {
                writeln!(out, "{line}")?;
                count += 1;
            }
        } else if matches!(type_of(&record.content), "input" | "explanation" | "fill") {
            before.push(told);
        }
        Ok(())
    })?;
    summary.map(|_| count).ok_or_else(|| journal.nothing().into())
}

/// Why a dump came to no end.
#[derive(Debug)]
pub enum DumpError {
    /// The journal.
    Read(ReadError),
    /// Where it was written to.
    Write(io::Error),
}

impl From<ReadError> for DumpError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<io::Error> for DumpError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// What the records before tell about one.
#[derive(Debug, Default)]
struct Context {
    start: Option<Start>,
    /// The time of the last input.
    now: Option<Nanos>,
}

impl Context {
    fn take(
        &mut self,
        journal: &Journal,
        place: Place,
        record: &Record<'_>,
    ) -> Result<(), ReadError> {
        match &record.content {
            Content::Start(text) => self.start = Some(journal.start(place, text)?),
            Content::Input(input) => self.now = Some(input.event.received),
            Content::Output { .. } | Content::End | Content::Seal { .. } => {}
        }
        Ok(())
    }
}

/// Shows what is written as it comes: the records behind those that were there when it began.
#[derive(Debug, Default)]
pub struct Live(Context);

impl Live {
    /// The line of a record.
    ///
    /// # Errors
    /// A start cannot be understood.
    pub fn line(
        &mut self,
        journal: &Journal,
        place: Place,
        record: &Record<'_>,
    ) -> Result<String, ReadError> {
        self.0.take(journal, place, record)?;
        Ok(line(&self.0, place, record))
    }
}

/// Writes a line for each record that is chosen.
///
/// # Errors
/// The journal is damaged or there is none, or the text cannot be written; what stands before
/// damage has been written.
pub fn dump(
    journal: &Journal,
    choice: Choice,
    filter: &Filter,
    out: &mut impl io::Write,
) -> Result<(), DumpError> {
    let mut context = Context::default();
    let summary = journal.visit(|place, record| {
        context.take(journal, place, record)?;
        if choice.takes(&record.content) {
            let line = line(&context, place, record);
            if filter.takes(&context, record, &line) {
                writeln!(out, "{line}")?;
            }
        }
        Ok::<_, DumpError>(())
    })?;
    summary.map(|_| ()).ok_or_else(|| journal.nothing().into())
}

fn line(context: &Context, place: Place, record: &Record<'_>) -> String {
    let mut object = Object::new();
    object.number("record", record.sequence);
    object.number("epoch", place.epoch);
    object.text("type", type_of(&record.content));
    let view = show::View { start: context.start.as_ref() };
    match &record.content {
        Content::Start(text) => object.raw("start", text),
        Content::Input(input) => view.input(&mut object, input),
        Content::Output { input, output } => {
            object.number("input", input);
            if let Some(now) = context.now {
                object.text("time", now);
            }
            view.output(&mut object, output);
        }
        Content::End => {}
        Content::Seal { cut, digest } => {
            object.truth("cut", *cut);
            object.text("digest", format_args!("{digest:016x}"));
        }
    }
    object.finish()
}
