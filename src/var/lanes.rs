//! Random numbers and elementary functions in blocks of equal steps, which the compiler turns into
//! vector instructions.
//!
//! The crate `wide` was measured as fast and is alive, but its `ln` and `exp` go through `mul_add`,
//! which rounds once where the program is compiled for a processor with fused multiplication and
//! twice elsewhere: one seed would give other figures on another machine. Here each step is one
//! rounded operation, whatever registers it is done in.
//!
//! The functions are near-minimax polynomials (interpolation at Chebyshev points). Their error of
//! at most 2e-12 is a billionth of what the chance of a hundred thousand paths leaves open.

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// Paths of one block. The generators of a block lie in the first-level cache with all its numbers.
pub const LANES: usize = 64;

/// One number of each path.
pub type Block = [f64; LANES];

/// 1.5 · 2⁵²: added and taken off again, it rounds to a whole number, which stands in the low bits
/// meanwhile.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
/// 2⁵²: a whole number below it, put into its low bits, is added to it.
const TWO_52: f64 = 4_503_599_627_370_496.0;
const ONE_BITS: u64 = 0x3ff0_0000_0000_0000;

/// As many generators xoshiro256++ as lanes (Blackman and Vigna 2019), the state of each drawn from
/// `SplitMix64` as `rand_xoshiro` seeds one.
#[derive(Clone, Debug)]
pub struct Random {
    state: [[u64; LANES]; 4],
}

impl Random {
    /// The generators of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut seeds = SplitMix64::seed_from_u64(seed);
        let mut state = [[0; LANES]; 4];
        for lane in 0..LANES {
            for word in &mut state {
                word[lane] = seeds.next_u64();
            }
        }
        Self { state }
    }

    /// The next number of each lane.
    #[inline(always)]
    pub fn draw(&mut self, out: &mut [u64; LANES]) {
        let [a, b, c, d] = &mut self.state;
        for lane in 0..LANES {
            let (s0, s1, s2, s3) = (a[lane], b[lane], c[lane], d[lane]);
            out[lane] = s0.wrapping_add(s3).rotate_left(23).wrapping_add(s0);
            let (s2, s3) = (s2 ^ s0, s3 ^ s1);
            a[lane] = s0 ^ s3;
            b[lane] = s1 ^ s2;
            c[lane] = s2 ^ s1 << 17;
            d[lane] = s3.rotate_left(45);
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
            let (sin, cos) = sin_cos_turns(uniform(angles[lane]));
            first[lane] = radius * cos;
            second[lane] = radius * sin;
        }
    }
}

/// 52 bits as a number above 0 and at most 1.
#[inline(always)]
fn uniform(bits: u64) -> f64 {
    2.0 - f64::from_bits(bits >> 12 | ONE_BITS)
}

/// A polynomial of six terms, from the constant one on, in pairs: a shorter chain than Horner's.
#[inline(always)]
fn six(terms: [f64; 6], s: f64) -> f64 {
    let [a, b, c, d, e, f] = terms;
    let s2 = s * s;
    (a + b * s) + ((c + d * s) + (e + f * s) * s2) * s2
}

/// The natural logarithm of a normal positive number: ln(2ᵏ·m) = k·ln 2 + 2·artanh((m−1)/(m+1)), m
/// between √½ and √2.
#[inline(always)]
#[must_use]
pub fn ln(x: f64) -> f64 {
    const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
    let bits = x.to_bits();
    let exponent = bits.wrapping_add(ONE_BITS - SQRT_HALF_BITS) >> 52;
    let m = f64::from_bits(bits.wrapping_sub(exponent.wrapping_sub(1023) << 52));
    let k = f64::from_bits(exponent | TWO_52.to_bits()) - (TWO_52 + 1023.0);
    let f = (m - 1.0) / (m + 1.0);
    let s = f * f;
    let p = six(
        [
            1.999_999_999_999_947_2,
            0.666_666_666_795_792_5,
            0.399_999_948_918_323_85,
            0.285_721_661_458_757_25,
            0.221_742_499_100_774_9,
            0.196_080_956_397_530_5,
        ],
        s,
    );
    k * std::f64::consts::LN_2 + f * p
}

