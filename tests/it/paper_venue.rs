//! A market of the tests' own in the form of Coinbase Exchange, played over TLS, and the engine in
//! mode paper as a process that listens to it.
//!
//! The market stands still but for what a test makes it do; its stamps are those of the wall.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::live_record::pem;
use crate::tls_server::{PATIENCE, Peer, Server, Welcome};
use crossbeam_channel::{Receiver, unbounded};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The venue's answer to who asks what is traded.
pub(crate) const PRODUCTS: &str = concat!(
    r#"[{"id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","quote_increment":"0.01","#,
    r#""base_increment":"0.00000001","status":"online","cancel_only":false,"#,
    r#""trading_disabled":false}]"#
);

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/default_config.json");
const NAP: Duration = Duration::from_millis(20);

/// Both servers of a venue.
pub(crate) struct Venue {
    pub(crate) feed: Server,
    pub(crate) rest: Server,
}

impl Venue {
    /// Its feed, and a REST server that meets its connections so.
    pub(crate) fn new(rest: impl IntoIterator<Item = Welcome>) -> Self {
        Self { feed: Server::start([]), rest: Server::start(rest) }
    }

    /// A config for it, in a new folder with its certificates.
    pub(crate) fn config(&self, name: &str) -> (PathBuf, Value) {
        let folder = folder(name);
        let both = [&self.feed, &self.rest].map(|server| pem(&server.certificate));
        fs::write(folder.join("ca.pem"), both.concat()).unwrap();
        let mut config: Value =
            serde_json::from_str(&fs::read_to_string(SHIPPED).unwrap()).unwrap();
        config["mode"] = json!("paper");
        config["venue"] = json!("coinbase-exchange");
        config["exchange"]["live"] = json!({
            "feedUrl": format!("wss://{}", self.feed.address),
            "restUrl": format!("https://{}", self.rest.address),
            "caFile": "ca.pem",
        });
        config["exchange"]["fills"]["orderLatencyUs"] = json!(1000);
        config["exchange"]["fills"]["reportLatencyUs"] = json!(1000);
        config["strategy"]["volatilityWarmupMs"] = json!(200);
        config["timing"]["publishStatsIntervalMs"] = json!(100);
        config["logging"]["file"] = json!(false);
        config["threads"]["pin"] = json!(false);
        (folder, config)
    }
}

/// An empty folder of the test's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("paper_{name}"));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The engine as a process.
pub(crate) struct Engine {
    child: Child,
    said: Receiver<String>,
    /// Lines on stderr, as they came.
    pub(crate) lines: Vec<String>,
    /// The last line of status.
    pub(crate) status: Value,
}

/// How a process ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    /// The last line on stdout; null if there is none.
    pub(crate) last: Value,
    pub(crate) stderr: String,
}

impl Engine {
    pub(crate) fn start(folder: &Path, config: &Value) -> Self {
        fs::write(folder.join("c.json"), config.to_string()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pinnaclemm"));
        for name in ["PINNACLE_CONFIG_PATH", "PINNACLE_DATA_DIR", "PINNACLE_LOG_DIR"] {
            command.env_remove(name);
        }
        command.current_dir(folder).args(["--config", "c.json", "--no-web"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, said) = unbounded();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|line| _ = sender.send(line));
        });
        Self { child, said, lines: Vec::new(), status: Value::Null }
    }

    /// Takes what it has said.
    fn hear(&mut self) {
        for line in self.said.try_iter() {
            if let Ok(told) = serde_json::from_str::<Value>(&line)
                && told["event"] == "status"
            {
                self.status = told;
            }
            self.lines.push(line);
        }
    }

    /// Plays the market, if there is one, until the status is as it should be.
    pub(crate) fn until(
        &mut self,
        what: &str,
        mut market: Option<&mut Market>,
        is_so: impl Fn(&Value) -> bool,
    ) {
        let patience = Instant::now() + PATIENCE;
        self.status = Value::Null;
        loop {
            self.hear();
            if !self.status.is_null() && is_so(&self.status) {
                return;
            }
            if let Some(market) = market.as_deref_mut() {
                market.beat();
            }
            let lines = self.lines[self.lines.len().saturating_sub(5)..].join("\n");
            assert!(Instant::now() < patience, "{what} never came:\n{lines}");
            assert!(self.child.try_wait().unwrap().is_none(), "before {what} it ended:\n{lines}");
            std::thread::sleep(NAP);
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        self.lines.extend(self.said.iter());
        let stderr = self.lines.join("\n");
        let last =
            stdout.lines().last().map_or(Value::Null, |line| serde_json::from_str(line).unwrap());
        Ended { code, last, stderr }
    }
}

impl Drop for Engine {
    /// A test that fails leaves no process behind.
    fn drop(&mut self) {
        self.child.kill().ok();
    }
}

/// Whether that line of status shows a quote on both sides.
pub(crate) fn is_quoting(status: &Value) -> bool {
    let quotes = &status["instruments"]["BTC-USD"]["quotes"];
    quotes[0].is_string() && quotes[1].is_string()
}

/// The venue's side of a connection.
pub(crate) struct Market {
    pub(crate) peer: Peer,
    trade: u64,
    beats: u64,
}

impl Market {
    /// Meets the next connection: the subscription is answered, the book is shown.
    pub(crate) fn open(server: &Server) -> Self {
        let mut peer = server.peer();
        for channel in ["level2_batch", "status"] {
            let text = peer.text();
            assert!(text.contains(channel), "{text}");
        }
        let named = r#"{"name":"level2_batch","product_ids":["BTC-USD"]}"#;
        peer.send(&format!(r#"{{"type":"subscriptions","channels":[{named}]}}"#));
        peer.send(concat!(
            r#"{"type":"snapshot","product_id":"BTC-USD","#,
            r#""bids":[["60000.00","2.0"],["59990.00","5.0"],["59900.00","9.0"]],"#,
            r#""asks":[["60000.50","2.0"],["60010.00","5.0"],["60100.00","9.0"]]}"#
        ));
        Self { peer, trade: 1, beats: 0 }
    }

    /// A level changes its size and nothing else.
    pub(crate) fn beat(&mut self) {
        self.beats += 1;
        let size = 2 + self.beats % 2;
        let change = format!(r#"["buy","60000.00","{size}.0"]"#);
        self.send(&format!(
            r#"{{"type":"l2update","product_id":"BTC-USD","changes":[{change}],"time":"{}"}}"#,
            now_text()
        ));
    }

    /// Somebody sells into a bid at that price.
    pub(crate) fn sold(&mut self, price: &str, size: &str) {
        self.trade += 1;
        self.send(&format!(
            concat!(
                r#"{{"type":"match","trade_id":{0},"#,
                r#""maker_order_id":"b87fa267-0000-4000-8000-b6c530a2207f","#,
                r#""taker_order_id":"235bd4b7-0000-4000-8000-db67237bdebe","side":"buy","#,
                r#""size":"{1}","price":"{2}","product_id":"BTC-USD","sequence":{0},"#,
                r#""time":"{3}"}}"#
            ),
            self.trade,
            size,
            price,
            now_text()
        ));
    }

    /// The engine may be gone, which is for the test to notice by itself.
    fn send(&mut self, text: &str) {
        self.peer.web.send(tungstenite::Message::text(text)).ok();
    }
}

/// The wall clock as the venue writes it.
fn now_text() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (days, rest) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let micros = since.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}
