//! Sweeps in command lines: the runs that come of them, or the faults.

use super::*;
use crate::config::Environment;
use crate::config::load::load_text;
use clap::Parser as _;

const SHIPPED: &str = include_str!("../../config/default_config.json");

/// The runs as `number:values`, or the fault's text.
fn runs(line: &str) -> Result<Vec<String>, String> {
    let line = format!("pinnaclemm --venue kraken --input a {line}");
    let flags = Arguments::try_parse_from(line.split_whitespace()).map_err(|e| e.to_string())?;
    let loaded = load_text("x", SHIPPED, &flags, &Environment::default());
    let sweep = loaded.map_err(|fault| fault.to_string())?.sweep.expect("a sweep");
    Ok(sweep.points.iter().map(|at| format!("{}:{}", at.run, at.values.join(","))).collect())
}

#[test]
fn all_combinations_are_runs_the_last_key_running_fastest() {
    let check = |line: &str, expected: &str| {
        let got = runs(&format!("--mode backtest {line}")).unwrap();
        assert_eq!(got.join(" "), expected, "{line}");
    };
    let two = "--sweep strategy.baseSpreadBps=8,9 --sweep strategy.maxLevels=1,2,3";
    check(two, "0:8,1 1:8,2 2:8,3 3:9,1 4:9,2 5:9,3");
    check(&format!("{two} --shard 0/4"), "0:8,1 4:9,2");
    check(&format!("{two} --shard 3/4"), "3:9,1");
    check("--sweep seed=7 --shard 1/2", "");
    check("--sweep strategy.name=BasicMarketMaker,GLFT", "0:BasicMarketMaker 1:GLFT");
    check("--sweep instruments[0].maxPosition=0.1,0.2", "0:0.1 1:0.2");
    // A key that the effective config leaves out is one too.
    check("--sweep strategy.referencePrice=50000", "0:50000");
}

#[test]
fn the_runs_have_their_values() {
    let line =
        "pinnaclemm --mode backtest --venue kraken --input a --sweep strategy.baseSpreadBps=8,9";
    let flags = Arguments::try_parse_from(line.split_whitespace()).unwrap();
    let loaded = load_text("x", SHIPPED, &flags, &Environment::default()).unwrap();
    let spreads: Vec<_> = loaded
        .sweep
        .unwrap()
        .points
        .iter()
        .map(|point| point.effective.strategy.base_spread_bps)
        .collect();
    assert_eq!(spreads, [8.0, 9.0]);
}

#[test]
fn faults_are_named() {
    let check = |line: &str, words: &str| {
        let told = runs(line).unwrap_err();
        assert!(told.contains(words), "{line}: {told}");
    };
    let backtest = |rest: &str| format!("--mode backtest --sweep {rest}");
    check(
        &backtest("strategy.baseSpraedBps=5"),
        "strategy.baseSpraedBps = 5: must be left out: there is no such key here",
    );
    check(
        &backtest("strategy.baseSpreadBps=5,wide"),
        "strategy.baseSpreadBps = \"wide\": must be a number",
    );
    check(&backtest("strategy.baseSpreadBps=-5"), "strategy.baseSpreadBps = -5: must be ");
    check(
        &backtest("strategy.baseSpreadBps=5,6,5"),
        "strategy.baseSpreadBps = 5: must be given once in --sweep",
    );
    check(&backtest("seed=1 --sweep seed=2"), "--sweep = seed: must be given once");
    check(&backtest("logging.level=info"), "--sweep = logging.level: must be a key of strategy, ");
    check(&backtest("strategy..x=1"), "--sweep = strategy..x: must be a path such as");
    check(
        &backtest("instruments[7].maxPosition=1"),
        "instruments[7].maxPosition = 1: must be a key that is there",
    );
    check(&backtest("seed=1 --speed 2"), "speed = not max: must be max in a sweep");
    check(&backtest("seed=1 --data-dir d"), "persistence.dataDirectory = d: must be left out");
    check("--mode replay --sweep seed=1", "--sweep = given: must be left out in mode replay");
    for wrong in ["seed", "seed=", "=1", "seed=1,,2"] {
        check(&backtest(wrong), "a key of the config and its values");
    }
    for wrong in ["1/1", "a/2", "-1/2", "0/0", "1", "0/10001"] {
        check(&backtest(&format!("seed=1,2 --shard={wrong}")), "a part, from 0 on");
    }
    check("--mode backtest --shard 0/2", "--sweep");
    let many = (0..101).map(|at| at.to_string()).collect::<Vec<_>>().join(",");
    check(
        &backtest(&format!("seed={many} --sweep strategy.gamma={many}")),
        "--sweep = 10201: must be at most 10000 combinations",
    );
}
