//! REST snapshots come through their own thread while the session goes on hearing the feed.

use pinnaclemm::types::{Nanos, Venue};

use crate::tls_server::{Asked, Client, Event, Peer, Server, Welcome, config, symbols};

const ANSWER: &str = r#"{"result":null,"id":1}"#;

struct Scene {
    rest: Server,
    feed: Server,
    client: Client,
}

/// A feed and a REST server of one certificate each, and a client that believes both.
fn scene(welcomes: impl IntoIterator<Item = Welcome>) -> Scene {
    let (feed, rest) = (Server::start([]), Server::start(welcomes));
    let mut config = config(Venue::BinanceSpot, &feed);
    config.rest = Some(rest.endpoint());
    let both = vec![feed.certificate.clone(), rest.certificate.clone()];
    config.roots = pinnaclemm::venue::session::config::Roots::Only(both);
    let client = Client::new(config);
    Scene { rest, feed, client }
}

impl Scene {
    fn come_up(&mut self) -> Peer {
        let mut peer = self.client.come_up(&self.feed);
        peer.send(ANSWER);
        assert_eq!(self.client.next(), Event::Frame(ANSWER.into()));
        peer
    }

    /// The next request, while the session turns.
    fn asked(&mut self) -> Asked {
        let rest = &self.rest;
        let asked = self.client.until("a request", |client| {
            assert_eq!(client.turn(), None);
            rest.request()
        });
        assert!(
            asked.head.starts_with("GET /api/v3/depth?symbol=BTCUSDT&limit=1000 HTTP/1.1\r\n"),
            "{}",
            asked.head
        );
        asked
    }

    /// Turns until a failure is counted.
    fn failures(&mut self, count: u64) {
        self.client.until("a failure", |client| {
            assert_eq!(client.turn(), None);
            (client.session.counters().rest_failures == count).then_some(())
        });
    }
}

fn requests(count: usize) -> Vec<Welcome> {
    vec![Welcome::Request; count]
}

#[test]
fn a_snapshot_comes_unasked_after_the_subscribe_and_again_when_it_does_not_bridge() {
    let mut scene = scene(requests(2));
    let btc = symbols(&["BTCUSDT"])[0];
    let _peer = scene.come_up();
    scene.asked().answer("200 OK", "", b"{\"lastUpdateId\":1}");
    assert_eq!(scene.client.next(), Event::Rest(btc, b"{\"lastUpdateId\":1}".to_vec()));

    let now = scene.client.now();
    scene.client.session.resync(&btc, now);
    scene.client.session.resync(&btc, now);
    scene.client.quiet(5);
    assert_eq!(scene.client.session.counters().resyncs, 1, "not without a pause");
    scene.client.skip(Nanos::from_seconds(2));
    scene.asked().answer("200 OK", "", b"{\"lastUpdateId\":2}");
    assert_eq!(scene.client.next(), Event::Rest(btc, b"{\"lastUpdateId\":2}".to_vec()));
    scene.client.session.synced(&btc);
    let counters = scene.client.session.counters();
    assert_eq!((counters.resyncs, counters.resyncs_coalesced, counters.rest_bodies), (2, 1, 2));
}

#[test]
fn a_slow_snapshot_does_not_hold_up_the_feed() {
    let mut scene = scene(requests(1));
    let mut peer = scene.come_up();
    let slow = scene.asked();
    for n in 0..200 {
        let text = format!(r#"{{"stream":"btcusdt@trade","data":{n}}}"#);
        peer.send(&text);
        assert_eq!(scene.client.next(), Event::Frame(text.into_bytes()));
    }
    let body = vec![b'7'; 2_000_000];
    // The client's thread reads it while the session turns.
    let expected = Event::Rest(symbols(&["BTCUSDT"])[0], body.clone());
    slow.answer("200 OK", "", &body);
    assert_eq!(scene.client.next(), expected);
}

#[test]
fn a_limit_is_obeyed_and_a_failure_is_tried_again() {
    let mut scene = scene(requests(4));
    let mut peer = scene.come_up();
    scene.asked().answer("429 Too Many Requests", "Retry-After: 30\r\n", b"{}");
    scene.failures(1);
    for second in 0..29 {
        scene.client.skip(Nanos::from_seconds(1));
        peer.send("alive");
        assert_eq!(scene.client.next(), Event::Frame(b"alive".to_vec()));
        assert!(scene.rest.request().is_none(), "asked again after {second} s");
    }
    assert_eq!(scene.client.session.counters().resyncs, 1);
    scene.client.skip(Nanos::from_seconds(2));
    scene.asked().answer("500 Internal Server Error", "", b"oops");
    scene.failures(2);
    scene.client.skip(Nanos::from_seconds(4));
    // The end of the connection instead of an answer.
    drop(scene.asked());
    scene.failures(3);
    scene.client.skip(Nanos::from_seconds(8));
    scene.asked().answer("200 OK", "", b"at last");
    assert_eq!(scene.client.next(), Event::Rest(symbols(&["BTCUSDT"])[0], b"at last".to_vec()));
    assert_eq!(scene.client.session.counters().resyncs, 4);
}

#[test]
fn a_snapshot_for_a_connection_that_is_gone_is_counted_and_dropped() {
    let mut scene = scene(requests(2));
    let peer = scene.come_up();
    let late = scene.asked();
    peer.cut();
    assert!(matches!(scene.client.next(), Event::Down(_)));
    scene.client.skip_to_due();
    let _peer = scene.come_up();
    late.answer("200 OK", "", b"of the old connection");
    let asked = scene.asked();
    assert_eq!(scene.client.session.counters().rest_late, 1);
    asked.answer("200 OK", "", b"of the new one");
    let expected = Event::Rest(symbols(&["BTCUSDT"])[0], b"of the new one".to_vec());
    assert_eq!(scene.client.next(), expected);
}
