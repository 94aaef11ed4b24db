//! The command line of the engine: arguments to a checked config.
//!
//! What a mode does with its config is not known here.

use crate::types::{Nanos, Symbol, Venue};
use crate::venue::recorded::Speed;
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// What the engine does; only what it can do stands here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Mode {
    /// Plays recorded market data into books and shows them as they move.
    Replay,
}

/// Plays recorded market data through feed and books, and shows the books as they move.
#[derive(Parser, Debug)]
#[command(
    name = "pinnaclemm",
    version,
    about,
    after_help = "On a terminal the books are shown in place on stderr; else one line of JSON a \
    second goes to stdout. The last line on stdout tells the final books; two runs with the same \
    digest ended with the same books.\n\n\
    Exit codes: 0 done, or stopped by SIGINT, SIGTERM or --duration; 1 played, but parts of the \
    recording cannot be read; 2 wrong arguments; 3 a file cannot be read."
)]
pub struct Arguments {
    /// What to do.
    #[arg(long, value_enum, default_value_t = Mode::Replay)]
    mode: Mode,
    /// Whose messages they are.
    #[arg(long, value_parser = venue)]
    venue: Venue,
    /// Recordings in any framing, plain, gzip or zstd; several are merged by receive time.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    input: Vec<PathBuf>,
    /// So many times as fast as it was received (1, 2.5, 0.1), or max.
    #[arg(long, default_value = "1")]
    speed: Speed,
    /// Stops after so long: 10s, 5m, 2h.
    #[arg(long, value_parser = duration)]
    duration: Option<Nanos>,
    /// Shows only these instruments; all are played.
    #[arg(long = "symbol", num_args = 1.., value_parser = symbol)]
    symbols: Vec<Symbol>,
}

/// What a replay is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplayConfig {
    /// Whose messages they are.
    pub venue: Venue,
    /// The recordings.
    pub inputs: Vec<PathBuf>,
    /// How fast they are played.
    pub speed: Speed,
    /// When it stops, if before the end.
    pub duration: Option<Nanos>,
    /// The instruments that are shown; all if it is empty.
    pub symbols: Vec<Symbol>,
    /// Lines of the ring between feed and books.
    pub lane_lines: usize,
}

/// Room for a burst of a few thousand levels; a longer message goes through in turns.
const LANE_LINES: usize = 1 << 12;

impl Arguments {
    /// The config of the mode that was asked for.
    #[must_use]
    pub fn into_config(self) -> ReplayConfig {
        let Mode::Replay = self.mode;
        ReplayConfig {
            venue: self.venue,
            inputs: self.input,
            speed: self.speed,
            duration: self.duration,
            symbols: self.symbols,
            lane_lines: LANE_LINES,
        }
    }
}

/// The venue of a name on a command line.
///
/// # Errors
/// There is none; the names are listed.
pub fn venue(name: &str) -> Result<Venue, String> {
    let names = || Venue::ALL.map(Venue::name).join(", ");
    Venue::from_name(name).ok_or_else(|| format!("one of {}", names()))
}

/// A symbol on a command line.
///
/// # Errors
/// It cannot be one.
pub fn symbol(name: &str) -> Result<Symbol, String> {
    Symbol::new(name.as_bytes()).map_err(|error| error.to_string())
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
    fn arguments_become_a_config_or_are_refused() {
        let check = |line: &str, expected: Option<&str>| {
            let words = ["pinnaclemm"].into_iter().chain(line.split_whitespace());
            let got = Arguments::try_parse_from(words).ok().map(|arguments| {
                let config = arguments.into_config();
                let symbols = config.symbols.iter().map(ToString::to_string).collect::<Vec<_>>();
                let inputs = config.inputs.len();
                format!("{} {inputs} {:?} {symbols:?}", config.venue.name(), config.speed)
            });
            assert_eq!(got.as_deref(), expected, "{line}");
        };
        let real = "Times(Decimal { mantissa: 1, decimals: 0 })";
        check("--venue kraken --input a", Some(&format!("kraken 1 {real} []")));
        check(
            "--mode replay --venue kraken --input a b --speed max --symbol X/Y Z/Y",
            Some(r#"kraken 2 Max ["X/Y", "Z/Y"]"#),
        );
        check("--venue kraken", None);
        check("--input a", None);
        check("--venue nyse --input a", None);
        check("--venue kraken --input a --speed 0", None);
        check("--venue kraken --input a --duration 0s", None);
        check("--mode paper --venue kraken --input a", None);
    }
}
