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
#[expect(missing_docs, reason = "each is the venue's own decoder")]
pub enum VenueDecoder {
    CoinbaseExchange(Decoder<Exchange>),
    CoinbaseAdvanced(Decoder<Advanced>),
    Kraken(Decoder<Kraken>),
    Binance(Decoder<Binance>),
    Bitstamp(Decoder<Bitstamp>),
}

/// Does the same with whichever decoder it is.
macro_rules! each {
    ($self:expr, $decoder:ident => $what:expr) => {
        match $self {
            VenueDecoder::CoinbaseExchange($decoder) => $what,
            VenueDecoder::CoinbaseAdvanced($decoder) => $what,
            VenueDecoder::Kraken($decoder) => $what,
            VenueDecoder::Binance($decoder) => $what,
            VenueDecoder::Bitstamp($decoder) => $what,
        }
    };
}

impl VenueDecoder {
    /// The decoder of that venue.
    #[must_use]
    pub fn new(venue: Venue) -> Self {
        match venue {
            Venue::CoinbaseExchange => Self::CoinbaseExchange(make(Exchange::default())),
            Venue::CoinbaseAdvanced => Self::CoinbaseAdvanced(make(Advanced::default())),
            Venue::Kraken => Self::Kraken(make(Kraken::default())),
            Venue::BinanceSpot | Venue::BinanceUsdm => Self::Binance(make(Binance::new(venue))),
            Venue::Bitstamp => Self::Bitstamp(make(Bitstamp::default())),
            Venue::Simulated => unreachable!("the simulated venue has no bytes to decode"),
        }
    }

    /// The same decoder without its hand scanner: the oracle of the differential test.
    #[must_use]
    pub fn generally(self) -> Self {
        match self {
            Self::CoinbaseExchange(decoder) => Self::CoinbaseExchange(decoder.generally()),
            Self::CoinbaseAdvanced(decoder) => Self::CoinbaseAdvanced(decoder.generally()),
            Self::Kraken(decoder) => Self::Kraken(decoder.generally()),
            Self::Binance(decoder) => Self::Binance(decoder.generally()),
            Self::Bitstamp(decoder) => Self::Bitstamp(decoder.generally()),
        }
    }

    /// A new connection begins.
    pub fn connected(&mut self) {
        each!(self, decoder => decoder.connected());
    }

    /// A new frame begins.
    #[inline]
    pub fn begin(&mut self) {
        each!(self, decoder => decoder.begin());
    }

    /// Fills the next part of the frame.
    #[inline]
    pub fn next(&mut self, frame: &Frame<'_>, part: &mut Part) -> Next {
        each!(self, decoder => decoder.next(frame, part))
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        each!(self, decoder => decoder.counts())
    }

    /// What was wrong with the last message that could not be read.
    #[must_use]
    pub fn last_wrong(&self) -> Option<Wrong> {
        each!(self, decoder => decoder.last_wrong())
    }

    /// The symbol that was met last and is not in the table; asking forgets it.
    pub fn take_unknown_symbol(&mut self) -> Option<Symbol> {
        each!(self, decoder => decoder.take_unknown_symbol())
    }
}

fn make<G: Grammar>(grammar: G) -> Decoder<G> {
    Decoder::new(grammar)
}
