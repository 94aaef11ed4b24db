//! The section `report`: what a backtest writes down, and where.

use super::sections::check_directory;
use super::{Faults, relations};
use crate::types::Nanos;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where reports are if nobody says.
pub(super) const REPORT_DIRECTORY: &str = "backtest_results";

/// `report`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RawReport {
    /// Where `report.json`, `report.html` and the results of sweeps are written.
    pub directory: PathBuf,
    /// The period of the returns that Sharpe and Sortino are computed of.
    pub period_ms: u32,
}

impl Default for RawReport {
    fn default() -> Self {
        Self { directory: REPORT_DIRECTORY.into(), period_ms: 1000 }
    }
}

/// `report`, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportConfig {
    /// Where everything is written.
    pub directory: PathBuf,
    /// The period of the returns.
    pub period: Nanos,
}

impl RawReport {
    /// Puts the flag over the file. The engine's own directories are not for reports.
    pub(super) fn overlay(
        &mut self,
        flag: Option<&PathBuf>,
        engines: &[PathBuf],
        faults: &mut Faults,
    ) {
        if let Some(path) = flag {
            self.directory.clone_from(path);
        }
        if engines.iter().any(|engine| relations::is_inside(&self.directory, engine)) {
            let allowed = "outside of the engine's own data";
            faults.add("report.directory", self.directory.display(), allowed);
        }
    }

    /// Checks every key.
    #[must_use]
    pub fn check(&self, path: &str, faults: &mut Faults) -> ReportConfig {
        check_directory(&format!("{path}.directory"), Some(&self.directory), faults);
        let millis = faults.within(&format!("{path}.periodMs"), self.period_ms, 1..=86_400_000);
        let period = Nanos::from_millis(i64::from(millis));
        ReportConfig { directory: self.directory.clone(), period }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_range() {
        let check = |text: &str, expected: &[&str]| {
            let mut faults = Faults::default();
            let raw: RawReport = serde_json::from_str(text).unwrap();
            let checked = raw.check("report", &mut faults);
            let got: Vec<_> = faults.list().iter().map(ToString::to_string).collect();
            assert_eq!(got, expected, "{text}");
            assert!(checked.period.0 > 0 || !expected.is_empty());
        };
        check("{}", &[]);
        check(r#"{"directory":"x/y","periodMs":86400000}"#, &[]);
        check(
            r#"{"directory":"","periodMs":0}"#,
            &[
                "report.directory = \"\": must be the name of a directory",
                "report.periodMs = 0: must be from 1 to 86400000",
            ],
        );
        for text in [r#"{"period":1}"#, r#"{"periodMs":-1}"#, r#"{"periodMs":1.5}"#] {
            assert!(serde_json::from_str::<RawReport>(text).is_err(), "{text}");
        }
    }
}
