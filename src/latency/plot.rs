//! Plots as SVG: latencies over percentiles, and p50 and p99 over the time of the run. Nothing is
//! fetched to show them.

use super::measure::Measured;
use super::spread::{Spread, histogram};
use hdrhistogram::Histogram;
use std::fmt::Write as _;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 230.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 40.0;
/// Told apart by those who see no red and green too (Okabe and Ito).
const COLOURS: [&str; 8] =
    ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#000000", "#999999"];
/// Points of a line over time.
const WINDOWS: usize = 60;

/// A line: its name, and points of (place on the first axis, nanoseconds).
struct Line {
    name: String,
    dashed: bool,
    colour: &'static str,
    points: Vec<(f64, f64)>,
}

/// Latency over percentile: the further right, the rarer; one line a row, its floor dashed.
#[must_use]
pub fn percentiles(rows: &[&Measured]) -> String {
    let mut lines = Vec::new();
    for (row, colour) in rows.iter().zip(COLOURS.iter().cycle()) {
        let name = format!("{} {}", row.row.mode, row.row.title);
        lines.push(Line { name, dashed: false, colour, points: curve(&row.product) });
        if !row.floor.is_empty() {
            let name = format!("floor {}", row.row.title);
            lines.push(Line { name, dashed: true, colour, points: curve(&row.floor) });
        }
    }
    let marks = [(0.0, "0"), (1.0, "90 %"), (2.0, "99 %"), (3.0, "99.9 %"), (4.0, "99.99 %")];
    sheet("tick to order by percentile", &lines, (0.0, 4.2), &marks.map(|(x, t)| (x, t.into())))
}

/// Powers of ten of one in how many, and what no more than that took.
fn curve(all: &Histogram<u64>) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for tenth in 0..=42_u32 {
        let rarity = f64::from(tenth) / 10.0;
        let quantile = 1.0 - 10_f64.powf(-rarity);
        let left = float(all.len()) * (1.0 - quantile);
        if left >= 1.0 {
            points.push((rarity, float(all.value_at_quantile(quantile))));
        }
    }
    points
}

/// p50 and p99 over the time of the run.
#[must_use]
pub fn series(rows: &[&Measured]) -> String {
    let times = || rows.iter().flat_map(|row| row.series.iter().map(|(at, _)| *at));
    let end = times().fold(0.1, f64::max);
    let mut lines = Vec::new();
    for (row, colour) in rows.iter().zip(COLOURS.iter().cycle()) {
        let spreads = windows(&row.series, end);
        for (name, dashed, of) in [
            ("p50", false, (|spread| spread.p50) as fn(&Spread) -> Option<u64>),
            ("p99", true, |spread| spread.p99),
        ] {
            let points =
                spreads.iter().filter_map(|(at, all)| Some((*at, float(of(all)?)))).collect();
            let name = format!("{} {} {name}", row.row.mode, row.row.title);
            lines.push(Line { name, dashed, colour, points });
        }
    }
    let marks = (0..=8).map(|n| end * f64::from(n) / 8.0).map(|at| (at, format!("{at:.0} s")));
    sheet("p50 and p99 over the run", &lines, (0.0, end), &marks.collect::<Vec<_>>())
}

/// The samples of each stretch of time that has any.
fn windows(samples: &[(f64, u64)], end: f64) -> Vec<(f64, Spread)> {
    let mut found: Vec<Option<Histogram<u64>>> = vec![None; WINDOWS];
    let width = end / float(WINDOWS as u64);
    for (at, took) in samples {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place")]
        let place = ((at / width) as usize).min(WINDOWS - 1);
        found[place].get_or_insert_with(histogram).saturating_record((*took).max(1));
    }
    let middle = |place: usize| (float(place as u64) + 0.5) * width;
    let spreads = found.iter().enumerate();
    spreads.filter_map(|(at, all)| Some((middle(at), Spread::of(all.as_ref()?)))).collect()
}

fn sheet(title: &str, lines: &[Line], (from, to): (f64, f64), marks: &[(f64, String)]) -> String {
    let values = || lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
    let low = values().fold(f64::INFINITY, f64::min).clamp(1.0, 1e9).log10().floor();
    let high = values().fold(10.0, f64::max).log10().ceil().max(low + 1.0);
    let x = |at: f64| LEFT + (at - from) / (to - from) * (WIDTH - LEFT - RIGHT);
    let y = |ns: f64| {
        HEIGHT - BOTTOM - (ns.max(1.0).log10() - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
    };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"18\" font-size=\"14\">{title}</text>\n"
    );
    let mut put = |words: std::fmt::Arguments<'_>| out.write_fmt(words).expect("a string");
    let (right, foot) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let mut power = low;
    while power <= high {
        let (at, name) = (y(10_f64.powf(power)), nanos(10_f64.powf(power)));
        put(format_args!(
            "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>\n",
            LEFT - 6.0,
            at + 4.0
        ));
        power += 1.0;
    }
    for (at, name) in marks {
        put(format_args!(
            "<path d=\"M{0:.1} {TOP}V{foot}\" stroke=\"#ddd\"/>\
             <text x=\"{0:.1}\" y=\"{1:.1}\" text-anchor=\"middle\">{name}</text>\n",
            x(*at),
            foot + 16.0
        ));
    }
    for (n, line) in (0_u32..).zip(lines) {
        let mut path = String::new();
        for (n, (at, ns)) in line.points.iter().enumerate() {
            let word = if n == 0 { 'M' } else { 'L' };
            write!(path, "{word}{:.1} {:.1}", x(*at), y(*ns)).expect("a string");
        }
        let dash = if line.dashed { " stroke-dasharray=\"5 3\"" } else { "" };
        let (colour, key) = (line.colour, TOP + 10.0 + 16.0 * f64::from(n));
        put(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"{dash}/>\n\
             <path d=\"M{0:.1} {key:.1}h24\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/>\
             <text x=\"{1:.1}\" y=\"{2:.1}\">{3}</text>\n",
            right + 8.0,
            right + 38.0,
            key + 4.0,
            line.name
        ));
    }
    out.push_str("</svg>\n");
    out
}

/// A round number of nanoseconds with its unit.
fn nanos(ns: f64) -> String {
    match ns {
        ns if ns >= 1e9 => format!("{:.0} s", ns / 1e9),
        ns if ns >= 1e6 => format!("{:.0} ms", ns / 1e6),
        ns if ns >= 1e3 => format!("{:.0} µs", ns / 1e3),
        ns => format!("{ns:.0} ns"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "places on a sheet")]
const fn float(number: u64) -> f64 {
    number as f64
}
