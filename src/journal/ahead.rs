//! Segments one after the other, each read and unpacked while the one before is looked at.
//!
//! What their bytes say is not known here.

use super::archive::read_segment;
use super::fault::ReadError;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::path::Path;
use std::thread::Scope;

/// The reading thread, and the two buffers that go to and fro.
pub(super) struct Ahead {
    read: Receiver<Result<Vec<u8>, ReadError>>,
    back: Sender<Vec<u8>>,
}

impl Ahead {
    /// Begins to read those segments.
    pub(super) fn of<'scope>(
        scope: &'scope Scope<'scope, '_>,
        folder: &'scope Path,
        numbers: impl Iterator<Item = u64> + Send + 'scope,
    ) -> Self {
        // Nothing is read further ahead than one segment: a second buffer is all there is.
        let (to, read) = bounded(0);
        let (back, used) = bounded::<Vec<u8>>(1);
        scope.spawn(move || {
            for number in numbers {
                let mut bytes = used.try_recv().unwrap_or_default();
                let segment = read_segment(folder, number, &mut bytes).map(|()| bytes);
                // Whoever listened has stopped at something bad.
                if to.send(segment).is_err() {
                    break;
                }
            }
        });
        Self { read, back }
    }

    /// The bytes of the next segment, for those of the one before.
    pub(super) fn next(&self, used: Vec<u8>) -> Result<Vec<u8>, ReadError> {
        // The thread has ended where the last segment was read.
        self.back.send(used).ok();
        self.read.recv().expect("it is asked for no more segments than were listed")
    }
}
