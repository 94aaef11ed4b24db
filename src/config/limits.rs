//! The limits that an operator may tighten, as the config has written them.
//!
//! Only what was checked already comes here; what a limit means is not known here.

use super::Exact;
use super::risk::{RawLimits, RawRisk, RawSymbolLimits};
use crate::engine::risk::FileLimit;
use crate::event::LimitKey;
use crate::types::decimal::pow10;
use crate::types::{InstrumentId, InstrumentTable, money};

impl RawRisk {
    /// Each of them: first those of `limits`, then where one instrument differs.
    #[must_use]
    pub(super) fn of_file(&self, table: &InstrumentTable) -> Vec<FileLimit> {
        let mut file = Vec::new();
        let mut add = |instrument, key, number: Option<Exact>| {
            if let Some(number) = number {
                file.push(FileLimit { key, instrument, value: value(number) });
            }
        };
        for key in LimitKey::ALL {
            add(InstrumentId::ALL, key, self.limits.get(key));
        }
        for own in &self.per_symbol_limits {
            let named = table.iter().find(|one| one.symbol.as_str() == own.symbol);
            for key in LimitKey::ALL {
                if let Some(instrument) = named {
                    add(instrument.id, key, own.get(key));
                }
            }
        }
        file
    }
}

impl RawLimits {
    fn get(&self, key: LimitKey) -> Option<Exact> {
        let whole = |count: Option<u32>| count.map(Exact::from);
        match key {
            LimitKey::MaxPositionSize => self.max_position_size,
            LimitKey::MaxNotionalExposure => self.max_notional_exposure,
            LimitKey::MaxNetExposure => self.max_net_exposure,
            LimitKey::MaxGrossExposure => self.max_gross_exposure,
            LimitKey::MaxDrawdownPct => self.max_drawdown_pct,
            LimitKey::DailyLossLimit => self.daily_loss_limit,
            LimitKey::MaxOrderSize => self.max_order_size,
            LimitKey::MaxOrderValue => self.max_order_value,
            LimitKey::MaxDailyVolume => self.max_daily_volume,
            LimitKey::MaxOrdersPerSecond => whole(self.max_orders_per_second),
            LimitKey::PriceCollarBps => whole(self.price_collar_bps),
        }
    }
}

impl RawSymbolLimits {
    fn get(&self, key: LimitKey) -> Option<Exact> {
        match key {
            LimitKey::MaxPositionSize => self.max_position_size,
            LimitKey::MaxNotionalExposure => self.max_notional_exposure,
            LimitKey::DailyLossLimit => self.daily_loss_limit,
            LimitKey::MaxOrderSize => self.max_order_size,
            LimitKey::MaxDailyVolume => self.max_daily_volume,
            LimitKey::PriceCollarBps => self.price_collar_bps.map(Exact::from),
            LimitKey::MaxNetExposure
            | LimitKey::MaxGrossExposure
            | LimitKey::MaxDrawdownPct
            | LimitKey::MaxOrderValue
            | LimitKey::MaxOrdersPerSecond => None,
        }
    }
}

/// In 10⁻¹²; digits below do not count.
fn value(Exact(number): Exact) -> i128 {
    let mantissa = i128::from(number.mantissa);
    match money::DECIMALS.checked_sub(number.decimals) {
        Some(more) => mantissa * i128::from(pow10(more)),
        None => mantissa / i128::from(pow10(number.decimals - money::DECIMALS)),
    }
}
