//! What a symbol is traded in, as far as its name tells: for recordings without a product list.
//!
//! The engine takes currencies from the venue's list; only the tape reader reads them out of names.

use crate::types::{Currency, Symbol};

/// Quote currencies of symbols that are written in one word; the longest that fits is taken.
const QUOTES: [&str; 16] = [
    "FDUSD", "USDT", "USDC", "TUSD", "BUSD", "USD", "EUR", "GBP", "JPY", "TRY", "BRL", "BTC",
    "ETH", "BNB", "DAI", "XBT",
];

/// Base and quote of a symbol such as `BTC-USD`, `XBT/USD` or `BTCUSDT`; nothing if it says none.
#[must_use]
pub fn of_symbol(symbol: &Symbol) -> Option<(Currency, Currency)> {
    let text = symbol.as_str().to_ascii_uppercase();
    let separated = text.split_once(['-', '/', '_']);
    let (base, quote) = separated.or_else(|| {
        let fitting = QUOTES.iter().filter(|quote| text.len() > quote.len());
        let quote = fitting.filter(|quote| text.ends_with(**quote)).max_by_key(|q| q.len())?;
        Some(text.split_at(text.len() - quote.len()))
    })?;
    Some((Currency::new(base.as_bytes()).ok()?, Currency::new(quote.as_bytes()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_currencies_or_nothing() {
        let check = |symbol: &str, expected: Option<(&str, &str)>| {
            let got = of_symbol(&Symbol::new(symbol.as_bytes()).unwrap());
            let got = got.map(|(base, quote)| (base.to_string(), quote.to_string()));
            let expected = expected.map(|(base, quote)| (base.to_owned(), quote.to_owned()));
            assert_eq!(got, expected, "{symbol}");
        };
        check("BTC-USD", Some(("BTC", "USD")));
        check("XBT/EUR", Some(("XBT", "EUR")));
        check("BTCUSDT", Some(("BTC", "USDT")));
        check("BTCFDUSD", Some(("BTC", "FDUSD")));
        check("btcusd", Some(("BTC", "USD")));
        check("ETHBTC", Some(("ETH", "BTC")));
        check("USD", None);
        check("unnamed", None);
    }
}
