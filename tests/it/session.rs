//! A live session hands on what the server sends, whole and in order, however it arrives; keeps to
//! the venue's pace; and brings stale books back.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use pinnaclemm::types::{Nanos, Venue};
use pinnaclemm::venue::session::config::Endpoint;
use pinnaclemm::venue::session::reason::DropReason;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

use crate::tls_server::{Client, Event, Peer, Server, config, frame, kraken_answer, symbols};

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;

fn started(venue: Venue) -> (Server, Client) {
    let server = Server::start([]);
    let client = Client::new(config(venue, &server));
    (server, client)
}

/// The next text frame; pings and the like are the session's business.
fn expect_frame(client: &mut Client, payload: &[u8]) {
    match client.next() {
        Event::Frame(got) => assert!(got == payload, "{} bytes, not those", got.len()),
        other => panic!("{other:?} instead of a frame"),
    }
}

#[test]
fn frames_are_whole_wherever_websocket_bytes_are_split() {
    let (server, mut client) = started(Venue::CoinbaseExchange);
    let mut peer = client.come_up(&server);
    let short = vec![b's'; 40];
    let medium = vec![b'm'; 300];
    // A text in three fragments with a ping between: the longest road to one message.
    let mut bytes = frame(TEXT, &short);
    bytes.extend(frame(TEXT, &medium));
    bytes.extend(frame(0x01, b"one "));
    bytes.extend(frame(PING, b"p"));
    bytes.extend(frame(0x00, b"two "));
    bytes.extend(frame(0x80, b"three"));
    for at in 1..bytes.len() {
        client.waits = at % 2 == 0;
        peer.send_raw(&bytes[..at]);
        let mut early = Vec::new();
        for _ in 0..4 {
            early.extend(client.turn());
        }
        peer.send_raw(&bytes[at..]);
        let mut all = early;
        while all.len() < 3 {
            all.push(client.next());
        }
        let expected = [short.clone(), medium.clone(), b"one two three".to_vec()];
        assert_eq!(all, expected.map(Event::Frame), "split at {at}");
    }
    let counters = client.session.counters();
    assert_eq!(counters.frames, 3 * (bytes.len() as u64 - 1));
    assert_eq!(counters.pings_answered, bytes.len() as u64 - 1);
    assert_eq!(counters.drops.iter().sum::<u64>(), 0);
}

#[test]
fn frames_are_whole_wherever_tcp_bytes_are_split() {
    let (server, mut client) = started(Venue::CoinbaseExchange);
    let mut peer = client.come_up(&server);
    let payload = br#"{"type":"heartbeat","sequence":90}"#;
    let length = peer.encrypted(&frame(TEXT, payload)).len();
    // That record was made and must be sent, or the next ones do not follow it.
    let mut peer = again(&mut client, &server, peer);
    for at in 1..length {
        let bytes = peer.encrypted(&frame(TEXT, payload));
        client.waits = at % 2 == 0;
        peer.send_wire(&bytes[..at]);
        client.quiet(3);
        peer.send_wire(&bytes[at..]);
        expect_frame(&mut client, payload);
    }
    // And every byte alone.
    for byte in peer.encrypted(&frame(TEXT, payload)) {
        client.quiet(1);
        peer.send_wire(&[byte]);
    }
    expect_frame(&mut client, payload);
}

/// Cuts the connection and takes the next one.
fn again(client: &mut Client, server: &Server, peer: Peer) -> Peer {
    peer.cut();
    assert_eq!(client.next(), Event::Down(DropReason::Cut));
    client.skip_to_due();
    client.come_up(server)
}

#[test]
fn a_frame_of_5_mb_in_random_pieces_is_whole() {
    let (server, mut client) = started(Venue::CoinbaseAdvanced);
    let mut peer = client.come_up(&server);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(11);
    let payload: Vec<u8> =
        (0..5_000_000).map(|_| b' ' + u8::try_from(random.next_u64() % 90).unwrap()).collect();
    let bytes = frame(TEXT, &payload);
    let writer = std::thread::spawn(move || {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let size = usize::try_from(1 + random.next_u64() % 60_000).unwrap().min(rest.len());
            peer.send_raw(&rest[..size]);
            rest = &rest[size..];
        }
        peer
    });
    expect_frame(&mut client, &payload);
    let mut peer = writer.join().unwrap();
    peer.send("after");
    expect_frame(&mut client, b"after");
}

