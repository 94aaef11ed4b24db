//! Whose a data directory is. It never changes; another mode, venue, account or currency gets a
//! directory of its own, so that no position of one is ever taken for a position of the other.

use crate::types::name::Name;
use crate::types::{Currency, InstanceTag, Venue};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The mode of the process, such as `simulation`.
pub type ModeName = Name<15>;
/// The venue's account.
pub type Account = Name<63>;

/// Whose a data directory is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// The mode of the process.
    pub mode: ModeName,
    /// The venue that is traded at.
    pub venue: Venue,
    /// The account there.
    pub account: Account,
    /// What profit and limits are counted in.
    pub settlement_currency: Currency,
    /// The upper half of our order ids: given once, at the first start.
    pub instance_tag: InstanceTag,
}

impl Identity {
    /// What is different in another one, with its own and the other's value; the tag aside, which
    /// is the directory's.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        let check = |key, a: &dyn fmt::Display, b: &dyn fmt::Display| {
            let (a, b) = (a.to_string(), b.to_string());
            (a != b).then_some((key, a, b))
        };
        check("mode", &self.mode, &other.mode)
            .or_else(|| check("venue", &self.venue, &other.venue))
            .or_else(|| check("account", &self.account, &other.account))
            .or_else(|| {
                let (a, b) = (self.settlement_currency, other.settlement_currency);
                check("settlement currency", &a, &b)
            })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, venue, account, settlement_currency, .. } = self;
        write!(f, "{mode} at {venue}, account {account} in {settlement_currency}")
    }
}
