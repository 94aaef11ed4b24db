//! A short crash drill: the real engine, killed again and again on a venue that lives on.

use crate::engine_rig::{Ended, Home, ended};
use std::fs;
use std::io::Write as _;
use std::process::Command;

fn drill(home: &Home, words: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-drill"));
    command.current_dir(home.path("")).args(words);
    ended(&mut command)
}

#[test]
fn kills_on_a_venue_that_lives_on_lose_nothing() {
    let home = Home::new("drill");
    let done = drill(&home, &["run", "--kills", "8", "--seed", "3", "--verbose", "drill"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let last = done.last();
    let findings = &last["findings"];
    assert_eq!(last["kills"], 8, "{last}");
    assert!(findings["orders"].as_u64() > Some(20), "{last}");
    assert!(findings["epochs"].as_u64() > Some(3), "{last}");
    // It would see what was lost: an order that only the venue knows, and a fill.
    let judge = || drill(&home, &["judge", "drill/data", "drill/venue"]);
    assert_eq!(judge().code, 0);
    let truth = home.path("drill/venue/venue-truth.jsonl");
    let mut file = fs::File::options().append(true).open(truth).unwrap();
    writeln!(file, "{{\"gone\":12345}}").unwrap();
    let seen = judge();
    assert_eq!((seen.code, &seen.last()["ordersUnknown"]), (1, &1.into()), "{}", seen.out);
    let fill = r#"{"order":12345,"market":0,"side":"bid","price":1,"qty":1,"trade_id":9,"fee":0}"#;
    writeln!(file, "{{\"fill\":{fill}}}").unwrap();
    let seen = judge();
    assert_eq!((seen.code, &seen.last()["fillsLost"]), (1, &1.into()), "{}", seen.out);
    // A folder that is there already is not written over.
    assert_eq!(drill(&home, &["run", "drill"]).code, 2);
}
