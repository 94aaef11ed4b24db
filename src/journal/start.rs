//! The first record of an epoch: all that the core was made of, so that replay can make it again.

use super::Identity;
use crate::types::{Instrument, Nanos};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What the core was made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Start {
    /// Equal versions of the core give equal outputs for equal inputs.
    pub core_version: u32,
    /// The version of the program.
    pub program: String,
    /// Whose journal it is; the instance tag of all order ids stands here.
    pub identity: Identity,
    /// The number of this start: part of all order ids.
    pub epoch: u32,
    /// When it was, as inputs tell time.
    pub started: Nanos,
    /// What all random numbers of the run come from.
    pub seed: u64,
    /// The instruments by id.
    pub instruments: Vec<Instrument>,
    /// The effective config, as the core's own parameters are written; the journal does not look
    /// into it.
    pub config: Box<RawValue>,
}
