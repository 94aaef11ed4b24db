//! What a core is made of, so that replay can make it again.
//!
//! It stands in the first record of an epoch. How threads were joined is not in it: that changes no
//! decision. Nor is what only the venue's side has a use for, such as a seed.

use super::book::BookParams;
use super::quote::QuoteParams;
use super::risk::{InstrumentLimits, Opening, RiskParams};
use crate::types::{Instrument, Nanos};
use serde::{Deserialize, Serialize};

/// The version of the core's decisions: raised whenever the same inputs may give other outputs.
pub const CORE_VERSION: u32 = 1;

/// One instrument and how its book is kept and quoted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentParams {
    /// Its name and scales.
    pub instrument: Instrument,
    /// How its book is kept.
    pub book: BookParams,
    /// How it is quoted.
    pub quote: QuoteParams,
    /// How much of it may be done.
    pub limits: InstrumentLimits,
}

/// What a core is made of.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreParams {
    /// Which start of its data directory it is: part of every order id.
    pub epoch: u32,
    /// The connection is silent after that span without a message.
    pub silence_max: Nanos,
    /// The instruments in the order of their ids.
    pub instruments: Vec<InstrumentParams>,
    /// Limits and account.
    pub risk: RiskParams,
    /// What is carried over from the epoch before, if there was one.
    pub opening: Option<Opening>,
    /// The value at risk above which quotes are made smaller, as a share of capital and profit in
    /// 10⁻⁶; nothing in what was written before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub var_limit: Option<u32>,
}

impl CoreParams {
    pub(super) fn quotes(&self) -> Vec<QuoteParams> {
        self.instruments.iter().map(|one| one.quote.clone()).collect()
    }

    pub(super) fn limits(&self) -> Vec<InstrumentLimits> {
        self.instruments.iter().map(|one| one.limits).collect()
    }
}
