//! The report as one page: figures first, then the plots, then the tables. It loads nothing and
//! runs nothing.

use super::market::Market;
use super::summary::{FillSums, InstrumentSummary, Summary};
use super::svg::{Plot, Triangle, draw};
use super::{Fact, Finished};
use crate::types::Side;
use std::fmt::Write as _;

/// Instruments that get plots: those that traded, so many at most.
const PLOTTED_MAX: usize = 12;

pub(super) const STYLE: &str = include_str!("page.css");

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A number with so many digits behind the point, or a dash where there is none.
pub(super) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_string(), |value| format!("{value:.decimals$}"))
}

pub(super) fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_string(), |value| format!("{:.1} %", value * 100.0))
}

/// Some six digits of an amount, whatever its size.
pub(super) fn amount(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.2}"),
        size if size >= 1.0 => format!("{value:.4}"),
        _ => {
            let text = format!("{value:.8}");
            let cut = text.trim_end_matches('0').trim_end_matches('.');
            if cut.trim_start_matches('-') == "0" { "0".to_string() } else { cut.to_string() }
        }
    }
}

/// A stamp without its fraction.
pub(super) fn seconds(stamp: &str) -> &str {
    stamp.split('.').next().unwrap_or(stamp)
}

/// The figures that are looked at first.
fn figures(out: &mut String, summary: &Summary) {
    let account = &summary.account;
    let ratios = &account.ratios;
    let short = |text: &str| text.parse().map_or_else(|_| text.to_string(), amount);
    let fills: u64 = summary.instruments.iter().map(|i| i.total.fills).sum();
    let years = format!("annualised from {} s", ratios.period_s);
    let rows = [
        ("Net P&L", short(&account.net), account.currency.clone()),
        ("Gross", short(&account.gross), account.currency.clone()),
        ("Fees", short(&account.fees), account.currency.clone()),
        ("Max drawdown", short(&account.max_drawdown.amount), account.currency.clone()),
        ("Sharpe", number(ratios.sharpe, 2), years.clone()),
        ("Sortino", number(ratios.sortino, 2), years),
        ("Fills", fills.to_string(), String::new()),
        ("Winning periods", percent(ratios.winning_periods), String::new()),
    ];
    out.push_str("<div class=figures>");
    for (name, value, unit) in rows {
        let (name, unit) = (escape(name), escape(&unit));
        let _ = write!(out, "<div><b>{value}</b><span>{name}</span><small>{unit}</small></div>");
    }
    out.push_str("</div>");
}

fn plot(out: &mut String, (title, legend): (&str, &str), plot: &Plot<'_>) {
    let _ = write!(out, "<h3>{} <small>{legend}</small></h3>{}", escape(title), draw(plot));
}

fn plots(out: &mut String, report: &Finished) {
    let span = report.span;
    let currency = escape(&report.summary.account.currency);
    let account = &report.account;
    let legend = format!("{currency} &nbsp; <i class=net>net</i> <i class=gross>before fees</i>");
    plot(
        out,
        ("Profit and loss", &legend),
        &Plot {
            span,
            lines: &[("gross", &account.gross), ("net", &account.net)],
            triangles: &[],
            zero: true,
        },
    );
    plot(
        out,
        ("Drawdown", &format!("{currency} below the highest net")),
        &Plot { span, lines: &[("below", &account.below)], triangles: &[], zero: true },
    );
    let traded: Vec<_> = report.markets.iter().filter(|market| market.has_traded()).collect();
    for market in traded.iter().take(PLOTTED_MAX) {
        market_plots(out, report, market);
    }
    if traded.len() > PLOTTED_MAX {
        let more = traded.len() - PLOTTED_MAX;
        let _ = write!(out, "<p>{more} more instruments traded; their figures are below.</p>");
    }
}

fn market_plots(out: &mut String, report: &Finished, market: &Market) {
    let instrument = &market.instrument;
    let symbol = instrument.symbol.to_string();
    let triangle = |fill: &super::market::FillMark| Triangle {
        time: fill.time,
        value: fill.price,
        up: fill.side == Side::Bid,
    };
    let triangles: Vec<_> = market.fills.kept().iter().map(triangle).collect();
    let every = match market.fills.every() {
        1 => String::new(),
        every => format!(" (one in {every})"),
    };
    let quote = escape(&instrument.quote.to_string());
    let legend =
        format!("{quote} &nbsp; <i class=buy>▲ bought</i> <i class=sell>▼ sold</i>{every}");
    plot(
        out,
        (&format!("{symbol}: mid and fills"), &legend),
        &Plot {
            span: report.span,
            lines: &[("mid", &market.mid)],
            triangles: &triangles,
            zero: false,
        },
    );
    let base = escape(&instrument.base.to_string());
    plot(
        out,
        (&format!("{symbol}: inventory"), &base),
        &Plot {
            span: report.span,
            lines: &[("inventory", &market.inventory)],
            triangles: &[],
            zero: true,
        },
    );
}

