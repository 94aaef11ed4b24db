//! The alerts that were raised: throttled by type and source, kept up to a bound and across
//! restarts, acknowledged once.
//!
//! The book is shared by whoever raises and whoever reads; none of them is a hot thread. What was
//! held back is counted and told with the next alert of its kind.

use super::{AlertType, Severity};
use crate::types::Nanos;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// An alert.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// Its number, dense from 1 over all processes of a data directory.
    pub id: u64,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: AlertType,
    /// How much it matters.
    pub severity: Severity,
    /// What has happened.
    pub message: String,
    /// The instrument, or the part of the engine.
    pub source: String,
    /// When, in nanoseconds since 1970.
    pub timestamp: i64,
    /// When an operator has seen it.
    pub acknowledged_at: Option<i64>,
    /// Alerts of this type and source that were held back before it.
    pub suppressed: u64,
}

/// What became of an alert.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Raised {
    /// It stands in the book.
    Kept(Alert),
    /// One of its type and source was raised a moment ago; it was counted.
    Suppressed,
}

/// Why an alert was not acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AckFault {
    /// There is none of that number, or it is too old to be kept.
    Unknown(u64),
    /// It was before.
    Already(u64),
}

impl fmt::Display for AckFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(id) => write!(f, "there is no alert {id} among those that are kept"),
            Self::Already(id) => write!(f, "alert {id} was acknowledged before"),
        }
    }
}

impl std::error::Error for AckFault {}

/// One type of one source.
#[derive(Debug, Default)]
struct Throttle {
    last: Option<(Nanos, Severity)>,
    suppressed: u64,
}

#[derive(Debug, Default)]
struct Book {
    kept: VecDeque<Alert>,
    throttles: BTreeMap<(AlertType, String), Throttle>,
    last_id: u64,
    suppressed: u64,
    /// Something has changed since the last save.
    is_dirty: bool,
}

/// The book. Copies are the same one.
#[derive(Clone, Debug)]
pub struct Alerts {
    book: Arc<Mutex<Book>>,
    interval: Nanos,
    history_max: usize,
    file: Option<Arc<PathBuf>>,
}

impl Alerts {
    /// A book with what the file has kept. `interval` is the least time between two of a type and
    /// source; a greater severity than the last one's is not held back.
    ///
    /// # Errors
    /// The file is there and cannot be read as one of alerts.
    pub fn open(interval: Nanos, history_max: usize, file: Option<&Path>) -> io::Result<Self> {
        let mut book = Book::default();
        if let Some(path) = file
            && let Some(text) = read(path)?
        {
            book.kept = serde_json::from_str(&text).map_err(io::Error::other)?;
            while book.kept.len() > history_max {
                book.kept.pop_front();
            }
            book.last_id = book.kept.back().map_or(0, |alert| alert.id);
        }
        let file = file.map(|path| Arc::new(path.to_owned()));
        Ok(Self { book: Arc::new(Mutex::new(book)), interval, history_max, file })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("nobody panics while it has the book")
    }

    /// Raises an alert of a type, with the severity of that type.
    pub fn raise(&self, kind: AlertType, source: &str, message: String, now: Nanos) -> Raised {
        let severity = kind.severity();
        let mut guard = self.book();
        let book = &mut *guard;
        let throttle = book.throttles.entry((kind, source.to_owned())).or_default();
        let is_soon = throttle.last.is_some_and(|(at, last)| {
            now.0.saturating_sub(at.0) < self.interval.0 && severity <= last
        });
        if is_soon {
            throttle.suppressed += 1;
            book.suppressed += 1;
            return Raised::Suppressed;
        }
        throttle.last = Some((now, severity));
        let suppressed = std::mem::take(&mut throttle.suppressed);
        book.last_id += 1;
        let alert = Alert {
            id: book.last_id,
            kind,
            severity,
            message,
            source: source.to_owned(),
            timestamp: now.0,
            acknowledged_at: None,
            suppressed,
        };
        book.kept.push_back(alert.clone());
        if book.kept.len() > self.history_max {
            book.kept.pop_front();
        }
        book.is_dirty = true;
        Raised::Kept(alert)
    }

    /// An operator has seen it.
    ///
    /// # Errors
    /// There is none, or it was seen before.
    pub fn acknowledge(&self, id: u64, now: Nanos) -> Result<Alert, AckFault> {
        let mut book = self.book();
        let found = book.kept.iter_mut().find(|alert| alert.id == id);
        let alert = found.ok_or(AckFault::Unknown(id))?;
        if alert.acknowledged_at.is_some() {
            return Err(AckFault::Already(id));
        }
        alert.acknowledged_at = Some(now.0);
        let alert = alert.clone();
        book.is_dirty = true;
        Ok(alert)
    }

