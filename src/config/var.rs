//! `risk_management.var`: how value at risk is found, how often, and what it is held against.

use super::{Exact, Faults};
use crate::types::decimal::pow10;
use crate::types::{Decimal, Nanos};
use crate::var::monte_carlo::{DEGREES_MAX, DEGREES_MIN};
use crate::var::{Method, Scenario};
use serde::{Deserialize, Serialize};

/// `risk_management.var.stress`: named bad days.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawStress {
    /// Every price changes at once by so many percent.
    pub price_shocks_pct: Vec<f64>,
    /// Every standard deviation is so many times as great.
    pub volatility_times: Vec<f64>,
    /// Every position is left across a gap of so many percent.
    pub liquidity_gaps_pct: Vec<f64>,
    /// All assets move as one.
    pub correlation_to_one: bool,
}

impl Default for RawStress {
    fn default() -> Self {
        Self {
            price_shocks_pct: vec![-10.0, 10.0],
            volatility_times: vec![3.0],
            liquidity_gaps_pct: vec![2.0],
            correlation_to_one: true,
        }
    }
}

impl RawStress {
    /// Checks every key; each day with the name that it is shown by.
    fn check(&self, path: &str, faults: &mut Faults) -> Vec<(String, Scenario)> {
        let mut days = Vec::new();
        let mut add = |key: &str, values: &[f64], (min, max): (f64, f64), of: Making| {
            for (at, value) in values.iter().enumerate() {
                if !(*value >= min && *value <= max) {
                    let allowed = format_args!("from {min} to {max}").to_string();
                    faults.add(&format!("{path}.{key}[{at}]"), value, allowed);
                }
                days.push((format!("{key} {value}"), of(*value)));
            }
        };
        add("price_shocks_pct", &self.price_shocks_pct, (-100.0, 1000.0), |pct| {
            Scenario::PriceShock { asset: None, share: pct / 100.0 }
        });
        add("volatility_times", &self.volatility_times, (0.0, 1000.0), |times| {
            Scenario::Volatility { times }
        });
        add("liquidity_gaps_pct", &self.liquidity_gaps_pct, (0.0, 100.0), |pct| {
            Scenario::LiquidityGap { share: pct / 100.0 }
        });
        if self.correlation_to_one {
            days.push(("correlation_to_one".to_owned(), Scenario::CorrelationToOne));
        }
        days
    }
}

/// What a number of the file makes.
type Making = fn(f64) -> Scenario;

/// `risk_management.var`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawVar {
    /// Returns of each instrument that are kept.
    pub window_size: u32,
    /// Paths of each simulation.
    pub simulation_count: u32,
    /// In sampling periods.
    pub horizon: f64,
    /// How often a return is taken.
    pub sample_interval_ms: u32,
    /// How often value at risk is worked out.
    pub update_interval_ms: u32,
    /// Returns before anything is said.
    pub min_samples: u32,
    /// The loss at 95 % above which quotes are made smaller, in percent of capital and profit.
    pub var_limit_pct: Exact,
    /// Which method's loss that is.
    pub limit_method: Method,
    /// How much of its weight a return keeps from one period to the next.
    pub ewma_decay: f64,
    /// Degrees of freedom of Student's t.
    pub student_degrees: u32,
    /// Each simulated move is used with both signs.
    pub antithetic: bool,
    /// Named bad days.
    pub stress: RawStress,
}

impl Default for RawVar {
    fn default() -> Self {
        Self {
            window_size: 252,
            simulation_count: 10_000,
            horizon: 1.0,
            sample_interval_ms: 60_000,
            update_interval_ms: 60_000,
            min_samples: 30,
            var_limit_pct: Exact(Decimal { mantissa: 2, decimals: 0 }),
            limit_method: Method::Historical,
            ewma_decay: crate::var::parametric::DECAY,
            student_degrees: 4,
            antithetic: true,
            stress: RawStress::default(),
        }
    }
}

/// `risk_management.var`, checked.
#[derive(Clone, PartialEq, Debug)]
pub struct VarConfig {
    /// Returns of each instrument that are kept.
    pub window: usize,
    /// Paths of each simulation.
    pub paths: usize,
    /// In sampling periods.
    pub horizon: f64,
    /// How often a return is taken.
    pub sample_interval: Nanos,
    /// How often value at risk is worked out.
    pub update_interval: Nanos,
    /// Returns before anything is said.
    pub samples_min: usize,
    /// The limit as a share of capital and profit, in 10⁻⁶.
    pub limit: u32,
    /// Which method's loss at 95 % is held against it.
    pub method: Method,
    /// Of the fading weights.
    pub decay: f64,
    /// Degrees of freedom of Student's t.
    pub degrees: u32,
    /// Each simulated move is used with both signs.
    pub antithetic: bool,
    /// Named bad days, and their names.
    pub scenarios: Vec<(String, Scenario)>,
}