/// Sine and cosine of a whole turn's part, from 0 to 1.
#[inline(always)]
#[must_use]
pub fn sin_cos_turns(turns: f64) -> (f64, f64) {
    let rounded = 4.0 * turns + ROUNDING;
    let quarters = rounded.to_bits();
    let t = turns - 0.25 * (rounded - ROUNDING);
    let s = t * t;
    let sin = t * six(
        [
            6.283_185_307_179_56,
            -41.341_702_240_275_78,
            81.605_249_183_483_94,
            -76.705_834_458_451_28,
            42.055_569_255_944_99,
            -14.916_565_118_819_118,
        ],
        s,
    );
    let cos = six(
        [
            0.999_999_999_999_944_4,
            -19.739_208_801_922_548,
            64.939_393_831_348_3,
            -85.456_764_937_194_06,
            60.238_183_593_014_54,
            -26.058_123_753_882_793,
        ],
        s,
    );
    // A quarter turn swaps the two, and each changes its sign in one half of the turn.
    let swap = 0_u64.wrapping_sub(quarters & 1);
    let (sin, cos) = (sin.to_bits(), cos.to_bits());
    let sin_sign = (quarters & 2) << 62;
    let cos_sign = (quarters.wrapping_add(1) & 2) << 62;
    let new_sin = (sin & !swap | cos & swap) ^ sin_sign;
    let new_cos = (cos & !swap | sin & swap) ^ cos_sign;
    (f64::from_bits(new_sin), f64::from_bits(new_cos))
}

/// e to the power of `x`; what lies beyond ±700 counts as ±700. Of 0 it is 1 exactly.
#[inline(always)]
#[must_use]
pub fn exp(x: f64) -> f64 {
    let x = if x > 700.0 { 700.0 } else { x };
    let x = if x < -700.0 { -700.0 } else { x };
    let rounded = x * std::f64::consts::LOG2_E + ROUNDING;
    let r = x - (rounded - ROUNDING) * std::f64::consts::LN_2;
    let r2 = r * r;
    let r4 = r2 * r2;
    let a = 1.0 + 0.999_999_999_979_785_1 * r;
    let b = 0.499_999_999_997_979_36 + 0.166_666_668_910_457_77 * r;
    let c = 0.041_666_666_890_957 + 0.008_333_266_097_949_614 * r;
    let d = 0.001_388_882_167_763_036_4 + 0.000_199_158_669_267_826_82 * r;
    let p = (a + b * r2) + (c + d * r2 + 0.000_024_876_164_022_625_968 * r4) * r4;
    f64::from_bits(p.to_bits().wrapping_add(rounded.to_bits() << 52))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::Xoshiro256PlusPlus;

    #[test]
    fn each_lane_is_a_generator_of_the_crate() {
        for seed in [0, 1, u64::MAX] {
            let mut random = Random::new(seed);
            let mut seeds = SplitMix64::seed_from_u64(seed);
            let mut lanes: Vec<_> = (0..LANES)
                .map(|_| {
                    let mut state = [0; 32];
                    seeds.fill_bytes(&mut state);
                    Xoshiro256PlusPlus::from_seed(state)
                })
                .collect();
            let mut drawn = [0; LANES];
            for _ in 0..100 {
                random.draw(&mut drawn);
                let expected: Vec<_> = lanes.iter_mut().map(|lane| lane.next_u64()).collect();
                assert_eq!(drawn[..], expected[..]);
            }
        }
    }

    #[test]
    fn functions_are_near_those_of_libm() {
        let mut random = Random::new(3);
        let mut block = [0.0; LANES];
        for _ in 0..2_000 {
            random.uniforms(&mut block);
            for u in block {
                assert!(u > 0.0 && u <= 1.0);
                let near = |found: f64, expected: f64, most: f64| {
                    assert!((found - expected).abs() <= most, "{u}: {found} {expected}");
                };
                near(ln(u), libm::log(u), 2e-15 + 5e-14 * libm::log(u).abs());
                let small = u * u * u * 1e-12;
                near(ln(small), libm::log(small), 1e-12);
                let angle = std::f64::consts::TAU * u;
                let (sin, cos) = sin_cos_turns(u);
                near(sin, libm::sin(angle), 1e-13);
                near(cos, libm::cos(angle), 1e-13);
                for x in [u - 0.5, 20.0 * u - 10.0, 1_300.0 * u - 650.0] {
                    near(exp(x) / libm::exp(x), 1.0, 2e-12);
                }
            }
        }
        assert_eq!((exp(0.0), exp(-0.0), ln(1.0)), (1.0, 1.0, 0.0));
        assert!(exp(f64::MAX).is_finite() && exp(f64::MIN) > 0.0);
        assert!((ln(f64::MIN_POSITIVE) - libm::log(f64::MIN_POSITIVE)).abs() < 1e-10);
    }

    /// The first four moments of a million numbers, within five standard errors.
    #[test]
    fn normals_are_normal() {
        let (mut random, mut sums) = (Random::new(11), [0.0; 4]);
        let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
        let (mut cross, mut count) = (0.0, 0.0);
        for _ in 0..8_192 {
            random.normals(&mut first, &mut second);
            for (a, b) in first.into_iter().zip(second) {
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
