//! Limits at the edge: what an operator may ask for, in words, and what is shown of them.
//!
//! A body is read against the config and against what is set already, by the same rule as the core
//! judges it by, so that a refusal can name key, value and range. The core's word is the last.

use super::board::LIMITS_WORDS;
use super::view::View;
use crate::engine::CoreParams;
use crate::engine::risk::{HardLimits, LimitFault, LimitSet, LimitsSet};
use crate::event::{LIMIT_CHANGES_MAX, LIMIT_VALUE_MAX, LimitChange, LimitKey, Who};
use crate::types::money::Trillionths;
use crate::types::{Currency, Decimal, Instrument, InstrumentId, Money, Nanos};
use crate::web::commands::{Act, NotDone, Order};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::fmt;

/// Where the limits of a run are read and asked for.
#[derive(Clone, Debug)]
pub struct LimitDesk {
    hard: HardLimits,
    instruments: Vec<Instrument>,
    currency: Currency,
    /// What was set before the start and holds no more, as the config has changed it.
    dropped: Vec<LimitSet>,
    set: View<LimitsSet, LIMITS_WORDS>,
}

/// The keys and values of an object, all of them and in their order.
#[derive(Debug, Default)]
struct Pairs(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of limits")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_map(Reading)
    }
}

/// The body of a change: the sections of the config, with what shall differ.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    reason: String,
    #[serde(default)]
    who: Option<String>,
    #[serde(default)]
    limits: Pairs,
    #[serde(default)]
    per_symbol_limits: Vec<Pairs>,
}

impl LimitDesk {
    /// The desk of a run.
    #[must_use]
    pub fn new(
        core: &CoreParams,
        dropped: Vec<LimitSet>,
        set: View<LimitsSet, LIMITS_WORDS>,
    ) -> Self {
        let limits: Vec<_> = core.instruments.iter().map(|one| one.limits).collect();
        Self {
            hard: HardLimits::new(&core.risk, &limits),
            instruments: core.instruments.iter().map(|one| one.instrument).collect(),
            currency: core.risk.currency,
            dropped,
            set,
        }
    }

    /// What is quoted, by id.
    #[must_use]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// What is set now.
    #[must_use]
    pub fn set(&self) -> LimitsSet {
        self.set.read()
    }

    /// The limits of the config.
    #[must_use]
    pub const fn hard(&self) -> &HardLimits {
        &self.hard
    }

    /// What the config has taken back.
    #[must_use]
    pub fn dropped(&self) -> &[LimitSet] {
        &self.dropped
    }

    /// A limit's name: that of its instrument before its own, where it is one's.
    #[must_use]
    pub fn name(&self, key: LimitKey, instrument: InstrumentId) -> String {
        match self.instruments.get(instrument.index()) {
            Some(one) => format!("{} {}", one.symbol, key.name()),
            None => key.name().to_owned(),
        }
    }

    /// The order that a body asks for.
    ///
    /// # Errors
    /// It says no change, or one that cannot be.
    pub fn read(&self, body: &[u8]) -> Result<Order, NotDone> {
        let Body { reason, who, limits, per_symbol_limits } = serde_json::from_slice(body)
            .map_err(|error| NotDone::Wrong(format!("the body: {error}")))?;
        let mut changes = Vec::new();
        self.read_changes("limits", InstrumentId::ALL, &limits.0, &mut changes)?;
        for (at, own) in per_symbol_limits.iter().enumerate() {
            let path = format!("per_symbol_limits[{at}]");
            let (symbol, limits): (Vec<_>, Vec<_>) =
                own.0.iter().cloned().partition(|(key, _)| key == "symbol");
            let id = self.named(&path, &symbol)?;
            self.read_changes(&path, id, &limits, &mut changes)?;
        }
        if changes.is_empty() || changes.len() > LIMIT_CHANGES_MAX {
            return Err(NotDone::Wrong(format!(
                "{} limits are named: name from 1 to {LIMIT_CHANGES_MAX} in limits and \
                 per_symbol_limits",
                changes.len()
            )));
        }
        let by = (0, Nanos(0), Who::NOBODY);
        self.hard
            .judge(&self.set(), changes.iter().copied(), by)
            .map_err(|fault| NotDone::Refused(self.words(&fault)))?;
        let who = who.unwrap_or_else(|| "api".to_owned());
        Ok(Order { act: Act::Limits, who, why: reason, confirm: false, changes })
    }

    fn named(
        &self,
        path: &str,
        symbol: &[(String, Box<RawValue>)],
    ) -> Result<InstrumentId, NotDone> {
        let found = match symbol {
            [(_, name)] => serde_json::from_str::<String>(name.get()).ok(),
            _ => None,
        };
        let all = || self.instruments.iter().map(|one| one.symbol.as_str());
        let named = |name: &String| self.instruments.iter().find(|it| it.symbol.as_str() == name);
        found.as_ref().and_then(named).map(|one| one.id).ok_or_else(|| {
            let said = symbol.first().map_or("nothing", |(_, name)| name.get());
            let all = all().collect::<Vec<_>>().join(", ");
            NotDone::Wrong(format!("{path}.symbol is {said}: allowed is one of {all}, named once"))
        })
    }

