//! What a start finds out of snapshots and journal: the same as the process knew that wrote them, in
//! every case of the table, and whatever this core would decide.

#![expect(clippy::unwrap_used, reason = "the checks of tests fail by panicking")]

use crate::core_rig::Scratch;
use pinnaclemm::engine::CoreParams;
use pinnaclemm::engine::risk::Opening;
use pinnaclemm::event::{StateReason, TradingState};
use pinnaclemm::journal::cases::{Case, Decision};
use pinnaclemm::journal::files::{segment_numbers, segment_path};
use pinnaclemm::journal::playing::{Playing, Tally};
use pinnaclemm::journal::recovery::{Recovered, RecoveryError, recover};
use pinnaclemm::journal::segment::Header;
use pinnaclemm::journal::snapshot::{self, Image};
use pinnaclemm::journal::{
    Begun, Content, DataDirectory, DiskParams, Journal, JournalParams, ReadError, Start, SyncMode,
    begin, cut, poison,
};
use pinnaclemm::types::{InstanceTag, Nanos};
use serde_json::value::RawValue;
use std::fs;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals").join(name)
}

/// What is compared of two openings: whether an order only reduces is not recorded.
fn compared(mut opening: Opening) -> Opening {
    opening.orders.iter_mut().for_each(|order| order.reduce_only = false);
    opening.orders.sort_by_key(|order| order.id);
    opening
}

/// Plays on to the journal's end.
fn play(directory: &Path, from: u64, mut playing: Option<Playing>) -> (Playing, Tally) {
    let journal = Journal::open(directory).unwrap();
    let mut tally = Tally::default();
    let read = journal.visit_from::<ReadError>(from, |place, record| {
        match (&record.content, &mut playing) {
            (Content::Start(text), playing) => {
                let start = journal.start(place, text)?;
                *playing = Some(Playing::begin(start, Vec::new()).unwrap());
            }
            (Content::Input(input), Some(playing)) => {
                playing.input(place, record.sequence, input, &mut tally);
            }
            (Content::Output { input, output }, Some(playing)) => {
                playing.output(place, *input, output, &mut tally);
            }
            _ => {}
        }
        Ok(())
    });
    read.unwrap();
    (playing.unwrap(), tally)
}

/// The files of snapshots before every so many-th input.
fn snapshots(directory: &Path, every: u64) -> Vec<(u64, Vec<u8>)> {
    let journal = Journal::open(directory).unwrap();
    let (mut playing, mut tally) = (None::<Playing>, Tally::default());
    let mut taken = Vec::new();
    let read = journal.visit::<ReadError>(|place, record| {
        match (&record.content, &mut playing) {
            (Content::Start(text), playing) => {
                let start = journal.start(place, text)?;
                *playing = Some(Playing::begin(start, Vec::new()).unwrap());
            }
            (Content::Input(input), Some(playing)) => {
                let core = playing.core().unwrap();
                let decided = compared(core.risk().closing());
                assert_eq!(compared(playing.facts().closing()), decided, "{place:?}");
                if tally.inputs % every == 0 {
                    let facts = playing.facts_at(record.sequence - 1);
                    let bytes = snapshot::to_bytes(&facts, Some(core)).unwrap();
                    taken.push((record.sequence - 1, bytes));
                }
                playing.input(place, record.sequence, input, &mut tally);
            }
            (Content::Output { input, output }, Some(playing)) => {
                playing.output(place, *input, output, &mut tally);
            }
            _ => {}
        }
        Ok(())
    });
    read.unwrap();
    assert_eq!((tally.differences, tally.contradictions), (0, 0), "{:?}", tally.first);
    taken
}

/// A snapshot and the rest of the journal come to the same core, byte for byte, as the whole
/// journal; and the recorded outputs alone to the same positions, orders and profit.
pub(crate) fn check_snapshots(directory: &Path, every: u64) -> usize {
    let (whole, _) = play(directory, 1, None);
    let expected = snapshot::core_bytes(whole.core().unwrap());
    let taken = snapshots(directory, every);
    for (record, bytes) in &taken {
        let image: Image = snapshot::of_bytes(bytes).unwrap();
        assert!(image.core.is_some(), "the shape is this program's");
        let playing = Playing::resume(image, Vec::new()).unwrap();
        let (playing, tally) = play(directory, record + 1, Some(playing));
        assert_eq!(tally.differences, 0, "after record {record}: {:?}", tally.first);
        let got = snapshot::core_bytes(playing.core().unwrap());
        assert!(got == expected, "another core than the whole journal's, from record {record}");
        let facts = compared(playing.facts().closing());
        assert_eq!(facts, compared(whole.facts().closing()), "from record {record}");
    }
    taken.len()
}

