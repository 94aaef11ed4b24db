//! The desk: samples in, results out, and a grade for every forecast that has come due.
//!
//! A forecast is made at an update while something is held and none is open, and judged at the
//! sample that ends its horizon; where that sample is missing, it is judged not at all. The desk
//! has no clock: it knows the time of samples only, and how it is turned is not its business.

use super::kept::{self, Kept};
use super::sample::Sample;
use super::view::VarReader;
use crate::config::VarConfig;
use crate::engine::CoreParams;
use crate::engine::curb::Curb;
use crate::event::VarResult;
use crate::types::{Instrument, Nanos};
use crate::var::{Assessment, History, Method, Model, ModelParams};
use crate::var::{Forecasts, VarView};
use rtrb::Consumer;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a desk is made with.
#[derive(Clone, Debug)]
pub struct DeskParams {
    /// How value at risk is found.
    pub config: VarConfig,
    /// Where all chance of the run comes from.
    pub seed: u64,
}

/// A forecast that is not judged yet.
#[derive(Debug)]
struct Forecast {
    /// The sampling period at whose sample it is judged; nothing where none is open.
    ends: Option<i64>,
    at_risk: [[f64; 2]; Method::ALL.len()],
    profit: f64,
    values: Box<[f64]>,
    prices: Box<[f64]>,
}

/// Works value at risk out.
#[derive(Debug)]
pub struct Desk {
    params: DeskParams,
    samples: Consumer<Sample>,
    model: Model,
    kept: Kept,
    path: Option<PathBuf>,
    /// The last sample of each instrument.
    prices: Box<[f64]>,
    values: Box<[f64]>,
    /// The period of the last sample, if there was one.
    period: Option<i64>,
    /// When the next result is due.
    due: Nanos,
    forecast: Forecast,
    curb: Curb,
    result: VarResult,
    scenarios: Arc<[String]>,
    reader: VarReader,
}

impl Desk {
    /// A desk over these instruments that goes on where the file in `data` ends; with it the end
    /// that readers have, and what is wrong with the file, if anything is.
    pub(super) fn new(
        params: DeskParams,
        (core, instruments): (&CoreParams, &[Instrument]),
        samples: Consumer<Sample>,
        data: Option<&Path>,
    ) -> (Self, VarReader, Option<String>) {
        let (config, assets) = (&params.config, instruments.len());
        let new = Kept {
            symbols: instruments.iter().map(|one| one.symbol.to_string()).collect(),
            period: config.sample_interval.0,
            time: Nanos(0),
            history: History::new(assets, config.window),
            forecasts: Forecasts::default(),
        };
        let path = data.map(kept::path);
        let found = path.as_ref().map_or(Ok(None), |path| kept::read(path, &new, config.window));
        let (kept, remark) = match found {
            Ok(kept) => (kept.unwrap_or(new), None),
            Err(remark) => (new, Some(remark)),
        };
        let zeros = || vec![0.0; assets].into_boxed_slice();
        let forecast = Forecast {
            ends: None,
            at_risk: Default::default(),
            profit: 0.0,
            values: zeros(),
            prices: zeros(),
        };
        let (names, scenarios): (Vec<_>, Vec<_>) = config.scenarios.iter().cloned().unzip();
        let scenarios_shown: Arc<[String]> = names.into();
        let model = Model::new(ModelParams {
            assets,
            window: config.window,
            paths: config.paths,
            horizon: config.horizon,
            decay: config.decay,
            degrees: config.degrees,
            antithetic: config.antithetic,
            samples_min: config.samples_min,
            scenarios,
        });
        let period = (kept.time.0 > 0).then(|| kept.time.0.div_euclid(config.sample_interval.0));
        let curb = Curb::new(core.var_limit);
        let first = first_view(config, &kept, (assets, Arc::clone(&scenarios_shown)));
        let reader = VarReader::new(first);
        let own = Self {
            samples,
            model,
            path,
            prices: zeros(),
            values: zeros(),
            period,
            due: Nanos(i64::MIN),
            forecast,
            curb,
            result: VarResult::default(),
            scenarios: scenarios_shown,
            reader: reader.clone(),
            kept,
            params,
        };
        (own, reader, remark)
    }

    /// Takes the samples that have come; the last result that came of them.
    pub fn turn(&mut self) -> Option<VarResult> {
        let mut result = None;
        while let Ok(sample) = self.samples.pop() {
            self.prices[sample.place] = sample.price;
            self.values[sample.place] = sample.value;
            if sample.place + 1 == self.values.len() {
                result = self.take(&sample).or(result);
            }
        }
        result
    }

