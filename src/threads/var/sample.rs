//! Samples of prices and positions, taken where risk is and handed over by a ring.
//!
//! They are taken at the first input of each step of input time, so that the same inputs give the
//! same samples on every thread. Nothing waits: a sample without room is left out and counted.

use crate::engine::risk::Risk;
use crate::event::Event;
use crate::types::{InstrumentId, Nanos};
use rtrb::{Consumer, Producer, RingBuffer};

/// Samples that lie in the ring before one is left out.
const SAMPLES_MAX: usize = 8;

/// One instrument at one time. Money is in units of the account currency.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sample {
    /// The input behind which it was taken.
    pub sequence: u64,
    /// The time of that input.
    pub time: Nanos,
    /// Whose it is, by the place in the table.
    pub place: usize,
    /// Its price in a unit of its own; 0 while it is not known.
    pub price: f64,
    /// What the position is worth, with its sign.
    pub value: f64,
    /// Everything earned, of all instruments.
    pub profit: f64,
    /// Capital and everything earned.
    pub equity: f64,
    /// Samples that were left out so far.
    pub lost: u64,
}

/// Takes samples.
#[derive(Debug)]
pub struct Sampler {
    every: Nanos,
    due: Nanos,
    lost: u64,
    count: usize,
    ring: Producer<Sample>,
}

impl Sampler {
    /// Takes a sample of so many instruments each so often; with it the end that reads them.
    #[must_use]
    pub fn new(every: Nanos, count: usize) -> (Self, Consumer<Sample>) {
        let (ring, samples) = RingBuffer::new(SAMPLES_MAX * count.max(1));
        (Self { every, due: Nanos(i64::MIN), lost: 0, count, ring }, samples)
    }

    /// Takes a sample if one is due at this input.
    #[inline]
    pub fn input(&mut self, input: &Event, risk: &Risk) {
        if input.received >= self.due {
            self.take(input, risk);
        }
    }

    #[cold]
    fn take(&mut self, input: &Event, risk: &Risk) {
        let Nanos(every) = self.every;
        let step = input.received.0.div_euclid(every).saturating_add(1);
        self.due = Nanos(step.saturating_mul(every));
        if self.ring.slots() < self.count {
            self.lost += 1;
            return;
        }
        for place in 0..self.count {
            let id = InstrumentId(u16::try_from(place).expect("a table gives fewer ids"));
            let sample = Sample {
                sequence: input.sequence,
                time: input.received,
                place,
                price: risk.price_converted(id),
                value: units(risk.worth(id)),
                profit: units(risk.profit()),
                equity: units(risk.equity_now()),
                lost: self.lost,
            };
            self.ring.push(sample).expect("room was asked for");
        }
    }
}

/// An amount of 10⁻¹² as a float of whole units.
fn units(amount: i128) -> f64 {
    amount as f64 / 1e12
}
