//! The engine binary: arguments → config → wire → run → exit code.

use clap::Parser as _;
use pinnaclemm::config::{self, Arguments, Environment, ExitCode, Loaded, arguments, directories};
use pinnaclemm::logs::Logs;
use pinnaclemm::threads::{self, held, operate, signals::Stop, sweep};
use std::io::{self, Write as _};
use std::path::Path;

fn main() -> std::process::ExitCode {
    let flags = Arguments::parse();
    if let Some(shell) = flags.completions {
        return print(&arguments::completions(shell)).into();
    }
    if !flags.merge.is_empty() {
        let merged = sweep::merge(&flags.merge, flags.merge_output());
        return merged.map_or_else(|fault| fail(&fault, fault.code()), |()| ExitCode::Done).into();
    }
    let environment = Environment::of(|name| std::env::var_os(name)).mounted(Path::exists);
    if let Some(wish) = &flags.operate {
        let (lines, code) = operate::operate(wish, &environment, std::env::var("USER").ok());
        print(format!("{}\n", lines.join("\n")).as_bytes());
        return code.into();
    }
    let code = match config::load(&flags, &environment) {
        Err(fault) => {
            if flags.starts_an_engine() {
                let web = fault.held_web(&flags, held::is_first_process());
                held::stay_early(&fault, fault.code(), (flags.hold, web.as_ref()));
            }
            fail(&fault, fault.code())
        }
        Ok(loaded) if flags.check_config => print(format!("{}\n", loaded.summary()).as_bytes()),
        Ok(loaded) if flags.print_config => match loaded.printed() {
            Ok(text) => print(format!("{text}\n").as_bytes()),
            Err(cause) => fail(&cause, ExitCode::Refused),
        },
        Ok(loaded) => run(&loaded, flags.hold),
    };
    code.into()
}

fn run(loaded: &Loaded, hold: bool) -> ExitCode {
    let refuse = |fault: &dyn std::fmt::Display, code| {
        if !loaded.config.mode.is_recorded() {
            held::stay_early(fault, code, (hold, loaded.config.web.as_ref()));
        }
        fail(fault, code)
    };
    let made = match directories::prepare(&loaded.config) {
        Ok(made) => made,
        Err(fault) => return refuse(&fault, fault.code()),
    };
    let stop = match Stop::on_signals() {
        Ok(stop) => stop,
        Err(error) => {
            return fail(&format_args!("signals cannot be caught: {error}"), ExitCode::Storage);
        }
    };
    let logs = match Logs::start(&loaded.config.logging) {
        Ok(logs) => logs,
        Err(fault) => return refuse(&fault, ExitCode::Storage),
    };
    let code = match threads::run::run(loaded, (&stop, hold), &logs.log()) {
        Ok(code) => code,
        Err(fault) => {
            made.take_back();
            fail(&fault, fault.code())
        }
    };
    let counts = logs.close();
    if counts.dropped > 0 {
        eprintln!("pinnaclemm: {} lines of the log were dropped", counts.dropped);
    }
    code
}

/// Says why and with which code it ends, where it did not just end as it was told to.
fn fail(fault: &dyn std::fmt::Display, code: ExitCode) -> ExitCode {
    if code != ExitCode::Done {
        // Nobody who could be told is no reason to panic.
        writeln!(io::stderr(), "pinnaclemm: {fault}").ok();
    }
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
