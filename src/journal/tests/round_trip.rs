//! What is appended is read back, over any number of segments.

use super::memory::*;
use crate::engine::risk::Output;
use crate::event::Part;
use crate::journal::params::SyncMode;
use crate::journal::reader::{End, SegmentReader};
use crate::journal::record::Content;
use crate::journal::segment::{Ending, HEADER_BYTES};
use crate::journal::{Start, WriteError};

#[test]
fn every_record_is_read_back() {
    let segments = MemorySegments::new(1 << 16);
    let images = segments.images.clone();
    let mut writer = writer(segments, SyncMode::Batch);
    for (event, levels) in inputs() {
        writer.append_input(&event, &levels).unwrap();
    }
    let every = [&outputs()[..], &[Output::Request(request())]].concat();
    for output in &every {
        let released = writer.append_output(output).unwrap();
        let expected = matches!(output, Output::Request(_)).then(request);
        assert_eq!(released.map(|journaled| *journaled.get()), expected);
    }
    let written = writer.written();
    writer.close().unwrap();

    let images = images.borrow();
    let mut reader = SegmentReader::new(&images[&1]).unwrap();
    let mut next = || reader.next().unwrap().unwrap();
    let Content::Start(text) = next().content else { panic!() };
    let expected = start(identity(), 5);
    assert_eq!(text, serde_json::to_string(&expected).unwrap());
    let read: Start = serde_json::from_str(text).unwrap();
    assert_eq!(read.config.get(), expected.config.get());
    let mut part = Part::empty();
    for (event, levels) in inputs() {
        let Content::Input(input) = next().content else { panic!() };
        input.read_into(&mut part);
        assert_eq!((part.event, part.levels()), (event, levels.as_slice()));
    }
    for expected in every {
        let Content::Output { input, output } = next().content else { panic!() };
        assert_eq!((input, output), (16, expected));
    }
    assert!(matches!(next().content, Content::End));
    let seal = next();
    assert!(matches!(seal.content, Content::Seal { cut: false, .. }));
    assert_eq!(written.sequence(), seal.sequence);
    assert_eq!(reader.next().unwrap().map(|record| record.sequence), None);
    let Some(End::Sealed(ending)) = reader.end() else { panic!() };
    assert_eq!(ending.used, images[&1].len() as u64);
}

/// Segments in every length from the least that holds a start: each is full to the brim, sealed
/// and followed by one that names its end.
#[test]
fn full_segments_roll_and_name_the_one_before() {
    for length in (1400..2200).step_by(8) {
        let segments = MemorySegments::new(length);
        let images = segments.images.clone();
        let mut writer = writer(segments, SyncMode::Process);
        for n in 0..200 {
            append_nth(&mut writer, n).unwrap();
        }
        drop(writer);
        let images = images.borrow();
        assert!(images.len() > 5);
        let (mut previous, mut sequence) = (Ending::default(), 1);
        for (number, image) in images.iter() {
            let mut reader = SegmentReader::new(image).unwrap();
            let header = reader.header();
            assert_eq!((header.number, header.first_sequence), (*number, sequence));
            assert_eq!(header.previous, previous);
            while let Some(record) = reader.next().unwrap() {
                assert_eq!(record.sequence, sequence);
                sequence += 1;
            }
            match reader.end().unwrap() {
                End::Sealed(ending) => previous = ending,
                end => assert_eq!((end, *number), (End::Open, images.len() as u64)),
            }
        }
        // 200 records, a start and the seals.
        assert_eq!(sequence, 202 + images.len() as u64 - 1);
    }
}

#[test]
fn the_first_failure_is_final() {
    let dead = |error: WriteError| assert!(matches!(error, WriteError::Dead), "{error}");
    let mut segments = MemorySegments::new(2048);
    segments.most = 2;
    let mut full = writer(segments, SyncMode::Process);
    let (n, error) =
        (0..).find_map(|n| append_nth(&mut full, n).err().map(|error| (n, error))).unwrap();
    assert!(matches!(error, WriteError::Segment { number: 3, .. }), "{error}");
    // A small record would still fit: nothing is written behind a hole.
    for n in n..n + 8 {
        dead(append_nth(&mut full, n).unwrap_err());
    }
    dead(full.sync().unwrap_err());
    dead(full.close().unwrap_err());

    let mut long = writer(MemorySegments::new(1400), SyncMode::Process);
    let mut start = start(identity(), 5);
    start.program = "x".repeat(2000);
    assert!(matches!(long.append_start(&start), Err(WriteError::TooLong { .. })));
    dead(append_nth(&mut long, 0).unwrap_err());
}

/// With `each` a request is not released unless it is synced; with the others it is.
#[test]
fn a_request_is_released_as_the_mode_says() {
    for (mode, released) in
        [(SyncMode::Process, true), (SyncMode::Batch, true), (SyncMode::Each, false)]
    {
        let mut segments = MemorySegments::new(4096);
        let origin_segments = std::mem::take(&mut segments.sync_fails);
        assert!(!origin_segments);
        let mut good = writer(segments, mode);
        assert!(good.append_request(&request()).is_ok());
        // The next segment cannot be synced.
        let mut failing = MemorySegments::new(4096);
        failing.sync_fails = true;
        good.offer(crate::journal::writer::Segments::create(&mut failing, 2).unwrap());
        while good.wanted().is_none() {
            let (event, levels) = &inputs()[0];
            good.append_input(event, levels).unwrap();
        }
        assert_eq!(good.append_request(&request()).is_ok(), released, "{mode:?}");
        assert_eq!(good.append_request(&request()).is_ok(), released, "{mode:?}");
    }
}

#[test]
fn a_prepared_segment_is_taken_and_else_discarded() {
    let segments = MemorySegments::new(2048);
    let images = segments.images.clone();
    let mut aside = MemorySegments { images: images.clone(), ..MemorySegments::new(2048) };
    let mut writer = writer(segments, SyncMode::Process);
    assert_eq!(writer.wanted(), Some(2));
    writer.offer(crate::journal::writer::Segments::create(&mut aside, 2).unwrap());
    assert_eq!(writer.wanted(), None);
    let mut n = 0;
    while writer.wanted().is_none() {
        append_nth(&mut writer, n).unwrap();
        n += 1;
    }
    let retired = writer.take_retired().unwrap();
    assert_eq!(retired.number, 1);
    assert!(retired.used > HEADER_BYTES);
    assert!(writer.take_retired().is_none());
    writer.offer(crate::journal::writer::Segments::create(&mut aside, 3).unwrap());
    writer.close().unwrap();
    assert_eq!(images.borrow().keys().copied().collect::<Vec<_>>(), [2]);
}
