//! Kraken's checksum: CRC-32 over the text of the top ten levels of each side.
//!
//! The text of a number without its point and its leading zeros is the number itself in units of
//! its last digit; so integers and the count of decimals on the wire are enough.

use super::Ladder;
use crate::event::Checksum;
use crate::types::decimal::pow10;
use crate::types::{Instrument, Scale};
use serde::{Deserialize, Serialize};

/// Levels of each side that count.
const LEVELS: usize = 10;

/// The scales of an instrument, as the checksum needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireScales {
    /// One price step.
    pub tick: Scale,
    /// One quantity step.
    pub lot: Scale,
}

impl From<&Instrument> for WireScales {
    fn from(instrument: &Instrument) -> Self {
        Self { tick: instrument.tick, lot: instrument.lot }
    }
}

/// A count of steps in units of the wire's last digit; nothing if it has digits below that.
fn units(steps: i64, scale: Scale, decimals: u8) -> Option<i64> {
    let units = steps.checked_mul(scale.increment())?;
    if decimals >= scale.decimals() {
        return units.checked_mul(pow10(decimals - scale.decimals()));
    }
    let divisor = pow10(scale.decimals() - decimals);
    (units % divisor == 0).then(|| units / divisor)
}

/// Our checksum over the two sides, or nothing if a level cannot have been written with the
/// venue's decimals.
pub(super) fn compute(
    [bids, asks]: &[Ladder; 2],
    scales: WireScales,
    sum: Checksum,
) -> Option<u32> {
    let mut crc = crc32fast::Hasher::new();
    let mut text = itoa::Buffer::new();
    for side in [asks, bids] {
        for (price, qty) in side.iter().take(LEVELS) {
            let price = units(price.0, scales.tick, sum.price_decimals)?;
            crc.update(text.format(price).as_bytes());
            let qty = units(qty.0, scales.lot, sum.qty_decimals)?;
            crc.update(text.format(qty).as_bytes());
        }
    }
    Some(crc.finalize())
}
