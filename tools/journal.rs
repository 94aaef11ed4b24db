//! `pinnaclemm-journal`: looks into the journal of a data directory.
//!
//! A thin command line over `journal`; it knows no format of its own, writes nothing there, and may
//! run while the engine does.

use clap::{Parser, Subcommand};
use pinnaclemm::journal::dump::{Choice, DumpError, dump};
use pinnaclemm::journal::reader::End;
use pinnaclemm::journal::replay::{ReplayError, Replayed, replay};
use pinnaclemm::journal::stats::stats;
use pinnaclemm::journal::{Journal, ReadError, Summary};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The journal is damaged.
const DAMAGED: u8 = 1;
/// There is none that can be used.
const UNUSABLE: u8 = 2;
/// The core decides something else than is recorded.
const DIFFERS: u8 = 3;

/// Looks into the journal of a data directory.
#[derive(Parser, Debug)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 whole (what a kill has torn off the end of the last segment does \
    not count), 1 damaged, 2 wrong arguments, or no journal that this program can read, 3 the core \
    decides something else than is recorded (replay)."
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
    /// Plays the inputs through a fresh core and compares every output.
    Replay {
        /// The data directory.
        directory: PathBuf,
    },
}

/// Why a command came to no good end.
enum Fault {
    /// The output cannot be written.
    Write(io::Error),
    /// The journal cannot be read, or is damaged.
    Read(ReadError),
    /// It does not replay.
    Replay(ReplayError),
}

impl From<DumpError> for Fault {
    fn from(error: DumpError) -> Self {
        match error {
            DumpError::Write(error) => Self::Write(error),
            DumpError::Read(error) => Self::Read(error),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<ReplayError> for Fault {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Read(error) => Self::Read(error),
            error => Self::Replay(error),
        }
    }
}

fn main() -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let done = run(&Arguments::parse().command, &mut out);
    // What stands before damage is shown in any case.
    let flushed = out.flush().map_err(Fault::Write);
    let (code, words) = match done.and(flushed) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Fault::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        Err(Fault::Write(error)) => (UNUSABLE, format!("cannot write the output: {error}")),
        Err(Fault::Read(error)) => {
            (if error.is_damage() { DAMAGED } else { UNUSABLE }, error.to_string())
        }
        Err(Fault::Replay(error)) => (DIFFERS, error.to_string()),
    };
    eprintln!("pinnaclemm-journal: {words}");
    ExitCode::from(code)
}

fn run(command: &Command, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Command::Dump { choice, directory } => dump(&Journal::open(directory)?, *choice, out)?,
        Command::Verify { directory } => writeln!(out, "{}", verify(directory)?)?,
        Command::Stats { json, directory } => {
            let stats = stats(&Journal::open(directory)?)?;
            if *json {
                serde_json::to_writer(&mut *out, &stats).map_err(io::Error::from)?;
                writeln!(out)?;
            } else {
                write!(out, "{stats}")?;
            }
        }
        Command::Replay { directory } => {
            let (Replayed { epochs, inputs, outputs, missing }, _) = replay(directory)?;
            writeln!(
                out,
                "replays: {inputs} inputs gave the same {outputs} outputs in {epochs} epochs"
            )?;
            if missing > 0 {
                writeln!(
                    out,
                    "{missing} outputs of a last input are not recorded: the process ended there"
                )?;
            }
        }
    }
    Ok(())
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
