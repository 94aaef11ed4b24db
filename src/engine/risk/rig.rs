//! Scripts for tests of risk: input lines, and behind each the outputs it must bring, as text.
//!
//! Prices are in ticks and sizes in lots, both worth 1; amounts are printed in whole currency.

#[path = "rig_text.rs"]
mod rig_text;

use super::unit::Unit;
use super::*;
use crate::engine::order::{Odd, Status};
use crate::event::{
    Asked, BreakerState, Command, FeeIn, LimitChange, LimitKey, Note, Proposal, RejectCode,
    ReportKind, RequestKind, Stale,
};
use crate::types::{Currency, OrderId, Origin, Price, Qty, Scale, Side, TimeInForce};
pub(super) use rig_text::amount;
use rig_text::explanation;

/// A and B in USD, C in EUR, and R, which makes the rate of EUR in hundredths of a USD.
const NAMES: [&str; 4] = ["A", "B", "C", "R"];
const TRILLION: i128 = 1_000_000_000_000;
pub(super) const EPOCH: u32 = 7;

pub(super) fn currency(name: &str) -> Currency {
    Currency::new(name.as_bytes()).unwrap()
}

pub(super) fn params() -> RiskParams {
    let tick = Scale::power_of_ten(2);
    RiskParams {
        currency: currency("USD"),
        capital: 100_000 * TRILLION,
        epoch: EPOCH,
        gross_exposure_max: 20_000 * TRILLION,
        net_exposure_max: 15_000 * TRILLION,
        daily_loss_max: 1_000 * TRILLION,
        drawdown_max: 2_000 * TRILLION,
        rate: RateParams { per_second: 20, reserve: 5 },
        orders_max: 8,
        conversion_age_max: Nanos::from_millis(5000),
        conversions: vec![Conversion {
            currency: currency("EUR"),
            source: RateSource::Instrument { instrument: InstrumentId(3), tick },
        }],
        breaker: None,
        hedge: None,
        exit: None,
        file: vec![],
    }
}

pub(super) fn limits() -> Vec<InstrumentLimits> {
    let limits = |quote: &str, tick: Scale| InstrumentLimits {
        quote: currency(quote),
        tick,
        lot: Scale::power_of_ten(0),
        unit: Unit::of(tick, Scale::power_of_ten(0)).unwrap(),
        qty_step: 1,
        qty_min: 2,
        qty_max: 50,
        value_max: 5_000 * TRILLION,
        position_max: 100,
        volume_max: 400,
        daily_loss_max: 800 * TRILLION,
        notional_max: 9_000 * TRILLION,
        collar_bps: 200,
    };
    let one = Scale::power_of_ten(0);
    vec![limits("USD", one), limits("USD", one), limits("EUR", one), {
        limits("USD", Scale::power_of_ten(2))
    }]
}

pub(super) struct Rig {
    pub(super) risk: Risk,
    now: Nanos,
    sequence: u64,
    /// What was proposed, by its counter.
    proposed: Vec<Proposal>,
}

/// Plays the script and compares what comes out, line by line.
pub(super) fn check(script: &str) {
    Rig::new(&params(), &limits()).play(script);
}

impl Rig {
    pub(super) fn new(params: &RiskParams, limits: &[InstrumentLimits]) -> Self {
        Self {
            risk: Risk::new(params, limits),
            now: Nanos::from_seconds(1_000_000),
            sequence: 0,
            proposed: Vec::new(),
        }
    }

