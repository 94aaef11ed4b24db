//! Tapes through the whole core: a line is an input, the lines behind it are all that it decides.
//!
//! Every tape is a sentence of the design. Times are milliseconds of a day. `back` is what risk has
//! said before, as the sequencer brings it back. `#` is an order of the quoter, `R` one of risk;
//! `why` are the reasons of bid and ask in an explanation. A report says of an order what was asked
//! for last, unless it names a quantity.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::core_rig::core_params;
use pinnaclemm::engine::buffer::Buffer;
use pinnaclemm::engine::risk::{Flattening, Opening, OpeningState, Output};
use pinnaclemm::engine::{Core, CoreParams};
use pinnaclemm::event::{
    Asked, Body, Command, Event, Health, Level, Levels, MarketStatus, Proposal, RejectCode, Report,
    ReportKind, RequestKind, Shape, Stale, StateReason, Trade, TradingState,
};
use pinnaclemm::threads::fused::fed_back;
use pinnaclemm::types::{InstrumentId, Nanos, OrderId, Origin, Price, Qty, Side, TimeInForce};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

const DAY_MS: i64 = 86_400_000;
/// The beginning of a day.
const ORIGIN_MS: i64 = 20_454 * DAY_MS;
const EPOCH: u32 = 1;

/// At a price of 10,000 a basis point is a tick; a level of ten lots, five ticks from the middle.
fn config() -> Value {
    json!({
        "account": { "capital": 1_000_000 },
        "risk_management": { "limits": {
            "max_position_size": 40, "max_notional_exposure": 1_000_000,
            "max_net_exposure": 1_000_000, "max_gross_exposure": 1_000_000,
            "max_drawdown_pct": 50, "daily_loss_limit": 5000, "min_order_size": 2,
            "max_order_size": 20, "max_order_value": 300_000, "max_daily_volume": 10_000,
            "max_orders_per_second": 4000, "price_collar_bps": 100
        } },
        "strategy": {
            "fairValue": "mid", "baseSpreadBps": 10, "minSpreadBps": 5, "edgeBps": 1,
            "volatilityFactor": 0, "imbalanceFactor": 0, "orderQuantity": 10,
            "minOrderQuantity": 2, "maxOrderQuantity": 20, "maxPosition": 40, "maxLevels": 1,
            "requoteToleranceTicks": 1, "minQuoteLifeMs": 0, "volatilityWarmupMs": 0,
            "requestsPerSecond": 1000, "requestsBurst": 1000, "referencePrice": 10_000
        },
        "exchange": { "simulator": {
            "tickSize": 1, "lotSize": 1, "orderStep": 2, "startPrice": 10_000
        } }
    })
}

/// The usual parameters, with that limit at that value.
fn limited(limit: &str, value: i64) -> CoreParams {
    let mut config = config();
    config["risk_management"]["limits"][limit] = value.into();
    if limit == "max_orders_per_second" {
        // The quoter's own budget lies below the gate's; its burst does not.
        config["strategy"]["requestsPerSecond"] = 1.into();
    }
    core_params(&config)
}

fn usual() -> CoreParams {
    core_params(&config())
}

fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, word: &str) -> T {
    *all.iter().find(|one| name(**one) == word).unwrap_or_else(|| panic!("{word}"))
}

fn pair(word: &str) -> (i64, i64) {
    let (price, qty) = word.split_once('x').unwrap();
    (price.parse().unwrap(), qty.parse().unwrap())
}

/// The core, and what a sequencer would know.
struct Bench {
    core: Core,
    out: Buffer<Output>,
    now: Nanos,
    sequence: u64,
    feedback: VecDeque<(InstrumentId, Body)>,
    asked: BTreeMap<String, Proposal>,
    trades: u64,
}

impl Bench {
    fn new(params: &CoreParams) -> Self {
        Self {
            core: Core::new(params),
            out: Buffer::new(Core::outputs_max(params)),
            now: Nanos(0),
            sequence: 0,
            feedback: VecDeque::new(),
            asked: BTreeMap::new(),
            trades: 0,
        }
    }

    /// One input; what it decided.
    fn hear(&mut self, instrument: InstrumentId, body: Body, levels: &[Level]) {
        self.sequence += 1;
        let (sequence, received, venue_time) = (self.sequence, self.now, Nanos::UNKNOWN);
        let event = Event { sequence, received, venue_time, instrument, body };
        self.out.clear();
        self.core.apply(&event, levels, &mut self.out);
        self.feedback.extend(self.out.items().iter().filter_map(fed_back));
        for output in self.out.items() {
            if let Output::Request(request) = output {
                let terms = *request.terms();
                let name = order_name(terms.order);
                if terms.kind != RequestKind::Cancel || !self.asked.contains_key(&name) {
                    self.asked.insert(name, terms);
                }
            }
        }
    }

