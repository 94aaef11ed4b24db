//! The results as a table for people.

use super::pace::Pace;
use super::result::{Machine, Results, Row, Stage};
use super::spread::Spread;
use std::fmt::Write as _;

/// The whole table.
#[must_use]
pub fn table(results: &Results) -> String {
    let mut text = String::new();
    let mut put = |words: std::fmt::Arguments<'_>| text.write_fmt(words).expect("a string");
    put(format_args!("pinnaclemm-latency {}\n{}\n", results.version, results.stream));
    put(format_args!("conditions: {}\n", results.conditions));
    if let Some(every) = results.mover_every {
        put(format_args!(
            "one message in {every} moves the touch and brings two orders; tick to order is \
             counted on those,\nfrom the time a message was meant to come until the text of its \
             last order stands ready\n"
        ));
    }
    put(format_args!("{}\n", machine(&results.machine)));
    put(format_args!("TICK TO ORDER (ns)\n{}", head("p50 × floor p99")));
    for row in &results.rows {
        put(format_args!("{}", line(row)));
    }
    if !results.wire.is_empty() {
        put(format_args!(
            "\nWIRE TO WIRE: first byte in, order bytes out (ns)\n{}",
            head("p50 × floor p99")
        ));
        for row in &results.wire {
            put(format_args!("{}", line(row)));
        }
    }
    if !results.stages.is_empty() {
        put(format_args!(
            "\nSTAGES in one thread (ns, a read of the clock in each)\n{:<9} {:>24} {:>24}\n",
            "", "with orders p50 / p99", "without p50 / p99"
        ));
        results.stages.iter().for_each(|stage| put(format_args!("{}", stage_line(stage))));
    }
    for (what, why) in &results.left_out {
        put(format_args!("left out: {what}: {why}\n"));
    }
    put(format_args!("\n{}\n", headline(results)));
    text
}

/// The rate that the headline tells of: far from both the queue and the cold.
const TOLD: Pace = Pace::Even(100_000);

/// The row that is told first, always the same one, and whether the machine was quiet.
fn headline(results: &Results) -> String {
    let is_told = |row: &&Row| {
        let is_alone = ["shared", "inline"].contains(&&*row.mode);
        is_alone && row.text == "encoded" && row.sync == "process" && row.title == TOLD.to_string()
    };
    let rows = results.rows.iter().filter(is_told).filter_map(|row| Some((row, row.ratio?)));
    // The product's own runner where it was measured.
    let best = rows.max_by_key(|(row, _)| row.mode == "shared");
    let told = best.map_or("no row has a floor".to_string(), |(row, ratio)| {
        let p99 = ratio.p99.map_or(String::new(), |p99| format!(", p99 {p99:.2} ×"));
        format!("tick to order, {} {}: p50 {:.2} × the floor{p99}", row.mode, row.title, ratio.p50)
    });
    match &results.machine.disturbed[..] {
        [] => format!("{told}; the machine was quiet"),
        reasons => format!("{told}\nTHE MACHINE WAS DISTURBED: {}", reasons.join("; ")),
    }
}

fn machine(machine: &Machine) -> String {
    let crossing = machine.round_trip_ns.map_or_else(
        || "one core only".to_string(),
        |[least, half]| format!("raw core-to-core round trip {half:.0} ns (least {least:.0})"),
    );
    format!(
        "machine: {}, {}, {} cores, hot core {}; a read of the clock {:.1} ns, its step {:.1} \
         ns; {crossing}\nhiccups: {:.0} gaps > 1 µs a second, {:.1} > 100 µs, {:.2} % taken, \
         longest {} ns; load {:.1} → {:.1}\n",
        machine.processor,
        machine.kernel,
        machine.cores,
        machine.hot_core,
        machine.clock_read_ns,
        machine.clock_step_ns,
        machine.gaps_per_s,
        machine.long_gaps_per_s,
        machine.stolen_pct,
        nanos(machine.gaps_ns.max),
        machine.load[0],
        machine.load[1],
    )
}

fn head(last: &str) -> String {
    let [p50, p90, p99, p999, p9999, max] = ["p50", "p90", "p99", "p99.9", "p99.99", "max"];
    format!(
        "{:<9} {:<18} {:<8} {p50:>7} {p90:>7} {p99:>7} {p999:>8} {p9999:>8} {max:>9} {:>7} {:>13} \
         {last:>17}\n",
        "mode", "messages", "text", "count", "floor p50/p99"
    )
}

fn line(row: &Row) -> String {
    let Spread { p50, p90, p99, p999, p9999, max, count } = row.tick_to_order_ns;
    let floor = row
        .floor_ns
        .map_or("–".to_string(), |floor| format!("{}/{}", nanos(floor.p50), nanos(floor.p99)));
    let ratio = row.ratio.map_or(String::new(), |ratio| {
        let p99 = ratio.p99.map_or("–".to_string(), |p99| format!("{p99:.2}"));
        format!("{:.2} × {p99}", ratio.p50)
    });
    let text = if row.sync == "batch" { "synced" } else { &row.text };
    let mut line = format!(
        "{:<9} {:<18} {text:<8} {:>7} {:>7} {:>7} {:>8} {:>8} {:>9} {count:>7} {floor:>13} \
         {ratio:>17}",
        row.mode,
        row.title,
        nanos(p50),
        nanos(p90),
        nanos(p99),
        nanos(p999),
        nanos(p9999),
        nanos(max),
    );
    if let Some(hand) = row.hand_over {
        write!(line, "  hand-over {:.2} × (fused + 0.95 × round trip)", hand.ratio)
            .expect("a string");
    }
    if row.rate.is_none() && row.floor_is.is_none() {
        let floor = row.floor_per_s.map_or(String::new(), |n| format!(", floor {:.2}", n / 1e6));
        write!(line, "  {:.2} M messages/s{floor}", row.reached_per_s / 1e6).expect("a string");
    }
    line.push('\n');
    line
}

fn stage_line(stage: &Stage) -> String {
    let both = |spread: &Spread| format!("{} / {}", nanos(spread.p50), nanos(spread.p99));
    let (with, without) = (both(&stage.with_orders_ns), both(&stage.without_ns));
    format!("{:<9} {with:>24} {without:>24}\n", stage.name)
}

/// A number that may be absent.
fn nanos(value: Option<u64>) -> String {
    value.map_or_else(|| "–".to_string(), |value| value.to_string())
}