#[test]
fn a_snapshot_and_the_tail_come_to_the_whole() {
    assert!(check_snapshots(&golden("run-basic"), 64) > 20);
    assert!(check_snapshots(&golden("run-glft"), 256) > 5);
}

/// Plays the whole with a core that is written down and read back before every input, so that each
/// of them meets a core that came of an image.
fn play_from_images(directory: &Path) -> (Playing, Tally) {
    let journal = Journal::open(directory).unwrap();
    let (mut playing, mut tally) = (None::<Playing>, Tally::default());
    let read = journal.visit::<ReadError>(|place, record| {
        match (&record.content, &mut playing) {
            (Content::Start(text), playing) => {
                let start = journal.start(place, text)?;
                *playing = Some(Playing::begin(start, Vec::new()).unwrap());
            }
            (Content::Input(input), Some(held)) => {
                held.complete(place, &mut tally);
                let core = snapshot::core_of(&snapshot::core_bytes(held.core().unwrap()));
                assert!(core.is_some(), "record {}", record.sequence);
                let image = Image { facts: held.facts_at(record.sequence - 1), core };
                let mut next = Playing::resume(image, Vec::new()).unwrap();
                next.input(place, record.sequence, input, &mut tally);
                *held = next;
            }
            (Content::Output { input, output }, Some(playing)) => {
                playing.output(place, *input, output, &mut tally);
            }
            _ => {}
        }
        Ok(())
    });
    read.unwrap();
    (playing.unwrap(), tally)
}

#[test]
fn an_image_before_every_input_changes_nothing() {
    let directory = golden("run-basic");
    let (whole, expected) = play(&directory, 1, None);
    let (playing, tally) = play_from_images(&directory);
    assert_eq!((tally.inputs, tally.outputs), (expected.inputs, expected.outputs));
    assert!(tally.inputs > 1000 && tally.outputs > 100);
    assert_eq!((tally.differences, tally.contradictions), (0, 0), "{:?}", tally.first);
    let bytes = |playing: &Playing| snapshot::core_bytes(playing.core().unwrap());
    assert!(bytes(&playing) == bytes(&whole), "another core");
    assert_eq!(compared(playing.facts().closing()), compared(whole.facts().closing()));
}

const PARAMS: JournalParams = JournalParams {
    pack: false,
    journal_bytes_max: None,
    disk: DiskParams { warn_minutes: 60, stop_minutes: 15, halt_minutes: 5 },
    segment_bytes: 3 << 14,
    sync: SyncMode::Batch,
    sync_interval: Nanos::from_millis(10),
    unsynced_max: Nanos::from_seconds(2),
};

/// Writes the kept run again, as its process was killed: `synced` of its records are known to be
/// synced. The parameters of the core may be others than those that decided.
fn rewritten(
    name: &str,
    synced: u64,
    change: impl Fn(&mut CoreParams),
) -> (Scratch, Option<Begun>) {
    let scratch = Scratch::new(name);
    let journal = Journal::open(&golden("run-basic")).unwrap();
    let mut begun: Option<Begun> = None;
    let mut part = pinnaclemm::event::Part::empty();
    let read = journal.visit::<ReadError>(|place, record| {
        match (&record.content, &mut begun) {
            (Content::Start(text), begun) => {
                let start = journal.start(place, text)?;
                let mut params: CoreParams = serde_json::from_str(start.config.get()).unwrap();
                change(&mut params);
                let config = serde_json::to_string(&params).unwrap();
                let config = RawValue::from_string(config).unwrap();
                let directory = DataDirectory::open(scratch.path(), &start.identity).unwrap();
                let start = |_| Start { config, ..start.clone() };
                *begun = Some(begin(directory, &PARAMS, place.epoch, start).unwrap());
            }
            (Content::Input(input), Some(begun)) => {
                input.read_into(&mut part);
                begun.writer.append_input(&part.event, part.levels()).unwrap();
            }
            (Content::Output { output, .. }, Some(begun)) => {
                begun.writer.append_output(output).unwrap();
            }
            _ => {}
        }
        if let Some(begun) = begun.as_mut().filter(|_| record.sequence == synced) {
            begun.syncer.sync().unwrap();
        }
        Ok(())
    });
    read.unwrap();
    (scratch, begun)
}

