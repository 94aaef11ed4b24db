//! Money: a currency and a count of 10⁻¹² of it.
//!
//! Amounts of two currencies are never added; conversion needs a mark, which is an input of the
//! core and no business of this file.

use super::{Currency, Decimal, Instrument, NumberError, Price, Qty, decimal::pow10};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Digits behind the point of an amount.
pub const DECIMALS: u8 = 12;

/// An amount of one currency, exact to 10⁻¹².
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Money {
    /// What is counted.
    pub currency: Currency,
    /// Count of 10⁻¹² of the currency; may be negative.
    pub amount: i128,
}

/// Why an amount cannot be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MoneyError {
    /// Two amounts of different currencies.
    Currencies(Currency, Currency),
    /// The result does not fit.
    Overflow,
    /// The result has digits below 10⁻¹²; rounding must be named by the caller.
    Inexact,
    /// The text is no number.
    Number(NumberError),
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Currencies(a, b) => write!(f, "{a} and {b} cannot be added without a mark"),
            Self::Overflow => f.write_str("the amount does not fit"),
            Self::Inexact => f.write_str("the amount has digits below 1e-12"),
            Self::Number(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for MoneyError {}

impl Money {
    /// Nothing, in that currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { currency, amount: 0 }
    }

    /// The amount that a venue's decimal number stands for.
    ///
    /// # Errors
    /// More than twelve digits behind the point that are not zero.
    pub fn from_decimal(number: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let mantissa = i128::from(number.mantissa);
        let amount = if number.decimals <= DECIMALS {
            mantissa * i128::from(pow10(DECIMALS - number.decimals))
        } else {
            let divisor = i128::from(pow10(number.decimals - DECIMALS));
            if mantissa % divisor != 0 {
                return Err(MoneyError::Inexact);
            }
            mantissa / divisor
        };
        Ok(Self { currency, amount })
    }

    /// Price × quantity in the instrument's quote currency.
    ///
    /// # Errors
    /// The product does not fit, or has digits below 10⁻¹².
    pub fn notional(instrument: &Instrument, price: Price, qty: Qty) -> Result<Self, MoneyError> {
        let increments =
            i128::from(instrument.tick.increment()) * i128::from(instrument.lot.increment());
        let product = (i128::from(price.ticks()) * i128::from(qty.lots()))
            .checked_mul(increments)
            .ok_or(MoneyError::Overflow)?;
        let decimals = instrument.tick.decimals() + instrument.lot.decimals();
        let amount = if decimals <= DECIMALS {
            product
                .checked_mul(i128::from(pow10(DECIMALS - decimals)))
                .ok_or(MoneyError::Overflow)?
        } else {
            let divisor = 10_i128.pow(u32::from(decimals - DECIMALS));
            if product % divisor != 0 {
                return Err(MoneyError::Inexact);
            }
            product / divisor
        };
        Ok(Self { currency: instrument.quote, amount })
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// The currencies differ, or the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Currencies(self.currency, other.currency));
        }
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }
}

/// The shortest exact decimal text and the currency, such as `-0.25 USD`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Trillionths(self.amount), self.currency)
    }
}

/// A count of 10⁻¹² as its shortest exact decimal text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trillionths(pub i128);

impl Trillionths {
    /// How many of them are one.
    pub const ONE: i128 = pow10(DECIMALS) as i128;
}

impl fmt::Display for Trillionths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u128.pow(u32::from(DECIMALS));
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", magnitude / unit)?;
        let fraction = format!("{:012}", magnitude % unit);
        let fraction = fraction.trim_end_matches('0');
        if !fraction.is_empty() {
            write!(f, ".{fraction}")?;
        }
        Ok(())
    }
}
