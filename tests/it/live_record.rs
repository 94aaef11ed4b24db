//! `pinnaclemm-tape record` as people run it: against a venue of the tests' own, ended by a signal,
//! and the recording replays to the books of what was sent.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use pinnaclemm::types::Venue;
use pinnaclemm::venue::binance::decode::is_rest_depth;
use pinnaclemm::venue::recorded::replay::Replay;
use pinnaclemm::venue::recorded::report::report;
use rustls::pki_types::CertificateDer;
use tungstenite::Message;

use crate::live_rig::{Play, play_of};
use crate::tls_server::{PATIENCE, Peer, Server, Welcome, kraken_answer};

/// A certificate as a PEM file holds it.
pub(crate) fn pem(certificate: &CertificateDer<'_>) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for chunk in certificate.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | usize::from(*chunk.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let digit = char::from(DIGITS[bits >> (18 - 6 * at) & 63]);
            text.push(if at <= chunk.len() { digit } else { '=' });
        }
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}

/// An empty folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).expect("target is writable");
    folder
}

struct Recording {
    server: Server,
    rest: Server,
    child: Child,
    out: PathBuf,
}

fn start(play: &Play, name: &str, more: &[&str]) -> Recording {
    let (server, rest) = (Server::start([]), Server::start([Welcome::Request]));
    let folder = folder(name);
    let (ca, out) = (folder.join("ca.pem"), folder.join("live.rec.zst"));
    let mut text = String::from("Two servers of the tests.\n");
    write!(text, "{}{}", pem(&server.certificate), pem(&rest.certificate)).expect("a string");
    std::fs::write(&ca, text).expect("target is writable");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-tape"));
    command.args(["record", "--venue", play.venue.name()]);
    for instrument in &play.survey.table {
        command.args(["--symbol", instrument.symbol.as_str()]);
    }
    command.arg("--endpoint").arg(format!("wss://{}", server.address));
    command.arg("--rest-endpoint").arg(format!("https://{}", rest.address));
    command.arg("--ca").arg(ca).arg("--out").arg(&out).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Recording { child: command.spawn().expect("the binary is built"), server, rest, out }
}

/// Sends all; the pong says that all was read.
fn send_all(play: &Play, recording: &Recording, answers: &[String]) -> Peer {
    let mut peer = recording.server.peer();
    answers.iter().for_each(|answer| peer.send(answer));
    for (_, text) in &play.records {
        if is_rest_depth(text.as_bytes()) {
            let wait = || std::thread::sleep(std::time::Duration::from_millis(5));
            let patience = std::time::Instant::now() + PATIENCE;
            let asked = loop {
                match recording.rest.request() {
                    Some(asked) => break asked,
                    None => assert!(std::time::Instant::now() < patience, "no request came"),
                }
                wait();
            };
            asked.answer("200 OK", "", text.as_bytes());
        } else {
            peer.send(text);
        }
    }
    peer.web.send(Message::Ping("all".into())).expect("it listens");
    while !matches!(peer.web.read().expect("it speaks"), Message::Pong(_)) {}
    peer
}

/// Stops it by the signal, if one is given, and demands a clean end and the same books.
fn check_end(play: &Play, recording: Recording, signal: Option<&str>) {
    let Recording { child, out, .. } = recording;
    if let Some(signal) = signal {
        let pid = child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().expect("kill is there");
        assert!(sent.success());
    }
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("JSON is text");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text} {said}");
    assert_eq!(said, "", "no terminal, no status line");
    let summary: serde_json::Value = serde_json::from_str(&text).expect("one line of JSON");
    assert_eq!(summary["venue"], play.venue.name());
    assert_eq!(summary["ups"], 1);
    let mut replay = Replay::open(play.venue, &[out]).expect("the recording is whole");
    replay.run(|_, _, _| {}).expect("the recording is whole");
    let books = |replay: &Replay| serde_json::to_string(&report(replay, 0).books).expect("plain");
    assert!(books(&replay) == books(&play.replay(play.records.len())), "{}", play.venue);
}

#[test]
fn kraken_is_recorded_until_sigint() {
    let Some(play) = play_of(Venue::Kraken, usize::MAX) else { return };
    let recording = start(&play, "record-kraken", &["--depth", "10"]);
    let answers = ["ticker", "trade"].map(|channel| kraken_answer(channel, true));
    let _peer = send_all(&play, &recording, &answers);
    check_end(&play, recording, Some("-INT"));
}

#[test]
fn binance_is_recorded_with_its_rest_snapshot_until_sigterm() {
    let Some(play) = play_of(Venue::BinanceSpot, 3000) else { return };
    let recording = start(&play, "record-binance", &[]);
    let _peer = send_all(&play, &recording, &[r#"{"result":null,"id":1}"#.into()]);
    // The snapshot comes on another connection: whether it was read, only the file can say.
    std::thread::sleep(std::time::Duration::from_millis(500));
    check_end(&play, recording, Some("-TERM"));
}

#[test]
fn a_recording_ends_by_itself_when_its_time_is_over() {
    let Some(play) = play_of(Venue::Kraken, usize::MAX) else { return };
    let recording = start(&play, "record-duration", &["--depth", "10", "--duration", "3s"]);
    let answers = ["ticker", "trade"].map(|channel| kraken_answer(channel, true));
    let _peer = send_all(&play, &recording, &answers);
    check_end(&play, recording, None);
}

/// Arguments, and what is said of them under which exit code.
fn check_refused(arguments: &[&str], code: i32, said: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm-tape"));
    let output = command.arg("record").args(arguments).output().expect("the binary is built");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    assert!(text.contains(said), "{arguments:?}: {text}");
}

#[test]
fn what_cannot_be_recorded_is_refused_by_name() {
    let folder = folder("record-refused");
    let [file, empty] = ["there.rec", "new.rec"].map(|name| folder.join(name));
    std::fs::write(&file, "kept").expect("target is writable");
    let (file, empty) = (file.to_str().expect("plain"), empty.to_str().expect("plain"));
    let kraken = ["--venue", "kraken", "--symbol", "BTC/USD", "--out"];
    let with = |more: &[&'static str]| [&kraken[..], &[empty], more].concat();
    check_refused(&[&kraken[..], &[file]].concat(), 3, "exists: move it away");
    assert_eq!(std::fs::read_to_string(file).expect("it is there"), "kept");
    check_refused(&with(&["--depth", "7"]), 3, "depth 7: the venue has [10, 25, 100, 500, 1000]");
    check_refused(&with(&["--ca", "/dev/null"]), 3, "the file holds none");
    check_refused(&with(&["--endpoint", "ws://x"]), 2, "wss://HOST:PORT");
    check_refused(&with(&["--duration", "10"]), 2, "10s, 5m, 2h");
    let bitstamp = ["--venue", "bitstamp", "--symbol", "btcusd", "--out", empty];
    check_refused(&bitstamp, 3, "bitstamp has no live session");
}
