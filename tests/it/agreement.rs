//! When the two readings of a message agree: the rule of every differential test and fuzz target.
//!
//! The hand scanner gives parts away as it goes. Where a message breaks behind them they stand, and
//! a fault follows; the general reading sees the whole message first and gives only that fault. In
//! everything else the two must be the same: parts, counts and the name of what was wrong.

use pinnaclemm::event::{Body, Event, Level, Part};
use pinnaclemm::types::Venue;
use pinnaclemm::venue::decode::{Counts, Frame, Next};
use pinnaclemm::venue::decoder::VenueDecoder;

/// The parts of one message.
pub(crate) type Parts = Vec<(Event, Vec<Level>)>;

/// Two decoders of one connection: by hand, and generally.
#[derive(Debug)]
pub(crate) struct Readings {
    fast: VenueDecoder,
    general: VenueDecoder,
}

impl Readings {
    /// Both of that venue.
    pub(crate) fn new(venue: Venue) -> Self {
        Self { fast: VenueDecoder::new(venue), general: VenueDecoder::new(venue).generally() }
    }

    /// A new connection begins.
    pub(crate) fn connected(&mut self) {
        self.fast.connected();
        self.general.connected();
    }

    /// What the hand scanner has counted, its surprises included.
    pub(crate) fn by_hand(&self) -> &Counts {
        self.fast.counts()
    }

    /// Reads a message twice and gives the parts of the hand scanner, which the books would see.
    ///
    /// # Panics
    /// The two do not agree.
    pub(crate) fn read(&mut self, frame: &Frame<'_>) -> Parts {
        let refused =
            |decoder: &VenueDecoder| decoder.counts().malformed + decoder.counts().unknown;
        let before = refused(&self.general);
        let fast = parts(&mut self.fast, frame);
        let general = parts(&mut self.general, frame);
        let text = || String::from_utf8_lossy(frame.bytes).into_owned();
        if refused(&self.general) > before {
            let [(fault, _)] = general.as_slice() else {
                panic!("a refused message gives one fault, not {general:?}: {}", text());
            };
            assert!(matches!(fault.body, Body::Fault(_)), "{fault:?}: {}", text());
            assert_eq!(fast.last(), general.last(), "{}", text());
        } else {
            assert_eq!(fast, general, "{}", text());
        }
        let (by_hand, generally) = (self.fast.counts(), self.general.counts());
        assert_eq!(figures(by_hand), figures(generally), "{}", text());
        assert_eq!(self.fast.last_wrong(), self.general.last_wrong(), "{}", text());
        fast
    }
}

/// All that is counted but the surprises, which only the hand scanner has.
fn figures(counts: &Counts) -> (&[u64], [u64; 3]) {
    (&counts.kinds, [counts.unknown, counts.malformed, counts.unknown_symbol])
}

/// All parts of one message.
pub(crate) fn parts(decoder: &mut VenueDecoder, frame: &Frame<'_>) -> Parts {
    let mut part = Part::empty();
    let mut all = Vec::new();
    decoder.begin();
    while decoder.next(frame, &mut part) == Next::Part {
        all.push((part.event, part.levels().to_vec()));
    }
    all
}
