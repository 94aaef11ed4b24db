//! Several recordings played as one, merged by receive time.
//!
//! Each recording stands at the greatest stamp it has shown so far. The next record is that of the
//! recording that stands lowest; where several stand alike, that of the one named first. So the
//! order inside a file is never changed: a record whose stamp steps back, or that has none,
//! follows the one before it (steps are counted in its file's report), and files without any stamp
//! come first, one after the other.

use super::reader::{Reader, RecordingError};
use super::record::Record;
use std::path::PathBuf;

/// Recordings merged by receive time.
#[derive(Debug)]
pub struct Tape {
    readers: Vec<Reader>,
    /// Those that stand at a record; the others have ended or were not begun.
    ready: Vec<bool>,
    /// The one whose record was given out last, and which has to go on.
    taken: Option<usize>,
    /// How many were begun: each has to show its first record before any is given out.
    begun: usize,
}

impl Tape {
    /// Opens the recordings; where stamps are equal, their order here decides.
    ///
    /// # Errors
    /// One of them cannot be opened.
    pub fn open(paths: &[PathBuf]) -> Result<Self, RecordingError> {
        let readers: Result<Vec<_>, _> = paths.iter().map(|path| Reader::open(path)).collect();
        Ok(Self::over(readers?))
    }

    /// Merges readers that were opened elsewhere.
    #[must_use]
    pub fn over(readers: Vec<Reader>) -> Self {
        let ready = vec![false; readers.len()];
        Self { readers, ready, taken: None, begun: 0 }
    }

    /// The recordings with their framings and reports, in the order they were named.
    #[must_use]
    pub fn readers(&self) -> &[Reader] {
        &self.readers
    }

    /// The next record, and the place of its recording among [`Self::readers`].
    ///
    /// # Errors
    /// A recording cannot be read further. It counts as ended: the next call goes on with the
    /// others, if the caller wants that.
    pub fn advance(&mut self) -> Result<Option<(usize, Record<'_>)>, RecordingError> {
        if let Some(taken) = self.taken.take() {
            self.step(taken)?;
        }
        while self.begun < self.readers.len() {
            self.begun += 1;
            self.step(self.begun - 1)?;
        }
        let standing = (0..self.readers.len()).filter(|place| self.ready[*place]);
        let Some(place) = standing.min_by_key(|place| self.readers[*place].latest()) else {
            return Ok(None);
        };
        self.taken = Some(place);
        Ok(self.readers[place].record().map(|record| (place, record)))
    }

    /// The record that [`Self::advance`] gave out last, until it is called again.
    #[must_use]
    pub fn standing(&self) -> Option<(usize, Record<'_>)> {
        let place = self.taken?;
        self.readers[place].record().map(|record| (place, record))
    }

    fn step(&mut self, place: usize) -> Result<(), RecordingError> {
        self.ready[place] = false;
        self.ready[place] = self.readers[place].advance()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn tape(files: &[&str]) -> Tape {
        let reader = |(place, text): (usize, &&str)| {
            Reader::from_read(&format!("file {place}"), Cursor::new((*text).to_owned())).unwrap()
        };
        Tape::over(files.iter().enumerate().map(reader).collect())
    }

    /// The payloads in the order they come, `!` for an error.
    fn played(tape: &mut Tape) -> String {
        let mut out = Vec::new();
        loop {
            match tape.advance() {
                Ok(Some((place, record))) => {
                    let text = String::from_utf8(record.payload.to_vec()).unwrap();
                    out.push(format!("{place}{text}"));
                }
                Ok(None) => return out.join(" "),
                Err(_) => out.push("!".to_owned()),
            }
        }
    }

    #[test]
    fn files_are_merged_by_stamp() {
        let check = |files: &[&str], expected: &str| {
            let mut tape = tape(files);
            assert_eq!(played(&mut tape), expected, "{files:?}");
            assert!(tape.advance().unwrap().is_none());
        };
        check(&[], "");
        check(&["", ""], "");
        check(&["1 [a]\n4 [b]\n", "2 [c]\n3 [d]\n5 [e]\n"], "0[a] 1[c] 1[d] 0[b] 1[e]");
        // Equal stamps keep the order of the files, and that inside a file.
        check(&["7 [a]\n7 [b]\n", "7 [c]\n", "6 [d]\n7 [e]\n"], "2[d] 0[a] 0[b] 1[c] 2[e]");
        // A step back follows its predecessor: the file stands at 5.
        check(&["5 [a]\n1 [b]\n6 [c]\n", "2 [d]\n5 [e]\n"], "1[d] 0[a] 0[b] 1[e] 0[c]");
        // No stamps: before all that has one, file after file.
        check(&["1 [a]\n", "[1]\n[2]\n", "[3]\n"], "1[1] 1[2] 2[3] 0[a]");
        // Framings may differ.
        check(&["0.000000002: [a]\n", "1 [b]\n3 [c]\n"], "1[b] 0[a] 1[c]");
    }

    #[test]
    fn a_file_that_fails_leaves_the_others() {
        let mut tape = tape(&["1 [a]\n", "what,is,this\n", "and,this\n", "3 [b]\n5 {\n"]);
        assert_eq!(played(&mut tape), "! ! 0[a] 3[b] 3{");
        let steps: Vec<u64> = tape.readers().iter().map(|r| r.report().lines).collect();
        assert_eq!(steps, [1, 1, 1, 2]);
    }

    #[test]
    fn steps_back_are_counted_per_file() {
        let mut tape = tape(&["5 [a]\n1 [b]\n6 [c]\n3 [c]\n", "2 [d]\n"]);
        played(&mut tape);
        let steps: Vec<u64> = tape.readers().iter().map(|r| r.report().steps_back).collect();
        assert_eq!(steps, [2, 0]);
    }
}
