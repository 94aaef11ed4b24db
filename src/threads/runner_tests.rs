//! Real threads: they start, work, wait, are counted, fail by name, and end in time.

use super::super::agent::Group;
use super::super::crew::{Crew, Muster};
use super::super::topology::{Plan, plan};
use super::*;
use crate::config::{ThreadMode, ThreadsSection};
use crate::threads::cgroup::parse_cores;
use crate::threads::topology::Wish;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

const SECOND: Duration = Duration::from_secs(1);
const STALL_NS: u64 = 100_000_000;

/// Works on every n-th turn, and writes down what it is called for.
#[derive(Clone)]
struct Ticker {
    name: &'static str,
    /// Turns of which one has work.
    every: u64,
    turns: Arc<AtomicU64>,
    log: Arc<Mutex<Vec<String>>>,
    /// What a turn does beside.
    act: fn(u64),
}

impl Ticker {
    fn new(name: &'static str, every: u64) -> Self {
        let (turns, log) = (Arc::default(), Arc::default());
        Self { name, every, turns, log, act: |_| {} }
    }

    fn say(&self, what: &str) {
        let thread = std::thread::current();
        let line = format!("{what} {} on {}", self.name, thread.name().unwrap());
        self.log.lock().unwrap().push(line);
    }

    fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }
}

impl Agent for Ticker {
    fn name(&self) -> &'static str {
        self.name
    }

    fn on_start(&mut self) {
        self.say("start");
    }

    fn do_work(&mut self) -> usize {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        (self.act)(turn);
        if turn.is_multiple_of(self.every) { 3 } else { 0 }
    }

    fn on_close(&mut self) {
        self.say("close");
    }

    fn rings_full(&self) -> u64 {
        5
    }
}

fn anywhere(name: ThreadName, idle: Idle) -> ThreadPlan {
    ThreadPlan { name, core: None, idle }
}

fn run(agent: impl Agent + 'static, plan: &ThreadPlan) -> Running {
    start(agent, plan, &Allowance::read().unwrap(), STALL_NS).unwrap()
}

/// Waits until it is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < 20 * SECOND, "{what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

#[test]
fn an_agent_starts_works_and_closes_on_its_thread_under_every_strategy() {
    for idle in [Idle::Spin, Idle::SpinYield, Idle::Yield, Idle::Backoff, Idle::SleepMicros(500)] {
        let ticker = Ticker::new("ticker", 4);
        let running = run(ticker.clone(), &anywhere(ThreadName::Quoting, idle));
        until("turns", || ticker.turns() > 50);
        let begun = Instant::now();
        let readings = running.readings().clone();
        running.end(SECOND).unwrap();
        assert!(begun.elapsed() < SECOND, "{idle:?}");
        let log = ticker.log.lock().unwrap().join(", ");
        assert_eq!(log, "start ticker on quoting, close ticker on quoting", "{idle:?}");
        // One turn in four did something, of three pieces each.
        let counts = readings.get();
        assert_eq!(counts.turns, ticker.turns());
        assert_eq!(counts.turns - counts.idle_turns, counts.turns.div_ceil(4));
        assert_eq!(counts.work, 3 * counts.turns.div_ceil(4));
        assert!((counts.duty() - 0.25).abs() < 0.02, "{}", counts.duty());
        assert!(counts.turn_ns_max > 0);
        assert_eq!(counts.rings_full, 5);
    }
}

#[test]
fn a_long_turn_is_a_stall_and_a_long_sleep_is_none() {
    let stalls = |mut ticker: Ticker, idle, act| {
        ticker.act = act;
        let plan = anywhere(ThreadName::Web, idle);
        let allowance = Allowance::read().unwrap();
        let running = start(ticker.clone(), &plan, &allowance, 30_000_000).unwrap();
        until("turns", || ticker.turns() > 20);
        let readings = running.readings().clone();
        running.end(SECOND).unwrap();
        readings.get()
    };
    let nap = |turn| {
        if turn == 7 {
            std::thread::sleep(Duration::from_millis(60));
        }
    };
    let cases = [(1, Idle::Spin), (u64::MAX, Idle::Spin), (u64::MAX, Idle::SleepMicros(10))];
    for (every, idle) in cases {
        let counts = stalls(Ticker::new("napper", every), idle, nap);
        assert!(counts.stalls >= 1, "{counts:?}");
        assert!(counts.turn_ns_max >= 60_000_000, "{counts:?}");
    }
    let counts = stalls(Ticker::new("sleeper", u64::MAX), Idle::SleepMicros(40_000), |_| {});
    assert_eq!((counts.stalls, counts.idle_turns), (0, counts.turns - 1), "{counts:?}");
}

#[test]
fn a_group_takes_turns_and_says_who_failed() {
    // The first of them: the last to start is not the one who fails.
    let (mut one, two) = (Ticker::new("one", 1), Ticker::new("two", u64::MAX));
    one.act = |turn| assert!(turn < 100, "a hundred is enough");
    let group = Group::new("both", vec![Box::new(one.clone()), Box::new(two.clone())]);
    let running = run(group, &anywhere(ThreadName::Housekeeping, Idle::Yield));
    until("the end", || running.has_ended());
    let fault = running.end(SECOND).unwrap_err();
    let what = "a hundred is enough".to_string();
    let thread = ThreadName::Housekeeping;
    assert_eq!(fault, EndFault::Panicked { thread, agent: "one", what });
    let text = "agent one of thread housekeeping failed: a hundred is enough";
    assert_eq!(fault.to_string(), text);
    assert_eq!((one.turns(), two.turns()), (101, 100));
}

