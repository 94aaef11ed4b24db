//! The engine: what one input costs in the core and in its parts, what the gate and a mark cost,
//! and how fast simulation and backtest run in one thread.
//!
//! The core is fed with the inputs of a whole run, recorded before: those of the embedded venue
//! from a seed, and those of the Binance spot recording, our own orders' reports among them. Every
//! check is active. `cargo bench --bench engine`.

mod harness;
mod recordings;
#[path = "engine/risk.rs"]
mod risk;
mod runs;
mod sessions;
#[path = "engine/touch.rs"]
mod touch;

use harness::{Arm, measuring, row};
use pinnaclemm::engine::buffer::Buffer;
use pinnaclemm::engine::risk::Output;
use pinnaclemm::engine::{Core, Quoting};
use pinnaclemm::event::{Body, Draft, Event, Part};
use pinnaclemm::threads::setup::{Setup, setup};
use runs::{Inputs, Run, loaded, sum_of};
use sessions::Spot;
use std::cell::RefCell;
use std::hint::black_box;
use std::time::Instant;

fn simulated() -> Setup {
    let loaded = loaded(&["--mode", "simulation", "--speed", "max", "--seed", "7"]);
    setup(&loaded, None, None).expect("the shipped config")
}

/// A core that has taken the first inputs, with its outputs' room.
struct Warm {
    core: Core,
    quoting: Quoting,
    out: Buffer<Output>,
    drafts: Buffer<Draft>,
}

impl Warm {
    fn new(inputs: &Inputs, first: usize) -> Self {
        let params = &inputs.params;
        let mut own = Self {
            core: Core::new(params),
            quoting: Quoting::new(params),
            out: Buffer::new(Core::outputs_max(params)),
            drafts: Buffer::new(Core::drafts_max(params)),
        };
        for (event, levels) in inputs.from(0).take(first) {
            own.out.clear();
            own.core.apply(event, levels, &mut own.out);
            own.drafts.clear();
            own.quoting.apply(event, levels, &mut own.drafts);
        }
        own
    }

    fn core(&mut self, inputs: &Inputs, first: usize) -> u64 {
        let mut sum = 0_u64;
        for (event, levels) in inputs.from(first) {
            self.out.clear();
            self.core.apply(event, levels, &mut self.out);
            sum = sum.wrapping_mul(31).wrapping_add(sum_of(self.out.items()));
        }
        sum
    }

    fn quoting(&mut self, inputs: &Inputs, first: usize) -> u64 {
        let mut sum = 0_u64;
        for (event, levels) in inputs.from(first) {
            self.drafts.clear();
            self.quoting.apply(event, levels, &mut self.drafts);
            sum = sum.wrapping_mul(31).wrapping_add(self.drafts.items().len() as u64);
        }
        sum
    }
}

/// The core over those inputs, and what of it is quoting's.
fn core(title: &str, inputs: &Inputs) {
    let first = inputs.len() / 4;
    let count = (inputs.len() - first) as u64;
    let warm = RefCell::new(None);
    let prepare = || *warm.borrow_mut() = Some(Warm::new(inputs, first));
    let core = || warm.borrow_mut().as_mut().expect("prepared").core(inputs, first);
    let quoting = || warm.borrow_mut().as_mut().expect("prepared").quoting(inputs, first);
    row(
        &format!("{title}: one input"),
        count,
        &mut [
            Arm::new("book, quote, risk, order", core).before(prepare),
            Arm::new("book, quote", quoting).before(prepare),
        ],
    );
    by_kind(inputs, first);
}

/// What an input has brought about.
fn kind_of(event: &Event, outputs: &[Output], changed: bool) -> usize {
    match event.body {
        _ if outputs.iter().any(|one| matches!(one, Output::Request(_))) => 3,
        Body::Report(_) => 2,
        _ if changed => 1,
        _ => 0,
    }
}

