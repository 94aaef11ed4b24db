//! `pinnaclemm-journal`: looks into the journal of a data directory.
//!
//! A thin command line over `journal`; it knows no format of its own, writes nothing there, and may
//! run while the engine does.

use clap::{Parser, Subcommand};
use pinnaclemm::journal::dump::{Choice, DumpError, dump};
use pinnaclemm::journal::reader::End;
use pinnaclemm::journal::stats::stats;
use pinnaclemm::journal::{Journal, ReadError, Summary};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The journal is damaged.
const DAMAGED: u8 = 1;
/// There is none that can be used.
const UNUSABLE: u8 = 2;

/// Looks into the journal of a data directory.
#[derive(Parser, Debug)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 whole (what a kill has torn off the end of the last segment does \
    not count), 1 damaged, 2 wrong arguments, or no journal that this program can read."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Prints every record as a line of JSON.
    Dump {
        /// Only these: all, input, output, start, fill, explanation, request, refusal, state, end,
        /// seal.
        #[arg(long = "type", default_value = "all", value_parser = Choice::from_name)]
        choice: Choice,
        /// The data directory.
        directory: PathBuf,
    },
    /// Exits 0 only if the journal is whole, and says what is wrong with it.
    Verify {
        /// The data directory.
        directory: PathBuf,
    },
    /// Counts records and bytes by type, and by symbol and day.
    Stats {
        /// One object of JSON instead of a table.
        #[arg(long)]
        json: bool,
        /// The data directory.
        directory: PathBuf,
    },
}

fn main() -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let done = run(&Arguments::parse().command, &mut out);
    // What stands before damage is shown in any case.
    let flushed = out.flush().map_err(DumpError::Write);
    match done.and(flushed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(DumpError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(DumpError::Write(error)) => {
            eprintln!("pinnaclemm-journal: cannot write the output: {error}");
            ExitCode::from(UNUSABLE)
        }
        Err(DumpError::Read(error)) => {
            eprintln!("pinnaclemm-journal: {error}");
            ExitCode::from(if error.is_damage() { DAMAGED } else { UNUSABLE })
        }
    }
}

fn run(command: &Command, out: &mut impl Write) -> Result<(), DumpError> {
    match command {
        Command::Dump { choice, directory } => dump(&Journal::open(directory)?, *choice, out),
        Command::Verify { directory } => Ok(writeln!(out, "{}", verify(directory)?)?),
        Command::Stats { json, directory } => {
            let stats = stats(&Journal::open(directory)?)?;
            if *json {
                serde_json::to_writer(&mut *out, &stats).map_err(io::Error::from)?;
                return Ok(writeln!(out)?);
            }
            Ok(write!(out, "{stats}")?)
        }
    }
}

/// Reads everything, and says what was read.
fn verify(directory: &Path) -> Result<String, ReadError> {
    let journal = Journal::open(directory)?;
    let summary = journal.visit(|_, _| Ok::<_, ReadError>(()))?;
    let Summary { segments, records, bytes, epoch, end, used, .. } =
        summary.ok_or_else(|| journal.nothing())?;
    let end = match end {
        End::Sealed(_) => "sealed".to_string(),
        End::Open => "open".to_string(),
        End::Torn { flaw, bytes } => format!("torn at offset {used} ({bytes} bytes: {flaw})"),
    };
    Ok(format!(
        "whole: {records} records, {bytes} bytes, {segments} segments, epoch {epoch}, {end}"
    ))
}
