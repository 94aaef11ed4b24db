//! Host names to addresses, on a thread of its own: the system's resolver blocks.
//!
//! The thread ends when the session is dropped, at the latest when the resolver gives up.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use mio::Waker;

/// Asks for the addresses of one host, over and over.
#[derive(Debug)]
pub(super) struct Resolver {
    questions: Sender<u64>,
    answers: Receiver<(u64, Vec<SocketAddr>)>,
    /// The number of the last question: the answer to an older one came too late.
    round: u64,
    /// A host that is an address needs no resolver.
    literal: Option<SocketAddr>,
}

impl Resolver {
    /// Starts the thread.
    pub(super) fn start(host: String, port: u16, waker: Arc<Waker>) -> Self {
        let literal = host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port));
        let (questions, asked) = bounded::<u64>(1);
        let (answer, answers) = bounded(1);
        if literal.is_none() {
            let body = move || {
                for round in asked {
                    let found = (host.as_str(), port).to_socket_addrs();
                    let addresses = found.map_or_else(|_| Vec::new(), Iterator::collect);
                    if answer.send((round, addresses)).is_err() {
                        return;
                    }
                    // A session that does not wait polls; a lost wake-up costs it one timeout.
                    waker.wake().ok();
                }
            };
            thread::Builder::new()
                .name("feed-resolve".into())
                .spawn(body)
                .expect("the system gives a thread at start");
        }
        Self { questions, answers, round: 0, literal }
    }

    /// Asks; an earlier question that is still open is forgotten.
    pub(super) fn ask(&mut self) {
        self.round += 1;
        // Full means that the thread is still at an older question and this one is not asked: the
        // deadline for connecting counts it as unresolved.
        self.questions.try_send(self.round).ok();
    }

    /// The addresses, once they are known; empty if the name has none.
    pub(super) fn answer(&mut self) -> Option<Vec<SocketAddr>> {
        if let Some(literal) = self.literal {
            return Some(vec![literal]);
        }
        while let Ok((round, addresses)) = self.answers.try_recv() {
            if round == self.round {
                return Some(addresses);
            }
        }
        None
    }
}