    /// One sample is whole: `last` is that of the last instrument.
    fn take(&mut self, last: &Sample) -> Option<VarResult> {
        let period = last.time.0.div_euclid(self.params.config.sample_interval.0);
        // A return over more than one period is none of the window.
        if self.period.is_some_and(|before| before + 1 != period) {
            self.kept.history.interrupt();
        }
        self.period = Some(period);
        self.judge(period, last);
        self.kept.history.sample(&self.prices);
        self.kept.time = last.time;
        let mut result = None;
        if last.time >= self.due {
            let every = self.params.config.update_interval.0;
            let step = last.time.0.div_euclid(every).saturating_add(1);
            self.due = Nanos(step.saturating_mul(every));
            result = self.assess(period, last);
        }
        self.publish(last, result.is_some());
        result
    }

    /// Judges the forecast whose horizon ends here.
    fn judge(&mut self, period: i64, last: &Sample) {
        let Self { forecast, kept, prices, .. } = self;
        let Some(ends) = forecast.ends.filter(|ends| *ends <= period) else { return };
        forecast.ends = None;
        if ends != period || prices.iter().any(|price| *price <= 0.0) {
            return;
        }
        let moved = prices.iter().zip(&forecast.prices).map(|(now, then)| now / then - 1.0);
        let held: f64 = moved.zip(&forecast.values).map(|(share, value)| share * value).sum();
        let realised = last.profit - forecast.profit;
        let graded = [(&mut kept.forecasts.realised, realised), (&mut kept.forecasts.held, held)];
        for (grades, earned) in graded {
            for (grades, at_risk) in grades.iter_mut().zip(&forecast.at_risk) {
                for (grade, at_risk) in grades.iter_mut().zip(at_risk) {
                    grade.push(-earned > *at_risk);
                }
            }
        }
    }

    fn assess(&mut self, period: i64, last: &Sample) -> Option<VarResult> {
        let Self { params, model, kept, values, curb, forecast, .. } = self;
        let seed = params.seed ^ last.sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let assessment = model.assess(&kept.history, values, seed)?;
        let loss = assessment.tails(params.config.method)[0].value_at_risk.max(0.0);
        let result = VarResult {
            as_of: last.sequence,
            seed,
            share: VarResult::share_of(loss, last.equity),
            samples: u16::try_from(assessment.samples).unwrap_or(u16::MAX),
        };
        curb.hear(&result);
        let is_held = values.iter().any(|value| *value != 0.0);
        if forecast.ends.is_none() && is_held && self.prices.iter().all(|price| *price > 0.0) {
            #[expect(clippy::cast_possible_truncation, reason = "at most a million, by the config")]
            let periods = params.config.horizon.ceil() as i64;
            open(forecast, assessment, (period + periods, last.profit));
            forecast.values.copy_from_slice(values);
            forecast.prices.copy_from_slice(&self.prices);
        }
        self.result = result;
        Some(result)
    }

    fn publish(&self, last: &Sample, is_assessed: bool) {
        let before = self.reader.read();
        let assessment = if is_assessed {
            Some(self.model.assessment().clone())
        } else {
            before.assessment.clone()
        };
        self.reader.publish(VarView {
            last_fed: (last.sequence, last.time.0),
            samples: (self.kept.history.len(), self.params.config.samples_min),
            gaps: self.kept.history.gaps(),
            lost: last.lost,
            values: self.values.to_vec(),
            equity: last.equity,
            assessment,
            scenarios: Arc::clone(&self.scenarios),
            method: (self.params.config.method, self.result.as_of),
            share: self.result.share,
            size: self.curb.size(),
            breaches: self.curb.breaches(),
            forecasts: self.kept.forecasts,
            ..(*before).clone()
        });
    }

    /// Writes down what outlives the run. What cannot be written is not needed by any decision: it
    /// is said, and the run goes on.
    pub fn keep(&self) {
        if let Some(path) = &self.path
            && self.kept.time.0 > 0
            && let Err(error) = kept::write(path, &self.kept)
        {
            eprintln!("pinnaclemm: {} cannot be written: {error}", path.display());
        }
    }
}

/// Opens a forecast that ends with that period.
fn open(forecast: &mut Forecast, assessment: &Assessment, (ends, profit): (i64, f64)) {
    forecast.ends = Some(ends);
    forecast.profit = profit;
    for (at_risk, tails) in forecast.at_risk.iter_mut().zip(&assessment.tails) {
        *at_risk = tails.map(|tail| tail.value_at_risk);
    }
}

/// What readers see before the first sample.
fn first_view(
    config: &VarConfig,
    kept: &Kept,
    (assets, scenarios): (usize, Arc<[String]>),
) -> VarView {
    VarView {
        last_fed: (0, 0),
        // Two periods: one may be a little late.
        deadline: config.sample_interval.0.saturating_mul(2),
        samples: (kept.history.len(), config.samples_min),
        gaps: kept.history.gaps(),
        lost: 0,
        horizon: (config.horizon, config.sample_interval.0),
        values: vec![0.0; assets],
        equity: 0.0,
        assessment: None,
        scenarios,
        method: (config.method, 0),
        limit: config.limit,
        share: 0,
        size: crate::engine::curb::WHOLE,
        breaches: 0,
        forecasts: kept.forecasts,
    }
}
