//! Configs as data: flags, environment and file → what is made of them, or every fault by its path.

use super::json::{Json, Step, path_text};
use super::load::load_text;
use super::*;
use crate::web::token::TokenSource;
use clap::Parser as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

const SHIPPED: &str = include_str!("../../config/default_config.json");

fn flags(line: &str) -> Result<Arguments, String> {
    let words = ["pinnaclemm"].into_iter().chain(line.split_whitespace());
    Arguments::try_parse_from(words).map_err(|error| error.to_string())
}

/// Loads a text; account and limits, which have no default, and a strategy that keeps to them, are
/// the shipped ones if it has none.
fn loaded(text: &str, line: &str, environment: &Environment) -> Result<Loaded, Vec<String>> {
    let mut text = text.to_owned();
    let own = Json::parse(&text, &mut Vec::new());
    if let (Ok(Json::Map(own)), Ok(Json::Map(all))) = (own, Json::parse(SHIPPED, &mut Vec::new())) {
        for (key, value) in all
            .iter()
            .filter(|(key, _)| ["account", "risk_management", "strategy"].contains(&key.as_str()))
        {
            if !own.iter().any(|(held, _)| held == key) {
                let end = text.rfind('}').unwrap();
                let comma = if own.is_empty() && !text.contains("account") { "" } else { "," };
                text.insert_str(end, &format!("{comma}\"{key}\":{value}"));
            }
        }
    }
    match load_text("test", &text, &flags(line).unwrap(), environment) {
        Ok(loaded) => Ok(loaded),
        Err(ConfigFault::Wrong { faults, .. }) => {
            Err(faults.list().iter().map(ToString::to_string).collect())
        }
        Err(other) => Err(vec![other.to_string()]),
    }
}

fn shipped(line: &str) -> Result<Loaded, Vec<String>> {
    loaded(SHIPPED, line, &Environment::default())
}

