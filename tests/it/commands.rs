//! Operators command a running engine: each command becomes an input that names who and why, is
//! answered behind its record, and replays; however the stages are joined.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::core_rig::{Engine, Scratch, Way, loaded};
use pinnaclemm::event::{Command, NoteError};
use pinnaclemm::journal::Journal;
use pinnaclemm::journal::dump::{Choice, Filter, dump};
use pinnaclemm::journal::replay::replay;
use pinnaclemm::threads::commands::{CommandDesk, CommandFault};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(20);

/// Gives each command of the lines `command > verdict state reason`, and compares.
fn command(desk: &CommandDesk, lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, expected) = line.split_once(" > ").unwrap();
        let named = |command: &Command| command.name() == word;
        let command = Command::ALL.into_iter().find(named).unwrap();
        let answer = desk.request(command, "a test", &format!("try {word}"), WAIT).unwrap();
        let told = answer.decided;
        let (verdict, state, reason) = (told.verdict, told.state, told.reason);
        let got = format!("{} {} {}", verdict.name(), state.name(), reason.name());
        assert_eq!(got, expected, "{line}");
        assert_eq!((told.command, answer.is_taken()), (command, verdict.name() == "taken"));
    }
}

/// Records of a type as objects.
fn dumped(data: &Path, of: &'static str) -> Vec<Value> {
    let mut text = Vec::new();
    dump(&Journal::open(data).unwrap(), Choice::Type(of), &Filter::default(), &mut text).unwrap();
    let lines = String::from_utf8(text).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_command_is_answered_in_every_mode_and_replays() {
    for way in [Way::Fused, Way::Threads, Way::Stepped(5)] {
        let scratch = Scratch::new("commands");
        let real = json!({ "speed": 1 });
        let engine = Engine::new(loaded(&real, Some(scratch.path())), Some(scratch.path()));
        let (desk, stop) = (engine.sequencer.desk(), engine.stop.clone());
        let operator = std::thread::spawn(move || {
            command(
                &desk,
                "reduce > taken REDUCING operator
                 halt > taken HALTED operator
                 halt > taken HALTED operator
                 resume > taken ACTIVE operator
                 kill > taken HALTED kill
                 resume > needs_confirmation HALTED kill
                 flatten > needs_confirmation HALTED kill
                 resume_confirmed > taken ACTIVE operator
                 flatten > taken HALTED flatten",
            );
            stop.request();
            desk
        });
        let outcome = engine.run(way);
        let desk = operator.join().unwrap();
        let late = desk.request(Command::Halt, "a test", "too late", WAIT);
        assert_eq!(late, Err(CommandFault::Ended), "{way:?}");
        assert!(outcome.journal_failure.is_none());
        let (replayed, left) = replay(scratch.path()).unwrap();
        assert_eq!((replayed.inputs, replayed.missing), (outcome.sequence, 0));
        assert_eq!(left.unwrap().core.risk().commands_not_taken(), 2);
        let inputs = dumped(scratch.path(), "input");
        let asked: Vec<_> = inputs.iter().filter(|input| input["id"].is_u64()).collect();
        let asked: Vec<_> = asked.iter().filter(|input| input["event"] == "command").collect();
        let answers = dumped(scratch.path(), "answer");
        assert_eq!((asked.len(), answers.len()), (9, 9));
        for (asked, answer) in asked.iter().zip(&answers) {
            assert_eq!((&asked["input"], &asked["id"]), (&answer["input"], &answer["id"]));
            assert_eq!((&asked["command"], &asked["who"]), (&answer["command"], &json!("a test")));
            assert_eq!(asked["why"], format!("try {}", asked["command"].as_str().unwrap()));
        }
    }
}

#[test]
fn what_cannot_be_asked_is_said_at_once() {
    let mut engine = Engine::new(loaded(&json!({ "speed": 1 }), None), None);
    let desk = engine.sequencer.desk();
    let ask = |who: &str, why: &str| desk.request(Command::Halt, who, why, Duration::ZERO);
    let check = |got: CommandFault, expected: &str| assert_eq!(got.to_string(), expected);
    let empty = NoteError::Empty { what: "the reason" };
    assert_eq!(ask("x", ""), Err(CommandFault::Note(empty)));
    for id in 1..=16 {
        let fault = ask("x", "y").unwrap_err();
        assert_eq!(fault, CommandFault::NoAnswer { id, waited: Duration::ZERO });
    }
    check(ask("x", "y").unwrap_err(), "16 commands wait already and this was not taken: ask again");
    engine.sequencer.poll_commands();
    check(
        ask("x", "y").unwrap_err(),
        "command 18 had no answer within 0 ms: look at the trading state whether it was taken",
    );
    drop(engine.sequencer);
    check(ask("x", "y").unwrap_err(), "the engine has ended and the command was not taken");
}
