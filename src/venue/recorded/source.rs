//! A file's bytes, unpacked, from one reused buffer.
//!
//! Plain, gzip (of several members too) and zstd are told apart by their first bytes, never by
//! name. Reading is streaming: only the current line has to fit into memory. What a line means is
//! not known here.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::path::Path;

/// The longest line that is taken; the longest real one has 5 MB.
pub const LINE_MAX: usize = 64 << 20;

/// What the buffer holds at first; it grows to the longest line.
const BUFFER: usize = 1 << 20;
/// What is read of a compressed file at once.
const COMPRESSED: usize = 128 << 10;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What comes next, as places in [`Source::bytes`] that hold until the next call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    /// A line without its end.
    Whole(Range<usize>),
    /// The last bytes, with no line end behind them.
    Unfinished(Range<usize>),
    /// A line above the limit; it is skipped.
    TooLong,
    /// Nothing more.
    End,
}

/// An opened file.
pub(crate) struct Source {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// The first byte that was not given out.
    start: usize,
    /// One behind the last byte read.
    end: usize,
    ended: bool,
    cut_short: bool,
    line_max: usize,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("start", &self.start)
            .field("end", &self.end)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Whether a file of just these bytes is the beginning of a compressed one.
pub(crate) fn begins_compressed(bytes: &[u8]) -> bool {
    ZSTD.starts_with(bytes) || GZIP.starts_with(bytes)
}

/// The unpacked bytes of a file.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    unpacked(File::open(path)?)
}

/// The unpacked bytes of an input that may be compressed.
pub(crate) fn unpacked(mut input: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = Vec::with_capacity(ZSTD.len());
    input.by_ref().take(ZSTD.len() as u64).read_to_end(&mut magic)?;
    // Chained and not sought back, so that a pipe can be read too.
    let input = io::Cursor::new(magic.clone()).chain(input);
    if magic == ZSTD {
        let input = BufReader::with_capacity(COMPRESSED, input);
        return Ok(Box::new(zstd::stream::read::Decoder::with_buffer(input)?));
    }
    if magic.starts_with(&GZIP) {
        let input = BufReader::with_capacity(COMPRESSED, input);
        return Ok(Box::new(flate2::bufread::MultiGzDecoder::new(input)));
    }
    Ok(Box::new(input))
}

