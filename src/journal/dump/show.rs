//! What is shown of an input and of an output.

use super::object::Object;
use crate::engine::risk::Output;
use crate::event::explanation::{Clamps, SideExplained};
use crate::event::{
    Asked, Body, BreakerChange, ExitChange, Explanation, FeeIn, Health, Level, MarketStatus,
    OrderAction, Proposal, Report, ReportKind, Shape,
};
use crate::journal::record::Input;
use crate::journal::start::Start;
use crate::types::money::Trillionths;
use crate::types::{Instrument, InstrumentId, OrderId, Price, Qty, Scale, Side};
use std::fmt::Display;

/// What the start record tells about the numbers behind it.
pub(super) struct View<'a> {
    pub(super) start: Option<&'a Start>,
}

impl View<'_> {
    fn instrument(&self, id: InstrumentId) -> Option<&Instrument> {
        self.start?.instruments.get(id.index())
    }

    fn symbol(&self, object: &mut Object, id: InstrumentId) {
        match self.instrument(id) {
            Some(instrument) => object.text("symbol", instrument.symbol),
            None if id == InstrumentId::ALL => {}
            None => object.number("instrument", id.0),
        }
    }

    fn price(&self, id: InstrumentId, price: Price) -> String {
        let ticks = price.ticks();
        self.instrument(id)
            .map_or_else(|| ticks.to_string(), |one| one.tick.text(ticks).to_string())
    }

    fn qty(&self, id: InstrumentId, qty: Qty) -> String {
        let lots = qty.lots();
        self.instrument(id).map_or_else(|| lots.to_string(), |one| one.lot.text(lots).to_string())
    }

    fn order(&self, object: &mut Object, id: OrderId) {
        if id.is_position() {
            // What is meant is no order of anybody's.
            return object.truth("position", true);
        }
        match self.start {
            Some(start) => object.text("order", start.identity.instance_tag.whole(id)),
            None => object.number("order", id.0),
        }
    }

    fn terms(&self, object: &mut Object, id: InstrumentId, (side, price, qty): (Side, Price, Qty)) {
        object.text("side", side.name());
        object.text("price", self.price(id, price));
        object.text("qty", self.qty(id, qty));
    }

    pub(super) fn input(&self, object: &mut Object, input: &Input<'_>) {
        let event = input.event;
        object.number("input", event.sequence);
        object.text("time", event.received);
        if event.venue_time.is_known() {
            object.text("venueTime", event.venue_time);
        }
        let id = event.instrument;
        self.symbol(object, id);
        object.text("event", event_name(&event.body));
        match event.body {
            Body::Levels(levels) => {
                object.text("shape", shape_name(levels.shape));
                object.truth("first", levels.first);
                object.truth("last", levels.last);
                object.number("id", levels.id);
                object.raw("levels", &self.levels(id, input.levels()));
            }
            Body::Order(order) => {
                object.text("action", action_name(order.action));
                let key = order.key;
                object.text("key", format_args!("{:016x}{:016x}", key.high, key.low));
                self.first_level(object, id, input);
            }
            Body::Trade(trade) => {
                self.terms(object, id, (trade.aggressor, trade.price, trade.qty));
                object.number("id", trade.id);
                object.truth("history", trade.history);
            }
            Body::Heartbeat { id, trade_id } => {
                object.number("id", id);
                object.number("tradeId", trade_id);
            }
            Body::Status(status) => object.text("status", status_name(status)),
            Body::Fault(reason) => object.text("reason", reason.name()),
            Body::Subscribed { depth } => object.number("depth", depth),
            Body::Ignored | Body::Timer => {}
            Body::Report(report) => self.report(object, id, &report, input),
            Body::Refused(refused) => {
                self.order(object, refused.order);
                object.text("request", refused.kind.name());
                object.text("code", refused.code.name());
            }
            Body::State { state, reason } => {
                object.text("state", state.name());
                object.text("reason", reason.name());
            }
            Body::Health(health) => {
                let all = Health::ALL.iter().filter(|(one, _)| health.0 & one.0 != 0);
                object.raw("conditions", &names(all.map(|(_, name)| *name)));
            }
            Body::Breaker(change) => breaker(object, &change),
            Body::Exit(change) => exit(object, &change),
            Body::Query { order, .. } => self.order(object, order),
            Body::Command(asked) => self.command(object, &asked, input),
            Body::Var(result) => {
                object.number("asOf", result.as_of);
                // More digits than a number of JSON keeps.
                object.text("seed", result.seed);
                object.text("share", Scale::power_of_ten(6).text(result.share.into()));
                object.number("samples", result.samples);
            }
        }
    }

    fn report(&self, object: &mut Object, id: InstrumentId, report: &Report, input: &Input<'_>) {
        self.order(object, report.order);
        self.first_level(object, id, input);
        if report.kind == ReportKind::Filled {
            object.text("fee", Scale::power_of_ten(report.fee_decimals).text(report.fee));
            if let Some(instrument) = self.instrument(id) {
                let currency = match report.fee_in {
                    FeeIn::Quote => instrument.quote,
                    FeeIn::Base => instrument.base,
                };
                object.text("feeCurrency", currency);
            }
            object.truth("maker", report.maker);
            object.number("tradeId", report.trade_id);
        }
        if report.code as u8 != 0 {
            object.text("code", report.code.name());
        }
    }

    fn first_level(&self, object: &mut Object, id: InstrumentId, input: &Input<'_>) {
        if let Some(level) = input.levels().next() {
            self.terms(object, id, (level.side(), level.price(), level.qty()));
        }
    }

    fn levels(&self, id: InstrumentId, levels: impl Iterator<Item = Level>) -> String {
        let level = |level: Level| {
            let (price, qty) = (self.price(id, level.price()), self.qty(id, level.qty()));
            format!("[\"{}\",\"{price}\",\"{qty}\"]", level.side().name())
        };
        format!("[{}]", levels.map(level).collect::<Vec<_>>().join(","))
    }

    pub(super) fn output(&self, object: &mut Object, output: &Output) {
        match output {
            Output::Explanation(explanation) => self.explanation(object, explanation),
            Output::Request(request) => self.proposal(object, request.terms()),
            Output::Refusal(refusal) => {
                self.proposal(object, &refusal.proposal);
                object.text("code", refusal.code.name());
                // Of an amount the unit is 10^-12 and does not fit a number of JSON.
                object.text("value", refusal.value);
                object.text("limit", refusal.limit);
            }
            Output::State { state, reason } => {
                object.text("state", state.name());
                object.text("reason", reason.name());
            }
            Output::Breaker { change, instrument } => {
                self.symbol(object, *instrument);
                breaker(object, change);
            }
            Output::Exit(own) => {
                self.symbol(object, own.instrument);
                exit(object, &own.change);
                // As of a refusal: the unit is 10^-12.
                object.text("value", own.value);
                object.text("limit", own.limit);
            }
            Output::Query { order, instrument, .. } => {
                self.symbol(object, *instrument);
                self.order(object, *order);
            }
            Output::Answer(answer) => {
                object.number("id", answer.id);
                object.text("command", answer.command.name());
                object.text("verdict", answer.verdict.name());
                object.text("state", answer.state.name());
                object.text("reason", answer.reason.name());
                object.text("breaker", answer.breaker.name());
                if let Some(key) = answer.limit {
                    object.text("limit", key.name());
                }
                if let Some(mark) = answer.high_water_was {
                    object.text("highWaterWas", mark);
                }
            }
        }
    }

    fn proposal(&self, object: &mut Object, proposal: &Proposal) {
        self.symbol(object, proposal.instrument);
        object.text("request", proposal.kind.name());
        self.order(object, proposal.order);
        let terms = (proposal.side, proposal.price, proposal.qty);
        self.terms(object, proposal.instrument, terms);
        object.text("timeInForce", proposal.time_in_force.name());
        object.truth("postOnly", proposal.post_only);
        object.truth("reduceOnly", proposal.reduce_only);
    }

    fn explanation(&self, object: &mut Object, explained: &Explanation) {
        let id = explained.instrument;
        self.symbol(object, id);
        object.number("strategy", explained.strategy);
        for (key, value) in [
            ("fairValueTicks", explained.fair_value),
            ("reservationTicks", explained.reservation),
            ("volatilityTicks", explained.volatility),
            ("imbalance", explained.imbalance),
            ("spreadTicks", explained.spread),
            ("spreadVolatilityTicks", explained.spread_volatility),
            ("spreadImbalanceTicks", explained.spread_imbalance),
            ("spreadFeesTicks", explained.spread_fees),
            ("spreadFinalTicks", explained.spread_final),
            ("intensityA", explained.intensity_a),
            ("intensityK", explained.intensity_k),
        ] {
            object.float(key, value);
        }
        object.text("position", self.qty(id, Qty(explained.position)));
        for (side, explained) in Side::BOTH.into_iter().zip(&explained.sides) {
            object.raw(side.name(), &self.side(id, explained));
        }
    }

    fn side(&self, id: InstrumentId, side: &SideExplained) -> String {
        let mut object = Object::new();
        object.text("price", self.price(id, side.price));
        object.text("qty", self.qty(id, side.qty));
        object.number("levels", side.levels);
        object.text("withheld", side.withheld.reason(side.code));
        object.number("code", side.code);
        let clamps = Clamps::ALL.iter().filter(|(clamp, _)| side.clamps.has(*clamp));
        object.raw("clamps", &names(clamps.map(|(_, name)| *name)));
        object.finish()
    }
}

