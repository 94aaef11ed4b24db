//! Monte Carlo value at risk: 100,000 paths of ten correlated assets, every holding valued anew on
//! each, the 95 % and 99 % tails found; beside NumPy doing the same in the same run.
//!
//! `PINNACLE_PYTHON` names a Python that has NumPy; without it its arms are absent: in double
//! precision, as it has it by default, and in single precision, as we have it. All have one thread.
//! `cargo bench --bench var`.

mod harness;

use harness::{Arm, measuring, row};
use pinnaclemm::var::covariance::Covariance;
use pinnaclemm::var::monte_carlo::{Draws, MonteCarlo, Moves};
use pinnaclemm::var::tail::{Tail, tails};
use pinnaclemm::var::{History, Model, ModelParams};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const ASSETS: usize = 10;
const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/var.py");

/// Ten assets of different volatility, each correlated with its neighbours, as `var.py` has them.
fn market() -> (Covariance, Vec<f64>) {
    let deviation = |at: usize| 0.01 * (1.0 + 0.2 * at as f64);
    let correlation =
        |i: usize, j: usize| if i == j { 1.0 } else { 0.6 - 0.05 * i.abs_diff(j) as f64 };
    let place = |at: usize| {
        let (i, j) = (at / ASSETS, at % ASSETS);
        deviation(i) * deviation(j) * correlation(i, j)
    };
    let mut returns = Covariance::new(ASSETS);
    let matrix: Vec<_> = (0..ASSETS * ASSETS).map(place).collect();
    returns.set(&[0.0005; ASSETS], &matrix);
    let value = |at: usize| if at % 3 == 2 { -50_000.0 } else { 100_000.0 };
    (returns, (0..ASSETS).map(value).collect())
}

/// A checksum that shows the figure, in thousandths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast clamps")]
fn thousandths(figure: f64) -> u64 {
    (figure * 1000.0) as u64
}

/// The 99 % value at risk.
fn figure(tails: [Tail; 2]) -> u64 {
    thousandths(tails[1].value_at_risk)
}

/// NumPy in a process of its own, which does a pass for each line it is sent.
struct Peer {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(paths: usize) -> Option<Self> {
        let python = std::env::var_os("PINNACLE_PYTHON")?;
        let mut child = Command::new(python)
            .args([PEER, &paths.to_string()])
            .envs(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"].map(|n| (n, "1")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("PINNACLE_PYTHON runs");
        let ask = child.stdin.take().expect("it is piped");
        let mut answers = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut version = String::new();
        answers.read_line(&mut version).expect("PINNACLE_PYTHON has NumPy");
        print!("{version}");
        Some(Self { child, ask, answers })
    }

    /// One pass; the way there and back takes some microseconds of its milliseconds.
    fn pass(&mut self, kind: &str) -> u64 {
        writeln!(self.ask, "{kind}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        thousandths(line.trim().parse().expect("a number"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Ours and theirs, with and without opposite paths.
fn simulations(paths: usize) {
    let (returns, values) = market();
    let peer = std::cell::RefCell::new(Peer::start(paths));
    let arm = |moves, antithetic| {
        let mut room = vec![0.0; paths];
        let mut simulation = MonteCarlo::new(ASSETS);
        let (returns, values) = (&returns, &values);
        let draws = Draws { seed: 1, moves, antithetic };
        move || {
            simulation.run(returns, values, (1.0, draws), &mut room);
            figure(tails(&mut room))
        }
    };
    let mut arms = vec![
        Arm::new("normal", arm(Moves::Normal, false)),
        Arm::new("normal, antithetic", arm(Moves::Normal, true)),
        Arm::new("Student's t, 4 degrees", arm(Moves::Student(4), false)),
    ];
    let asked = |kind: &'static str| {
        let peer = &peer;
        move || peer.borrow_mut().as_mut().map_or(0, |peer| peer.pass(kind))
    };
    if peer.borrow().is_some() {
        arms.push(Arm::new("NumPy, double", asked("double normal")));
        arms.push(Arm::new("NumPy, double, antithetic", asked("double antithetic")));
        arms.push(Arm::new("NumPy, single", asked("single normal")));
        arms.push(Arm::new("NumPy, single, antithetic", asked("single antithetic")));
    }
    let sums = row(&format!("{paths} paths of {ASSETS} assets: one path"), paths as u64, &mut arms);
    println!("  99 % value at risk in thousandths: {sums:?}");
}

/// Everything that the thread does in one turn: six methods, two confidences, parts and stress.
fn assessment(paths: usize) {
    let mut history = History::new(ASSETS, 252);
    let mut state = 1_u64;
    for _ in 0..=252 {
        let prices: [f64; ASSETS] = std::array::from_fn(|at| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            100.0 + at as f64 + (state >> 40) as f64 / f64::from(1 << 24)
        });
        history.sample(&prices);
    }
    let params = ModelParams {
        assets: ASSETS,
        window: 252,
        paths,
        horizon: 1.0,
        decay: 0.94,
        degrees: 4,
        antithetic: true,
        samples_min: 30,
        scenarios: Vec::new(),
    };
    let mut model = Model::new(params);
    let values = market().1;
    let pass = || {
        let found = model.assess(&history, &values, 1).expect("the history is long enough");
        found.tails.iter().fold(0, |sum: u64, tails| sum.wrapping_add(figure(*tails)))
    };
    row(
        &format!("all methods, 252 returns of {ASSETS} assets, {paths} paths: once"),
        1,
        &mut [Arm::new("assess", pass)],
    );
}

fn main() {
    simulations(if measuring() { 100_000 } else { 2_000 });
    assessment(if measuring() { 10_000 } else { 1_000 });
}