impl RawVar {
    /// Checks every key.
    #[must_use]
    pub fn check(&self, path: &str, faults: &mut Faults) -> VarConfig {
        let key = |key: &str| format!("{path}.{key}");
        let mut count = |name: &str, value: u32, min: u32, max: u32| {
            faults.within(&key(name), value, min..=max)
        };
        let window = count("window_size", self.window_size, 2, 10_000);
        let paths = count("simulation_count", self.simulation_count, 100, 1_000_000);
        let sample = count("sample_interval_ms", self.sample_interval_ms, 10, 86_400_000);
        let update = count("update_interval_ms", self.update_interval_ms, 10, 86_400_000);
        let samples_min = count("min_samples", self.min_samples, 2, 10_000);
        let degrees = count("student_degrees", self.student_degrees, DEGREES_MIN, DEGREES_MAX);
        if samples_min > window {
            faults.add(&key("min_samples"), samples_min, "at most window_size");
        }
        if !(self.horizon > 0.0 && self.horizon <= 1e6) {
            faults.add(&key("horizon"), self.horizon, "above 0 and at most 1000000");
        }
        if !(self.ewma_decay > 0.0 && self.ewma_decay < 1.0) {
            faults.add(&key("ewma_decay"), self.ewma_decay, "above 0 and below 1");
        }
        VarConfig {
            window: window as usize,
            paths: paths as usize,
            horizon: self.horizon,
            sample_interval: Nanos::from_millis(sample.into()),
            update_interval: Nanos::from_millis(update.into()),
            samples_min: samples_min as usize,
            limit: self.limit(&key("var_limit_pct"), faults),
            method: self.limit_method,
            decay: self.ewma_decay,
            degrees,
            antithetic: self.antithetic,
            scenarios: self.stress.check(&key("stress"), faults),
        }
    }

    /// The limit in 10⁻⁶, rounded down.
    fn limit(&self, path: &str, faults: &mut Faults) -> u32 {
        let Exact(pct) = self.var_limit_pct;
        let parts = i128::from(pct.mantissa) * 10_000 / i128::from(pow10(pct.decimals));
        match u32::try_from(parts) {
            Ok(parts @ 1..=1_000_000) => parts,
            _ => {
                faults.add(path, self.var_limit_pct, "from 0.0001 to 100");
                0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(text: &str) -> Vec<String> {
        let mut faults = Faults::default();
        match serde_json::from_str::<RawVar>(text) {
            Ok(raw) => {
                let _ = raw.check("var", &mut faults);
                faults.list().iter().map(ToString::to_string).collect()
            }
            Err(error) => vec![error.to_string()],
        }
    }

    #[test]
    fn sections_are_taken_or_refused_by_name() {
        assert_eq!(faults_of("{}"), Vec::<String>::new());
        let own = r#"{"limit_method": "monte_carlo_student", "stress": {"volatility_times": []}}"#;
        assert_eq!(faults_of(own), Vec::<String>::new());
        for (text, expected) in [
            (r#"{"window_size": 1}"#, "var.window_size = 1: must be from 2 to 10000"),
            (r#"{"min_samples": 300}"#, "var.min_samples = 300: must be at most window_size"),
            (r#"{"horizon": 0}"#, "var.horizon = 0: must be above 0"),
            (r#"{"ewma_decay": 1}"#, "var.ewma_decay = 1: must be above 0 and below 1"),
            (r#"{"var_limit_pct": 0}"#, "var.var_limit_pct = 0: must be from 0.0001 to 100"),
            (r#"{"student_degrees": 2}"#, "var.student_degrees = 2: must be from 3 to 30"),
            (
                r#"{"stress": {"price_shocks_pct": [1, -101]}}"#,
                "var.stress.price_shocks_pct[1] = -101: must be from -100 to 1000",
            ),
            (r#"{"stress": {"doom": 1}}"#, "unknown field `doom`"),
            (r#"{"horizons": 1}"#, "unknown field `horizons`"),
        ] {
            let found = faults_of(text);
            assert!(found.iter().any(|fault| fault.contains(expected)), "{text}: {found:?}");
        }
    }

    #[test]
    fn the_limit_is_a_share_in_millionths() {
        let raw: RawVar = serde_json::from_str(r#"{"var_limit_pct": 2.5}"#).unwrap();
        assert_eq!(raw.check("var", &mut Faults::default()).limit, 25_000);
    }
}
