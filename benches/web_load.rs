//! What those who look cost those who trade: tick to order of one engine while nobody looks, and
//! while its web serves 1,000 requests a second and 100 WebSocket clients.
//!
//! The promise is a ratio, so both are taken of the same engine in the same run, in turn and in
//! changing order. The engine is the rig of `pinnaclemm-latency` in mode `shared` (the product's
//! sequencer, core, journal, hot thread and views, with a probe in the place of the venue), since
//! that alone knows of every message when it was meant to come: what `/api/latency` and `/metrics`
//! tell are percentiles of the whole run, and buckets too wide for a tenth. The web is the
//! product's own, on its own threads, placed as in the product, and its callers are outside of all
//! that, on its core. A bench, as no user of the tool needs a crowd of callers inside it.
//!
//! On two cores the callers, the web, and the system's work for both have the other core, and that
//! slows the hot one by itself where both are threads of one core of the host. So there is a third
//! arm: a neighbour on the other core that knows nothing of the engine, two threads that echo bytes
//! over loopback as fast as they can. What `web` has above `neighbour` is the web's touch; both
//! above `idle` is the machine's. Beside each arm stands what a thread that only looks at the clock
//! misses meanwhile in the place of the engine.

mod callers;
#[expect(dead_code, reason = "what is measured here is no row of arms")]
mod harness;

use callers::{Callers, Crowd, Heard};
use harness::measuring;
use hdrhistogram::Histogram;
use pinnaclemm::journal::SyncMode;
use pinnaclemm::latency::crew::{Bench, Crew, Mode};
use pinnaclemm::latency::machine::{Watcher, disturbed};
use pinnaclemm::latency::pace::Pace;
use pinnaclemm::latency::probe::{Subject, Task};
use pinnaclemm::latency::run::{Wanted, bench};
use pinnaclemm::latency::shown::plan;
use pinnaclemm::latency::spread::{Spread, count, histogram, median};
use pinnaclemm::latency::stream::{CYCLE, MOVER_EVERY};
use pinnaclemm::logs::{Level, LogParams, Logs};
use pinnaclemm::threads::crew::Muster;
use pinnaclemm::threads::settle::settle;
use pinnaclemm::threads::web::{self, Web};
use pinnaclemm::web::Params;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Messages a second, one in sixteen of which brings two orders.
const RATE: u64 = 10_000;
/// Who looks.
const CROWD: Crowd = Crowd { requests: 1_000, clients: 100 };
/// The loaded p99 may be so much of the idle one.
const PROMISE: f64 = 1.1;
/// As large as a page.
const ECHO_BYTES: usize = 4096;
/// The web is looked at before it is measured for so long.
const SETTLE: Duration = Duration::from_millis(300);

/// Who is there beside the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Beside {
    Nobody,
    Web,
    Neighbour,
}

const ARMS: [(Beside, &str); 3] =
    [(Beside::Nobody, "idle"), (Beside::Web, "web"), (Beside::Neighbour, "neighbour")];

/// One arm, over all rounds.
struct Arm {
    all: Histogram<u64>,
    /// p50 and p99 of each round.
    rounds: Vec<[f64; 2]>,
    watcher: Watcher,
}

/// What the web has served while it was measured.
#[derive(Default)]
struct Served {
    heard: Heard,
    seconds: f64,
}

fn main() {
    let wanted = Wanted {
        recording: None,
        seed: 1,
        modes: vec![Mode::Shared],
        repeats: 1,
        is_quick: !measuring(),
        without_wire: true,
        parent: std::env::temp_dir(),
    };
    let bench = bench(&wanted).expect("the made session can be measured");
    if bench.allowance.whole() < 2 {
        println!("web load: left out, it needs two whole cores; allowed: {}", bench.allowance);
        return;
    }
    let crew = Crew::start(&bench, Mode::Shared, SyncMode::Process);
    let mut crew = crew.expect("the engine begins");
    let log = LogParams { level: Level::Error, ..LogParams::to_console() };
    let logs = Logs::start(&log).expect("a log without a file can be had");
    let web = serve(&bench, &mut crew, &logs);
    let mut arms = ARMS.map(|_| Arm {
        all: histogram(),
        rounds: Vec::new(),
        watcher: Watcher::new(bench.rate),
    });
    let mut served = Served::default();
    for round in 0..if measuring() { 9 } else { 1 } {
        for step in 0..ARMS.len() {
            let at = (round + step) % ARMS.len();
            arms[at].play((&bench, &crew), (ARMS[at].0, &web), &mut served);
        }
    }
    tell(&bench, &arms, &served);
    web.end();
    drop(crew.end().expect("the engine ends"));
    assert_eq!(logs.close().dropped, 0, "the log has taken every line");
}

/// The product's web on that engine, and every thread that is not hot off the hot core.
fn serve(bench: &Bench, crew: &mut Crew, logs: &Logs) -> Web {
    let plan = plan(bench);
    let muster = Muster { plan: &plan, allowance: &bench.allowance, stall_ns: u64::MAX };
    let bind = Ipv4Addr::LOCALHOST.into();
    let params = Params { bind, api_port: 0, ws_port: 0, token: None, origins: Vec::new() };
    let web = web::start(Some(&params), muster, &logs.log());
    let web = web.expect("ports can be had").expect("a web was asked for");
    web.run(crew.looking(bench).expect("nobody has looked before"));
    settle(&plan, &bench.allowance).expect("threads can be bound");
    web
}

