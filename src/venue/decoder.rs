//! The decoder of any venue behind one name, chosen once per connection.

use super::binance::decode::Binance;
use super::bitstamp::decode::Bitstamp;
use super::coinbase::advanced::decode::Advanced;
use super::coinbase::exchange::decode::Exchange;
use super::decode::{Counts, Decoder, Frame, Grammar, Next, Wrong};
use super::kraken::decode::Kraken;
use crate::event::Part;
use crate::types::{Symbol, Venue};

/// A venue's decoder. See [`Decoder`] for what its methods do.
#[derive(Debug)]
pub struct VenueDecoder {
    of: Of,
    /// Nothing more is in the frame: said here, so that the call that only learns it costs nothing.
    ended: bool,
}

/// Whose decoder it is.
#[derive(Debug)]
enum Of {
    CoinbaseExchange(Decoder<Exchange>),
    CoinbaseAdvanced(Decoder<Advanced>),
    Kraken(Decoder<Kraken>),
    Binance(Decoder<Binance>),
    Bitstamp(Decoder<Bitstamp>),
}

/// Does the same with whichever decoder it is.
macro_rules! each {
    ($of:expr, $decoder:ident => $what:expr) => {
        match $of {
            Of::CoinbaseExchange($decoder) => $what,
            Of::CoinbaseAdvanced($decoder) => $what,
            Of::Kraken($decoder) => $what,
            Of::Binance($decoder) => $what,
            Of::Bitstamp($decoder) => $what,
        }
    };
}

impl VenueDecoder {
    /// The decoder of that venue.
    #[must_use]
    pub fn new(venue: Venue) -> Self {
        let of = match venue {
            Venue::CoinbaseExchange => Of::CoinbaseExchange(make(Exchange::default())),
            Venue::CoinbaseAdvanced => Of::CoinbaseAdvanced(make(Advanced::default())),
            Venue::Kraken => Of::Kraken(make(Kraken::default())),
            Venue::BinanceSpot | Venue::BinanceUsdm => Of::Binance(make(Binance::new(venue))),
            Venue::Bitstamp => Of::Bitstamp(make(Bitstamp::default())),
            Venue::Simulated => unreachable!("the simulated venue has no bytes to decode"),
        };
        Self { of, ended: true }
    }

    /// The same decoder without its hand scanner: the oracle of the differential test.
    #[must_use]
    pub fn generally(self) -> Self {
        let of = match self.of {
            Of::CoinbaseExchange(decoder) => Of::CoinbaseExchange(decoder.generally()),
            Of::CoinbaseAdvanced(decoder) => Of::CoinbaseAdvanced(decoder.generally()),
            Of::Kraken(decoder) => Of::Kraken(decoder.generally()),
            Of::Binance(decoder) => Of::Binance(decoder.generally()),
            Of::Bitstamp(decoder) => Of::Bitstamp(decoder.generally()),
        };
        Self { of, ..self }
    }

    /// A new connection begins.
    pub fn connected(&mut self) {
        each!(&mut self.of, decoder => decoder.connected());
    }

    /// A new frame begins.
    #[inline]
    pub fn begin(&mut self) {
        self.ended = false;
        each!(&mut self.of, decoder => decoder.begin());
    }

    /// Fills the next part of the frame.
    #[inline(always)]
    pub fn next(&mut self, frame: &Frame<'_>, part: &mut Part) -> Next {
        if self.ended { Next::End } else { self.pull(frame, part) }
    }

    #[inline(never)]
    fn pull(&mut self, frame: &Frame<'_>, part: &mut Part) -> Next {
        each!(&mut self.of, decoder => {
            let next = decoder.next(frame, part);
            self.ended = decoder.has_ended();
            next
        })
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        each!(&self.of, decoder => decoder.counts())
    }

    /// What was wrong with the last message that could not be read.
    #[must_use]
    pub fn last_wrong(&self) -> Option<Wrong> {
        each!(&self.of, decoder => decoder.last_wrong())
    }

    /// The symbol that was met last and is not in the table; asking forgets it.
    pub fn take_unknown_symbol(&mut self) -> Option<Symbol> {
        each!(&mut self.of, decoder => decoder.take_unknown_symbol())
    }
}

fn make<G: Grammar>(grammar: G) -> Decoder<G> {
    Decoder::new(grammar)
}
