//! Limits that are tightened over the API and the command line: they hold at once, outlive a crash,
//! and give way to a config that has changed.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::engine_rig::{Home, ended, log_lines};
use crate::web_rig::{Answer, Served, TOKEN};
use serde_json::{Value, json};

const LINE: &str = "--duration 120s --data-dir data --config config.json";

fn change(served: &Served, body: &str) -> Answer {
    let token = format!("Authorization: Bearer {TOKEN}");
    let fields = [token.as_str(), "Content-Type: application/json"];
    served.ask("PATCH /api/risk/limits", &fields, body)
}

fn begun(home: &Home) -> Served {
    let served = Served::commanded(home, LINE);
    served.wait("/api/ready", |answer| answer.status == 200);
    served
}

/// What is shown of a limit: value, hard value, source, who.
fn row(limits: &Value, key: &str, symbol: Option<&str>) -> String {
    let fits = |row: &&Value| row["key"] == key && row["symbol"].as_str() == symbol;
    let rows: Vec<_> = limits["keys"].as_array().unwrap().iter().filter(fits).collect();
    let [row] = rows[..] else { panic!("{key}: {limits}") };
    let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
    ["value", "hard", "source", "who"].map(text).join(" ")
}

fn limits(served: &Served, fits: impl Fn(&Value) -> bool) -> Value {
    served.wait("/api/risk/limits", |it| it.status == 200 && fits(&it.json()["data"])).data()
}

#[test]
fn a_limit_that_is_set_holds_and_outlives_a_crash_until_the_config_changes_it() {
    let home = Home::new("web_limits");
    home.config("config.json", |_| {});
    let served = begun(&home);
    let before = limits(&served, |_| true);
    assert_eq!(row(&before, "max_order_size", None), "0.1 0.1 file -");
    let body = r#"{"reason":"a test","who":"me","limits":{"max_order_size":"0.001",
        "daily_loss_limit":1500.5},"per_symbol_limits":[{"symbol":"BTC-USD",
        "max_position_size":0.5}]}"#;
    let taken = change(&served, body).data();
    assert_eq!((&taken["command"], &taken["verdict"]), (&json!("limits"), &json!("taken")));
    let set = limits(&served, |it| it["max_order_size"] == 0.001);
    assert_eq!(row(&set, "max_order_size", None), "0.001 0.1 operator me");
    assert_eq!(row(&set, "daily_loss_limit", None), "1500.5 2000 operator me");
    assert_eq!(row(&set, "max_position_size", Some("BTC-USD")), "0.5 1 operator me");
    assert_eq!(set["max_position_size"], 1.0, "that of all is as it was");
    // What the quoter wants is more than is left: the gate says so by its name.
    let withheld = |answer: &Answer| answer.body.contains("REJECTED_ORDER_SIZE_LIMIT");
    served.wait("/api/quotes", withheld);
    served.engine.signal("KILL");
    served.engine.end();

    // Another value of the config counts; those of the other keys are as they were set.
    home.config("config.json", |config| {
        config["risk_management"]["limits"]["daily_loss_limit"] = json!(1999);
    });
    let again = Served::commanded(&home, LINE);
    let kept = limits(&again, |_| true);
    assert_eq!(row(&kept, "max_order_size", None), "0.001 0.1 operator me");
    assert_eq!(row(&kept, "max_position_size", Some("BTC-USD")), "0.5 1 operator me");
    assert_eq!(row(&kept, "daily_loss_limit", None), "1999 1999 file -");
    let dropped = &kept["dropped"][0];
    assert_eq!(
        (&dropped["key"], &dropped["value"], &dropped["sequence"]),
        (&json!("daily_loss_limit"), &json!("1500.5"), &taken["sequence"])
    );
    let lines = log_lines(&again.engine.err(), "limit_dropped");
    assert_eq!((lines.len(), &lines[0]["who"]), (1, &json!("me")));
    let alert = again.wait("/api/risk/alerts", |it| it.body.contains("daily_loss_limit"));
    assert!(alert.body.contains("SYSTEM_ERROR") && alert.body.contains("was set to 1500.5 by me"));
    again.wait("/api/quotes", withheld);

    // Back to the config, and quotes are sent again.
    change(&again, r#"{"reason":"over","limits":{"max_order_size":null}}"#).data();
    let orders = |answer: &Answer| answer.data()["open"].as_u64() > Some(0);
    again.wait("/api/orders", orders);
    again.engine.signal("TERM");
    assert_eq!(again.engine.end().code, 0);
    home.check_journal("data");
    let asked = home.dump("input", "data").into_iter().find(|line| line["who"] == "me").unwrap();
    let expected = json!([
        { "max_order_size": "0.001" },
        { "daily_loss_limit": "1500.5" },
        { "symbol": "BTC-USD", "max_position_size": "0.5" },
    ]);
    assert_eq!((&asked["limits"], &asked["input"]), (&expected, &taken["sequence"]), "{asked}");
}