    /// The last ones that fit, the oldest first.
    #[must_use]
    pub fn recent(&self, most: usize, fits: impl Fn(&Alert) -> bool) -> Vec<Alert> {
        let book = self.book();
        let mut found: Vec<_> =
            book.kept.iter().rev().filter(|alert| fits(alert)).take(most).cloned().collect();
        found.reverse();
        found
    }

    /// Alerts of this book ever, those kept that nobody has acknowledged, and those held back since
    /// the start.
    #[must_use]
    pub fn counts(&self) -> (u64, usize, u64) {
        let book = self.book();
        let open = book.kept.iter().filter(|alert| alert.acknowledged_at.is_none()).count();
        (book.last_id, open, book.suppressed)
    }

    /// Writes the file if something has changed: a new one in the place of the old.
    ///
    /// # Errors
    /// It cannot be written; it is tried again with the next call.
    pub fn save(&self) -> io::Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        let text = {
            let mut book = self.book();
            if !std::mem::take(&mut book.is_dirty) {
                return Ok(());
            }
            serde_json::to_string(&book.kept).expect("alerts are JSON")
        };
        let part = path.with_extension("part");
        let written = File::create(&part).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            // Before the name: a name without its bytes would stop the start after a loss of power.
            file.sync_data()?;
            fs::rename(&part, path.as_path())
        });
        if written.is_err() {
            self.book().is_dirty = true;
        }
        written
    }
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Nanos {
        Nanos::from_millis(ms)
    }

    fn raise(alerts: &Alerts, kind: AlertType, source: &str, ms: i64) -> Option<(u64, u64)> {
        match alerts.raise(kind, source, "it happened".into(), at(ms)) {
            Raised::Kept(alert) => Some((alert.id, alert.suppressed)),
            Raised::Suppressed => None,
        }
    }

    #[test]
    fn a_type_and_source_is_throttled_and_what_was_held_back_is_told() {
        use AlertType as T;
        let alerts = Alerts::open(at(5000), 100, None).unwrap();
        let rows = [
            (T::SpreadAnomaly, "A", 0, Some((1, 0))),
            (T::SpreadAnomaly, "A", 4999, None),
            (T::SpreadAnomaly, "B", 4999, Some((2, 0))),
            (T::VolumeAnomaly, "A", 4999, Some((3, 0))),
            (T::SpreadAnomaly, "A", 4999, None),
            (T::SpreadAnomaly, "A", 5000, Some((4, 2))),
        ];
        for (kind, source, ms, expected) in rows {
            assert_eq!(raise(&alerts, kind, source, ms), expected, "{} {source}", kind.name());
        }
        assert_eq!(alerts.counts(), (4, 4, 2));
    }

    #[test]
    fn history_is_bounded_outlives_a_restart_and_is_acknowledged_once() {
        let path = std::env::temp_dir().join(format!("alerts-{}.json", std::process::id()));
        fs::remove_file(&path).ok();
        let alerts = Alerts::open(at(0), 3, Some(&path)).unwrap();
        for id in 1..=5_u32 {
            let raised = raise(&alerts, AlertType::SystemError, "x", id.into());
            assert_eq!(raised, Some((id.into(), 0)));
        }
        assert_eq!(alerts.acknowledge(1, at(9)), Err(AckFault::Unknown(1)));
        assert_eq!(alerts.acknowledge(4, at(9)).unwrap().acknowledged_at, Some(at(9).0));
        assert_eq!(alerts.acknowledge(4, at(9)), Err(AckFault::Already(4)));
        alerts.save().unwrap();
        let next = Alerts::open(at(0), 3, Some(&path)).unwrap();
        let all = next.recent(9, |_| true);
        assert_eq!(all.iter().map(|alert| alert.id).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(next.recent(9, |alert| alert.acknowledged_at.is_some()).len(), 1);
        assert_eq!(raise(&next, AlertType::SystemError, "x", 7), Some((6, 0)));
        fs::write(&path, "no alerts").unwrap();
        assert!(Alerts::open(at(0), 3, Some(&path)).is_err());
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn names_are_those_of_json() {
        for kind in AlertType::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.name()));
        }
        for severity in Severity::ALL {
            let text = serde_json::to_string(&severity).unwrap();
            assert_eq!(text, format!("\"{}\"", severity.name()));
        }
    }
}
