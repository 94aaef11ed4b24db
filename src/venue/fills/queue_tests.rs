//! A place in a queue, step by step: steps in, what is before us and what reached us out.

use super::*;

/// `shown QTY TIME`, `match QTY TIME`, `trade QTY TIME [TAKEN]`, `gap QTY TIME`; after each step
/// the lots before us, and of a trade those that reached us.
fn check(model: QueueModel, (level, joined): (i64, i64), steps: &[(&str, &str)]) {
    let mut place = Place::at_back(level, Nanos(joined));
    let mut book_time = Nanos(joined);
    for (step, expected) in steps {
        let words: Vec<_> = step.split(' ').collect();
        let number = |at: usize| words.get(at).map_or(0, |w| w.parse().expect("a number"));
        let (qty, time) = (number(1), Nanos(number(2)));
        let mut told = String::new();
        match words[0] {
            kind @ ("shown" | "match") => {
                book_time = book_time.max(time);
                let shown = Shown { qty, time, is_match: kind == "match" };
                place.shown(shown, model, 1.0);
            }
            "gap" => place.resumed(qty, time),
            _ => {
                let reached = place.traded(Print { qty, taken: number(3), time, book_time });
                told = format!(" {reached}");
            }
        }
        assert_eq!(format!("{}{told}", place.ahead()), *expected, "{step} of {steps:?}");
    }
}

const PROPORTIONAL: QueueModel = QueueModel::Power { exponent: 1 };

#[test]
fn trades_eat_the_queue_and_then_reach_us() {
    for model in [QueueModel::RiskAverse, PROPORTIONAL, QueueModel::Log] {
        // The trade is told first: the fall says nothing new.
        check(
            model,
            (10, 0),
            &[
                ("trade 4 5", "6 0"),
                ("shown 6 6", "6"),
                ("trade 8 7", "0 2"),
                ("shown 0 8", "0"),
                ("trade 3 9", "0 3"),
            ],
        );
        // The book is told first, in one step and in two.
        check(model, (10, 0), &[("shown 6 5", "6"), ("trade 4 5", "6 0")]);
        check(model, (10, 0), &[("shown 0 5", "0"), ("trade 12 5", "0 2")]);
        check(
            model,
            (10, 0),
            &[("shown 8 5", "8"), ("shown 6 6", "6"), ("trade 2 5", "6 0"), ("trade 2 6", "6 0")],
        );
        // A recorded match, before its trade and behind it.
        check(model, (10, 0), &[("match 6 5", "10"), ("trade 4 5", "6 0")]);
        check(model, (10, 0), &[("trade 4 5", "6 0"), ("match 6 5", "6")]);
        // What was over when we joined is in what we joined behind: `Market` does not tell it.
        assert!(Place::at_back(10, Nanos(7)).is_before(Nanos(7)));
        assert!(!Place::at_back(10, Nanos(7)).is_before(Nanos(8)));
        // Orders of ours before us take their part of a trade.
        check(model, (10, 0), &[("trade 14 5 4", "0 0"), ("trade 14 6 4", "0 10")]);
    }
}

#[test]
fn a_trade_that_orders_made_up_for_is_not_awaited_longer() {
    // Four traded and four came: the level shows no fall, and the next fall is of those who leave.
    check(PROPORTIONAL, (10, 0), &[("trade 4 5", "6 0"), ("shown 10 6", "6"), ("shown 5 7", "3")]);
    // A book that is not told as far leaves the trade awaited.
    check(
        PROPORTIONAL,
        (10, 0),
        &[("trade 4 7", "6 0"), ("shown 12 6", "6"), ("shown 8 8", "6"), ("shown 4 9", "3")],
    );
}

#[test]
fn what_leaves_without_a_trade_is_shared_by_the_model() {
    let power = |exponent| QueueModel::Power { exponent };
    // Ten before us, then thirty come behind; eight leave.
    let leave = |model, expected| {
        check(model, (10, 0), &[("shown 40 5", "10"), ("shown 32 6", expected)]);
    };
    leave(QueueModel::RiskAverse, "10");
    leave(power(1), "8");
    leave(power(2), "10"); // a tenth of eight is less than one
    leave(QueueModel::Log, "10"); // 1 − ln 31 / ln 41 = 0.075
    // Thirty before us and ten behind.
    let leave = |model, expected| {
        check(model, (30, 0), &[("shown 40 5", "30"), ("shown 32 6", expected)]);
    };
    leave(QueueModel::RiskAverse, "30");
    leave(power(1), "24");
    leave(power(2), "23"); // nine tenths: 7.2
    leave(power(8), "23"); // 0.9998: rounded down
    leave(QueueModel::Log, "28"); // 1 − ln 11 / ln 41 = 0.354: 2.8
    // Those who are not there cannot be before us, and those behind cannot leave twice.
    for model in [QueueModel::RiskAverse, power(1), power(3), QueueModel::Log] {
        check(model, (30, 0), &[("shown 20 5", "20"), ("shown 0 6", "0"), ("shown 50 7", "0")]);
    }
}

#[test]
fn after_a_gap_only_what_is_absent_has_left() {
    for model in [QueueModel::RiskAverse, PROPORTIONAL] {
        check(
            model,
            (10, 0),
            &[
                ("trade 4 5", "6 0"),
                ("gap 20 9", "6"),
                (
                    "shown 17 9",
                    match model {
                        QueueModel::RiskAverse => "6",
                        _ => "6", // six of twenty, of three: less than one
                    },
                ),
            ],
        );
        check(model, (10, 0), &[("gap 4 9", "4"), ("trade 5 10", "0 1")]);
    }
}

#[test]
fn stamps_that_are_not_known_are_taken_in_the_order_of_the_tape() {
    let unknown = i64::MIN;
    check(
        QueueModel::RiskAverse,
        (10, unknown),
        &[
            (&format!("trade 4 {unknown}"), "6 0"),
            (&format!("shown 6 {unknown}"), "6"),
            (&format!("trade 9 {unknown}"), "0 3"),
        ],
    );
    assert!(!Place::at_back(10, Nanos::UNKNOWN).is_before(Nanos::UNKNOWN));
}
