//! Whatever a server does wrong has a name, is counted, and is followed by a back-off.

use pinnaclemm::types::{Nanos, Venue};
use pinnaclemm::venue::session::config::Roots;
use pinnaclemm::venue::session::reason::DropReason;

use crate::tls_server::{Client, Event, Server, Welcome, config, frame, kraken_answer};

/// The session goes down for this, waits, and comes up against a server that is sound.
fn check_welcome(welcome: Welcome, expected: DropReason) {
    let server = Server::start([welcome.clone()]);
    let mut client = Client::new(config(Venue::CoinbaseExchange, &server));
    assert_eq!(client.next(), Event::Down(expected), "{welcome:?}");
    client.quiet(3);
    client.skip_to_due();
    client.come_up(&server);
    assert_eq!(client.session.counters().drops[expected.index()], 1);
}

#[test]
fn a_server_that_does_not_open_a_websocket_is_named() {
    let http = |text: &str| Welcome::TlsBytes(text.as_bytes().to_vec());
    check_welcome(Welcome::RawBytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()), DropReason::Tls);
    check_welcome(Welcome::RawBytes(vec![0; 4000]), DropReason::Tls);
    check_welcome(http("\u{1}\u{2}garbage\r\n\r\n"), DropReason::NotWebSocket);
    check_welcome(http("HTTP/1.1 101 Switching Protocols\r\n\r\n"), DropReason::NotWebSocket);
    check_welcome(http("HTTP/1.1 200 OK\r\n\r\n"), DropReason::HttpStatus(200));
    check_welcome(http("HTTP/1.1 403 Forbidden\r\n\r\n"), DropReason::HttpStatus(403));
    check_welcome(Welcome::TlsEnd, DropReason::Cut);
}

#[test]
fn a_server_that_is_busy_is_left_alone_for_as_long_as_it_asks() {
    for status in [429, 503] {
        let answer = format!("HTTP/1.1 {status} Busy\r\nRetry-After: 120\r\n\r\n");
        let server = Server::start([Welcome::TlsBytes(answer.into_bytes())]);
        let mut client = Client::new(config(Venue::BinanceSpot, &server));
        assert_eq!(client.next(), Event::Down(DropReason::HttpStatus(status)));
        let wait = client.session.next_due().0 - client.now().0;
        assert!(wait > Nanos::from_seconds(100).0, "{wait}");
        client.skip(Nanos::from_seconds(60));
        client.quiet(5);
        assert_eq!(client.session.counters().connects, 1);
        client.skip_to_due();
        client.come_up(&server);
    }
}

#[test]
fn a_server_that_stalls_in_the_handshake_is_left_at_the_deadline() {
    let server = Server::start([Welcome::Stall]);
    let mut client = Client::new(config(Venue::CoinbaseExchange, &server));
    for _ in 0..20 {
        client.quiet(1);
        client.session.wait(std::time::Duration::from_millis(5));
    }
    client.skip(Nanos::from_seconds(10));
    assert_eq!(client.next(), Event::Down(DropReason::HandshakeTimeout));
}

#[test]
fn nobody_listening_is_named() {
    let server = Server::start([]);
    let mut config = config(Venue::CoinbaseExchange, &server);
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    config.feed.as_mut().unwrap().port = unused.local_addr().unwrap().port();
    drop(unused);
    let mut client = Client::new(config);
    let refused = std::io::ErrorKind::ConnectionRefused;
    assert_eq!(client.next(), Event::Down(DropReason::Unreachable(refused)));
}

#[test]
fn a_wrong_certificate_is_named_and_makes_no_storm() {
    let (server, other) = (Server::start([]), Server::start([]));
    let mut wrong_root = config(Venue::Kraken, &server);
    wrong_root.roots = Roots::Only(vec![other.certificate.clone()]);
    let elsewhere = Server::start_as(&["feed.example.org"], []);
    let wrong_name = config(Venue::Kraken, &elsewhere);
    for config in [wrong_root, wrong_name] {
        let mut client = Client::new(config);
        let began = client.now();
        let mut waits = Vec::new();
        while client.now().0 - began.0 < Nanos::from_seconds(600).0 {
            let event = client.next();
            if event == Event::Down(DropReason::Unreachable(std::io::ErrorKind::ConnectionRefused))
            {
                // The listener is on 127.0.0.1 only: the name cannot be tried here.
                return;
            }
            assert_eq!(event, Event::Down(DropReason::Certificate));
            waits.push(client.session.next_due().0 - client.now().0);
            client.skip_to_due();
        }
        assert!((10..30).contains(&waits.len()), "{} attempts in ten minutes", waits.len());
        assert!(waits[8..].iter().all(|wait| *wait > Nanos::from_seconds(29).0), "{waits:?}");
    }
}

