//! Wishes for snapshots, kept to one a book in a while.
//!
//! A venue that is behind sends snapshots that are old when they come: asked for another at each,
//! it would never catch up. Asking is the link's.

use crate::types::{InstrumentId, Nanos};

/// Between two snapshots of a book.
const RETRY: Nanos = Nanos::from_millis(100);

/// By instrument: when its last snapshot was asked for, and whether another one is wanted.
#[derive(Debug, Default)]
pub(super) struct Resyncs(Vec<(Nanos, bool)>);

impl Resyncs {
    /// One more is wanted.
    pub(super) fn want(&mut self, instrument: InstrumentId) {
        let known = self.0.len().max(instrument.index() + 1);
        self.0.resize(known, (Nanos(i64::MIN), false));
        self.0[instrument.index()].1 = true;
    }

    /// None is wanted any more.
    pub(super) fn synced(&mut self, instrument: InstrumentId) {
        if let Some((_, is_wanted)) = self.0.get_mut(instrument.index()) {
            *is_wanted = false;
        }
    }

    /// When the next one may be asked for, if one is wanted.
    pub(super) fn due(&self) -> Option<Nanos> {
        let wanted = self.0.iter().filter(|(_, is_wanted)| *is_wanted);
        wanted.map(|(at, _)| Nanos(at.0.saturating_add(RETRY.0))).min()
    }

    /// One that is to be asked for now.
    pub(super) fn take(&mut self, now: Nanos) -> Option<InstrumentId> {
        let is_due = |one: &(Nanos, bool)| one.1 && one.0.0.saturating_add(RETRY.0) <= now.0;
        let place = self.0.iter().position(is_due)?;
        self.0[place] = (now, false);
        Some(InstrumentId(u16::try_from(place).expect("an instrument's number")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_has_one_in_a_while_and_none_it_does_not_want() {
        let mut resyncs = Resyncs::default();
        let (one, other, second) = (InstrumentId(1), InstrumentId(0), Nanos::from_seconds(1));
        assert_eq!((resyncs.due(), resyncs.take(second)), (None, None));
        resyncs.want(one);
        assert_eq!((resyncs.take(second), resyncs.take(second)), (Some(one), None));
        resyncs.want(one);
        resyncs.want(other);
        assert_eq!((resyncs.take(second), resyncs.take(second)), (Some(other), None));
        let next = Nanos(second.0 + RETRY.0);
        assert_eq!((resyncs.due(), resyncs.take(Nanos(next.0 - 1))), (Some(next), None));
        resyncs.synced(one);
        assert_eq!((resyncs.due(), resyncs.take(next)), (None, None));
    }
}
