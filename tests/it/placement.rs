//! Who may run on the core of the hot thread: nobody else, whoever started them. The real binary,
//! with every thread off the path that a simulation has.

use crate::engine_rig::Home;
use crate::web_rig::Served;
use serde_json::json;
use std::time::{Duration, Instant};

/// Threads that no plan names, by the names that the system shows: the process's own and the
/// server's have that of the program.
const UNPLANNED: [&str; 3] = ["pinnaclemm", "log", "webhook"];
/// The process's own thread, the server's accepting one and the four that it always has.
const NAMELESS: usize = 6;

#[test]
fn no_other_thread_may_run_on_the_hot_core() {
    if std::thread::available_parallelism().unwrap().get() < 2 {
        eprintln!("not tested: on one core there is nothing to keep apart");
        return;
    }
    let home = Home::new("placement");
    // Nobody listens there: the thread of the webhook is there all the same.
    home.config("config.json", |config| {
        config["risk_management"]["alerts"]["webhook_url"] = json!("http://127.0.0.1:9/hook");
        config["threads"]["mode"] = json!("shared");
    });
    let served = Served::start(&home, "--config config.json --data-dir data");
    served.wait("/api/startup", |answer| answer.status == 200);
    let begun = Instant::now();
    loop {
        let threads = served.engine.threads();
        let hot: Vec<_> = threads.iter().filter(|(name, _)| name == "hot").collect();
        let others: Vec<_> = threads.iter().filter(|(name, _)| name != "hot").collect();
        let is_there = |name: &&str| others.iter().any(|(other, _)| other == name);
        let nameless = others.iter().filter(|(name, _)| name == "pinnaclemm").count();
        let is_apart = match &hot[..] {
            [(_, cores)] => {
                cores.len() == 1 && others.iter().all(|(_, own)| own.is_disjoint(cores))
            }
            _ => false,
        };
        if is_apart && UNPLANNED.iter().all(is_there) && nameless >= NAMELESS {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{threads:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    served.engine.signal("TERM");
    assert_eq!(served.engine.end().code, 0);
}
