//! What the core has decided about one input: the records that the journal writes behind it.

use super::OrderRequest;
use crate::event::{Explanation, Proposal, RefusalCode, StateReason, TradingState};

/// A refusal, with the two numbers compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What was refused.
    pub proposal: Proposal,
    /// By which check.
    pub code: RefusalCode,
    /// What it would have come to, in the unit of the limit.
    pub value: i128,
    /// What is allowed: lots, ticks, requests, or 10⁻¹² of the account currency.
    pub limit: i128,
}

/// One thing decided.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Output {
    /// Why the requests behind it are made; only ever before a request.
    Explanation(Explanation),
    /// What is to be sent once it is written.
    Request(OrderRequest),
    /// What is not to be sent; comes back as an input.
    Refusal(Refusal),
    /// The trading state has changed; comes back as an input.
    State {
        /// What it is now.
        state: TradingState,
        /// Why.
        reason: StateReason,
    },
}
