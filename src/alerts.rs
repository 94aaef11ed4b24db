//! What an operator must hear of: 25 types of four severities, throttled, kept,
//! acknowledged.
//!
//! Alerts are raised off the hot threads, from what these show. Who reads them, over which door, is
//! not known here; a log line and a webhook are told by whoever raises.

mod book;
mod kind;
mod webhook;

pub use book::{AckFault, Alert, Alerts, Raised};
pub use kind::{AlertType, Severity};
pub use webhook::{Webhook, WebhookCounts, WebhookParams};
