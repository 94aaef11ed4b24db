//! What stops quoting although market and limits are well, through the running program: each by the
//! name that `/api/ready`, log and journal have for it.
//!
//! A journal that cannot be written stands in `disk_faults`, slowness in `tightened`, a position
//! that is not the venue's in `web_reconcile`.

use crate::disk_faults::{has, injected};
use crate::engine_rig::Home;
use crate::web_rig::Served;
use serde_json::{Value, json};

/// The longest that a disk may be asked to last.
const WEEK_MINUTES: u32 = 7 * 24 * 60;

/// One call of the system takes that long, of each thread that makes so many: quoting stops by that
/// name until it is done, and whoever watches is told.
fn check_long(name: &str, threads: &str, inject: &str, change: impl FnOnce(&mut Value)) {
    if !has("strace", "-V") {
        return;
    }
    let home = Home::new(name);
    home.config("c.json", change);
    let line = format!("--config c.json --data-dir d --threads {threads} --duration 12s");
    let ended = injected(&home, &[inject], &line);
    assert_eq!(ended.code, 0, "{name}: {}", ended.err);
    let mut health = home.dump("input", "d");
    health.retain(|line| line["conditions"].is_array());
    let is_named = |line: &Value| line["conditions"].to_string().contains(name);
    let first = health.iter().position(is_named);
    let first = first.unwrap_or_else(|| panic!("{name}: {health:?}"));
    assert!(!health[first..].iter().all(is_named), "{name}: {health:?}");
    let alerts = ended.lines("alert");
    let is_told = |one: &Value| one["type"] == "SYSTEM_ERROR" && one["source"] == name;
    assert!(alerts.iter().any(is_told), "{name}: {alerts:?}");
    home.check_journal("d");
}

/// The disk takes five seconds over one sync, where two are the bound.
#[test]
fn a_sync_that_takes_long() {
    check_long("sync_late", "shared", "msync:delay_enter=5000000:when=30", |_| ());
}

/// The hot thread sleeps for a second and a half, where half of one is the bound.
#[test]
fn a_hot_thread_that_stands_still() {
    let inject = "clock_nanosleep:delay_enter=1500000:when=5000";
    check_long("agent_stalled", "shared", inject, |config| {
        config["threads"]["idle"] = json!({"hot": {"sleepMicros": 200}});
    });
}

/// Quoting sleeps for four seconds, and the feed, which does not, has much to tell it.
#[test]
fn a_ring_whose_reader_stands_still() {
    let inject = "clock_nanosleep:delay_enter=4000000:when=5000";
    check_long("ring_near_full", "dedicated", inject, |config| {
        config["threads"]["idle"] = json!({"feed": "yield", "quoting": {"sleepMicros": 200}});
        config["rings"]["feedToQuoting"] = json!(1024);
        let venue = &mut config["exchange"]["simulator"];
        venue["participants"]["maker"]["ratePerMinute"] = json!(60_000);
    });
}

/// By this config a week of room is too little.
#[test]
fn a_disk_with_little_room_is_a_reason_by_name() {
    let home = Home::new("disk_low");
    home.config("c.json", |config| {
        let persistence = &mut config["persistence"];
        persistence["diskWarnMinutes"] = json!(WEEK_MINUTES);
        persistence["diskStopMinutes"] = json!(WEEK_MINUTES);
        persistence["diskHaltMinutes"] = json!(0);
        // As much as is thought of: what is pruned in time does not fill a disk.
        persistence["maxJournalBytes"] = json!(1_u64 << 50);
        let venue = &mut config["exchange"]["simulator"];
        venue["participants"]["maker"]["ratePerMinute"] = json!(60_000);
    });
    let served = Served::start(&home, "--config c.json --data-dir d --duration 120s");
    served.wait("/api/ready", |answer| answer.body.contains("unhealthy:disk_low"));
    served.wait("/api/orders", |answer| answer.data()["open"] == 0);
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
}

/// A start behind another one does not quote before the venue has told what it knows of us.
#[test]
fn a_venue_that_is_slow_to_tell_holds_a_start_back_by_name() {
    let home = Home::new("reconciling");
    home.done("--data-dir d --duration 4s");
    home.config("c.json", |config| {
        config["exchange"]["simulator"]["reportLatencyUs"] = json!(3_000_000);
    });
    let served = Served::start(&home, "--config c.json --data-dir d --duration 120s");
    served.wait("/api/ready", |answer| answer.body.contains("unhealthy:reconciling"));
    served.wait("/api/ready", |answer| answer.status == 200);
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
    home.check_journal("d");
}
