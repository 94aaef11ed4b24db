//! What is recorded comes back; a cut, a failure and damage cost only what they hit.

use super::super::reader::Reader;
use super::super::testing::{Random, Scratch};
use super::*;
use std::sync::{Arc, Mutex};

type Owned = (Nanos, Kind, Vec<u8>, Vec<u8>);

fn random_records(random: &mut Random, count: usize, max: u64) -> Vec<Owned> {
    let mut records = Vec::new();
    for _ in 0..count {
        let kind = Kind::ALL[usize::try_from(random.below(6)).unwrap()];
        let received = match random.below(5) {
            0 => Nanos::UNKNOWN,
            1 => Nanos(random.next().cast_signed().max(i64::MIN + 1)),
            _ => Nanos(1_700_000_000_000_000_000 + random.next().cast_signed() % 3_000_000_000),
        };
        records.push((received, kind, random.bytes(20), random.bytes(max)));
    }
    records
}

fn write(recorder: &mut Recorder, records: &[Owned]) {
    for (received, kind, tag, payload) in records {
        let (received, kind) = (*received, *kind);
        recorder.record(&Record { received, kind, tag, payload, torn: false }).unwrap();
    }
}

fn read(bytes: &[u8]) -> (Vec<Owned>, Reader) {
    let mut reader = Reader::from_read("test", io::Cursor::new(bytes.to_vec())).unwrap();
    let mut records = Vec::new();
    while reader.advance().unwrap() {
        let record = reader.record().unwrap();
        assert!(!record.torn);
        records.push((record.received, record.kind, record.tag.to_vec(), record.payload.to_vec()));
    }
    (records, reader)
}

#[test]
fn what_is_recorded_comes_back() {
    let scratch = Scratch::new();
    for seed in 1..40 {
        for name in ["plain", "packed.zst"] {
            let records = random_records(&mut Random(seed), 50, 300 * seed);
            let path = scratch.path(&format!("{seed}-{name}"));
            let mut recorder = Recorder::create(&path, Venue::Bitstamp).unwrap();
            write(&mut recorder, &records);
            recorder.finish().unwrap();
            let (got, reader) = read(&std::fs::read(&path).unwrap());
            assert_eq!(got, records, "seed {seed}");
            assert_eq!(reader.venue(), Some(Venue::Bitstamp));
            assert_eq!((reader.report().malformed, reader.report().torn), (0, None));
        }
    }
}

#[test]
fn the_text_is_as_documented() {
    let scratch = Scratch::new();
    let path = scratch.path("text");
    let mut recorder = Recorder::create(&path, Venue::Kraken).unwrap();
    write(
        &mut recorder,
        &[
            (Nanos(12), Kind::Received, vec![], b"{\"channel\":\"heartbeat\"}".to_vec()),
            (Nanos::UNKNOWN, Kind::Rest, b"https://x".to_vec(), b"[\n]".to_vec()),
        ],
    );
    recorder.finish().unwrap();
    let expected = "pinnaclemm-recording 1 venue=kraken\n\
        12 recv 0 23  {\"channel\":\"heartbeat\"}\n\
        - rest 9 3 https://x [\n]\n";
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);

    let again = Recorder::create(&path, Venue::Kraken).unwrap_err();
    assert!(again.to_string().ends_with("exists: move it away or choose another name"), "{again}");
}

