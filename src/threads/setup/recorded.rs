//! A run on recordings, with modelled fills.
//!
//! A recording's instruments are found in a first pass. Those that the account's currency cannot
//! count are played and not traded.

use super::{Books, Setup, SetupFault, core_params, scale};
use crate::config::account::RawConversion;
use crate::config::bind::bps;
use crate::config::{Config, Exact, Loaded, RawConfig};
use crate::engine::CoreParams;
use crate::engine::book::Rules;
use crate::engine::quote::Fees;
use crate::threads::feed::{Feed, FeedParams, Recorded, Source};
use crate::threads::link::{Link, Market, Modelled, Packed};
use crate::threads::timeline::Timeline;
use crate::types::{Currency, Decimal, Instrument, InstrumentTable};
use crate::venue::fills::FillModel;
use crate::venue::recorded::replay::{book_params, books_of};
use crate::venue::recorded::survey::{Survey, survey};
use crate::venue::recorded::{PackedReader, Tape};

pub(super) fn setup(loaded: &Loaded) -> Result<Setup, SetupFault> {
    let config = &loaded.config;
    let survey = look_over(config)?;
    let bound = bind(&loaded.effective, config, &survey)?;
    run(config, &survey, bound, open(config, &survey.table)?)
}

/// What the core is made of for these instruments.
pub(in crate::threads) struct Bound {
    core: CoreParams,
    currency: Currency,
    remarks: Vec<String>,
}

/// Checks the config against the instruments that were found.
pub(in crate::threads) fn bind(
    effective: &RawConfig,
    config: &Config,
    survey: &Survey,
) -> Result<Bound, SetupFault> {
    let mut raw = effective.clone();
    let Adapted { traded, remarks } = adapt(&mut raw, config, survey)?;
    let venue = config.venue;
    let books = Books {
        params: book_params(venue, survey).collect(),
        silence_max: Rules::of(venue).silence_max,
    };
    let params = &config.fills;
    let fees = Fees { maker_bps: bps(params.maker_fee), taker_bps: bps(params.taker_fee) };
    let (mut core, currency) = core_params(&raw, &survey.table, books, fees)?;
    for (one, is_traded) in core.instruments.iter_mut().zip(traded) {
        one.quote.enabled &= is_traded;
    }
    Ok(Bound { core, currency, remarks })
}

/// A run on that market data.
pub(in crate::threads) fn run(
    config: &Config,
    survey: &Survey,
    bound: Bound,
    market: Market,
) -> Result<Setup, SetupFault> {
    let venue = config.venue;
    let fills = FillModel::new(&config.fills, &survey.table, books_of(venue, survey));
    let mut link = Link::Modelled(Box::new(Modelled::new(market, fills)));
    let begins = link.due().ok_or(SetupFault::Empty)?;
    let Bound { core, currency, remarks } = bound;
    Ok(Setup {
        venue,
        link,
        timeline: Timeline::new(config.speed, None),
        begins,
        ends: survey.last.is_known().then_some(survey.last),
        sequence: 0,
        tag: None,
        currency,
        core,
        dropped: Vec::new(),
        remarks,
        connected: None,
    })
}

/// Opens the recordings.
pub(in crate::threads) fn open(
    config: &Config,
    table: &InstrumentTable,
) -> Result<Market, SetupFault> {
    if let [path] = &config.input[..]
        && PackedReader::is_packed(path)
    {
        return Ok(Market::Packed(Box::new(Packed::new(PackedReader::open(path)?))));
    }
    let recorded = Recorded::new(config.venue, Tape::open(&config.input)?);
    let params = FeedParams { venue: config.venue, table: table.clone() };
    Ok(Market::Feed(Box::new(Feed::new(params, Source::Recorded(Box::new(recorded))))))
}

