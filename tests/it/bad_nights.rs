//! Bad nights in virtual time, through the running program: what each rule makes of them stands in
//! its journal and in its log, by the names that operators look for.
//!
//! A row has what differs from the shipped config, for how long it runs, and what must be found
//! there. What needs a wall's clock or an operator stands in `tightened` and `alerts`.

use crate::engine_rig::{Ended, Home, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Sets the value at a path of names; the first may be short for a section.
fn set(config: &mut Value, path: &str, value: Value) {
    let sections = [
        ("breaker", "risk_management.circuit_breaker"),
        ("limits", "risk_management.limits"),
        ("crowd", "exchange.simulator.participants"),
        ("venue", "exchange.simulator"),
    ];
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let whole = sections.iter().find(|(short, _)| *short == first);
    let path = whole.map_or(path.to_owned(), |(_, whole)| format!("{whole}.{rest}"));
    let place = path.split('.').fold(config, |at, name| &mut at[name]);
    *place = value;
}

/// What happened in a run, a line each: changes of the breaker and of the trading state, codes of
/// refusals, alerts.
fn told(home: &Home, ended: &Ended) -> BTreeSet<String> {
    let named = |line: &Value, key: &str| line[key].as_str().unwrap_or("account").to_owned();
    let mut lines = BTreeSet::new();
    for line in home.dump("breaker", "d") {
        let [was, state, trigger, whose] =
            ["was", "state", "trigger", "symbol"].map(|key| named(&line, key));
        lines.insert(format!("{was} -> {state} {trigger} {whose}"));
    }
    for line in home.dump("state", "d") {
        lines.insert(format!("{} {}", text(&line["state"]), text(&line["reason"])));
    }
    for line in home.dump("refusal", "d") {
        let numbers = ["value", "limit"].map(|key| line[key].is_string());
        assert_eq!(numbers, [true; 2], "the two numbers compared: {line}");
        lines.insert(text(&line["code"]));
    }
    for line in ended.lines("alert") {
        let [kind, severity, whose] = ["type", "severity", "source"].map(|key| text(&line[key]));
        lines.insert(format!("[{kind}] [{severity}] {whose}"));
    }
    lines
}

/// Plays a night and finds every line; its journal is whole, and the core decides what it says.
fn night(name: &str, (seconds, seed): (u32, u32), over: &[(&str, Value)]) -> BTreeSet<String> {
    let home = Home::new(&format!("night_{name}"));
    home.config("c.json", |config| {
        over.iter().for_each(|(path, value)| set(config, path, value.clone()));
    });
    let line = format!(
        "--config c.json --speed max --duration {seconds}s --seed {seed} --data-dir d --log-dir l"
    );
    let ended = home.done(&line);
    home.check_journal("d");
    told(&home, &ended)
}

fn check(name: &str, seconds: u32, over: &[(&str, Value)], expected: &[&str]) {
    let told = night(name, (seconds, 1), over);
    for line in expected {
        assert!(told.contains(*line), "{name}: no {line:?} in {told:#?}");
    }
}

#[test]
fn the_price_runs_away() {
    let far = json!(100);
    check(
        "minute",
        20,
        &[
            ("breaker.price_move_1min_pct", json!(0.05)),
            ("breaker.price_move_5min_pct", far.clone()),
        ],
        &[
            "CLOSED -> OPEN RAPID_PRICE_MOVE_1MIN BTC-USD",
            "[CIRCUIT_BREAKER_OPEN] [EMERGENCY] BTC-USD",
        ],
    );
    check(
        "five_minutes",
        60,
        &[("breaker.price_move_1min_pct", far), ("breaker.price_move_5min_pct", json!(0.1))],
        &["CLOSED -> OPEN RAPID_PRICE_MOVE_5MIN BTC-USD"],
    );
}

/// One slow maker against many takers: there are moments without anybody near the middle.
#[test]
fn the_spread_widens() {
    check(
        "spread",
        180,
        &[
            ("breaker.spread_widen_multiplier", json!(1.5)),
            ("breaker.spread_floor_bps", json!(0)),
            ("breaker.price_move_1min_pct", json!(100)),
            ("crowd.maker.count", json!(1)),
            ("crowd.maker.ratePerMinute", json!(60)),
            ("crowd.taker.ratePerMinute", json!(200)),
        ],
        &[
            "CLOSED -> OPEN SPREAD_WIDENING BTC-USD",
            "OPEN -> HALF_OPEN SPREAD_WIDENING account",
            "HALF_OPEN -> OPEN SPREAD_WIDENING BTC-USD",
            "[SPREAD_ANOMALY] [WARNING] BTC-USD",
            "[CIRCUIT_BREAKER_HALF_OPEN] [WARNING] account",
            // In HALF_OPEN an order is small, and the quoter does not know.
            "REJECTED_CIRCUIT_BREAKER",
        ],
    );
}

/// Hardly anybody trades, and then several do at once.
#[test]
fn much_more_is_traded() {
    check(
        "volume",
        1800,
        &[
            ("breaker.volume_spike_multiplier", json!(2)),
            ("crowd.taker.count", json!(1)),
            ("crowd.taker.ratePerMinute", json!(4)),
            ("crowd.arbitrageur.count", json!(0)),
        ],
        &[
            "CLOSED -> OPEN VOLUME_SPIKE BTC-USD",
            "OPEN -> HALF_OPEN VOLUME_SPIKE account",
            "HALF_OPEN -> CLOSED VOLUME_SPIKE account",
            "[VOLUME_ANOMALY] [WARNING] BTC-USD",
            "[CIRCUIT_BREAKER_CLOSED] [INFO] account",
        ],
    );
}

#[test]
fn the_price_jumps_as_it_never_did() {
    check(
        "crisis",
        420,
        &[
            ("breaker.crisis_speed_multiplier", json!(2)),
            ("breaker.crisis_floor_bps", json!(0)),
            ("venue.jumpsPerHour", json!(240)),
            ("venue.jumpBps", json!(30)),
        ],
        &["CLOSED -> OPEN MARKET_CRISIS BTC-USD", "[REGIME_CHANGE] [INFO] BTC-USD"],
    );
}

/// A name, what differs from the shipped config, and the code that must be found.
type Row<'a> = (&'a str, &'a [(&'a str, Value)], &'a str);

