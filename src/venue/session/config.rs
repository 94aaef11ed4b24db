//! What a session is told, and what is refused before any connection is tried.

use std::fmt;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::facts::{self, Content, Facts};
use crate::types::{Symbol, Venue};

/// Where to connect instead of the venue's own host: a test network, a proxy, a test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Name or address; the certificate must be for it.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Endpoint {
    /// Reads `wss://HOST:PORT` or `https://HOST:PORT`; nothing if it is neither.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("wss://").or_else(|| url.strip_prefix("https://"))?;
        let (host, port) = rest.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_host = !host.is_empty() && !host.contains(['/', '@', '?', '#', ' ']);
        Some(Self { host: host.into(), port: port.parse().ok()? }).filter(|_| is_host)
    }

    /// Host and port as a URL writes them; the usual port is left out, since some servers compare.
    pub(super) fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == 443 { host } else { format!("{host}:{}", self.port) }
    }
}

/// Whose certificates are believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Roots {
    /// The authorities of the web, as Mozilla lists them.
    Web,
    /// These only.
    Only(Vec<CertificateDer<'static>>),
}

impl Roots {
    /// The certificates of a PEM file, and no others.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn of_file(path: &Path) -> Result<Self, RootsError> {
        let failed = |cause: String| RootsError { path: path.to_owned(), cause };
        let found = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| failed(error.to_string()))?;
        if found.is_empty() {
            return Err(failed("the file holds none".to_owned()));
        }
        Ok(Self::Only(found))
    }
}

/// Why there are no certificates in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootsError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub cause: String,
}

impl fmt::Display for RootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, cause } = self;
        write!(f, "no certificates in {} (PEM is expected): {cause}", path.display())
    }
}

impl std::error::Error for RootsError {}

/// One connection to one venue.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The venue and its protocol.
    pub venue: Venue,
    /// The instruments, as the venue writes them.
    pub symbols: Vec<Symbol>,
    /// The depth of the books, one of the venue's; 0 where it offers the whole book only.
    pub depth: u16,
    /// Books, trades or both.
    pub content: Content,
    /// Another host for the feed than the venue's.
    pub feed: Option<Endpoint>,
    /// Another host for REST snapshots than the venue's.
    pub rest: Option<Endpoint>,
    /// Whose certificates are believed.
    pub roots: Roots,
}

/// Why no session can be made of a config.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConfigError {
    /// The venue is read from recordings only.
    NoLiveFeed(Venue),
    /// No instruments.
    NoSymbols,
    /// More instruments than one connection takes.
    TooManySymbols {
        /// How many there are.
        symbols: usize,
        /// How many may be.
        symbols_max: usize,
    },
    /// The instrument stands there twice.
    Duplicate(Symbol),
    /// Not the form in which the venue writes its instruments.
    SymbolForm {
        /// The venue.
        venue: Venue,
        /// What was given.
        symbol: Symbol,
    },
    /// A depth that the venue does not have.
    DepthNotOffered {
        /// What was asked for.
        depth: u16,
        /// What there is; empty for the whole book only, written as 0.
        offered: &'static [u16],
    },
    /// The venue carries this on more than one connection: make a session for each part.
    ContentNotOffered {
        /// The venue.
        venue: Venue,
        /// What was asked for.
        content: Content,
    },
    /// The host is no name that a certificate could be for.
    Host(String),
    /// A root certificate cannot be read.
    Root,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLiveFeed(venue) => {
                write!(f, "{venue} has no live session: it is read from recordings only")
            }
            Self::NoSymbols => f.write_str("no symbols: name at least one instrument"),
            Self::TooManySymbols { symbols, symbols_max } => write!(
                f,
                "{symbols} symbols on one connection, at most {symbols_max}: use more sessions"
            ),
            Self::Duplicate(symbol) => write!(f, "the symbol {symbol} is given twice"),
            Self::SymbolForm { venue, symbol } => {
                write!(f, "{symbol} is not how {venue} writes an instrument")
            }
            Self::DepthNotOffered { depth, offered: [] } => {
                write!(f, "depth {depth}: the venue has the whole book only, written as 0")
            }
            Self::DepthNotOffered { depth, offered } => {
                write!(f, "depth {depth}: the venue has {offered:?}")
            }
            Self::ContentNotOffered { venue, content } => write!(
                f,
                "{venue} carries {} on two connections: one session for books, one for trades",
                content.name()
            ),
            Self::Host(host) => write!(f, "{host:?} is no host name"),
            Self::Root => f.write_str("a root certificate cannot be read"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl SessionConfig {
    /// The venue's own public feed for these instruments.
    #[must_use]
    pub const fn public(venue: Venue, symbols: Vec<Symbol>, depth: u16, content: Content) -> Self {
        Self { venue, symbols, depth, content, feed: None, rest: None, roots: Roots::Web }
    }

    /// The venue's facts, if they can carry what is asked for.
    pub(super) fn check(&self) -> Result<&'static Facts, ConfigError> {
        let facts = facts::of(self.venue).ok_or(ConfigError::NoLiveFeed(self.venue))?;
        let symbols = self.symbols.len();
        if symbols == 0 {
            return Err(ConfigError::NoSymbols);
        }
        if symbols > facts.symbols_max {
            let symbols_max = facts.symbols_max;
            return Err(ConfigError::TooManySymbols { symbols, symbols_max });
        }
        for (at, symbol) in self.symbols.iter().enumerate() {
            if !(facts.symbol_fits)(symbol) {
                return Err(ConfigError::SymbolForm { venue: self.venue, symbol: *symbol });
            }
            if self.symbols[..at].contains(symbol) {
                return Err(ConfigError::Duplicate(*symbol));
            }
        }
        let offered = facts.depths;
        let whole_only = offered.is_empty() && self.depth == 0;
        if !whole_only && !offered.contains(&self.depth) {
            return Err(ConfigError::DepthNotOffered { depth: self.depth, offered });
        }
        let (venue, content) = (self.venue, self.content);
        if (facts.path)(content).is_none() {
            return Err(ConfigError::ContentNotOffered { venue, content });
        }
        Ok(facts)
    }
}