    fn book(&mut self, instrument: InstrumentId, sides: [&str; 2]) {
        let levels = Side::BOTH.into_iter().zip(sides).map(|(side, word)| {
            let (price, qty) = pair(word);
            Level::new(side, Price(price), Qty(qty))
        });
        let levels: Vec<_> = levels.collect();
        let head = Levels {
            shape: Shape::Snapshot,
            first: true,
            last: true,
            count: 2,
            follows: 0,
            id: 0,
            checksum: None,
        };
        self.hear(instrument, Body::Levels(head), &levels);
    }

    fn report(&mut self, words: &[&str]) {
        let asked = *self.asked.get(words[1]).unwrap_or_else(|| panic!("{words:?}"));
        let kind = named(&ReportKind::ALL, ReportKind::name, words[0]);
        let mut report = Report::new(asked.order, kind);
        let mut level = Level::new(asked.side, asked.price, asked.qty);
        match words.get(2) {
            Some(word) if matches!(kind, ReportKind::Filled | ReportKind::Open) => {
                level = Level::new(asked.side, asked.price, Qty(word.parse().unwrap()));
            }
            Some(word) => report.code = named(&RejectCode::ALL, RejectCode::name, word),
            None => {}
        }
        if kind == ReportKind::Filled {
            self.trades += 1;
            report.trade_id = self.trades;
        }
        self.hear(asked.instrument, Body::Report(report), &[level]);
    }

    /// Plays `millis what words…`; `what:1` is of the second instrument.
    fn play(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.now = Nanos::from_millis(ORIGIN_MS + words[0].parse::<i64>().unwrap());
        let due = self.core.deadline().filter(|due| self.sequence > 0 && *due < self.now);
        assert_eq!(due, None, "a timer was due before: {line}");
        let (what, place) = words[1].split_once(':').unwrap_or((words[1], "0"));
        let instrument = InstrumentId(place.parse().unwrap());
        let all = InstrumentId::ALL;
        match what {
            "book" => self.book(instrument, [words[2], words[3]]),
            "trade" => {
                let (price, qty) = pair(words[2]);
                let (price, qty, aggressor) = (Price(price), Qty(qty), Side::Bid);
                let trade = Trade { price, qty, id: 0, aggressor, history: false };
                self.hear(instrument, Body::Trade(trade), &[]);
            }
            "timer" => {
                // To the nanosecond: silence is judged one behind its end.
                let due = self.core.deadline().unwrap();
                assert_eq!(due.0 / 1_000_000, self.now.0 / 1_000_000, "{line}");
                self.now = due;
                self.hear(all, Body::Timer, &[]);
            }
            "fault" | "fault_of_all" => {
                let reason = named(&Stale::ALL, Stale::name, words[2]);
                let of = if what == "fault" { instrument } else { all };
                self.hear(of, Body::Fault(reason), &[]);
            }
            "status" => {
                let halted = words[2] == "halted";
                let status = if halted { MarketStatus::Halted } else { MarketStatus::Trading };
                self.hear(instrument, Body::Status(status), &[]);
            }
            "health" => {
                let found = Health::ALL.iter().find(|(_, name)| *name == words[2]);
                let health = found.map_or(Health::GOOD, |(health, _)| *health);
                assert_eq!(health.is_good(), words[2] == "good");
                self.hear(all, Body::Health(health), &[]);
            }
            "back" => {
                let (instrument, body) = self.feedback.pop_front().expect("something was said");
                self.hear(instrument, body, &[]);
            }
            word => match Command::ALL.into_iter().find(|command| command.name() == word) {
                Some(command) => self.hear(all, Body::Command(Asked::plain(command)), &[]),
                None => self.report(&words[1..]),
            },
        }
    }
}

fn order_name(order: OrderId) -> String {
    assert_eq!(order.epoch(), EPOCH);
    let origin = if order.origin() == Origin::Quoter { '#' } else { 'R' };
    format!("{origin}{}", order.counter())
}

fn terms(own: &Proposal) -> String {
    let name = order_name(own.order);
    let (kind, side) = (own.kind.name(), own.side.name());
    let place = if own.instrument.0 == 0 { "" } else { " of the second" };
    let end = if own.time_in_force == TimeInForce::ImmediateOrCancel { " ioc" } else { "" };
    format!("{kind} {name} {side} {}x{}{end}{place}", own.price.0, own.qty.0)
}