/// Every key of the shipped file: a value that is out of its range, and another good one that must
/// make another config. A switch has no range: `-`.
const KEYS: &str = r#"
mode                          | "live"     | "paper"
seed                          | -1         | 7
instruments[0].symbol         | "../BTC"   | "ETH-USD"
instruments[0].enabled        | -          | -
account.currency              | "U D"      | "EUR"
account.capital               | 0          | 5
account.conversions[0].currency | "U D"    | "DAI"
account.conversions[0].rate   | 0          | 0.9
account.conversions[1].currency | "USDT"   | "DAI"
account.conversions[1].rate   | -1         | 1.1
risk_management.limits.max_position_size     | 0    | 2
risk_management.limits.max_notional_exposure | -1   | 2
risk_management.limits.max_net_exposure      | 200001 | 2
risk_management.limits.max_gross_exposure    | 0    | 200001
risk_management.limits.max_drawdown_pct      | 101  | 2
risk_management.limits.daily_loss_limit      | "NaN" | 2
risk_management.limits.min_order_size        | 0.2  | 0.0002
risk_management.limits.max_order_size        | 0    | 0.2
risk_management.limits.max_order_value       | null | 2
risk_management.limits.max_daily_volume      | 0    | 2
risk_management.limits.max_orders_per_second | 100001 | 60
risk_management.limits.cancel_reserve_pct    | 91   | 30
risk_management.limits.price_collar_bps      | 5001 | 2
risk_management.limits.orders_max            | 0    | 2
risk_management.limits.conversion_age_max_ms | 0    | 2
risk_management.circuit_breaker.enabled | - | false
risk_management.circuit_breaker.price_move_1min_pct | 0 | 1.5
risk_management.circuit_breaker.price_move_5min_pct | 101 | 4
risk_management.circuit_breaker.spread_widen_multiplier | 1 | 2.5
risk_management.circuit_breaker.spread_floor_bps | 10001 | 5
risk_management.circuit_breaker.volume_spike_multiplier | 0.5 | 4
risk_management.circuit_breaker.crisis_speed_multiplier | 0 | 4
risk_management.circuit_breaker.crisis_floor_bps | 10001 | 5
risk_management.circuit_breaker.max_latency_us | 0 | 5
risk_management.circuit_breaker.max_disconnect_ms | 0 | 5
risk_management.circuit_breaker.cooldown_period_ms | 0 | 5
risk_management.circuit_breaker.half_open_test_duration_ms | 0 | 5
risk_management.circuit_breaker.half_open_size_pct | 101 | 5
risk_management.circuit_breaker.half_open_orders_per_second | 0 | 6
risk_management.circuit_breaker.prices_deadline_ms | 0 | 5
risk_management.circuit_breaker.trades_deadline_ms | 86400001 | 5
risk_management.auto_hedge.enabled | - | true
risk_management.auto_hedge.threshold_pct | 101 | -
risk_management.auto_hedge.interval_ms | 99 | -
risk_management.alerts.min_interval_ms | 86400001 | 0
risk_management.alerts.max_history | 0 | 5
risk_management.alerts.warning_threshold_pct | 101 | 5
risk_management.alerts.webhook_retry_ms | 0 | -
risk_management.var.window_size        | 1     | 100
risk_management.var.simulation_count   | 99    | 5000
risk_management.var.horizon            | 0     | 2
risk_management.var.sample_interval_ms | 9     | 1000
risk_management.var.update_interval_ms | 9     | 1000
risk_management.var.min_samples        | 253   | 50
risk_management.var.var_limit_pct      | 0     | 2.5
risk_management.var.limit_method       | "guess" | "ewma"
risk_management.var.ewma_decay         | 1     | 0.9
risk_management.var.student_degrees    | 2     | 5
risk_management.var.antithetic         | -     | false
risk_management.var.stress.price_shocks_pct[0]   | -101 | -5
risk_management.var.stress.price_shocks_pct[1]   | 1001 | 5
risk_management.var.stress.volatility_times[0]   | -1   | 2
risk_management.var.stress.liquidity_gaps_pct[0] | 101  | 1
risk_management.var.stress.correlation_to_one    | -    | false
risk.stopLossPct                | 1001       | 4
risk.takeProfitPct              | 0.00001    | 6
strategy.enabled                | -          | false
strategy.name                   | "Best"     | "GLFT"
strategy.fairValue              | "last"     | "mid"
strategy.baseSpreadBps          | -1         | 11
strategy.minSpreadBps           | 11         | 4
strategy.maxSpreadBps           | 9          | 60
strategy.edgeBps                | 1001       | 1
strategy.volatilityFactor       | -1         | 2
strategy.imbalanceFactor        | 101        | 1
strategy.imbalanceThreshold     | 2          | 0.4
strategy.imbalanceLevels        | 0          | 5
strategy.referencePrice         | 0          | 50000
strategy.orderQuantity          | 0.06       | 0.02
strategy.minOrderQuantity       | 0          | 0.002
strategy.maxOrderQuantity       | 1e-9       | 0.06
strategy.targetPosition         | 0.6        | -0.1
strategy.maxPosition            | 0          | 0.6
strategy.inventorySkewFactor    | 1.1        | 1
strategy.maxLevels              | 9          | 2
strategy.priceLevelSpacing      | -1         | 1
strategy.requoteToleranceTicks  | 1000001    | 1
strategy.minQuoteLifeMs         | 600001     | 1
strategy.useReplace             | -          | false
strategy.volatilityHalfLifeMs   | 0          | 100
strategy.volatilitySampleMs     | 0          | 10
strategy.volatilityWarmupMs     | 2000000001 | 10
strategy.gamma                  | 0          | -
strategy.horizonMs              | 0          | -
strategy.arrivalRate            | 0          | 2
strategy.arrivalDecay           | 0          | 2
strategy.arrivalHalfLifeMs      | 0          | 2000
strategy.requestsPerSecond      | 0          | 2
strategy.requestsBurst          | 0          | 50
strategy.requestsKeptForCancels | 40         | 2
exchange.simulator.volatility   | 11         | 0.6
exchange.simulator.drift        | 11         | -0.1
exchange.simulator.jumpsPerHour | -1         | 31
exchange.simulator.jumpBps      | 1001       | 6
exchange.simulator.tickSize     | 0          | 0.05
exchange.simulator.lotSize      | 0          | 0.0001
exchange.simulator.markets      | {"BTC-USD":{"startPrice":0.001}} | {"BTC-USD":{"startPrice":50000}}
exchange.simulator.participants.taker.count         | 1001 | 11
exchange.simulator.participants.taker.ratePerMinute | -1   | 61
exchange.simulator.participants.taker.notional      | 0    | 1000
exchange.simulator.participants.maker.count         | -1   | 21
exchange.simulator.participants.maker.ratePerMinute | 1e7  | 1201
exchange.simulator.participants.maker.notional      | 1e10 | 6001
exchange.simulator.participants.maker.spreadBps     | 0    | 7
exchange.simulator.participants.maker.lagMs         | -1   | 51
exchange.simulator.participants.noise.count         | 1001 | 11
exchange.simulator.participants.noise.ratePerMinute | -1   | 601
exchange.simulator.participants.noise.notional      | 0    | 3001
exchange.simulator.participants.noise.depthBps      | 1001 | 21
exchange.simulator.participants.arbitrageur.count   | 1001 | 3
exchange.simulator.participants.arbitrageur.ratePerMinute | -1 | 601
exchange.simulator.participants.arbitrageur.notional | 0   | 10001
exchange.simulator.participants.arbitrageur.edgeBps | 0    | 2
exchange.simulator.feedLatencyUs    | 10000001 | 201
exchange.simulator.feedJitterUs     | -1       | 101
exchange.simulator.orderLatencyUs   | 10000001 | 301
exchange.simulator.orderJitterUs    | -1       | 101
exchange.simulator.reportLatencyUs  | 10000001 | 301
exchange.simulator.reportJitterUs   | -1       | 101
exchange.simulator.makerFeeBps      | 101      | -0.5
exchange.simulator.takerFeeBps      | 0.001    | 6
exchange.simulator.cancelOnDisconnect | -      | true
exchange.fills.queueModel       | "fifo"     | "log"
exchange.fills.orderLatencyUs   | 1000001    | 2
exchange.fills.reportLatencyUs  | 1000001    | 2
exchange.fills.feedLatencyUs    | 1000001    | 2
exchange.fills.makerFeeBps      | 1001       | -2
exchange.fills.takerFeeBps      | -1001      | 2
timing.publishStatsIntervalMs | 99         | 500
timing.orderTimeoutMs         | 3600001    | 100
report.directory              | ""         | "other"
report.periodMs               | 0          | 500
shutdown.cancelTimeoutMs      | 600001     | 100
logging.level                 | "loud"     | "error"
logging.console               | -          | false
logging.file                  | -          | false
logging.directory             | ""         | "other"
logging.maxFileBytes          | 0          | 65536
logging.keepFiles             | 1001       | 0
persistence.dataDirectory     | ""         | "other"
persistence.segmentBytes      | 1048577    | 1048576
persistence.sync              | "never"    | "each"
persistence.journalSyncIntervalMs | 0      | 2.5
persistence.snapshotIntervalMin   | 0          | 30
persistence.keepSnapshots         | 0          | 3
threads.mode                  | "many"     | "shared"
threads.pin                   | -          | false
threads.stallMicros           | 99         | 100
threads.idle                  | {"web":"spin"}    | {"feed":"spin"}
threads.cores                 | {"feed":1,"risk":1} | {"feed":1}
rings.feedToQuoting           | 1000       | 1024
rings.quotingToRisk           | 512        | 1024
rings.riskToJournal           | 8388608    | 4194304
rings.journalToGateway        | 0          | 2048
rings.backToFeed              | 1025       | 2048
web.bind                        | "nowhere"  | "0.0.0.0"
web.apiPort                     | 65536      | 9001
web.wsPort                      | 8081       | 9000
"#;

