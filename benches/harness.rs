//! What every bench shares: repeated timed passes, interleaved between arms, and how they are told.
//!
//! Not a statistics package: these machines are shared, so the best and the median pass are shown,
//! and arms are compared by the ratio inside one run. Without `--bench` (as `cargo test` runs it)
//! everything is done once on little data, and the checksums are still printed.

use std::hint::black_box;
use std::time::Instant;

/// One way of doing the work of a row.
pub(crate) struct Arm<'a> {
    name: &'a str,
    /// Does the row's units of work and returns a checksum of the result.
    pass: Box<dyn FnMut() -> u64 + 'a>,
    /// Brings back what the pass needs to begin anew; its time is not taken.
    before: Box<dyn FnMut() + 'a>,
}

impl<'a> Arm<'a> {
    pub(crate) fn new(name: &'a str, pass: impl FnMut() -> u64 + 'a) -> Self {
        Self { name, pass: Box::new(pass), before: Box::new(|| ()) }
    }

    /// The same arm, prepared anew before each pass.
    #[allow(dead_code, reason = "not every bench has something to prepare")]
    pub(crate) fn before(mut self, before: impl FnMut() + 'a) -> Self {
        self.before = Box::new(before);
        self
    }
}

/// Whether this is a measurement, and not a test that the bench still runs.
pub(crate) fn measuring() -> bool {
    std::env::args().any(|arg| arg == "--bench")
}

/// Runs the arms in turn, pass by pass, and prints a line for each: nanoseconds a unit, best and
/// median pass, millions of units a second at the median, and the median of the ratios to the first
/// arm in the same turn. Returns the checksums.
pub(crate) fn row(title: &str, units: u64, arms: &mut [Arm<'_>]) -> Vec<u64> {
    let passes = if measuring() { 41 } else { 1 };
    let mut times = vec![Vec::new(); arms.len()];
    let mut sums = vec![0; arms.len()];
    for _ in 0..passes {
        for ((arm, times), sum) in arms.iter_mut().zip(&mut times).zip(&mut sums) {
            (arm.before)();
            let begun = Instant::now();
            *sum = black_box((arm.pass)());
            times.push(begun.elapsed().as_nanos() as f64 / units as f64);
        }
    }
    println!("{title} ({units} units, {passes} passes)");
    for ((arm, own), sum) in arms.iter().zip(&times).zip(&sums) {
        let ratios: Vec<_> = own.iter().zip(&times[0]).map(|(a, b)| a / b).collect();
        println!(
            "  {:<34} best {:>9.1} ns  median {:>9.1} ns  {:>8.3} M/s  ratio {:>6.2}  checksum \
             {sum:016x}",
            arm.name,
            sorted(own)[0],
            median(own),
            1000.0 / median(own),
            median(&ratios),
        );
    }
    sums
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

/// The middle value.
fn median(values: &[f64]) -> f64 {
    sorted(values)[values.len() / 2]
}
