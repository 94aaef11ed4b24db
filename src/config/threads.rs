//! `threads`: how the stages are joined, where they run, how they wait.
//!
//! What a mode makes of it is the topology's business; nothing is started here.

use super::Faults;
use clap::ValueEnum;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// How the stages are joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThreadMode {
    /// What the cores, the quota and the mode of this run make best.
    #[default]
    Auto,
    /// A pinned thread for each stage, joined by rings.
    Dedicated,
    /// One pinned thread for the whole way from the feed to the journal.
    Shared,
    /// The caller's thread turns everything.
    Inline,
}

/// What a thread does when it has nothing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Idle {
    /// By the cores that are there: spinning only with a core of its own.
    #[default]
    Auto,
    /// Asks again at once: least latency, a whole core.
    Spin,
    /// Lets others run first.
    Yield,
    /// Spins, then yields, then sleeps longer and longer.
    Backoff,
    /// Sleeps a little: least use of the core.
    Sleep,
}

/// Where a thread runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Core {
    /// By the cores that are there.
    #[default]
    Auto,
    /// On the n-th of the cores that the process may use, from zero on.
    Nth(u16),
}

impl<'de> Deserialize<'de> for Core {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        const ALLOWED: &str = "must be \"auto\", or a number of an allowed core from 0 to 1023";
        impl Visitor<'_> for Either {
            type Value = Core;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(ALLOWED.trim_start_matches("must be "))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Core, E> {
                if text == "auto" { Ok(Core::Auto) } else { Err(E::custom(ALLOWED)) }
            }
            fn visit_u64<E: Error>(self, nth: u64) -> Result<Core, E> {
                let nth = u16::try_from(nth).ok().filter(|nth| *nth < 1024);
                nth.map(Core::Nth).ok_or_else(|| E::custom(ALLOWED))
            }
        }
        from.deserialize_any(Either)
    }
}

impl Serialize for Core {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => to.serialize_str("auto"),
            Self::Nth(nth) => to.serialize_u16(*nth),
        }
    }
}

/// One thread's place and patience.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThreadParams {
    /// Where it runs.
    pub core: Core,
    /// What it does when it has nothing to do.
    pub idle: Idle,
}

/// Lines of 64 bytes that each ring of `dedicated` holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RingParams {
    /// Inputs on their way to the books.
    pub feed_to_quoting: u32,
    /// Inputs, marks and proposals.
    pub quoting_to_risk: u32,
    /// Inputs, outputs and explanations.
    pub risk_to_journal: u32,
    /// Requests that are written.
    pub journal_to_gateway: u32,
    /// Reports, refusals and states on their way back.
    pub back_to_feed: u32,
}

impl RingParams {
    /// Room for the greatest output of a turn in every ring.
    pub const LINES_MIN: u32 = 1 << 10;
    /// 256 MiB.
    pub const LINES_MAX: u32 = 1 << 22;

    /// The rings by the names of the file.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, u32); 5] {
        [
            ("feedToQuoting", self.feed_to_quoting),
            ("quotingToRisk", self.quoting_to_risk),
            ("riskToJournal", self.risk_to_journal),
            ("journalToGateway", self.journal_to_gateway),
            ("backToFeed", self.back_to_feed),
        ]
    }
}

impl Default for RingParams {
    fn default() -> Self {
        // A burst of a few thousand levels; a longer message goes through in turns.
        Self {
            feed_to_quoting: 1 << 12,
            quoting_to_risk: 1 << 12,
            risk_to_journal: 1 << 13,
            journal_to_gateway: 1 << 10,
            back_to_feed: 1 << 10,
        }
    }
}

/// The whole section; it is the same before and after it is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThreadsParams {
    /// How the stages are joined.
    pub mode: ThreadMode,
    /// `dedicated`: decodes and sequences.
    pub feed: ThreadParams,
    /// `dedicated`: books and quotes.
    pub quoting: ThreadParams,
    /// `dedicated`: limits and orders.
    pub risk: ThreadParams,
    /// `dedicated`: writes and releases.
    pub journal: ThreadParams,
    /// `shared`: the one hot thread.
    pub shared: ThreadParams,
    /// `dedicated`: the rings.
    pub rings: RingParams,
}

impl ThreadsParams {
    /// The threads by the names of the file.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, ThreadParams); 5] {
        [
            ("feed", self.feed),
            ("quoting", self.quoting),
            ("risk", self.risk),
            ("journal", self.journal),
            ("shared", self.shared),
        ]
    }

    /// Names what cannot be: a ring that is no power of two, two hot threads on one core.
    #[must_use]
    pub fn check(&self, path: &str, faults: &mut Faults) -> Self {
        for (name, lines) in self.rings.named() {
            let range = RingParams::LINES_MIN..=RingParams::LINES_MAX;
            if !lines.is_power_of_two() || !range.contains(&lines) {
                let allowed = format!("a power of two from {} to {}", range.start(), range.end());
                faults.add(&format!("{path}.rings.{name}"), lines, allowed);
            }
        }
        // `shared` never runs beside the others, so it may have any of their cores.
        let named = self.named();
        let dedicated = &named[..4];
        for (at, (name, thread)) in dedicated.iter().enumerate() {
            let Core::Nth(nth) = thread.core else { continue };
            if let Some((other, _)) = dedicated[..at].iter().find(|(_, t)| t.core == thread.core) {
                let allowed = format!("another core than {path}.{other}.core");
                faults.add(&format!("{path}.{name}.core"), nth, allowed);
            }
        }
        *self
    }
}
