//! What is left to do when the journal can no longer be trusted: everything is cancelled, what is
//! mapped is synced, and why stands in `DATA_DIR/emergency.jsonl`.
//!
//! A dead journal lets no request out, so there is one order that needs none: [`CancelAll`], which
//! can say no price and no quantity. It is recorded here because it cannot be recorded there.

use super::files::segment_path;
use super::reserve::Reserve;
use super::sync::Written;
use serde_json::json;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Why everything is cancelled without the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EmergencyReason {
    /// It could not be written, synced or kept.
    JournalFailed,
    /// A thread of ours has panicked.
    Panicked,
}

impl EmergencyReason {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::JournalFailed => "journal_failed",
            Self::Panicked => "panicked",
        }
    }
}

/// All our orders are to be gone. It names no order, no price and no quantity, so it can make
/// nothing worse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CancelAll {
    /// Why.
    pub reason: EmergencyReason,
}

/// What is saved in an emergency, and where. Copies are the same; the first who saves does it.
#[derive(Clone, Debug)]
pub struct Emergency(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    epoch: u32,
    written: Written,
    reserve: Reserve,
    is_saved: AtomicBool,
}

/// What came of a save.
#[derive(Debug)]
pub struct Saved {
    /// The last record that was written.
    pub written: u64,
    /// Whether all that was written is synced now.
    pub synced: io::Result<()>,
    /// Whether the emergency stands in its file.
    pub recorded: io::Result<()>,
}

/// The path of the file.
#[must_use]
pub fn emergency_path(directory: &Path) -> PathBuf {
    directory.join("emergency.jsonl")
}

impl Emergency {
    /// Of the run that writes this journal.
    #[must_use]
    pub fn new(directory: &Path, epoch: u32, written: Written) -> Self {
        let reserve = Reserve::of(directory);
        let (directory, is_saved) = (directory.to_path_buf(), AtomicBool::new(false));
        Self(Arc::new(Inner { directory, epoch, written, reserve, is_saved }))
    }

    /// Syncs what is mapped and writes down what happened; nothing if that was done before. `sent`
    /// is whether the cancel has left; nothing if nobody could send it.
    #[must_use]
    pub fn save(&self, cancel: CancelAll, what: &str, sent: Option<bool>) -> Option<Saved> {
        if self.0.is_saved.swap(true, Ordering::AcqRel) {
            return None;
        }
        let written = self.0.written.sequence();
        let synced = self.sync();
        // On a full disk there is room for a line at least.
        self.0.reserve.release();
        let recorded = self.record(cancel, what, (written, synced.is_ok()), sent);
        Some(Saved { written, synced, recorded })
    }

    /// By their names: whoever maps the segments may be the one who panicked.
    fn sync(&self) -> io::Result<()> {
        let tail = self.0.written.tail().segment;
        let folder = self.0.directory.join("journal");
        for number in [tail.saturating_sub(1), tail] {
            match File::open(segment_path(&folder, number)) {
                Ok(file) => file.sync_data()?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn record(
        &self,
        cancel: CancelAll,
        what: &str,
        (written, is_synced): (u64, bool),
        sent: Option<bool>,
    ) -> io::Result<()> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let line = json!({
            "unixSeconds": since.as_secs(),
            "epoch": self.0.epoch,
            "reason": cancel.reason.name(),
            "what": what,
            "lsnWritten": written,
            "synced": is_synced,
            "cancelAll": match sent {
                Some(true) => "sent",
                Some(false) => "not_sent",
                None => "no_gateway",
            },
        });
        let path = emergency_path(&self.0.directory);
        let mut file = File::options().create(true).append(true).open(path)?;
        writeln!(file, "{line}")?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emergency_is_saved_once_and_told_in_a_line() {
        let name = format!("pinnaclemm-emergency-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("journal")).unwrap();
        Reserve::of(&folder).ensure().unwrap();
        std::fs::write(segment_path(&folder.join("journal"), 3), b"bytes").unwrap();
        let written = Written::default();
        written.publish(77, 3, 600);
        let emergency = Emergency::new(&folder, 9, written);
        let cancel = CancelAll { reason: EmergencyReason::JournalFailed };
        let saved = emergency.save(cancel, "no space", Some(true)).expect("the first");
        assert!(saved.synced.is_ok() && saved.recorded.is_ok() && saved.written == 77);
        assert!(emergency.clone().save(cancel, "again", None).is_none());
        let text = std::fs::read_to_string(emergency_path(&folder)).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["reason"], "journal_failed");
        assert_eq!((&line["what"], &line["cancelAll"]), (&"no space".into(), &"sent".into()));
        assert_eq!((&line["epoch"], &line["lsnWritten"]), (&9.into(), &77.into()));
        assert!(!folder.join("reserve").exists(), "its room is given back");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
