//! A run on a venue's live public feed, with modelled fills.
//!
//! Everything that blocks is done here: the product list is fetched, and the first connection is
//! awaited, so that a wrong address or certificate ends the start instead of a run that hears
//! nothing. Names and scales come from the list alone.

use super::{Books, Setup, SetupFault, core_params};
use crate::config::bind::bps;
use crate::config::{Config, Loaded, arguments};
use crate::engine::book::{self, BookParams, Rules, WireScales};
use crate::engine::quote::Fees;
use crate::threads::feed::{Feed, FeedParams, Source};
use crate::threads::link::{Link, Market, Modelled};
use crate::threads::timeline::{Timeline, wall};
use crate::types::{InstrumentTable, Nanos, Product, Symbol};
use crate::venue::fills::FillModel;
use crate::venue::recorded::lists;
use crate::venue::session::config::{Roots, SessionConfig};
use crate::venue::session::facts::Content;
use crate::venue::session::products::fetch;
use crate::venue::session::reason::DropReason;
use crate::venue::session::{Session, Turn};
use crate::venue::{kraken, products};
use std::time::Duration;

/// How long attempts to connect may fail before the start is given up.
const TRY_FOR: Nanos = Nanos::from_seconds(3);
/// How long a turn of the session sleeps at most meanwhile.
const NAP: Duration = Duration::from_millis(50);

/// Changes of a connection that wait to be told: they are looked for ten times a second.
const CHANGES_MAX: usize = 64;

pub(super) fn setup(loaded: &Loaded, after: Option<Nanos>) -> Result<Setup, SetupFault> {
    let config = &loaded.config;
    let venue = config.venue;
    let mut session = SessionConfig::public(venue, Vec::new(), config.live.depth, Content::All);
    session.feed.clone_from(&config.live.feed);
    session.rest.clone_from(&config.live.rest);
    if let Some(path) = &config.live.ca_file {
        session.roots = Roots::of_file(path).map_err(SetupFault::Roots)?;
    }
    let list = products_of(config, &session)?;
    session.symbols = wanted(loaded);
    let (table, mut remarks) = table_of(config, &session.symbols, &list)?;
    if loaded.effective.strategy.reference_price.is_some() {
        remarks.push(SCALED_NOT.to_string());
    }
    let rules = Rules::of(venue);
    let params: Vec<_> =
        table.iter().map(|one| BookParams::new(rules, WireScales::from(one))).collect();
    let mut seen = book::Books::new(rules.silence_max);
    params.iter().for_each(|params| _ = seen.add(params));
    let fills = &config.fills;
    let fees = Fees { maker_bps: bps(fills.maker_fee), taker_bps: bps(fills.taker_fee) };
    let books = Books { params, silence_max: rules.silence_max };
    let (mut core, currency) = core_params(&loaded.effective, &table, books, fees)?;
    for one in &mut core.instruments {
        // Some are there for the rate that they make, and are not traded.
        one.quote.enabled &= config.trades(one.instrument.symbol);
    }
    let model = FillModel::new(fills, &table, seen);
    let session = connect(session)?;
    let (told, connected) = crossbeam_channel::bounded(CHANGES_MAX);
    let feed = Feed::new(FeedParams { venue, table }, Source::Live(Box::new(session)));
    let market = Market::Feed(Box::new(feed.telling(told)));
    let now = wall();
    Ok(Setup {
        ends: None,
        venue,
        link: Link::Modelled(Box::new(Modelled::new(market, model))),
        timeline: Timeline::of_wall(),
        // Input time never steps back, whatever the clock has done between two runs.
        begins: after.map_or(now, |after| after.max(now)),
        sequence: 0,
        tag: None,
        currency,
        core,
        dropped: Vec::new(),
        remarks,
        connected: Some(connected),
    })
}

