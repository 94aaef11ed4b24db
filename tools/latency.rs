//! `pinnaclemm-latency`: how long the way takes from a venue's bytes to the text of an order,
//! beside the shortest that it could take on this machine.
//!
//! A thin command line over `latency`; it measures nothing by itself.

use clap::{Parser, Subcommand};
use pinnaclemm::config::arguments;
use pinnaclemm::latency::compare::{Verdict, compare};
use pinnaclemm::latency::crew::Mode;
use pinnaclemm::latency::neighbours::engines;
use pinnaclemm::latency::result::{FORMAT, Results};
use pinnaclemm::latency::run::{Wanted, run, write_folder};
use pinnaclemm::latency::table::table;
use pinnaclemm::types::Venue;
use std::fs;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A row became slower.
const SLOWER: u8 = 1;
/// Nothing was measured or compared.
const UNUSABLE: u8 = 2;
/// An engine runs on the same cores.
const ENGINE_RUNS: u8 = 3;

/// Measures the way from a venue's bytes to the text of an order, beside its floor.
#[derive(Parser, Debug)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 measured, or no row is slower; 1 a row is slower (compare); 2 \
    wrong arguments, or nothing could be measured; 3 an engine runs on the same cores (run)."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Measures, and prints a table.
    Run(Run),
    /// Holds two runs against each other, row by row.
    Compare {
        /// The JSON of the first run.
        first: PathBuf,
        /// The JSON of the second.
        second: PathBuf,
    },
}

#[derive(clap::Args, Debug)]
struct Run {
    /// Whose recording it is.
    #[arg(long, value_parser = arguments::venue, value_name = "VENUE", requires = "input")]
    venue: Option<Venue>,
    /// A recording in the place of the made session; it has no floor.
    #[arg(long, value_name = "FILE", requires = "venue")]
    input: Option<PathBuf>,
    /// The seed of the made session.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How the stages are joined.
    #[arg(
        long,
        value_delimiter = ',',
        value_enum,
        default_values = ["inline", "shared", "pair", "dedicated"]
    )]
    modes: Vec<Mode>,
    /// How often each row is played; medians are told.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    repeats: u32,
    /// A hundredth of the messages: whether all of it works, not how fast.
    #[arg(long)]
    quick: bool,
    /// No loopback sockets.
    #[arg(long)]
    no_wire: bool,
    /// Where journals are made, and removed; without it the folder for temporary files.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Writes everything as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes histograms (.hgrm) and plots (.svg).
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Measures even if an engine runs on the same cores.
    #[arg(long)]
    force: bool,
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let ended = match &command {
        Command::Run(wanted) => measure(wanted),
        Command::Compare { first, second } => hold(first, second),
    };
    ended.unwrap_or_else(|why| {
        eprintln!("pinnaclemm-latency: {why}");
        ExitCode::from(UNUSABLE)
    })
}

fn measure(asked: &Run) -> Result<ExitCode, String> {
    let running = engines(Path::new("/proc"));
    if !running.is_empty() && !asked.force {
        eprintln!(
            "pinnaclemm-latency: an engine runs on the same cores (process {}): each would take \
             the other's time; stop it, give this tool other cores, or use --force",
            running.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
        );
        return Ok(ExitCode::from(ENGINE_RUNS));
    }
    let wanted = Wanted {
        recording: asked.venue.zip(asked.input.clone()),
        seed: asked.seed,
        modes: asked.modes.clone(),
        repeats: asked.repeats,
        is_quick: asked.quick,
        without_wire: asked.no_wire,
        parent: asked.dir.clone().unwrap_or_else(std::env::temp_dir),
    };
    let is_seen = io::stderr().is_terminal();
    let say = |what: &str| {
        if is_seen {
            eprintln!("measuring: {what}");
        }
    };
    let found = run(&wanted, say).map_err(|fault| fault.to_string())?;
    let failed =
        |path: &Path, error: io::Error| format!("cannot write {}: {error}", path.display());
    if let Some(path) = &asked.json {
        let mut text = serde_json::to_string_pretty(&found.results).expect("results are JSON");
        text.push('\n');
        fs::write(path, text).map_err(|error| failed(path, error))?;
    }
    if let Some(path) = &asked.output {
        write_folder(&found, path).map_err(|error| failed(path, error))?;
    }
    print(&table(&found.results))?;
    Ok(ExitCode::SUCCESS)
}

fn hold(first: &Path, second: &Path) -> Result<ExitCode, String> {
    let (first, second) = (read(first)?, read(second)?);
    let (found, alone) = compare(&first, &second);
    let mut text = String::new();
    for line in found.iter().map(ToString::to_string).chain(alone) {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for (name, results) in [("first", &first), ("second", &second)] {
        for reason in &results.machine.disturbed {
            text.push_str(&format!("the {name} machine was disturbed: {reason}\n"));
        }
    }
    print(&text)?;
    let is_slower = found.iter().any(|one| one.verdict == Verdict::Slower);
    Ok(if is_slower { ExitCode::from(SLOWER) } else { ExitCode::SUCCESS })
}

fn read(path: &Path) -> Result<Results, String> {
    let failed = |why: String| format!("cannot use {}: {why}", path.display());
    let text = fs::read(path).map_err(|error| failed(error.to_string()))?;
    let results: Results =
        serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
    if results.format != FORMAT {
        return Err(failed(format!(
            "its format is {}, this program reads {FORMAT}",
            results.format
        )));
    }
    Ok(results)
}

fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| format!("nobody reads the output: {error}"))
}
