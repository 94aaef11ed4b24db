//! The product list `GET /0/public/AssetPairs`.
//!
//! Symbols and currencies are those of the v1 feed (`wsname`: `XBT/USD`); [`for_v2`] gives the
//! names of v2 (`BTC/USD`). A pair without `wsname` is a dark pool: it has no public feed and is
//! left out.

use super::decode::market_status;
use crate::event::MarketStatus;
use crate::types::{Currency, Product, Scale, Symbol};
use crate::venue::decode::Wrong;
use crate::venue::decode::tape::{Fields, Json, text};

/// Reads the venue's answer.
///
/// # Errors
/// What is wrong with it; `error` if the venue refused to give the list.
pub fn read(bytes: &[u8]) -> Result<Vec<Product>, Wrong> {
    Json::new().read(bytes, |answer| {
        let fields = Fields::of(answer, "answer")?;
        if !fields.array("error")?.is_empty() {
            return Err(Wrong::Field("error"));
        }
        let mut products = Vec::new();
        for (_, pair) in Fields::of(fields.need("result")?, "result")?.iter() {
            let pair = Fields::of(pair, "pair")?;
            if let Some(name) = pair.get("wsname")? {
                products.push(product(text(name, "wsname")?, &pair)?);
            }
        }
        Ok(products)
    })
}

fn product(name: &str, pair: &Fields<'_, '_>) -> Result<Product, Wrong> {
    let tick = match pair.get("tick_size")? {
        // Since 2022; before, every step of the last decimal was a tick.
        Some(size) => Scale::parse(text(size, "tick_size")?.as_bytes())
            .map_err(|error| Wrong::Number("tick_size", error))?,
        None => decimals(pair, "pair_decimals")?,
    };
    let trading = match pair.get("status")? {
        Some(status) => matches!(
            market_status(text(status, "status")?),
            MarketStatus::Trading | MarketStatus::PostOnly
        ),
        None => true,
    };
    let (symbol, base, quote) = named(name).ok_or(Wrong::Field("wsname"))?;
    let lot = decimals(pair, "lot_decimals")?;
    Ok(Product { symbol, base, quote, tick, lot, order_step: lot, trading })
}

/// A pair's name and the two names it is made of.
fn named(name: &str) -> Option<(Symbol, Currency, Currency)> {
    let (base, quote) = name.split_once('/')?;
    let currency = |code: &str| Currency::new(code.as_bytes()).ok();
    Some((Symbol::new(name.as_bytes()).ok()?, currency(base)?, currency(quote)?))
}

/// The same product by its names in v2, which has given up the two codes of Kraken's own.
#[must_use]
pub fn for_v2(product: &Product) -> Product {
    let rename = |code: Currency| match code.as_str() {
        "XBT" => "BTC".to_owned(),
        "XDG" => "DOGE".to_owned(),
        other => other.to_owned(),
    };
    let name = format!("{}/{}", rename(product.base), rename(product.quote));
    let (symbol, base, quote) = named(&name).expect("the codes put in are short and plain");
    Product { symbol, base, quote, ..*product }
}

fn decimals(pair: &Fields<'_, '_>, name: &'static str) -> Result<Scale, Wrong> {
    let digits = u8::try_from(pair.count(name)?).map_err(|_| Wrong::Field(name))?;
    if digits > crate::types::decimal::DIGITS_MAX {
        return Err(Wrong::Field(name));
    }
    Ok(Scale::power_of_ten(digits))
}