#[test]
fn a_recording_played_in_random_pieces_arrives_as_it_was_recorded() {
    let folder = std::env::var_os("PINNACLE_TEST_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let Ok(file) = File::open(folder.join("binance/spot/btcusdt_20240808.gz")) else {
        println!("skipped: no recording under {}", folder.display());
        return;
    };
    let mut recording = String::new();
    GzDecoder::new(file).read_to_string(&mut recording).unwrap();
    let (server, mut client) = started(Venue::BinanceSpot);
    let mut peer = client.come_up(&server);
    // A line is the time of receipt and the frame.
    let lines: Vec<&str> =
        recording.lines().filter_map(|line| Some(line.split_once(' ')?.1)).collect();
    let bytes: Vec<u8> = lines.iter().flat_map(|line| frame(TEXT, line.as_bytes())).collect();
    let writer = std::thread::spawn(move || {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let size = usize::try_from(1 + random.next_u64() % 700).unwrap().min(rest.len());
            peer.send_raw(&rest[..size]);
            rest = &rest[size..];
        }
        peer
    });
    for line in &lines {
        expect_frame(&mut client, line.as_bytes());
    }
    writer.join().unwrap();
    assert!(lines.len() > 10_000);
    println!("played {} frames", lines.len());
}

#[test]
fn a_ping_is_answered_with_its_own_payload() {
    let (server, mut client) = started(Venue::BinanceSpot);
    let mut peer = client.come_up(&server);
    peer.send_raw(&frame(PING, b"1723161600000"));
    client.until("the pong", |client| {
        assert_eq!(client.turn(), None);
        (client.session.counters().pings_answered == 1).then_some(())
    });
    loop {
        match peer.web.read().unwrap() {
            tungstenite::Message::Pong(payload) => {
                assert_eq!(payload.as_ref(), b"1723161600000");
                return;
            }
            tungstenite::Message::Text(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_host_name_is_resolved_and_a_dead_address_does_not_bar_the_next() {
    // `localhost` may be ::1 first, where nobody listens.
    let server = Server::start([]);
    let mut config = config(Venue::CoinbaseExchange, &server);
    config.feed = Some(Endpoint { host: "localhost".into(), port: server.address.port() });
    let mut client = Client::new(config);
    for _ in 0..3 {
        match client.next() {
            Event::Up => return,
            Event::Down(DropReason::Unreachable(_)) => client.skip_to_due(),
            other => panic!("{other:?}"),
        }
    }
    panic!("localhost has more than two addresses and none answers");
}

/// Far longer than anything waited for here: a wait that is not woken fails the test.
const TOO_LONG: Duration = Duration::from_secs(25);

#[test]
fn a_wait_ends_when_something_arrives_or_is_due() {
    let (server, mut client) = started(Venue::Kraken);
    client.waits = false;
    let mut peer = client.come_up_subscribed(&server);
    for round in 0..50 {
        client.quiet(2);
        let writer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(2));
            peer.send("arrived");
            peer
        });
        let began = Instant::now();
        let event = loop {
            client.session.wait(TOO_LONG);
            if let Some(event) = client.turn() {
                break event;
            }
        };
        assert_eq!(event, Event::Frame(b"arrived".to_vec()));
        assert!(began.elapsed() < TOO_LONG / 5, "round {round}");
        peer = writer.join().unwrap();
    }
    // The back-off ends by itself, though nothing arrives.
    peer.cut();
    assert_eq!(client.next(), Event::Down(DropReason::Cut));
    client.quiet(1);
    let began = Instant::now();
    client.session.wait(TOO_LONG);
    assert!(began.elapsed() < TOO_LONG / 5);
    assert!(client.now().0 + 5_000_000 >= client.session.next_due().0, "and not before its time");
}

#[test]
fn a_cut_in_the_middle_of_a_frame_is_followed_by_reconnect_and_resubscribe() {
    let (server, mut client) = started(Venue::Kraken);
    let mut peer = client.come_up_subscribed(&server);
    for round in 0..3 {
        let bytes = frame(TEXT, b"half of this is never sent");
        peer.send_raw(&bytes[..bytes.len() / 2]);
        client.quiet(3);
        peer.cut();
        assert_eq!(client.next(), Event::Down(DropReason::Cut));
        let wait = client.session.next_due().0 - client.now().0;
        assert!(wait > 0, "round {round} comes back at once");
        client.quiet(3);
        client.skip_to_due();
        // Takes the subscribes of the new connection, and answers them.
        peer = client.come_up_subscribed(&server);
        peer.send("whole again");
        expect_frame(&mut client, b"whole again");
    }
    let counters = client.session.counters();
    assert_eq!((counters.connects, counters.ups), (4, 4));
    assert_eq!(counters.drops[DropReason::Cut.index()], 3);
    assert_eq!(counters.subscribes_accepted, 12);
}

#[test]
fn the_first_subscribe_goes_in_the_turn_that_opens_the_connection() {
    for venue in Venue::ALL.into_iter().filter(|venue| *venue != Venue::Bitstamp) {
        let (server, mut client) = started(venue);
        let mut peer = client.come_up(&server);
        assert_eq!(client.session.counters().texts_sent, 1, "{venue}");
        assert!(peer.text().to_ascii_lowercase().contains("subscribe"), "{venue}");
    }
}

#[test]
fn subscribes_keep_to_the_venues_pace() {
    let server = Server::start([]);
    let mut config = config(Venue::BinanceSpot, &server);
    let names: Vec<String> = (0..341).map(|n| format!("COIN{n}USDT")).collect();
    config.symbols = symbols(&names.iter().map(String::as_str).collect::<Vec<_>>());
    // Nothing listens there: only the feed is looked at.
    config.rest = Some(server.endpoint());
    let mut client = Client::new(config);
    let mut peer = client.come_up(&server);
    let mut sent_at = vec![client.now().0];
    while sent_at.len() < 11 {
        client.skip(Nanos::from_millis(10));
        let now = client.now().0;
        client.turn();
        let sent = usize::try_from(client.session.counters().texts_sent).unwrap();
        assert!(sent <= sent_at.len() + 1, "two texts in one turn");
        sent_at.resize(sent, now);
    }
    for first in &sent_at {
        let within = sent_at.iter().filter(|at| (0..1_000_000_000).contains(&(*at - first)));
        assert!(within.count() <= 5, "{sent_at:?}");
    }
    let mut streams = 0;
    for id in 1..=11 {
        let text = peer.text();
        assert!(text.contains(&format!(r#""id":{id}}}"#)), "{text}");
        streams += text.matches('@').count() - text.matches("@100ms").count();
    }
    assert_eq!(streams, 3 * 341);
}

#[test]
fn resyncs_are_coalesced_asked_for_again_and_end_when_the_book_is_whole() {
    let (server, mut client) = started(Venue::Kraken);
    let mut peer = client.come_up_subscribed(&server);
    let btc = symbols(&["BTC/USD"])[0];
    let asked = |client: &mut Client, peer: &mut Peer| {
        let before = client.session.counters().texts_sent;
        client.until("two texts", |client| {
            assert_eq!(client.turn(), None);
            client.skip(Nanos::from_millis(20));
            (client.session.counters().texts_sent == before + 2).then_some(())
        });
        let params = r#""params":{"channel":"book","symbol":["BTC/USD"],"depth":10}}"#;
        assert_eq!(peer.text(), format!(r#"{{"method":"unsubscribe",{params}"#));
        assert_eq!(peer.text(), format!(r#"{{"method":"subscribe",{params}"#));
    };
    for _ in 0..100 {
        client.session.resync(&btc, client.now());
    }
    asked(&mut client, &mut peer);
    client.session.resync(&btc, client.now());
    // Keeps the connection from falling silent while the clock is put forward.
    peer.send("alive");
    client.quiet_frame(b"alive");
    let counters = *client.session.counters();
    assert_eq!((counters.resyncs, counters.resyncs_coalesced), (1, 100));

    for seconds in 0..10 {
        assert_eq!(client.session.counters().resyncs, 1, "not again after {seconds} s");
        client.skip(Nanos::from_seconds(1));
        peer.send("alive");
        client.quiet_frame(b"alive");
    }
    asked(&mut client, &mut peer);
    let counters = *client.session.counters();
    assert_eq!((counters.resyncs, counters.resyncs_retried), (2, 1));

    client.session.synced(&btc);
    for _ in 0..30 {
        client.skip(Nanos::from_seconds(1));
        peer.send("alive");
        client.quiet_frame(b"alive");
    }
    assert_eq!(client.session.counters().resyncs, 2, "a whole book is left alone");
    client.session.resync(&btc, client.now());
    asked(&mut client, &mut peer);
}

#[test]
fn a_resync_waits_for_the_subscribes_and_is_forgotten_with_the_connection() {
    let (server, mut client) = started(Venue::Kraken);
    let mut peer = client.come_up(&server);
    let btc = symbols(&["BTC/USD"])[0];
    client.session.resync(&btc, client.now());
    client.until("three subscribes", |client| {
        assert_eq!(client.turn(), None);
        (client.session.counters().texts_sent == 3).then_some(())
    });
    client.quiet(5);
    assert_eq!(client.session.counters().resyncs, 0, "the answers are still to come");
    peer.send(&kraken_answer("book", true));
    client.next();
    peer.cut();
    assert_eq!(client.next(), Event::Down(DropReason::Cut));
    client.session.resync(&btc, client.now());
    client.skip_to_due();
    let _peer = client.come_up_subscribed(&server);
    client.quiet(5);
    assert_eq!(client.session.counters().resyncs, 0, "the new connection brings the book");
}

impl Client {
    /// Takes exactly this frame.
    fn quiet_frame(&mut self, payload: &[u8]) {
        expect_frame(self, payload);
    }
}