#[test]
fn each_limit_refuses_by_its_code() {
    let rows: &[Row<'_>] = &[
        ("value", &[("limits.max_order_value", json!(300))], "REJECTED_ORDER_SIZE_LIMIT"),
        ("traded", &[("limits.max_daily_volume", json!(0.05))], "REJECTED_VOLUME_LIMIT"),
        ("notional", &[("limits.max_notional_exposure", json!(1000))], "REJECTED_EXPOSURE_LIMIT"),
        ("net", &[("limits.max_net_exposure", json!(1000))], "REJECTED_EXPOSURE_LIMIT"),
        (
            "gross",
            &[("limits.max_net_exposure", json!(1000)), ("limits.max_gross_exposure", json!(1000))],
            "REJECTED_EXPOSURE_LIMIT",
        ),
        ("capacity", &[("limits.orders_max", json!(4))], "REJECTED_CAPACITY"),
        // Levels that lie upon one another are the same order again.
        ("same", &[("strategy.priceLevelSpacing", json!(0))], "REJECTED_DUPLICATE"),
        // Quotes that lean so much that they lie beyond the middle of the market.
        (
            "collar",
            &[
                ("limits.price_collar_bps", json!(1)),
                ("strategy.targetPosition", json!(0.5)),
                ("strategy.inventorySkewFactor", json!(1)),
                ("strategy.baseSpreadBps", json!(1)),
                ("strategy.minSpreadBps", json!(1)),
                ("strategy.edgeBps", json!(0)),
                ("venue.makerFeeBps", json!(0)),
            ],
            "REJECTED_PRICE_COLLAR",
        ),
        // Another currency's price is never younger than a millisecond.
        (
            "conversion",
            &[
                ("limits.conversion_age_max_ms", json!(1)),
                ("instruments", json!([{"symbol": "BTC-USD"}, {"symbol": "ETH-BTC"}])),
                ("venue.markets", json!({"ETH-BTC": {"startPrice": 0.05, "tickSize": 0.00001}})),
                ("account.conversions", json!([{"currency": "BTC", "instrument": "BTC-USD"}])),
                ("strategy.referencePrice", json!(null)),
            ],
            "REJECTED_STALE_CONVERSION",
        ),
    ];
    for (name, over, code) in rows {
        check(name, 60, over, &[code]);
    }
}

