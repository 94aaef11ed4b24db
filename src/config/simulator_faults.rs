//! `exchange.simulator.faults`: what goes wrong at the embedded venue, and when.

use super::Faults;
use super::simulator_crowd::nanos;
use crate::types::Nanos;
use crate::venue::simulated::{FaultKind, FaultParams};
use serde::{Deserialize, Serialize};

/// A week in milliseconds.
const WEEK_MS: u32 = 604_800_000;
const MILLI: i64 = 1_000_000;

/// A fault as it is written.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawFault {
    /// What goes wrong.
    pub kind: String,
    /// When it first begins, after the start; if it is not given, after `everyMs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u32>,
    /// It begins again after so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_ms: Option<u32>,
    /// How long it lasts.
    pub for_ms: u32,
    /// `late_fill`: how much later a fill is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u32>,
    /// `clock_offset`: the venue's clock minus the right one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_ms: Option<i32>,
}

impl RawFault {
    /// Checks every key; nothing if the kind is unknown or no time is given.
    #[must_use]
    pub fn check(&self, path: &str, faults: &mut Faults) -> Option<FaultParams> {
        let Some(kind) = FaultKind::ALL.into_iter().find(|kind| kind.name() == self.kind) else {
            let names = FaultKind::ALL.map(FaultKind::name).join(", ");
            faults.add(&format!("{path}.kind"), &self.kind, format!("one of {names}"));
            return None;
        };
        let lasts = faults.within(&format!("{path}.forMs"), self.for_ms, 1..=WEEK_MS);
        let every = self.every_ms.map(|every| {
            let path = format!("{path}.everyMs");
            let nanos = nanos(&path, (every, WEEK_MS), MILLI, faults);
            if every <= lasts {
                faults.add(&path, every, "longer than forMs");
            }
            nanos
        });
        let at = self.at_ms.map(|at| nanos(&format!("{path}.atMs"), (at, WEEK_MS), MILLI, faults));
        let amount = self.amount(kind, path, faults);
        let Some(at) = at.or(every) else {
            faults.add(&format!("{path}.atMs"), "nothing", "given, or everyMs");
            return None;
        };
        Some(FaultParams { kind, at, every, lasts: Nanos(i64::from(lasts) * MILLI), amount })
    }

    /// By how much: each of the two keys belongs to one kind, which must have it.
    fn amount(&self, kind: FaultKind, path: &str, faults: &mut Faults) -> Nanos {
        let keys = [
            ("delayMs", FaultKind::LateFill, self.delay_ms.map(i64::from), 1..=600_000),
            (
                "offsetMs",
                FaultKind::ClockOffset,
                self.offset_ms.map(i64::from),
                -86_400_000..=86_400_000,
            ),
        ];
        let mut amount = Nanos(0);
        for (key, of, value, range) in keys {
            let path = format!("{path}.{key}");
            match value {
                Some(value) if kind == of => {
                    amount = Nanos(faults.within(&path, value, range) * MILLI);
                }
                Some(value) => {
                    faults.add(&path, value, format_args!("left out but with {}", of.name()));
                }
                None if kind == of => faults.add(&path, "nothing", "given with this kind"),
                None => {}
            }
        }
        amount
    }
}
