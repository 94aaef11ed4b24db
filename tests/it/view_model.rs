//! The slots of a view under every order of loads and stores that the memory model allows.
//!
//! The source itself is compiled here over loom's atomics. Two slots, two words and three values
//! are enough for the writer to come round to the slot that a reader is in.

#![expect(clippy::unwrap_used, reason = "a test")]

use loom::sync::Arc;
use loom::thread;

mod atomic {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering, fence};
}

#[path = "../../src/threads/view/slots.rs"]
mod slots;

use slots::Slots;

/// Both words follow from the version.
fn value(version: u64) -> [u64; 2] {
    [version * 10 + 1, version * 10 + 2]
}

fn check(values: u64, reads: usize) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(4);
    model.check(move || {
        let slots = Arc::new(Slots::<2, 2>::new(value(0)));
        let writer = thread::spawn({
            let slots = slots.clone();
            move || (1..=values).for_each(|version| slots.write(version, &value(version)))
        });
        let mut last = 0;
        for _ in 0..reads {
            if let Some((version, words)) = slots.try_read() {
                assert_eq!(words, value(version), "a torn value");
                assert!(version >= last, "an older value");
                last = version;
            }
        }
        writer.join().unwrap();
        // Nobody writes: the newest is there at the first try.
        assert_eq!(slots.try_read(), Some((values, value(values))));
        assert_eq!(slots.newest(), values);
    });
}

#[test]
fn a_value_is_whole_in_every_order_of_two_threads() {
    check(3, 1);
    check(2, 2);
}