/// Changes that make the quoter propose with nearly every input, on a market that runs wild.
fn wild(also: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("strategy.requoteToleranceTicks", json!(0)),
        ("strategy.minQuoteLifeMs", json!(0)),
        ("strategy.requestsPerSecond", json!(70)),
        ("strategy.requestsBurst", json!(70)),
        ("venue.volatility", json!(5)),
        ("breaker.enabled", json!(false)),
    ];
    all.extend_from_slice(also);
    all
}

/// What one mark makes risk do by itself, the proposal behind the same mark does not know yet.
#[test]
fn what_risk_has_just_decided_binds_the_next_proposal() {
    let far =
        [("limits.daily_loss_limit", json!(100_000)), ("limits.max_drawdown_pct", json!(100))];
    let mut over = wild(&far);
    over.extend([("risk.stopLossPct", json!(0.005)), ("risk.takeProfitPct", json!(0.005))]);
    let closing =
        ["REJECTED_CLOSING", "[STOP_LOSS] [CRITICAL] BTC-USD", "[TAKE_PROFIT] [INFO] BTC-USD"];
    check("closing", 600, &over, &closing);

    // A run has one halt: some of a few seeds have a proposal right behind theirs.
    let over =
        wild(&[("limits.max_drawdown_pct", json!(0.0005)), ("strategy.maxLevels", json!(1))]);
    let nights: Vec<_> = (1..=12).map(|seed| night("halted", (20, seed), &over)).collect();
    let has = |line: &str| nights.iter().any(|told| told.contains(line));
    for line in ["HALTED drawdown_limit", "REJECTED_HALTED"] {
        assert!(has(line), "no {line:?} in {nights:#?}");
    }

    // Answers take half a second, while the price jumps: the other side's order still stands.
    let mut over = wild(&far);
    over.extend([
        ("venue.orderLatencyUs", json!(500_000)),
        ("venue.jumpsPerHour", json!(20_000)),
        ("venue.jumpBps", json!(50)),
        ("strategy.requestsPerSecond", json!(20)),
    ]);
    check("own", 120, &over, &["REJECTED_SELF_TRADE"]);
}

#[test]
fn losses_halt_or_refuse_and_positions_are_told_of() {
    let moving = ("venue.volatility", json!(2));
    check(
        "drawdown",
        300,
        &[("limits.max_drawdown_pct", json!(0.001)), moving.clone()],
        &["HALTED drawdown_limit"],
    );
    check(
        "loss",
        300,
        &[("limits.daily_loss_limit", json!(0.5)), moving.clone()],
        &["HALTED daily_loss_limit"],
    );
    // That of one instrument refuses what grows there, and halts nothing.
    let own = json!([{"symbol": "BTC-USD", "daily_loss_limit": 0.5}]);
    let told =
        night("loss_of_one", (300, 1), &[("risk_management.per_symbol_limits", own), moving]);
    assert!(told.contains("REJECTED_DAILY_LOSS_LIMIT"), "{told:#?}");
    assert!(!told.iter().any(|line| line.starts_with("HALTED daily")), "{told:#?}");
    // The quoter wants to hold so much, and does from the first fill on.
    let held = |most: f64| {
        [
            ("limits.max_position_size", json!(most)),
            ("strategy.maxPosition", json!(0.01)),
            ("strategy.maxOrderQuantity", json!(0.01)),
            ("strategy.targetPosition", json!(0.01)),
            ("strategy.inventorySkewFactor", json!(1)),
        ]
    };
    check("position_near", 120, &held(0.0105), &["[POSITION_WARNING] [WARNING] BTC-USD"]);
    check("position_at", 120, &held(0.01), &["[POSITION_BREACH] [CRITICAL] BTC-USD"]);
}
