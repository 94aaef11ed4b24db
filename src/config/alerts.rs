//! `risk_management.alerts`: how often alerts are raised, how many are kept, where they go.

use super::Faults;
use crate::alerts::WebhookParams;
use crate::types::Nanos;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// `risk_management.alerts`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawAlerts {
    /// The least time between two alerts of a type and source.
    pub min_interval_ms: u32,
    /// Alerts that are kept.
    pub max_history: u32,
    /// A limit is near from so many percent of it on.
    pub warning_threshold_pct: u32,
    /// A receiver elsewhere: its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// A file with the token that the receiver asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret_file: Option<PathBuf>,
    /// The wait before a delivery is tried again; each further one is twice as long.
    pub webhook_retry_ms: u32,
}

impl Default for RawAlerts {
    fn default() -> Self {
        Self {
            min_interval_ms: 5000,
            max_history: 1000,
            warning_threshold_pct: 80,
            webhook_url: None,
            webhook_secret_file: None,
            webhook_retry_ms: 1000,
        }
    }
}

/// How alerts are raised and delivered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertParams {
    /// The least time between two of a type and source.
    pub interval: Nanos,
    /// How many are kept.
    pub history_max: usize,
    /// A limit is near from so many percent of it on.
    pub warning_pct: u32,
    /// A receiver elsewhere.
    pub webhook: Option<WebhookParams>,
}

impl RawAlerts {
    /// Leaves of the receiver's address only where it is: names, passwords, paths and queries open
    /// doors.
    pub(super) fn hide(&mut self) {
        let Some(url) = &mut self.webhook_url else { return };
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        *url = format!("{scheme}://{host}/...");
    }

    pub(super) fn check(&self, path: &str, faults: &mut Faults) -> AlertParams {
        let at = |key: &str| format!("{path}.{key}");
        let interval = faults.within(&at("min_interval_ms"), self.min_interval_ms, 0..=86_400_000);
        let history = faults.within(&at("max_history"), self.max_history, 1..=100_000);
        let pct = self.warning_threshold_pct;
        let warning_pct = faults.within(&at("warning_threshold_pct"), pct, 1..=100);
        let retry = faults.within(&at("webhook_retry_ms"), self.webhook_retry_ms, 1..=60_000);
        if let Some(url) = &self.webhook_url
            && !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
        {
            // What stands there may be a secret all the same.
            faults.add(&at("webhook_url"), "given", "an address with http:// or https://");
        }
        if self.webhook_url.is_none() && self.webhook_secret_file.is_some() {
            faults.add(&at("webhook_secret_file"), "given", "with webhook_url, or left out");
        }
        AlertParams {
            interval: Nanos::from_millis(interval.into()),
            history_max: history as usize,
            warning_pct,
            webhook: self.webhook_url.clone().map(|url| WebhookParams {
                url,
                secret_file: self.webhook_secret_file.clone(),
                retry: Duration::from_millis(retry.into()),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_receivers_address_only_the_place_is_shown() {
        let check = |url: &str, expected: &str| {
            let mut raw = RawAlerts { webhook_url: Some(url.to_owned()), ..RawAlerts::default() };
            raw.hide();
            assert_eq!(raw.webhook_url.as_deref(), Some(expected));
        };
        check("https://hooks.example.com/services/T0/B0/XXXX", "https://hooks.example.com/...");
        check("https://ann:word@example.com:9/a?token=1", "https://example.com:9/...");
        check("http://[::1]:8080?key=1", "http://[::1]:8080/...");
        check("https://ann:w@rd@example.com", "https://example.com/...");
        check("nothing", ":///...");
        let mut none = RawAlerts::default();
        none.hide();
        assert_eq!(none.webhook_url, None);
    }
}
