//! Random numbers and elementary functions in blocks of equal steps, which the compiler turns into
//! vector instructions.
//!
//! The crate `wide` was measured as fast and is alive, but its `ln` and `exp` go through `mul_add`,
//! which rounds once where the program is compiled for a processor with fused multiplication and
//! twice elsewhere: one seed would give other figures on another machine. Here each step is one
//! rounded operation, whatever registers it is done in.
//!
//! In single precision, of which a register holds twice as many. The functions are near-minimax
//! polynomials (interpolation at Chebyshev points), right to a millionth or so: less than
//! a thousandth of what the chance of a hundred thousand paths leaves open.

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// Paths of one block. The generators of a block lie in the first-level cache with all its numbers.
pub const LANES: usize = 32;

/// One number of each path.
pub type Block = [f32; LANES];

/// 1.5 · 2²³: added and taken off again, it rounds to a whole number, which stands in the low bits
/// meanwhile.
const ROUNDING: f32 = 12_582_912.0;
const ONE_BITS: u32 = 0x3f80_0000;

/// As many generators xoshiro128++ as lanes (Blackman and Vigna 2019), the state of each drawn from
/// `SplitMix64`.
#[derive(Clone, Debug)]
pub struct Random {
    state: [[u32; LANES]; 4],
}

impl Random {
    /// The generators of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut seeds = SplitMix64::seed_from_u64(seed);
        let mut state = [[0; LANES]; 4];
        for lane in 0..LANES {
            for word in &mut state {
                word[lane] = seeds.next_u32();
            }
        }
        Self { state }
    }

    /// The next number of each lane.
    #[inline(always)]
    pub fn draw(&mut self, out: &mut [u32; LANES]) {
        let [a, b, c, d] = &mut self.state;
        for lane in 0..LANES {
            let (s0, s1, s2, s3) = (a[lane], b[lane], c[lane], d[lane]);
            out[lane] = s0.wrapping_add(s3).rotate_left(7).wrapping_add(s0);
            let (s2, s3) = (s2 ^ s0, s3 ^ s1);
            a[lane] = s0 ^ s3;
            b[lane] = s1 ^ s2;
            c[lane] = s2 ^ s1 << 9;
            d[lane] = s3.rotate_left(11);
        }
    }

    /// A uniform number above 0 and at most 1 of each lane.
    #[inline(always)]
    pub fn uniforms(&mut self, out: &mut Block) {
        let mut bits = [0; LANES];
        self.draw(&mut bits);
        for (out, bits) in out.iter_mut().zip(bits) {
            *out = uniform(bits);
        }
    }

    /// Two standard normal numbers of each lane (Box and Muller 1958).
    #[inline(always)]
    pub fn normals(&mut self, first: &mut Block, second: &mut Block) {
        let mut radii = [0; LANES];
        let mut angles = [0; LANES];
        self.draw(&mut radii);
        self.draw(&mut angles);
        for lane in 0..LANES {
            let radius = (-2.0 * ln(uniform(radii[lane]))).sqrt();
            let (sin, cos) = sin_cos(angles[lane]);
            first[lane] = radius * cos;
            second[lane] = radius * sin;
        }
    }
}

/// 31 bits as a number above 0 and at most 1; near 0 it is as fine as they are.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "it is to be rounded")]
fn uniform(bits: u32) -> f32 {
    const SCALE: f32 = 1.0 / 2_147_483_648.0;
    ((bits >> 1).cast_signed() as f32 + 0.5) * SCALE
}

/// A polynomial of four terms, from the constant one on, in pairs: a shorter chain than Horner's.
#[inline(always)]
fn four([a, b, c, d]: [f32; 4], s: f32) -> f32 {
    (a + b * s) + (c + d * s) * (s * s)
}

/// The natural logarithm of a normal positive number: ln(2ᵏ·m) = k·ln 2 + 2·artanh((m−1)/(m+1)), m
/// between √½ and √2.
#[inline(always)]
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "k is small")]
pub fn ln(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    let bits = x.to_bits();
    let k = bits.wrapping_sub(SQRT_HALF_BITS).cast_signed() >> 23;
    let m = f32::from_bits(bits.wrapping_sub((k << 23).cast_unsigned()));
    let f = (m - 1.0) / (m + 1.0);
    let p = four([2.0, 0.666_668_2, 0.399_748_5, 0.299_243_9], f * f);
    k as f32 * std::f32::consts::LN_2 + f * p
}

/// Sine and cosine of a random angle: 23 bits say where in a quarter turn around 0, two more which
/// quarter it is.
#[inline(always)]
#[must_use]
pub fn sin_cos(bits: u32) -> (f32, f32) {
    // In quarters of a turn, from -1/2 to 1/2.
    let t = f32::from_bits(bits >> 9 | ONE_BITS) - 1.5;
    let s = t * t;
    let sin = t * four([1.570_796_4, -0.645_963_5, 0.079_680_22, -0.004_602_149], s);
    let cos = four([1.0, -1.233_697, 0.253_598_57, -0.020_408_16], s);
    // The half that is turned away has both signs; of each two quarters one swaps the two.
    let sign = bits << 31;
    let (sin, cos) = (sin.to_bits() ^ sign, cos.to_bits() ^ sign);
    let swapped = (sin ^ cos) & 0_u32.wrapping_sub(bits >> 1 & 1);
    (f32::from_bits(sin ^ swapped), f32::from_bits(cos ^ swapped))
}