fn breaker(object: &mut Object, change: &BreakerChange) {
    object.text("was", change.was.name());
    object.text("state", change.state.name());
    object.text("trigger", change.trigger.name());
}

fn exit(object: &mut Object, change: &ExitChange) {
    object.text("reason", change.reason.name());
    object.truth("over", change.is_over);
}

fn number(value: i128) -> String {
    Trillionths(value).to_string()
}

impl View<'_> {
    fn command(&self, object: &mut Object, asked: &Asked, input: &Input<'_>) {
        object.text("command", asked.command.name());
        if asked.id != 0 {
            object.number("id", asked.id);
        }
        let places: Vec<_> = input.levels().collect();
        if let Some(note) = asked.note(&places) {
            object.text("who", note.who());
            object.text("why", note.why());
        }
        if asked.changes > 0 {
            let changes = asked.changes(&places).map(|change| {
                let mut one = Object::new();
                self.symbol(&mut one, change.instrument);
                let value = if change.value == 0 { "file".into() } else { number(change.value) };
                one.text(change.key.name(), value);
                one.finish()
            });
            object.raw("limits", &format!("[{}]", changes.collect::<Vec<_>>().join(",")));
        }
    }
}

fn names<T: Display>(names: impl Iterator<Item = T>) -> String {
    format!("[{}]", names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(","))
}

