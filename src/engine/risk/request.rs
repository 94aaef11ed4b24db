//! From a proposal to a request: only what was approved can become one.
//!
//! `Proposal → Approved<Proposal> → OrderRequest`; the journal makes `Journaled<OrderRequest>` of
//! it, and a gateway takes nothing else.

use crate::event::{Line, NotAnEvent, Proposal, RequestKind};

/// What has passed every check. Only risk can make one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Approved<T>(T);

impl Approved<Proposal> {
    /// The gate's word that every check has passed.
    pub(super) const fn by_gate(proposal: Proposal) -> Self {
        Self(proposal)
    }
}

/// What is to be sent to the venue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderRequest(Proposal);

impl From<Approved<Proposal>> for OrderRequest {
    fn from(approved: Approved<Proposal>) -> Self {
        Self(approved.0)
    }
}

impl OrderRequest {
    /// A cancel, which needs no approval.
    ///
    /// # Panics
    /// It is something else: our own fault.
    pub(super) const fn cancel(proposal: Proposal) -> Self {
        assert!(matches!(proposal.kind, RequestKind::Cancel));
        Self(proposal)
    }

    /// What is asked for.
    #[inline]
    #[must_use]
    pub const fn terms(&self) -> &Proposal {
        &self.0
    }

    /// Its line on a ring or in the journal.
    #[inline]
    #[must_use]
    pub fn pack(&self) -> Line {
        self.0.pack()
    }

    /// The request of a line: what stands there was a request when it was put there.
    ///
    /// # Errors
    /// The line is none.
    #[inline]
    pub fn unpack(line: &Line) -> Result<Self, NotAnEvent> {
        Proposal::unpack(line).map(Self)
    }
}
