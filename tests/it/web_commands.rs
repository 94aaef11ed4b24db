//! Commands over the API and the command line: who may, what the core says, and that a halt
//! outlives the process.

use crate::engine_rig::{Ended, Home, ended};
use crate::web_rig::{Served, TOKEN, write_token};

const JSON: &str = "Content-Type: application/json";

fn ready(served: &Served) {
    served.wait("/api/ready", |answer| answer.status == 200);
}

fn halted(served: &Served, reason: &str) {
    let answer = served.wait("/api/ready", |answer| answer.status == 503);
    assert!(answer.body.contains(&format!("halted:{reason}")), "{answer:?}");
}

#[test]
fn commands_need_the_token_and_are_answered_with_their_input() {
    let home = Home::new("web_commands");
    let served = Served::commanded(&home, "--duration 120s --data-dir data");
    ready(&served);
    let body = r#"{"reason":"a test"}"#;
    let bare = served.ask("POST /api/halt", &[JSON], body);
    assert_eq!((bare.status, &bare.json()["code"]), (401, &"UNAUTHORIZED".into()));
    assert_eq!(bare.field("WWW-Authenticate"), Some("Bearer"));
    let wrong = "Authorization: Bearer wrong-token-0123456789";
    assert_eq!(served.ask("POST /api/halt", &[wrong, JSON], body).status, 401);
    let right = format!("Authorization: Bearer {TOKEN}");
    let plain = served.ask("POST /api/halt", &[&right], body);
    assert_eq!((plain.status, &plain.json()["code"]), (415, &"UNSUPPORTED_MEDIA_TYPE".into()));
    for bad in ["{", "[]", "{}", r#"{"reason":""}"#, r#"{"reason":"a\nb"}"#, r#"{"reason":1}"#] {
        let got = served.command("halt", bad);
        assert_eq!((got.status, &got.json()["code"]), (400, &"BAD_BODY".into()), "{bad}: {got:?}");
    }
    assert_eq!(served.get("/api/halt").status, 405);
    assert_eq!(served.get("/api/ready").status, 200, "nothing of it was done");

    let halt = served.command("halt", r#"{"reason":"a test","who":"me"}"#).data();
    assert_eq!((&halt["verdict"], &halt["trading_state"]), (&"taken".into(), &"HALTED".into()));
    halted(&served, "operator");
    let open = |answer: &crate::web_rig::Answer| answer.data()["open"] == 0;
    served.wait("/api/orders", open);
    assert_eq!(served.command("resume", body).data()["trading_state"], "ACTIVE");
    ready(&served);
    served.command("risk/circuit-breaker/trip", body).data();
    let answer = served.wait("/api/ready", |answer| answer.status == 503);
    assert!(answer.body.contains("breaker_open:MANUAL"), "{answer:?}");
    let breaker = served.get("/api/risk/circuit-breaker").data();
    assert_eq!((&breaker["state"], &breaker["trip_count"]), (&"OPEN".into(), &1.into()));
    assert_eq!(breaker["trading_allowed"], false);
    assert_eq!(breaker["history"][0]["trigger"], "MANUAL");
    served.command("risk/circuit-breaker/reset", body).data();
    ready(&served);
    served.command("kill", body).data();
    halted(&served, "kill");
    let refused = served.command("resume", body);
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.body.contains("needs_confirmation"), "{refused:?}");
    served.command("resume", r#"{"reason":"a test","confirm":true}"#).data();
    ready(&served);
    served.command("flatten", body).data();
    halted(&served, "flatten");
    served.wait("/api/positions", |answer| {
        answer.data()[0]["quantity"].as_str().unwrap().parse::<f64>() == Ok(0.0)
    });

    // Who and why stand in the journal, with the number that was answered.
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
    home.check_journal("data");
    let inputs = home.dump("input", "data");
    let found = inputs.iter().find(|line| line["who"] == "me").unwrap();
    assert_eq!((&found["input"], &found["why"]), (&halt["sequence"], &"a test".into()), "{found}");
}

#[test]
fn wrong_tokens_are_slowed_down_and_the_right_one_passes() {
    let home = Home::new("web_tokens");
    let served = Served::commanded(&home, "--duration 60s");
    ready(&served);
    let wrong = "Authorization: Bearer wrong-token-0123456789";
    let statuses: Vec<_> =
        (0..30).map(|_| served.ask("POST /api/halt", &[wrong, JSON], "{}").status).collect();
    assert!(statuses.starts_with(&[401; 5]) && statuses.contains(&429), "{statuses:?}");
    let slowed = served.ask("POST /api/halt", &[wrong, JSON], "{}");
    assert_eq!((slowed.status, &slowed.json()["code"]), (429, &"TOO_MANY_REQUESTS".into()));
    assert_eq!(served.command("halt", r#"{"reason":"x"}"#).status, 200);
    // Another token in the file counts at once.
    write_token(&home, "token", "another-token-0123456789");
    assert!([401, 429].contains(&served.command("resume", r#"{"reason":"x"}"#).status));
    let new = "Authorization: Bearer another-token-0123456789";
    assert_eq!(served.ask("POST /api/resume", &[new, JSON], r#"{"reason":"x"}"#).status, 200);
}

#[test]
fn without_a_token_nobody_may_and_a_placeholder_is_none() {
    let home = Home::new("web_off");
    let served = Served::start(&home, "--duration 60s");
    ready(&served);
    let off = served.command("halt", r#"{"reason":"x"}"#);
    assert_eq!((off.status, &off.json()["code"]), (403, &"COMMANDS_OFF".into()));
    write_token(&home, "bad", "REPLACE_ME_REPLACE_ME");
    let ended = home.run("--token-file bad --api-port 0 --ws-port 0 --duration 1s");
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(
        ended.err.contains("web.tokenFile") && ended.err.contains("placeholder"),
        "{}",
        ended.err
    );
}

#[test]
fn a_halt_outlives_the_process() {
    let home = Home::new("web_halt");
    let served = Served::commanded(&home, "--duration 120s --data-dir data");
    ready(&served);
    served.command("halt", r#"{"reason":"kept"}"#).data();
    halted(&served, "operator");
    served.engine.signal("KILL");
    served.engine.end();
    let again = Served::commanded(&home, "--duration 120s --data-dir data");
    again.wait("/api/startup", |answer| answer.status == 200);
    halted(&again, "operator");
    assert_eq!(again.get("/api/health").status, 200);
}

#[test]
fn alerts_are_acknowledged_once_and_outlive_the_process() {
    let home = Home::new("web_alerts");
    let served = Served::commanded(&home, "--duration 120s --data-dir data");
    ready(&served);
    served.command("risk/circuit-breaker/trip", r#"{"reason":"a test"}"#).data();
    // Others may come beside it, as the market has it.
    let opened = |answer: &crate::web_rig::Answer| {
        let alerts = answer.data()["recent_alerts"].as_array()?.clone();
        alerts.into_iter().find(|alert| alert["type"] == "CIRCUIT_BREAKER_OPEN")
    };
    let alert =
        opened(&served.wait("/api/risk/alerts", |answer| opened(answer).is_some())).unwrap();
    assert_eq!((&alert["severity"], &alert["acknowledged"]), (&"EMERGENCY".into(), &false.into()));
    let ack = format!("risk/alerts/{}/ack", alert["id"]);
    assert_eq!(served.ask(&format!("POST /api/{ack}"), &[], "").status, 401);
    assert_eq!(served.command("risk/alerts/99/ack", "").status, 404);
    assert_eq!(served.command("risk/alerts/x/ack", "").status, 404);
    assert_eq!(served.get(&format!("/api/{ack}")).status, 405);
    assert_eq!(served.command(&ack, "").data()["acknowledged"], true);
    assert_eq!(served.command(&ack, "").status, 409);
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
    let again = Served::commanded(&home, "--duration 120s --data-dir data");
    again.wait("/api/startup", |answer| answer.status == 200);
    let kept = again.wait("/api/risk/alerts", |answer| answer.status == 200);
    assert_eq!(opened(&kept).unwrap()["acknowledged"], true, "{}", kept.body);
    // So does the breaker.
    let open = |answer: &crate::web_rig::Answer| answer.body.contains("breaker_open:MANUAL");
    again.wait("/api/ready", open);
}

/// A subcommand in that folder.
fn operate(home: &Home, line: &str) -> Ended {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
    command.current_dir(home.path("")).args(line.split_whitespace());
    command.env("PINNACLE_TOKEN_FILE", "token").env_remove("PINNACLE_CONFIG_PATH");
    ended(&mut command)
}

#[test]
fn the_command_line_asks_and_commands_the_same_engine() {
    let home = Home::new("web_operate");
    let served = Served::commanded(&home, "--duration 120s");
    ready(&served);
    let at = format!("--api {}", served.api);
    let check = |line: &str, code: i32, said: &str| {
        let ended = operate(&home, line);
        assert_eq!(ended.code, code, "{line}: {}{}", ended.out, ended.err);
        assert!(ended.out.contains(said), "{line}: {}", ended.out);
    };
    check(&format!("health {at}"), 0, "healthy");
    check(&format!("doctor {at}"), 0, "is ready");
    check(&format!("halt --reason test {at}"), 0, "the state is HALTED, operator");
    halted(&served, "operator");
    check(&format!("doctor {at}"), 9, "halted:operator");
    check(&format!("resume --reason test {at}"), 0, "the state is ACTIVE");
    check(&format!("trip --reason test {at}"), 0, "trip: taken");
    served.wait("/api/ready", |answer| answer.body.contains("breaker_open"));
    check(&format!("doctor {at}"), 9, "breaker_open:MANUAL");
    check(&format!("reset --reason test {at}"), 0, "the state is ACTIVE");
    check(&format!("kill --reason test {at}"), 0, "the state is HALTED, kill");
    check(&format!("resume --reason test {at}"), 9, "needs_confirmation");
    check(&format!("resume --confirm --reason test {at}"), 0, "the state is ACTIVE");
    check(&format!("flatten --reason test {at}"), 0, "HALTED, flatten");
    check(&format!("halt --reason test {at} --token-file absent"), 2, "cannot be read");
    let mut given = std::process::Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
    given.args(["halt", "--reason", "test"]).args(at.split_whitespace());
    given.env_remove("PINNACLE_TOKEN_FILE").env("PINNACLE_API_TOKEN", TOKEN);
    assert_eq!(ended(&mut given).code, 0);
    write_token(&home, "other", "another-token-0123456789");
    check(&format!("halt --reason test {at} --token-file other"), 9, "401");
    drop(served);
    check(&format!("health {at}"), 9, "no engine answers");
    check(&format!("doctor {at}"), 0, "pre-flight");
}
