//! The types and severities of alerts, with their stable names.

use serde::{Deserialize, Serialize};

/// What an alert is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlertType {
    /// A position is near its limit.
    PositionWarning,
    /// A position has reached its limit.
    PositionBreach,
    /// The drawdown is near its limit.
    DrawdownWarning,
    /// The drawdown has reached its limit.
    DrawdownBreach,
    /// The loss of the day is near its limit.
    DailyLossWarning,
    /// The loss of the day has reached its limit.
    DailyLossBreach,
    /// The value at risk is above its limit.
    VarBreach,
    /// The circuit breaker has opened.
    CircuitBreakerOpen,
    /// The circuit breaker is half open.
    CircuitBreakerHalfOpen,
    /// The circuit breaker has closed.
    CircuitBreakerClosed,
    /// The spread is much wider than it was.
    SpreadAnomaly,
    /// Much more is traded than was.
    VolumeAnomaly,
    /// The engine is slow.
    LatencyWarning,
    /// The venue is not heard.
    ConnectivityIssue,
    /// The price moves in another way than before.
    RegimeChange,
    /// Something in the process itself is wrong.
    SystemError,
    /// What positions may come to is near its limit.
    ExposureWarning,
    /// What positions may come to has reached its limit.
    ExposureBreach,
    /// What is traded in a day is near its limit.
    VolumeWarning,
    /// What is traded in a day has reached its limit.
    VolumeBreach,
    /// The messages of a second are near their limit.
    OrderRateWarning,
    /// The messages of a second have reached their limit.
    OrderRateBreach,
    /// A position is closed, as it has lost enough.
    StopLoss,
    /// A position is closed, as it has earned enough.
    TakeProfit,
    /// A rule of risk is not fed.
    InputStarved,
    /// The venue holds something else for us than we know.
    PositionMismatch,
}

impl AlertType {
    /// Every type, in the order of their numbers.
    pub const ALL: [Self; 26] = [
        Self::PositionWarning,
        Self::PositionBreach,
        Self::DrawdownWarning,
        Self::DrawdownBreach,
        Self::DailyLossWarning,
        Self::DailyLossBreach,
        Self::VarBreach,
        Self::CircuitBreakerOpen,
        Self::CircuitBreakerHalfOpen,
        Self::CircuitBreakerClosed,
        Self::SpreadAnomaly,
        Self::VolumeAnomaly,
        Self::LatencyWarning,
        Self::ConnectivityIssue,
        Self::RegimeChange,
        Self::SystemError,
        Self::ExposureWarning,
        Self::ExposureBreach,
        Self::VolumeWarning,
        Self::VolumeBreach,
        Self::OrderRateWarning,
        Self::OrderRateBreach,
        Self::StopLoss,
        Self::TakeProfit,
        Self::InputStarved,
        Self::PositionMismatch,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PositionWarning => "POSITION_WARNING",
            Self::PositionBreach => "POSITION_BREACH",
            Self::DrawdownWarning => "DRAWDOWN_WARNING",
            Self::DrawdownBreach => "DRAWDOWN_BREACH",
            Self::DailyLossWarning => "DAILY_LOSS_WARNING",
            Self::DailyLossBreach => "DAILY_LOSS_BREACH",
            Self::VarBreach => "VAR_BREACH",
            Self::CircuitBreakerOpen => "CIRCUIT_BREAKER_OPEN",
            Self::CircuitBreakerHalfOpen => "CIRCUIT_BREAKER_HALF_OPEN",
            Self::CircuitBreakerClosed => "CIRCUIT_BREAKER_CLOSED",
            Self::SpreadAnomaly => "SPREAD_ANOMALY",
            Self::VolumeAnomaly => "VOLUME_ANOMALY",
            Self::LatencyWarning => "LATENCY_WARNING",
            Self::ConnectivityIssue => "CONNECTIVITY_ISSUE",
            Self::RegimeChange => "REGIME_CHANGE",
            Self::SystemError => "SYSTEM_ERROR",
            Self::ExposureWarning => "EXPOSURE_WARNING",
            Self::ExposureBreach => "EXPOSURE_BREACH",
            Self::VolumeWarning => "VOLUME_WARNING",
            Self::VolumeBreach => "VOLUME_BREACH",
            Self::OrderRateWarning => "ORDER_RATE_WARNING",
            Self::OrderRateBreach => "ORDER_RATE_BREACH",
            Self::StopLoss => "STOP_LOSS",
            Self::TakeProfit => "TAKE_PROFIT",
            Self::InputStarved => "INPUT_STARVED",
            Self::PositionMismatch => "POSITION_MISMATCH",
        }
    }

    /// How much it matters.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::CircuitBreakerClosed | Self::RegimeChange | Self::TakeProfit => Severity::Info,
            Self::PositionWarning
            | Self::DrawdownWarning
            | Self::DailyLossWarning
            | Self::LatencyWarning
            | Self::SpreadAnomaly
            | Self::VolumeAnomaly
            | Self::ExposureWarning
            | Self::VolumeWarning
            | Self::OrderRateWarning
            | Self::CircuitBreakerHalfOpen => Severity::Warning,
            Self::PositionBreach
            | Self::DrawdownBreach
            | Self::DailyLossBreach
            | Self::VarBreach
            | Self::ConnectivityIssue
            | Self::ExposureBreach
            | Self::VolumeBreach
            | Self::OrderRateBreach
            | Self::StopLoss
            | Self::InputStarved
            | Self::PositionMismatch
            | Self::SystemError => Severity::Critical,
            Self::CircuitBreakerOpen => Severity::Emergency,
        }
    }
}

/// How much an alert matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// To be known.
    Info,
    /// To be looked at.
    Warning,
    /// To be acted on.
    Critical,
    /// To be acted on at once.
    Emergency,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Critical, Self::Emergency];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Emergency => "EMERGENCY",
        }
    }
}
