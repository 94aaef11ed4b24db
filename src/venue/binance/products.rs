//! Binance's product list: the answer to `exchangeInfo`, of spot and of futures.
//!
//! `LOT_SIZE` binds new orders only. Orders older than the filter, and what trades have left of
//! them, stand in the books with all digits of the asset; so those are the book's lots.

use crate::types::decimal::DIGITS_MAX;
use crate::types::{Currency, NumberError, Product, Scale, Symbol};
use crate::venue::decode::Wrong;
use crate::venue::decode::tape::{Fields, Json, Value};

/// Reads the list. A product whose name is not ASCII (there are a few) can be no instrument and is
/// left out: nobody can ask for it.
///
/// # Errors
/// The answer is none, or a product lacks what an instrument needs.
pub fn read(bytes: &[u8]) -> Result<Vec<Product>, Wrong> {
    Json::new().read(bytes, |answer| {
        let symbols = Fields::of(answer, "exchangeInfo")?.array("symbols")?;
        symbols.iter().filter_map(|symbol| product(symbol).transpose()).collect()
    })
}

fn product(symbol: Value<'_, '_>) -> Result<Option<Product>, Wrong> {
    let fields = Fields::of(symbol, "symbols")?;
    let name = |name| fields.text(name).map(str::as_bytes);
    let (symbol, base, quote) = (name("symbol")?, name("baseAsset")?, name("quoteAsset")?);
    if !symbol.is_ascii() {
        return Ok(None);
    }
    Ok(Some(Product {
        symbol: Symbol::new(symbol).map_err(|_| Wrong::Field("symbol"))?,
        base: Currency::new(base).map_err(|_| Wrong::Field("baseAsset"))?,
        quote: Currency::new(quote).map_err(|_| Wrong::Field("quoteAsset"))?,
        tick: step(&fields, "PRICE_FILTER", "tickSize")?,
        lot: unit(&fields, "baseAssetPrecision")?,
        order_step: step(&fields, "LOT_SIZE", "stepSize")?,
        trading: fields.text("status")? == "TRADING",
    }))
}

/// The unit of a number that has as many digits behind the point as a field says.
fn unit(fields: &Fields<'_, '_>, name: &'static str) -> Result<Scale, Wrong> {
    match u8::try_from(fields.count(name)?) {
        Ok(digits) if digits <= DIGITS_MAX => Ok(Scale::power_of_ten(digits)),
        _ => Err(Wrong::Field(name)),
    }
}

/// The step that one of the product's filters names.
fn step(fields: &Fields<'_, '_>, filter: &'static str, name: &'static str) -> Result<Scale, Wrong> {
    for entry in fields.array("filters")?.iter() {
        let entry = Fields::of(entry, "filters")?;
        if entry.text("filterType")? == filter {
            let wrong = |error: NumberError| Wrong::Number(name, error);
            return Scale::parse(entry.text(name)?.as_bytes()).map_err(wrong);
        }
    }
    Err(Wrong::Missing(filter))
}
