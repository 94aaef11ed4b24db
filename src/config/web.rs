//! The section `web`: where HTTP and WebSocket are, and who may command.

use super::arguments::Arguments;
use super::load::Environment;
use super::{Faults, Mode, RawSpeed};
use crate::venue::recorded::Speed;
use crate::web::Params;
use crate::web::token::{TokenSource, VARIABLE};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

/// `web` as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RawWeb {
    /// Whether there is one. If it is not given: in simulation and paper, but not at speed `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The address that both ports are on.
    pub bind: IpAddr,
    /// The port of the API and the page.
    pub api_port: u16,
    /// The port of the WebSocket.
    pub ws_port: u16,
    /// Where the token is that commands need; without it the one a pod has mounted, if there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// It is the one that a pod has mounted, which nobody asked for: what it holds may be no token
    /// yet, and nobody may command until it is.
    #[serde(skip)]
    mounted: bool,
    /// The token itself, where no file has it.
    #[serde(skip)]
    token: Option<TokenSource>,
    /// Pages of these origins may ask, beside our own and those from disk.
    pub origins: Vec<String>,
}

impl Default for RawWeb {
    fn default() -> Self {
        Self {
            enabled: None,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            api_port: 8081,
            ws_port: 8080,
            token_file: None,
            mounted: false,
            token: None,
            origins: Vec::new(),
        }
    }
}

impl RawWeb {
    /// Puts environment and flags over what the file says.
    pub(super) fn overlay(&mut self, flags: &Arguments, environment: &Environment) {
        if flags.web || flags.no_web {
            self.enabled = Some(flags.web);
        }
        self.bind = flags.bind.unwrap_or(self.bind);
        self.api_port = flags.api_port.unwrap_or(self.api_port);
        self.ws_port = flags.ws_port.unwrap_or(self.ws_port);
        let token_file = flags.token_file.as_ref().or(environment.token_file.as_ref());
        if token_file.is_some() {
            self.token_file = token_file.cloned();
        }
        if self.token_file.is_none() {
            self.token_file = environment.mounted_token.clone();
            self.mounted = self.token_file.is_some();
        }
        if self.token_file.is_none() {
            self.token = environment.token.clone();
        }
    }

    /// Checks every key; nothing where it is off.
    #[must_use]
    pub fn check(
        &self,
        path: &str,
        mode: Mode,
        speed: Option<RawSpeed>,
        faults: &mut Faults,
    ) -> Option<Params> {
        if self.api_port == self.ws_port && self.ws_port != 0 {
            faults.add(&format!("{path}.wsPort"), self.ws_port, "another port than apiPort");
        }
        for (at, origin) in self.origins.iter().enumerate() {
            let is_origin = ["http://", "https://"].iter().any(|scheme| {
                let host = origin.strip_prefix(scheme);
                host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ']))
            });
            if !is_origin {
                let allowed = "an origin as browsers send it: https://HOST or http://HOST:PORT";
                faults.add(&format!("{path}.origins[{at}]"), format_args!("{origin:?}"), allowed);
            }
        }
        if self.token_file.as_deref().is_some_and(|file| file == Path::new("")) {
            faults.add(&format!("{path}.tokenFile"), "\"\"", "the name of a file");
        }
        if self.enabled == Some(true) && mode == Mode::Backtest {
            let allowed = "left out in mode backtest: it is over before anybody looks";
            faults.add(&format!("{path}.enabled"), true, allowed);
        }
        let is_operated = matches!(mode, Mode::Simulation | Mode::Paper);
        let is_timed = speed.is_none_or(|speed| speed.0 != Speed::Max);
        if !self.enabled.unwrap_or(is_operated && is_timed) {
            return None;
        }
        let file = self.token_file.clone().map(TokenSource::File);
        if let Some(Err(fault)) = file.as_ref().filter(|_| !self.mounted).map(TokenSource::read) {
            faults.add(&format!("{path}.tokenFile"), fault, "the name of a file with a token");
        }
        if let Some(Err(fault)) = self.token.as_ref().map(TokenSource::read) {
            faults.add(VARIABLE, fault, "a token, or not set");
        }
        Some(Params {
            bind: self.bind,
            api_port: self.api_port,
            ws_port: self.ws_port,
            token: file.or_else(|| self.token.clone()),
            origins: self.origins.clone(),
        })
    }
}