fn text(output: &Output) -> String {
    match output {
        Output::Explanation(own) => {
            let [bid, ask] = own.sides.map(|side| side.withheld.name());
            format!("why {bid} {ask}")
        }
        Output::Request(request) => terms(request.terms()),
        Output::Refusal(own) => {
            let (code, value, limit) = (own.code.name(), own.value, own.limit);
            let [value, limit] = [value, limit].map(|number| match number % 1_000_000_000_000 {
                0 if number != 0 => format!("{}.0", number / 1_000_000_000_000),
                _ => number.to_string(),
            });
            format!("refused {} {code} {value} {limit}", terms(&own.proposal))
        }
        Output::State { state, reason } => format!("state {} {}", state.name(), reason.name()),
        Output::Breaker { change, .. } => {
            let (was, state) = (change.was.name(), change.state.name());
            format!("breaker {was} -> {state} {}", change.trigger.name())
        }
        Output::Exit(own) => {
            let what = if own.change.is_over { "over" } else { "begun" };
            format!("exit {} {what}", own.change.reason.name())
        }
        Output::Query { order, .. } => format!("query {}", order_name(*order)),
        Output::Answer(own) => format!("answer {} {}", own.command.name(), own.verdict.name()),
    }
}

/// Plays the tape and compares all that is decided; the bench as it was left.
fn check(params: &CoreParams, tape: &str) -> Bench {
    let mut bench = Bench::new(params);
    let (mut got, mut expected) = (String::new(), String::new());
    for line in tape.lines().map(str::trim).filter(|line| !line.is_empty()) {
        writeln!(expected, "{line}").unwrap();
        if line.starts_with(|first: char| first.is_ascii_digit()) {
            writeln!(got, "{line}").unwrap();
            bench.play(line);
            bench.out.items().iter().for_each(|output| {
                writeln!(got, "> {}", text(output)).unwrap();
            });
        }
    }
    assert!(got == expected, "got:\n{got}\nexpected:\n{expected}");
    assert_eq!(bench.feedback.len(), 0, "something was never brought back");
    bench
}

/// Both quotes rest.
const QUOTED: &str = "
    0 book 9999x5 10001x5
    > why quoted quoted
    > place #1 bid 9995x10
    > place #2 ask 10005x10
    1 sent #1
    2 sent #2
    3 accepted #1
    4 accepted #2
";

fn quoted(tape: &str) -> String {
    format!("{QUOTED}{tape}")
}

#[test]
fn a_halt_cancels_all_and_a_resume_quotes_again() {
    check(
        &usual(),
        &quoted(
            "
        10 halt
        > state HALTED operator
        > cancel #1 bid 9995x10
        > cancel #2 ask 10005x10
        11 back
        12 book 9989x5 9991x5
        13 canceled #1
        14 canceled #2
        15 halt
        16 resume
        > state ACTIVE operator
        17 back
        > why quoted quoted
        > place #3 bid 9985x10
        > place #4 ask 9995x10
        18 resume
    ",
        ),
    );
}

#[test]
fn after_a_kill_only_a_confirmed_resume_is_taken() {
    let bench = check(
        &usual(),
        &quoted(
            "
        10 kill
        > state HALTED kill
        > cancel #1 bid 9995x10
        > cancel #2 ask 10005x10
        11 back
        12 canceled #1
        13 canceled #2
        14 resume
        15 reduce
        16 flatten
        17 halt
        18 book 9989x5 9991x5
        20 resume_confirmed
        > state ACTIVE operator
        21 back
        > why quoted quoted
        > place #3 bid 9985x10
        > place #4 ask 9995x10
    ",
        ),
    );
    assert_eq!(bench.core.risk().commands_not_taken(), 4);
}

#[test]
fn flatten_takes_inside_the_collar_until_nothing_is_held() {
    check(
        &usual(),
        &quoted(
            "
        5 fill #1 10
        > why quoted quoted
        > place #3 bid 9993x6
        6 sent #3
        7 accepted #3
        10 flatten
        > state HALTED flatten
        > cancel #3 bid 9993x6
        > cancel #2 ask 10005x10
        11 back
        12 canceled #3
        13 canceled #2
        > place R1 ask 9900x10 ioc
        14 sent R1
        15 accepted R1
        16 fill R1 6
        17 canceled R1
        > place R2 ask 9900x4 ioc
        117 timer
        118 sent R2
        119 fill R2 4
        > state HALTED flatten
        120 back
        121 book 9989x5 9991x5
    ",
        ),
    );
}