#[test]
fn a_cut_at_every_byte_keeps_the_whole_records() {
    let records = random_records(&mut Random(7), 12, 60);
    let sink = Shared::default();
    let written = sink.clone();
    let mut recorder = Recorder::over(Box::new(sink), "test".into(), Venue::Kraken);
    recorder.flush_due(Nanos(0)).unwrap();
    let mut ends = vec![written.len()];
    for record in &records {
        write(&mut recorder, std::slice::from_ref(record));
        recorder.pass_on(true).unwrap();
        ends.push(written.len());
    }
    let bytes = written.0.lock().unwrap().clone();
    for cut in 0..=bytes.len() {
        let (got, reader) = read(&bytes[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(got, records[..whole.saturating_sub(1)], "cut at {cut}");
        let last = ends.iter().rfind(|end| **end <= cut).copied().unwrap_or(0);
        let torn = (cut > last).then_some(cut - last);
        assert_eq!(reader.report().torn, torn, "cut at {cut}");
        assert_eq!(reader.report().malformed, 0, "cut at {cut}");
    }
}

#[test]
fn a_cut_in_zstd_keeps_what_was_flushed() {
    let scratch = Scratch::new();
    let path = scratch.path("cut.zst");
    let records: Vec<Owned> = random_records(&mut Random(9), 20, 60)
        .into_iter()
        .enumerate()
        .map(|(n, r)| (Nanos::from_seconds(i64::try_from(n).unwrap() + 1), r.1, r.2, r.3))
        .collect();
    let mut recorder = Recorder::create(&path, Venue::Kraken).unwrap();
    // A second passes between any two, so each is flushed.
    let mut ends = Vec::new();
    for record in &records {
        write(&mut recorder, std::slice::from_ref(record));
        ends.push(usize::try_from(std::fs::metadata(&path).unwrap().len()).unwrap());
    }
    recorder.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for cut in 0..bytes.len() {
        let (got, reader) = read(&bytes[..cut]);
        let flushed = ends.iter().filter(|end| **end <= cut).count();
        assert!(got.len() >= flushed, "{} of {flushed} at {cut}", got.len());
        assert_eq!(got, records[..got.len()]);
        assert_eq!(reader.report().torn.is_some(), cut > 0, "cut at {cut}");
    }
}

#[test]
fn damage_costs_one_record() {
    let head = "pinnaclemm-recording 1 venue=kraken\n";
    let check = |middle: &str, expected: &[Malformed]| {
        let text = format!("{head}1 recv 0 2  {{}}\n{middle}3 recv 0 2  {{}}\n");
        let (got, reader) = read(text.as_bytes());
        let stamps: Vec<i64> = got.iter().map(|record| record.0.0).collect();
        assert_eq!(stamps, [1, 3], "{middle}");
        let named: Vec<Malformed> = reader.report().named.iter().map(|named| named.1).collect();
        assert_eq!(named, expected, "{middle}");
    };
    use Malformed::Lengths;
    check("2 recv 0 3  {}\n", &[Lengths]);
    check("2 recv 0 1  {}\n", &[Lengths]);
    check("2 recv 1 2  {}\n", &[Lengths]);
    check("2 gone 0 2  {}\n", &[Lengths]);
    check("2 recv 0 99999999999  {}\n", &[Lengths]);
    check("2 recv 0 -1  {}\n", &[Lengths]);
    check("x recv 0 2  {}\n", &[Lengths]);
    check("\n\n", &[Lengths, Lengths]);
    check(&format!("{}\n", "y".repeat(200)), &[Lengths]);
}

#[test]
fn a_foreign_first_line_is_named() {
    let check = |line: &str, expected: &str| {
        let input = io::Cursor::new(format!("pinnaclemm-recording {line}\n"));
        let mut reader = Reader::from_read("test", input).unwrap();
        let error = reader.advance().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!reader.advance().unwrap());
    };
    check("2 venue=kraken", "version 2");
    check("1 venue=mtgox", "mtgox");
    check("1", "pinnaclemm-recording 1");
}

#[test]
fn a_failed_write_is_final() {
    let sink = Shared::default();
    let full = sink.clone();
    let mut recorder = Recorder::over(Box::new(sink), "disk/file".into(), Venue::Kraken);
    recorder.flush_due(Nanos(0)).unwrap();
    *full.1.lock().unwrap() = true;
    let record = Record {
        received: Nanos::from_seconds(2),
        kind: Kind::Received,
        tag: b"",
        payload: b"{}",
        torn: false,
    };
    let text = "writing disk/file failed, the recording ends here: no space";
    assert_eq!(recorder.record(&record).unwrap_err().to_string(), text);
    *full.1.lock().unwrap() = false;
    assert_eq!(recorder.record(&record).unwrap_err().to_string(), text);
    assert_eq!(recorder.flush_due(Nanos(0)).unwrap_err().to_string(), text);
    assert_eq!(recorder.finish().unwrap_err().to_string(), text);
    assert_eq!(full.len(), "pinnaclemm-recording 1 venue=kraken\n".len());
}

#[test]
fn what_no_reader_takes_is_refused() {
    let sink = Shared::default();
    let mut recorder = Recorder::over(Box::new(sink), "test".into(), Venue::Kraken);
    let long = vec![b' '; LINE_MAX + 1];
    let record = |payload| Record {
        received: Nanos(1),
        kind: Kind::Received,
        tag: b"",
        payload,
        torn: false,
    };
    assert!(matches!(recorder.record(&record(&long)), Err(RecorderError::TooLong { .. })));
    recorder.record(&record(&long[..8])).unwrap();
    recorder.finish().unwrap();
}

/// A disk in memory that can be full.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>, Arc<Mutex<bool>>);

impl Shared {
    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if *self.1.lock().unwrap() {
            return Err(io::Error::other("no space"));
        }
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Shared {
    fn finish(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}
