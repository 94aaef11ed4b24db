//! `pinnaclemm-journal`: looks into the journal of a data directory.
//!
//! A thin command line over `journal`; it knows no format of its own and may run while the engine
//! does. It writes nothing there, but for `repair --yes`, which needs the directory for itself.

mod mend;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use pinnaclemm::journal::backup::{self, BackupError};
use pinnaclemm::journal::dump::{Choice, DumpError, Filter, Live, dump, explain};
use pinnaclemm::journal::reader::End;
use pinnaclemm::journal::recovery::RecoveryError;
use pinnaclemm::journal::repair::RepairError;
use pinnaclemm::journal::replay::{ReplayError, Replayed, replay};
use pinnaclemm::journal::stats::stats;
use pinnaclemm::journal::tail::Tail;
use pinnaclemm::journal::{Journal, ReadError, Summary, export};
use pinnaclemm::types::Nanos;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

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
        #[command(flatten)]
        filter: FilterArguments,
        /// The data directory.
        directory: PathBuf,
    },
    /// Prints what is written from now on, as dump does; with -f until it is stopped.
    Tail {
        /// Goes on as long as records come.
        #[arg(short, long)]
        follow: bool,
        /// So many of the last records first.
        #[arg(short = 'n', long, default_value_t = 10)]
        last: u64,
        /// The data directory.
        directory: PathBuf,
    },
    /// Tells the whole story of an order: inputs, arithmetic, verdict, answers, fills.
    Explain {
        /// The order's id as dump shows it.
        order: String,
        /// The data directory.
        directory: PathBuf,
    },
    /// Prints fills as CSV, or any records as lines of JSON.
    Export {
        /// csv or jsonl.
        #[arg(long, default_value = "csv", value_parser = ["csv", "jsonl"])]
        format: String,
        /// The data directory.
        directory: PathBuf,
    },
    /// Says what a start would find: positions, open orders, the trading state.
    Recover {
        /// The data directory.
        directory: PathBuf,
    },
    /// Says what can be done about a journal that a start stops at, and does it if confirmed.
    Repair {
        /// Does it. What is put aside is kept.
        #[arg(long)]
        yes: bool,
        /// The data directory.
        directory: PathBuf,
    },
    /// Copies a data directory, also while an engine runs on it, and verifies the copy.
    Backup {
        /// The data directory.
        directory: PathBuf,
        /// Where the copy goes: nothing may be there.
        to: PathBuf,
    },
    /// Copies a backup to where a data directory shall be, and verifies it.
    Restore {
        /// The backup.
        backup: PathBuf,
        /// The data directory: nothing may be there.
        directory: PathBuf,
    },
    /// Lists the backups in a folder, and whether each is whole.
    Backups {
        /// The folder.
        folder: PathBuf,
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

fn time(text: &str) -> Result<Nanos, &'static str> {
    Nanos::parse_rfc3339(text.as_bytes()).ok_or("a time such as 2026-11-23T05:00:00Z")
}

/// Which records are shown.
#[derive(Args, Debug)]
struct FilterArguments {
    /// From that record on.
    #[arg(long, value_name = "N")]
    from_record: Option<u64>,
    /// Up to that record.
    #[arg(long, value_name = "N")]
    to_record: Option<u64>,
    /// From that input time on, such as 2026-11-23T05:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Nanos>,
    /// Up to that input time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Nanos>,
    /// Only what tells of that order.
    #[arg(long, value_name = "ID")]
    order: Option<String>,
}

impl FilterArguments {
    fn filter(&self) -> Filter {
        Filter {
            from_record: self.from_record,
            to_record: self.to_record,
            from: self.from,
            to: self.to,
            order: self.order.clone(),
        }
    }
}

/// Why a command came to no good end.
enum Fault {
    /// The output cannot be written.
    Write(io::Error),
    /// The journal cannot be read, or is damaged.
    Read(ReadError),
    /// It does not replay.
    Replay(ReplayError),
    /// What was left is not known.
    Recovery(RecoveryError),
    /// It is not repaired.
    Repair(RepairError),
    /// It is not copied.
    Backup(BackupError),
    /// What was asked for is not there.
    Absent(String),
}

