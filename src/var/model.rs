//! All figures of one portfolio at once: every method over one history, at every confidence.
//!
//! A model owns the room for all of it, and allocates nothing after it is made.

use super::covariance::Covariance;
use super::monte_carlo::{Draws, MonteCarlo, Moves};
use super::parametric::{Moments, components, cornish_fisher, faded, is_monotone, normal};
use super::returns::History;
use super::stress::Scenario;
use super::tail::{Confidence, Tail, tails};
use libm::expm1;
use serde::{Deserialize, Serialize};

/// How a figure is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// From the past returns as they were.
    #[default]
    Historical,
    /// As if profits were normal.
    Normal,
    /// The same with weights that fade.
    Ewma,
    /// Normal, corrected for skewness and kurtosis.
    CornishFisher,
    /// Drawn, normal.
    MonteCarlo,
    /// Drawn, Student's t.
    MonteCarloStudent,
}

impl Method {
    /// Every method, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Historical,
        Self::Normal,
        Self::Ewma,
        Self::CornishFisher,
        Self::MonteCarlo,
        Self::MonteCarloStudent,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Historical => "historical",
            Self::Normal => "normal",
            Self::Ewma => "ewma",
            Self::CornishFisher => "cornish_fisher",
            Self::MonteCarlo => "monte_carlo",
            Self::MonteCarloStudent => "monte_carlo_student",
        }
    }
}

/// What a model is made of.
#[derive(Clone, PartialEq, Debug)]
pub struct ModelParams {
    /// How many assets there are.
    pub assets: usize,
    /// The most returns of an asset.
    pub window: usize,
    /// Paths of each simulation.
    pub paths: usize,
    /// In sampling periods.
    pub horizon: f64,
    /// Of the fading weights.
    pub decay: f64,
    /// Of Student's t.
    pub degrees: u32,
    /// Each path is used with both signs.
    pub antithetic: bool,
    /// The fewest returns that anything is said of.
    pub samples_min: usize,
    /// Named bad days.
    pub scenarios: Vec<Scenario>,
}

/// The figures of one portfolio, in the money of its values; a loss is positive.
#[derive(Clone, PartialEq, Debug)]
pub struct Assessment {
    /// Returns that it rests on.
    pub samples: usize,
    /// Where chance began.
    pub seed: u64,
    /// By method and reported confidence.
    pub tails: [[Tail; 2]; Method::ALL.len()],
    /// Whether the Cornish-Fisher expansion may be believed.
    pub is_monotone: bool,
    /// What each asset adds to the normal value at risk, by confidence.
    pub components: [Box<[f64]>; 2],
    /// What each scenario would cost.
    pub stress: Box<[f64]>,
}

impl Assessment {
    /// The figures of a method at 95 % (0) and 99 % (1).
    #[must_use]
    pub const fn tails(&self, method: Method) -> &[Tail; 2] {
        &self.tails[method as usize]
    }
}

/// Room for everything that a portfolio is assessed with.
#[derive(Clone, Debug)]
pub struct Model {
    params: ModelParams,
    /// Simple returns, oldest first.
    simple: Box<[f64]>,
    profits: Box<[f64]>,
    paths: Box<[f64]>,
    moves: Covariance,
    simple_moves: Covariance,
    monte_carlo: MonteCarlo,
    assessment: Assessment,
}

impl Model {
    /// Room for these parameters.
    #[must_use]
    pub fn new(params: ModelParams) -> Self {
        let ModelParams { assets, window, paths, .. } = params;
        let zeros = |count: usize| vec![0.0; count].into_boxed_slice();
        let assessment = Assessment {
            samples: 0,
            seed: 0,
            tails: [[Tail::default(); 2]; Method::ALL.len()],
            is_monotone: true,
            components: [zeros(assets), zeros(assets)],
            stress: zeros(params.scenarios.len()),
        };
        Self {
            simple: zeros(assets * window),
            profits: zeros(window),
            paths: zeros(paths),
            moves: Covariance::new(assets),
            simple_moves: Covariance::new(assets),
            monte_carlo: MonteCarlo::new(assets),
            assessment,
            params,
        }
    }

    /// What was found last.
    #[must_use]
    pub const fn assessment(&self) -> &Assessment {
        &self.assessment
    }

    /// Assesses holdings with these values in money; nothing where the history is too short.
    ///
    /// # Panics
    /// History or values are of other assets.
    pub fn assess(&mut self, history: &History, values: &[f64], seed: u64) -> Option<&Assessment> {
        let samples = history.len();
        assert!(values.len() == self.params.assets && history.assets() == values.len());
        if samples < self.params.samples_min.max(2) {
            return None;
        }
        self.measure(history);
        (self.assessment.samples, self.assessment.seed) = (samples, seed);
        self.by_formula(samples, values);
        self.by_history(history, values);
        self.by_chance(values, seed);
        self.parts(values);
        Some(&self.assessment)
    }

    fn measure(&mut self, history: &History) {
        let assets = self.params.assets;
        let rows = self.simple.chunks_exact_mut(assets).zip(history.rows());
        for (simple, row) in rows {
            for (simple, value) in simple.iter_mut().zip(row) {
                *simple = expm1(*value);
            }
        }
        let used = &self.simple[..history.len() * assets];
        self.simple_moves.measure(used.chunks_exact(assets));
        self.moves.measure(history.rows());
    }

    /// Normal, faded and corrected: over what these holdings would have earned in each period.
    fn by_formula(&mut self, samples: usize, values: &[f64]) {
        let Self { params, simple, profits, assessment, .. } = self;
        let profits = &mut profits[..samples];
        for (profit, row) in profits.iter_mut().zip(simple.chunks_exact(params.assets)) {
            *profit = values.iter().zip(row).map(|(value, r)| value * r).sum();
        }
        let moments = Moments::of(profits).over(params.horizon);
        assessment.is_monotone = is_monotone(&moments);
        for (at, confidence) in Confidence::REPORTED.into_iter().enumerate() {
            let mut set = |method: Method, tail| assessment.tails[method as usize][at] = tail;
            set(Method::Normal, normal(&moments, confidence));
            set(Method::Ewma, faded(profits, params.decay, params.horizon, confidence));
            set(Method::CornishFisher, cornish_fisher(&moments, confidence));
        }
    }

    fn by_history(&mut self, history: &History, values: &[f64]) {
        let times = self.params.horizon.sqrt();
        let profits = history.profits(values, times, &mut self.profits);
        self.assessment.tails[Method::Historical as usize] = tails(profits);
    }

    fn by_chance(&mut self, values: &[f64], seed: u64) {
        let Self { params, monte_carlo, moves, paths, assessment, .. } = self;
        let ways = [
            (Method::MonteCarlo, Moves::Normal),
            (Method::MonteCarloStudent, Moves::Student(params.degrees)),
        ];
        for (method, how) in ways {
            let draws = Draws { seed, moves: how, antithetic: params.antithetic };
            monte_carlo.run(moves, values, (params.horizon, draws), paths);
            assessment.tails[method as usize] = tails(paths);
        }
    }

    fn parts(&mut self, values: &[f64]) {
        let Self { params, simple_moves, assessment, .. } = self;
        let horizon = params.horizon;
        for (out, confidence) in assessment.components.iter_mut().zip(Confidence::REPORTED) {
            components(simple_moves, values, (horizon, confidence), out);
        }
        for (loss, scenario) in assessment.stress.iter_mut().zip(&params.scenarios) {
            *loss = scenario.loss(simple_moves, values, (horizon, Confidence::P99));
        }
    }
}
