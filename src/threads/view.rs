//! Views: state of a hot thread for readers off the path. The latest value wins.
//!
//! The writer stores a few words and neither waits, loops, allocates nor calls the system. A reader
//! gets one whole value and its version, and tries again only if the writer went round all slots
//! meanwhile: beside a writer that publishes without pause it may have to wait for a pause. Values
//! in between are not kept: what must not be lost goes through a ring.

mod slots;

/// The atomics of the processor; the model has its own.
mod atomic {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering, fence};
}

use slots::Slots;
use std::marker::PhantomData;
use std::sync::Arc;

/// Slots of a view: a reader has the time of seven values. At one value an input and 50 ns an input
/// that is 350 ns, some crossings between cores; two kilobytes for a value of 24 words.
const SLOTS: usize = 8;

/// A value that is `N` words of 64 bits.
pub trait Words<const N: usize>: Copy {
    /// The value as words.
    fn to_words(&self) -> [u64; N];
    /// The value of words that `to_words` gave.
    fn from_words(words: &[u64; N]) -> Self;
}

impl<const N: usize> Words<N> for [u64; N] {
    fn to_words(&self) -> [u64; N] {
        *self
    }

    fn from_words(words: &[u64; N]) -> Self {
        *words
    }
}

/// The writing end: one thread's.
#[derive(Debug)]
pub struct Publisher<T, const N: usize> {
    slots: Arc<Slots<N, SLOTS>>,
    version: u64,
    value: PhantomData<fn(T)>,
}

/// The reading end: anyone's.
#[derive(Debug)]
pub struct View<T, const N: usize> {
    slots: Arc<Slots<N, SLOTS>>,
    value: PhantomData<fn() -> T>,
}

impl<T, const N: usize> Clone for View<T, N> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), value: PhantomData }
    }
}

/// Both ends, with the value of version 0.
#[must_use]
pub fn view<T: Words<N>, const N: usize>(first: T) -> (Publisher<T, N>, View<T, N>) {
    let slots = Arc::new(Slots::new(first.to_words()));
    let publisher = Publisher { slots: slots.clone(), version: 0, value: PhantomData };
    (publisher, View { slots, value: PhantomData })
}

impl<T: Words<N>, const N: usize> Publisher<T, N> {
    /// Puts the value in the place of the one before.
    #[inline]
    pub fn publish(&mut self, value: &T) {
        self.version += 1;
        self.slots.write(self.version, &value.to_words());
    }
}

impl<T: Words<N>, const N: usize> View<T, N> {
    /// How many values there were before the newest: unchanged means nothing new.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.slots.newest()
    }

    /// The newest value.
    #[must_use]
    pub fn read(&self) -> T {
        self.read_versioned().1
    }

    /// The newest value and its version.
    #[must_use]
    pub fn read_versioned(&self) -> (u64, T) {
        loop {
            if let Some((version, words)) = self.slots.try_read() {
                return (version, T::from_words(&words));
            }
            std::hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::time::{Duration, Instant};

    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Quote {
        bid: i64,
        spread: f64,
    }

    impl Words<2> for Quote {
        fn to_words(&self) -> [u64; 2] {
            [self.bid.cast_unsigned(), self.spread.to_bits()]
        }

        fn from_words([bid, spread]: &[u64; 2]) -> Self {
            Self { bid: bid.cast_signed(), spread: f64::from_bits(*spread) }
        }
    }

    #[test]
    fn the_latest_value_wins() {
        let (mut publisher, view) = view(Quote { bid: -1, spread: 0.5 });
        let other = view.clone();
        assert_eq!(view.read_versioned(), (0, Quote { bid: -1, spread: 0.5 }));
        for n in 1..=9_u32 {
            let quote = Quote { bid: -i64::from(n), spread: f64::from(n) };
            publisher.publish(&quote);
            assert_eq!((view.version(), view.read()), (u64::from(n), quote));
            assert_eq!(other.read_versioned(), (u64::from(n), quote));
        }
        drop(publisher);
        assert_eq!(view.read().bid, -9);
    }

    /// Each word of the n-th value follows from n, so that a mixture of two cannot pass.
    fn value(n: u64) -> [u64; 24] {
        std::array::from_fn(|place| {
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(u32::try_from(place).unwrap())
        })
    }

    #[test]
    fn no_reader_sees_a_torn_value_nor_an_older_one() {
        let (mut publisher, view) = view(value(0));
        let stop = AtomicBool::new(false);
        let fresh = [AtomicU64::new(0), AtomicU64::new(0)];
        let enough = || fresh.iter().all(|fresh| fresh.load(Ordering::Relaxed) >= 300);
        std::thread::scope(|scope| {
            for fresh in &fresh {
                let (view, stop) = (view.clone(), &stop);
                scope.spawn(move || {
                    let mut last = 0;
                    while !stop.load(Ordering::Relaxed) {
                        let (version, words) = view.read_versioned();
                        assert_eq!(words, value(version));
                        assert!(version >= last, "{version} after {last}");
                        fresh.fetch_add(u64::from(version > last), Ordering::Relaxed);
                        last = version;
                    }
                });
            }
            let begun = Instant::now();
            let mut n = 0;
            while !enough() && begun.elapsed() < Duration::from_secs(20) {
                // Flat out, several times round the slots; then a pause of the length of a turn.
                for _ in 0..4 * SLOTS {
                    n += 1;
                    publisher.publish(&value(n));
                }
                (0..100).for_each(|_| std::hint::spin_loop());
                if n.is_multiple_of(1_024) {
                    std::thread::yield_now();
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert!(enough(), "readers that saw nothing new prove nothing: {fresh:?}");
    }
}