/// Percentiles of single steps by what came of them, the cost of the clock taken off.
fn by_kind(inputs: &Inputs, first: usize) {
    let clock = (0..10_001).map(|_| {
        let begun = Instant::now();
        begun.elapsed().as_nanos()
    });
    let mut clock: Vec<_> = clock.collect();
    clock.sort_unstable();
    let clock = clock[clock.len() / 2];
    let mut best: Vec<(u128, usize)> = Vec::new();
    for _ in 0..if measuring() { 15 } else { 1 } {
        let mut warm = Warm::new(inputs, first);
        let steps = inputs.from(first).map(|(event, levels)| {
            warm.out.clear();
            let begun = Instant::now();
            let change = black_box(warm.core.apply(event, levels, &mut warm.out));
            let took = begun.elapsed().as_nanos();
            (took.saturating_sub(clock), kind_of(event, warm.out.items(), change.top))
        });
        let steps: Vec<_> = steps.collect();
        if best.is_empty() {
            best = steps;
        } else {
            for (best, step) in best.iter_mut().zip(steps) {
                best.0 = best.0.min(step.0);
            }
        }
    }
    let names = ["nothing that shows", "another touch", "a report", "requests", "all"];
    for (kind, name) in names.into_iter().enumerate() {
        let of_kind = best.iter().filter(|(_, own)| *own == kind || kind == 4);
        let mut times: Vec<_> = of_kind.map(|(took, _)| *took).collect();
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 1000).copied().unwrap_or(0);
        println!(
            "  step that brings {name:<18} {:>8} of them  p50 {:>5} ns  p90 {:>5}  p99 {:>5}  \
             p99.9 {:>5}",
            times.len(),
            at(500),
            at(900),
            at(990),
            at(999),
        );
    }
}

/// The simulation in one thread in virtual time, and its venue alone.
fn simulation() {
    let inputs = if measuring() { 60_000 } else { 2_000 };
    let run = RefCell::new(None);
    let venue = RefCell::new(None);
    let fused = || run.borrow_mut().as_mut().map_or(0, |run: &mut Run| run.take(inputs));
    let alone = || {
        let mut link: std::cell::RefMut<'_, Option<Setup>> = venue.borrow_mut();
        let link = &mut link.as_mut().expect("prepared").link;
        let (mut part, mut heard) = (Part::empty(), 0);
        while heard < inputs {
            let due = link.due().expect("a venue that lives");
            heard += u64::from(link.hear(due, &mut part, None));
        }
        heard
    };
    row(
        "simulation in lock-step: one input",
        inputs,
        &mut [
            Arm::new("the whole way", fused)
                .before(|| *run.borrow_mut() = Some(Run::new(simulated()))),
            Arm::new("the venue alone", alone).before(|| *venue.borrow_mut() = Some(simulated())),
        ],
    );
}

/// The backtest of the recording, by the line.
fn backtest(spot: &Spot) {
    let run = RefCell::new(None);
    let pass = || run.borrow_mut().as_mut().map_or(0, |run: &mut Run| run.take(u64::MAX));
    let sums = row(
        "backtest of Binance spot: one line",
        spot.lines(),
        &mut [
            Arm::new("from JSON in memory", pass)
                .before(|| *run.borrow_mut() = Some(Run::new(spot.over_lines()))),
            Arm::new("from the packed form in memory", pass)
                .before(|| *run.borrow_mut() = Some(Run::new(spot.over_packed()))),
        ],
    );
    println!("  inputs: {} and {}", sums[0], sums[1]);
}

/// Runs only the rows whose name the environment asks for, if it does.
fn is_wanted(name: &str) -> bool {
    std::env::var("PINNACLE_BENCH").map_or(true, |wanted| wanted.contains(name))
}

fn main() {
    let inputs = if measuring() { 60_000 } else { 2_000 };
    if is_wanted("risk") {
        let mut setup = simulated();
        setup.begin(1, None);
        risk::rows(&setup.core);
    }
    if is_wanted("touch") {
        let mut setup = simulated();
        setup.begin(1, None);
        touch::rows(&setup.core);
    }
    if is_wanted("core") {
        core("core, simulated stream", &Inputs::of(simulated(), inputs));
    }
    if is_wanted("simulation") {
        simulation();
    }
    if let Some(spot) = Spot::read(&[]) {
        if is_wanted("core") {
            core("core, Binance spot", &Inputs::of(spot.over_packed(), inputs));
        }
        if is_wanted("backtest") {
            backtest(&spot);
        }
    }
}