#[test]
fn only_what_reduces_is_quoted_while_reducing() {
    check(
        &usual(),
        &quoted(
            "
        5 fill #1 10
        > why quoted quoted
        > place #3 bid 9993x6
        6 accepted #3
        10 reduce
        > state REDUCING operator
        > cancel #3 bid 9993x6
        11 back
        12 canceled #3
        13 book 9989x5 9991x5
        > why reduce_only quoted
        > replace #2 ask 9994x10
        14 replaced #2
        20 resume
        > state ACTIVE operator
        21 back
        > why quoted quoted
        > place #4 bid 9983x6
    ",
        ),
    );
}

#[test]
fn the_end_of_the_process_is_an_end_of_quoting_for_good() {
    check(
        &usual(),
        &quoted(
            "
        10 shutdown
        > state HALTED shutdown
        > cancel #1 bid 9995x10
        > cancel #2 ask 10005x10
        11 back
        12 canceled #1
        13 canceled #2
        14 resume
        15 resume_confirmed
        16 book 9989x5 9991x5
    ",
        ),
    );
}

#[test]
fn each_condition_of_health_stops_quoting_and_its_end_starts_it() {
    for (_, name) in Health::ALL.into_iter().filter(|(one, _)| !one.lets_quote()) {
        check(
            &usual(),
            &quoted(&format!(
                "
            10 health {name}
            > why unhealthy unhealthy
            > cancel #1 bid 9995x10
            > cancel #2 ask 10005x10
            11 canceled #1
            12 canceled #2
            13 book 9989x5 9991x5
            14 health good
            > why quoted quoted
            > place #3 bid 9985x10
            > place #4 ask 9995x10
        "
            )),
        );
    }
}

#[test]
fn a_stale_book_has_no_quotes() {
    for name in ["sequence_gap", "disconnected", "checksum_mismatch"] {
        check(
            &usual(),
            &quoted(&format!(
                "
            10 fault {name}
            > why book_stale book_stale
            > cancel #1 bid 9995x10
            > cancel #2 ask 10005x10
            11 canceled #1
            12 canceled #2
            13 trade 10002x3
            14 book 9989x5 9991x5
            > why quoted quoted
            > place #3 bid 9985x10
            > place #4 ask 9995x10
        "
            )),
        );
    }
}

#[test]
fn silence_is_found_by_a_timer() {
    check(
        &usual(),
        &quoted(
            "
        4000 trade 10001x2
        14000 timer
        > why book_stale book_stale
        > cancel #1 bid 9995x10
        > cancel #2 ask 10005x10
        14001 canceled #1
        14002 canceled #2
        14003 book 9999x5 10001x5
        > why quoted quoted
        > place #3 bid 9995x10
        > place #4 ask 10005x10
    ",
        ),
    );
}

#[test]
fn a_market_that_is_halted_is_not_quoted() {
    check(
        &usual(),
        &quoted(
            "
        10 status halted
        > why market_status market_status
        > cancel #1 bid 9995x10
        > cancel #2 ask 10005x10
        11 canceled #1
        12 canceled #2
        13 status trading
        > why quoted quoted
        > place #3 bid 9995x10
        > place #4 ask 10005x10
    ",
        ),
    );
}

#[test]
fn a_refusal_comes_back_and_is_not_asked_for_again() {
    check(
        &limited("max_order_value", 100_000),
        "
        0 book 9999x5 10001x5
        > why quoted quoted
        > place #1 bid 9995x10
        > refused place #2 ask 10005x10 REJECTED_ORDER_SIZE_LIMIT 100050.0 100000.0
        1 back
        2 accepted #1
        3 book 9999x6 10001x5
        4 trade 10001x1
        5 book 9999x6 10001x4
        6 book 9969x5 9971x5
        > why quoted quoted
        > replace #1 bid 9965x10
    ",
    );
}

#[test]
fn a_refused_replace_becomes_a_cancel() {
    check(
        &limited("max_order_value", 100_100),
        &quoted(
            "
        5 book 10019x5 10021x5
        > why quoted quoted
        > cancel #2 ask 10005x10
        > refused replace #2 ask 10026x10 REJECTED_ORDER_SIZE_LIMIT 100260.0 100100.0
        6 back
        7 canceled #2
        > why quoted refused
        > cancel #1 bid 9995x10
        > refused replace #1 bid 10014x10 REJECTED_ORDER_SIZE_LIMIT 100140.0 100100.0
        8 back
        9 canceled #1
        10 book 9999x5 10001x5
        > why quoted quoted
        > place #3 bid 9995x10
        > place #4 ask 10005x10
    ",
        ),
    );
}

