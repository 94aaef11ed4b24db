//! `pinnaclemm-tape stats`, `book`, `check`, `convert`: recordings played to their end, and what
//! is printed of them.
//!
//! What is counted and what a whole recording is stands in `venue::recorded`.

use clap::Args;
use pinnaclemm::config::arguments;
use pinnaclemm::types::{Symbol, Venue};
use pinnaclemm::venue::recorded::convert::convert;
use pinnaclemm::venue::recorded::lists::{self, ListFileError};
use pinnaclemm::venue::recorded::replay::{Replay, ReplayError};
use pinnaclemm::venue::recorded::report::{damage, report};
use pinnaclemm::venue::recorded::stats::stats;
use pinnaclemm::venue::recorded::survey::Known;
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Input {
    /// Whose messages they are.
    #[arg(long, value_parser = arguments::venue)]
    venue: Venue,
    /// The venue's product list, as it answered or in a recording: price and quantity steps of the
    /// instruments that it lists are taken from it; those of others are inferred.
    #[arg(long, value_name = "FILE")]
    products: Option<PathBuf>,
    /// The instrument of recordings that name none.
    #[arg(long, value_name = "NAME", default_value = "unnamed", value_parser = arguments::symbol)]
    symbol: Symbol,
    /// Recordings in any framing, plain, gzip or zstd, merged by receive time; or one packed file.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    Replay(ReplayError),
    List(ListFileError),
    Output(io::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Replay(error) => write!(f, "{error}"),
            Self::List(error) => write!(f, "{error}"),
            Self::Output(error) => write!(f, "{error}"),
        }
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        Self::Replay(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Input {
    fn open(&self) -> Result<Replay, Failure> {
        let products = match &self.products {
            Some(path) => lists::read(self.venue, path).map_err(Failure::List)?,
            None => Vec::new(),
        };
        let known = Known { unnamed: self.symbol, products };
        Ok(Replay::open_with(self.venue, &self.files, &known)?)
    }

    fn play(&self) -> Result<Replay, Failure> {
        let mut replay = self.open()?;
        replay.run(|_, _, _| {})?;
        Ok(replay)
    }

    /// Prints the figures: for people, or one object of JSON.
    pub(crate) fn stats(&self, json: bool, out: &mut impl Write) -> Result<(), Failure> {
        let stats = stats(&mut self.open()?)?;
        if json {
            return print(&stats, out);
        }
        Ok(write!(out, "{stats}")?)
    }

    /// Prints the final books.
    pub(crate) fn book(&self, depth: usize, out: &mut impl Write) -> Result<(), Failure> {
        print(&report(&self.play()?, depth), out)
    }

    /// Prints what is wrong with the recording, or that it is whole; says which.
    pub(crate) fn check(&self, out: &mut impl Write) -> Result<bool, Failure> {
        let found = match self.play() {
            Ok(replay) => damage(&replay),
            // Damage that ends the reading is damage all the same.
            Err(Failure::Replay(error)) if error.is_damage() => vec![error.to_string()],
            Err(failure) => return Err(failure),
        };
        for line in &found {
            writeln!(out, "{line}")?;
        }
        if found.is_empty() {
            writeln!(out, "whole")?;
        }
        Ok(found.is_empty())
    }

    /// Writes the packed file and prints what is in it.
    pub(crate) fn convert(
        &self,
        to: &std::path::Path,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        print(&convert(&mut self.open()?, to)?, out)
    }
}

fn print(what: &impl serde::Serialize, out: &mut impl Write) -> Result<(), Failure> {
    let text = serde_json::to_string(what).map_err(io::Error::from)?;
    Ok(writeln!(out, "{text}")?)
}
