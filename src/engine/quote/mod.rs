//! Quoting: from the books to what we would like to have at the venue, and why.
//!
//! ```text
//! touch ─▶ fair ─┐
//! volatility, intensity ─▶ strategy (shape) ─▶ spread ─▶ prices ─┐
//! fills ─▶ position ─▶ sizing ───────────────────────────────────┴▶ reconcile ─▶ proposals
//!                                     slots ◀── reports, refusals ──┘
//! ```
//!
//! It reads books and inputs only; what risk makes of a proposal it learns from a later input. All
//! proposals are post-only, and stand until they are cancelled. Limits, positions in money and the
//! table of orders are risk's.

mod budget;
mod decision;
mod desk;
mod fair;
mod holdback;
mod instrument;
mod intensity;
mod params;
mod proposals;
mod quoter;
mod reconcile;
mod sizing;
mod slots;
mod spread;
mod strategy;
mod volatility;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tape_tests;
#[cfg(test)]
mod testing_tests;

pub use fair::FairValue;
pub use params::{
    BudgetParams, Fees, IntensityParams, LEVELS_MAX, QuoteParams, SizeParams, SpreadParams,
    VolatilityParams, can_replace,
};
pub use quoter::{Heard, QuoteView, Quoter};
pub use slots::{Slot, SlotState, Terms};
pub use strategy::Strategy;