#[test]
fn a_replace_that_the_venue_refuses_leaves_the_order() {
    check(
        &usual(),
        &quoted(
            "
        5 book 10004x5 10006x5
        > why quoted quoted
        > replace #1 bid 9999x10
        > replace #2 ask 10011x10
        6 sent #1
        7 replaced #1
        8 replace_rejected #2 other
        > why quoted quoted
        > replace #2 ask 10011x10
        9 canceled #1
        > why quoted quoted
        > place #3 bid 9999x10
    ",
        ),
    );
}

#[test]
fn the_volume_of_a_day_ends_with_the_day() {
    check(
        &limited("max_daily_volume", 20),
        "
        86390000 book 9999x5 10001x5
        > why quoted quoted
        > place #1 bid 9995x10
        > place #2 ask 10005x10
        86390001 accepted #1
        86390002 accepted #2
        86390003 fill #1 10
        > refused place #3 bid 9993x6 REJECTED_VOLUME_LIMIT 26 20
        86390004 back
        86391004 timer
        > refused place #4 bid 9993x6 REJECTED_VOLUME_LIMIT 26 20
        86391005 back
        86393005 timer
        > refused place #5 bid 9993x6 REJECTED_VOLUME_LIMIT 26 20
        86393006 back
        86397006 timer
        > refused place #6 bid 9993x6 REJECTED_VOLUME_LIMIT 26 20
        86397007 back
        86400000 timer
        > why quoted quoted
        > place #7 bid 9993x6
    ",
    );
}

#[test]
fn a_loss_of_the_day_halts_and_a_resume_holds_it_until_midnight() {
    check(
        &limited("daily_loss_limit", 500),
        "
        86399500 book 9999x5 10001x5
        > why quoted quoted
        > place #1 bid 9995x10
        > place #2 ask 10005x10
        86399501 accepted #1
        86399502 accepted #2
        86399503 fill #1 10
        > why quoted quoted
        > place #3 bid 9993x6
        86399504 accepted #3
        86399505 book 9940x5 9942x5
        > state HALTED daily_loss_limit
        > cancel #3 bid 9993x6
        > cancel #2 ask 10005x10
        > refused replace #3 bid 9934x6 REJECTED_HALTED 2 1
        86399506 back
        86399506 back
        86399507 canceled #2
        86399508 canceled #3
        86399509 resume
        > state ACTIVE operator
        86399510 back
        > refused place #4 bid 9934x6 REJECTED_DAILY_LOSS_LIMIT 540.0 500.0
        > refused place #5 ask 9945x10 REJECTED_DAILY_LOSS_LIMIT 540.0 500.0
        86399511 back
        86399511 back
        86400000 timer
        > why quoted quoted
        > place #6 bid 9934x6
        > place #7 ask 9945x10
    ",
    );
}

#[test]
fn an_order_without_an_answer_is_unknown_until_it_is_answered_for() {
    check(
        &usual(),
        "
        0 book 9999x5 10001x5
        > why quoted quoted
        > place #1 bid 9995x10
        > place #2 ask 10005x10
        1 sent #1
        2 accepted #2
        3 timed_out #1
        4 book 9989x5 9991x5
        5 canceled #1
        > why quoted quoted
        > place #3 bid 9985x10
        > cancel #2 ask 10005x10
        > refused replace #2 ask 9995x10 REJECTED_SELF_TRADE 9995 9995
        6 back
        7 absent #1
        8 canceled #2
        1006 timer
        > why quoted quoted
        > place #4 ask 9995x10
    ",
    );
    let bench = check(
        &usual(),
        "
        0 book 9999x5 10001x5
        > why quoted quoted
        > place #1 bid 9995x10
        > place #2 ask 10005x10
        1 sent #1
        2 accepted #2
        3 timed_out #1
        4 open #1 10
        5 health sync_late
        > why unhealthy unhealthy
        > cancel #1 bid 9995x10
        > cancel #2 ask 10005x10
        6 cancel_rejected #1 unknown_order
        7 absent #1
        8 canceled #2
    ",
    );
    assert_eq!(bench.core.risk().open_orders(), 0);
}

