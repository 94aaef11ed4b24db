//! A report as a table for a terminal: what is looked at first, and nothing more.

use super::html::{amount, number, percent, seconds};
use super::summary::{InstrumentSummary, Summary};

/// Mark-outs that are shown: after a second, five, thirty; the one at once is left to the page.
const MARKOUTS_SHOWN: usize = 3;

/// Cells in columns: the first to the left, the others to the right.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let length = |cell: &String| cell.chars().count();
    let widths: Vec<usize> = (0..columns)
        .map(|at| rows.iter().filter_map(|row| row.get(at)).map(length).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell =
                if at == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") };
            line.push_str(&cell);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// An exact amount with the digits that are looked at.
pub(super) fn short(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), amount)
}

fn row(of: &InstrumentSummary) -> Vec<String> {
    let money = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), amount);
    let mut row = vec![
        format!("{} ({})", of.symbol, of.quote),
        money(of.net),
        amount(of.fees),
        amount(of.turnover),
        of.total.fills.to_string(),
        percent(of.total.maker_share),
        percent(of.orders.fill_ratio),
        percent(of.quoting.two_sided),
        number(of.quoting.spread_bps, 2),
        amount(of.inventory.last),
    ];
    let later = of.total.markouts.iter().skip(1).take(MARKOUTS_SHOWN);
    row.extend(later.map(|markout| number(markout.bps, 2)));
    row
}

/// The whole table.
pub(super) fn of(summary: &Summary) -> String {
    let account = &summary.account;
    let ratios = &account.ratios;
    let pair = |name: &str, value: String| vec![name.to_owned(), value];
    let mut out = format!("{} to {}\n\n", seconds(&summary.from), seconds(&summary.to));
    out.push_str(&aligned(&[
        pair(&format!("net P&L, {}", account.currency), short(&account.net)),
        pair("before fees", short(&account.gross)),
        pair("fees", short(&account.fees)),
        pair("max drawdown", short(&account.max_drawdown.amount)),
        pair("Sharpe, annualised", number(ratios.sharpe, 2)),
        pair("Sortino, annualised", number(ratios.sortino, 2)),
        pair("winning periods", percent(ratios.winning_periods)),
    ]));
    let head = [
        "",
        "net",
        "fees",
        "turnover",
        "fills",
        "maker",
        "traded",
        "quoted",
        "spread bp",
        "position",
        "1 s bp",
        "5 s bp",
        "30 s bp",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(summary.instruments.iter().map(row));
    if rows.len() > 1 {
        out.push('\n');
        out.push_str(&aligned(&rows));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_one_another() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let rows = [row(&["", "net", "–"]), row(&["BTC", "1.5", "−12"]), row(&["Ä"])];
        assert_eq!(aligned(&rows), "     net    –\nBTC  1.5  −12\nÄ\n");
        assert_eq!(aligned(&[]), "");
    }
}
