//! `GET /api/v3/brokerage/market/products` of Coinbase Advanced Trade.
//!
//! Only spot products are taken: a future has no base currency, and its size is in contracts.

use crate::types::Product;
use crate::venue::coinbase::products::{ListError, Names, read_product};
use crate::venue::decode::tape::{Fields, Json};

const NAMES: Names = Names {
    symbol: "product_id",
    base: "base_currency_id",
    quote: "quote_currency_id",
    tick: "price_increment",
    lot: "base_increment",
};

/// All spot products of the answer.
///
/// # Errors
/// The answer is no such list, or one of its spot products cannot be read.
pub fn read(bytes: &[u8]) -> Result<Vec<Product>, ListError> {
    let mut at = 0;
    let mut products = Vec::new();
    let read = Json::new().read(bytes, |answer| {
        for product in Fields::of(answer, "answer")?.array("products")?.iter() {
            at += 1;
            let fields = Fields::of(product, "product")?;
            if fields.text("product_type")? == "SPOT" {
                products.push(read_product(&fields, &NAMES)?);
            }
        }
        Ok(())
    });
    match read {
        Ok(()) => Ok(products),
        Err(wrong) if at == 0 => Err(ListError::List(wrong)),
        Err(wrong) => Err(ListError::Product { at: at - 1, wrong }),
    }
}
