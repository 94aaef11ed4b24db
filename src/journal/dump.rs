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
    pub const NAMES: [(&'static str, Self); 13] = [
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

/// Writes a line for each record that is chosen.
///
/// # Errors
/// The journal is damaged or there is none, or the text cannot be written; what stands before
/// damage has been written.
pub fn dump(journal: &Journal, choice: Choice, out: &mut impl io::Write) -> Result<(), DumpError> {
    let mut context = Context::default();
    let summary = journal.visit(|place, record| {
        match &record.content {
            Content::Start(text) => context.start = Some(journal.start(place, text)?),
            Content::Input(input) => context.now = Some(input.event.received),
            Content::Output { .. } | Content::End | Content::Seal { .. } => {}
        }
        if choice.takes(&record.content) {
            writeln!(out, "{}", line(&context, place, record))?;
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
