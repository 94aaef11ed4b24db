//! What can be wrong with a product list of Coinbase, and how one of its products is read.
//!
//! The two protocols list the same things under different names. Which products are wanted is the
//! config's business.

use crate::types::{Currency, Product, Scale, Symbol};
use crate::venue::decode::Wrong;
use crate::venue::decode::tape::Fields;
use std::fmt;

/// A product list that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListError {
    /// The answer is no list of products.
    List(Wrong),
    /// One product of it cannot be read.
    Product {
        /// Its place in the list, from 0.
        at: usize,
        /// What is wrong with it.
        wrong: Wrong,
    },
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(wrong) => {
                write!(f, "Coinbase's answer is no product list ({wrong}); ask again")
            }
            Self::Product { at, wrong } => {
                write!(f, "product {at} of Coinbase's product list cannot be read: {wrong}")
            }
        }
    }
}

impl std::error::Error for ListError {}

/// The names that one protocol has for the fields of a product.
pub(super) struct Names {
    pub(super) symbol: &'static str,
    pub(super) base: &'static str,
    pub(super) quote: &'static str,
    pub(super) tick: &'static str,
    pub(super) lot: &'static str,
}

/// One product. It trades when it is online and takes new orders of every kind that we send.
pub(super) fn read_product(fields: &Fields<'_, '_>, names: &Names) -> Result<Product, Wrong> {
    let currency =
        |name| Currency::new(fields.text(name)?.as_bytes()).map_err(|_| Wrong::Field(name));
    let scale = |name| {
        Scale::parse(fields.text(name)?.as_bytes()).map_err(|error| Wrong::Number(name, error))
    };
    let symbol = fields.text(names.symbol)?;
    let stopped = fields.flag("trading_disabled")? || fields.flag("cancel_only")?;
    let lot = scale(names.lot)?;
    Ok(Product {
        symbol: Symbol::new(symbol.as_bytes()).map_err(|_| Wrong::Field(names.symbol))?,
        base: currency(names.base)?,
        quote: currency(names.quote)?,
        tick: scale(names.tick)?,
        lot,
        order_step: lot,
        trading: fields.text("status")? == "online" && !stopped,
    })
}