#[test]
fn a_connection_that_lasted_clears_the_failures_before_it() {
    let garbage = || Welcome::TlsBytes(b"garbage\r\n\r\n".to_vec());
    let server = Server::start([garbage(), garbage(), garbage(), garbage(), garbage()]);
    let mut client = Client::new(config(Venue::CoinbaseExchange, &server));
    for _ in 0..5 {
        assert_eq!(client.next(), Event::Down(DropReason::NotWebSocket));
        client.skip_to_due();
    }
    let mut wait_after = |lasting: i64| {
        let mut peer = client.come_up(&server);
        for _ in 0..lasting {
            client.skip(Nanos::from_seconds(1));
            peer.send(r#"{"type":"subscriptions","channels":[]}"#);
            client.next();
        }
        peer.cut();
        assert_eq!(client.next(), Event::Down(DropReason::Cut));
        let wait = client.session.next_due().0 - client.now().0;
        client.skip_to_due();
        wait
    };
    assert!(wait_after(3) > Nanos::from_seconds(10).0, "the sixth failure in a row");
    assert!(wait_after(61) <= Nanos::from_seconds(1).0, "as after no failure");
}

/// Bytes that an open connection receives, and the reason for which it is left.
fn check_bytes(bytes: &[u8], expected: DropReason) {
    let server = Server::start([]);
    let mut client = Client::new(config(Venue::CoinbaseExchange, &server));
    let mut peer = client.come_up(&server);
    peer.send("sound");
    assert_eq!(client.next(), Event::Frame(b"sound".to_vec()));
    peer.send_raw(bytes);
    assert_eq!(client.next(), Event::Down(expected), "{:02x?}", &bytes[..bytes.len().min(16)]);
    client.skip_to_due();
    let mut peer = client.come_up(&server);
    peer.send("sound");
    assert_eq!(client.next(), Event::Frame(b"sound".to_vec()));
}

#[test]
fn frames_against_the_protocol_are_named() {
    check_bytes(&[0xff; 64], DropReason::Protocol);
    check_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n".repeat(4).as_slice(), DropReason::Protocol);
    check_bytes(&frame(0x83, b"reserved opcode"), DropReason::Protocol);
    check_bytes(&frame(0x8b, b"reserved control"), DropReason::Protocol);
    check_bytes(&frame(0xc1, b"compressed, never agreed"), DropReason::Protocol);
    check_bytes(&frame(0x80, b"continues nothing"), DropReason::Protocol);
    check_bytes(&frame(0x09, b"a ping in fragments"), DropReason::Protocol);
    check_bytes(&frame(0x89, &[b'p'; 126]), DropReason::Protocol);
    check_bytes(&[0x81, 0x83, 1, 2, 3, 4, b'a', b'b', b'c'], DropReason::Protocol);
    check_bytes(&frame(0x81, &[b'{', 0xc3, 0x28]), DropReason::NotUtf8);
    check_bytes(&frame(0x82, b"binary"), DropReason::Binary);
    let mut oversized = frame(0x81, &[b' '; 70_000]);
    oversized[2..10].copy_from_slice(&[0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]);
    check_bytes(&oversized, DropReason::Oversized);
    // TLS itself broken by bytes past it.
    let server = Server::start([]);
    let mut client = Client::new(config(Venue::CoinbaseExchange, &server));
    let mut peer = client.come_up(&server);
    peer.send_wire(&[0x17, 3, 3, 0, 32]);
    peer.send_wire(&[0x55; 32]);
    assert_eq!(client.next(), Event::Down(DropReason::Tls));
}

#[test]
fn every_close_code_is_named_and_only_the_venues_terminal_one_ends_it() {
    let codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 4000];
    for venue in [Venue::Kraken, Venue::CoinbaseExchange] {
        for code in codes {
            let server = Server::start([]);
            let mut client = Client::new(config(venue, &server));
            let mut peer = client.come_up(&server);
            let [low, high] = u16::to_le_bytes(code);
            let mut payload = vec![high, low];
            payload.extend(b"why");
            peer.send_raw(&frame(0x88, &payload));
            let reason = DropReason::Closed(code);
            if venue == Venue::Kraken && code == 1008 {
                for _ in 0..3 {
                    assert_eq!(client.next(), Event::Stopped(reason));
                    client.skip(Nanos::from_seconds(1000));
                }
                assert_eq!(client.session.counters().connects, 1);
                assert_eq!(client.session.next_due(), Nanos(i64::MAX));
            } else {
                assert_eq!(client.next(), Event::Down(reason), "{venue} {code}");
                client.skip_to_due();
                client.come_up(&server);
            }
            assert_eq!(client.session.counters().drops[reason.index()], 1);
        }
    }
    // A close frame without a code, and one whose code no server may send.
    check_bytes(&frame(0x88, b""), DropReason::Closed(1005));
    check_bytes(&frame(0x88, &[3, 0xee]), DropReason::Closed(1002));
    check_bytes(&frame(0x88, &[3]), DropReason::Protocol);
}

