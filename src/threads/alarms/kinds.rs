//! Which alerts a limit raises: one near it, one at it.

use crate::alerts::AlertType;
use crate::event::LimitKey;

/// Near the limit, and at it.
pub(super) const fn of(key: LimitKey) -> [AlertType; 2] {
    use AlertType as T;
    match key {
        LimitKey::MaxPositionSize | LimitKey::MaxOrderSize | LimitKey::MaxOrderValue => {
            [T::PositionWarning, T::PositionBreach]
        }
        LimitKey::MaxDrawdownPct => [T::DrawdownWarning, T::DrawdownBreach],
        LimitKey::DailyLossLimit => [T::DailyLossWarning, T::DailyLossBreach],
        LimitKey::MaxNotionalExposure
        | LimitKey::MaxNetExposure
        | LimitKey::MaxGrossExposure
        | LimitKey::PriceCollarBps => [T::ExposureWarning, T::ExposureBreach],
        LimitKey::MaxDailyVolume => [T::VolumeWarning, T::VolumeBreach],
        LimitKey::MaxOrdersPerSecond => [T::OrderRateWarning, T::OrderRateBreach],
    }
}