/// The paths of all values of a tree that are no lists and objects, or empty ones.
fn leaves(tree: &Json, path: &mut Vec<Step>, all: &mut Vec<Vec<Step>>) {
    let mut go = |step: Step, value: &Json| {
        path.push(step);
        leaves(value, path, all);
        path.pop();
    };
    match tree {
        Json::Map(map) => map.iter().for_each(|(key, value)| go(Step::Key(key.clone()), value)),
        Json::List(list) => list.iter().enumerate().for_each(|(at, v)| go(Step::Item(at), v)),
        Json::Scalar(_) => all.push(path.clone()),
    }
    if matches!(tree, Json::Map(map) if map.is_empty()) {
        all.push(path.clone());
    }
}

/// The shipped file with another value at a path.
fn changed(steps: &[Step], value: &str) -> String {
    fn set(tree: &mut Json, steps: &[Step], value: &str) {
        match (tree, steps.split_first()) {
            (tree, None) => *tree = Json::Scalar(value.to_owned()),
            (Json::Map(map), Some((Step::Key(key), rest))) => {
                let held = map.iter_mut().find(|(held, _)| held == key).unwrap();
                set(&mut held.1, rest, value);
            }
            (Json::List(list), Some((Step::Item(at), rest))) => set(&mut list[*at], rest, value),
            _ => panic!("the path was taken from the tree"),
        }
    }
    let mut tree = Json::parse(SHIPPED, &mut Vec::new()).unwrap();
    set(&mut tree, steps, value);
    tree.to_string()
}

