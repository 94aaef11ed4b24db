//! Everything that is wrong with a config, gathered before anything is said.
//!
//! A section checks all its keys and reports each by path, value and what is allowed, so that a
//! file is mended in one go.

use std::fmt;
use std::ops::RangeInclusive;

/// One key that cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Where it stands, such as `risk_management.limits.max_position_size`.
    pub path: String,
    /// What stands there.
    pub value: String,
    /// What may stand there.
    pub allowed: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, value, allowed } = self;
        write!(f, "{path} = {value}: must be {allowed}")
    }
}

/// The faults found so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Names one.
    pub fn add(&mut self, path: &str, value: impl fmt::Display, allowed: impl fmt::Display) {
        let (value, allowed) = (value.to_string(), allowed.to_string());
        self.0.push(Fault { path: path.to_string(), value, allowed });
    }

    /// Names the value if it is outside the range; not a number is outside of every range.
    pub fn within<T: PartialOrd + fmt::Display>(
        &mut self,
        path: &str,
        value: T,
        range: RangeInclusive<T>,
    ) -> T {
        if !range.contains(&value) {
            self.add(path, &value, format_args!("from {} to {}", range.start(), range.end()));
        }
        value
    }

    /// Takes over others, but for those about a key that was named already, or one within it.
    pub fn add_unless_named(&mut self, others: Self) {
        let named = self.0.len();
        for other in others.0 {
            let is_named = self.0[..named].iter().any(|fault| {
                let rest = other.path.strip_prefix(&fault.path);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            });
            if !is_named {
                self.0.push(other);
            }
        }
    }

    /// Takes over others, each once: what holds for every instrument is found with each of them.
    pub fn add_once(&mut self, others: Self) {
        for other in others.0 {
            if !self.0.contains(&other) {
                self.0.push(other);
            }
        }
    }

    /// Gives faults another path where there is one.
    pub fn rename(&mut self, path: impl Fn(&str) -> Option<String>) {
        for fault in &mut self.0 {
            if let Some(path) = path(&fault.path) {
                fault.path = path;
            }
        }
    }

    /// All of them, in the order in which they were found.
    #[must_use]
    pub fn list(&self) -> &[Fault] {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
