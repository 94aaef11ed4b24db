//! A venue that a caller brings along, in the place of those that are built in.

use super::Wish;
use crate::engine::risk::OrderRequest;
use crate::event::Part;
use crate::types::{InstrumentId, Nanos, OrderId};
use std::fmt;

/// What a link must be able to do. See [`Link`](super::Link) for each of them.
pub trait Foreign: Send + fmt::Debug {
    /// The next thing that has reached us by `now`, if there is one. Never blocks.
    fn hear(&mut self, now: Nanos, part: &mut Part) -> bool;

    /// When the next thing will reach us, where that is known.
    fn due(&mut self) -> Option<Nanos>;

    /// Takes a request on its way; false if it has not left and never will.
    fn send(&mut self, request: &OrderRequest, now: Nanos) -> bool;

    /// Hands over that everything is to be cancelled; false if it has not left.
    fn cancel_all(&mut self, now: Nanos) -> bool;

    /// Asks what has become of an order.
    fn query(&mut self, order: OrderId, instrument: InstrumentId, now: Nanos);

    /// Asks for all that the venue knows of us: our trades from that number on, and our orders.
    fn query_all(&mut self, from: u64, now: Nanos);

    /// Does what the owner of the books wishes.
    fn heed(&mut self, wish: Wish, now: Nanos);

    /// Whether nothing will ever come again.
    fn is_finished(&self) -> bool;
}
