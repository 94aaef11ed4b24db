//! Value at risk in a run: results enter the core as inputs, make quotes smaller before anything
//! halts, grade themselves, and outlive a restart. One seed gives one journal with them too.

use crate::core_rig::{Engine, Scratch, Way, loaded, segments};
use crate::engine_rig::{Home, text};
use pinnaclemm::journal::replay::replay;
use pinnaclemm::var::Method;
use pinnaclemm::var::VarView;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// A lively market, sampled ten times a second.
fn config(seed: u64, limit_pct: f64, horizon: u32) -> Value {
    json!({
        "seed": seed,
        "duration": "6s",
        "risk_management": { "var": {
            "window_size": 40, "simulation_count": 300, "sample_interval_ms": 100,
            "update_interval_ms": 300, "min_samples": 5, "horizon": horizon,
            "var_limit_pct": limit_pct
        } },
        "strategy": {
            "baseSpreadBps": 3, "minSpreadBps": 2, "edgeBps": 0, "volatilityFactor": 0,
            "requoteToleranceTicks": 50, "minQuoteLifeMs": 0, "volatilityWarmupMs": 100,
            "inventorySkewFactor": 0
        },
        "exchange": { "simulator": {
            "makerFeeBps": 0, "participants": { "taker": { "ratePerMinute": 600.0 } }
        } }
    })
}

/// Runs it in that directory; what readers saw at the end.
fn run(config: &Value, data: &Path, way: Way) -> Arc<VarView> {
    let engine = Engine::new(loaded(config, Some(data)), Some(data));
    let (engine, reader) = engine.with_var(Some(data));
    let outcome = engine.run(way);
    assert!(outcome.journal_failure.is_none());
    reader.read()
}

#[test]
fn one_seed_gives_one_journal_with_its_results_in_every_mode() {
    for seed in 1..3 {
        let config = config(seed, 0.0001, 1000);
        let scratch = Scratch::new("var");
        let view = run(&config, scratch.path(), Way::Fused);
        let journal = segments(scratch.path());
        let (replayed, left) = replay(scratch.path()).unwrap();
        assert_eq!(replayed.missing, 0);
        let curb = *left.unwrap().core.risk().curb();
        assert!(curb.breaches() > 0, "seed {seed} passes a limit of nothing");
        assert_eq!((curb.breaches(), curb.size()), (view.breaches, view.size));
        assert_eq!(view.samples, (40, 5));
        for way in [Way::Threads, Way::Stepped(seed), Way::Stepped(seed + 50)] {
            let other = Scratch::new("var");
            let seen = run(&config, other.path(), way);
            assert_eq!(seen, view, "{way:?} of seed {seed}");
            assert!(segments(other.path()) == journal, "{way:?} of seed {seed}: another journal");
        }
    }
}

/// What a forecast says is judged; the parts add up to the whole; the figures are in order.
#[test]
fn figures_agree_with_each_other_and_are_graded() {
    let scratch = Scratch::new("var");
    let view = run(&config(1, 100.0, 1), scratch.path(), Way::Fused);
    let found = view.assessment.as_ref().unwrap();
    for (method, tails) in Method::ALL.into_iter().zip(&found.tails) {
        let name = method.name();
        if method == Method::CornishFisher && !found.is_monotone {
            continue;
        }
        for tail in tails {
            assert!(tail.expected_shortfall >= tail.value_at_risk, "{name}: {tails:?}");
        }
        assert!(tails[1].value_at_risk >= tails[0].value_at_risk, "{name}: {tails:?}");
    }
    for (components, tail) in found.components.iter().zip(found.tails(Method::Normal)) {
        let sum: f64 = components.iter().sum();
        assert!((sum - tail.value_at_risk).abs() <= 1e-9 * sum.abs(), "{sum} {tail:?}");
    }
    assert_eq!(found.stress.len(), view.scenarios.len());
    assert_eq!(found.stress[0], -found.stress[1], "10 % down and up");
    assert!(found.stress[0].abs() > 0.0, "something is held");
    assert_eq!((view.size, view.breaches), (1000, 0));
    let judged = view.forecasts.realised[0][0].periods();
    assert!(judged > 5, "{judged} forecasts were judged");
    for grades in view.forecasts.realised.iter().chain(&view.forecasts.held) {
        assert!(grades.iter().all(|grade| grade.periods() == judged));
        assert!(grades[1].exceptions() <= grades[0].exceptions() || judged == 0);
    }
}

