//! Plans as a table, and the rules over all small allowances.

use super::*;
use crate::config::{Faults, ThreadsSection};
use core_affinity::CoreId;

const REST: [ThreadName; 3] = [ThreadName::Main, ThreadName::Web, ThreadName::Housekeeping];

fn allowance(cores: usize, quota: Option<f64>) -> Allowance {
    // Numbers of the machine that are not those of the plan.
    let cores = (0..cores).map(|n| CoreId { id: 2 * n + 7 }).collect();
    Allowance { cores, quota, promised: None }
}

fn params(section: &str) -> ThreadsParams {
    let mut faults = Faults::default();
    let section: ThreadsSection = serde_json::from_str(section).unwrap();
    let params = section.check("threads", &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    params
}

fn of(mode: ThreadMode, allowed: &Allowance, section: &str) -> Plan {
    plan(allowed, &Wish { mode, rest: REST.to_vec() }, &params(section))
}

/// Cores and quota, the mode, the section; the threads and parts of the remarks, in order.
fn check(
    allowed: (usize, Option<f64>),
    mode: ThreadMode,
    section: &str,
    expected: (&str, &[&str]),
) {
    let plan = of(mode, &allowance(allowed.0, allowed.1), section);
    let threads: Vec<_> = plan.threads.iter().map(ToString::to_string).collect();
    let got = format!("{}: {}", plan.mode.name(), threads.join(", "));
    let case = format!("{allowed:?} {mode:?} {section}");
    // The rest waits by the timer in every plan.
    let got = got.replace(" sleepMicros 20000", "").replace(" sleepMicros 1000", "");
    assert_eq!(got, expected.0, "{case}");
    assert_eq!(plan.remarks.len(), expected.1.len(), "{case}: {:?}", plan.remarks);
    for (remark, part) in plan.remarks.iter().zip(expected.1) {
        assert!(remark.contains(part), "{case}: {remark}");
    }
}

#[test]
fn auto_takes_what_the_allowance_carries() {
    let auto =
        |allowed, expected: (&str, &[&str])| check(allowed, ThreadMode::Auto, "{}", expected);
    let five = "dedicated: feed 1 spin, quoting 2 spin, risk 3 spin, journal 4 spin, main 0, web 0, \
                housekeeping 0";
    let need = "dedicated needs 5 whole cores, allowed: ";
    auto((5, None), (five, &[&format!("auto is dedicated: {need}5 cores")]));
    auto((5, Some(5.0)), (five, &["allowed: 5 cores, a quota of 5 cores"]));
    auto(
        (8, None),
        (
            "dedicated: feed 1 spin, quoting 2 spin, risk 3 spin, journal 4 spin, main 0, web 5, \
             housekeeping 6",
            &["auto is dedicated"],
        ),
    );
    auto(
        (64, Some(5.0)),
        (
            "dedicated: feed 1 spin, quoting 2 spin, risk 3 spin, journal 4 spin, main 0, web 5, \
             housekeeping 6",
            &["auto is dedicated"],
        ),
    );
    auto(
        (4, None),
        (
            "shared: hot 1 spin, main 0, web 2, housekeeping 3",
            &[&format!("auto is shared: {need}4")],
        ),
    );
    let two = "shared: hot 1 spin, main 0, web 0, housekeeping 0";
    auto((2, None), (two, &["auto is shared"]));
    auto((2, Some(2.0)), (two, &["auto is shared"]));
    // A quota above the cores does not bind, fraction or not.
    auto((2, Some(2.5)), (two, &["auto is shared"]));
    let few = ["auto is shared", "no thread spins"];
    let two_tight = "shared: hot 1 backoff, main 0, web 0, housekeeping 0";
    auto((2, Some(1.0)), (two_tight, &few));
    auto((2, Some(0.5)), (two_tight, &few));
    auto((2, Some(1.5)), (two_tight, &few));
    auto((1, None), ("shared: hot any backoff, main any, web any, housekeeping any", &few));
    auto((8, Some(6.5)), ("shared: hot 1 backoff, main 0, web 2, housekeeping 3", &few));
}

#[test]
fn dedicated_runs_on_fewer_cores_and_says_so() {
    let fewer =
        |allowed, expected: (&str, &[&str])| check(allowed, ThreadMode::Dedicated, "{}", expected);
    let said = "dedicated does not spin on every stage";
    fewer(
        (4, None),
        (
            "dedicated: feed 1 yield, quoting 2 spin, risk 3 spin, journal 1 yield, main 0, web 0, \
             housekeeping 0",
            &[said],
        ),
    );
    fewer(
        (3, None),
        (
            "dedicated: feed 1 yield, quoting 2 yield, risk 1 yield, journal 2 yield, main 0, \
             web 0, housekeeping 0",
            &[said],
        ),
    );
    fewer(
        (2, None),
        (
            "dedicated: feed 1 yield, quoting 1 yield, risk 1 yield, journal 1 yield, main 0, \
             web 0, housekeeping 0",
            &[said],
        ),
    );
    // A quota of three keeps two cores busy, however many there are.
    fewer(
        (64, Some(3.0)),
        (
            "dedicated: feed 1 yield, quoting 2 yield, risk 1 yield, journal 2 yield, main 0, \
             web 3, housekeeping 4",
            &[said],
        ),
    );
    fewer(
        (1, None),
        (
            "dedicated: feed any backoff, quoting any backoff, risk any backoff, journal any \
             backoff, main any, web any, housekeeping any",
            &[said, "no thread spins: 4 busy and the rest, allowed: 1 core"],
        ),
    );
    fewer(
        (6, Some(5.5)),
        (
            "dedicated: feed 1 backoff, quoting 2 backoff, risk 3 backoff, journal 4 backoff, \
             main 0, web 5, housekeeping 0",
            &[said, "no thread spins"],
        ),
    );
}

#[test]
fn the_config_is_followed_as_far_as_it_goes() {
    let shared = ThreadMode::Shared;
    check(
        (8, None),
        shared,
        r#"{"cores": {"hot": 5, "web": 2}, "idle": {"hot": "spinYield"}}"#,
        ("shared: hot 5 spinYield, main 0, web 2, housekeeping 1", &[]),
    );
    check(
        (2, None),
        shared,
        r#"{"cores": {"hot": 0}}"#,
        ("shared: hot 0 spin, main 1, web 1, housekeeping 1", &[]),
    );
    check(
        (2, None),
        shared,
        r#"{"cores": {"hot": 2, "web": 1}}"#,
        (
            "shared: hot 0 spin, main 1, web 1, housekeeping 1",
            &["hot does not get core 2: allowed: 2 cores"],
        ),
    );
    check(
        (3, None),
        shared,
        r#"{"cores": {"web": 1}, "idle": {"hot": "yield"}}"#,
        ("shared: hot 0 yield, main 1, web 1, housekeeping 2", &[]),
    );
    check(
        (2, None),
        ThreadMode::Dedicated,
        r#"{"idle": {"feed": "spin", "risk": {"sleepMicros": 9}}}"#,
        (
            "dedicated: feed 1 yield, quoting 1 yield, risk 1 sleepMicros 9, journal 1 yield, \
             main 0, web 0, housekeeping 0",
            &["dedicated does not", "feed waits by yield: its core is not its own"],
        ),
    );
    check(
        (2, Some(0.5)),
        shared,
        r#"{"idle": {"hot": "spin"}}"#,
        (
            "shared: hot 1 backoff, main 0, web 0, housekeeping 0",
            &["no thread spins", "hot waits by backoff: the cores are too few"],
        ),
    );
    check(
        (2, None),
        ThreadMode::Dedicated,
        r#"{"cores": {"feed": 0, "risk": 1}}"#,
        (
            "dedicated: feed 0 backoff, quoting 1 backoff, risk 1 backoff, journal 1 backoff, \
             main 0, web 0, housekeeping 0",
            &["dedicated does not", "no core is left to the rest", "no thread spins"],
        ),
    );
    check(
        (8, None),
        shared,
        r#"{"pin": false}"#,
        (
            "shared: hot any yield, main any, web any, housekeeping any",
            &["no thread is bound to a core"],
        ),
    );
}

#[test]
fn inline_has_no_hot_thread_and_binds_none() {
    let expected = ("inline: main any, web any, housekeeping any", &[] as &[&str]);
    check((8, None), ThreadMode::Inline, "{}", expected);
    check((1, Some(0.1)), ThreadMode::Inline, "{}", expected);
}

/// The rules of the head, for one plan.
fn check_rules(plan: &Plan, allowed: &Allowance, case: &str) {
    let cores = allowed.cores.len();
    let hot = || plan.threads.iter().filter(|thread| thread.name.is_hot());
    let expected = match plan.mode {
        ThreadMode::Dedicated => &STAGES[..],
        ThreadMode::Shared => &[ThreadName::Hot],
        ThreadMode::Inline => &[],
        ThreadMode::Auto => panic!("{case}: auto is no plan"),
    };
    assert_eq!(hot().map(|thread| thread.name).collect::<Vec<_>>(), expected, "{case}");
    let mut burning = Vec::new();
    for thread in &plan.threads {
        assert!(thread.core.is_none_or(|core| core < cores), "{case}");
        let others = plan.threads.iter().filter(|other| other.core == thread.core).count() - 1;
        if matches!(thread.idle, Idle::Spin | Idle::SpinYield) {
            assert!(thread.core.is_some() && others == 0, "{case}: {thread} is not alone");
        }
        if matches!(thread.idle, Idle::Spin | Idle::SpinYield | Idle::Yield) {
            burning.push(thread.core);
        }
        if !thread.name.is_hot() && thread.core.is_some() {
            let is_free = |core| hot().all(|hot| hot.core != Some(core));
            let is_cold = thread.core.is_some_and(is_free);
            assert!(is_cold || !(0..cores).any(is_free), "{case}: {thread} is on a hot core");
        }
    }
    burning.sort_unstable();
    burning.dedup();
    assert!(burning.is_empty() || burning.len() < allowed.whole(), "{case}: {burning:?}");
    assert!(burning.is_empty() || !allowed.is_fractional(), "{case}: {burning:?}");
}

#[test]
fn the_rules_hold_for_every_small_allowance() {
    let quotas = [None].into_iter().chain((1..=28).map(|n| Some(f64::from(n) * 0.25)));
    let modes = [ThreadMode::Auto, ThreadMode::Dedicated, ThreadMode::Shared, ThreadMode::Inline];
    let sections = [
        "{}",
        r#"{"pin": false}"#,
        r#"{"idle": {"feed": "spin", "journal": "spinYield", "hot": "spin"}}"#,
        r#"{"cores": {"feed": 0, "hot": 0}}"#,
        r#"{"cores": {"web": 1}, "idle": {"risk": "spin"}}"#,
        r#"{"cores": {"feed": 3, "quoting": 2, "risk": 1, "journal": 0, "hot": 4, "main": 6}}"#,
    ];
    for cores in 1..=7 {
        for quota in quotas.clone() {
            for mode in modes {
                for section in sections {
                    let allowed = allowance(cores, quota);
                    let plan = of(mode, &allowed, section);
                    check_rules(
                        &plan,
                        &allowed,
                        &format!("{mode:?} {section} {allowed}: {plan:?}"),
                    );
                    let is_enough = allowed.whole() >= DEDICATED_CORES && !allowed.is_fractional();
                    match mode {
                        ThreadMode::Auto => {
                            assert_eq!(plan.mode == ThreadMode::Dedicated, is_enough);
                        }
                        _ => assert_eq!(plan.mode, mode, "a mode that was asked for is kept"),
                    }
                    if mode == ThreadMode::Dedicated && !is_enough {
                        assert!(plan.remarks[0].contains("dedicated needs 5"), "{plan:?}");
                    }
                }
            }
        }
    }
}
