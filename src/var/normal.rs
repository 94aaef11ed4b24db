//! The normal distribution, and the tails of the two chi-square distributions that tests need.

use libm::{erfc, exp, log, sqrt};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The density of the standard normal distribution.
#[must_use]
pub fn density(x: f64) -> f64 {
    exp(-0.5 * x * x) / sqrt(2.0 * PI)
}

/// The probability of at most `x`.
#[must_use]
pub fn distribution(x: f64) -> f64 {
    0.5 * erfc(-x * FRAC_1_SQRT_2)
}

/// The value that is not exceeded with that probability.
///
/// Wichura 1988, *The percentage points of the normal distribution*, Applied Statistics 37,
/// algorithm AS 241 (PPND16): relative error about 1e-16.
///
/// # Panics
/// The probability is not between 0 and 1: our own fault.
#[must_use]
pub fn quantile(probability: f64) -> f64 {
    assert!(probability > 0.0 && probability < 1.0, "a probability lies between 0 and 1");
    let centred = probability - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * ratio(&CENTRE, r);
    }
    let tail = if centred < 0.0 { probability } else { 1.0 - probability };
    let r = sqrt(-log(tail));
    let size = if r <= 5.0 { ratio(&MIDDLE, r - 1.6) } else { ratio(&FAR, r - 5.0) };
    if centred < 0.0 { -size } else { size }
}

/// The probability that a chi-square variable of one degree of freedom exceeds `x`: it is the
/// square of a normal one.
#[must_use]
pub fn chi_square_1_survival(x: f64) -> f64 {
    erfc(sqrt(0.5 * x.max(0.0)))
}

/// The same of two degrees of freedom: an exponential variable of mean 2.
#[must_use]
pub fn chi_square_2_survival(x: f64) -> f64 {
    exp(-0.5 * x.max(0.0))
}

/// Coefficients from the constant term on, above and below.
type Ratio = [[f64; 8]; 2];

fn ratio([above, below]: &Ratio, r: f64) -> f64 {
    let value = |terms: &[f64; 8]| terms.iter().rev().fold(0.0, |sum, term| sum * r + term);
    value(above) / value(below)
}

#[rustfmt::skip]
const CENTRE: Ratio = [
    [
        3.387_132_872_796_366_5, 133.141_667_891_784_38, 1_971.590_950_306_551_3,
        13_731.693_765_509_46, 45_921.953_931_549_87, 67_265.770_927_008_7,
        33_430.575_583_588_13, 2_509.080_928_730_122_7,
    ],
    [
        1.0, 42.313_330_701_600_91, 687.187_007_492_057_9,
        5_394.196_021_424_751, 21_213.794_301_586_597, 39_307.895_800_092_71,
        28_729.085_735_721_943, 5_226.495_278_852_854,
    ],
];
#[rustfmt::skip]
const MIDDLE: Ratio = [
    [
        1.423_437_110_749_683_5, 4.630_337_846_156_546, 5.769_497_221_460_691,
        3.647_848_324_763_204_5, 1.270_458_252_452_368_4, 0.241_780_725_177_450_6,
        0.022_723_844_989_269_184, 0.000_774_545_014_278_341_4,
    ],
    [
        1.0, 2.053_191_626_637_759, 1.676_384_830_183_803_8,
        0.689_767_334_985_1, 0.148_103_976_427_480_08,
        0.015_198_666_563_616_457, 0.000_547_593_808_499_534_5,
        1.050_750_071_644_416_9e-09,
    ],
];
#[rustfmt::skip]
const FAR: Ratio = [
    [
        6.657_904_643_501_103, 5.463_784_911_164_114, 1.784_826_539_917_291_3,
        0.296_560_571_828_504_87, 0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4, 2.711_555_568_743_487_6e-05,
        2.010_334_399_292_288_1e-07,
    ],
    [
        1.0, 0.599_832_206_555_888, 0.136_929_880_922_735_8,
        0.014_875_361_290_850_615, 0.000_786_869_131_145_613_3,
        1.846_318_317_510_054_8e-05, 1.421_511_758_316_446e-07,
        2.044_263_103_389_939_7e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-14, "{found} is not {expected}");
    }

    /// The values that Wichura gives, and those of R's `qnorm`.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        near(quantile(0.25), -0.674_489_750_196_081_7);
        near(quantile(0.001), -3.090_232_306_167_813_6);
        near(quantile(1e-20), -9.262_340_089_798_409);
        near(quantile(0.05), -1.644_853_626_951_472_6);
        near(quantile(0.99), 2.326_347_874_040_841);
        assert_eq!(quantile(0.5), 0.0);
    }

    #[test]
    fn quantile_is_the_inverse_of_the_distribution() {
        for place in 1..1000 {
            let probability = f64::from(place) / 1000.0;
            near(distribution(quantile(probability)), probability);
        }
    }

    /// R: `pchisq(c(3.841459, 6.634897), 1, lower = FALSE)`, and of 5.991465 with two degrees.
    #[test]
    fn tails_of_chi_square() {
        near(chi_square_1_survival(quantile(0.975) * quantile(0.975)), 0.05);
        near(chi_square_1_survival(quantile(0.995) * quantile(0.995)), 0.01);
        near(chi_square_2_survival(-2.0 * libm::log(0.05)), 0.05);
        assert_eq!((chi_square_1_survival(0.0), chi_square_2_survival(-1.0)), (1.0, 1.0));
    }
}
