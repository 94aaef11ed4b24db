//! Amounts and an explanation for the lines of the rig.

use super::TRILLION;
use crate::event::Explanation;
use crate::event::explanation::SideExplained;
use crate::types::{InstrumentId, Nanos};

/// Small numbers as they are, amounts of money with their currency's sign.
pub(in crate::engine::risk) fn amount(number: i128) -> String {
    if number.abs() < 1_000_000 {
        return number.to_string();
    }
    let (whole, rest) = (number.abs() / TRILLION, number.abs() % TRILLION);
    let sign = if number < 0 { "-" } else { "" };
    let text = format!("{sign}${whole}.{rest:012}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// One that says nothing.
pub(super) fn explanation(instrument: InstrumentId) -> Explanation {
    Explanation {
        sequence: 0,
        received: Nanos(0),
        instrument,
        strategy: 0,
        fair_value: 0.0,
        reservation: 0.0,
        volatility: 0.0,
        imbalance: 0.0,
        spread: 0.0,
        spread_volatility: 0.0,
        spread_imbalance: 0.0,
        spread_fees: 0.0,
        spread_final: 0.0,
        intensity_a: 0.0,
        intensity_k: 0.0,
        position: 0,
        sides: [SideExplained::default(); 2],
    }
}
