//! Simulations against closed forms.

use super::*;
use crate::var::normal::{density, distribution, quantile};
use crate::var::tail::{Confidence, tail, tails};

const PATHS: usize = 400_000;

fn alone(deviation: f64, mean: f64) -> Covariance {
    let mut returns = Covariance::new(1);
    returns.set(&[mean], &[deviation * deviation]);
    returns
}

fn run(returns: &Covariance, values: &[f64], horizon: f64, draws: Draws) -> Vec<f64> {
    let mut out = vec![0.0; PATHS];
    MonteCarlo::new(values.len()).run(returns, values, (horizon, draws), &mut out);
    out
}

fn draws(moves: Moves, antithetic: bool) -> Draws {
    Draws { seed: 42, moves, antithetic }
}

fn near(found: f64, expected: f64, share: f64) {
    assert!((found / expected - 1.0).abs() < share, "{found} is not {expected}");
}

/// One asset: the loss of a long of 1 at the quantile z is 1 − e^(μ+zσ), and the mean beyond it
/// 1 − e^(μ+σ²/2)·N(z − σ)/α.
#[test]
fn one_lognormal_price() {
    for antithetic in [false, true] {
        for horizon in [1.0, 9.0] {
            let returns = alone(0.02, 0.001);
            let draws = draws(Moves::Normal, antithetic);
            let mut profits = run(&returns, &[1000.0], horizon, draws);
            let (sd, mean) = (0.02 * horizon.sqrt(), 0.001 * horizon);
            for confidence in Confidence::REPORTED {
                let alpha = confidence.tail();
                let z = quantile(alpha);
                let found = tail(&mut profits, confidence);
                let whole = libm::exp(mean + 0.5 * sd * sd);
                near(found.value_at_risk, 1000.0 * (1.0 - libm::exp(mean + z * sd)), 0.015);
                let beyond = 1000.0 * (1.0 - whole * distribution(z - sd) / alpha);
                near(found.expected_shortfall, beyond, 0.015);
            }
        }
    }
}

/// Student's t with 3 and 4 degrees, scaled to variance 1: R `qt(c(.05, .01), 4) / sqrt(2)` and
/// `qt(c(.05, .01), 3) / sqrt(3)`.
#[test]
fn student_has_its_own_quantiles() {
    for (degrees, expected) in [
        (3, [2.353_363_434_801_825 / 3.0_f64.sqrt(), 4.540_702_858_568_132 / 3.0_f64.sqrt()]),
        (4, [2.131_846_786_326_65 / 2.0_f64.sqrt(), 3.746_947_387_979_2 / 2.0_f64.sqrt()]),
    ] {
        // So small that e to it is as good as linear.
        let returns = alone(1e-6, 0.0);
        for antithetic in [false, true] {
            let draws = draws(Moves::Student(degrees), antithetic);
            let mut profits = run(&returns, &[1e6], 1.0, draws);
            let found = tails(&mut profits);
            for (found, expected) in found.iter().zip(expected) {
                near(found.value_at_risk, expected, 0.02);
            }
        }
    }
}

/// Ten assets that are correlated: the sum of small moves is normal with the variance of the whole.
#[test]
fn correlated_assets_add_up() {
    let n = 10;
    let deviation = |at: usize| 1e-6 * (1.0 + at as f64);
    let mut matrix = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            let correlation = if i == j { 1.0 } else { 0.6 - 0.05 * i.abs_diff(j) as f64 };
            matrix[i * n + j] = correlation * deviation(i) * deviation(j);
        }
    }
    let mut returns = Covariance::new(n);
    returns.set(&vec![0.0; n], &matrix);
    let values: Vec<_> = (0..n).map(|at| if at % 3 == 0 { -1e6 } else { 2e6 }).collect();
    let mut variance = 0.0;
    for i in 0..n {
        for j in 0..n {
            variance += values[i] * values[j] * matrix[i * n + j];
        }
    }
    for antithetic in [false, true] {
        let mut profits = run(&returns, &values, 1.0, draws(Moves::Normal, antithetic));
        for confidence in Confidence::REPORTED {
            let z = quantile(confidence.tail());
            let found = tail(&mut profits, confidence);
            near(found.value_at_risk, -z * variance.sqrt(), 0.015);
            let mean = density(z) / confidence.tail() * variance.sqrt();
            near(found.expected_shortfall, mean, 0.015);
        }
    }
}

/// Every count of paths is a prefix of a longer run, whatever is left of the last block.
#[test]
fn fewer_paths_are_the_first_of_more() {
    let returns = alone(0.02, 0.0);
    for antithetic in [false, true] {
        let draws = draws(Moves::Student(5), antithetic);
        let all = run(&returns, &[1.0], 1.0, draws);
        for count in [1, 31, 32, 33, 63, 64, 65, 1000] {
            let mut some = vec![0.0; count];
            MonteCarlo::new(1).run(&returns, &[1.0], (1.0, draws), &mut some);
            assert_eq!(some[..], all[..count], "{count}");
        }
    }
}

