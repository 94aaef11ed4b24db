//! The shortest reading of one form of message: one key order, every literal checked, a price in
//! cents and a quantity in units of 10⁻⁸. A surprise is a panic, as the messages are known.

use crate::types::Side;

/// A place that moves on.
struct Place<'a>(&'a [u8]);

impl Place<'_> {
    #[inline(always)]
    fn is_over<const N: usize>(&mut self, text: &[u8; N]) -> bool {
        match self.0.split_first_chunk::<N>() {
            Some((head, rest)) if head == text => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    #[inline(always)]
    fn over<const N: usize>(&mut self, text: &[u8; N]) {
        assert!(self.is_over(text), "the usual form");
    }

    /// A number with `decimals` digits behind its point, in units of the last.
    #[inline(always)]
    fn number(&mut self, decimals: usize) -> i64 {
        let (mut value, mut used) = (0_i64, 0);
        while let Some(digit) = self.0.get(used).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
            value = value * 10 + i64::from(digit);
            used += 1;
        }
        self.0 = &self.0[used..];
        self.over(b".");
        if let (8, Some(eight)) = (decimals, self.0.first_chunk::<8>()) {
            value = value * 100_000_000 + eight_digits(*eight);
        } else {
            for digit in &self.0[..decimals] {
                assert!(digit.is_ascii_digit(), "the usual form");
                value = value * 10 + i64::from(digit - b'0');
            }
        }
        self.0 = &self.0[decimals..];
        value
    }
}

/// Eight digits at a time (Daniel Lemire, "Quickly parsing eight digits").
#[inline(always)]
fn eight_digits(text: [u8; 8]) -> i64 {
    let word = u64::from_le_bytes(text);
    assert!(word & 0xf0f0_f0f0_f0f0_f0f0 == 0x3030_3030_3030_3030, "the usual form");
    let pairs = (word & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(2561) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(6_553_601) >> 16;
    let all = (fours & 0x0000_ffff_0000_ffff).wrapping_mul(42_949_672_960_001) >> 32;
    all.cast_signed()
}

/// Side, cents and quantity of an update of one level.
#[inline(always)]
pub(super) fn l2update(bytes: &[u8]) -> (Side, i64, i64) {
    let mut at = Place(bytes);
    at.over(b"{\"type\":\"l2update\",\"product_id\":\"BTC-USD\",\"changes\":[[\"");
    let side = if at.is_over(b"buy\",\"") {
        Side::Bid
    } else {
        at.over(b"sell\",\"");
        Side::Ask
    };
    let price = at.number(2);
    at.over(b"\",\"");
    let qty = at.number(8);
    at.over(b"\"]],\"time\":\"");
    (side, price, qty)
}

/// Every level of a snapshot, bids before asks.
pub(super) fn snapshot(bytes: &[u8], mut level: impl FnMut(Side, i64, i64)) {
    let mut at = Place(bytes);
    at.over(b"{\"type\":\"snapshot\",\"product_id\":\"BTC-USD\",\"bids\":[");
    for side in Side::BOTH {
        loop {
            at.over(b"[\"");
            let price = at.number(2);
            at.over(b"\",\"");
            level(side, price, at.number(8));
            at.over(b"\"]");
            if !at.is_over(b",") {
                break;
            }
        }
        at.over(b"]");
        if side == Side::Bid {
            at.over(b",\"asks\":[");
        }
    }
    at.over(b"}");
}