impl From<RecoveryError> for Fault {
    fn from(error: RecoveryError) -> Self {
        Self::Recovery(error)
    }
}

impl From<RepairError> for Fault {
    fn from(error: RepairError) -> Self {
        Self::Repair(error)
    }
}

impl From<BackupError> for Fault {
    fn from(error: BackupError) -> Self {
        Self::Backup(error)
    }
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
        Err(Fault::Recovery(error)) => {
            (if error.case().is_some() { DAMAGED } else { UNUSABLE }, error.to_string())
        }
        Err(Fault::Repair(error)) => (UNUSABLE, error.to_string()),
        Err(Fault::Backup(error @ BackupError::Read(_))) => (DAMAGED, error.to_string()),
        Err(Fault::Backup(error)) => (UNUSABLE, error.to_string()),
        Err(Fault::Absent(words)) => (UNUSABLE, words),
    };
    eprintln!("pinnaclemm-journal: {words}");
    ExitCode::from(code)
}

fn run(command: &Command, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Command::Dump { choice, filter, directory } => {
            dump(&Journal::open(directory)?, *choice, &filter.filter(), out)?;
        }
        Command::Tail { follow, last, directory } => tail(directory, (*last, *follow), out)?,
        Command::Explain { order, directory } => {
            if explain(&Journal::open(directory)?, order, out)? == 0 {
                return Err(Fault::Absent(format!("the journal tells nothing of order {order}")));
            }
        }
        Command::Export { format, directory } => {
            let journal = Journal::open(directory)?;
            if format == "csv" {
                export::fills(&journal, out)?;
            } else {
                dump(&journal, Choice::All, &Filter::default(), out)?;
            }
        }
        Command::Recover { directory } => mend::recovered(directory, out)?,
        Command::Repair { yes, directory } => mend::mend(directory, *yes, out)?,
        Command::Backup { directory, to }
        | Command::Restore { backup: directory, directory: to } => {
            let bar = bar("bytes");
            let summary = backup::copy(directory, to, &mut |bytes| bar.set_position(bytes))?;
            bar.finish_and_clear();
            let record = summary.map_or(0, |summary| summary.last_record);
            writeln!(out, "{}: whole up to record {record}", to.display())?;
        }
        Command::Backups { folder } => {
            for listed in backup::list(folder)? {
                writeln!(out, "{}\t{}", listed.path.display(), listed.state)?;
            }
        }
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

/// A bar on a terminal, nothing elsewhere.
fn bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::no_length();
    let style = format!("{{spinner}} {{human_pos}} {what} {{per_sec}} {{elapsed}}");
    bar.set_style(ProgressStyle::with_template(&style).expect("a template of ours"));
    bar
}

/// Prints the last records, and what comes behind them.
fn tail(directory: &Path, (last, follow): (u64, bool), out: &mut impl Write) -> Result<(), Fault> {
    let journal = Journal::open(directory)?;
    let (mut live, mut lines, mut place) = (Live::default(), VecDeque::new(), None);
    journal.visit_from::<ReadError>(1, |at, record| {
        place = Some((at.segment, record.sequence));
        lines.push_back(live.line(&journal, at, record)?);
        if lines.len() as u64 > last {
            lines.pop_front();
        }
        Ok(())
    })?;
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    let (segment, known) = place.ok_or_else(|| journal.nothing())?;
    let mut tail = Tail::new(directory.join("journal"), segment);
    if !follow {
        return Ok(());
    }
    loop {
        out.flush()?;
        let count = tail.read::<DumpError>((u64::MAX, 4096), |at, record| {
            let line = live.line(&journal, at, record)?;
            if record.sequence > known {
                writeln!(out, "{line}")?;
            }
            Ok(())
        })?;
        if count == 0 {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Reads everything, on all cores, and says what was read.
fn verify(directory: &Path) -> Result<String, ReadError> {
    let journal = Journal::open(directory)?;
    let bar = bar("segments");
    bar.set_length(journal.segments() as u64);
    let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let summary = journal.verify(threads, || bar.inc(1))?;
    bar.finish_and_clear();
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
