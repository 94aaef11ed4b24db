//! Fills as a table for other programs: one row each, exact decimals, no fill twice.

use super::dump::DumpError;
use super::record::Content;
use super::{Journal, Start};
use crate::event::{Body, FeeIn, ReportKind};
use std::collections::BTreeSet;
use std::io;

/// The names of the columns.
const HEAD: &str = "record,epoch,time,symbol,order,trade,side,price,qty,fee,feeIn,maker";

/// Writes a row for each fill, as CSV: every field is a number or a name without commas.
///
/// # Errors
/// The journal is damaged or there is none, or the text cannot be written.
pub fn fills(journal: &Journal, out: &mut impl io::Write) -> Result<(), DumpError> {
    writeln!(out, "{HEAD}")?;
    let (mut start, mut known) = (None::<Start>, BTreeSet::new());
    let summary = journal.visit(|place, record| {
        match &record.content {
            Content::Start(text) => start = Some(journal.start(place, text)?),
            Content::Input(input) => {
                let (Body::Report(report), Some(start)) = (input.event.body, &start) else {
                    return Ok(());
                };
                let (order, trade) = (report.order, report.trade_id);
                if report.kind != ReportKind::Filled || !known.insert((order.0, trade)) {
                    return Ok(());
                }
                let one = start.instruments.get(input.event.instrument.index());
                let (Some(one), Some(level)) = (one, input.levels().next()) else {
                    return Ok(());
                };
                let fee_in = match report.fee_in {
                    FeeIn::Quote => one.quote,
                    FeeIn::Base => one.base,
                };
                let fee = decimal(report.fee, report.fee_decimals);
                writeln!(
                    out,
                    "{},{},{},{},{},{trade},{},{},{},{fee},{fee_in},{}",
                    record.sequence,
                    place.epoch,
                    input.event.received,
                    one.symbol,
                    start.identity.instance_tag.whole(order),
                    level.side().name(),
                    one.tick.text(level.price().ticks()),
                    one.lot.text(level.qty().lots()),
                    report.maker
                )?;
            }
            _ => {}
        }
        Ok::<_, DumpError>(())
    })?;
    summary.map(|_| ()).ok_or_else(|| journal.nothing().into())
}

/// A count of 10^-`decimals`, exactly.
fn decimal(count: i64, decimals: u8) -> String {
    let (sign, digits) = (if count < 0 { "-" } else { "" }, count.unsigned_abs().to_string());
    let places = usize::from(decimals);
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}
