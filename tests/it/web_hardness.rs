//! Strangers on both ports: garbage, half requests, huge ones, crowds. Probes go on being answered.

use crate::engine_rig::Home;
use crate::web_rig::{Served, answer};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

#[test]
fn garbage_is_refused_by_name_on_both_ports() {
    let home = Home::new("web_garbage");
    let served = Served::start(&home, "--duration 120s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let long = "a".repeat(9000);
    let path = "a".repeat(2000);
    let rows = [
        ("\u{16}\u{3}\u{1}hello\r\n\r\n".to_owned(), 400, "BAD_REQUEST"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400, "BAD_REQUEST"),
        ("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 400, "BAD_REQUEST"),
        ("DELETE /api/ready HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 405, "METHOD_NOT_ALLOWED"),
        ("HEAD /api/ready HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 405, "METHOD_NOT_ALLOWED"),
        (format!("GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n"), 414, "TARGET_TOO_LONG"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nA: {long}\r\n\r\n"), 431, "HEAD_TOO_LARGE"),
        (
            "POST /api/halt HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n".to_owned(),
            413,
            "BODY_TOO_LARGE",
        ),
        (
            "POST /api/halt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                .to_owned(),
            411,
            "LENGTH_REQUIRED",
        ),
    ];
    for (text, status, code) in &rows {
        for at in [served.api, served.socket] {
            let got = answer(&Served::raw(at, text.as_bytes()));
            let start = &text[..text.len().min(60)];
            assert_eq!(
                (got.status, got.json()["code"].as_str().unwrap()),
                (*status, *code),
                "{start}"
            );
        }
    }
    let allow = answer(&Served::raw(served.api, rows[3].0.as_bytes()));
    assert_eq!(allow.field("Allow"), Some("GET, POST, PATCH, OPTIONS"));
    let post = served.ask("POST /api/ready", &[], "{}");
    assert_eq!((post.status, post.field("Allow")), (405, Some("GET, OPTIONS")));
    let plain = answer(&Served::raw(served.socket, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!((plain.status, &plain.json()["code"]), (426, &"UPGRADE_REQUIRED".into()));
    // Random bytes, and connections that end at once.
    for seed in 0..64_u32 {
        let bytes: Vec<_> =
            (0..500_u32).map(|at| (seed * 7919 + at * at * 31).to_le_bytes()[1]).collect();
        Served::raw(if seed % 2 == 0 { served.api } else { served.socket }, &bytes);
        drop(TcpStream::connect(served.api).unwrap());
    }
    assert_eq!(served.get("/api/health").status, 200);
}

#[test]
fn requests_may_follow_one_another_on_a_connection() {
    let home = Home::new("web_keep");
    let served = Served::start(&home, "--duration 60s");
    let request = "GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /api/startup HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let text = Served::raw(served.api, format!("{request}{request}{last}").as_bytes());
    assert_eq!(text.matches("HTTP/1.1 ").count(), 3, "{text}");
    assert!(text.contains("uptime_ms") && text.contains("\"percent\""), "{text}");
    assert_eq!(text.matches("Connection: close").count(), 1, "{text}");
}

#[test]
fn browsers_are_told_what_they_may_and_foreign_pages_may_nothing() {
    let home = Home::new("web_origin");
    let served = Served::start(&home, "--duration 60s");
    for origin in ["null", "http://localhost:8081"] {
        let field = format!("Origin: {origin}");
        let got = served.ask("GET /api/startup", &[&field], "");
        assert_eq!(got.field("Access-Control-Allow-Origin"), Some(origin), "{}", got.head);
        let got = served.ask("OPTIONS /api/halt", &[&field], "");
        assert_eq!(got.status, 204, "{got:?}");
        assert_eq!(got.field("Access-Control-Allow-Methods"), Some("GET, POST, PATCH"));
        let headers = got.field("Access-Control-Allow-Headers");
        assert_eq!(headers, Some("Authorization, Content-Type"));
        assert_eq!(got.field("Access-Control-Allow-Credentials"), None);
    }
    let foreign = "Origin: https://evil.example";
    for line in ["GET /api/startup", "OPTIONS /api/halt", "POST /api/halt"] {
        let got = served.ask(line, &[foreign], "");
        assert_eq!((got.status, got.field("Access-Control-Allow-Origin")), (403, None), "{line}");
    }
    let upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\
                   Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    assert_eq!(answer(&Served::raw(served.socket, upgrade.as_bytes())).status, 403);
}

#[test]
fn a_request_that_never_comes_to_its_end_is_ended() {
    let home = Home::new("web_slow");
    let served = Served::start(&home, "--duration 60s");
    let begun = Instant::now();
    let got = answer(&Served::raw(served.api, b"GET /api/health HTTP/1.1\r\nHost:"));
    assert_eq!((got.status, &got.json()["code"]), (408, &"REQUEST_TIMEOUT".into()));
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}

/// As many sockets as the process may have, ours and the engine's apart: 10,000 where it may.
#[test]
fn probes_are_answered_while_crowds_hold_connections() {
    let home = Home::new("web_crowd");
    let served = Served::start(&home, "--duration 300s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let (mut idle, mut refused) = (Vec::new(), 0);
    for _ in 0..10_000 {
        match TcpStream::connect(served.api) {
            Ok(stream) => idle.push(stream),
            Err(_) => refused += 1,
        }
    }
    assert!(idle.len() >= 900, "{} held, {refused} refused", idle.len());
    let mut slow: Vec<_> = (0..100).map(|_| TcpStream::connect(served.api).unwrap()).collect();
    let mut longest = Duration::ZERO;
    for round in 0..20 {
        for stream in &mut slow {
            // One that was ended is opened again, as they do.
            if stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX:").is_err() {
                *stream = TcpStream::connect(served.api).unwrap();
            }
        }
        let begun = Instant::now();
        let status = served.get(["/api/health", "/api/ready", "/api/startup"][round % 3]).status;
        assert_eq!(status, 200);
        longest = longest.max(begun.elapsed());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(longest < Duration::from_secs(1), "{longest:?} with {} idle", idle.len());
    let mut text = [0; 1];
    idle[0].set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    assert!(!matches!(idle[0].read(&mut text), Ok(1)), "nothing is said to who says nothing");
}

/// Sends the head and then the piece again and again, for as long as anybody takes it, and anew
/// until the time is over; how often it began.
fn flood(at: SocketAddr, head: &[u8], piece: &[u8], until: Instant) -> usize {
    let mut begun = 0;
    while Instant::now() < until {
        let Ok(mut stream) = TcpStream::connect(at) else { continue };
        begun += 1;
        stream.set_write_timeout(Some(Duration::from_millis(200))).ok();
        let mut sent = stream.write_all(head);
        while sent.is_ok() && Instant::now() < until {
            sent = stream.write_all(piece);
        }
    }
    begun
}

#[test]
fn floods_cost_no_memory_and_quotes_go_on() {
    let home = Home::new("web_flood");
    let served = Served::commanded(&home, "--duration 120s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let requests = || served.get("/api/risk/state").data()["requests"].as_u64();
    served.wait("/api/orders", |answer| answer.data()["open"].as_u64() > Some(0));
    let (before, asked) = (served.engine.memory(), requests());
    let until = Instant::now() + Duration::from_secs(4);
    let upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
                   Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let body = "POST /api/halt HTTP/1.1\r\nHost: x\r\nContent-Length: 16000\r\n\
                Authorization: Bearer wrong-token-0123456789\r\n\
                Content-Type: application/json\r\n\r\n";
    let huge = "POST /api/halt HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000000\r\n\r\n";
    let garbage = [0xa5; 65_536];
    let (api, socket) = (served.api, served.socket);
    let rows = [(api, ""), (socket, ""), (api, huge), (api, body), (socket, upgrade)];
    let mut spans = Vec::new();
    std::thread::scope(|scope| {
        let floods: Vec<_> = rows
            .into_iter()
            .map(|(at, head)| scope.spawn(move || flood(at, head.as_bytes(), &garbage, until)))
            .collect();
        while Instant::now() < until {
            let begun = Instant::now();
            assert_eq!(served.get("/api/health").status, 200);
            spans.push(begun.elapsed());
        }
        let counts: Vec<_> = floods.into_iter().map(|one| one.join().expect("it ends")).collect();
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    });
    spans.sort();
    // Those who flood take the same cores as the engine: a late probe is theirs, late ones are not.
    let late = spans.iter().filter(|span| **span > Duration::from_secs(1)).count();
    assert!(spans.len() > 10 && late * 20 <= spans.len(), "{late} of {} probes", spans.len());
    assert!(spans.last() < Some(&Duration::from_secs(5)), "{:?}", spans.last());
    let grown = served.engine.memory().saturating_sub(before);
    assert!(grown < 65_536, "{grown} KiB more than {before}");
    assert!(requests() > asked, "it quotes on");
    assert_eq!(served.get("/api/risk/state").data()["is_halted"], false);
}

#[test]
fn a_caller_that_keeps_its_connection_is_answered_at_once() {
    let home = Home::new("web_pace");
    let served = Served::start(&home, "--duration 60s");
    served.wait("/api/ready", |answer| answer.status == 200);
    let mut stream = TcpStream::connect(served.api).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut spans: Vec<_> = (0..500).map(|_| round_trip(&mut stream)).collect();
    spans.sort();
    // Nobody sleeps between a request and its answer: half of them take less than one such sleep.
    assert!(spans[250] < Duration::from_millis(1), "{:?}", spans[250]);
}

/// One request on a connection that stays, and how long its answer took.
fn round_trip(stream: &mut TcpStream) -> Duration {
    let begun = Instant::now();
    stream
        .write_all(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("it takes requests");
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece).expect("it answers");
        assert_ne!(count, 0, "it closed: {text}");
        text.push_str(std::str::from_utf8(&piece[..count]).expect("text"));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let field = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        if field.expect("a length").parse() == Ok(body.len()) {
            return begun.elapsed();
        }
    }
}