fn recovered(directory: &Path) -> Result<Recovered, RecoveryError> {
    recover(directory, &mut |_| true).map(|left| left.expect("an epoch has begun"))
}

#[test]
fn recorded_outputs_are_facts_whatever_this_core_would_decide() {
    let (same, _) = rewritten("facts-same", 9, |_| {});
    let expected = recovered(same.path()).unwrap();
    assert_eq!((expected.tally.differences, expected.tally.contradictions), (0, 0));
    assert!(!expected.opening.trades.is_empty());
    // Limits under which nothing could have been done, and a quoter that wants other prices.
    let (other, _) = rewritten("facts-other", 9, |params| {
        params.risk.gross_exposure_max = 1;
        params.risk.daily_loss_max = 1;
        for one in &mut params.instruments {
            one.limits.position_max = 1;
            one.quote.spread.base_bps *= 3.0;
            one.quote.spread.min_bps *= 2.0;
        }
    });
    let got = recovered(other.path()).unwrap();
    assert!(got.tally.differences > 100, "{}", got.tally.differences);
    let first = got.tally.first.clone().unwrap().to_string();
    assert!(first.contains("is decided otherwise"), "{first}");
    assert_eq!(got.tally.contradictions, 0);
    let without_limits = |mut opening: Opening| {
        opening.trading.loss_halts = true;
        compared(opening)
    };
    assert_eq!(without_limits(got.opening), without_limits(expected.opening.clone()));
    // The outputs alone, from the first record that makes the core panic.
    let note = |record| {
        let line = format!("{{\"epoch\":1,\"record\":{record},\"said\":\"a test\"}}\n");
        fs::write(poison::path_in(same.path()), line).unwrap();
    };
    note(1000);
    let got = recovered(same.path()).unwrap();
    assert!(got.tally.not_decided > 500, "{:?}", got.tally);
    let (input, _) = got.poison.clone().unwrap();
    assert_eq!(input, expected.input);
    let trading = &got.opening.trading;
    assert_eq!((trading.state, trading.reason), (TradingState::Halted, StateReason::PoisonInput));
    // What needs no books is exact.
    assert_eq!(got.opening.orders, expected.opening.orders);
    assert_eq!(got.opening.trades, expected.opening.trades);
    let books = |opening: &Opening| -> Vec<_> {
        let held = opening.positions.iter();
        held.map(|one| (one.lots, one.cost, one.realised, one.fees)).collect()
    };
    assert_eq!(books(&got.opening), books(&expected.opening));
    // A start that has come up halted is not halted again.
    poison::acknowledge(same.path(), 2).unwrap();
    let got = recovered(same.path()).unwrap();
    assert!(got.poison.is_none() && got.tally.not_decided > 500);
    assert_eq!(got.opening.trading.state, TradingState::Active);
}

/// Inputs are counted on also behind an epoch that has died before its first one.
#[test]
fn an_epoch_without_an_input_does_not_count_anew() {
    let (scratch, begun) = rewritten("no-input", 9, |_| {});
    drop(begun);
    let before = recovered(scratch.path()).unwrap();
    assert!(before.input > 100);
    for _ in 0..2 {
        let directory = DataDirectory::open(scratch.path(), &before.start.identity).unwrap();
        let start = |epoch| Start { epoch, ..before.start.clone() };
        drop(begin(directory, &PARAMS, 1, start).unwrap());
        assert_eq!(recovered(scratch.path()).unwrap().input, before.input);
    }
}