    pub(super) fn play(&mut self, script: &str) {
        let mut got = String::new();
        let mut expected = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            expected += &format!("{line}\n");
            if !line.starts_with('>') {
                got += &format!("{line}\n");
                for output in self.line(line) {
                    got += &format!("> {output}\n");
                }
            }
        }
        assert_eq!(got, expected, "\n--- got\n{got}--- expected\n{expected}");
    }

    /// Takes one line; its outputs as text.
    fn line(&mut self, line: &str) -> Vec<String> {
        let words: Vec<_> = line.split_whitespace().collect();
        let room = Risk::outputs_max(&self.risk.params, NAMES.len(), 1);
        let mut out = Buffer::new(room);
        match words[0] {
            "wait" => self.now.0 += words[1].parse::<i64>().unwrap() * 1_000_000,
            "?" => return vec![self.ask(&words[1..])],
            "mark" | "explain" | "bid" | "ask" | "replace" | "end" => {
                let draft = self.draft(&words);
                let event = self.event(Body::Ignored, 0);
                self.risk.input(&event, &[], &mut out);
                self.risk.draft(&draft, &mut out);
            }
            // More of the same input.
            "and" => {
                let draft = self.draft(&words[1..]);
                self.risk.draft(&draft, &mut out);
            }
            "set" => {
                let (event, places) = self.set(&words[1..]);
                self.risk.input(&event, &places, &mut out);
            }
            "timer" => {
                let event = self.event(Body::Timer, 0);
                self.risk.input(&event, &[], &mut out);
            }
            _ => {
                if let Some(command) = Command::ALL.into_iter().find(|c| c.name() == words[0]) {
                    let event = self.event(Body::Command(Asked::plain(command)), 0);
                    self.risk.input(&event, &[], &mut out);
                } else {
                    let (event, level) = self.report(&words);
                    self.risk.input(&event, &[level], &mut out);
                }
            }
        }
        out.items().iter().map(|output| self.text(output)).collect()
    }

    /// set max_order_size=3 A:max_position_size=5 max_order_value=file
    fn set(&mut self, words: &[&str]) -> (Event, Vec<Level>) {
        let note = Note::new("me", "a test").unwrap();
        let mut places = vec![Level::default(); note.places().into()];
        note.put(&mut places);
        for word in words {
            let (name, value) = word.split_once('=').unwrap();
            let (symbol, key) = name.split_once(':').unwrap_or(("", name));
            let instrument =
                if symbol.is_empty() { InstrumentId::ALL } else { Self::instrument(symbol) };
            let value = value.parse().map_or(0, |value: i128| value * TRILLION);
            places.push(LimitChange { key: LimitKey::of(key).unwrap(), instrument, value }.pack());
        }
        let [all, changes] = [places.len(), words.len()].map(|count| u8::try_from(count).unwrap());
        let asked = Asked { command: Command::Limits, places: all, changes, id: 1 };
        (self.event(Body::Command(asked), u16::MAX), places)
    }

    fn event(&mut self, body: Body, instrument: u16) -> Event {
        self.sequence += 1;
        Event {
            sequence: self.sequence,
            received: self.now,
            venue_time: Nanos::UNKNOWN,
            instrument: InstrumentId(instrument),
            body,
        }
    }

    fn instrument(name: &str) -> InstrumentId {
        let at = NAMES.iter().position(|known| *known == name).unwrap();
        InstrumentId(u16::try_from(at).unwrap())
    }

    fn draft(&mut self, words: &[&str]) -> Draft {
        let number = |at: usize| words[at].parse::<i64>().unwrap();
        match words[0] {
            // mark A 99 101 [stale]
            "mark" => Draft::Mark(Mark {
                sequence: self.sequence,
                received: self.now,
                bid: Price(number(2)),
                bid_qty: Qty(1),
                ask: Price(number(3)),
                ask_qty: Qty(1),
                traded: Qty(0),
                instrument: Self::instrument(words[1]),
                stale: words.get(4).map(|_| Stale::SequenceGap),
            }),
            "explain" => Draft::Explanation(explanation(Self::instrument(words[1]))),
            // bid A 5 @ 100 [reduce]
            "bid" | "ask" => {
                let counter = u32::try_from(self.proposed.len() + 1).unwrap();
                let proposal = Proposal {
                    order: OrderId::new(EPOCH, Origin::Quoter, counter),
                    price: Price(number(4)),
                    qty: Qty(number(2)),
                    instrument: Self::instrument(words[1]),
                    kind: RequestKind::Place,
                    side: if words[0] == "bid" { Side::Bid } else { Side::Ask },
                    time_in_force: TimeInForce::GoodTillCancel,
                    post_only: true,
                    reduce_only: words.get(5) == Some(&"reduce"),
                };
                self.proposed.push(proposal);
                // bid A 5 @ 100 as 3: with an id that was given before.
                if words.get(5) == Some(&"as") {
                    let order = OrderId::new(EPOCH, Origin::Quoter, words[6].parse().unwrap());
                    return Draft::Proposal(Proposal { order, ..proposal });
                }
                Draft::Proposal(proposal)
            }
            // replace 1 5 @ 100 · end 1
            _ => {
                let at = usize::try_from(number(1)).unwrap() - 1;
                let unknown = Proposal {
                    order: OrderId::new(EPOCH, Origin::Quoter, 1000),
                    ..self.proposed[0]
                };
                let mut proposal = *self.proposed.get(at).unwrap_or(&unknown);
                proposal.kind = RequestKind::Cancel;
                if words[0] == "replace" {
                    (proposal.qty, proposal.price) = (Qty(number(2)), Price(number(4)));
                    proposal.kind = RequestKind::Replace;
                }
                Draft::Proposal(proposal)
            }
        }
    }

    /// fill 1 5 @ 100 t7 [fee 25/2 [base]] · accepted 1 · cancel_rejected 1 unknown
    fn report(&mut self, words: &[&str]) -> (Event, Level) {
        let kind = ReportKind::ALL.into_iter().find(|kind| kind.name() == words[0]).unwrap();
        let (mut id, mut instrument, mut side) = (OrderId(99), InstrumentId(0), Side::Bid);
        let (mut price, mut qty) = (Price(0), Qty(0));
        let order = words[1].trim_start_matches('!');
        let counter: usize = order.parse().unwrap_or(0);
        if counter == 0 {
            // open A 5 @ 0: of a position.
            instrument = Self::instrument(words[1]);
            id = OrderId::position_of(instrument);
            let is_short = words.get(2).is_some_and(|lots| lots.starts_with('-'));
            side = if is_short { Side::Ask } else { Side::Bid };
        } else if words[1].starts_with('!') {
            id = OrderId::new(EPOCH, Origin::Risk, u32::try_from(counter).unwrap());
        } else if let Some(proposal) = self.proposed.get(counter - 1) {
            id = proposal.order;
        }
        if let Some(order) = self.risk.orders.get(id) {
            (instrument, side, price, qty) = (order.instrument, order.side, order.price, order.qty);
        }
        if words.get(3) == Some(&"@") {
            let lots: i64 = words[2].parse().unwrap();
            let lots = if counter == 0 { lots.abs() } else { lots };
            (qty, price) = (Qty(lots), Price(words[4].parse().unwrap()));
        }
        let mut report = Report::new(id, kind);
        if let Some(trade) = words.get(5).and_then(|word| word.strip_prefix('t')) {
            report.trade_id = trade.parse().unwrap();
        }
        if let Some(fee) = words.get(7) {
            let (fee, decimals) = fee.split_once('/').unwrap();
            (report.fee, report.fee_decimals) = (fee.parse().unwrap(), decimals.parse().unwrap());
            report.fee_in = if words.len() > 8 { FeeIn::Base } else { FeeIn::Quote };
        }
        if words.last() == Some(&"unknown") {
            report.code = RejectCode::UnknownOrder;
        }
        let event = self.event(Body::Report(report), instrument.0);
        (event, Level::new(side, price, qty))
    }

    /// ? profit · ? position A · ? status 1 · ? odd late_fill · ? due
    fn ask(&self, words: &[&str]) -> String {
        let risk = &self.risk;
        match words[0] {
            "profit" => amount(risk.profit()),
            "day" => amount(risk.profit_today()),
            "drawdown" => amount(risk.drawdown()),
            "exposure" => {
                let (gross, net) = risk.exposure();
                format!("{} {}", amount(gross), amount(net))
            }
            "position" => {
                let view = risk.position(Self::instrument(words[1]));
                let Position { lots, cost, realised, fees, volume_today, .. } = view.position;
                let [cost, realised, fees] = [cost, realised, fees].map(amount);
                let unrealised = amount(view.unrealised);
                format!("{lots} {cost} {realised} {unrealised} {fees} {volume_today}")
            }
            "status" => {
                let id = OrderId::new(EPOCH, Origin::Quoter, words[1].parse().unwrap());
                let order = risk.orders().get(id);
                let status = order.map_or("none", |order| Status::name(order.status));
                format!("{status} {}", order.map_or(0, |order| order.leaves()))
            }
            "odd" => {
                let odd = Odd::ALL.into_iter().find(|odd| odd.name() == words[1]).unwrap();
                risk.odd_counts().of(odd).to_string()
            }
            "due" => match risk.deadline() {
                None => "never".to_string(),
                Some(due) => ((due.0 - self.now.0) / 1_000_000).to_string(),
            },
            "set" => {
                let all = risk.limits_set().iter().map(|one| {
                    let name = NAMES.get(one.instrument.index()).unwrap_or(&"all");
                    let (key, value, who) = (one.key.name(), amount(one.value), one.who.text());
                    format!("{name} {key} {value} by {who}@{}", one.sequence)
                });
                let all = all.collect::<Vec<_>>().join(", ");
                if all.is_empty() { "none".to_owned() } else { all }
            }
            "there" => {
                let there = risk.held_there(Self::instrument(words[1]));
                let lots = there.lots.map_or("unknown".to_owned(), |lots| lots.to_string());
                format!("{lots} {} {}", there.apart, there.differs())
            }
            "live" => risk.live_orders().count().to_string(),
            other => panic!("{other}"),
        }
    }

    fn text(&self, output: &Output) -> String {
        let name = |id: OrderId| match id.origin() {
            Origin::Quoter => id.counter().to_string(),
            Origin::Risk => format!("!{}", id.counter()),
        };
        match output {
            Output::Explanation(explanation) => {
                format!("explain {}", NAMES[explanation.instrument.index()])
            }
            Output::State { state, reason } => format!("{} {}", state.name(), reason.name()),
            Output::Breaker { change, .. } => {
                let [was, is] = [change.was, change.state].map(BreakerState::name);
                format!("{was} -> {is} {}", change.trigger.name())
            }
            Output::Exit(Exit { instrument, change, value, limit }) => {
                let of = NAMES[instrument.index()];
                let (reason, over) = (change.reason.name(), change.is_over);
                let [value, limit] = [*value, *limit].map(amount);
                let what = if over { "over" } else { "begun" };
                format!("{reason} {of} {what} {value} {limit}")
            }
            Output::Query { order, instrument, .. } if order.is_position() => {
                format!("query {}", NAMES[instrument.index()])
            }
            Output::Query { order, .. } => format!("query {}", name(*order)),
            Output::Answer(answer) => {
                let limit = answer.limit.map_or(String::new(), |key| format!(" {}", key.name()));
                format!("{} {}{limit}", answer.command.name(), answer.verdict.name())
            }
            Output::Refusal(Refusal { proposal, code, value, limit }) => {
                let plain = matches!(code, RefusalCode::Duplicate | RefusalCode::StaleConversion);
                let text = |n: i128| if plain { n.to_string() } else { amount(n) };
                let [value, limit] = [*value, *limit].map(text);
                format!("{} {} {value} {limit}", name(proposal.order), code.name())
            }
            Output::Request(request) => {
                let terms = request.terms();
                let Proposal { order, kind, side, .. } = *terms;
                let (order, market) = (name(order), NAMES[terms.instrument.index()]);
                match kind {
                    RequestKind::Cancel => format!("cancel {order}"),
                    _ => {
                        let kind = kind.name();
                        let (side, qty, price) = (side.name(), terms.qty.0, terms.price.0);
                        format!("{kind} {order} {side} {market} {qty} @ {price}")
                    }
                }
            }
        }
    }
}
