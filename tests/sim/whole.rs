//! A snapshot and the journal after it come to the same core, byte for byte, as the whole journal.

use crate::story::Counts;
use pinnaclemm::journal::playing::{Playing, Tally};
use pinnaclemm::journal::{Content, Journal, ReadError, snapshot};
use std::path::Path;

/// Plays on to the journal's end.
fn played(data: &Path, from: u64, begun: Option<Playing>) -> Result<Playing, String> {
    let journal = Journal::open(data).map_err(|error| error.to_string())?;
    let (mut playing, mut tally) = (begun, Tally::default());
    let read = journal.visit_from::<ReadError>(from, |place, record| {
        match (&record.content, &mut playing) {
            (Content::Start(text), playing) => {
                let start = journal.start(place, text)?;
                let begun = Playing::begin(start, Vec::new()).expect("a start has its core");
                let before = playing.as_ref().map_or(0, |playing| playing.last().0);
                *playing = Some(begun.after(before));
            }
            (Content::Input(input), Some(playing)) if record.sequence >= from => {
                playing.input(place, record.sequence, input, &mut tally);
            }
            (Content::Output { input, output }, Some(playing)) if record.sequence >= from => {
                playing.output(place, *input, output, &mut tally);
            }
            _ => {}
        }
        Ok(())
    });
    read.map_err(|error| error.to_string())?;
    if tally.differences > 0 {
        return Err(format!("from record {from} on it decides otherwise: {tally:?}"));
    }
    playing.ok_or_else(|| "nothing is played".to_owned())
}

/// Every snapshot that there is, against the whole.
pub(crate) fn snapshots_come_to_the_whole(data: &Path, counts: &mut Counts) -> Result<(), String> {
    let records = snapshot::records(data).map_err(|error| error.to_string())?;
    if records.is_empty() {
        return Ok(());
    }
    let bytes = |playing: &Playing| playing.core().map(snapshot::core_bytes);
    let whole = bytes(&played(data, 1, None)?);
    let journal = Journal::open(data).map_err(|error| error.to_string())?;
    for record in records {
        let image = snapshot::read(data, record, journal.identity());
        let image = image.map_err(|flaw| format!("snapshot {record}: {flaw}"))?;
        let begun = Playing::resume(image, Vec::new()).map_err(|error| error.to_string())?;
        if bytes(&played(data, record + 1, Some(begun))?) != whole {
            return Err(format!("snapshot {record} comes to another core than the whole journal"));
        }
        counts.count("cores of a snapshot and the tail");
    }
    Ok(())
}
