//! `pinnaclemm-drill`: kills the engine again and again on a venue that lives on, and compares.
//!
//! A thin command line over `drill`.

use clap::{Parser, Subcommand};
use pinnaclemm::drill::judge::{Promise, judge};
use pinnaclemm::drill::{self, Drill, DrillFault, DrillParams};
use pinnaclemm::journal::SyncMode;
use pinnaclemm::threads::signals::Stop;
use std::io::{self, Write};
use std::path::PathBuf;
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
        /// Each kill is a loss of power: the data directory lies on an image that is mounted by
        /// loop, and what was not synced is gone. Needs root.
        #[arg(long)]
        power_loss: bool,
        /// The engine's `persistence.sync`.
        #[arg(long, value_parser = sync_mode, default_value = "batch")]
        sync: SyncMode,
        /// The engine; the one beside this tool if it is not given.
        #[arg(long, value_name = "FILE")]
        engine: Option<PathBuf>,
        /// A line for each kill.
        #[arg(long)]
        verbose: bool,
        /// The mounts are this process's own: said by the tool to itself.
        #[arg(long, hide = true)]
        own_mounts: bool,
        /// A folder that is not there yet.
        folder: PathBuf,
    },
    /// Compares a data directory that nobody writes to with a venue's folder.
    Judge {
        /// The data directory.
        data: PathBuf,
        /// The venue's folder.
        venue: PathBuf,
        /// Power was lost, and the journal was synced behind its orders: an order that it lacks is
        /// found again by asking the venue.
        #[arg(long)]
        lost_unsynced: bool,
    },
    /// The venue of a drill: lives until a signal, or until stdin ends.
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
        Command::Run { kills, seed, power_loss, sync, engine, verbose, own_mounts, folder } => {
            if folder.exists() {
                return Err(format!("{} is there already", folder.display()));
            }
            if *power_loss && !*own_mounts {
                return drill::in_own_mounts(&["--own-mounts"]).map(|never| match never {});
            }
            let tool = std::env::current_exe().map_err(|error| error.to_string())?;
            let params = DrillParams {
                engine: engine.clone().unwrap_or_else(|| tool.with_file_name("pinnaclemm")),
                tool,
                folder: folder.clone(),
                seed: *seed,
                sync: *sync,
                power_loss: *power_loss,
                stop: Stop::on_signals().map_err(|error| error.to_string())?,
            };
            drill(params, *kills, *verbose).map_err(|fault| fault.to_string())
        }
        Command::Judge { data, venue, lost_unsynced } => {
            let promise = if *lost_unsynced { Promise::Again } else { Promise::All };
            let findings = judge(data, venue, promise).map_err(|fault| fault.to_string())?;
            say(&serde_json::json!(findings));
            Ok(findings.is_clean())
        }
        Command::Venue { config, socket, seed, folder } => {
            drill::venue(config, folder, socket, *seed).map(|()| true)
        }
    }
}

fn drill(params: DrillParams, kills: u32, verbose: bool) -> Result<bool, DrillFault> {
    let mut drill = Drill::begin(params.clone())?;
    for round in 0..kills {
        let done = drill.round(round)?;
        if verbose {
            say(&serde_json::json!(done));
        }
    }
    let told = drill.finish()?;
    write!(io::stderr(), "{}", told.table()).ok();
    say(&told.line(&params));
    Ok(told.findings.is_clean())
}

/// A mode by its name in the config.
fn sync_mode(name: &str) -> Result<SyncMode, String> {
    match name {
        "process" => Ok(SyncMode::Process),
        "batch" => Ok(SyncMode::Batch),
        "each" => Ok(SyncMode::Each),
        _ => Err("process, batch, or each".into()),
    }
}

/// A line on stdout; whoever read it may have gone.
fn say(line: &serde_json::Value) {
    writeln!(io::stdout(), "{line}").ok();
}
