//! What each venue is told, what its answers mean, and which configs are refused.

use super::config::{ConfigError, Endpoint, SessionConfig};
use super::facts::{self, Answer, Content, Plan, WayBack};
use super::pacing::Bucket;
use super::{Session, Target, config::Roots, tls};
use crate::types::{Symbol, Venue};

fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::new(name.as_bytes()).unwrap()).collect()
}

fn check_texts(venue: Venue, plan: &Plan<'_>, expected: &[(&str, u32)]) {
    let facts = facts::of(venue).unwrap();
    let texts = (facts.subscribe)(plan);
    let texts: Vec<_> =
        texts.iter().map(|request| (request.text.as_str(), request.answers)).collect();
    assert_eq!(texts, expected, "{venue}");
    for (text, _) in texts {
        let mut bytes = text.as_bytes().to_vec();
        simd_json::to_borrowed_value(&mut bytes).unwrap_or_else(|e| panic!("{venue}: {text}: {e}"));
    }
}

#[test]
fn every_venue_is_told_in_its_own_words() {
    let pair = symbols(&["BTC-USD", "ETH-USD"]);
    let plan = |symbols, depth, content| Plan { symbols, depth, content };
    check_texts(
        Venue::CoinbaseExchange,
        &plan(&pair, 0, Content::All),
        &[
            (
                concat!(
                    r#"{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"#,
                    r#""channels":["level2_batch","ticker","matches","heartbeat"]}"#,
                ),
                1,
            ),
            (r#"{"type":"subscribe","channels":["status"]}"#, 0),
        ],
    );
    check_texts(
        Venue::CoinbaseAdvanced,
        &plan(&pair, 0, Content::Books),
        &[
            (r#"{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"level2"}"#, 1),
            (r#"{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"ticker"}"#, 1),
            (r#"{"type":"subscribe","channel":"heartbeats"}"#, 0),
        ],
    );
    let pair = symbols(&["BTC/USD", "ETH/USD"]);
    check_texts(
        Venue::Kraken,
        &plan(&pair, 25, Content::All),
        &[
            (
                concat!(
                    r#"{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","#,
                    r#""ETH/USD"],"depth":25}}"#,
                ),
                2,
            ),
            (
                concat!(
                    r#"{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD","#,
                    r#""ETH/USD"],"event_trigger":"bbo"}}"#,
                ),
                2,
            ),
            (
                concat!(
                    r#"{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","#,
                    r#""ETH/USD"]}}"#,
                ),
                2,
            ),
        ],
    );
    let pair = symbols(&["BTCUSDT", "ETHUSDT"]);
    check_texts(
        Venue::BinanceSpot,
        &plan(&pair, 1000, Content::All),
        &[(
            concat!(
                r#"{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@bookTicker","#,
                r#""btcusdt@trade","ethusdt@depth@100ms","ethusdt@bookTicker","ethusdt@trade"],"#,
                r#""id":1}"#,
            ),
            1,
        )],
    );
    check_texts(
        Venue::BinanceUsdm,
        &plan(&pair, 1000, Content::Trades),
        &[(r#"{"method":"SUBSCRIBE","params":["btcusdt@aggTrade","ethusdt@aggTrade"],"id":1}"#, 1)],
    );
}

#[test]
fn every_venue_brings_a_book_back_in_its_own_way() {
    let check = |venue: Venue, name: &str, depth: u16, expected: &[&str]| {
        let symbol = symbols(&[name])[0];
        let facts = facts::of(venue).unwrap();
        let got = match facts.way_back {
            WayBack::Texts(texts) => texts(&symbol, depth).to_vec(),
            WayBack::Rest(rest) => {
                // A snapshot that could never be afforded would never be fetched.
                let weight = (rest.weight)(depth);
                assert!(Bucket::new(rest.limit).take(crate::types::Nanos(0), weight));
                vec![format!("https://{}{}", rest.host, (rest.path)(&symbol, depth))]
            }
        };
        assert_eq!(got, expected, "{venue}");
    };
    check(
        Venue::CoinbaseExchange,
        "BTC-USD",
        0,
        &[
            r#"{"type":"unsubscribe","product_ids":["BTC-USD"],"channels":["level2_batch"]}"#,
            r#"{"type":"subscribe","product_ids":["BTC-USD"],"channels":["level2_batch"]}"#,
        ],
    );
    check(
        Venue::CoinbaseAdvanced,
        "BTC-USD",
        0,
        &[
            r#"{"type":"unsubscribe","product_ids":["BTC-USD"],"channel":"level2"}"#,
            r#"{"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"}"#,
        ],
    );
    check(
        Venue::Kraken,
        "BTC/USD",
        100,
        &[
            concat!(
                r#"{"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"#,
                r#""depth":100}}"#,
            ),
            concat!(
                r#"{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"#,
                r#""depth":100}}"#,
            ),
        ],
    );
    let spot = "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=5000";
    check(Venue::BinanceSpot, "BTCUSDT", 5000, &[spot]);
    let usdm = "https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT&limit=1000";
    check(Venue::BinanceUsdm, "BTCUSDT", 1000, &[usdm]);
}

#[test]
fn answers_are_told_from_data() {
    let check = |venue: Venue, frame: &str, expected: Answer| {
        let answer = facts::of(venue).unwrap().answer;
        assert_eq!(answer(frame.as_bytes()), expected, "{venue}: {frame}");
    };
    use Answer::{Accepted, None, Pong, Refused};
    let (exchange, advanced) = (Venue::CoinbaseExchange, Venue::CoinbaseAdvanced);
    check(exchange, r#"{"type":"subscriptions","channels":[{"name":"level2"}]}"#, Accepted);
    check(exchange, r#"{"type":"error","message":"Failed to subscribe"}"#, Refused);
    check(exchange, r#"{"type":"snapshot","product_id":"BTC-USD","bids":[]}"#, None);
    check(advanced, r#"{"channel":"subscriptions","client_id":"","events":[]}"#, Accepted);
    check(advanced, r#"{"type":"error","message":"no such channel"}"#, Refused);
    check(advanced, r#"{"channel":"l2_data","client_id":"","events":[]}"#, None);
    let result = r#""result":{"channel":"book","depth":10,"symbol":"BTC/USD"}"#;
    check(Venue::Kraken, &format!(r#"{{"method":"subscribe",{result},"success":true}}"#), Accepted);
    let refused = concat!(
        r#"{"error":"Currency pair not supported XX/YY","method":"subscribe","#,
        r#""success":false,"symbol":"XX/YY"}"#,
    );
    check(Venue::Kraken, refused, Refused);
    check(Venue::Kraken, &format!(r#"{{"method":"unsubscribe",{result},"success":true}}"#), None);
    check(Venue::Kraken, r#"{"method":"pong","req_id":42}"#, Pong);
    check(Venue::Kraken, r#"{"channel":"heartbeat"}"#, None);
    for venue in [Venue::BinanceSpot, Venue::BinanceUsdm] {
        check(venue, r#"{"result":null,"id":1}"#, Accepted);
        check(venue, r#"{"code":2,"msg":"Invalid request: unknown property"}"#, Refused);
        check(venue, r#"{"error":{"code":2,"msg":"Invalid request"},"id":1}"#, Refused);
        check(venue, r#"{"stream":"btcusdt@trade","data":{"e":"trade"}}"#, None);
    }
    check(Venue::Kraken, "", None);
}

#[test]
fn what_cannot_be_is_refused_before_any_connection() {
    let check = |config: SessionConfig, expected: Option<ConfigError>| {
        let got = Session::new(config, 1).err();
        assert_eq!(got, expected);
        assert!(got.is_none_or(|error| !error.to_string().is_empty()));
    };
    let public = |venue, names: &[&str], depth| {
        SessionConfig::public(venue, symbols(names), depth, Content::All)
    };
    let (btc, coin) = ("BTC/USD", symbols(&["BTCUSD"])[0]);
    check(public(Venue::Kraken, &[btc], 10), None);
    check(public(Venue::Kraken, &[btc, "ETH/USD"], 1000), None);
    check(public(Venue::CoinbaseAdvanced, &["BTC-USD"], 0), None);
    check(public(Venue::BinanceSpot, &["BTCUSDT"], 5000), None);
    check(public(Venue::Bitstamp, &["btcusd"], 0), Some(ConfigError::NoLiveFeed(Venue::Bitstamp)));
    check(public(Venue::Kraken, &[], 10), Some(ConfigError::NoSymbols));
    let twice = Some(ConfigError::Duplicate(symbols(&[btc])[0]));
    check(public(Venue::Kraken, &[btc, "ETH/USD", btc], 10), twice);
    let (venue, symbol) = (Venue::Kraken, coin);
    check(public(venue, &["BTCUSD"], 10), Some(ConfigError::SymbolForm { venue, symbol }));
    let (venue, symbol) = (Venue::BinanceSpot, symbols(&["btcusdt"])[0]);
    check(public(venue, &["btcusdt"], 100), Some(ConfigError::SymbolForm { venue, symbol }));
    for (venue, name, depth) in [
        (Venue::Kraken, btc, 50),
        (Venue::Kraken, btc, 0),
        (Venue::CoinbaseExchange, "BTC-USD", 10),
        (Venue::BinanceUsdm, "BTCUSDT", 5000),
    ] {
        let offered = facts::of(venue).unwrap().depths;
        let expected = ConfigError::DepthNotOffered { depth, offered };
        check(public(venue, &[name], depth), Some(expected));
    }
    let many: Vec<String> = (0..342).map(|n| format!("COIN{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let expected = ConfigError::TooManySymbols { symbols: 342, symbols_max: 341 };
    check(public(Venue::BinanceSpot, &many, 100), Some(expected));
    check(public(Venue::BinanceSpot, &many[..341], 100), None);
    let (venue, content) = (Venue::BinanceUsdm, Content::All);
    let expected = ConfigError::ContentNotOffered { venue, content };
    check(public(venue, &["BTCUSDT"], 1000), Some(expected));
    let mut config = public(Venue::Kraken, &[btc], 10);
    config.feed = Some(Endpoint { host: "not a host".into(), port: 443 });
    check(config, Some(ConfigError::Host("not a host".into())));
    let mut config = public(Venue::Kraken, &[btc], 10);
    config.roots = Roots::Only(vec![vec![1, 2, 3].into()]);
    check(config, Some(ConfigError::Root));
    let name = Symbol::new(&[b'A'; 32]);
    assert!(name.is_err(), "a symbol too long is none at all");
}

#[test]
fn addresses_are_written_as_urls_write_them() {
    let tls = tls::for_socket(&Roots::Web).unwrap();
    for (host, port, expected) in [
        ("ws.kraken.com", 443, "ws.kraken.com"),
        ("127.0.0.1", 8443, "127.0.0.1:8443"),
        ("::1", 443, "[::1]"),
    ] {
        let endpoint = Endpoint { host: host.into(), port };
        assert_eq!(endpoint.authority(), expected);
        Target::new(&endpoint, "/v2", tls.clone(), 1000).unwrap();
    }
}