/// e to the power of `x`, less 1, as exact near 0 as elsewhere; what lies beyond ±40 counts as ±40.
/// Of 0 it is 0.
#[inline(always)]
#[must_use]
pub fn exp_less_one(x: f32) -> f32 {
    let x = if x > 40.0 { 40.0 } else { x };
    let x = if x < -40.0 { -40.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUNDING;
    let r = x - (rounded - ROUNDING) * std::f32::consts::LN_2;
    let p = r + r
        * r
        * (0.5 + r * four([0.166_665_76, 0.041_666_556, 0.008_363_179, 0.001_392_618_4], r));
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(ONE_BITS));
    power * p + (power - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::Xoshiro128PlusPlus;

    #[test]
    fn each_lane_is_a_generator_of_the_crate() {
        for seed in [0, 1, u64::MAX] {
            let mut random = Random::new(seed);
            let mut seeds = SplitMix64::seed_from_u64(seed);
            let mut lanes: Vec<_> = (0..LANES)
                .map(|_| {
                    let words: [u32; 4] = std::array::from_fn(|_| seeds.next_u32());
                    let bytes: Vec<_> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                    Xoshiro128PlusPlus::from_seed(bytes.try_into().unwrap())
                })
                .collect();
            let mut drawn = [0; LANES];
            for _ in 0..100 {
                random.draw(&mut drawn);
                let expected: Vec<_> = lanes.iter_mut().map(|lane| lane.next_u32()).collect();
                assert_eq!(drawn[..], expected[..]);
            }
        }
    }

    fn near(found: f32, expected: f64, most: f64) {
        assert!((f64::from(found) - expected).abs() <= most, "{found} {expected}");
    }

    #[test]
    fn functions_are_near_those_of_libm() {
        let mut random = Random::new(3);
        let mut bits = [0; LANES];
        for _ in 0..4_000 {
            random.draw(&mut bits);
            for bits in bits {
                let u = uniform(bits);
                assert!(u > 0.0 && u <= 1.0);
                for x in [u, u * u * u * 1e-12] {
                    let expected = libm::log(f64::from(x));
                    near(ln(x), expected, 3e-7 * expected.abs());
                }
                let (sin, cos) = sin_cos(bits);
                let quarters = f64::from(bits >> 9) / f64::from(1 << 23) - 0.5;
                let sign = if bits & 1 == 1 { -1.0 } else { 1.0 };
                let angle = std::f64::consts::FRAC_PI_2 * quarters;
                let expected = (sign * libm::sin(angle), sign * libm::cos(angle));
                let swapped = if bits & 2 == 2 { (cos, sin) } else { (sin, cos) };
                near(swapped.0, expected.0, 2e-7 * expected.0.abs());
                near(swapped.1, expected.1, 2e-7);
                for x in [u - 0.5, 1e-4 * u - 5e-5, 20.0 * u - 10.0, 78.0 * u - 39.0] {
                    let expected = libm::expm1(f64::from(x));
                    near(
                        exp_less_one(x),
                        expected,
                        1e-6 * expected.abs() * (1.0 + f64::from(x).abs()),
                    );
                }
            }
        }
        assert_eq!((exp_less_one(0.0), exp_less_one(-0.0), ln(1.0)), (0.0, 0.0, 0.0));
        assert_eq!((uniform(0), uniform(u32::MAX)), (0.5 / 2_147_483_648.0, 1.0));
        assert!(exp_less_one(f32::MAX).is_finite() && exp_less_one(f32::MIN) > -1.000_001);
        near(ln(f32::MIN_POSITIVE), libm::log(f64::from(f32::MIN_POSITIVE)), 1e-4);
    }

    /// All four quarters of a turn come equally often.
    #[test]
    fn angles_go_all_around() {
        let (mut random, mut bits) = (Random::new(17), [0; LANES]);
        let mut counts = [0_u32; 8];
        for _ in 0..10_000 {
            random.draw(&mut bits);
            for bits in bits {
                let (sin, cos) = sin_cos(bits);
                let eighth = u8::from(sin > 0.0) + 2 * u8::from(cos > 0.0);
                counts[usize::from(eighth + 4 * u8::from(sin.abs() > cos.abs()))] += 1;
            }
        }
        let mean = (LANES * 10_000 / 8) as f64;
        for count in counts {
            assert!((f64::from(count) - mean).abs() < 5.0 * mean.sqrt(), "{counts:?}");
        }
    }

    /// The first four moments of a million numbers, within five standard errors.
    #[test]
    fn normals_are_normal() {
        let (mut random, mut sums) = (Random::new(11), [0.0; 4]);
        let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
        let (mut cross, mut count) = (0.0, 0.0);
        for _ in 0..16_384 {
            random.normals(&mut first, &mut second);
            for (a, b) in first.into_iter().zip(second) {
                let (a, b) = (f64::from(a), f64::from(b));
                for x in [a, b] {
                    for (sum, power) in sums.iter_mut().zip([x, x * x, x * x * x, x * x * x * x]) {
                        *sum += power;
                    }
                }
                cross += a * b;
                count += 2.0;
            }
        }
        let near = |found: f64, expected: f64, variance: f64, count: f64| {
            let error = (variance / count).sqrt();
            assert!((found / count - expected).abs() < 5.0 * error, "{} {expected}", found / count);
        };
        // The variances of the first four powers of a normal number.
        for ((sum, expected), variance) in
            sums.iter().zip([0.0, 1.0, 0.0, 3.0]).zip([1.0, 2.0, 15.0, 96.0])
        {
            near(*sum, expected, variance, count);
        }
        near(cross, 0.0, 1.0, count / 2.0);
    }
}
