//! A lane: the ring between two stages, by the part or by the item.
//!
//! An event and its levels go in as one and come out as one; so do the lines of a draft or an
//! output. A push never waits: the sender asks for room before it makes anything, and turns to its
//! other work where there is none. A ring must hold what one input can bring about; any that does
//! will do, whatever the length of a message.

use crate::event::pack::{pack_levels, unpack_levels};
use crate::event::{Event, LEVELS_PER_LINE, Level, Line, NotAnEvent, PART_LINES_MAX, Part};
use rtrb::{Consumer, Producer, RingBuffer};

/// The writing end.
#[derive(Debug)]
pub struct Sender {
    ring: Producer<Line>,
    full: u64,
}

/// The reading end.
#[derive(Debug)]
pub struct Receiver {
    ring: Consumer<Line>,
}

/// A lane over a ring of that many lines.
///
/// # Panics
/// Fewer lines than the greatest part takes: our own fault, the config has checked.
#[must_use]
pub fn lane(lines: usize) -> (Sender, Receiver) {
    assert!(lines >= PART_LINES_MAX, "a ring must hold one whole part");
    let (producer, consumer) = RingBuffer::new(lines);
    (Sender { ring: producer, full: 0 }, Receiver { ring: consumer })
}

impl Sender {
    /// Whether the greatest part fits now; how often it did not is counted.
    #[inline]
    pub fn has_room(&mut self) -> bool {
        let room = self.ring.slots() >= PART_LINES_MAX;
        self.full += u64::from(!room);
        room
    }

    /// Whether so many lines fit now; how often they did not is counted.
    #[inline]
    pub fn has_room_for(&mut self, lines: usize) -> bool {
        let room = self.ring.slots() >= lines;
        self.full += u64::from(!room);
        room
    }

    /// Whether less than an eighth of it is free: whoever reads it does not keep up.
    #[must_use]
    pub fn is_near_full(&self) -> bool {
        self.ring.slots() < self.ring.buffer().capacity() / 8
    }

    /// Sends the lines of one item as one.
    ///
    /// # Panics
    /// There is no room: the sender has asked.
    #[inline]
    pub fn push_lines(&mut self, lines: &[Line]) {
        let chunk =
            self.ring.write_chunk_uninit(lines.len()).expect("the sender has asked for room");
        chunk.fill_from_iter(lines.iter().copied());
    }

    /// How often there was no room.
    #[must_use]
    pub const fn full(&self) -> u64 {
        self.full
    }

    /// Sends an event and its levels.
    ///
    /// # Panics
    /// There is no room, or the levels are not as many as the event says: the sender has asked.
    #[inline]
    pub fn push(&mut self, event: &Event, levels: &[Level]) {
        self.push_followed(event, levels, 0);
    }

    /// Sends an event that so many items follow, so that the receiver knows when it has all.
    ///
    /// # Panics
    /// As [`Self::push`].
    #[inline]
    pub fn push_followed(&mut self, event: &Event, levels: &[Level], items: u16) {
        assert_eq!(levels.len(), event.level_count());
        let chunk = self
            .ring
            .write_chunk_uninit(event.line_count())
            .expect("the sender has asked for room");
        let mut head = event.pack();
        // Two bytes of a head that no event has a use for.
        let [low, high] = items.to_le_bytes();
        head.0[0] |= u64::from(low) << 24 | u64::from(high) << 56;
        let head = std::iter::once(head);
        chunk.fill_from_iter(head.chain(levels.chunks(LEVELS_PER_LINE).map(pack_levels)));
    }
}

impl Receiver {
    /// Takes the next part; false if there is none.
    ///
    /// # Errors
    /// The line is the head of no event: memory is damaged, as nobody else writes here.
    #[inline]
    pub fn pop(&mut self, part: &mut Part) -> Result<bool, NotAnEvent> {
        self.pop_followed(part).map(|items| items.is_some())
    }