#[test]
fn every_shipped_key_is_checked_and_used() {
    let tree = Json::parse(SHIPPED, &mut Vec::new()).unwrap();
    let mut paths = Vec::new();
    leaves(&tree, &mut Vec::new(), &mut paths);
    let rows: Vec<[&str; 3]> = (KEYS.lines().filter(|line| !line.is_empty()))
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>().try_into().unwrap())
        .collect();
    let (names, known): (Vec<_>, Vec<_>) =
        (paths.iter().map(|steps| path_text(steps)).collect(), rows.iter().map(|r| r[0]).collect());
    assert_eq!(names, known, "the table tells of every key of the file, in its order");
    let all = |loaded: Loaded| {
        let Loaded { config, effective, .. } = loaded;
        let (maker_bps, taker_bps) = (1.0, 2.0);
        let fees = crate::engine::quote::Fees { maker_bps, taker_bps };
        let table = effective.stand_in();
        let mut scaled = effective.clone();
        let prices = vec![Some(crate::types::Price(3_000_000)); table.len()];
        scaled.scale_for(&table, &prices, &mut Faults::default());
        let bound = scaled.bind(&table, fees, &mut Faults::default());
        (config, bound.unwrap())
    };
    let base = all(shipped("").unwrap());
    let nowhere = Environment::default();
    for (steps, [path, wrong, other]) in paths.iter().zip(rows) {
        let is_map = matches!(tree.at(steps), Some(Json::Map(_)));
        let named = |value: &str| {
            let faults = loaded(&changed(steps, value), "", &nowhere).unwrap_err();
            let begins = |fault: &String| {
                let rest = fault.strip_prefix(path);
                rest.is_some_and(|rest| rest.starts_with(" = ") || is_map && rest.starts_with('.'))
            };
            assert!(faults.iter().any(begins), "{path} = {value}: {faults:?}");
        };
        named(if is_map { "5" } else { "{}" });
        named("[1]");
        if wrong != "-" {
            named(wrong);
        }
        if other != "-" {
            // Another mode wants a venue as well.
            let line = if path == "mode" { "--venue kraken --symbol BTC/USD" } else { "" };
            // Another account's currency needs a rate for the instrument's.
            let text = match path {
                "account.currency" => changed(steps, other).replace(
                    r#""conversions":["#,
                    r#""conversions":[{"currency":"USD","rate":0.9},"#,
                ),
                _ => changed(steps, other),
            };
            assert_ne!(
                all(loaded(&text, line, &nowhere).unwrap()),
                base,
                "{path} = {other} changes nothing"
            );
        }
    }
}

#[test]
fn what_is_not_said_is_as_it_is_shipped() {
    // Limits have no default, and those of the quoter fit the limits.
    let mut tree = Json::parse(SHIPPED, &mut Vec::new()).unwrap();
    let Json::Map(map) = &mut tree else { unreachable!("it is an object") };
    let kept = ["instruments", "account", "risk_management", "strategy"];
    map.retain(|(key, _)| kept.contains(&key.as_str()));
    let bare = loaded(&tree.to_string(), "", &Environment::default()).unwrap();
    assert_eq!(bare.config, shipped("").unwrap().config);
    assert_eq!(bare.effective, shipped("").unwrap().effective);
}

