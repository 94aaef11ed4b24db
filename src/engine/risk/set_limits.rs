//! What a change of limits does to the core: it holds at once, for what works too.

use super::{HardLimits, LimitsSet, Opening, Output, Risk, instrument_at, rate::Bucket};
use crate::engine::buffer::Buffer;
use crate::event::{Asked, Event, Level, LimitKey, Who};
use crate::types::InstrumentId;

impl Risk {
    /// Takes a change, or says which limit keeps it from being taken.
    pub(super) fn set_limits(
        &mut self,
        asked: &Asked,
        (event, places): (&Event, &[Level]),
        out: &mut Buffer<Output>,
    ) -> Result<(), LimitKey> {
        let is_tighter = self.take_limits(asked, (event, places))?;
        if is_tighter {
            // What works was judged by the limits before: it is quoted anew within these.
            self.cancel_all(out);
            self.plan_sweep();
            self.judge_losses(out);
        }
        self.set_wake();
        Ok(())
    }

    /// The same without what it brings about; whether any limit is tighter than before.
    pub(super) fn take_limits(
        &mut self,
        asked: &Asked,
        (event, places): (&Event, &[Level]),
    ) -> Result<bool, LimitKey> {
        let who = asked.note(places).as_ref().map_or(Who::NOBODY, Who::from);
        let by = (event.sequence, event.received, who);
        let next = self.hard.judge(&self.limits_set, asked.changes(places), by);
        *self.limits_set = next.map_err(|fault| fault.key())?;
        Ok(self.hold_limits())
    }

    /// Brings what holds to what is set; whether any of it is tighter than before.
    fn hold_limits(&mut self) -> bool {
        let Self { hard, limits_set, params, accounts, bucket, .. } = self;
        let now = hard.account(limits_set);
        let mut is_tighter = now.gross_exposure_max < params.gross_exposure_max
            || now.net_exposure_max < params.net_exposure_max
            || now.daily_loss_max < params.daily_loss_max
            || now.drawdown_max < params.drawdown_max
            || now.rate.per_second < params.rate.per_second;
        params.gross_exposure_max = now.gross_exposure_max;
        params.net_exposure_max = now.net_exposure_max;
        params.daily_loss_max = now.daily_loss_max;
        params.drawdown_max = now.drawdown_max;
        if now.rate != params.rate {
            params.rate = now.rate;
            bucket.set_rate(now.rate);
        }
        for (place, holding) in accounts.holdings.iter_mut().enumerate() {
            let now = hard.instrument(limits_set, instrument_at(place));
            let was = holding.limits;
            is_tighter |= now.qty_max < was.qty_max
                || now.position_max < was.position_max
                || now.volume_max < was.volume_max
                || now.value_max < was.value_max
                || now.notional_max < was.notional_max
                || now.daily_loss_max < was.daily_loss_max
                || now.collar_bps < was.collar_bps;
            holding.limits = now;
        }
        is_tighter
    }

    /// Begins with what was set before.
    pub(super) fn open_limits(&mut self, opening: &Opening) {
        *self.limits_set = LimitsSet::of(&opening.limits);
        self.hold_limits();
        self.bucket = Bucket::new(self.params.rate);
    }

    /// What operators have set.
    #[must_use]
    pub const fn limits_set(&self) -> &LimitsSet {
        &self.limits_set
    }

    /// The limits of the config.
    #[must_use]
    pub const fn hard_limits(&self) -> &HardLimits {
        &self.hard
    }

    /// The limits of an instrument that hold.
    #[must_use]
    pub fn limits_of(&self, instrument: InstrumentId) -> &super::InstrumentLimits {
        &self.accounts.get(instrument).limits
    }
}
