//! How assets move together: means, the covariance of a sample, and its triangular root.

/// Means and covariances of so many assets, and the lower triangle L with L·Lᵀ = the covariance.
/// Rows lie one after another.
#[derive(Clone, Debug)]
pub struct Covariance {
    assets: usize,
    mean: Box<[f64]>,
    matrix: Box<[f64]>,
    root: Box<[f64]>,
}

/// A pivot of so small a part of its variance is what rounding has left of zero.
const PIVOT_MIN: f64 = 1e-12;

impl Covariance {
    /// Of assets that do not move.
    #[must_use]
    pub fn new(assets: usize) -> Self {
        let square = || vec![0.0; assets * assets].into_boxed_slice();
        Self { assets, mean: vec![0.0; assets].into(), matrix: square(), root: square() }
    }

    /// Measures a sample: rows of one return per asset. Divides by n − 1, as the mean is measured
    /// too; a sample of less than two rows has no covariance, and it is all zero then.
    pub fn measure(&mut self, rows: impl Iterator<Item = impl AsRef<[f64]>> + Clone) {
        let Self { assets, mean, matrix, .. } = self;
        mean.fill(0.0);
        matrix.fill(0.0);
        let mut count = 0.0;
        for row in rows.clone() {
            for (sum, value) in mean.iter_mut().zip(row.as_ref()) {
                *sum += value;
            }
            count += 1.0;
        }
        if count < 2.0 {
            mean.fill(0.0);
            self.root.fill(0.0);
            return;
        }
        for sum in mean.iter_mut() {
            *sum /= count;
        }
        for row in rows {
            let row = row.as_ref();
            for i in 0..*assets {
                let off = row[i] - mean[i];
                for j in 0..=i {
                    matrix[i * *assets + j] += off * (row[j] - mean[j]);
                }
            }
        }
        for i in 0..*assets {
            for j in 0..=i {
                let value = matrix[i * *assets + j] / (count - 1.0);
                matrix[i * *assets + j] = value;
                matrix[j * *assets + i] = value;
            }
        }
        self.factor();
    }

    /// Takes a known mean and covariance, rows one after another.
    ///
    /// # Panics
    /// They are of another number of assets.
    pub fn set(&mut self, mean: &[f64], matrix: &[f64]) {
        self.mean.copy_from_slice(mean);
        self.matrix.copy_from_slice(matrix);
        self.factor();
    }

    /// The root by Cholesky. An asset that the ones before explain wholly, or that does not move,
    /// adds nothing of its own.
    fn factor(&mut self) {
        let Self { assets, matrix, root, .. } = self;
        let n = *assets;
        root.fill(0.0);
        for i in 0..n {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| root[i * n + k] * root[j * n + k]).sum();
                let left = matrix[i * n + j] - known;
                root[i * n + j] = if i == j {
                    if left > PIVOT_MIN * matrix[i * n + i] { left.sqrt() } else { 0.0 }
                } else {
                    let pivot = root[j * n + j];
                    if pivot > 0.0 { left / pivot } else { 0.0 }
                };
            }
        }
    }

    /// How many assets there are.
    #[must_use]
    pub const fn assets(&self) -> usize {
        self.assets
    }

    /// The mean of each asset.
    #[must_use]
    pub const fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The covariances of one asset with all.
    #[must_use]
    pub fn row(&self, asset: usize) -> &[f64] {
        &self.matrix[asset * self.assets..(asset + 1) * self.assets]
    }

    /// The row of the root: as many places as the asset's own number and one.
    #[must_use]
    pub fn root(&self, asset: usize) -> &[f64] {
        &self.root[asset * self.assets..=asset * self.assets + asset]
    }

    /// The standard deviation of one asset.
    #[must_use]
    pub fn deviation(&self, asset: usize) -> f64 {
        self.row(asset)[asset].sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_that_is_worked_out_by_hand() {
        let rows = [[1.0, 2.0], [2.0, 4.0], [3.0, 9.0]];
        let mut found = Covariance::new(2);
        found.measure(rows.iter());
        assert_eq!(found.mean(), [2.0, 5.0]);
        assert_eq!((found.row(0), found.row(1)), (&[1.0, 3.5][..], &[3.5, 13.0][..]));
        assert_eq!(found.root(1), [3.5, 0.75_f64.sqrt()]);
        found.measure(rows[..1].iter());
        assert_eq!((found.mean(), found.root(1)), (&[0.0, 0.0][..], &[0.0, 0.0][..]));
    }

    #[test]
    fn the_root_gives_the_covariance_back_also_where_assets_repeat_each_other() {
        // The third is the sum of the others, the fourth does not move, the fifth is the first.
        let mut seed = 5_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 40) as f64 / f64::from(1 << 24) - 0.5
        };
        let rows: Vec<[f64; 5]> = (0..40)
            .map(|_| {
                let (a, b) = (random(), random());
                [a, b, a + b, 0.0, a]
            })
            .collect();
        let mut found = Covariance::new(5);
        found.measure(rows.iter());
        for i in 0..5 {
            for j in 0..=i {
                let (a, b) = (found.root(i), found.root(j));
                let product: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
                assert!((product - found.row(i)[j]).abs() < 1e-12, "{i} {j}");
            }
        }
        assert_eq!((found.root(3)[3], found.root(4)[4]), (0.0, 0.0));
    }
}