/// Looks over the recordings: whether they can be played at all, and what they hold.
pub(in crate::threads) fn look_over(config: &Config) -> Result<Survey, SetupFault> {
    for path in &config.input {
        if path.metadata().is_ok_and(|data| !data.is_file()) {
            return Err(SetupFault::NoFile(path.clone()));
        }
    }
    if !config.input.iter().any(|path| PackedReader::is_packed(path)) {
        let mut tape = Tape::open(&config.input)?;
        let is_empty = tape.advance()?.is_none();
        for reader in tape.readers() {
            if let Some(venue) = reader.venue().filter(|venue| *venue != config.venue) {
                return Err(SetupFault::OtherVenue { path: reader.path().to_owned(), venue });
            }
        }
        if is_empty {
            return Err(SetupFault::Empty);
        }
    }
    let survey = survey(config.venue, &config.input)?;
    if survey.table.is_empty() {
        return Err(SetupFault::NoInstrument(config.venue));
    }
    Ok(survey)
}

/// What was made of the config.
struct Adapted {
    /// By instrument.
    traded: Vec<bool>,
    remarks: Vec<String>,
}

/// Makes the config fit the instruments that were found, and says what was chosen.
fn adapt(raw: &mut RawConfig, config: &Config, survey: &Survey) -> Result<Adapted, SetupFault> {
    let table = &survey.table;
    let held = || table.iter().map(|instrument| instrument.symbol).collect();
    for symbol in &config.symbols {
        if table.lookup(config.venue, symbol.as_bytes()).is_none() {
            return Err(SetupFault::NoSymbol { symbol: *symbol, held: held() });
        }
    }
    // What the config says of instruments that are not there would be a fault in a live run.
    let is_held = |symbol: &str| table.iter().any(|one| one.symbol.as_str() == symbol);
    raw.instruments.retain(|own| is_held(&own.symbol));
    raw.risk_management.per_symbol_limits.retain(|own| is_held(&own.symbol));
    raw.account.conversions.retain(|one| one.instrument.as_deref().is_none_or(is_held));
    let mut remarks = Vec::new();
    let account = choose_account(raw, config, table, &mut remarks);
    let counted: Vec<_> = table.iter().map(|one| counts(raw, account, one.quote)).collect();
    scale(raw, table, &survey.prices)?;
    for (instrument, is_counted) in table.iter().zip(&counted) {
        let quote = instrument.quote;
        if *is_counted {
            continue;
        }
        if config.trades(instrument.symbol) {
            let symbol = instrument.symbol;
            remarks.push(format!(
                "{symbol} is played and not traded: there is no rate of {quote} in {account}"
            ));
        }
        if !counts(raw, account, quote) {
            // Nothing is ever counted at this rate, as nothing in this currency is traded.
            let rate = Some(Exact(Decimal { mantissa: 1, decimals: 0 }));
            raw.account.conversions.push(RawConversion { currency: quote, instrument: None, rate });
        }
    }
    let traded: Vec<_> = table
        .iter()
        .zip(counted)
        .map(|(one, is_counted)| is_counted && config.trades(one.symbol))
        .collect();
    let count = traded.iter().filter(|is_traded| **is_traded).count();
    if let Some(share) = raw.share_rate(count) {
        remarks.push(format!(
            "{count} instruments share max_orders_per_second: requestsPerSecond is {share}"
        ));
    }
    Ok(Adapted { traded, remarks })
}

/// The account currency: the config's, or that of the first instrument where it could count none.
fn choose_account(
    raw: &mut RawConfig,
    config: &Config,
    table: &InstrumentTable,
    remarks: &mut Vec<String>,
) -> Currency {
    let traded = |one: &&Instrument| config.trades(one.symbol);
    let first = table.iter().find(traded).map(|one| one.quote);
    let own = raw.account.currency;
    if let Some(own) = own
        && (table.iter().filter(traded).any(|one| counts(raw, own, one.quote)) || first.is_none())
    {
        return own;
    }
    let chosen = first.or(own).expect("a survey has an instrument");
    remarks.push(format!("the account is counted in {chosen}, as its own currency counts nothing"));
    raw.account.currency = Some(chosen);
    // Rates are told in the currency that was left.
    raw.account.conversions.clear();
    chosen
}

/// Whether amounts of that currency can be counted in the account's.
fn counts(raw: &RawConfig, account: Currency, currency: Currency) -> bool {
    currency == account || raw.account.conversions.iter().any(|one| one.currency == currency)
}
