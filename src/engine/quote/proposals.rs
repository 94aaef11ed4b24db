//! What one decision of one instrument proposes.

use super::LEVELS_MAX;
use crate::event::{Level, Proposal, RequestKind};
use crate::types::{InstrumentId, OrderId, Price, Qty, Side, TimeInForce};
use serde::{Deserialize, Serialize};

/// The proposals of one decision: at most one for each slot, and one for an order without a slot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Proposals {
    items: [Proposal; 2 * LEVELS_MAX + 1],
    count: usize,
}

impl Proposals {
    pub(super) const fn new() -> Self {
        let none = Proposal {
            order: OrderId(0),
            price: Price(0),
            qty: Qty(0),
            instrument: InstrumentId::ALL,
            kind: RequestKind::Cancel,
            side: Side::Bid,
            time_in_force: TimeInForce::GoodTillCancel,
            post_only: false,
            reduce_only: false,
        };
        Self { items: [none; 2 * LEVELS_MAX + 1], count: 0 }
    }

    pub(super) const fn clear(&mut self) {
        self.count = 0;
    }

    pub(super) const fn push(&mut self, proposal: Proposal) {
        self.items[self.count] = proposal;
        self.count += 1;
    }

    pub(super) fn items(&self) -> &[Proposal] {
        &self.items[..self.count]
    }
}

/// The cancel of an order that rests although no slot has it.
pub(super) const fn end_of(order: OrderId, instrument: InstrumentId, level: Level) -> Proposal {
    Proposal {
        order,
        price: level.price(),
        qty: level.qty(),
        instrument,
        kind: RequestKind::Cancel,
        side: level.side(),
        time_in_force: TimeInForce::GoodTillCancel,
        post_only: false,
        reduce_only: false,
    }
}