/// Only part of what the very first start wrote has come to the disk: there is no journal yet, and
/// what is there is put aside. Where it is not known that nothing was synced, the start stops.
#[test]
fn power_lost_within_the_first_start_stops_no_other() {
    let (scratch, begun) = rewritten("first-start", 9, |_| {});
    drop(begun);
    let (folder, marks) = (scratch.path().join("journal"), scratch.path().join("synced"));
    let start = recovered(scratch.path()).unwrap().start;
    for number in segment_numbers(&folder).unwrap().into_iter().filter(|number| *number > 1) {
        fs::remove_file(segment_path(&folder, number)).unwrap();
    }
    let first = segment_path(&folder, 1);
    let mut bytes = fs::read(&first).unwrap();
    bytes[..4096].fill(0);
    fs::write(&first, &bytes).unwrap();
    fs::remove_file(&marks).unwrap();
    let stopped = recovered(scratch.path()).unwrap_err();
    assert_eq!(stopped.case(), Some(Case::Damage), "{stopped}");
    fs::write(&marks, [0; 8192]).unwrap();
    assert!(recover(scratch.path(), &mut |_| true).unwrap().is_none());
    let directory = DataDirectory::open(scratch.path(), &start.identity).unwrap();
    let begun = begin(directory, &PARAMS, 70, |epoch| Start { epoch, ..start.clone() });
    let aside = folder.join(format!("{:020}-0.torn", 1));
    assert_eq!(begun.unwrap().put_aside, std::slice::from_ref(&aside));
    let left = recovered(scratch.path()).unwrap();
    assert_eq!((left.start.epoch, left.summary.segments), (70, 1));
    assert_eq!(fs::read(aside).unwrap(), bytes);
}

/// A folder whose last segments were changed.
struct Broken(Scratch, Option<Begun>);

