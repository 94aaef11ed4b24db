//! Value at risk and expected shortfall of what is held: pure arithmetic over sampled prices.
//!
//! What was written for `engine` holds here too: no clock, file, thread or hash order, and on
//! floats only + − × ÷ √ and `libm`, so that one history and one seed give one result on every
//! machine. Nothing is allocated after a [`Model`] is made. When it is asked, and what follows from
//! its answer, is not known here.
//!
//! **Conventions.** Losses are positive, amounts are in whatever money the values are in. A
//! confidence of 95 % has a tail of 5 %. The quantile of a sample is that of Hyndman and Fan's type
//! 1, the inverse of the empirical distribution (`tail`); nothing is interpolated. A horizon is
//! counted in sampling periods and scaled by the square root of time.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod covariance;
pub mod grade;
pub mod lanes;
pub mod model;
pub mod monte_carlo;
pub mod normal;
pub mod parametric;
pub mod returns;
pub mod stress;
pub mod tail;
pub mod view;

pub use grade::Grade;
pub use model::{Assessment, Method, Model, ModelParams};
pub use returns::History;
pub use stress::Scenario;
pub use tail::{Confidence, Tail};
pub use view::{Forecasts, VarView};
