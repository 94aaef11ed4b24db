//! Value at risk beside other packages: every figure of `prices/var_es_reference.json` that has one
//! here, on the same series.
//!
//! Historical figures are riskfolio's and R's of quantile type 1. Where skfolio takes the next
//! smaller loss (α·n is whole), and R's type 7 interpolates, they are shown to be other quantiles.
//! `normalVaR` has the deviation with n, `modifiedVaR` is Cornish-Fisher; R says both as negative
//! profits. GARCH has no counterpart.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]

use crate::data;
use pinnaclemm::var::parametric::{DECAY, Moments, cornish_fisher, faded_deviation, normal};
use pinnaclemm::var::tail::tail;
use pinnaclemm::var::{Confidence, History, Tail};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The columns of a table of prices; days without one are `None`.
fn columns(path: &Path) -> Vec<(String, Vec<Option<f64>>)> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names = lines.next().unwrap().split(',').skip(1).map(str::to_owned);
    let mut columns: Vec<_> = names.map(|name| (name, Vec::new())).collect();
    for line in lines {
        for ((_, prices), field) in columns.iter_mut().zip(line.split(',').skip(1)) {
            prices.push((!field.is_empty()).then(|| field.parse().unwrap()));
        }
    }
    columns
}

/// Logarithmic returns of the days that have a price.
fn log_returns(prices: &[Option<f64>]) -> Vec<f64> {
    let mut history = History::new(1, prices.len());
    prices.iter().flatten().for_each(|price| {
        history.sample(&[*price]);
    });
    history.rows().map(|row| row[0]).collect()
}

/// Simple returns of equal parts of all columns, on the days that have every price.
fn equal_parts(columns: &[(String, Vec<Option<f64>>)]) -> Vec<f64> {
    let days = columns[0].1.len();
    let mut history = History::new(columns.len(), days);
    for day in 0..days {
        let prices: Vec<_> = columns.iter().map(|(_, p)| p[day].unwrap_or(0.0)).collect();
        history.sample(&prices);
    }
    let mut room = vec![0.0; days];
    let part = 1.0 / columns.len() as f64;
    history.profits(&vec![part; columns.len()], 1.0, &mut room).to_vec()
}

struct Check {
    name: String,
    count: usize,
}

impl Check {
    fn near(&mut self, what: &str, found: f64, expected: &Value, error: f64) {
        let expected = expected.as_f64().unwrap_or_else(|| panic!("{}: no {what}", self.name));
        let gap = (found / expected - 1.0).abs();
        assert!(gap < error, "{} {what}: {found} is not {expected}", self.name);
        self.count += 1;
    }

    fn series(&mut self, profits: &[f64], reference: &Value) {
        assert_eq!(profits.len() as u64, reference["n"].as_u64().unwrap(), "{}", self.name);
        let moments = Moments::of(profits);
        self.near("mean", moments.mean, &reference["mean"], 1e-9);
        self.near("deviation", moments.deviation, &reference["sd_n_minus_1"], 1e-12);
        let faded = faded_deviation(profits, DECAY);
        self.near("ewma", faded, &reference["ewma094_seed_first_square"]["sd1"], 1e-11);
        // The other package begins with an average of its own, which a short series remembers.
        self.near("arch's ewma", faded, &reference["ewma094_arch"]["sd1"], 1e-9);
        let levels =
            [(Confidence::P95, "0.05"), (Confidence::P97_5, "0.025"), (Confidence::P99, "0.01")];
        for (confidence, level) in levels {
            self.level(profits, &moments, confidence, (&reference[level], &reference["R"][level]));
        }
    }

    fn level(
        &mut self,
        profits: &[f64],
        moments: &Moments,
        confidence: Confidence,
        (python, r): (&Value, &Value),
    ) {
        let Tail { value_at_risk, expected_shortfall } = tail(&mut profits.to_vec(), confidence);
        self.near("riskfolio's VaR", value_at_risk, &python["riskfolio_var_hist"], 1e-13);
        self.near("R's type 1", value_at_risk, &r["hist_var_type1"], 1e-12);
        for (name, shortfall) in [
            ("skfolio's ES", &python["skfolio_cvar"]),
            ("riskfolio's ES", &python["riskfolio_cvar_hist"]),
            ("R's ES", &r["hist_es"]),
        ] {
            self.near(name, expected_shortfall, shortfall, 1e-12);
        }
        let mut sorted = profits.to_vec();
        sorted.sort_by(f64::total_cmp);
        let thousandths = profits.len() * confidence.tail_permille();
        self.near("skfolio's VaR", -sorted[thousandths / 1000], &python["skfolio_var"], 1e-13);
        let at = (profits.len() - 1) as f64 * confidence.tail();
        let (low, part) = (at.floor(), at.fract());
        let between = sorted[low as usize] * (1.0 - part) + sorted[low as usize + 1] * part;
        self.near("R's type 7", -between, &r["hist_var_type7"], 1e-10);
        self.near("fPortfolio's sample VaR", between, &r["sampleVaR"], 1e-10);
        let found = normal(moments, confidence);
        self.near("normal VaR", found.value_at_risk, &r["normal_var"], 1e-12);
        // R integrates this one numerically.
        self.near("normal ES", found.expected_shortfall, &r["normal_es"], 1e-8);
        let n = profits.len() as f64;
        let of_n = Moments { deviation: moments.deviation * ((n - 1.0) / n).sqrt(), ..*moments };
        let found = -normal(&of_n, confidence).value_at_risk;
        self.near("fPortfolio's normal VaR", found, &r["normalVaR"], 1e-12);
        let found = -cornish_fisher(moments, confidence).value_at_risk;
        self.near("fPortfolio's modified VaR", found, &r["modifiedVaR"], 1e-11);
    }
}

#[test]
fn every_reference_value_is_met() {
    let Some(reference) = data::path("prices/var_es_reference.json") else { return };
    let reference: Value = serde_json::from_str(&fs::read_to_string(reference).unwrap()).unwrap();
    let tables =
        ["prices/crypto_daily_close_btc_eth_ltc_xrp.csv", "prices/sp500_daily_adjclose.csv"];
    let [Some(coins), Some(stocks)] = tables.map(data::path) else { return };
    let (coins, stocks) = (columns(&coins), columns(&stocks));
    let mut series: Vec<_> = coins
        .iter()
        .chain(&stocks)
        .map(|(name, prices)| (name.clone(), log_returns(prices)))
        .collect();
    series.push(("EQW_SIMPLE".to_owned(), equal_parts(&coins)));
    let mut count = 0;
    for (name, profits) in &series {
        for (part, profits) in [("all", &profits[..]), ("last500", &profits[profits.len() - 500..])]
        {
            let name = format!("{name}|{part}");
            let mut check = Check { name: name.clone(), count: 0 };
            check.series(profits, &reference[&name]);
            count += check.count;
        }
    }
    println!("{count} reference values of {} series", series.len());
    assert_eq!(count, 12 * (4 + 3 * 12));
}
