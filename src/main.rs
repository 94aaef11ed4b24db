//! The engine binary: arguments → config → wire → run → exit code.

use clap::Parser as _;
use pinnaclemm::config::{
    self, Arguments, Environment, ExitCode, Loaded, ReplayConfig, arguments, directories,
};
use pinnaclemm::threads::replay;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn main() -> std::process::ExitCode {
    let flags = Arguments::parse();
    if let Some(shell) = flags.completions {
        return print(&arguments::completions(shell)).into();
    }
    let environment = Environment::of(|name| std::env::var_os(name));
    let code = match config::load(&flags, &environment) {
        Err(fault) => fail(&fault, fault.code()),
        Ok(loaded) if flags.check_config => print(format!("{}\n", loaded.summary()).as_bytes()),
        Ok(loaded) if flags.print_config => match loaded.printed() {
            Ok(text) => print(format!("{text}\n").as_bytes()),
            Err(cause) => fail(&cause, ExitCode::Refused),
        },
        Ok(loaded) => run(&loaded),
    };
    code.into()
}

fn run(loaded: &Loaded) -> ExitCode {
    let Some(replay) = ReplayConfig::of(&loaded.config) else {
        let mode = loaded.config.mode.name();
        return fail(&format_args!("--mode {mode} is not joined yet"), ExitCode::Refused);
    };
    if let Err(fault) = directories::prepare(&loaded.config) {
        return fail(&fault, fault.code());
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, stop.clone()) {
            return fail(&format_args!("signals cannot be caught: {error}"), ExitCode::Storage);
        }
    }
    match replay::run(&replay, &stop) {
        Ok(damage) if damage.is_empty() => ExitCode::Done,
        Ok(damage) => {
            damage.iter().for_each(|line| eprintln!("pinnaclemm: {line}"));
            ExitCode::Damaged
        }
        Err(fault) => match fault.code() {
            ExitCode::Done => ExitCode::Done,
            code => fail(&fault, code),
        },
    }
}

/// Says why and with which code it ends.
fn fail(fault: &dyn std::fmt::Display, code: ExitCode) -> ExitCode {
    // Nobody who could be told is no reason to panic.
    writeln!(io::stderr(), "pinnaclemm: {fault}").ok();
    code
}

/// Writes to stdout; whoever read it may have gone.
fn print(text: &[u8]) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
            fail(&format_args!("cannot write the output: {cause}"), ExitCode::Storage)
        }
        _ => ExitCode::Done,
    }
}
