//! What a run leaves: each stage says its part when it closes, and the end of the run puts them
//! together.

use super::digest::Digest;
use super::gateway::GatewayCounts;
use super::link::End;
use crate::engine::risk::Risk;
use crate::journal::WriteError;
use crate::types::{InstrumentId, OrderId};
use crossbeam_channel::Receiver;

/// The part of one stage.
#[derive(Debug)]
pub enum Part {
    /// The sequencer's and the gateway's.
    Feed {
        /// The number of the last input.
        sequence: u64,
        /// What the gateway has counted.
        gateway: GatewayCounts,
        /// How the venue's side ended.
        end: End,
    },
    /// Risk as it was left, and the trades it was told of.
    Risk(Box<Risk>, u64),
    /// The journal's.
    Journal {
        /// Over all outputs.
        digest: Digest,
        /// Why it could not be written, if so.
        failure: Option<WriteError>,
    },
}

/// What a run leaves.
#[derive(Debug)]
pub struct Outcome {
    /// The number of the last input.
    pub sequence: u64,
    /// Inputs and outputs.
    pub records: u64,
    /// 64 bits over all outputs.
    pub digest: String,
    /// Trades of ours.
    pub fills: u64,
    /// Held by instrument, in lots.
    pub positions: Vec<i64>,
    /// Everything earned, fees taken off, in 10⁻¹² of the account currency.
    pub profit: i128,
    /// Orders that are not known to be gone.
    pub open_orders: Vec<OrderId>,
    /// What the gateway has counted.
    pub gateway: GatewayCounts,
    /// How the venue's side ended.
    pub venue: End,
    /// Why the journal could not be written, if so.
    pub journal_failure: Option<WriteError>,
}

impl Outcome {
    /// Puts the parts together; nothing if a stage ended without a word.
    #[must_use]
    pub fn of(parts: &Receiver<Part>) -> Option<Self> {
        let (mut feed, mut risk, mut journal) = (None, None, None);
        for part in parts.try_iter() {
            match part {
                Part::Feed { sequence, gateway, end } => feed = Some((sequence, gateway, end)),
                Part::Risk(left, fills) => risk = Some((left, fills)),
                Part::Journal { digest, failure } => journal = Some((digest, failure)),
            }
        }
        let ((sequence, gateway, venue), (risk, fills), (digest, journal_failure)) =
            (feed?, risk?, journal?);
        let ids = (0..risk.instruments()).filter_map(|at| u16::try_from(at).ok());
        Some(Self {
            sequence,
            records: sequence + digest.outputs(),
            digest: digest.finish(sequence),
            fills,
            positions: ids.map(|id| risk.position(InstrumentId(id)).position.lots).collect(),
            profit: risk.profit(),
            open_orders: risk.live_orders().map(|order| order.id).collect(),
            gateway,
            venue,
            journal_failure,
        })
    }
}
