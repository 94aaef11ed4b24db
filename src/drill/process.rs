//! The engine and the venue as processes: started, waited for, ended.

use super::DrillFault;
use crate::threads::signals::Stop;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long anything that must come is awaited.
pub(super) const AWAITED: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_micros(200);
const SIGNAL_WITHIN: Duration = Duration::from_millis(50);

/// A process that is killed if it is left.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    said: PathBuf,
    stop: Stop,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Process {
    /// Starts it; what it says on stderr goes to that file.
    pub(super) fn start(
        command: &mut Command,
        said: PathBuf,
        stop: &Stop,
    ) -> Result<Self, DrillFault> {
        let failed = |error| DrillFault::Io(said.clone(), error);
        let file = File::create(&said).map_err(failed)?;
        let command = command.stdout(Stdio::null()).stderr(file);
        let child = command.spawn().map_err(failed)?;
        Ok(Self { child, said, stop: stop.clone() })
    }

    /// Where it can be told something, if it was given a pipe.
    pub(super) const fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// The system's number of it.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said.
    pub(super) fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }

    /// How it has ended, if it has.
    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// An end by itself is a fault, and so is a signal to us.
    pub(super) fn check(&mut self) -> Result<(), DrillFault> {
        if self.stop.requested() {
            return Err(DrillFault::Interrupted);
        }
        let Some(status) = self.ended() else { return Ok(()) };
        // A signal from a terminal reaches all of us, and it perhaps first.
        std::thread::sleep(SIGNAL_WITHIN);
        if self.stop.requested() {
            return Err(DrillFault::Interrupted);
        }
        Err(DrillFault::Ended(status.code(), self.said()))
    }

    /// Waits until something is so, at most so long; whether it came to be.
    pub(super) fn wait_at_most(
        &mut self,
        most: Duration,
        mut so: impl FnMut(&Self) -> bool,
    ) -> Result<bool, DrillFault> {
        let begun = Instant::now();
        while !so(self) {
            self.check()?;
            if begun.elapsed() > most {
                return Ok(false);
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(true)
    }

    /// Waits for what must come.
    pub(super) fn wait(
        &mut self,
        what: &'static str,
        so: impl FnMut(&Self) -> bool,
    ) -> Result<(), DrillFault> {
        if self.wait_at_most(AWAITED, so)? {
            return Ok(());
        }
        Err(DrillFault::Missed(what, self.said()))
    }

    /// Kills it at once; what it has said until then.
    pub(super) fn kill(mut self) -> String {
        self.child.kill().ok();
        self.child.wait().ok();
        self.said()
    }

    /// Asks it to end, and waits for that; a bad end is a fault.
    pub(super) fn end(mut self) -> Result<(), DrillFault> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-s", "TERM", &id]).status().ok();
        let begun = Instant::now();
        loop {
            match self.ended() {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(DrillFault::Ended(status.code(), self.said())),
                None if begun.elapsed() > AWAITED => {
                    return Err(DrillFault::Missed("an end", self.said()));
                }
                None => std::thread::sleep(LOOK_EVERY),
            }
        }
    }
}