#[test]
fn a_thread_that_does_not_come_back_is_named() {
    let mut ticker = Ticker::new("stuck", 1);
    ticker.act = |_| std::thread::sleep(Duration::from_millis(600));
    let running = run(ticker.clone(), &anywhere(ThreadName::Var, Idle::Spin));
    until("a turn", || ticker.turns() > 0);
    let waited = Duration::from_millis(20);
    let fault = running.end(waited).unwrap_err();
    assert_eq!(fault, EndFault::Stuck { thread: ThreadName::Var, waited });
}

#[test]
fn a_core_that_is_not_there_stops_the_start() {
    let mut at = anywhere(ThreadName::Risk, Idle::Spin);
    at.core = Some(usize::MAX);
    let allowance = Allowance::read().unwrap();
    let ticker = Ticker::new("nobody", 1);
    let fault = start(ticker.clone(), &at, &allowance, STALL_NS).unwrap_err();
    assert!(fault.to_string().contains("thread risk cannot be bound to allowed core"), "{fault}");
    assert!(ticker.log.lock().unwrap().is_empty(), "it was not started");
}

fn planned(mode: ThreadMode, rest: &[ThreadName], allowance: &Allowance) -> Plan {
    let params = ThreadsSection::default().check("threads", &mut crate::config::Faults::default());
    plan(allowance, &Wish { mode, rest: rest.to_vec() }, &params)
}

/// The cores of each thread of this process by its name, as the system has them.
fn bound() -> Vec<(String, Vec<usize>)> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let field = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().to_string()
    };
    // A thread of another test may end while it is looked at.
    let texts =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("status")).ok());
    texts
        .map(|text| {
            let cores = parse_cores(&field(&text, "Cpus_allowed_list:")).unwrap();
            (field(&text, "Name:"), cores)
        })
        .collect()
}

#[test]
fn threads_are_bound_where_the_plan_says() {
    let allowance = Allowance::read().unwrap();
    if allowance.cores.len() < 2 {
        println!("skipped: {allowance} allowed, so there is nothing to bind to");
        return;
    }
    for mode in [ThreadMode::Shared, ThreadMode::Dedicated] {
        // Threads that no other test of this binary starts without a core.
        let names = match mode {
            ThreadMode::Shared => vec![ThreadName::Hot, ThreadName::Main],
            _ => vec![ThreadName::Feed, ThreadName::Journal, ThreadName::Main],
        };
        let plan = planned(mode, &[ThreadName::Main], &allowance);
        let mut crew = Crew::default();
        let muster = Muster { plan: &plan, allowance: &allowance, stall_ns: STALL_NS };
        let tickers: Vec<_> = names.iter().map(|name| Ticker::new(name.name(), 2)).collect();
        for (name, ticker) in names.iter().zip(&tickers) {
            crew.start(*name, ticker.clone(), muster).unwrap();
        }
        until("all work", || crew.counts().all(|(_, counts)| counts.turns > 100));
        let bound = bound();
        for name in &names {
            let core = plan.thread(*name).unwrap().core.unwrap();
            let expected = (name.name().to_string(), vec![allowance.cores[core].id]);
            assert!(bound.contains(&expected), "{expected:?} of {bound:?}");
        }
        assert_eq!(crew.failed(), None);
        let begun = Instant::now();
        assert_eq!(crew.end(SECOND), []);
        assert!(begun.elapsed() < SECOND, "{mode:?}");
        for ticker in &tickers {
            assert_eq!(ticker.log.lock().unwrap().len(), 2, "{}", ticker.name);
        }
    }
}

#[test]
fn a_crew_ends_in_its_order_and_sees_who_failed() {
    let allowance = Allowance::read().unwrap();
    let plan = planned(ThreadMode::Inline, &[ThreadName::Web, ThreadName::Var], &allowance);
    let muster = Muster { plan: &plan, allowance: &allowance, stall_ns: STALL_NS };
    let first = Ticker::new("first", 1);
    let mut second = Ticker { name: "second", ..first.clone() };
    let mut crew = Crew::default();
    crew.start(ThreadName::Web, first.clone(), muster).unwrap();
    crew.start(ThreadName::Var, second.clone(), muster).unwrap();
    until("all turn", || crew.counts().all(|(_, counts)| counts.turns > 0));
    assert_eq!(crew.end(SECOND), []);
    let log = first.log.lock().unwrap().join(", ");
    assert!(log.ends_with("close first on web, close second on var"), "{log}");

    second.turns = Arc::default();
    second.act = |turn| assert_ne!(turn, 3, "three");
    let mut crew = Crew::default();
    crew.start(ThreadName::Web, first, muster).unwrap();
    crew.start(ThreadName::Var, second, muster).unwrap();
    until("the failure", || crew.failed() == Some(ThreadName::Var));
    let faults = crew.end(SECOND);
    assert_eq!(faults.len(), 1);
    assert!(faults[0].to_string().starts_with("agent second of thread var failed:"), "{faults:?}");
}
