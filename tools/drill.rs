//! `pinnaclemm-drill`: kills the engine again and again on a venue that lives on, and compares.
//!
//! A thin command line over `drill`.

use clap::{Parser, Subcommand};
use pinnaclemm::drill::judge::judge;
use pinnaclemm::drill::{self, Drill, DrillFault};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Something was lost, doubled or guessed.
const FOUND: u8 = 1;
/// There is no result.
const UNUSABLE: u8 = 2;

/// Kills the engine again and again on a venue that lives on, and compares what the venue saw with
/// the journal.
#[derive(Parser, Debug)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 nothing was lost, doubled or guessed; 1 something was; 2 wrong \
    arguments, or no result. A folder is kept for whoever wants to look."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Runs a drill.
    Run {
        /// How often the engine is killed.
        #[arg(long, default_value_t = 20)]
        kills: u32,
        /// Where all chance comes from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The engine; the one beside this tool if it is not given.
        #[arg(long, value_name = "FILE")]
        engine: Option<PathBuf>,
        /// A line for each kill.
        #[arg(long)]
        verbose: bool,
        /// A folder that is not there yet.
        folder: PathBuf,
    },
    /// Compares a data directory that nobody writes to with a venue's folder.
    Judge {
        /// The data directory.
        data: PathBuf,
        /// The venue's folder.
        venue: PathBuf,
    },
    /// The venue of a drill: lives until a signal.
    Venue {
        /// The engine's config.
        #[arg(long)]
        config: PathBuf,
        /// Where it listens.
        #[arg(long)]
        socket: PathBuf,
        /// Where all chance comes from.
        #[arg(long)]
        seed: u64,
        /// Where it keeps what is true.
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FOUND),
        Err(words) => {
            writeln!(io::stderr(), "pinnaclemm-drill: {words}").ok();
            ExitCode::from(UNUSABLE)
        }
    }
}

fn run(command: &Command) -> Result<bool, String> {
    match command {
        Command::Run { kills, seed, engine, verbose, folder } => {
            let tool = std::env::current_exe().map_err(|error| error.to_string())?;
            let engine = engine.clone().unwrap_or_else(|| tool.with_file_name("pinnaclemm"));
            if folder.exists() {
                return Err(format!("{} is there already", folder.display()));
            }
            drill((&engine, &tool), folder, (*kills, *seed), *verbose)
                .map_err(|fault| fault.to_string())
        }
        Command::Judge { data, venue } => {
            let findings = judge(data, venue).map_err(|fault| fault.to_string())?;
            say(&serde_json::json!(findings));
            Ok(findings.is_clean())
        }
        Command::Venue { config, socket, seed, folder } => {
            drill::venue(config, folder, socket, *seed).map(|()| true)
        }
    }
}

fn drill(
    programs: (&Path, &Path),
    folder: &Path,
    (kills, seed): (u32, u64),
    verbose: bool,
) -> Result<bool, DrillFault> {
    let mut drill = Drill::begin(programs, folder, seed)?;
    for round in 0..kills {
        let done = drill.round(round)?;
        if verbose {
            say(&serde_json::json!(done));
        }
    }
    let (findings, times) = drill.finish()?;
    say(&drill::line(kills, seed, &findings, times));
    Ok(findings.is_clean())
}

/// A line on stdout; whoever read it may have gone.
fn say(line: &serde_json::Value) {
    writeln!(io::stdout(), "{line}").ok();
}
