//! The results of a sweep as one page: what was run, what varied, and a row for each run with a
//! bar as long as its net profit.

use super::super::html::{STYLE, escape};
use super::{SweepResults, row};
use std::fmt::Write as _;

const BAR: &str = "body{max-width:1400px}td,th{padding-right:9px}\
    td.bar{position:relative;min-width:90px}\
    td.bar i{position:absolute;top:6px;bottom:6px;margin:0;background:var(--a);opacity:.75}\
    td.bar i.loss{background:var(--d)}tr.best td{background:var(--card);font-weight:600}";

pub(super) fn page(results: &SweepResults) -> String {
    let mut out = format!(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content='width=device-width,initial-scale=1'>\
         <title>PinnacleMM sweep</title><style>{STYLE}{BAR}</style>\
         <h1>PinnacleMM sweep</h1><p class=facts>"
    );
    for fact in &results.facts {
        let _ = write!(out, "<span>{} <b>{}</b></span> ", escape(&fact.name), escape(&fact.value));
    }
    for key in &results.keys {
        let values = escape(&key.values.join(", "));
        let _ = write!(out, "<span>{} <b>{values}</b></span> ", escape(&key.key));
    }
    let _ = write!(out, "<span>runs <b>{} of {}</b></span></p>", results.runs.len(), results.total);
    table(&mut out, results);
    out.push_str("</html>\n");
    out
}

fn table(out: &mut String, results: &SweepResults) {
    let nets: Vec<f64> = results.runs.iter().map(|run| run.net.parse().unwrap_or(0.0)).collect();
    let low = nets.iter().fold(0.0_f64, |low, net| low.min(*net));
    let high = nets.iter().fold(0.0_f64, |high, net| high.max(*net));
    let best = nets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    out.push_str("<table><tr>");
    results.head().iter().for_each(|cell| {
        let _ = write!(out, "<th>{}</th>", escape(cell));
    });
    out.push_str("<th></th></tr>");
    for (run, net) in results.runs.iter().zip(nets) {
        out.push_str(if net >= best { "<tr class=best>" } else { "<tr>" });
        row(run).iter().for_each(|cell| {
            let _ = write!(out, "<td>{}</td>", escape(cell));
        });
        let place =
            |value: f64| if high > low { (value - low) / (high - low) * 100.0 } else { 0.0 };
        let (left, width) = (place(net.min(0.0)), place(net.max(0.0)) - place(net.min(0.0)));
        let class = if net < 0.0 { " class=loss" } else { "" };
        let _ = write!(
            out,
            "<td class=bar><i{class} style='left:{left:.1}%;width:{width:.1}%'></i></td></tr>"
        );
    }
    out.push_str("</table>");
}
