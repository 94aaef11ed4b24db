//! How long the disk will last: minutes until it is full at the rate at which it is written now.
//!
//! The decision is a function of numbers; only [`Disk::look`] asks the system. What follows is
//! somebody else's to do.

use crate::journal::DiskParams;
use rustix::fs::statvfs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often the system is asked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A rate is taken over so long at least, or it says nothing.
const RATE_OVER_MIN: Duration = Duration::from_secs(10);
/// And over so long at most.
const RATE_OVER_MAX: Duration = Duration::from_secs(120);

/// How the disk stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// There is room.
    Good,
    /// Somebody should see to it.
    Warn,
    /// Nothing is quoted any more.
    Stop,
    /// Everything is cancelled and halted.
    Halt,
}

impl Level {
    /// Every level, in their order.
    pub const ALL: [Self; 4] = [Self::Good, Self::Warn, Self::Stop, Self::Halt];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Stop => "stop",
            Self::Halt => "halt",
        }
    }
}

/// What was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiskSeen {
    /// Bytes that are free for us.
    pub free: u64,
    /// Bytes that the journal grows in an hour; 0 as long as that is not known.
    pub bytes_per_hour: u64,
    /// Minutes until it is full, if it is known.
    pub minutes_left: Option<u64>,
    /// What that means.
    pub level: Level,
}

/// Looks at a disk.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    params: DiskParams,
    /// The next segment needs as much.
    segment_bytes: u64,
    due: Instant,
    /// When the rate begins, and how much was written then.
    since: (Instant, u64),
}

/// The size of a volume in bytes.
///
/// # Errors
/// The system does not say.
pub fn volume_bytes(path: &Path) -> io::Result<u64> {
    let facts = statvfs(path)?;
    Ok(facts.f_blocks.saturating_mul(facts.f_frsize))
}

impl Disk {
    /// The disk of that directory.
    #[must_use]
    pub fn new(path: &Path, params: DiskParams, segment_bytes: u64) -> Self {
        let now = Instant::now();
        Self { path: path.to_path_buf(), params, segment_bytes, due: now, since: (now, 0) }
    }

    /// How it stands, if it is time to look; `written` are all bytes that were written so far.
    ///
    /// # Errors
    /// The system does not say.
    pub fn look(&mut self, now: Instant, written: u64) -> io::Result<Option<DiskSeen>> {
        if now < self.due {
            return Ok(None);
        }
        self.due = now + LOOK_EVERY;
        let facts = statvfs(&self.path)?;
        let free = facts.f_bavail.saturating_mul(facts.f_frsize);
        let over = now.duration_since(self.since.0);
        let grown = written.saturating_sub(self.since.1);
        let is_known = over >= RATE_OVER_MIN;
        let per_hour = if is_known { per_hour(grown, over) } else { 0 };
        if over >= RATE_OVER_MAX {
            // Half of what was seen stays, so that the rate does not begin at nothing.
            self.since = (now - over / 2, written - grown / 2);
        }
        Ok(Some(self.judge(free, per_hour)))
    }

    /// The same without what follows from the rate: it will not go on as it does.
    #[must_use]
    pub fn without_rate(&self, seen: DiskSeen) -> DiskSeen {
        DiskSeen { bytes_per_hour: seen.bytes_per_hour, ..self.judge(seen.free, 0) }
    }

    fn judge(&self, free: u64, bytes_per_hour: u64) -> DiskSeen {
        let minutes_left = (bytes_per_hour > 0).then(|| {
            let minutes = u128::from(free) * 60 / u128::from(bytes_per_hour);
            u64::try_from(minutes).unwrap_or(u64::MAX)
        });
        let DiskParams { warn_minutes, stop_minutes, halt_minutes } = self.params;
        let within = |minutes: u64| minutes_left.is_some_and(|left| left < minutes);
        // Whatever the rate: what is made next must find its place.
        let segments = free / self.segment_bytes.max(1);
        let level = if segments < 2 || within(halt_minutes) {
            Level::Halt
        } else if segments < 4 || within(stop_minutes) {
            Level::Stop
        } else if segments < 8 || within(warn_minutes) {
            Level::Warn
        } else {
            Level::Good
        };
        DiskSeen { free, bytes_per_hour, minutes_left, level }
    }
}

fn per_hour(bytes: u64, over: Duration) -> u64 {
    let millis = over.as_millis().max(1);
    u64::try_from(u128::from(bytes) * 3_600_000 / millis).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_segments_decide() {
        let params = DiskParams { warn_minutes: 60, stop_minutes: 15, halt_minutes: 5 };
        let disk = Disk::new(Path::new("/"), params, 1000);
        // Free bytes, bytes an hour, minutes, level.
        for (free, rate, minutes, level) in [
            (1_000_000, 0, None, Level::Good),
            (1_000_000, 1_000_000, Some(60), Level::Good),
            (1_000_000, 1_000_001, Some(59), Level::Warn),
            (1_000_000, 4_000_001, Some(14), Level::Stop),
            (1_000_000, 12_000_001, Some(4), Level::Halt),
            (7_999, 1, Some(479_940), Level::Warn),
            (3_999, 1, Some(239_940), Level::Stop),
            (1_999, 0, None, Level::Halt),
            (0, 0, None, Level::Halt),
        ] {
            let seen = disk.judge(free, rate);
            assert_eq!((seen.minutes_left, seen.level), (minutes, level), "{free} {rate}");
        }
        assert_eq!(per_hour(1000, Duration::from_secs(10)), 360_000);
        assert_eq!(per_hour(u64::MAX, Duration::ZERO), u64::MAX);
    }

    #[test]
    fn a_real_disk_is_looked_at_once_a_second() {
        let params = DiskParams { warn_minutes: 60, stop_minutes: 15, halt_minutes: 5 };
        let path = std::env::temp_dir();
        let mut disk = Disk::new(&path, params, 1);
        let now = Instant::now();
        let seen = disk.look(now, 0).unwrap().expect("it is due");
        assert!(seen.free > 0 && seen.free <= volume_bytes(&path).unwrap());
        assert!(disk.look(now + Duration::from_millis(999), 0).unwrap().is_none());
        // Ten kilobytes in twenty seconds.
        let later = disk.look(now + Duration::from_secs(20), 10_000).unwrap().expect("again");
        assert!((1_700_000..1_800_001).contains(&later.bytes_per_hour), "{later:?}");
    }
}