#[test]
fn returns_and_grades_outlive_a_restart_and_damage_is_said() {
    let scratch = Scratch::new("var");
    let config = config(3, 100.0, 1);
    let first = run(&config, scratch.path(), Way::Fused);
    let begin = || {
        let engine = Engine::new(loaded(&config, Some(scratch.path())), Some(scratch.path()));
        engine.with_var(Some(scratch.path())).1.read()
    };
    let second = begin();
    assert_eq!((second.samples, second.gaps), (first.samples, first.gaps));
    assert_eq!(second.forecasts, first.forecasts);
    for damage in ["", "{", "{\"symbols\":[\"BTC-USD\"]}"] {
        std::fs::write(scratch.path().join("var_history.json"), damage).unwrap();
        assert_eq!(begin().samples.0, 0, "{damage:?} is begun anew");
    }
}

/// The real program, by the wall: inputs in the journal, `VAR_BREACH` in the log, smaller quotes.
#[test]
fn a_breach_makes_the_programs_quotes_smaller() {
    let home = Home::new("var_breach");
    home.config("config.json", |config| {
        config["risk_management"]["var"] = json!({
            "simulation_count": 200, "sample_interval_ms": 50, "update_interval_ms": 100,
            "min_samples": 5, "horizon": 10_000, "var_limit_pct": 0.0001
        });
        config["strategy"]["baseSpreadBps"] = json!(3);
        config["strategy"]["minSpreadBps"] = json!(2);
        config["strategy"]["edgeBps"] = json!(0);
        config["exchange"]["simulator"]["makerFeeBps"] = json!(0);
        config["exchange"]["simulator"]["participants"]["taker"]["ratePerMinute"] = json!(600);
    });
    let ended = home.done("--config config.json --duration 12s --log-dir logs");
    let alerts = ended.lines("alert");
    let breach = alerts.iter().find(|alert| alert["type"] == "VAR_BREACH");
    let breach = breach.unwrap_or_else(|| panic!("{}", ended.err));
    assert_eq!((&breach["severity"], &breach["source"]), (&json!("CRITICAL"), &json!("account")));
    let message = text(&breach["message"]);
    assert!(message.contains("the limit is 1 ppm") && message.contains("/1000"), "{message}");
    home.check_journal("data");
    let results: Vec<_> =
        home.dump("input", "data").into_iter().filter(|input| input["event"] == "var").collect();
    assert!(results.len() > 20, "{} results", results.len());
    assert!(results.iter().all(|result| result["asOf"].as_u64() < result["input"].as_u64()));
    let shares: Vec<f64> = results.iter().map(|r| text(&r["share"]).parse().unwrap()).collect();
    let first =
        shares.iter().position(|share| *share > 8e-6).unwrap_or_else(|| panic!("{shares:?}"));
    let behind = results[first]["input"].as_u64().unwrap();
    let requests = home.dump("request", "data");
    let sizes = |is_behind: bool| {
        let placed = requests.iter().filter(move |request| {
            request["request"] == "place" && (request["input"].as_u64() > Some(behind)) == is_behind
        });
        placed.map(|request| text(&request["qty"]).parse::<f64>().unwrap()).fold(0.0, f64::max)
    };
    assert!(sizes(false) >= 0.009, "{}", sizes(false));
    let held = home.path("data").join("var_history.json");
    assert!(held.is_file());
    if shares[first..].iter().all(|share| *share > 8e-7) {
        assert!(sizes(true) < 0.005, "{} behind the breach", sizes(true));
    }
}
