//! `exchange.live`: where the live feed of mode paper is, and how much of it is asked for.
//!
//! Without any key it is the venue's own public feed. Files that are named here are read when the
//! run is set up.

use super::{Faults, Mode};
use crate::types::Venue;
use crate::venue::session::config::Endpoint;
use crate::venue::session::facts;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// `exchange.live` as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RawLive {
    /// Another feed than the venue's, `wss://HOST:PORT`: a proxy, a test venue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed_url: Option<String>,
    /// Another server of product list and snapshots, `https://HOST:PORT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_url: Option<String>,
    /// Believe only the certificates of this PEM file instead of the web's authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The venue's product list from a file instead of by REST.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub products_file: Option<PathBuf>,
    /// Levels of each side, one of the depths that the venue offers; its 1000 if it offers that,
    /// else the whole book.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u16>,
}

/// `exchange.live`, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveParams {
    /// Another feed than the venue's.
    pub feed: Option<Endpoint>,
    /// Another server of product list and snapshots.
    pub rest: Option<Endpoint>,
    /// Whose certificates are believed, if not the web's authorities'.
    pub ca_file: Option<PathBuf>,
    /// Where the product list is, if it is not fetched.
    pub products_file: Option<PathBuf>,
    /// One of the venue's depths; of no meaning but in paper.
    pub depth: u16,
}

impl RawLive {
    /// Checks every key; the depth where there is a live venue.
    pub fn check(
        &self,
        path: &str,
        mode: Mode,
        venue: Option<Venue>,
        faults: &mut Faults,
    ) -> LiveParams {
        let mut endpoint = |key: &str, url: &Option<String>, scheme: &str| {
            let url = url.as_deref()?;
            let found = Endpoint::parse(url).filter(|_| url.starts_with(scheme));
            if found.is_none() {
                let allowed = format!("an address, {scheme}HOST:PORT");
                faults.add(&format!("{path}.{key}"), format_args!("{url:?}"), allowed);
            }
            found
        };
        let feed = endpoint("feedUrl", &self.feed_url, "wss://");
        let rest = endpoint("restUrl", &self.rest_url, "https://");
        for (key, file) in [("caFile", &self.ca_file), ("productsFile", &self.products_file)] {
            if file.as_deref().is_some_and(|file| file == Path::new("")) {
                faults.add(&format!("{path}.{key}"), "\"\"", "the name of a file");
            }
        }
        let facts = venue.filter(|_| mode == Mode::Paper).and_then(facts::of);
        let usual = facts.map_or(0, facts::Facts::usual_depth);
        if let (Some(facts), Some(depth)) = (facts, self.depth) {
            let is_whole = facts.depths.is_empty() && depth == 0;
            if !is_whole && !facts.depths.contains(&depth) {
                let allowed = match facts.depths {
                    [] => "0: the venue has the whole book only".to_owned(),
                    offered => format!("one of {offered:?}"),
                };
                faults.add(&format!("{path}.depth"), depth, allowed);
            }
        }
        LiveParams {
            feed,
            rest,
            ca_file: self.ca_file.clone(),
            products_file: self.products_file.clone(),
            depth: self.depth.unwrap_or(usual),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of a text in mode paper, or what is wrong with it.
    fn check(venue: Venue, text: &str, expected: &str) {
        let mut faults = Faults::default();
        let raw: RawLive = serde_json::from_str(text).expect("it is a section");
        let params = raw.check("exchange.live", Mode::Paper, Some(venue), &mut faults);
        let named: Vec<_> = faults.list().iter().map(ToString::to_string).collect();
        let got = if named.is_empty() { format!("{params:?}") } else { named.join("; ") };
        assert!(got.contains(expected), "{text}: {got}");
    }

    #[test]
    fn every_key_counts() {
        check(Venue::Kraken, "{}", "feed: None, rest: None, ca_file: None, products_file: None");
        check(Venue::Kraken, "{}", "depth: 1000");
        check(Venue::CoinbaseExchange, "{}", "depth: 0");
        check(Venue::Kraken, r#"{"depth": 25}"#, "depth: 25");
        let url = r#"{"feedUrl": "wss://[::1]:8443"}"#;
        check(Venue::Kraken, url, r#"feed: Some(Endpoint { host: "::1", port: 8443 })"#);
        let url = r#"{"restUrl": "https://a.b:1"}"#;
        check(Venue::Kraken, url, r#"rest: Some(Endpoint { host: "a.b", port: 1 })"#);
        check(Venue::Kraken, r#"{"caFile": "a.pem"}"#, r#"ca_file: Some("a.pem")"#);
        check(Venue::Kraken, r#"{"productsFile": "a"}"#, r#"products_file: Some("a")"#);
    }

    #[test]
    fn what_cannot_be_is_named() {
        let feed = "must be an address, wss://HOST:PORT";
        for url in ["ws://a:1", "https://a:1", "wss://a", "wss://:1", "wss://a:1/v2", "wss://a:x"] {
            check(Venue::Kraken, &format!(r#"{{"feedUrl": "{url}"}}"#), feed);
        }
        check(Venue::Kraken, r#"{"restUrl": "wss://a:1"}"#, "https://HOST:PORT");
        check(Venue::Kraken, r#"{"caFile": ""}"#, "exchange.live.caFile = \"\": must be the name");
        check(Venue::Kraken, r#"{"productsFile": ""}"#, "exchange.live.productsFile");
        check(
            Venue::Kraken,
            r#"{"depth": 7}"#,
            "exchange.live.depth = 7: must be one of [10, 25, 100, 500, 1000]",
        );
        check(Venue::CoinbaseExchange, r#"{"depth": 10}"#, "must be 0: the venue has the whole");
    }
}