impl Arm {
    /// Plays messages once with that beside them, and watches the machine.
    fn play(
        &mut self,
        (bench, crew): (&Bench, &Crew),
        (beside, web): (Beside, &Web),
        served: &mut Served,
    ) {
        let callers = (beside == Beside::Web).then(|| {
            let callers = Callers::begin(web.addresses, CROWD);
            std::thread::sleep(SETTLE);
            callers
        });
        let neighbour = (beside == Beside::Neighbour).then(Neighbour::begin);
        let (before, begun) = (callers.as_ref().map(Callers::heard), Instant::now());
        let messages = CYCLE as u64 * if measuring() { 64 } else { 8 };
        let (count_of, warm) = (messages - messages / 8, messages / 8);
        let pace = Pace::Even(RATE);
        let task = |subject, count| Task { subject, pace, count, warm, is_signed: false };
        let done = crew.play(task(Subject::Product, count_of)).expect("messages are played");
        if let (Some(callers), Some(before)) = (&callers, before) {
            served.take(before, callers.heard(), begun.elapsed());
        }
        let watched = crew.play(task(Subject::Machine, RATE / 4)).expect("the clock is watched");
        self.watcher.saw(watched);
        if let Some(callers) = callers {
            callers.end();
        }
        if let Some(neighbour) = neighbour {
            neighbour.end();
        }
        let mut own = histogram();
        count(&done.samples, bench.rate, &mut own);
        self.all.add(&own).expect("both have the same bounds");
        let spread = Spread::of(&own);
        let [p50, p99] = [spread.p50, spread.p99].map(|one| one.expect("enough samples") as f64);
        self.rounds.push([p50, p99]);
        assert_eq!(done.malformed, 0, "every message can be read");
    }

    /// The middle of the ratios to another arm, round by round.
    fn to(&self, other: &Self, at: usize) -> f64 {
        let pairs = self.rounds.iter().zip(&other.rounds);
        let ratios: Vec<_> = pairs.map(|(own, other)| own[at] / other[at].max(1.0)).collect();
        median(&ratios).expect("a round was played")
    }
}

impl Served {
    fn take(&mut self, before: Heard, now: Heard, span: Duration) {
        self.heard.answers += now.answers - before.answers;
        self.heard.refused += now.refused - before.refused;
        self.heard.failed += now.failed;
        self.heard.updates += now.updates - before.updates;
        self.heard.clients = now.clients;
        self.seconds += span.as_secs_f64();
    }

    fn tell(&self) {
        let Heard { answers, refused, failed, clients, updates } = self.heard;
        let rate = |count: u64| count as f64 / self.seconds;
        println!(
            "  served: {:.0} requests/s of {}, {refused} of {answers} said no; {clients} of {} \
             clients, {:.0} updates/s; {failed} failed",
            rate(answers),
            CROWD.requests,
            CROWD.clients,
            rate(updates),
        );
        assert_eq!((clients, failed), (CROWD.clients as u64, 0), "everybody was served");
        assert!(answers > 0 && updates > 0, "somebody was told something");
    }
}

fn tell(bench: &Bench, arms: &[Arm; ARMS.len()], served: &Served) {
    println!(
        "web beside the hot path: tick to order, shared, {RATE}/s, two orders for one message in \
         {MOVER_EVERY}; {} rounds",
        arms[0].rounds.len()
    );
    for (arm, (_, name)) in arms.iter().zip(ARMS) {
        let (spread, machine) = (Spread::of(&arm.all), arm.watcher.finish(bench));
        let [p50, p99] = [spread.p50, spread.p99].map(|one| one.expect("enough samples"));
        println!(
            "  {name:<10} p50 {p50:>7} ns p99 {p99:>8} ns  to idle {:>5.2} {:>5.2}  samples {:>6}; \
             the clock alone: {:.1} % taken, {:.0} gaps above 100 µs a second",
            arm.to(&arms[0], 0),
            arm.to(&arms[0], 1),
            spread.count,
            machine.stolen_pct,
            machine.long_gaps_per_s,
        );
    }
    served.tell();
    let mut machine = arms[0].watcher.finish(bench);
    // What wants to run at the end is our own.
    machine.load[1] = 0.0;
    let disturbed = disturbed(&machine);
    println!("  machine: {}, {} cores, {}", machine.processor, machine.cores, machine.kernel);
    for reason in &disturbed {
        println!("  disturbed while nobody looked: {reason}");
    }
    let ratio = arms[1].to(&arms[0], 1);
    let verdict = match (disturbed.is_empty(), ratio <= PROMISE) {
        (true, true) => "held",
        (true, false) => "not held",
        (false, _) => "not decided: disturbed",
    };
    println!("  p99 with the web to p99 without: {ratio:.2}, promised {PROMISE}: {verdict}");
}

/// A neighbour on the other core: bytes to and fro over loopback, without a pause.
struct Neighbour {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Neighbour {
    fn begin() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port can be had");
        let one = TcpStream::connect(listener.local_addr().expect("it has one"));
        let one = one.expect("loopback takes connections");
        let (other, _) = listener.accept().expect("it was just connected");
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for (mut stream, begins) in [(one, true), (other, false)] {
            let stop = Arc::clone(&stop);
            threads.push(std::thread::spawn(move || {
                let mut bytes = [1; ECHO_BYTES];
                let mut is_there = !begins || stream.write_all(&bytes).is_ok();
                // The end of one is the end of the other's connection.
                while is_there && !stop.load(Ordering::Relaxed) {
                    is_there =
                        stream.read_exact(&mut bytes).is_ok() && stream.write_all(&bytes).is_ok();
                }
            }));
        }
        Self { stop, threads }
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("a neighbour does not panic");
        }
    }
}
