//! `pinnaclemm-tape`: looks at recordings of market data.
//!
//! A thin command line over `venue::recorded`; it knows no format of its own.

mod play;
mod record;

use clap::{Parser, Subcommand};
use play::Input;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The recording is not whole.
const NOT_WHOLE: u8 = 1;
/// It could not be read.
const FAILED: u8 = 3;
/// The venue ended the recording for good.
const ENDED: u8 = 4;

/// Looks at recordings of market data: counts them, checks them, shows their final books.
#[derive(Parser, Debug)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 done, 1 the recording is not whole (check), \
    2 wrong arguments, 3 a file cannot be read or written, 4 the venue ended it for good (record)."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Counts messages, rates, gaps, checksums and clock offsets.
    Stats {
        #[command(flatten)]
        input: Input,
        /// One object of JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Prints the final books as one JSON object.
    Book {
        #[command(flatten)]
        input: Input,
        /// Levels of each side to show; 0 shows all.
        #[arg(long, default_value_t = 10)]
        depth: usize,
    },
    /// Exits 0 only if the recording is whole, and says what is wrong with it.
    Check(Input),
    /// Writes the events of a recording to a packed file, which replays without parsing.
    Convert {
        #[command(flatten)]
        input: Input,
        /// The packed file, which must not exist; compressed if its name ends in .zst.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Records a live feed until it is interrupted, and prints one line of JSON about it.
    Record(record::Live),
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(code) => code,
        Err(Failure::Pipe) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("pinnaclemm-tape: {failure}");
            ExitCode::from(FAILED)
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
enum Failure {
    Play(play::Failure),
    Record(record::Failure),
    /// Whoever read our output has had enough.
    Pipe,
    Output(io::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Play(failure) => write!(f, "{failure}"),
            Self::Record(error) => write!(f, "{error}"),
            Self::Pipe => f.write_str("the reader of the output has gone"),
            Self::Output(error) => write!(f, "cannot write the output: {error}"),
        }
    }
}

impl From<play::Failure> for Failure {
    fn from(failure: play::Failure) -> Self {
        match failure {
            play::Failure::Output(error) => error.into(),
            other => Self::Play(other),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Pipe } else { Self::Output(error) }
    }
}

fn run(command: &Command) -> Result<ExitCode, Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut code = ExitCode::SUCCESS;
    match command {
        Command::Book { input, depth } => input.book(*depth, &mut out)?,
        Command::Stats { input, json } => input.stats(*json, &mut out)?,
        Command::Convert { input, out: to } => input.convert(to, &mut out)?,
        Command::Check(input) => {
            if !input.check(&mut out)? {
                code = ExitCode::from(NOT_WHOLE);
            }
        }
        Command::Record(live) => {
            let summary = live.run().map_err(Failure::Record)?;
            let text = serde_json::to_string(&summary).map_err(io::Error::from)?;
            writeln!(out, "{text}")?;
            if summary.stopped.is_some() {
                code = ExitCode::from(ENDED);
            }
        }
    }
    out.flush()?;
    Ok(code)
}
