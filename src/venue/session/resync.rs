//! Which books are on their way back, and when each is asked for, again or for the first time.
//!
//! Pure: no clock, no socket. A place is a symbol's place in the session's list.

use rand_xoshiro::Xoshiro256PlusPlus;

use super::backoff::Backoff;
use crate::types::Nanos;

/// How long a book may take to come back before it is asked for again.
const BACK_WITHIN: Nanos = Nanos::from_seconds(10);
/// The waits between one attempt and the next.
const AGAIN: Backoff = Backoff { base: Nanos::from_seconds(2), max: Nanos::from_seconds(60) };

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Nothing is wanted.
    Calm,
    /// To be asked for, not before this.
    Wanted(Nanos),
    /// Asked for; to be wanted again if it is not back by this.
    Asked(Nanos),
    /// What was asked for has come; whether it served, the book will say by this.
    Delivered(Nanos),
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    state: State,
    /// Attempts since the book was last whole.
    tries: u32,
}

/// All books of a session.
#[derive(Debug)]
pub(super) struct Resyncs {
    slots: Vec<Slot>,
    /// The places that are not calm, so that a quiet session looks at none.
    active: Vec<usize>,
}

impl Resyncs {
    /// `count` calm books.
    pub(super) fn new(count: usize) -> Self {
        let slot = Slot { state: State::Calm, tries: 0 };
        Self { slots: vec![slot; count], active: Vec::with_capacity(count) }
    }

    /// The book at `place` is stale. False if that is known and in hand.
    pub(super) fn want(
        &mut self,
        place: usize,
        now: Nanos,
        random: &mut Xoshiro256PlusPlus,
    ) -> bool {
        let slot = self.slots[place];
        match slot.state {
            State::Calm => {
                self.slots[place].state = State::Wanted(now);
                self.active.push(place);
                true
            }
            State::Delivered(_) => {
                self.again(place, now, Nanos(0), random);
                true
            }
            State::Wanted(_) | State::Asked(_) => false,
        }
    }

    /// A book that may be asked for now.
    pub(super) fn due(&self, now: Nanos) -> Option<usize> {
        let is_due = |place: &usize| match self.slots[*place].state {
            State::Wanted(at) => at <= now,
            _ => false,
        };
        self.active.iter().copied().find(is_due)
    }

    /// It was asked for.
    pub(super) fn asked(&mut self, place: usize, now: Nanos) {
        self.slots[place].state = State::Asked(Nanos(now.0 + BACK_WITHIN.0));
    }

    /// What was asked for has come.
    pub(super) fn delivered(&mut self, place: usize, now: Nanos) {
        if let State::Asked(_) = self.slots[place].state {
            self.slots[place].state = State::Delivered(Nanos(now.0 + BACK_WITHIN.0));
        }
    }

    /// Nothing came of it: it is wanted again after a back-off, `not_within` at the earliest.
    pub(super) fn again(
        &mut self,
        place: usize,
        now: Nanos,
        not_within: Nanos,
        random: &mut Xoshiro256PlusPlus,
    ) {
        let slot = &mut self.slots[place];
        if slot.state == State::Calm {
            return;
        }
        let delay = AGAIN.delay(slot.tries, random).max(not_within);
        slot.tries = slot.tries.saturating_add(1);
        slot.state = State::Wanted(Nanos(now.0 + delay.0));
    }

    /// Wants again what is overdue, and says how many those are.
    pub(super) fn expire(&mut self, now: Nanos, random: &mut Xoshiro256PlusPlus) -> u64 {
        let mut expired = 0;
        for at in 0..self.active.len() {
            let place = self.active[at];
            if let State::Asked(by) | State::Delivered(by) = self.slots[place].state
                && by <= now
            {
                self.again(place, now, Nanos(0), random);
                expired += 1;
            }
        }
        expired
    }

    /// The book is whole.
    pub(super) fn calm(&mut self, place: usize) {
        self.slots[place] = Slot { state: State::Calm, tries: 0 };
        self.active.retain(|active| *active != place);
    }

    /// All are: a new connection brings every book anew.
    pub(super) fn clear(&mut self) {
        while let Some(place) = self.active.pop() {
            self.slots[place] = Slot { state: State::Calm, tries: 0 };
        }
    }

    /// When the first of them is to be asked for or is overdue, given when asking is possible.
    pub(super) fn next_due(&self, can_ask_at: Nanos) -> Option<Nanos> {
        let due = |place: &usize| match self.slots[*place].state {
            State::Wanted(at) => at.max(can_ask_at),
            State::Asked(by) | State::Delivered(by) => by,
            State::Calm => unreachable!("a calm book is not among the active"),
        };
        self.active.iter().map(due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::rand_core::SeedableRng as _;

    const fn at(seconds: i64) -> Nanos {
        Nanos::from_seconds(seconds)
    }

    #[test]
    fn a_wish_is_taken_once_until_it_is_answered() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut resyncs = Resyncs::new(3);
        assert_eq!(resyncs.due(at(0)), None);
        assert!(resyncs.want(1, at(0), &mut random));
        assert!(!resyncs.want(1, at(0), &mut random), "wanted already");
        assert_eq!(resyncs.due(at(0)), Some(1));
        resyncs.asked(1, at(0));
        assert_eq!(resyncs.due(at(1)), None);
        assert!(!resyncs.want(1, at(1), &mut random), "asked already");
        assert_eq!(resyncs.next_due(at(0)), Some(at(10)));
        resyncs.calm(1);
        assert_eq!(resyncs.next_due(at(0)), None);
        assert!(resyncs.want(1, at(2), &mut random), "a new fault is a new wish");
    }

    #[test]
    fn what_does_not_come_is_asked_for_again_ever_later() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(2);
        let mut resyncs = Resyncs::new(1);
        resyncs.want(0, at(0), &mut random);
        let mut now = at(0);
        let mut waits = Vec::new();
        for _ in 0..8 {
            assert_eq!(resyncs.due(now), Some(0));
            resyncs.asked(0, now);
            assert_eq!(resyncs.expire(Nanos(now.0 + BACK_WITHIN.0 - 1), &mut random), 0);
            now = Nanos(now.0 + BACK_WITHIN.0);
            assert_eq!(resyncs.expire(now, &mut random), 1);
            let due = resyncs.next_due(at(0)).unwrap();
            waits.push(due.0 - now.0);
            assert_eq!(resyncs.due(Nanos(due.0 - 1)), None);
            now = due;
        }
        for (tries, wait) in waits.iter().enumerate() {
            let bound = at(2 << tries).min(at(60)).0;
            assert!((bound / 2..=bound).contains(wait), "wait {tries} is {wait}");
        }
    }

    #[test]
    fn a_snapshot_that_does_not_serve_is_asked_for_again() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut resyncs = Resyncs::new(2);
        resyncs.want(0, at(0), &mut random);
        resyncs.asked(0, at(0));
        resyncs.delivered(0, at(1));
        assert_eq!(resyncs.next_due(at(0)), Some(at(11)), "silence about it is a failure too");
        assert!(resyncs.want(0, at(1), &mut random), "it did not bridge");
        assert_eq!(resyncs.due(at(1)), None, "and not at once");
        assert_eq!(resyncs.due(at(3)), Some(0));
        resyncs.clear();
        assert_eq!(resyncs.next_due(at(0)), None);
        resyncs.again(0, at(9), at(5), &mut random);
        assert_eq!(resyncs.next_due(at(0)), None, "a calm book stays calm");
    }
}
