//! The wish to stop, from the system or from inside.
//!
//! The signal sets a flag and is counted; nothing else happens in the moment of the signal. What a
//! stop means to a mode is decided where the mode runs.

use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Whether this process is to end. Copies say the same.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    requested: Arc<AtomicBool>,
    signals: Option<Arc<Signals>>,
}

/// A byte for each signal that came.
#[derive(Debug)]
struct Signals {
    bytes: UnixStream,
    count: AtomicU64,
}

impl Stop {
    /// One that SIGTERM and SIGINT request from now on, however often they come.
    ///
    /// # Errors
    /// The system does not let them be caught.
    pub fn on_signals() -> io::Result<Self> {
        let requested = Arc::new(AtomicBool::new(false));
        let (bytes, writer) = UnixStream::pair()?;
        bytes.set_nonblocking(true)?;
        for signal in [SIGTERM, SIGINT] {
            signal_hook::flag::register(signal, requested.clone())?;
            signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
        }
        let signals = Some(Arc::new(Signals { bytes, count: AtomicU64::new(0) }));
        Ok(Self { requested, signals })
    }

    /// Requests the end from inside: the recording is over, the duration has passed.
    pub fn request(&self) {
        self.requested.store(true, Ordering::Release);
    }

    /// Whether the end was requested. One load: for any thread, at any rate.
    #[inline]
    #[must_use]
    pub fn requested(&self) -> bool {
        self.requested.load(Ordering::Acquire)
    }

    /// How many signals came; the system folds those that come at the same instant. Calls the
    /// system: not for a hot thread.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.signals.as_ref().map_or(0, |signals| signals.count())
    }
}

impl Signals {
    fn count(&self) -> u64 {
        let mut bytes = [0; 64];
        // An empty stream is an error of its own kind, and the end of what there is to count.
        while let Ok(read @ 1..) = (&self.bytes).read(&mut bytes) {
            self.count.fetch_add(read as u64, Ordering::Relaxed);
        }
        self.count.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_request_the_end_and_are_counted() {
        let stop = Stop::on_signals().unwrap();
        let copy = stop.clone();
        assert!(!copy.requested());
        assert_eq!(stop.count(), 0);
        for (n, signal) in [SIGTERM, SIGINT, SIGTERM].into_iter().enumerate() {
            signal_hook::low_level::raise(signal).unwrap();
            assert!(copy.requested());
            assert_eq!(stop.count(), n as u64 + 1);
        }
        assert_eq!(copy.count(), 3);
    }

    #[test]
    fn the_end_can_be_requested_from_inside() {
        let stop = Stop::default();
        let copy = stop.clone();
        assert!(!stop.requested());
        copy.request();
        assert!(stop.requested());
        assert_eq!(stop.count(), 0);
    }
}