#[test]
fn limits_have_no_default() {
    let text = r#"{"instruments": [{"symbol": "BTC-USD"}], "account": {"currency": "USD"}}"#;
    let fault = load_text("test", text, &Arguments::default(), &Environment::default());
    let fault = fault.unwrap_err().to_string();
    let limits = KEYS.lines().filter(|line| line.starts_with("risk_management.limits."));
    let mut count = 0;
    for line in limits {
        let path = line.split('|').next().unwrap().trim();
        assert!(fault.contains(&format!("  {path} = nothing: must be")), "{path}: {fault}");
        count += 1;
    }
    assert_eq!(count, 15);
}

#[test]
fn the_quoter_stays_within_the_hard_limits() {
    let text = r#"{"instruments":[{"symbol":"A-USD"},{"symbol":"B-USD","maxPosition":2}],
        "strategy":{"orderQuantity":0.01,"maxOrderQuantity":0.2,"minOrderQuantity":0.00001,
        "maxPosition":0.5,"baseSpreadBps":0}}"#;
    let faults = loaded(text, "", &Environment::default()).unwrap_err();
    assert_eq!(
        faults,
        [
            "strategy.baseSpreadBps = 0: must be from 0.01 to 5000",
            "strategy.minSpreadBps = 5: must be at most baseSpreadBps",
        ]
    );
    let faults = loaded(&text.replace(r#","baseSpreadBps":0"#, ""), "", &Environment::default());
    assert_eq!(
        faults.unwrap_err(),
        [
            "strategy.minOrderQuantity = 0.00001000: must be at least the min_order_size of A-USD, 0.00010000",
            "strategy.maxOrderQuantity = 0.20000000: must be at most the max_order_size of A-USD, 0.10000000",
            "instruments[1].maxPosition = 2.00000000: must be at most the max_position_size of B-USD, 1.00000000",
        ]
    );
}

/// What a command line and the shipped file make, in a line, or the faults.
fn check(line: &str, expected: Result<&str, &[&str]>) {
    let got = shipped(line).map(|Loaded { config, .. }| {
        let symbols: Vec<_> = config.symbols.iter().map(|symbol| symbol.as_str()).collect();
        let data = config.data_directory.map_or("-".into(), |path| path.display().to_string());
        format!(
            "{} {} {} {:?} {:?} [{}] {data}",
            config.mode.name(),
            config.venue,
            config.input.len(),
            config.threads.mode,
            config.speed,
            symbols.join(" ")
        )
        .replace("Times(Decimal { mantissa: 1, decimals: 0 })", "real")
    });
    let got = got.as_ref().map(String::as_str);
    let expected = expected.map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(got, expected.as_ref().copied(), "{line}");
}

#[test]
fn command_lines_become_configs_or_faults() {
    check("", Ok("simulation simulated 0 Auto real [BTC-USD] data"));
    check(
        "--mode simulation --speed max --seed 7 --duration 60s --threads shared --data-dir d \
         --log-dir l",
        Ok("simulation simulated 0 Shared Max [BTC-USD] d"),
    );
    check(
        "--symbol A/USD C-USD --symbols E-USD,F-USD --threads dedicated",
        Ok("simulation simulated 0 Dedicated real [A/USD C-USD E-USD F-USD] data"),
    );
    check(
        "--mode replay --venue kraken --input a b --speed 2.5",
        Ok("replay kraken 2 Auto Times(Decimal { mantissa: 25, decimals: 1 }) [] -"),
    );
    check("--mode backtest --venue kraken --input a", Ok("backtest kraken 1 Auto Max [] -"));
    check(
        "--mode backtest --venue bitstamp --input a --data-dir x",
        Ok("backtest bitstamp 1 Auto Max [] x"),
    );
    check(
        "--mode backtest --venue bitstamp --input a --threads shared",
        Err(&["threads.mode = shared: must be auto in mode backtest: it runs in one thread"]),
    );
    check(
        "--mode backtest --venue bitstamp --input a --backtest-output data/results",
        Err(&["report.directory = data/results: must be outside of the engine's own data"]),
    );
    check(
        "--backtest-output x",
        Err(&["--backtest-output = x: must be left out in mode simulation: only a backtest \
               reports"]),
    );
    check(
        "--mode paper --venue coinbase-exchange",
        Ok("paper coinbase-exchange 0 Auto real [BTC-USD] data"),
    );
    check(
        "--input a b --venue kraken",
        Err(&[
            "input = a b: must be left out in mode simulation: recordings are for replay and \
             backtest",
            "venue = kraken: must be left out in mode simulation: its venue is embedded",
        ]),
    );
    let venues = "coinbase-exchange, coinbase-advanced, kraken, binance-spot";
    let all = format!("{venues}, binance-usdm, bitstamp");
    let recorded =
        format!("venue = nothing: must be whose messages they are in mode replay: {all}");
    check(
        "--mode replay",
        Err(&["input = nothing: must be recordings in mode replay: --input FILE…", &recorded]),
    );
    let live = |venue: &str| {
        let allowed = "must be a venue with books and trades on one live feed in mode paper";
        format!("venue = {venue}: {allowed}: {venues}")
    };
    check(
        "--mode paper --venue bitstamp --speed max",
        Err(&[
            "speed = max: must be 1 in mode paper: a live feed goes as fast as it goes",
            &live("bitstamp"),
        ]),
    );
    check("--mode paper --venue binance-usdm", Err(&[&live("binance-usdm")]));
    check(
        "--mode paper --venue kraken",
        Err(&["symbols = BTC-USD: must be in the form of kraken"]),
    );
    check("--symbol A-USD,B-USD,A-USD", Err(&["symbols[2] = A-USD: must be given once"]));
    check(
        "--mode backtest --venue kraken --input a --data-dir data/../data/x",
        Err(&["persistence.dataDirectory = data/../data/x: must be outside of the engine's own \
               in mode backtest"]),
    );
    check(
        "--data-dir logs/journal",
        Err(&["persistence.dataDirectory = logs/journal: must be outside of logging.directory, \
               logs"]),
    );
    check(
        "--data-dir logs --log-dir logs/log",
        Ok("simulation simulated 0 Auto real [BTC-USD] logs"),
    );
}

#[test]
fn command_lines_that_cannot_be_read_are_refused() {
    for line in [
        "--mode live",
        "--mode",
        "--venue nyse",
        "--venue simulated",
        "--speed 0",
        "--speed -1",
        "--duration 0s",
        "--duration 10",
        "--seed -1",
        "--seed x",
        "--threads many",
        "--threads inline",
        "--symbol ../BTC",
        "--symbol A,,B",
        "--check-config --print-config",
        "--completions bash --mode replay",
        "--completions tcsh",
        "--no-web --web",
        "--bind nowhere",
        "--api-port 65536",
        "halt",
        "halt --reason x --seed 1",
        "--seed 1 --seed 2",
        "stray",
    ] {
        assert!(flags(line).is_err(), "{line}");
    }
}

#[test]
fn files_that_cannot_be_taken_are_refused_with_every_fault() {
    let check = |text: &str, line: &str, expected: &[&str]| {
        let got = loaded(text, line, &Environment::default()).unwrap_err();
        assert_eq!(got, expected, "{text}");
    };
    check("{", "", &["test is no JSON: line 1, column 1: EOF while parsing an object"]);
    check(
        "{}",
        "",
        &["instruments = none: must be at least one that is enabled, or one of --symbol"],
    );
    check(
        r#"{"instruments":[{"symbol":"A","enabled":false}]}"#,
        "",
        &["instruments = none: must be at least one that is enabled, or one of --symbol"],
    );
    check(
        r#"{
            "mode": "simulation", "mode": "paper", "seed": -5, "sede": 5,
            "instruments": [
                {"symbol": "A/../B", "baseSpreadBps": -1, "orderQuantity": 0, "maxPosition": -1},
                {"symbol": "X-USD"}, {"symbol": "X-USD", "leverage": 3}
            ],
            "duration": "10", "speed": "NaN", "timing": {"publishStatsIntervalMs": 0},
            "threads": {"cores": {"feed": 1, "risk": 1, "hot": 1}}, "rings": {"backToFeed": 1000},
            "logging": {"directory": "d"}, "persistence": {"dataDirectory": "d/./e/.."}
        }"#,
        "",
        &[
            "mode = given again: must be given once",
            "seed = -5: must be a whole number, not below zero",
            "sede = 5: must be left out: there is no such key here, only mode, venue, input, \
             speed, seed, duration, symbols, instruments, account, risk_management, risk, strategy, \
             exchange, timing, report, shutdown, logging, persistence, \
             threads, rings, web",
            "instruments[0].maxPosition = -1: must be a decimal number: a sign is not \
             allowed here",
            "instruments[2].leverage = 3: must be left out: there is no such key here, only \
             symbol, enabled, baseSpreadBps, orderQuantity, minOrderQuantity, maxOrderQuantity, \
             maxPosition",
            r#"duration = "10": must be a whole number and its unit: 10s, 5m, 2h"#,
            r#"speed = "NaN": must be "max", or a number above zero"#,
            r#"instruments[0].symbol = "A/../B": must be a symbol: a name may not hold two points side by side"#,
            "instruments[0].baseSpreadBps = -1: must be above 0 and at most 10000",
            "instruments[0].orderQuantity = 0: must be above 0",
            "instruments[2].symbol = X-USD: must be given once",
            "persistence.dataDirectory = d/./e/..: must be outside of logging.directory, d",
            "timing.publishStatsIntervalMs = 0: must be from 100 to 3600000",
            "threads.cores.risk = 1: must be another core than that of feed",
            "rings.backToFeed = 1000: must be a power of two from 1024 to 4194304",
        ],
    );
}

