//! The hedge through the running program: it sends orders that only reduce, and the journal of it
//! replays; switched off, it sends none.

use crate::engine_rig::Home;
use serde_json::{Value, json};

/// Requests of a run at most speed that end at once.
fn takes(home: &Home, enabled: bool) -> Vec<Value> {
    home.config("config.json", |config| {
        let hedge = json!({ "enabled": enabled, "threshold_pct": 0.1, "interval_ms": 1000 });
        config["risk_management"]["auto_hedge"] = hedge;
    });
    let data = format!("data_{enabled}");
    home.done(&format!("--config config.json --speed max --duration 120s --data-dir {data}"));
    home.check_journal(&data);
    let requests = home.dump("request", &data);
    requests.into_iter().filter(|one| one["timeInForce"] == "ioc").collect()
}

#[test]
fn a_position_beyond_its_part_is_brought_back_by_orders_that_only_reduce() {
    let home = Home::new("hedge");
    assert_eq!(takes(&home, false), Vec::<Value>::new());
    let takes = takes(&home, true);
    assert!(takes.len() > 1, "{takes:?}");
    assert!(takes.iter().all(|one| one["reduceOnly"] == true && one["postOnly"] == false));
    // At most one an interval of input time: the inputs' own stamps say so.
    let inputs = home.dump("input", "data_true");
    let time = |take: &Value| {
        let input = inputs.iter().find(|input| input["input"] == take["input"]).unwrap();
        input["time"].as_str().unwrap().to_owned()
    };
    let mut times: Vec<_> = takes.iter().map(time).collect();
    times.dedup();
    assert_eq!(times.len(), takes.len(), "{times:?}");
}
