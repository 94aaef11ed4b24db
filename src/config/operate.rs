//! The subcommands of an operator: what a run that goes is asked, or told to do.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What an operator wants of a run that goes.
#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum Operate {
    /// The liveness probe as a command: exit 0 if the engine is alive.
    Health(Place),
    /// Names every reason why the engine is not ready; without an engine, what would keep one from
    /// starting. Exit 0 if there is none.
    Doctor {
        /// Where it is.
        #[command(flatten)]
        place: Place,
        /// The config that would be started.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Stops quoting and cancels every order, until a resume.
    Halt(Saying),
    /// Quotes again.
    Resume {
        /// Who and why.
        #[command(flatten)]
        saying: Saying,
        /// It is meant, also after a kill.
        #[arg(long)]
        confirm: bool,
    },
    /// Quotes only what brings positions down, until a resume.
    Reduce(Saying),
    /// Halts and closes the way to the venue, until a confirmed resume.
    Kill(Saying),
    /// Brings every position to nothing, then halts.
    Flatten(Saying),
    /// Opens the circuit breaker: nothing grows until it is reset.
    Trip(Saying),
    /// Closes the circuit breaker.
    Reset(Saying),
    /// Asks the venue about every order that works or is in doubt, and about every position.
    Reconcile(Saying),
    /// Tightens limits while it runs; they hold until the config has another value.
    Limits {
        /// Who and why.
        #[command(flatten)]
        saying: Saying,
        /// What shall hold: KEY=VALUE, or SYMBOL:KEY=VALUE for one instrument; `file` as the value
        /// gives the limit back to the config.
        #[arg(required = true, value_name = "[SYMBOL:]KEY=VALUE")]
        changes: Vec<String>,
    },
}

/// Where the engine is.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The address of its API.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8081")]
    pub api: String,
}

/// A command's words.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct Saying {
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
    /// Why: it is written into the journal.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who; without it the user's name.
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Where the token is; without it PINNACLE_TOKEN_FILE, or where a pod has it mounted.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}
