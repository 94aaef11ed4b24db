//! Whether a sealed segment is whole, in one pass over its bytes as they come from the disk.
//!
//! Nothing is said of one that is not: it may be the last, still written to, or damaged, and the
//! reader of its records tells which and where. The bytes come by bits that stay in the cache, so
//! they are looked at about as fast as they can be copied, and each core takes segments of its own.

use super::archive::{held_in, packed_path, read_segment};
use super::digest::Digest;
use super::record::{Content, RawRecord, Seed};
use super::segment::{Ending, HEADER_BYTES, Header};
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So much is held at once: half of a core's second cache.
const HELD_BYTES: usize = 1 << 18;

/// A segment that is whole: what its neighbours have to agree with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Whole {
    pub(super) header: Header,
    /// The seal among them.
    pub(super) records: u64,
    pub(super) ending: Ending,
    /// Whether its last record but the seal says that the process ended as it should; nothing
    /// where there is none.
    pub(super) clean: Option<bool>,
}

/// Those of the segments that are whole, each at its place.
pub(super) fn wholes(
    folder: &Path,
    numbers: &[u64],
    threads: NonZero<usize>,
    progress: impl Fn() + Sync,
) -> Vec<Option<Whole>> {
    let found = Mutex::new(vec![None; numbers.len()]);
    let next = AtomicUsize::new(0);
    let look = || {
        let (mut held, mut unpacked) = (vec![0; HELD_BYTES], Vec::new());
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(number) = numbers.get(place) else { break };
            let whole = segment(folder, *number, &mut held, &mut unpacked);
            found.lock().expect("nobody panics with it")[place] = whole;
            progress();
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.get().min(numbers.len()) {
            scope.spawn(look);
        }
        look();
    });
    found.into_inner().expect("nobody panics with it")
}

/// A segment that cannot be read is none that is whole.
fn segment(folder: &Path, number: u64, held: &mut [u8], unpacked: &mut Vec<u8>) -> Option<Whole> {
    let path = held_in(folder, number);
    let whole = if path == packed_path(folder, number) {
        read_segment(folder, number, unpacked).ok()?;
        look_through(&mut unpacked.as_slice(), held)
    } else {
        look_through(&mut File::open(path).ok()?, held)
    };
    whole.ok()?.filter(|whole| whole.header.number == number)
}

/// Bytes of a segment as far as they are held.
struct Held<'a, R> {
    from: &'a mut R,
    bytes: &'a mut [u8],
    /// What was not looked at yet.
    at: usize,
    end: usize,
}

impl<R: Read> Held<'_, R> {
    /// Takes as much as there is room for; whether more has come.
    fn fill(&mut self) -> io::Result<bool> {
        self.bytes.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        let before = self.end;
        while self.end < self.bytes.len() {
            match self.from.read(&mut self.bytes[self.end..])? {
                0 => break,
                count => self.end += count,
            }
        }
        Ok(self.end > before)
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..self.end]
    }
}

fn look_through(from: &mut impl Read, bytes: &mut [u8]) -> io::Result<Option<Whole>> {
    let mut held = Held { from, bytes, at: 0, end: 0 };
    held.fill()?;
    let Ok((header, checksum)) = Header::read(held.rest()) else { return Ok(None) };
    held.at = HEADER_BYTES;
    let mut records = Records {
        seed: Seed::new(header.epoch, header.number),
        next: header.first_sequence,
        digest: Digest::of_header(checksum),
        clean: None,
        used: HEADER_BYTES as u64,
    };
    loop {
        match records.take(held.rest()) {
            Taken::All(bytes) => held.at += bytes,
            Taken::Sealed(bytes) => {
                held.at += bytes;
                let is_end = held.rest().is_empty() && !held.fill()?;
                let Records { next, digest, clean, used, .. } = records;
                let (records, digest) = (next - header.first_sequence, digest.value());
                let ending = Ending { used, digest };
                return Ok(is_end.then_some(Whole { header, records, ending, clean }));
            }
            Taken::Flawed => return Ok(None),
        }
        // A record that is longer than all that is held is left to the reader.
        if !held.fill()? {
            return Ok(None);
        }
    }
}

/// What has been looked at.
struct Records {
    seed: Seed,
    next: u64,
    digest: Digest,
    clean: Option<bool>,
    used: u64,
}

/// How far some bytes hold sound records.
enum Taken {
    /// So many of them; what is left is a part of a record, or none.
    All(usize),
    /// So many of them, and the last was a seal.
    Sealed(usize),
    /// Not all the way.
    Flawed,
}

impl Records {
    fn take(&mut self, bytes: &[u8]) -> Taken {
        let mut at = 0;
        while let Ok(Some(raw)) = RawRecord::at(&bytes[at..]) {
            let Ok(sound) = raw.sound(self.seed, self.next) else { return Taken::Flawed };
            let before = self.digest;
            self.digest.fold(sound.first_word());
            self.next += 1;
            at += sound.padded();
            match sound.has_its_words() {
                Some(true) => self.clean = Some(false),
                Some(false) => return Taken::Flawed,
                None => match sound.read().map(|record| record.content) {
                    Ok(Content::Seal { digest, .. }) if digest == before.value() => {
                        self.used += at as u64;
                        return Taken::Sealed(at);
                    }
                    Ok(Content::End) => self.clean = Some(true),
                    Ok(Content::Start(_)) => self.clean = Some(false),
                    _ => return Taken::Flawed,
                },
            }
        }
        self.used += at as u64;
        Taken::All(at)
    }
}
