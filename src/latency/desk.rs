//! The far end of the way: an order becomes the venue's final text, and is answered.
//!
//! The text is that of Coinbase Advanced's order entry, whatever venue the market data are of; the
//! signature is that of Coinbase Exchange, which is the one that is made anew for each message. The
//! venue's answer is what a venue says when all goes well.

use crate::engine::risk::OrderRequest;
use crate::event::{Body, Event, Level, Part, Report, ReportKind, RequestKind};
use crate::types::order::WholeId;
use crate::types::{InstanceTag, InstrumentTable};
use crate::types::{Instrument, InstrumentId, Nanos, OrderId, Price, Qty};
use crate::venue::coinbase::advanced::encode::{self, NameText, Order};
use crate::venue::coinbase::exchange::auth::{Request, Signature, Signer};
use crate::venue::text::Text;
use std::collections::VecDeque;
use std::io::Write as _;

/// Whose secret it is does not matter to how long a signature takes.
const SECRET: &str = "cGlubmFjbGVtbS1sYXRlbmN5LXNpZ25zLXdpdGgtdGhpcy1zZWNyZXQ=";

/// What makes texts of orders.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) text: encode::Body,
    pub(super) signature: Signature,
    signer: Signer,
    stamp: Text<24>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            text: encode::Body::default(),
            signature: [0; 44],
            signer: Signer::new(SECRET).expect("it is base64"),
            stamp: Text::default(),
        }
    }

    /// Signs the text that was encoded last.
    #[inline]
    pub(super) fn sign(&mut self, kind: RequestKind, now: Nanos) {
        self.stamp.clear();
        self.stamp.put_number(now.0.unsigned_abs() / 1_000_000_000);
        let (stamp, body) = (self.stamp.bytes(), self.text.bytes());
        let request = Request { stamp, method: "POST", path: encode::path(kind), body };
        self.signature = self.signer.sign(&request);
    }
}

/// The orders that the venue has, and what it has to say of them.
#[derive(Debug)]
pub(super) struct Answers {
    instruments: Vec<Instrument>,
    tag: InstanceTag,
    /// The venue's names of them.
    names: Vec<(OrderId, NameText)>,
    said: VecDeque<(InstrumentId, Report, Level)>,
}

/// Orders at a time: more than any config of the tool allows.
const ORDERS_MAX: usize = 1024;

impl Answers {
    pub(super) fn new(table: &InstrumentTable) -> Self {
        Self {
            instruments: table.iter().copied().collect(),
            tag: InstanceTag::new(1),
            names: Vec::with_capacity(ORDERS_MAX),
            said: VecDeque::with_capacity(4 * ORDERS_MAX),
        }
    }

    /// Takes a request: its text stands at the desk then.
    #[inline]
    pub(super) fn take(&mut self, request: &OrderRequest, desk: &mut Desk) {
        let terms = request.terms();
        let known = self.names.iter().position(|(order, _)| *order == terms.order);
        let name = match known {
            Some(at) => self.names[at].1,
            None => text_of(self.tag.whole(terms.order)),
        };
        let instrument = &self.instruments[terms.instrument.index()];
        encode::encode(&Order { terms, instrument, name: &name }, &mut desk.text);
    }

    /// What the venue makes of a request that was taken.
    pub(super) fn answer(&mut self, request: &OrderRequest) {
        let terms = request.terms();
        let known = self.names.iter().position(|(order, _)| *order == terms.order);
        let kind = match (terms.kind, known) {
            (RequestKind::Place, _) => {
                self.names.push((terms.order, text_of(self.tag.whole(terms.order))));
                ReportKind::Accepted
            }
            (RequestKind::Replace, Some(_)) => ReportKind::Replaced,
            (RequestKind::Replace, None) => ReportKind::ReplaceRejected,
            (RequestKind::Cancel, Some(at)) => {
                self.names.swap_remove(at);
                ReportKind::Canceled
            }
            (RequestKind::Cancel, None) => ReportKind::CancelRejected,
        };
        let level = Level::new(terms.side, terms.price, terms.qty);
        self.said.push_back((terms.instrument, Report::new(terms.order, kind), level));
    }

    /// An answer to a question.
    pub(super) fn tell(&mut self, order: OrderId, instrument: InstrumentId) {
        let level = Level::new(crate::types::Side::Bid, Price(0), Qty::ZERO);
        self.said.push_back((instrument, Report::new(order, ReportKind::Absent), level));
    }

    /// The next thing that it says.
    #[inline]
    pub(super) fn hear(&mut self, now: Nanos, part: &mut Part) -> bool {
        let Some((instrument, report, level)) = self.said.pop_front() else { return false };
        let event = Event {
            sequence: 0,
            received: now,
            venue_time: Nanos::UNKNOWN,
            instrument,
            body: Body::Report(report),
        };
        part.set(&event, &[level]);
        true
    }
}

/// The name as its text.
fn text_of(name: WholeId) -> NameText {
    let mut text = [0; 36];
    write!(&mut text[..], "{name}").expect("a UUID has 36 letters");
    text
}
