//! Value at risk by chance: correlated prices are drawn, and what is held is valued anew at each.
//!
//! The logarithms of the prices move together as a covariance says, normally or with Student's t:
//! there all assets of a path share one mixing variable, so that bad days are bad for all, and the
//! distribution is scaled to the same covariance. A price is its present one times e to that move,
//! so nothing is linearised. Antithetic paths use each move a second time with the other sign.
//!
//! Drawing and valuing are in single precision, of which a register holds twice as many: rounding
//! moves a profit by less than a millionth of what is held, while the figures of a hundred thousand
//! paths have a standard error of half a hundredth.

use super::covariance::Covariance;
use super::lanes::{Block, LANES, Random, exp_less_one, ln};
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
    /// What each of them moves each asset by over the horizon, rows one after another.
    root: Box<[f32]>,
    assets: Box<[Asset]>,
}

/// What is held of one asset.
#[derive(Clone, Copy, Debug, Default)]
struct Asset {
    value: f32,
    /// The mean move over the horizon.
    drift: f32,
}

impl MonteCarlo {
    /// Room for so many assets.
    #[must_use]
    pub fn new(assets: usize) -> Self {
        Self {
            normals: vec![[0.0; LANES]; assets.next_multiple_of(2)].into(),
            root: vec![0.0; assets * assets].into(),
            assets: vec![Asset::default(); assets].into(),
        }
    }

    /// Draws as many profits as there is room for in `out`, of holdings with these values in money,
    /// over so many periods of these logarithmic returns.
    ///
    /// # Panics
    /// Values, returns and room are of different assets, or degrees of freedom too few or too many.
    pub fn run(
        &mut self,
        returns: &Covariance,
        values: &[f64],
        (horizon, draws): (f64, Draws),
        out: &mut [f64],
    ) {
        assert_eq!(values.len(), returns.assets(), "a value of each asset");
        assert_eq!(values.len(), self.assets.len(), "room was made for as many assets");
        if let Moves::Student(degrees) = draws.moves {
            assert!((DEGREES_MIN..=DEGREES_MAX).contains(&degrees), "the config has checked it");
        }
        self.set(returns, values, horizon);
        let random = Random::new(draws.seed);
        let Self { normals, root, assets } = self;
        widest(Run { scene: Scene { root, assets }, random, draws, normals, out });
    }

    #[expect(clippy::cast_possible_truncation, reason = "single precision is enough, see above")]
    fn set(&mut self, returns: &Covariance, values: &[f64], horizon: f64) {
        for (place, asset) in self.assets.iter_mut().enumerate() {
            let drift = returns.mean()[place] * horizon;
            *asset = Asset { value: values[place] as f32, drift: drift as f32 };
        }
        let root_horizon = horizon.sqrt();
        let rows = self.root.chunks_exact_mut(values.len()).enumerate();
        for (asset, row) in rows {
            for (weight, root) in row.iter_mut().zip(returns.root(asset)) {
                *weight = (root * root_horizon) as f32;
            }
        }
    }
}

/// One simulation as the loops need it.
struct Scene<'a> {
    root: &'a [f32],
    assets: &'a [Asset],
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
        let Self { random, draws, normals, .. } = self;
        for pair in normals.chunks_exact_mut(2) {
            let (first, second) = pair.split_at_mut(1);
            random.normals(&mut first[0], &mut second[0]);
        }
        let Moves::Student(degrees) = draws.moves else { return };
        let mut mix = [1.0; LANES];
        mixing(random, degrees, &mut mix);
        for block in normals.iter_mut() {
            for (number, mix) in block.iter_mut().zip(&mix) {
                *number *= mix;
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
    #[expect(clippy::cast_precision_loss, reason = "at most thirty")]
    let scale = degrees as f32 - 2.0;
    for lane in 0..LANES {
        // So many small uniforms that their product vanishes are drawn once in an age; and all at 1
        // would leave no variance at all.
        let product = product[lane].max(f32::MIN_POSITIVE);
        let sum = (odd[lane] * odd[lane] - 2.0 * ln(product)).max(f32::MIN_POSITIVE);
        out[lane] = (scale / sum).sqrt();
    }
}

impl Scene<'_> {
    /// The profits of one block of moves, and of the opposite ones.
    #[inline(always)]
    fn value<const BOTH: bool>(&self, normals: &[Block], first: &mut [f64], second: &mut [f64]) {
        let mut up = [0.0; LANES];
        let mut down = [0.0; LANES];
        for (place, Asset { value, drift }) in self.assets.iter().enumerate() {
            let moves = self.moves(normals, place);
            for lane in 0..LANES {
                up[lane] += value * exp_less_one(drift + moves[lane]);
                if BOTH {
                    down[lane] += value * exp_less_one(drift - moves[lane]);
                }
            }
        }
        let widen = |to: &mut [f64], from: &Block| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = f64::from(*from));
        };
        widen(first, &up);
        widen(second, &down);
    }

    /// What chance moves one asset by: its row of the root times those numbers.
    #[inline(always)]
    fn moves(&self, normals: &[Block], asset: usize) -> Block {
        let mut sum = [0.0; LANES];
        let row = &self.root[asset * self.assets.len()..][..=asset];
        for (weight, numbers) in row.iter().zip(normals) {
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
