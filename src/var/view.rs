//! Value at risk as readers see it, with what it rests on and how its forecasts have done.

use super::{Assessment, Grade, Method};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How the forecasts of every method have done, at 95 % and 99 %.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecasts {
    /// Against what the account has really earned, trading and fees included.
    pub realised: [[Grade; 2]; Method::ALL.len()],
    /// Against what the positions of the forecast would have earned if nothing had been traded.
    pub held: [[Grade; 2]; Method::ALL.len()],
}

/// Value at risk as it is now. Money is in units of the account currency, losses are positive.
#[derive(Clone, PartialEq, Debug)]
pub struct VarView {
    /// The input behind which the last sample was taken, and its time in nanoseconds since 1970; 0
    /// before the first one.
    pub last_fed: (u64, i64),
    /// After so many nanoseconds of input time without a sample it starves.
    pub deadline: i64,
    /// Returns so far, and how many it takes before anything is said.
    pub samples: (usize, usize),
    /// Samples without a return, as a price was not known.
    pub gaps: u64,
    /// Samples that were left out, as nobody had taken those before.
    pub lost: u64,
    /// The horizon in sampling periods, and such a period in nanoseconds.
    pub horizon: (f64, i64),
    /// What is held, by instrument, with its sign; and capital and profit.
    pub values: Vec<f64>,
    /// See `values`.
    pub equity: f64,
    /// The figures; nothing while there are too few returns.
    pub assessment: Option<Assessment>,
    /// What each part of `assessment.stress` is, by name.
    pub scenarios: Arc<[String]>,
    /// The method that the limit is held against, and the input that its result rests on.
    pub method: (Method, u64),
    /// The limit and what stands against it, as shares of capital and profit in 10⁻⁶.
    pub limit: u32,
    /// See `limit`.
    pub share: u32,
    /// How large quotes may be, in 1/1000; less than 1000 is `VAR_BREACH`.
    pub size: u32,
    /// How often the limit was passed.
    pub breaches: u64,
    /// How the forecasts have done.
    pub forecasts: Forecasts,
}
