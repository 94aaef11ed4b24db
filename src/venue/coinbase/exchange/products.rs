//! `GET /products` of Coinbase Exchange.

use crate::types::Product;
use crate::venue::coinbase::products::{ListError, Names, read_product};
use crate::venue::decode::tape::{Elements, Fields, Json};

const NAMES: Names = Names {
    symbol: "id",
    base: "base_currency",
    quote: "quote_currency",
    tick: "quote_increment",
    lot: "base_increment",
};

/// All products of the answer.
///
/// # Errors
/// The answer is no such list, or one of its products cannot be read.
pub fn read(bytes: &[u8]) -> Result<Vec<Product>, ListError> {
    let mut at = 0;
    let mut products = Vec::new();
    let read = Json::new().read(bytes, |list| {
        for product in Elements::of(list, "products")?.iter() {
            at += 1;
            products.push(read_product(&Fields::of(product, "product")?, &NAMES)?);
        }
        Ok(())
    });
    match read {
        Ok(()) => Ok(products),
        Err(wrong) if at == 0 => Err(ListError::List(wrong)),
        Err(wrong) => Err(ListError::Product { at: at - 1, wrong }),
    }
}
