//! What one segment must say so that it follows the one before, and where a journal may end.

use super::cases::{Case, Decision};
use super::fault::{Damage, Flaw};
use super::identity::Identity;
use super::read::{Cut, Summary};
use super::reader::{End, SegmentReader};
use super::record::{Content, Record};
use super::segment::{Ending, HEADER_BYTES, Header};
use super::synced::SyncedTo;
use super::whole::Whole;

/// What one segment must say so that it follows the one before.
pub(super) struct Chain {
    identity: Identity,
    pub(super) summary: Option<Summary>,
    /// The number of the next segment and the sequence of its first record.
    pub(super) next: (u64, u64),
    /// The first segment follows one that is not read.
    is_inside: bool,
}

impl Chain {
    /// From that segment on; what stands before it is taken for granted.
    pub(super) const fn new(identity: Identity, first: u64) -> Self {
        Self { identity, summary: None, next: (first, 1), is_inside: first > 1 }
    }

    pub(super) fn enter(&mut self, header: &Header, number: u64) -> Result<(), Damage> {
        if header.number != number {
            return Err(Damage::Number { found: header.number });
        }
        if header.owner.identity != self.identity {
            let (found, expected) = (header.owner.identity.to_string(), self.identity.to_string());
            return Err(Damage::Foreign { found, expected });
        }
        self.must_follow(header)?;
        let clean = self.summary.is_none_or(|summary| summary.clean);
        let (segments, records, sum) = self
            .summary
            .map_or((0, 0, 0), |summary| (summary.segments, summary.records, summary.bytes));
        self.summary = Some(Summary {
            segments: segments + 1,
            records,
            last_record: header.first_sequence.saturating_sub(1),
            bytes: sum + HEADER_BYTES as u64,
            epoch: header.epoch,
            last_segment: number,
            end: End::Open,
            used: HEADER_BYTES,
            clean,
            cut: None,
        });
        self.next = (number, header.first_sequence);
        Ok(())
    }

    /// A segment that was found to be whole by itself.
    pub(super) fn pass(&mut self, whole: &Whole) -> Result<(), Damage> {
        let (ending, next) = (whole.ending, whole.header.first_sequence + whole.records);
        self.enter(&whole.header, whole.header.number)?;
        let summary = self.summary.as_mut().expect("a segment was entered");
        summary.records += whole.records;
        summary.last_record = next - 1;
        summary.bytes += ending.used - HEADER_BYTES as u64;
        summary.clean = whole.clean.unwrap_or(summary.clean);
        summary.end = End::Sealed(ending);
        summary.used = usize::try_from(ending.used).expect("it was read");
        self.next = (summary.last_segment + 1, next);
        Ok(())
    }

    fn must_follow(&self, header: &Header) -> Result<(), Damage> {
        let previous = match self.summary.map(|summary| summary.end) {
            None if self.is_inside => return Ok(()),
            None => Ending::default(),
            Some(End::Sealed(ending)) => ending,
            Some(End::Open | End::Torn { .. }) => return Err(Damage::NotSealed),
        };
        if header.previous != previous {
            return Err(Damage::Chain("another length or digest"));
        }
        if header.first_sequence != self.next.1 {
            return Err(Damage::Chain("another sequence"));
        }
        if self.summary.is_some_and(|summary| header.epoch < summary.epoch) {
            return Err(Damage::Chain("an older epoch"));
        }
        Ok(())
    }

    pub(super) fn count(&mut self, record: &Record<'_>) {
        let summary = self.summary.as_mut().expect("a segment was entered");
        summary.records += 1;
        summary.last_record = record.sequence;
        summary.bytes += record.bytes() as u64;
        match record.content {
            Content::Seal { .. } => {}
            Content::End => summary.clean = true,
            Content::Start(_) | Content::Input(_) | Content::Output { .. } => summary.clean = false,
        }
    }

    /// Whether another segment may follow is told when that one is entered: the last that has
    /// begun may be open.
    pub(super) fn leave(&mut self, reader: &SegmentReader<'_>) {
        let summary = self.summary.as_mut().expect("a segment was entered");
        summary.end = reader.end().expect("it was read to its end");
        summary.used = reader.at();
        self.next = (summary.last_segment + 1, reader.sequence());
    }

    /// The reader stands before something bad.
    pub(super) fn at(&mut self, reader: &SegmentReader<'_>, length: usize) {
        let summary = self.summary.as_mut().expect("a segment was entered");
        summary.used = reader.at();
        summary.end = End::Torn { flaw: Flaw::Checksum, bytes: length - reader.at() };
        self.next = (summary.last_segment, reader.sequence());
    }

    /// Whether the journal may end before something bad in the segment at hand.
    pub(super) fn cut_at(
        &mut self,
        (segment, offset): (u64, usize),
        damage: &Damage,
        synced: Option<SyncedTo>,
    ) -> bool {
        let case = Case::of_damage(damage, (segment, offset), synced);
        let summary = self.summary.as_mut().expect("a segment was entered");
        if case.decision() == Decision::Cut {
            summary.cut = Some(Cut { segment, offset: summary.used, case });
        }
        summary.cut.is_some()
    }

    /// Whether the journal may end before a segment that cannot be entered. One that follows an
    /// open one is not the first that is bad: the end of the open one is.
    pub(super) fn cut_before(
        &mut self,
        number: u64,
        damage: &Damage,
        synced: Option<SyncedTo>,
    ) -> bool {
        let Some(summary) = &mut self.summary else {
            // Power was lost within the first start: there is no journal yet.
            let case = Case::of_damage(damage, (number, 0), synced);
            return !self.is_inside && case.decision() == Decision::Cut;
        };
        let is_open = !matches!(summary.end, End::Sealed(_));
        let place = if is_open { (summary.last_segment, summary.used) } else { (number, 0) };
        let mut case = Case::of_damage(damage, place, synced);
        if case.decision() == Decision::Cut {
            if is_open {
                case = Case::Hole;
            }
            summary.cut = Some(Cut { segment: place.0, offset: place.1, case });
        }
        summary.cut.is_some()
    }
}
