//! Value at risk by chance: correlated prices are drawn, and what is held is valued anew at each.
//!
//! The logarithms of the prices move together as a covariance says, normally or with Student's t:
//! there all assets of a path share one mixing variable, so that bad days are bad for all, and the
//! distribution is scaled to the same covariance. A price is its present one times e to that move,
//! so nothing is linearised. Antithetic paths use each move a second time with the other sign.

use super::covariance::Covariance;
use super::lanes::{Block, LANES, Random, exp, ln};
use crate::sys::wide::{Work, widest};

/// How prices move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moves {
    /// Normally.
    Normal,
    /// By Student's t with so many degrees of freedom, at least 3: with fewer there is no variance.
    Student(u32),
}

/// The fewest degrees of freedom that have a variance.
pub const DEGREES_MIN: u32 = 3;
/// With more it is as good as normal, and the product of the uniforms stays above zero.
pub const DEGREES_MAX: u32 = 30;

/// What is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Draws {
    /// Where chance begins.
    pub seed: u64,
    /// How prices move.
    pub moves: Moves,
    /// Each move is used with both signs.
    pub antithetic: bool,
}

/// Room for the paths of one block.
#[derive(Clone, Debug)]
pub struct MonteCarlo {
    /// Independent normal numbers of each asset; one place more where assets are odd.
    normals: Box<[Block]>,
}

/// One simulation as the loops need it.
struct Scene<'a> {
    returns: &'a Covariance,
    values: &'a [f64],
    horizon: f64,
    root_horizon: f64,
}

impl MonteCarlo {
    /// Room for so many assets.
    #[must_use]
    pub fn new(assets: usize) -> Self {
        Self { normals: vec![[0.0; LANES]; assets.next_multiple_of(2)].into() }
    }

    /// Draws as many profits as there is room for in `out`, of holdings with these values in money,
    /// over so many periods of these logarithmic returns.
    ///
    /// # Panics
    /// Values and returns are of different assets, or degrees of freedom too few or too many.
    pub fn run(
        &mut self,
        returns: &Covariance,
        values: &[f64],
        (horizon, draws): (f64, Draws),
        out: &mut [f64],
    ) {
        assert_eq!(values.len(), returns.assets(), "a value of each asset");
        assert!(values.len() <= self.normals.len(), "room was made for fewer assets");
        if let Moves::Student(degrees) = draws.moves {
            assert!((DEGREES_MIN..=DEGREES_MAX).contains(&degrees), "the config has checked it");
        }
        let root_horizon = horizon.sqrt();
        let scene = Scene { returns, values, horizon, root_horizon };
        let random = Random::new(draws.seed);
        widest(Run { scene, random, draws, normals: &mut self.normals, out });
    }
}

/// One simulation.
struct Run<'a> {
    scene: Scene<'a>,
    random: Random,
    draws: Draws,
    normals: &'a mut [Block],
    out: &'a mut [f64],
}

impl Work for Run<'_> {
    #[inline(always)]
    fn run(mut self) {
        let mut blocks = std::mem::take(&mut self.out).chunks_mut(LANES);
        while let Some(first) = blocks.next() {
            let second = if self.draws.antithetic { blocks.next() } else { None };
            self.draw();
            match second {
                None => self.scene.value::<false>(self.normals, first, &mut []),
                Some(second) => self.scene.value::<true>(self.normals, first, second),
            }
        }
    }
}

impl Run<'_> {
    /// The numbers of one block, as far apart as the horizon makes them.
    #[inline(always)]
    fn draw(&mut self) {
        let Self { scene, random, draws, normals, .. } = self;
        for pair in normals.chunks_exact_mut(2) {
            let (first, second) = pair.split_at_mut(1);
            random.normals(&mut first[0], &mut second[0]);
        }
        let scale = scene.root_horizon;
        let mut mix = [1.0; LANES];
        if let Moves::Student(degrees) = draws.moves {
            mixing(random, degrees, &mut mix);
        } else if scale == 1.0 {
            return;
        }
        for block in normals.iter_mut() {
            for (number, mix) in block.iter_mut().zip(&mix) {
                *number *= mix * scale;
            }
        }
    }
}

/// √((ν − 2)/W) with W of chi-square with ν degrees of freedom: with a normal number it makes one
/// of Student's t of variance 1. A sum of ν/2 exponentials is the logarithm of a product of
/// uniforms; an odd degree adds a normal number's square.
#[inline(always)]
fn mixing(random: &mut Random, degrees: u32, out: &mut Block) {
    let mut product = [1.0; LANES];
    let mut drawn = [0.0; LANES];
    for _ in 0..degrees / 2 {
        random.uniforms(&mut drawn);
        for (product, drawn) in product.iter_mut().zip(&drawn) {
            *product *= drawn;
        }
    }
    let mut odd = [0.0; LANES];
    if degrees % 2 == 1 {
        random.normals(&mut odd, &mut drawn);
    }
    let scale = f64::from(degrees) - 2.0;
    for lane in 0..LANES {
        // All uniforms at 1 would leave no variance at all.
        let sum = (odd[lane] * odd[lane] - 2.0 * ln(product[lane])).max(f64::MIN_POSITIVE);
        out[lane] = (scale / sum).sqrt();
    }
}

impl Scene<'_> {
    /// The profits of one block of moves, and of the opposite ones.
    #[inline(always)]
    fn value<const BOTH: bool>(&self, normals: &[Block], first: &mut [f64], second: &mut [f64]) {
        let mut up = [0.0; LANES];
        let mut down = [0.0; LANES];
        for (asset, value) in self.values.iter().enumerate() {
            let moves = self.moves(normals, asset);
            let drift = self.returns.mean()[asset] * self.horizon;
            for lane in 0..LANES {
                up[lane] += value * (exp(drift + moves[lane]) - 1.0);
                if BOTH {
                    down[lane] += value * (exp(drift - moves[lane]) - 1.0);
                }
            }
        }
        first.copy_from_slice(&up[..first.len()]);
        if BOTH {
            second.copy_from_slice(&down[..second.len()]);
        }
    }

    /// What chance moves one asset by: its row of the root times those numbers.
    #[inline(always)]
    fn moves(&self, normals: &[Block], asset: usize) -> Block {
        let mut sum = [0.0; LANES];
        for (weight, numbers) in self.returns.root(asset).iter().zip(normals) {
            for (sum, number) in sum.iter_mut().zip(numbers) {
                *sum += weight * number;
            }
        }
        sum
    }
}

#[cfg(test)]
#[path = "monte_carlo_tests.rs"]
mod tests;