    /// Takes the next part, and says how many items follow it; nothing if there is none.
    ///
    /// # Errors
    /// As [`Self::pop`].
    #[inline]
    pub fn pop_followed(&mut self, part: &mut Part) -> Result<Option<u16>, NotAnEvent> {
        let Ok(head) = self.ring.peek() else {
            return Ok(None);
        };
        part.event = Event::unpack(head)?;
        let [_, _, _, low, _, _, _, high] = head.0[0].to_le_bytes();
        let lines = part.event.line_count();
        let chunk = self.ring.read_chunk(lines).expect("a part is published as one");
        let (first, second) = chunk.as_slices();
        let places = part.places().chunks_mut(LEVELS_PER_LINE);
        for (line, four) in first.iter().chain(second).skip(1).zip(places) {
            four.copy_from_slice(&unpack_levels(line));
        }
        chunk.commit_all();
        Ok(Some(u16::from_le_bytes([low, high])))
    }

    /// The head line of the next item, if one has come.
    #[inline]
    #[must_use]
    pub fn head(&self) -> Option<&Line> {
        self.ring.peek().ok()
    }

    /// Takes the lines of the next item, which are as many as `lines`.
    ///
    /// # Panics
    /// They are fewer: an item is published as one, so this is our own fault.
    #[inline]
    pub fn pop_lines(&mut self, lines: &mut [Line]) {
        let chunk = self.ring.read_chunk(lines.len()).expect("an item is published as one");
        for (place, line) in lines.iter_mut().zip(chunk) {
            *place = line;
        }
    }

    /// Whether the sender is gone and nothing is left.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.ring.is_abandoned() && self.ring.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Body, Levels, PART_LEVELS_MAX, Shape};
    use crate::types::{InstrumentId, Nanos, Price, Qty, Side};

    /// The n-th part of a message of levels: `count` levels numbered on.
    fn part(n: u64, count: usize) -> (Event, Vec<Level>) {
        let head = Levels {
            shape: Shape::Snapshot,
            first: n == 0,
            last: false,
            count: u8::try_from(count).unwrap(),
            follows: 0,
            id: n,
            checksum: None,
        };
        let event = Event {
            sequence: n,
            received: Nanos(1),
            venue_time: Nanos::UNKNOWN,
            instrument: InstrumentId(0),
            body: Body::Levels(head),
        };
        let level = |i: usize| {
            let number = i64::try_from(i).unwrap() + 1;
            Level::new(Side::BOTH[i % 2], Price(number), Qty(i64::try_from(n).unwrap()))
        };
        (event, (0..count).map(level).collect())
    }

    #[test]
    fn parts_of_every_size_pass_through_every_small_ring() {
        for lines in PART_LINES_MAX..3 * PART_LINES_MAX {
            let (mut sender, mut receiver) = lane(lines);
            let (mut sent, mut received) = (0, 0);
            let mut got = Part::empty();
            while received < 300 {
                while sent < 300 && sender.has_room() {
                    let (event, levels) = part(sent, usize::try_from(sent).unwrap() % 29);
                    sender.push(&event, &levels);
                    sent += 1;
                }
                assert!(receiver.pop(&mut got).unwrap());
                let (event, levels) = part(received, usize::try_from(received).unwrap() % 29);
                assert_eq!((got.event, got.levels()), (event, levels.as_slice()));
                received += 1;
            }
            assert!(!receiver.pop(&mut got).unwrap());
            assert!(sender.full() > 0);
        }
    }

    #[test]
    fn the_end_of_the_sender_is_seen_behind_its_last_part() {
        let (mut sender, mut receiver) = lane(PART_LINES_MAX);
        let (event, levels) = part(0, PART_LEVELS_MAX);
        sender.push(&event, &levels);
        drop(sender);
        assert!(!receiver.is_finished());
        assert!(receiver.pop(&mut Part::empty()).unwrap());
        assert!(receiver.is_finished());
    }

    #[test]
    #[should_panic(expected = "a ring must hold one whole part")]
    fn a_ring_too_small_is_refused() {
        let _ = lane(PART_LINES_MAX - 1);
    }
}