#[test]
fn a_silent_server_is_asked_and_then_left() {
    let server = Server::start([]);
    let mut client = Client::new(config(Venue::CoinbaseExchange, &server));
    let mut peer = client.come_up(&server);
    peer.send(r#"{"type":"subscriptions","channels":[]}"#);
    client.next();
    client.until("the second text", |client| {
        assert_eq!(client.turn(), None);
        (client.session.counters().texts_sent == 2).then_some(())
    });
    // Asked after 5 s, answered by the server's WebSocket: it lives.
    for round in 1..=3 {
        client.skip(Nanos::from_seconds(5));
        client.quiet(1);
        assert_eq!(client.session.counters().pings_sent, round);
        while !matches!(peer.web.read().unwrap(), tungstenite::Message::Ping(_)) {}
        peer.web.flush().unwrap();
        client.skip(Nanos::from_seconds(4));
        client.until("the pong, which puts the deadline off again", |client| {
            assert_eq!(client.turn(), None);
            let due_in = client.session.next_due().0 - client.now().0;
            (due_in > Nanos::from_seconds(2).0).then_some(())
        });
    }
    client.skip(Nanos::from_seconds(5));
    client.quiet(1);
    client.skip(Nanos::from_millis(3000));
    client.quiet(1);
    client.skip(Nanos::from_millis(2000));
    assert_eq!(client.next(), Event::Down(DropReason::Silent));
    assert_eq!(client.session.counters().pings_sent, 4);
    client.skip_to_due();
    client.come_up(&server);
}

#[test]
fn kraken_is_asked_in_its_own_words_and_its_pong_stays_inside() {
    let server = Server::start([]);
    let mut client = Client::new(config(Venue::Kraken, &server));
    let mut peer = client.come_up_subscribed(&server);
    client.skip(Nanos::from_seconds(5));
    client.quiet(1);
    assert_eq!(peer.text(), r#"{"method":"ping"}"#);
    peer.send(r#"{"method":"pong","time_in":"2026-08-24T22:21:56Z"}"#);
    peer.send(r#"{"channel":"heartbeat"}"#);
    assert_eq!(client.next(), Event::Frame(br#"{"channel":"heartbeat"}"#.to_vec()));
    client.skip(Nanos::from_seconds(4));
    client.quiet(3);
    assert_eq!(client.session.counters().pings_sent, 1);
}

#[test]
fn subscribes_that_are_refused_or_not_answered_are_named() {
    let server = Server::start([]);
    let mut client = Client::new(config(Venue::Kraken, &server));
    let mut peer = client.come_up(&server);
    for channel in ["book", "ticker"] {
        peer.send(&kraken_answer(channel, false));
        assert!(matches!(client.next(), Event::Frame(_)), "a refusal is handed on");
    }
    peer.send(&kraken_answer("trade", false));
    assert_eq!(client.next(), Event::Down(DropReason::SubscribeRefused));
    assert_eq!(client.session.counters().subscribes_refused, 3);

    client.skip_to_due();
    let mut peer = client.come_up(&server);
    peer.send(&kraken_answer("book", false));
    peer.send(&kraken_answer("ticker", true));
    peer.send(&kraken_answer("trade", true));
    for _ in 0..3 {
        assert!(matches!(client.next(), Event::Frame(_)));
    }
    client.until("all is sent", |client| {
        assert_eq!(client.turn(), None);
        client.session.is_subscribed().then_some(())
    });

    peer.cut();
    assert_eq!(client.next(), Event::Down(DropReason::Cut));
    client.skip_to_due();
    let mut peer = client.come_up(&server);
    let mut seconds = 0;
    // Heartbeats all the while: a live socket with an empty book.
    let reason = loop {
        peer.send(r#"{"channel":"heartbeat"}"#);
        match client.next() {
            Event::Frame(_) => client.skip(Nanos::from_seconds(1)),
            Event::Down(reason) => break reason,
            other => panic!("{other:?}"),
        }
        seconds += 1;
    };
    assert_eq!(reason, DropReason::SubscribeUnanswered);
    assert!((10..13).contains(&seconds), "{seconds}");
}

#[test]
fn a_fresh_connection_can_be_asked_for() {
    let server = Server::start([]);
    let mut client = Client::new(config(Venue::CoinbaseExchange, &server));
    let mut peer = client.come_up(&server);
    let now = client.now();
    assert_eq!(
        client.session.reconnect(now),
        pinnaclemm::venue::session::Turn::Down(DropReason::Asked)
    );
    while let Ok(message) = peer.web.read() {
        if let tungstenite::Message::Close(frame) = message {
            assert_eq!(u16::from(frame.unwrap().code), 1000);
            break;
        }
    }
    client.skip_to_due();
    client.come_up(&server);
}