#[test]
fn opposite_moves_are_opposite() {
    let returns = alone(1e-9, 0.0);
    let profits = run(&returns, &[1e9], 1.0, draws(Moves::Normal, true));
    for pair in profits.chunks_exact(2 * LANES) {
        let (first, second) = pair.split_at(LANES);
        assert!(first.iter().zip(second).all(|(a, b)| (a + b).abs() < 1e-6));
    }
}

/// Each profit is that of the same draws in double precision, to less than a millionth of what is
/// held.
#[test]
fn single_precision_is_as_good_as_double() {
    const ASSETS: usize = 10;
    const MEAN: f64 = 0.001;
    let values: [f64; ASSETS] = std::array::from_fn(|at| [900.0, -400.0][at % 2]);
    let deviation = |at: usize| 0.01 + 0.005 * at as f64;
    let correlated = |at: usize| {
        let (row, column) = (at / ASSETS, at % ASSETS);
        deviation(row) * deviation(column) * if row == column { 1.0 } else { 0.5 }
    };
    let mut returns = Covariance::new(ASSETS);
    returns.set(&[MEAN; ASSETS], &(0..ASSETS * ASSETS).map(correlated).collect::<Vec<_>>());
    for moves in [Moves::Normal, Moves::Student(5)] {
        let draws = draws(moves, false);
        let mut simulation = MonteCarlo::new(ASSETS);
        let mut profits = vec![0.0; 1000 * LANES];
        simulation.run(&returns, &values, (1.0, draws), &mut profits);
        let MonteCarlo { mut normals, root, assets } = simulation;
        let scene = Scene { root: &root, assets: &assets };
        let (random, normals) = (Random::new(draws.seed), &mut normals[..]);
        let mut again = Run { scene, random, draws, normals, out: &mut [] };
        let held: f64 = values.iter().map(|value| value.abs()).sum();
        let mut most = 0.0_f64;
        for block in profits.chunks(LANES) {
            again.draw();
            for (lane, found) in block.iter().enumerate() {
                let profit = |asset: usize| {
                    let numbers = again.normals.iter().map(|numbers| f64::from(numbers[lane]));
                    let moved: f64 =
                        returns.root(asset).iter().zip(numbers).map(|(w, n)| w * n).sum();
                    values[asset] * libm::expm1(MEAN + moved)
                };
                let exact: f64 = (0..ASSETS).map(profit).sum();
                most = most.max((found - exact).abs() / held);
            }
        }
        assert!(most < 1e-6, "{moves:?}: {most}");
    }
}

/// The bits of one run: they must never depend on the machine, on its registers or on the build.
#[test]
fn the_same_seed_gives_the_same_bits_everywhere() {
    let returns = alone(0.02, 0.001);
    let digest = |moves, antithetic| {
        let mut out = vec![0.0; 10_000];
        let draws = Draws { seed: 7, moves, antithetic };
        MonteCarlo::new(1).run(&returns, &[1.0], (2.0, draws), &mut out);
        let fold =
            |sum: u64, x: &f64| (sum ^ x.to_bits() >> 29).wrapping_mul(0x0000_0100_0000_01b3);
        out.iter().fold(0xcbf2_9ce4_8422_2325, fold)
    };
    let found = [
        digest(Moves::Normal, false),
        digest(Moves::Normal, true),
        digest(Moves::Student(4), false),
        digest(Moves::Student(5), true),
    ];
    let expected = [
        0xfb76_110d_5c00_a996,
        0xdb63_46a5_76db_0a61,
        0x78ea_c2f4_1275_b1da,
        0x819b_e733_9c45_e79b,
    ];
    assert_eq!(found, expected, "{found:x?}");
}

/// Everything that a block needs.
struct Steps<'a>(&'a mut Random, &'a mut [Block; 4]);

impl Work for Steps<'_> {
    #[inline(always)]
    fn run(self) {
        let [first, second, third, fourth] = self.1;
        self.0.normals(first, second);
        for lane in 0..LANES {
            third[lane] = exp_less_one(first[lane]);
            fourth[lane] = ln(second[lane].abs());
        }
    }
}

#[test]
fn wide_registers_change_no_bit() {
    let (mut wide, mut plain) = (Random::new(5), Random::new(5));
    let mut blocks = [[[0.0; LANES]; 4]; 2];
    for _ in 0..1_000 {
        let [one, other] = &mut blocks;
        widest(Steps(&mut wide, one));
        Steps(&mut plain, other).run();
        assert_eq!(one.map(|block| block.map(f32::to_bits)), other.map(|b| b.map(f32::to_bits)));
    }
}
