//! What prices have done: a ring of the last returns of every asset, from sampled prices.
//!
//! Returns are logarithmic, so that those of several periods add up; profits are made of simple
//! ones, as a position pays them. When to sample is the caller's.

use libm::{expm1, log};
use serde::{Deserialize, Serialize};

/// The last returns, oldest first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    assets: usize,
    window: usize,
    /// The prices of the last sample; empty if what comes next has no predecessor.
    last: Vec<f64>,
    /// Rows of one return per asset, a ring of `window` rows.
    rows: Vec<f64>,
    /// The row that is written next.
    next: usize,
    /// Samples that gave no return since an asset had no price.
    gaps: u64,
}

impl History {
    /// Nothing was sampled yet.
    ///
    /// # Panics
    /// No asset or no window: the config has checked it.
    #[must_use]
    pub fn new(assets: usize, window: usize) -> Self {
        assert!(assets > 0 && window > 0, "a history has assets and a window");
        Self {
            assets,
            window,
            last: Vec::with_capacity(assets),
            rows: Vec::with_capacity(assets * window),
            next: 0,
            gaps: 0,
        }
    }

    /// Whether what was read is a history of so many assets and such a window.
    #[must_use]
    pub fn is_of(&self, assets: usize, window: usize) -> bool {
        let rows = self.rows.len();
        let whole = rows.is_multiple_of(assets) && rows <= assets * window;
        (self.assets, self.window) == (assets, window)
            && whole
            && (self.last.is_empty() || self.last.len() == assets)
            && self.last.iter().all(|price| *price > 0.0 && price.is_finite())
            && self.rows.iter().all(|value| value.is_finite())
            && self.next < window
            && (self.len() == window || self.next == self.len())
    }

    /// Takes the price of each asset; one that is not positive is unknown. Says whether a return of
    /// each came of it.
    ///
    /// # Panics
    /// It is another number of assets.
    pub fn sample(&mut self, prices: &[f64]) -> bool {
        assert_eq!(prices.len(), self.assets, "a price of each asset");
        if !prices.iter().all(|price| *price > 0.0 && price.is_finite()) {
            self.gaps += 1;
            self.last.clear();
            return false;
        }
        let is_first = self.last.is_empty();
        if is_first {
            self.last.extend_from_slice(prices);
            return false;
        }
        let at = self.next * self.assets;
        for (place, (last, price)) in self.last.iter_mut().zip(prices).enumerate() {
            let value = log(price / *last);
            match self.rows.get_mut(at + place) {
                Some(row) => *row = value,
                None => self.rows.push(value),
            }
            *last = *price;
        }
        self.next = (self.next + 1) % self.window;
        true
    }

    /// Prices have gone unseen for a while: the next sample begins anew.
    pub fn interrupt(&mut self) {
        self.last.clear();
    }

    /// How many assets there are.
    #[must_use]
    pub const fn assets(&self) -> usize {
        self.assets
    }

    /// How many returns of each asset there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len() / self.assets
    }

    /// Whether there is no return yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Samples that an unknown price has made useless.
    #[must_use]
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    /// The returns, oldest first: one of each asset a row.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> + Clone {
        let oldest = if self.len() < self.window { 0 } else { self.next * self.assets };
        let (new, old) = self.rows.split_at(oldest);
        old.chunks_exact(self.assets).chain(new.chunks_exact(self.assets))
    }

    /// What these holdings would have earned with each of the returns, oldest first, each return
    /// taken so many times. The values are in money and have the sign of the position.
    ///
    /// # Panics
    /// There is no room for all returns.
    pub fn profits<'a>(&self, values: &[f64], times: f64, out: &'a mut [f64]) -> &'a mut [f64] {
        let out = &mut out[..self.len()];
        for (out, row) in out.iter_mut().zip(self.rows()) {
            *out = values.iter().zip(row).map(|(value, r)| value * expm1(times * r)).sum();
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returns(history: &History) -> Vec<Vec<f64>> {
        history.rows().map(<[f64]>::to_vec).collect()
    }

    #[test]
    fn the_last_returns_are_kept_in_order() {
        let mut history = History::new(2, 3);
        assert!(!history.sample(&[1.0, 100.0]));
        for n in 1..=7_i32 {
            let price = libm::exp(f64::from(n * n));
            assert!(history.sample(&[price, 100.0]));
            assert_eq!(history.len(), 3.min(usize::try_from(n).unwrap()));
            assert!(history.is_of(2, 3) && !history.is_of(1, 3) && !history.is_of(2, 4));
        }
        let rounded: Vec<_> = returns(&history).iter().map(|row| row[0].round()).collect();
        assert_eq!(rounded, [9.0, 11.0, 13.0]);
        assert!(returns(&history).iter().all(|row| row[1] == 0.0));
    }

    #[test]
    fn an_unknown_price_gives_no_return_and_is_counted() {
        let mut history = History::new(1, 10);
        for price in [1.0, 2.0, 0.0, 4.0, 8.0, f64::NAN, f64::INFINITY, -1.0, 3.0] {
            history.sample(&[price]);
        }
        assert_eq!((history.len(), history.gaps()), (2, 4));
        history.interrupt();
        assert!(!history.sample(&[5.0]));
    }

    #[test]
    fn profits_are_those_of_simple_returns() {
        let mut history = History::new(2, 4);
        for prices in [[100.0, 10.0], [110.0, 9.0], [99.0, 9.0]] {
            history.sample(&prices);
        }
        let mut room = [0.0; 4];
        let profits = history.profits(&[1000.0, -500.0], 1.0, &mut room);
        for (found, expected) in profits.iter().zip([150.0, -100.0]) {
            assert!((found - expected).abs() < 1e-10, "{found}");
        }
        let text = serde_json::to_string(&history).unwrap();
        assert_eq!(serde_json::from_str::<History>(&text).unwrap(), history);
    }
}