#[test]
fn flags_stand_over_the_environment_over_the_file_over_the_defaults() {
    let file = r#"{"instruments":[{"symbol":"A-USD"}],"persistence":{"dataDirectory":"file/d"},
                   "logging":{"directory":"file/l"},"seed":2}"#;
    let none = r#"{"instruments":[{"symbol":"A-USD"}]}"#;
    let environment = Environment::of(|name| match name {
        "PINNACLE_DATA_DIR" => Some("env/d".into()),
        "PINNACLE_LOG_DIR" => Some("env/l".into()),
        _ => None,
    });
    let nowhere = Environment::default();
    let given = "--data-dir flag/d --log-dir flag/l --seed 3";
    let check = |text: &str, line: &str, environment: &Environment, expected: &str| {
        let config = loaded(text, line, environment).unwrap().config;
        let name = |path: Option<PathBuf>| path.map_or("-".into(), |p| p.display().to_string());
        let (data, logs) = (name(config.data_directory), name(config.logging.directory));
        assert_eq!(format!("{data} {logs} {}", config.seed), expected, "{line}");
    };
    check(none, "", &nowhere, "data logs 1");
    check(file, "", &nowhere, "file/d file/l 2");
    check(none, "", &environment, "env/d env/l 1");
    check(file, "", &environment, "env/d env/l 2");
    check(file, given, &environment, "flag/d flag/l 3");
    // What plays recordings stays away from the engine's journal.
    let replay = "--mode replay --venue kraken --input x";
    check(file, replay, &nowhere, "- - 2");
    check(file, replay, &environment, "- env/l 2");
    check(file, &format!("{replay} {given}"), &environment, "flag/d flag/l 3");
    let own =
        r#"{"mode":"replay","venue":"kraken","input":["x"],"persistence":{"dataDirectory":"r"}}"#;
    check(own, "", &environment, "r env/l 1");
    let faults = loaded(none, &format!("{replay} --data-dir env/d/x"), &environment).unwrap_err();
    assert!(faults[0].starts_with("persistence.dataDirectory = env/d/x"), "{faults:?}");
}

