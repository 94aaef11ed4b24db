//! What a backtest has seen of its run, told to the report input by input.

use crate::config::Config;
use crate::engine::risk::Output;
use crate::event::{Body, ReportKind};
use crate::report::{Account, Fact, Finished, Report, ReportParams};
use crate::threads::fused::Seen;
use crate::types::{Currency, Instrument, Nanos};

/// Feeds a report.
#[derive(Debug)]
pub struct Collector {
    report: Report,
    /// What fees have come to, at the rates of the last trade.
    fees: i128,
    last: Nanos,
}

impl Collector {
    /// A report of nothing yet.
    #[must_use]
    pub fn new(config: &Config, instruments: &[Instrument], currency: Currency) -> Self {
        let facts = facts(config);
        let params = ReportParams { currency, period: config.report.period, facts };
        Self { report: Report::new(instruments, params), fees: 0, last: Nanos::UNKNOWN }
    }

    /// Takes what one input was and brought about.
    #[inline]
    pub fn take(&mut self, seen: Seen<'_>) {
        let input = &seen.part.event;
        let risk = seen.core.risk();
        self.last = input.received;
        for mark in seen.core.marks() {
            self.report.on_mark(mark);
        }
        if let (Body::Report(report), [level, ..]) = (input.body, seen.part.levels()) {
            self.report.on_report(input, level);
            if report.kind == ReportKind::Filled {
                self.fees = risk.fees();
            }
        }
        for output in seen.outputs {
            if let Output::Request(request) = output {
                self.report.on_request(request, input.received);
            }
        }
        let gross = risk.profit().saturating_add(self.fees);
        self.report.on_account(input.received, &Account { gross, fees: self.fees });
    }

    /// The report, as the run has ended with its last input.
    #[must_use]
    pub fn finish(self) -> Finished {
        self.report.finish(self.last)
    }
}

/// What is to be known of the run: nothing that differs from machine to machine.
pub(in crate::threads) fn facts(config: &Config) -> Vec<Fact> {
    let files: Vec<_> = config.input.iter().filter_map(|path| path.file_name()).collect();
    let files: Vec<_> = files.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    vec![
        fact("mode", config.mode.name().to_owned()),
        fact("venue", config.venue.name().to_owned()),
        fact("input", files.join(" ")),
        fact("seed", config.seed.to_string()),
        fact("version", env!("CARGO_PKG_VERSION").to_owned()),
    ]
}