/// A table: its head, then its rows; the first column is text.
fn table(out: &mut String, title: &str, head: &[&str], rows: &[Vec<String>]) {
    let _ = write!(out, "<h4>{}</h4><table><tr>", escape(title));
    head.iter().for_each(|cell| out.push_str(&format!("<th>{}</th>", escape(cell))));
    for row in rows {
        out.push_str("</tr><tr>");
        row.iter().for_each(|cell| out.push_str(&format!("<td>{}</td>", escape(cell))));
    }
    out.push_str("</tr></table>");
}

const FILL_HEAD: [&str; 10] =
    ["", "fills", "quantity", "turnover", "fees", "maker", "at once", "1 s", "5 s", "30 s"];

fn fill_row(name: &str, sums: &FillSums) -> Vec<String> {
    let mut row = vec![
        name.to_string(),
        sums.fills.to_string(),
        amount(sums.quantity),
        amount(sums.turnover),
        amount(sums.fees),
        percent(sums.maker_share),
    ];
    let told =
        |bps: Option<f64>| bps.map_or_else(|| "–".to_string(), |bps| format!("{bps:+.2} bp"));
    row.extend(sums.markouts.iter().map(|markout| told(markout.bps)));
    row
}

fn instrument(out: &mut String, of: &InstrumentSummary) {
    let _ = write!(out, "<h2>{} <small>{}</small></h2>", escape(&of.symbol), escape(&of.venue));
    let (orders, quoting, inventory) = (&of.orders, &of.quoting, &of.inventory);
    let row = |name: &str, value: String| vec![name.to_string(), value];
    let money = |value: Option<f64>| value.map_or_else(|| "–".to_string(), amount);
    table(
        out,
        "Figures",
        &["", ""],
        &[
            row(&format!("net P&L, {}", of.quote), money(of.net)),
            row("before fees", money(of.gross)),
            row("fees", amount(of.fees)),
            row("turnover", amount(of.turnover)),
            row(&format!("position at the end, {}", of.base), amount(inventory.last)),
            row("least, greatest", format!("{}, {}", amount(inventory.min), amount(inventory.max))),
            row("mean size of the position", money(inventory.mean_abs)),
            row(
                "orders placed, of them rejected",
                format!("{}, {}", orders.placed, orders.rejected),
            ),
            row("replaces, cancels", format!("{}, {}", orders.replaced, orders.canceled)),
            row("orders that traded", percent(orders.fill_ratio)),
            row("quantity that traded", percent(orders.quantity_ratio)),
            row("time with a quoted spread", percent(quoting.two_sided)),
            row(
                "with a bid, with an ask",
                format!("{}, {}", percent(quoting.bid), percent(quoting.ask)),
            ),
            row(
                "at the touch: bid, ask",
                format!("{}, {}", percent(quoting.bid_at_touch), percent(quoting.ask_at_touch)),
            ),
            row("mean quoted spread, bp", number(quoting.spread_bps, 3)),
            row("time with a fresh book", percent(quoting.book_fresh)),
        ],
    );
    let sides =
        [fill_row("bought", &of.bid), fill_row("sold", &of.ask), fill_row("all", &of.total)];
    let title = "Trades, and the mid against their price at once and later (positive is ours)";
    table(out, title, &FILL_HEAD, &sides);
    let levels = of.levels.iter().enumerate();
    let levels: Vec<_> = levels.map(|(at, sums)| fill_row(&(at + 1).to_string(), sums)).collect();
    table(out, "By level, 1 the nearest to the touch", &FILL_HEAD, &levels);
    let hours: Vec<_> = of.hours.iter().map(|h| fill_row(&h.hour[..16], &h.sums)).collect();
    table(out, "By hour, UTC", &FILL_HEAD, &hours);
}

/// The whole page.
pub(super) fn page(report: &Finished) -> String {
    let summary = &report.summary;
    let mut out = format!(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content='width=device-width,initial-scale=1'>\
         <title>PinnacleMM report</title><style>{STYLE}</style>\
         <h1>PinnacleMM report</h1><p class=facts>"
    );
    let span = Fact {
        name: "time".to_string(),
        value: format!("{} to {}", seconds(&summary.from), seconds(&summary.to)),
    };
    for fact in summary.facts.iter().chain([&span]) {
        let _ = write!(out, "<span>{} <b>{}</b></span> ", escape(&fact.name), escape(&fact.value));
    }
    out.push_str("</p>");
    figures(&mut out, summary);
    plots(&mut out, report);
    let hours = summary.account.hours.iter();
    let hours: Vec<_> = hours
        .map(|h| vec![h.hour[..16].to_string(), h.gross.clone(), h.fees.clone(), h.net.clone()])
        .collect();
    table(&mut out, "Account by hour, UTC", &["", "gross", "fees", "net"], &hours);
    summary.instruments.iter().for_each(|of| instrument(&mut out, of));
    out.push_str("</html>\n");
    out
}