    fn read_changes(
        &self,
        path: &str,
        instrument: InstrumentId,
        pairs: &[(String, Box<RawValue>)],
        changes: &mut Vec<LimitChange>,
    ) -> Result<(), NotDone> {
        for (name, raw) in pairs {
            let wrong = |why: String| Err(NotDone::Wrong(format!("{path}.{name}{why}")));
            let may_be = |key: &LimitKey| instrument == InstrumentId::ALL || !key.is_of_account();
            let Some(key) = LimitKey::of(name).filter(may_be) else {
                let all = LimitKey::ALL.into_iter().filter(may_be).map(LimitKey::name);
                let all = all.collect::<Vec<_>>().join(", ");
                return wrong(format!(" is no limit that can be set here: those are {all}"));
            };
            if changes.iter().any(|one| (one.key, one.instrument) == (key, instrument)) {
                return wrong(" is named twice: name it once".to_owned());
            }
            let Some(value) = value(key, raw.get(), self.currency) else {
                let number = if key.is_whole() { "a whole number" } else { "a number" };
                let most = self.hard.file(key, instrument).unwrap_or(0);
                return wrong(format!(
                    " is {}: allowed is {number} above 0 and at most {}, what the config has, with \
                     at most 12 decimals; or null for the config's",
                    raw.get(),
                    Trillionths(most)
                ));
            };
            changes.push(LimitChange { key, instrument, value });
        }
        Ok(())
    }

    fn words(&self, fault: &LimitFault) -> String {
        match fault {
            LimitFault::AboveFile { change, file } => format!(
                "{} is {}: allowed is above 0 and at most {}, what the config has",
                self.name(change.key, change.instrument),
                Trillionths(change.value),
                Trillionths(*file)
            ),
            LimitFault::NotOfInstrument { change } => {
                format!("{} is no limit of one instrument", change.key.name())
            }
            LimitFault::BelowLeast { key, instrument, value, least } => {
                let needed_by = match key {
                    LimitKey::MaxGrossExposure => "max_net_exposure, which may be set with it",
                    LimitKey::MaxOrderSize => "min_order_size",
                    LimitKey::MaxOrdersPerSecond => "one above the part kept for cancels",
                    LimitKey::MaxPositionSize | LimitKey::MaxDailyVolume => "one lot",
                    _ => "the least that can be counted",
                };
                format!(
                    "{} would be {}: allowed is at least {}, {needed_by}",
                    self.name(*key, *instrument),
                    Trillionths(*value),
                    Trillionths(*least)
                )
            }
            LimitFault::NoRoom { change } => format!(
                "{} finds no room, as too many limits are set: set others to null first",
                self.name(change.key, change.instrument)
            ),
        }
    }

    /// Every limit as it holds, where it comes from, and what the config has taken back; `plain`
    /// are the limits of the config as it has written them.
    #[must_use]
    pub fn show(&self, plain: &Map<String, Value>, set: &LimitsSet) -> Value {
        let mut all = plain.clone();
        let mut keys = Vec::new();
        for limit in self.hard.all_of_file() {
            let by = set.get(limit.key, limit.instrument);
            if let Some(one) = by.filter(|one| one.instrument == InstrumentId::ALL) {
                let number = crate::web::pages::number(&Trillionths(one.value).to_string());
                all.insert(one.key.name().to_owned(), number);
            }
            keys.push(self.row((limit.key, limit.instrument), by));
        }
        for one in set.iter() {
            let own = (one.key, one.instrument);
            if !self.hard.all_of_file().iter().any(|limit| (limit.key, limit.instrument) == own) {
                keys.push(self.row(own, Some(one)));
            }
        }
        let dropped = self.dropped.iter().map(|one| self.row((one.key, one.instrument), Some(one)));
        all.insert("dropped".to_owned(), dropped.collect());
        all.insert("keys".to_owned(), keys.into());
        all.into()
    }

    fn row(&self, (key, instrument): (LimitKey, InstrumentId), by: Option<&LimitSet>) -> Value {
        let hard = self.hard.file(key, instrument).unwrap_or(0);
        let symbol = self.instruments.get(instrument.index()).map(|one| one.symbol.as_str());
        json!({
            "key": key.name(),
            "symbol": symbol,
            "value": Trillionths(by.map_or(hard, |one| one.value)).to_string(),
            "hard": Trillionths(hard).to_string(),
            "source": if by.is_some() { "operator" } else { "file" },
            "who": by.map(|one| one.who.text()),
            "time": by.map(|one| one.time.0),
            "sequence": by.map(|one| one.sequence),
        })
    }
}

/// A number above 0 in 10⁻¹², or 0 for `null`; nothing where it is none of them.
fn value(key: LimitKey, text: &str, currency: Currency) -> Option<i128> {
    if text == "null" {
        return Some(0);
    }
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let number = Decimal::parse_exponent(bare.as_bytes()).ok()?;
    let value = Money::from_decimal(number, currency).ok()?.amount;
    let is_whole = !key.is_whole() || value % Trillionths::ONE == 0;
    (value > 0 && value < LIMIT_VALUE_MAX && is_whole).then_some(value)
}