#[test]
fn an_empty_variable_is_a_fault() {
    let environment = Environment::of(|name| (name == "PINNACLE_LOG_DIR").then(|| "".into()));
    let fault = load(&Arguments::default(), &environment).unwrap_err();
    let expected = "the environment has 1 fault\n  PINNACLE_LOG_DIR = \"\": must be the name of a \
                    directory, or not set";
    assert_eq!((fault.to_string().as_str(), fault.code()), (expected, ExitCode::Refused));
}

#[test]
fn a_mounted_token_is_the_last_to_be_asked_for() {
    let folder = std::env::temp_dir().join(format!("pinnaclemm-mounted-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let token = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    };
    let (own, mounted) = (token("own", "0123456789abcdef"), token("mounted", "fedcba9876543210"));
    let inside = Environment { mounted_token: Some(mounted.clone()), ..Environment::default() };
    let chosen = |environment: &Environment, line: &str| {
        loaded(SHIPPED, line, environment).unwrap().config.web.unwrap().token
    };
    let file = |path: &Path| Some(TokenSource::File(path.to_owned()));
    assert_eq!(chosen(&inside, ""), file(&mounted));
    assert_eq!(chosen(&inside, &format!("--token-file {}", own.display())), file(&own));
    let named = Environment { token_file: Some(own.clone()), ..inside.clone() };
    assert_eq!(chosen(&named, ""), file(&own));
    let given = Some(TokenSource::Variable("0123456789abcdef".to_owned()));
    let variable = Environment { token: given.clone(), ..Environment::default() };
    assert_eq!(chosen(&variable, ""), given);
    let both = Environment { token: given, ..named };
    assert_eq!(chosen(&both, ""), file(&own));
    let short = Some(TokenSource::Variable("short-secret".to_owned()));
    let faults = loaded(SHIPPED, "", &Environment { token: short, ..Environment::default() });
    let faults = faults.unwrap_err();
    assert!(
        faults[0].starts_with("PINNACLE_API_TOKEN = the token in PINNACLE_API_TOKEN must have")
    );
    assert!(!faults[0].contains("short-secret"), "{faults:?}");
    let template = token("template", "REPLACE_ME_WITH_32_BYTES");
    let inside = Environment { mounted_token: Some(template.clone()), ..inside };
    // A template that nobody has filled in yet shuts commands, and nothing else.
    assert_eq!(chosen(&inside, ""), file(&template));
    let named = Environment { token_file: Some(template), ..Environment::default() };
    let faults = loaded(SHIPPED, "", &named).unwrap_err();
    assert!(faults[0].contains("is a placeholder"), "{faults:?}");
    let there = |exists: bool| Environment::default().mounted(|_| exists).mounted_token;
    assert_eq!((there(true), there(false)), (Some(MOUNTED_TOKEN.into()), None));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_printed_makes_the_same_config_again() {
    let rich = r#"{"instruments":[{"symbol":"A-USD","baseSpreadBps":12.5,"orderQuantity":0.010,
        "maxPosition":"0.1"},{"symbol":"B-USD","enabled":false}],"duration":"5m",
        "threads":{"cores":{"feed":3},"idle":{"web":{"sleepMicros":9}}}}"#;
    for text in [SHIPPED, rich] {
        for line in [
            "",
            "--speed max --seed 18446744073709551615 --duration 2h --threads dedicated",
            "--symbol X/USD Z/USD --data-dir /a/b --log-dir c",
            "--mode replay --venue kraken --input a b --speed 0.10",
            "--mode backtest --venue bitstamp --input a --data-dir d",
            "--mode paper --venue kraken --symbol X/USD",
        ] {
            let first = loaded(text, line, &Environment::default()).unwrap();
            let printed = first.printed().unwrap();
            let again = loaded(&printed, "", &Environment::default()).unwrap();
            assert_eq!((&again.config, &again.effective), (&first.config, &first.effective));
            assert_eq!(again.printed().unwrap(), printed, "{line}");
        }
    }
}

#[test]
fn what_is_traded_follows_symbols_and_switches() {
    let text = r#"{"instruments":[{"symbol":"A-USD","baseSpreadBps":30},{"symbol":"B-USD","enabled":false}]}"#;
    let check = |line: &str, expected: [bool; 3]| {
        let config = loaded(text, line, &Environment::default()).unwrap().config;
        let trades =
            ["A-USD", "B-USD", "C-USD"].map(|name| config.trades(arguments::symbol(name).unwrap()));
        assert_eq!(trades, expected, "{line}");
        let own = ["A-USD", "C-USD"].map(|name| config.overrides(arguments::symbol(name).unwrap()));
        assert_eq!(own.map(|own| own.base_spread_bps), [Some(30.0), None]);
    };
    check("", [true, false, false]);
    check("--symbol B-USD C-USD", [false, true, true]);
    check("--mode replay --venue kraken --input x", [true, false, true]);
    check("--mode replay --venue kraken --input x --symbol B-USD", [false, true, false]);
}
