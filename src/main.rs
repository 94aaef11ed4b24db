//! The engine binary: arguments → config → wire → run → exit code.

use clap::Parser as _;
use pinnaclemm::config::Arguments;
use pinnaclemm::threads::replay;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// It was played, but parts of the recording cannot be read.
const DAMAGED: u8 = 1;
/// Something of the system failed.
const FAILED: u8 = 3;

fn main() -> ExitCode {
    let config = Arguments::parse().into_config();
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, stop.clone()) {
            eprintln!("pinnaclemm: signals cannot be caught: {error}");
            return ExitCode::from(FAILED);
        }
    }
    match replay::run(&config, &stop) {
        Ok(damage) if damage.is_empty() => ExitCode::SUCCESS,
        Ok(damage) => {
            damage.iter().for_each(|line| eprintln!("pinnaclemm: {line}"));
            ExitCode::from(DAMAGED)
        }
        Err(fault) => {
            let code = fault.code();
            if code != 0 {
                eprintln!("pinnaclemm: {fault}");
            }
            ExitCode::from(code)
        }
    }
}