#[test]
fn what_cannot_be_set_is_refused_with_key_value_and_range() {
    let home = Home::new("web_limits_bad");
    home.config("config.json", |_| {});
    let served = begun(&home);
    let bare = served.ask("PATCH /api/risk/limits", &["Content-Type: application/json"], "{}");
    assert_eq!(bare.status, 401, "{bare:?}");
    let post = served.command("risk/limits", "{}");
    assert_eq!((post.status, post.field("Allow")), (405, Some("GET, PATCH, OPTIONS")));
    let check = |rest: &str, status: u16, said: &str| {
        let body = format!(r#"{{"reason":"a test",{rest}}}"#);
        let got = change(&served, &body);
        assert_eq!(got.status, status, "{body}: {got:?}");
        let error = got.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(said), "{body}: {error}");
    };
    let range = "allowed is a number above 0 and at most 0.1, what the config has";
    for (text, shown) in [
        (r#""abc""#, r#""abc""#),
        ("-1", "-1"),
        ("0", "0"),
        ("[1]", "[1]"),
        ("true", "true"),
        (r#""NaN""#, r#""NaN""#),
        ("0.0000000000001", "0.0000000000001"),
    ] {
        let said = format!("limits.max_order_size is {shown}: {range}");
        check(&format!(r#""limits":{{"max_order_size":{text}}}"#), 400, &said);
    }
    check(r#""limits":{"max_orders_per_second":1.5}"#, 400, "is 1.5: allowed is a whole number");
    check(r#""limits":{"max_size":1}"#, 400, "limits.max_size is no limit that can be set here");
    check(r#""limits":{"orders_max":1}"#, 400, "limits.orders_max is no limit");
    check(r#""limits":{}"#, 400, "0 limits are named: name from 1 to 10");
    check(r#""limit":{}"#, 400, "unknown field `limit`");
    let twice = r#""limits":{"max_order_size":0.1,"max_order_size":0.05}"#;
    check(twice, 400, "limits.max_order_size is named twice");
    let symbol = r#""per_symbol_limits":[{"symbol":"ABC-USD","max_order_size":0.1}]"#;
    check(symbol, 400, r#"per_symbol_limits[0].symbol is "ABC-USD": allowed is one of BTC-USD"#);
    let account = r#""per_symbol_limits":[{"symbol":"BTC-USD","max_net_exposure":1}]"#;
    check(account, 400, "per_symbol_limits[0].max_net_exposure is no limit that can be set here");
    let above = "max_order_size is 0.2: allowed is above 0 and at most 0.1, what the config has";
    check(r#""limits":{"max_order_size":0.2}"#, 409, above);
    let gross = "max_gross_exposure would be 5: allowed is at least 100000, max_net_exposure";
    check(r#""limits":{"max_gross_exposure":5}"#, 409, gross);
    let least = "BTC-USD max_order_size would be 0.00005: allowed is at least 0.0001, min_order";
    check(r#""limits":{"max_order_size":0.00005}"#, 409, least);
    let kept = limits(&served, |_| true);
    let is_of_file = |row: &Value| row["source"] == "file";
    assert!(kept["keys"].as_array().unwrap().iter().all(is_of_file), "{kept}");
    assert_eq!(served.get("/api/ready").status, 200, "nothing of it was done");
    let origin = "Origin: http://localhost";
    let preflight = served.ask("OPTIONS /api/risk/limits", &[origin], "");
    let methods = preflight.field("Access-Control-Allow-Methods");
    assert_eq!((preflight.status, methods), (204, Some("GET, POST, PATCH")));
}

#[test]
fn the_command_line_sets_limits() {
    let home = Home::new("web_limits_line");
    home.config("config.json", |_| {});
    let served = begun(&home);
    let check = |line: &str, code: i32, said: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
        let line = format!("limits --reason test --api {} {line}", served.api);
        command.current_dir(home.path("")).args(line.split_whitespace());
        command.env("PINNACLE_TOKEN_FILE", "token").env_remove("PINNACLE_CONFIG_PATH");
        let ended = ended(&mut command);
        assert_eq!(ended.code, code, "{line}: {}{}", ended.out, ended.err);
        assert!(ended.out.contains(said), "{line}: {}", ended.out);
    };
    check("max_daily_volume=10 BTC-USD:max_order_size=0.05", 0, "limits: taken");
    let set = limits(&served, |it| it["max_daily_volume"] == 10);
    assert_eq!(&row(&set, "max_daily_volume", None)[..16], "10 1000 operator");
    assert_eq!(&row(&set, "max_order_size", Some("BTC-USD"))[..17], "0.05 0.1 operator");
    check("max_daily_volume=2000", 9, "409: max_daily_volume is 2000: allowed is");
    check("max_daily_volume", 2, "a change is [SYMBOL:]KEY=VALUE");
    check("max_daily_volume=file", 0, "limits: taken");
    let back = limits(&served, |it| it["max_daily_volume"] == 1000.0);
    assert_eq!(row(&back, "max_daily_volume", None), "1000 1000 file -");
}
