//! Why a connection went down, and the counts that a session keeps.

use std::fmt;
use std::io;

/// Why a connection was not made or did not last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DropReason {
    /// The host name has no address, or nobody told it in time.
    Unresolved,
    /// The TCP connection was not made.
    Unreachable(io::ErrorKind),
    /// Not open within the deadline for connecting.
    HandshakeTimeout,
    /// The certificate is not believed.
    Certificate,
    /// TLS failed otherwise.
    Tls,
    /// The server answered the upgrade with another HTTP status.
    HttpStatus(u16),
    /// What answered the upgrade is no WebSocket server.
    NotWebSocket,
    /// The connection ended without a close frame.
    Cut,
    /// The server closed with this code; 1005 stands for none.
    Closed(u16),
    /// Nothing was heard, not even an answer to our ping.
    Silent,
    /// A subscribe was not answered in time.
    SubscribeUnanswered,
    /// Every subscribe was refused.
    SubscribeRefused,
    /// A frame against the WebSocket protocol.
    Protocol,
    /// A text frame that is not UTF-8.
    NotUtf8,
    /// A binary frame, of which no venue's public feed has one.
    Binary,
    /// A frame larger than the venue ever sends.
    Oversized,
    /// The caller asked for a fresh connection.
    Asked,
}

impl DropReason {
    /// How many there are.
    pub const COUNT: usize = 17;

    /// The place in [`Counters::drops`].
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Unresolved => 0,
            Self::Unreachable(_) => 1,
            Self::HandshakeTimeout => 2,
            Self::Certificate => 3,
            Self::Tls => 4,
            Self::HttpStatus(_) => 5,
            Self::NotWebSocket => 6,
            Self::Cut => 7,
            Self::Closed(_) => 8,
            Self::Silent => 9,
            Self::SubscribeUnanswered => 10,
            Self::SubscribeRefused => 11,
            Self::Protocol => 12,
            Self::NotUtf8 => 13,
            Self::Binary => 14,
            Self::Oversized => 15,
            Self::Asked => 16,
        }
    }

    /// The stable names, by [`DropReason::index`].
    pub const NAMES: [&'static str; Self::COUNT] = [
        "unresolved",
        "unreachable",
        "handshake_timeout",
        "certificate",
        "tls",
        "http_status",
        "not_websocket",
        "cut",
        "closed",
        "silent",
        "subscribe_unanswered",
        "subscribe_refused",
        "protocol",
        "not_utf8",
        "binary",
        "oversized",
        "asked",
    ];

    /// A stable short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self.index()]
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved => f.write_str("the host name has no address: check it and the DNS"),
            Self::Unreachable(kind) => write!(f, "no TCP connection: {kind}"),
            Self::HandshakeTimeout => f.write_str("not open within the deadline"),
            Self::Certificate => f.write_str(
                "the server's certificate is not believed: check host, clock and root certificates",
            ),
            Self::Tls => f.write_str("TLS failed"),
            Self::HttpStatus(status) => write!(f, "the upgrade was answered with HTTP {status}"),
            Self::NotWebSocket => f.write_str("no WebSocket server answers there"),
            Self::Cut => f.write_str("the connection ended without a close frame"),
            Self::Closed(code) => write!(f, "the server closed with code {code}"),
            Self::Silent => f.write_str("nothing was heard, not even an answer to a ping"),
            Self::SubscribeUnanswered => f.write_str("a subscribe was not answered in time"),
            Self::SubscribeRefused => f.write_str("every subscribe was refused: check the symbols"),
            Self::Protocol => f.write_str("a frame against the WebSocket protocol"),
            Self::NotUtf8 => f.write_str("a text frame that is not UTF-8"),
            Self::Binary => f.write_str("a binary frame where only text is understood"),
            Self::Oversized => f.write_str("a frame larger than the venue's largest"),
            Self::Asked => f.write_str("a fresh connection was asked for"),
        }
    }
}

impl std::error::Error for DropReason {}

/// What happened since the session was made. Only ever grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Connections tried.
    pub connects: u64,
    /// Connections that came up.
    pub ups: u64,
    /// Connections that failed or went down, by [`DropReason::index`].
    pub drops: [u64; DropReason::COUNT],
    /// Text frames handed to the caller.
    pub frames: u64,
    /// Their payload bytes.
    pub bytes: u64,
    /// Our texts sent: subscribes, resyncs, the venue's own form of ping.
    pub texts_sent: u64,
    /// Pings of ours, when the venue was silent.
    pub pings_sent: u64,
    /// Pings of the server, each of them answered.
    pub pings_answered: u64,
    /// Subscriptions that the venue took.
    pub subscribes_accepted: u64,
    /// Subscriptions that the venue refused.
    pub subscribes_refused: u64,
    /// Resyncs begun.
    pub resyncs: u64,
    /// Wishes for a resync that was already under way.
    pub resyncs_coalesced: u64,
    /// Resyncs tried again since nothing came of them.
    pub resyncs_retried: u64,
    /// REST snapshots handed to the caller.
    pub rest_bodies: u64,
    /// REST snapshots that failed.
    pub rest_failures: u64,
    /// REST snapshots that came after their connection had gone down.
    pub rest_late: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_place_and_name() {
        let all = [
            DropReason::Unresolved,
            DropReason::Unreachable(io::ErrorKind::ConnectionRefused),
            DropReason::HandshakeTimeout,
            DropReason::Certificate,
            DropReason::Tls,
            DropReason::HttpStatus(429),
            DropReason::NotWebSocket,
            DropReason::Cut,
            DropReason::Closed(1008),
            DropReason::Silent,
            DropReason::SubscribeUnanswered,
            DropReason::SubscribeRefused,
            DropReason::Protocol,
            DropReason::NotUtf8,
            DropReason::Binary,
            DropReason::Oversized,
            DropReason::Asked,
        ];
        for (at, reason) in all.into_iter().enumerate() {
            assert_eq!(reason.index(), at, "{reason:?}");
            assert!(!reason.to_string().is_empty() && !reason.name().is_empty());
        }
        assert_eq!(all.len(), DropReason::COUNT);
    }
}
