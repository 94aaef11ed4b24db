//! A plot over time as SVG: lines that hold their value until it changes, marks, axes that are
//! read.

use super::series::Series;
use crate::types::Nanos;
use std::fmt::Write as _;

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 92.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;

/// A mark at a point: a triangle that points up or down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Triangle {
    pub(super) time: Nanos,
    pub(super) value: f64,
    pub(super) up: bool,
}

/// What is drawn.
pub(super) struct Plot<'a> {
    pub(super) span: (Nanos, Nanos),
    /// Each with the class of its colour.
    pub(super) lines: &'a [(&'a str, &'a Series)],
    pub(super) triangles: &'a [Triangle],
    /// Zero is in sight, with a line of its own.
    pub(super) zero: bool,
}

/// From values to places on the sheet.
struct Frame {
    from: Nanos,
    span: f64,
    low: f64,
    high: f64,
}

#[expect(clippy::cast_precision_loss, reason = "places on a sheet")]
const fn float(nanos: i64) -> f64 {
    nanos as f64
}

impl Frame {
    fn x(&self, time: Nanos) -> f64 {
        let part = float(time.0.saturating_sub(self.from.0)) / self.span;
        LEFT + part.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let part = (value - self.low) / (self.high - self.low);
        HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)
    }
}

/// The next of 1, 2, 5, 10, 20 … at or above.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let found = [1.0, 2.0, 5.0].into_iter().map(|m| m * power).find(|step| *step >= least * 0.999);
    found.unwrap_or(10.0 * power)
}

/// A number with as many digits behind the point as its step has, and commas by thousands.
fn label(value: f64, step: f64) -> String {
    let decimals = (-(step * 1.001).log10().floor()).max(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 15")]
    let decimals = decimals.min(15.0) as usize;
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let is_negative = value < 0.0 && text.chars().any(|c| c.is_ascii_digit() && c != '0');
    format!("{}{grouped}{rest}", if is_negative { "−" } else { "" })
}

/// Seconds between two labels of the time axis.
const TIME_STEPS: [i64; 21] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    172_800, 604_800, 2_592_000,
];

fn time_axis(out: &mut String, frame: &Frame) {
    let seconds = frame.span / 1e9;
    let step = TIME_STEPS.into_iter().find(|step| seconds / float(*step) <= 9.0);
    let Some(step) = step.filter(|_| seconds >= 1.0) else { return };
    let mut at = frame.from.0.div_euclid(1_000_000_000).div_euclid(step) * step;
    while float(at) * 1e9 <= float(frame.from.0) + frame.span {
        let time = Nanos(at * 1_000_000_000);
        at += step;
        if time < frame.from {
            continue;
        }
        let x = frame.x(time);
        let stamp = time.to_string();
        let text =
            if step >= 86_400 { &stamp[..10] } else { &stamp[11..if step < 60 { 19 } else { 16 }] };
        let (top, foot, base) = (TOP, HEIGHT - BOTTOM, HEIGHT - 8.0);
        let _ = write!(
            out,
            "<path class=grid d='M{x:.1} {top}V{foot}'/>\
             <text x='{x:.1}' y='{base}' text-anchor=middle>{text}</text>"
        );
    }
}

fn value_axis(out: &mut String, frame: &Frame) {
    let step = round_step((frame.high - frame.low) / 5.0);
    let mut number = (frame.low / step).ceil();
    while number * step <= frame.high {
        let value = number * step;
        let (y, right, text) = (frame.y(value), WIDTH - RIGHT, label(value, step));
        let _ = write!(
            out,
            "<path class=grid d='M{LEFT} {y:.1}H{right}'/>\
             <text x='{:.1}' y='{:.1}' text-anchor=end>{text}</text>",
            LEFT - 6.0,
            y + 4.0
        );
        number += 1.0;
    }
}

/// The least and the greatest value in sight, with a little room.
fn bounds(plot: &Plot<'_>) -> (f64, f64) {
    let buckets = plot.lines.iter().flat_map(|(_, series)| series.points());
    let values = buckets.flat_map(|(_, bucket)| [bucket.min, bucket.max]);
    let values = values.chain(plot.triangles.iter().map(|mark| mark.value));
    let values = values.chain(plot.zero.then_some(0.0));
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return (0.0, 1.0);
    }
    let room = if high > low { (high - low) * 0.05 } else { (high.abs() * 1e-4).max(1e-9) };
    (low - room, high + room)
}

/// The plot as an element of a page.
pub(super) fn draw(plot: &Plot<'_>) -> String {
    let (low, high) = bounds(plot);
    let (from, to) = plot.span;
    let span = float(to.0.saturating_sub(from.0)).max(1.0);
    let frame = Frame { from, span, low, high };
    let mut out = format!("<svg viewBox='0 0 {WIDTH} {HEIGHT}' role=img>");
    value_axis(&mut out, &frame);
    time_axis(&mut out, &frame);
    if plot.zero {
        let _ = write!(out, "<path class=zero d='M{LEFT} {:.1}H{}'/>", frame.y(0.0), WIDTH - RIGHT);
    }
    for (class, series) in plot.lines {
        let mut path = String::new();
        for (time, bucket) in series.points() {
            let x = frame.x(time);
            let [min, max, last] = [bucket.min, bucket.max, bucket.last].map(|v| frame.y(v));
            let _ = if path.is_empty() {
                write!(path, "M{x:.1} {last:.1}")
            } else {
                write!(path, "H{x:.1}")
            };
            if bucket.max > bucket.min {
                let _ = write!(path, "V{min:.1}V{max:.1}");
            }
            let _ = write!(path, "V{last:.1}");
        }
        let _ = write!(out, "<path class='line {class}' d='{path}'/>");
    }
    for up in [true, false] {
        let mut path = String::new();
        for mark in plot.triangles.iter().filter(|mark| mark.up == up) {
            let (x, y) = (frame.x(mark.time), frame.y(mark.value));
            let foot = if up { 5 } else { -5 };
            let _ = write!(path, "M{x:.1} {y:.1}l3 {foot}h-6z");
        }
        let class = if up { "buy" } else { "sell" };
        let _ = write!(out, "<path class={class} d='{path}'/>");
    }
    out + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_read_by_a_person() {
        let check = |value, step, expected: &str| assert_eq!(label(value, step), expected);
        check(61_602.0, 20.0, "61,602");
        check(1_234_567.5, 0.5, "1,234,567.5");
        check(-0.25, 0.05, "−0.25");
        check(-0.000_000_1, 0.1, "0.0");
        check(999.0, 100.0, "999");
        for (least, expected) in
            [(0.9, 1.0), (1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (6.0, 10.0), (0.012, 0.02)]
        {
            assert!((round_step(least) - expected).abs() < 1e-12, "{least}");
        }
    }

    #[test]
    fn a_plot_of_nothing_and_of_one_point_is_a_plot() {
        let mut series = Series::new();
        let span = (Nanos(0), Nanos(0));
        for points in [0, 1] {
            (0..points).for_each(|_| series.push(Nanos(0), 5.0));
            let plot = Plot { span, lines: &[("mid", &series)], triangles: &[], zero: false };
            let svg = draw(&plot);
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
