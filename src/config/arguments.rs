//! The command line of the engine, and how single arguments of all our programs are read.
//!
//! What a flag is put over, and whether flags fit one another, is decided where the config is
//! checked, so that all faults are told at once.

use super::operate::Operate;
use super::report::REPORT_DIRECTORY;
use super::sweep::{Axis, Shard};
use super::{ExitCode, Mode, ThreadMode};
use crate::types::{Nanos, Symbol, Venue};
use crate::venue::recorded::Speed;
use clap::{CommandFactory as _, Parser};
use clap_complete::Shell;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// What has no meaning where nothing is run.
const NOT_WITH_MERGE: [&str; 8] =
    ["mode", "input", "sweep", "data_dir", "config", "symbols", "check_config", "print_config"];

/// A market maker: quotes both sides, within limits, with every decision journaled.
#[derive(Parser, Clone, PartialEq, Eq, Debug, Default)]
#[command(name = "pinnaclemm", version, about, after_help = after_help())]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Ask or command an engine that runs, instead of starting one.
    #[command(subcommand)]
    pub operate: Option<Operate>,
    /// What to do; simulation if neither flag nor file says.
    #[arg(long, value_enum)]
    pub(super) mode: Option<Mode>,
    /// Whose messages they are: for replay, backtest and paper.
    #[arg(long, value_parser = venue, value_name = "VENUE")]
    pub(super) venue: Option<Venue>,
    /// Recordings in any framing, plain, gzip or zstd, merged by receive time: for replay and
    /// backtest.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) input: Vec<PathBuf>,
    /// The config file; without it PINNACLE_CONFIG_PATH, or the config that is shipped.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Where the journal is; without it PINNACLE_DATA_DIR or the file. Replay and backtest keep
    /// one only if this is given.
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// Where the log is; without it PINNACLE_LOG_DIR or the file.
    #[arg(long, value_name = "DIR")]
    pub(super) log_dir: Option<PathBuf>,
    /// What is traded, and nothing else: names of the venue, also with commas between them.
    #[arg(
        long = "symbol",
        visible_alias = "symbols",
        num_args = 1..,
        value_delimiter = ',',
        value_parser = symbol,
        value_name = "SYMBOL"
    )]
    pub(super) symbols: Vec<Symbol>,
    /// So many times as fast as time (1, 2.5, 0.1), or max; 1, in a backtest max, if nobody says.
    #[arg(long)]
    pub(super) speed: Option<Speed>,
    /// Stops after so long: 10s, 5m, 2h; counted in the run's own time.
    #[arg(long, value_parser = duration, value_name = "SPAN")]
    pub(super) duration: Option<Nanos>,
    /// How the stages are carried.
    #[arg(long, value_enum)]
    pub(super) threads: Option<ThreadMode>,
    /// Refuses the start where the hot threads would not have their cores for themselves.
    #[arg(long)]
    pub(super) require_exclusive_cores: bool,
    /// Where a backtest writes its report, and a sweep its results; without it the file.
    #[arg(long, value_name = "DIR")]
    pub(super) backtest_output: Option<PathBuf>,
    /// Runs a backtest for each of these values of a key of the config, such as
    /// strategy.baseSpreadBps=5,10; with several of them for all their combinations.
    #[arg(long, value_name = "KEY=A,B,C")]
    pub(super) sweep: Vec<Axis>,
    /// Runs part I of N of a sweep, I from 0 on, to be merged later.
    #[arg(long, value_name = "I/N", requires = "sweep")]
    pub(super) shard: Option<Shard>,
    /// Runs of a sweep at once; if nobody says, as many as there are whole cores.
    #[arg(long, value_name = "N", requires = "sweep", value_parser = jobs)]
    pub(super) jobs: Option<usize>,
    /// Merges the results of all shards of a sweep into those of the whole, and starts nothing.
    #[arg(long, num_args = 1.., value_name = "FILE", conflicts_with_all = NOT_WITH_MERGE)]
    pub merge: Vec<PathBuf>,
    /// Stays up and trades nothing where a start is refused, so that the tools can be run beside
    /// it; so it is anyway as the first process of a container.
    #[arg(long)]
    pub hold: bool,
    /// Where all chance of a run comes from.
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// HTTP and WebSocket also where they are off if nobody asks: in replay, and at --speed max.
    #[arg(long, conflicts_with = "no_web")]
    pub(super) web: bool,
    /// No HTTP and no WebSocket.
    #[arg(long)]
    pub(super) no_web: bool,
    /// The address that HTTP and WebSocket are on; 127.0.0.1 if neither flag nor file says.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) bind: Option<IpAddr>,
    /// The port of HTTP, 8081 if nobody says; 0 lets the system choose, and the log tells.
    #[arg(long, value_name = "PORT")]
    pub(super) api_port: Option<u16>,
    /// The port of the WebSocket, 8080 if nobody says; 0 lets the system choose.
    #[arg(long, value_name = "PORT")]
    pub(super) ws_port: Option<u16>,
    /// Where the token is that commands need; without it PINNACLE_TOKEN_FILE or the file, and
    /// without any PINNACLE_API_TOKEN, which is the token. Nobody may command without one.
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// Names every fault of the config, starts nothing, and touches nothing.
    #[arg(long, conflicts_with = "print_config")]
    pub check_config: bool,
    /// Prints the config as flags, environment, file and defaults make it, and starts nothing.
    #[arg(long)]
    pub print_config: bool,
    /// Prints what the shell needs to complete these arguments.
    #[arg(long, value_name = "SHELL", exclusive = true)]
    pub completions: Option<Shell>,
}