impl Broken {
    fn new(name: &str, synced: u64) -> Self {
        let (scratch, begun) = rewritten(name, synced, |_| {});
        Self(scratch, begun)
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    /// Segments that have begun, and where the last one ends.
    fn last(&self) -> (u64, usize) {
        let journal = Journal::open(self.0.path()).unwrap();
        let summary = journal.visit(|_, _| Ok::<_, ReadError>(())).unwrap().unwrap();
        (summary.last_segment, summary.used)
    }

    fn change(&self, segment: u64, change: impl FnOnce(&mut Vec<u8>)) {
        let path = segment_path(&self.folder(), segment);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    }

    fn header(&self, segment: u64, change: impl FnOnce(&mut Header)) {
        self.change(segment, |bytes| {
            let (mut header, _) = Header::read(bytes).unwrap();
            change(&mut header);
            header.write(bytes);
        });
    }

    /// The case, the decision taken, and that what must be kept is kept.
    fn is(&self, case: Case) {
        let found = recovered(self.0.path());
        match (case.decision(), found) {
            (Decision::Stop, Err(error)) => {
                assert_eq!(error.case(), Some(case), "{error}");
                let words = error.to_string();
                assert!(words.contains(case.name()) && words.contains(case.choices()), "{words}");
            }
            (Decision::GoOn | Decision::Cut, Ok(left)) => {
                assert_eq!(left.summary.case(), case);
                assert_eq!(
                    left.cut().is_some(),
                    case != Case::TornTail && case.decision() == Decision::Cut
                );
            }
            (Decision::TakeEarlier, Ok(left)) => {
                let flaw = &left.passed[0].flaw;
                assert_eq!(Case::of_snapshot(flaw), Some(case), "{flaw}");
            }
            (_, found) => panic!("{}: {found:?}", case.name()),
        }
    }
}

#[test]
fn every_case_of_the_table_is_decided_as_it_says() {
    let mut met = Vec::new();
    let mut check = |broken: &Broken, case: Case| {
        broken.is(case);
        met.push(case);
    };
    let mut closed = Broken::new("clean", 1000);
    closed.1.take().unwrap().writer.close().unwrap();
    check(&closed, Case::CleanEnd);

    let killed = Broken::new("killed", 1000);
    check(&killed, Case::Killed);
    let (last, used) = killed.last();
    assert!(last > 3, "{last} segments");
    killed.change(last, |bytes| bytes[used..used + 40].fill(0x55));
    check(&killed, Case::TornTail);

    // Power was lost: sound records behind a bad one, in this segment and in those behind it.
    let hole = Broken::new("hole", 1000);
    hole.change(last - 1, |bytes| bytes[2000] ^= 1);
    check(&hole, Case::Hole);
    let left = recovered(hole.0.path()).unwrap();
    let at = left.cut().unwrap();
    assert_eq!((at.segment, left.cut().is_some()), (last - 1, true));
    drop(hole.1);
    let hole = Broken(hole.0, None);
    let directory = DataDirectory::open(hole.0.path(), &left.start.identity).unwrap();
    let saved = cut::cut(&directory, at.segment, at.offset).unwrap();
    assert_eq!(saved.len(), 2, "{saved:?}");
    assert!(saved.iter().all(|path| fs::metadata(path).unwrap().len() > 0));
    let again = recovered(hole.0.path()).unwrap();
    assert_eq!(again.summary.case(), Case::Killed);
    assert_eq!(compared(again.opening), compared(left.opening));

    let header = Broken::new("header", 1000);
    header.change(last, |bytes| bytes[20] ^= 1);
    check(&header, Case::UnsyncedSegment);

    let damage = Broken::new("damage", 1000);
    damage.change(1, |bytes| bytes[9000] ^= 1);
    check(&damage, Case::Damage);

    let lost = Broken::new("lost", 2140);
    lost.change(last, |bytes| bytes[512..].fill(0));
    check(&lost, Case::LostSynced);

    let missing = Broken::new("missing", 1000);
    fs::remove_file(segment_path(&missing.folder(), 2)).unwrap();
    check(&missing, Case::MissingSegment);

    let older = Broken::new("older", 1000);
    older.header(last, |header| header.epoch -= 1);
    check(&older, Case::OlderEpoch);

    let foreign = Broken::new("foreign", 1000);
    foreign.header(last, |header| header.owner.identity.instance_tag = InstanceTag::new(77));
    check(&foreign, Case::Foreign);

    let newer = Broken::new("newer", 1000);
    newer.change(last, |bytes| bytes[8] = 9);
    check(&newer, Case::NewerVersion);

    // Snapshots.
    let taken = snapshots(&golden("run-basic"), 700);
    let [(first, old), (second, new), ..] = &taken[1..] else { panic!("{}", taken.len()) };
    let with = |name: &str, newest: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let broken = Broken::new(name, 1000);
        snapshot::write(broken.0.path(), *first, old).unwrap();
        snapshot::write(broken.0.path(), *second, &newest(new.clone())).unwrap();
        broken
    };
    let whole = with("snapshots", &|bytes| bytes);
    let (got, expected) = (recovered(whole.0.path()).unwrap(), recovered(killed.0.path()).unwrap());
    assert_eq!(got.snapshot, Some(*second));
    assert!(got.tally.inputs < expected.tally.inputs);
    assert_eq!(got.opening, expected.opening);
    let flipped = |at: usize| {
        move |mut bytes: Vec<u8>| {
            bytes[at] ^= 1;
            bytes
        }
    };
    for at in [0, 13, 30, 46, 60, new.len() - 1] {
        let corrupt = with("corrupt", &flipped(at));
        check(&corrupt, Case::SnapshotCorrupt);
        let left = recovered(corrupt.0.path()).unwrap();
        assert_eq!((left.snapshot, left.opening), (Some(*first), expected.opening.clone()));
    }
    check(
        &with("torn-snapshot", &|bytes| bytes[..bytes.len() / 2].to_vec()),
        Case::SnapshotCorrupt,
    );
    check(&with("newer-snapshot", &flipped(9)), Case::SnapshotNewer);
    let other = |_| {
        let mut image = snapshot::of_bytes(new).unwrap();
        image.facts.start.identity.instance_tag = InstanceTag::new(5);
        snapshot::to_bytes(&image.facts, image.core.as_ref()).unwrap()
    };
    check(&with("foreign-snapshot", &other), Case::SnapshotForeign);
    let ahead = Broken::new("ahead", 1000);
    let mut image = snapshot::of_bytes(new).unwrap();
    image.facts.record = 99_999;
    let bytes = snapshot::to_bytes(&image.facts, None).unwrap();
    snapshot::write(ahead.0.path(), 99_999, &bytes).unwrap();
    check(&ahead, Case::SnapshotAhead);
    assert!(Case::ALL.iter().all(|case| met.contains(case)), "{met:?}");
}
