//! Alerts to a receiver elsewhere: HTTP POST of JSON, on a thread of its own.
//!
//! Whoever raises never waits: alerts go through a bounded channel, and what does not fit is
//! counted. A delivery that fails is tried again after a growing wait; one that the receiver says
//! is wrong (400 to 499, but for 408 and 429) is not. The body is the alert as the API has it, with
//! `text`, the line that chat receivers show; an address that ends in `/api/v2/alerts` is that of
//! an Alertmanager, which is told in its own form.

use super::Alert;
use crossbeam_channel::{Receiver, Sender, bounded};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use ureq::Agent;

/// Alerts that wait for delivery.
const WAITING_MAX: usize = 64;
/// How the address of an Alertmanager ends: its API of version 2.
const ALERTMANAGER: &str = "/api/v2/alerts";
/// How often one is tried.
const TRIES: u32 = 6;
/// How long one try may take.
const WITHIN: Duration = Duration::from_secs(5);

/// Where alerts are delivered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebhookParams {
    /// The receiver's address.
    pub url: String,
    /// A file with a token, sent as `Authorization: Bearer`; read at each delivery.
    pub secret_file: Option<PathBuf>,
    /// The wait before the second try; each further one is twice as long.
    pub retry: Duration,
}

/// What was delivered, and what was not.
#[derive(Debug, Default)]
pub struct WebhookCounts {
    delivered: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

impl WebhookCounts {
    /// Alerts that the receiver took, that it did not take, and that did not fit.
    #[must_use]
    pub fn all(&self) -> [u64; 3] {
        [&self.delivered, &self.failed, &self.dropped].map(|count| count.load(Ordering::Relaxed))
    }
}

/// The end that alerts are put in; the thread ends when it is gone.
#[derive(Debug)]
pub struct Webhook {
    to: Sender<Alert>,
    counts: Arc<WebhookCounts>,
}

impl Webhook {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(params: WebhookParams) -> io::Result<Self> {
        let (to, from) = bounded(WAITING_MAX);
        let counts = Arc::new(WebhookCounts::default());
        let own = Arc::clone(&counts);
        let delivery = move || deliver(&params, &from, &own);
        std::thread::Builder::new().name("webhook".into()).spawn(delivery)?;
        Ok(Self { to, counts })
    }

    /// Puts in an alert.
    pub fn send(&self, alert: &Alert) {
        if self.to.try_send(alert.clone()).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was counted.
    #[must_use]
    pub fn counts(&self) -> &WebhookCounts {
        &self.counts
    }
}

fn deliver(params: &WebhookParams, from: &Receiver<Alert>, counts: &WebhookCounts) {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(WITHIN))
        .build()
        .new_agent();
    for alert in from {
        let body = body(&alert, &params.url).to_string();
        let mut wait = params.retry;
        let mut is_delivered = false;
        for attempt in 1..=TRIES {
            match post(&agent, params, &body) {
                Some(200..=299) => {
                    is_delivered = true;
                    break;
                }
                Some(status @ 400..=499) if !matches!(status, 408 | 429) => break,
                _ if attempt == TRIES => break,
                _ => std::thread::sleep(wait),
            }
            wait *= 2;
        }
        let count = if is_delivered { &counts.delivered } else { &counts.failed };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// The receiver's status; nothing where it could not be asked.
fn post(agent: &Agent, params: &WebhookParams, body: &str) -> Option<u16> {
    let mut request = agent.post(&params.url).header("Content-Type", "application/json");
    if let Some(path) = &params.secret_file {
        let secret = fs::read_to_string(path).ok()?;
        request = request.header("Authorization", format!("Bearer {}", secret.trim()));
    }
    request.send(body).ok().map(|response| response.status().as_u16())
}

fn body(alert: &Alert, url: &str) -> Value {
    let Alert { source, message, .. } = alert;
    let (kind, severity) = (alert.kind.name(), alert.severity.name());
    if url.ends_with(ALERTMANAGER) {
        // It ends by itself when it is not raised again: Alertmanager's `resolve_timeout`.
        let labels = json!({
            "alertname": kind,
            "severity": severity.to_lowercase(),
            "source": source,
            "service": "pinnaclemm",
        });
        return json!([{ "labels": labels, "annotations": { "summary": message } }]);
    }
    let mut body = json!(alert);
    body["text"] = format!("[{kind}] [{severity}] {source}: {message}").into();
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::{AlertType, Alerts, Raised};
    use crate::types::Nanos;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    /// Answers each request with the next of these, and hands out what came.
    fn receiver(answers: &'static [&'static str]) -> (String, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (to, from) = bounded(16);
        std::thread::spawn(move || {
            for answer in answers {
                let (mut socket, _) = listener.accept().unwrap();
                let (mut text, mut bytes) = (String::new(), [0; 4096]);
                while !text.ends_with('}') {
                    let count = socket.read(&mut bytes).unwrap();
                    text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
                }
                let head = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n");
                socket.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
                to.send(text).unwrap();
            }
        });
        (url, from)
    }

    #[test]
    fn the_receiver_of_prometheus_is_told_in_its_own_form() {
        let alerts = Alerts::open(Nanos(0), 9, None).unwrap();
        let raised = alerts.raise(AlertType::SystemError, "BTC-USD", "so it is".into(), Nanos(7));
        let Raised::Kept(alert) = raised else { panic!("nothing is throttled") };
        let told = body(&alert, "http://alertmanager:9093/api/v2/alerts");
        let labels = json!({
            "alertname": "SYSTEM_ERROR",
            "severity": "critical",
            "source": "BTC-USD",
            "service": "pinnaclemm",
        });
        let expected = json!([{ "labels": labels, "annotations": { "summary": "so it is" } }]);
        assert_eq!(told, expected);
        assert_eq!(body(&alert, "http://chat/hook")["source"], "BTC-USD");
    }

    #[test]
    fn a_failed_delivery_is_tried_again_with_the_secret_of_the_file() {
        let secret = std::env::temp_dir().join(format!("hook-{}", std::process::id()));
        fs::write(&secret, "a-secret\n").unwrap();
        let (url, came) = receiver(&["503 Busy", "429 Slow", "204 Good", "400 Bad"]);
        let retry = Duration::from_millis(5);
        let params = WebhookParams { url, secret_file: Some(secret.clone()), retry };
        let hook = Webhook::start(params).unwrap();
        let alerts = Alerts::open(Nanos(0), 9, None).unwrap();
        let kinds = [AlertType::SystemError, AlertType::RegimeChange];
        for kind in kinds {
            match alerts.raise(kind, "BTC-USD", "so it is".into(), Nanos(7)) {
                Raised::Kept(alert) => hook.send(&alert),
                Raised::Suppressed => panic!("nothing is throttled"),
            }
        }
        let texts: Vec<_> = (0..4).map(|_| came.recv().unwrap()).collect();
        assert!(texts.iter().all(|text| text.contains("Bearer a-secret")), "{texts:?}");
        assert!(texts[0].contains(r#""type":"SYSTEM_ERROR""#) && texts[3].contains("REGIME"));
        assert!(texts[0].contains("[SYSTEM_ERROR] [CRITICAL] BTC-USD: so it is"));
        while hook.counts().all().iter().sum::<u64>() < 2 {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(hook.counts().all(), [1, 1, 0]);
        fs::remove_file(secret).unwrap();
    }
}