/// The venue's products under the names that its live feed has for them.
fn products_of(config: &Config, session: &SessionConfig) -> Result<Vec<Product>, SetupFault> {
    let venue = config.venue;
    let mut list = match &config.live.products_file {
        Some(path) => lists::read(venue, path).map_err(SetupFault::ListFile)?,
        None => {
            let answer = fetch(session).map_err(SetupFault::Fetch)?;
            products::read(venue, &answer).map_err(|wrong| SetupFault::List { venue, wrong })?
        }
    };
    if venue == crate::types::Venue::Kraken {
        list.retain(|product| kraken::products::for_v2(product).symbol == product.symbol);
    }
    Ok(list)
}

/// What is traded, and what else is needed to count it, each once.
fn wanted(loaded: &Loaded) -> Vec<Symbol> {
    let mut symbols = loaded.config.symbols.clone();
    for conversion in &loaded.effective.account.conversions {
        // A name that is none is told where the account is checked.
        let symbol = conversion.instrument.as_deref().map(arguments::symbol);
        if let Some(Ok(symbol)) = symbol
            && !symbols.contains(&symbol)
        {
            symbols.push(symbol);
        }
    }
    symbols
}

/// The instruments in the order of the config, and what is to be said of them.
fn table_of(
    config: &Config,
    symbols: &[Symbol],
    list: &[Product],
) -> Result<(InstrumentTable, Vec<String>), SetupFault> {
    let venue = config.venue;
    let mut table = InstrumentTable::new(symbols.len());
    let mut remarks = Vec::new();
    for symbol in symbols {
        let Some(product) = list.iter().find(|product| product.symbol == *symbol) else {
            let alike = list.iter().map(|product| product.symbol);
            let alike = alike.filter(|held| is_alike(held, symbol)).take(ALIKE_MAX).collect();
            let (symbol, count) = (*symbol, list.len());
            return Err(SetupFault::NotListed { venue, symbol, count, alike });
        };
        if !product.trading {
            remarks.push(format!("{venue} says that {symbol} does not trade now"));
        }
        table.add(venue, product).expect("each is named once");
    }
    Ok((table, remarks))
}

/// What is said where quantities are for one price: no price is known before the feed is.
const SCALED_NOT: &str =
    "strategy.referencePrice is not used in paper: quantities stand as they are written";

/// Names that are told to somebody who has named none.
const ALIKE_MAX: usize = 8;

/// Whether a name may have been meant by another: the same letters, or the same first ones.
fn is_alike(held: &Symbol, meant: &Symbol) -> bool {
    let letters = |symbol: &Symbol| {
        let bytes = symbol.as_bytes().iter().filter(|byte| byte.is_ascii_alphanumeric());
        bytes.map(u8::to_ascii_uppercase).collect::<Vec<_>>()
    };
    let (held, meant) = (letters(held), letters(meant));
    held == meant || (meant.len() >= 3 && held.starts_with(&meant[..3]))
}

/// A session with its first connection.
fn connect(config: SessionConfig) -> Result<Session, SetupFault> {
    let begun = wall();
    // The seed only spreads reconnects in time, so any number that differs will do.
    let mut session = Session::new(config, begun.0.unsigned_abs()).map_err(SetupFault::Session)?;
    let address = session.address();
    loop {
        let now = wall();
        let (reason, is_over) = match session.turn(now) {
            Turn::Up => return Ok(session),
            Turn::Down(reason) => {
                (reason, reason == DropReason::Certificate || now.0 - begun.0 >= TRY_FOR.0)
            }
            Turn::Stopped(reason) => (reason, true),
            Turn::Idle | Turn::Frame(_) | Turn::Rest { .. } => {
                session.wait(NAP);
                continue;
            }
        };
        if is_over {
            return Err(SetupFault::Unreachable { address, reason });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_have_been_meant_are_told() {
        let check = |held: &str, meant: &str, expected| {
            let [held, meant] = [held, meant].map(|name| Symbol::new(name.as_bytes()).unwrap());
            assert_eq!(is_alike(&held, &meant), expected, "{held} for {meant}");
        };
        check("BTC/USD", "BTC-USD", true);
        check("BTC/USD", "btcusd", true);
        check("BTCUSDT", "BTCUSD", true);
        check("BTC-EUR", "BTC-USD", true);
        check("ETH-USD", "BTC-USD", false);
        check("A-B", "AB", true);
        check("AX-B", "AX", false);
    }
}