#[test]
fn a_fill_counts_whenever_it_comes() {
    let bench = check(
        &usual(),
        "
        0 book 9999x5 10001x5
        > why quoted quoted
        > place #1 bid 9995x10
        > place #2 ask 10005x10
        1 fill #1 4
        2 accepted #2
        3 halt
        > state HALTED operator
        > cancel #1 bid 9995x10
        > cancel #2 ask 10005x10
        4 back
        5 canceled #1
        6 canceled #2
        7 fill #2 6
        8 fill #1 2
    ",
    );
    assert_eq!(bench.core.risk().position(InstrumentId(0)).position.lots, 0);
}

#[test]
fn cancels_pass_where_nothing_else_does() {
    check(
        &limited("max_orders_per_second", 4),
        &quoted(
            "
        5 book 10004x5 10006x5
        > why quoted quoted
        > replace #1 bid 9999x10
        > cancel #2 ask 10005x10
        > refused replace #2 ask 10011x10 REJECTED_RATE_LIMIT 4 3
        6 back
        8 halt
        > state HALTED operator
        > cancel #1 bid 9995x10
        9 back
    ",
        ),
    );
}

#[test]
fn one_book_that_is_stale_is_its_own_affair() {
    let mut both = config();
    both["instruments"] = json!([{ "symbol": "BTC-USD" }, { "symbol": "ETH-USD" }]);
    check(
        &core_params(&both),
        "
        0 book 9999x5 10001x5
        > why quoted quoted
        > place #1 bid 9995x10
        > place #2 ask 10005x10
        1 book:1 9999x5 10001x5
        > why quoted quoted
        > place #3 bid 9995x10 of the second
        > place #4 ask 10005x10 of the second
        2 accepted #1
        3 accepted #2
        4 accepted #3
        5 accepted #4
        6 fault:1 sequence_gap
        > why book_stale book_stale
        > cancel #3 bid 9995x10 of the second
        > cancel #4 ask 10005x10 of the second
        7 canceled #3
        8 canceled #4
        9 book:1 9989x5 9991x5
        > why quoted quoted
        > place #5 bid 9985x10 of the second
        > place #6 ask 9995x10 of the second
        10 accepted #5
        11 accepted #6
        12 fault_of_all disconnected
        > why book_stale book_stale
        > cancel #1 bid 9995x10
        > cancel #2 ask 10005x10
        > why book_stale book_stale
        > cancel #5 bid 9985x10 of the second
        > cancel #6 ask 9995x10 of the second
        13 halt
        > state HALTED operator
        14 back
    ",
    );
}

#[test]
fn a_halt_outlives_a_restart() {
    let mut params = usual();
    let risk = Core::new(&params).into_risk();
    let trading = OpeningState {
        state: TradingState::Halted,
        reason: StateReason::Operator,
        killed: false,
        loss_halts: true,
        flattening: Flattening::No,
        ending: false,
    };
    params.opening = Some(Opening { trading, ..risk.closing() });
    check(
        &params,
        "
        0 book 9999x5 10001x5
        1 book 9989x5 9991x5
        2 resume
        > state ACTIVE operator
        3 back
        > why quoted quoted
        > place #1 bid 9985x10
        > place #2 ask 9995x10
    ",
    );
}

/// Proposals per refusal are bounded: a side that is refused for good is tried again after a
/// second, two, four and so on up to a minute, however often the market moves between.
#[test]
fn a_refused_side_is_tried_seldom() {
    let mut bench = Bench::new(&limited("max_daily_volume", 12));
    bench.play("0 book 9999x5 10001x5");
    bench.play("1 accepted #1");
    let mut refused = 0;
    let mut at = 2;
    while at < 200_000 {
        if let Some(due) = bench.core.deadline()
            && due.0 / 1_000_000 - ORIGIN_MS <= at
        {
            at = due.0 / 1_000_000 - ORIGIN_MS;
            bench.play(&format!("{at} timer"));
        } else if bench.feedback.is_empty() {
            bench.play(&format!("{at} book 9999x{} 10001x5", 5 + at / 10 % 3));
            at += 10;
        } else {
            bench.play(&format!("{at} back"));
        }
        let is_refusal = |output: &&Output| matches!(output, Output::Refusal(_));
        refused += bench.out.items().iter().filter(is_refusal).count();
    }
    // After 1, 2, 4, 8, 16, 32 seconds and then every minute: the first at once, then at
    // 1, 3, 7, 15, 31, 63, 123 and 183.
    assert_eq!(refused, 8);
}