const fn event_name(body: &Body) -> &'static str {
    match body {
        Body::Levels(_) => "levels",
        Body::Order(_) => "order",
        Body::Trade(_) => "trade",
        Body::Heartbeat { .. } => "heartbeat",
        Body::Status(_) => "status",
        Body::Fault(_) => "fault",
        Body::Subscribed { .. } => "subscribed",
        Body::Ignored => "ignored",
        Body::Report(report) => report.kind.name(),
        Body::Refused(_) => "refused",
        Body::State { .. } => "state",
        Body::Timer => "timer",
        Body::Health(_) => "health",
        Body::Command(_) => "command",
        Body::Breaker(_) => "breaker",
        Body::Var(_) => "var",
        Body::Exit(_) => "exit",
        Body::Query { .. } => "query",
    }
}

const fn shape_name(shape: Shape) -> &'static str {
    match shape {
        Shape::Snapshot => "snapshot",
        Shape::Update => "update",
        Shape::Top => "top",
    }
}

const fn action_name(action: OrderAction) -> &'static str {
    match action {
        OrderAction::Open => "open",
        OrderAction::Match => "match",
        OrderAction::Change => "change",
        OrderAction::Done => "done",
        OrderAction::Received => "received",
    }
}

const fn status_name(status: MarketStatus) -> &'static str {
    match status {
        MarketStatus::Trading => "trading",
        MarketStatus::CancelOnly => "cancel_only",
        MarketStatus::PostOnly => "post_only",
        MarketStatus::Halted => "halted",
    }
}
