//! The floor of `pinnaclemm-latency` does the engine's work: as many orders of the same messages,
//! and as many bytes in the same kind of records.

use pinnaclemm::event::Body;
use pinnaclemm::journal::record::Content;
use pinnaclemm::journal::{Journal, SyncMode};
use pinnaclemm::latency::crew::{Crew, Mode};
use pinnaclemm::latency::floor;
use pinnaclemm::latency::pace::Pace;
use pinnaclemm::latency::probe::{Subject, Task};
use pinnaclemm::latency::run::{Wanted, bench};
use pinnaclemm::latency::stream::{CYCLE, MOVER_EVERY};

fn wanted() -> Wanted {
    Wanted {
        recording: None,
        seed: 3,
        modes: vec![Mode::Inline],
        repeats: 1,
        is_quick: true,
        without_wire: true,
        parent: std::env::temp_dir(),
    }
}

#[test]
fn the_floor_writes_and_sends_as_much_as_the_engine() {
    let bench = bench(&wanted()).unwrap();
    let crew = Crew::start(&bench, Mode::Inline, SyncMode::Process).unwrap();
    let task = |subject| Task {
        subject,
        pace: Pace::Even(20_000),
        count: 15 * CYCLE as u64,
        warm: CYCLE as u64,
        is_signed: false,
    };
    let product = crew.play(task(Subject::Product)).unwrap();
    let ground = crew.play(task(Subject::Floor)).unwrap();
    let movers = product.messages / MOVER_EVERY as u64;
    assert_eq!((ground.messages, product.malformed), (product.messages, 0));
    // Each mover brings a bid and an ask. The engine's spread follows the volatility, so that now
    // and then one of its sides stays within the tolerance, or one of them goes along unasked.
    assert_eq!(ground.orders, 2 * movers);
    assert!(product.orders.abs_diff(2 * movers) <= movers / 10, "{} {movers}", product.orders);
    assert!(product.other_orders <= movers / 10, "{}", product.other_orders);
    let data = crew.data();
    let folder = crew.end().unwrap();
    // Bytes and records of each kind.
    let mut kinds = [(0_usize, 0_usize); 4];
    let journal = Journal::open(&data).unwrap();
    let seen = journal.visit(|_, record| -> Result<(), pinnaclemm::journal::ReadError> {
        let kind = match &record.content {
            Content::Input(input) => match input.event.body {
                Body::Levels(_) if input.levels().len() == 1 => 0,
                Body::Report(_) => 3,
                _ => return Ok(()),
            },
            Content::Output { output, .. } => match output {
                pinnaclemm::engine::risk::Output::Explanation(_) => 1,
                pinnaclemm::engine::risk::Output::Request(_) => 2,
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        kinds[kind].0 += 1;
        kinds[kind].1 += record.bytes();
        Ok(())
    });
    assert!(seen.unwrap().unwrap().clean);
    drop(folder);
    let own = [
        ("a message", floor::INPUT_BYTES),
        ("why", floor::EXPLANATION_BYTES),
        ("a request", floor::REQUEST_BYTES),
        ("an answer", floor::REPORT_BYTES),
    ];
    for ((what, bytes), (count, all)) in own.into_iter().zip(kinds) {
        let each = all / count.max(1);
        // What is zero is not written, so that lengths vary a little.
        assert!(bytes.abs_diff(each) <= 12, "{what}: {each} bytes, {bytes} at the floor");
    }
    // One explanation for the two requests of a mover, two answers for each request.
    let [_, (why, _), (requests, _), (answers, _)] = kinds;
    assert!(requests.abs_diff(2 * why) <= requests / 10, "{requests} {why}");
    assert!(answers.abs_diff(2 * requests) <= 8, "{answers} {requests}");
}
