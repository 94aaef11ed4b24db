//! The shortest hand-written readings: one form, one key order, every literal checked, numbers to
//! integers of 10⁻⁸. No symbol table, no stamps, no other form, no parts: what cannot be beaten.

/// A place that moves on; a surprise is a panic, as the messages are known.
struct Place<'a>(&'a [u8]);

impl Place<'_> {
    #[inline(always)]
    fn over<const N: usize>(&mut self, text: &[u8; N]) {
        let (head, rest) = self.0.split_first_chunk::<N>().expect("a whole message");
        assert!(head == text, "the usual form");
        self.0 = rest;
    }

    /// Steps over a text up to its closing quote.
    #[inline(always)]
    fn text(&mut self) {
        let end = self.0.iter().position(|b| *b == b'"').expect("a closing quote");
        self.0 = &self.0[end + 1..];
    }

    #[inline(always)]
    fn count(&mut self) -> u64 {
        let mut value = 0;
        let mut used = 0;
        while let Some(digit) = self.0.get(used).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
            value = value * 10 + u64::from(digit);
            used += 1;
        }
        self.0 = &self.0[used..];
        value
    }

    /// A decimal number in units of 10⁻⁸.
    #[inline(always)]
    fn number(&mut self) -> i64 {
        let whole = self.count();
        let mut value = whole.cast_signed() * 100_000_000;
        if self.0.first() == Some(&b'.') {
            self.0 = &self.0[1..];
            if let Some(eight) = self.0.first_chunk::<8>()
                && let Some(fraction) = eight_digits(*eight)
            {
                self.0 = &self.0[8..];
                return value + fraction;
            }
            let mut unit = 10_000_000;
            while let Some(digit) = self.0.first().map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10)
            {
                value += i64::from(digit) * unit;
                unit /= 10;
                self.0 = &self.0[1..];
            }
        }
        value
    }
}

#[inline(always)]
fn eight_digits(text: [u8; 8]) -> Option<i64> {
    let word = u64::from_le_bytes(text);
    if word & 0xf0f0_f0f0_f0f0_f0f0 != 0x3030_3030_3030_3030 {
        return None;
    }
    let pairs = (word & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(2561) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(6_553_601) >> 16;
    let all = (fours & 0x0000_ffff_0000_ffff).wrapping_mul(42_949_672_960_001) >> 32;
    Some(all.cast_signed())
}

pub(crate) fn l2update(bytes: &[u8]) -> (i64, i64) {
    let mut at = Place(bytes);
    at.over(b"{\"type\":\"l2update\",\"product_id\":\"BTC-USD\",\"changes\":[[\"");
    at.text();
    at.over(b",\"");
    let price = at.number();
    at.over(b"\",\"");
    let qty = at.number();
    at.over(b"\"]],\"time\":\"");
    (price, qty)
}

pub(crate) fn trade(bytes: &[u8]) -> (i64, i64) {
    let mut at = Place(bytes);
    at.over(b"{\"type\":\"match\",\"trade_id\":");
    let id = at.count().cast_signed();
    at.over(b",\"maker_order_id\":\"");
    at.0 = &at.0[36..];
    at.over(b"\",\"taker_order_id\":\"");
    at.0 = &at.0[36..];
    at.over(b"\",\"side\":\"");
    at.text();
    at.over(b",\"size\":\"");
    let qty = at.number();
    at.over(b"\",\"price\":\"");
    let price = at.number();
    at.over(b"\",\"product_id\":\"BTC-USD\",\"sequence\":");
    std::hint::black_box(id + at.count().cast_signed());
    at.over(b",\"time\":\"");
    (price, qty)
}

fn rows(at: &mut Place<'_>, mut row: impl FnMut(i64, i64)) {
    loop {
        at.over(b"[\"");
        let price = at.number();
        at.over(b"\",\"");
        let qty = at.number();
        at.over(b"\"]");
        row(price, qty);
        if at.0.first() == Some(&b']') {
            return;
        }
        at.over(b",");
    }
}

pub(crate) fn depth(bytes: &[u8], mut row: impl FnMut(i64, i64)) {
    let mut at = Place(bytes);
    at.over(b"{\"e\":\"depthUpdate\",\"E\":");
    std::hint::black_box(at.count());
    at.over(b",\"s\":\"BTCUSDT\",\"U\":");
    std::hint::black_box(at.count());
    at.over(b",\"u\":");
    std::hint::black_box(at.count());
    at.over(b",\"b\":[");
    rows(&mut at, &mut row);
    at.over(b"],\"a\":[");
    rows(&mut at, &mut row);
    at.over(b"]}");
}

pub(crate) fn book_ticker(bytes: &[u8], mut row: impl FnMut(i64, i64)) {
    let mut at = Place(bytes);
    at.over(b"{\"u\":");
    std::hint::black_box(at.count());
    at.over(b",\"s\":\"BTCUSDT\",\"b\":\"");
    let bid = at.number();
    at.over(b"\",\"B\":\"");
    row(bid, at.number());
    at.over(b"\",\"a\":\"");
    let ask = at.number();
    at.over(b"\",\"A\":\"");
    row(ask, at.number());
    at.over(b"\"}");
}

pub(crate) fn kraken_v2(bytes: &[u8], mut row: impl FnMut(i64, i64)) {
    let mut at = Place(bytes);
    at.over(
        b"{\"channel\":\"book\",\"type\":\"update\",\"data\":[{\"symbol\":\"BTC/USD\",\"bids\":[",
    );
    for side in 0..2 {
        loop {
            at.over(b"{\"price\":");
            let price = at.number();
            at.over(b",\"qty\":");
            let qty = at.number();
            at.over(b"}");
            row(price, qty);
            if at.0.first() == Some(&b']') {
                break;
            }
            at.over(b",");
        }
        if side == 0 {
            at.over(b"],\"asks\":[");
        }
    }
    at.over(b"],\"checksum\":");
    std::hint::black_box(at.count());
    at.over(b",\"timestamp\":\"");
}