impl Arguments {
    /// No flag but the config file.
    #[must_use]
    pub fn of_config(config: Option<PathBuf>) -> Self {
        Self { config, ..Self::default() }
    }

    /// Whether an engine is to be started, as far as the arguments tell: what only says something,
    /// and what plays recordings, ends when it is refused.
    #[must_use]
    pub fn starts_an_engine(&self) -> bool {
        let is_recorded = self.mode.is_some_and(Mode::is_recorded);
        !(self.check_config || self.print_config || is_recorded)
    }

    /// Where merged results are written.
    #[must_use]
    pub fn merge_output(&self) -> &Path {
        self.backtest_output.as_deref().unwrap_or(Path::new(REPORT_DIRECTORY))
    }
}

fn jobs(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=1024).contains(count));
    count.ok_or_else(|| "a whole number from 1 to 1024".to_owned())
}

fn after_help() -> String {
    format!(
        "Flags stand over the environment (PINNACLE_CONFIG_PATH, PINNACLE_DATA_DIR, \
         PINNACLE_LOG_DIR, PINNACLE_TOKEN_FILE), that over the config file, and that over the \
         defaults. POD_NAME, where it is set, must be that of pod 0 of its set. The last \
         line on stdout is JSON and tells how it ended.\n\n{}",
        ExitCode::table()
    )
}

/// What a shell needs to complete the arguments.
#[must_use]
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "pinnaclemm", &mut text);
    text
}

/// The venue of a name on a command line.
///
/// # Errors
/// There is none; the names are listed.
pub fn venue(name: &str) -> Result<Venue, String> {
    let names = || Venue::ALL.map(Venue::name).join(", ");
    Venue::from_name(name).ok_or_else(|| format!("one of {}", names()))
}

/// A symbol on a command line or in a config.
///
/// # Errors
/// It cannot be one. What could be the name of a file elsewhere is none either: venues begin a
/// symbol with a letter or a digit and never write two points.
pub fn symbol(name: &str) -> Result<Symbol, String> {
    let symbol = Symbol::new(name.as_bytes()).map_err(|error| error.to_string())?;
    if name.contains("..") {
        return Err("a name may not hold two points side by side".to_owned());
    }
    if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Err("a name begins with a letter or a digit".to_owned());
    }
    Ok(symbol)
}

/// A span as it is written on a command line.
///
/// # Errors
/// The text is no whole number with its unit, or longer than ten thousand hours.
pub fn duration(text: &str) -> Result<Nanos, String> {
    let wrong = || "a whole number and its unit: 10s, 5m, 2h".to_string();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - 1];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: i64 = digits.parse().map_err(|_| wrong())?;
    match count.checked_mul(seconds) {
        Some(span @ 1..=36_000_000) => Ok(Nanos::from_seconds(span)),
        _ => Err("more than nothing and at most 10000h".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_or_refused() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(duration(text).ok(), expected.map(Nanos::from_seconds), "{text}");
        };
        check("10s", Some(10));
        check("5m", Some(300));
        check("2h", Some(7200));
        check("10000h", Some(36_000_000));
        for text in ["", "s", "10", "0s", "-1s", "+1s", "1.5s", "1d", "10001h", "1ü"] {
            check(text, None);
        }
        check("99999999999999999999h", None);
        check("9223372036854775807h", None);
    }

    #[test]
    fn symbols_of_all_venues_are_taken_and_names_of_files_are_not() {
        for text in ["BTC-USD", "XBT/USD", "BTCUSDT", "1INCH-USD", "btc_usd", "BTC.d", "A:B"] {
            assert_eq!(symbol(text).unwrap().as_str(), text);
        }
        for text in ["", "../BTC", "..", "BTC/../x", "/BTC", ".BTC", "-BTC", "A B", "Ä", "a\\b"] {
            assert!(symbol(text).is_err(), "{text}");
        }
    }
}