impl Source {
    /// Lines of at most `line_max` bytes from unpacked bytes.
    pub(crate) fn new(input: Box<dyn Read + Send>, line_max: usize) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            ended: false,
            cut_short: false,
            line_max,
        }
    }

    /// What the places of the last [`Cut`] point into.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether a compressed stream stopped before its end: the recording was cut.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.cut_short
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> io::Result<Cut> {
        let mut searched = 0;
        loop {
            let unsearched = self.start + searched..self.end;
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[unsearched]) {
                let line = self.start..self.start + searched + at;
                self.start = line.end + 1;
                return Ok(if line.len() > self.line_max {
                    Cut::TooLong
                } else {
                    Cut::Whole(line)
                });
            }
            searched = self.end - self.start;
            if searched > self.line_max {
                self.skip_line()?;
                return Ok(Cut::TooLong);
            }
            if self.ended {
                let rest = self.start..self.end;
                self.start = self.end;
                return Ok(if rest.is_empty() { Cut::End } else { Cut::Unfinished(rest) });
            }
            self.fill()?;
        }
    }

    /// All that is left, beginning with the line that was given out last.
    pub(crate) fn read_to_end(&mut self, line: &Range<usize>) -> io::Result<Cut> {
        self.start = line.start;
        while !self.ended && self.end - self.start <= self.line_max {
            self.fill()?;
        }
        if self.end - self.start > self.line_max {
            self.start = self.end;
            while !self.ended {
                self.fill()?;
                self.start = self.end;
            }
            return Ok(Cut::TooLong);
        }
        let rest = self.start..self.end;
        self.start = self.end;
        Ok(Cut::Unfinished(rest))
    }

    /// Tries to hold `count` bytes that were not given out; returns the place of those there are,
    /// which are fewer only at the end.
    pub(crate) fn want(&mut self, count: usize) -> io::Result<Range<usize>> {
        while self.end - self.start < count && !self.ended {
            self.fill()?;
        }
        Ok(self.start..self.end)
    }

    /// Gives out so many bytes of those that [`Self::want`] found.
    pub(crate) fn take(&mut self, count: usize) {
        assert!(count <= self.end - self.start);
        self.start += count;
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.start..self.end]) {
                self.start += at + 1;
                return Ok(());
            }
            self.start = self.end;
            if self.ended {
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// Reads once more behind what is there. Moves bytes: places given out before are void.
    fn fill(&mut self) -> io::Result<()> {
        if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            if self.end > self.buffer.len() / 2 {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
        match self.input.read(&mut self.buffer[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(count) => self.end += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // What was unpacked before stands: a recorder that was killed leaves such a file.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.ended = true;
                self.cut_short = true;
            }
            Err(error) => {
                self.ended = true;
                return Err(error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Gives a few bytes at a time, so that lines straddle reads.
    struct Sips(io::Cursor<Vec<u8>>, usize);

    impl Read for Sips {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let most = into.len().min(self.1);
            self.0.read(&mut into[..most])
        }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    /// The lines as text: `~` ends an unfinished one, `!` stands for one too long.
    fn lines(bytes: &[u8], sip: usize, line_max: usize) -> (Vec<String>, bool) {
        let input = unpacked(Sips(io::Cursor::new(bytes.to_vec()), sip)).unwrap();
        let mut source = Source::new(input, line_max);
        let mut out = Vec::new();
        loop {
            let (range, mark) = match source.line().unwrap() {
                Cut::Whole(range) => (range, ""),
                Cut::Unfinished(range) => (range, "~"),
                Cut::TooLong => (0..0, "!"),
                Cut::End => return (out, source.is_cut_short()),
            };
            out.push(String::from_utf8_lossy(&source.bytes()[range]).into_owned() + mark);
        }
    }

    #[test]
    fn lines_come_whole_whatever_the_packing() {
        let check = |text: &str, expected: &[&str]| {
            let twice = [
                gzip(&text.as_bytes()[..text.len() / 2]),
                gzip(&text.as_bytes()[text.len() / 2..]),
            ];
            let packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
            for bytes in [text.as_bytes().to_vec(), twice.concat(), packed] {
                for sip in [1, 3, 1 << 20] {
                    let (got, cut_short) = lines(&bytes, sip, 10);
                    assert_eq!(got, expected, "{text:?} by {sip}");
                    assert!(!cut_short);
                }
            }
        };
        check("", &[]);
        check("\n", &[""]);
        check("one\ntwo\n", &["one", "two"]);
        check("one\n\ntwo", &["one", "", "two~"]);
        check("0123456789\n0123456789a\nb\n", &["0123456789", "!", "b"]);
        check("0123456789abcdefghijklmnop", &["!"]);
    }

    #[test]
    fn a_long_line_grows_the_buffer() {
        let long = "x".repeat(3 * BUFFER + 7);
        let text = format!("a\n{long}\nb\n");
        let (got, _) = lines(text.as_bytes(), 1 << 16, LINE_MAX);
        assert_eq!(got, ["a", &long, "b"]);
    }

    #[test]
    fn a_cut_stream_gives_what_it_has() {
        let text: String = (0..5000).map(|n| format!("{}\n", n * n)).collect();
        for packed in [gzip(text.as_bytes()), zstd::encode_all(text.as_bytes(), 1).unwrap()] {
            for cut in (8..packed.len()).step_by(97) {
                let (got, cut_short) = lines(&packed[..cut], 1 << 20, 64);
                assert!(cut_short, "cut at {cut} of {}", packed.len());
                assert!(text.starts_with(&got.join("\n").replace('~', "")));
            }
        }
        // Damage that is no truncation is an error.
        let mut packed = gzip(text.as_bytes());
        let end = packed.len() - 6;
        packed[end] ^= 1;
        let mut source = Source::new(unpacked(io::Cursor::new(packed)).unwrap(), 64);
        assert!((0..6000).any(|_| source.line().is_err()));
    }

    #[test]
    fn the_rest_of_a_file_is_one_piece() {
        let input = || Box::new(Sips(io::Cursor::new(b"{\n 1\n}\n".to_vec()), 2));
        let mut source = Source::new(input(), 100);
        let Cut::Whole(first) = source.line().unwrap() else { panic!("no line") };
        let Cut::Unfinished(all) = source.read_to_end(&first).unwrap() else { panic!("too long") };
        assert_eq!(&source.bytes()[all], b"{\n 1\n}\n");
        assert_eq!(source.line().unwrap(), Cut::End);

        let mut source = Source::new(input(), 4);
        let Cut::Whole(first) = source.line().unwrap() else { panic!("no line") };
        assert_eq!(source.read_to_end(&first).unwrap(), Cut::TooLong);
        assert_eq!(source.line().unwrap(), Cut::End);
    }
}
