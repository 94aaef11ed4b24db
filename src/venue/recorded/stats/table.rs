//! The figures of a recording laid out for people.

use super::{ClockOffset, FileStats, InstrumentStats, Stats};
use std::collections::BTreeMap;
use std::fmt;

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = || "unknown".to_owned();
        let text = |text: &Option<String>| text.clone().unwrap_or_else(none);
        let seconds = self.span.seconds.map_or_else(none, |span| format!("{span:.3} s"));
        writeln!(f, "venue         {}", self.venue)?;
        writeln!(f, "first         {}", text(&self.span.first))?;
        writeln!(f, "last          {}", text(&self.span.last))?;
        writeln!(f, "span          {seconds}")?;
        if let Some(rate) = &self.rate {
            let mean = rate.mean.map_or_else(none, |mean| format!("{mean:.1}/s"));
            let (busiest, at) = (rate.busiest, &rate.busiest_at);
            writeln!(f, "rate          {mean} in the mean, {busiest} in the second from {at}")?;
        }
        let (sums, failed) = (&self.checksums, self.checksums.failed);
        writeln!(f, "checksums     {} agree, {failed} do not", sums.ok)?;
        writeln!(f, "gaps          {}", self.gaps)?;
        writeln!(f, "crossed       {}", self.crossed)?;
        writeln!(f, "unknown       {}", self.unknown)?;
        writeln!(f, "malformed     {}", self.malformed)?;
        writeln!(f, "faults        {}", list(&self.faults))?;
        match &self.clock_offset {
            Some(offset) => writeln!(f, "clock offset  {offset}")?,
            None => writeln!(f, "clock offset  unknown: one of the two stamps is missing")?,
        }
        if !self.unknown_symbols.is_empty() {
            writeln!(f, "not known     {}", list(&self.unknown_symbols))?;
        }
        let rows = self.messages.iter().map(|(kind, count)| vec![(*kind).into(), cell(*count)]);
        writeln!(f)?;
        columns(f, &["messages", "count"], rows.collect())?;
        writeln!(f)?;
        instruments(f, &self.instruments)?;
        writeln!(f)?;
        for file in &self.files {
            writeln!(f, "{file}")?;
        }
        match &self.packed {
            Some(packed) => {
                let (path, events, levels) = (&packed.path, packed.events, packed.levels);
                writeln!(f, "{path}: packed, {events} events with {levels} levels")
            }
            None => Ok(()),
        }
    }
}

/// `name count, name count`, or `none`.
fn list<K: fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    let all: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    if all.is_empty() { "none".into() } else { all.join(", ") }
}

fn cell(count: u64) -> String {
    count.to_string()
}

impl fmt::Display for ClockOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
        let ms = |nanos: i64| nanos as f64 / 1e6;
        let (min, median, max) = (ms(self.min_ns), ms(self.median_ns), ms(self.max_ns));
        write!(f, "{min:.3} ms least, {median:.3} ms median, {max:.3} ms most (venue - receiver)")?;
        if self.judged {
            Ok(())
        } else {
            f.write_str("; not judged: the recorder's clock does not show UTC")
        }
    }
}

/// The kinds of an instrument's messages that share a column.
const COLUMNS: [(&str, &[&str]); 6] = [
    ("snapshots", &["book_snapshot"]),
    ("updates", &["book_update"]),
    ("tops", &["book_top"]),
    ("orders", &["order_received", "order_open", "order_match", "order_change", "order_done"]),
    ("trades", &["trade"]),
    ("history", &["trade_history"]),
];

fn instruments(
    f: &mut fmt::Formatter<'_>,
    instruments: &BTreeMap<String, InstrumentStats>,
) -> fmt::Result {
    let mut heads = vec!["instrument"];
    heads.extend(COLUMNS.iter().map(|(head, _)| *head));
    heads.extend(["changes", "levels", "beyond", "id breaks", "state"]);
    let rows = instruments.iter().map(|(symbol, of)| {
        let mut row = vec![symbol.clone()];
        for (_, kinds) in COLUMNS {
            row.push(cell(kinds.iter().filter_map(|kind| of.messages.get(kind)).sum()));
        }
        #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
        let share = 100.0 * of.far_levels as f64 / of.levels.max(1) as f64;
        row.extend([cell(of.level_changes), cell(of.levels), format!("{share:.1}%")]);
        row.push(of.trade_ids.map_or_else(|| "-".to_owned(), |ids| cell(ids.breaks)));
        row.push(match of.reason {
            Some(reason) => format!("{}: {reason}", of.state),
            None => of.state.to_owned(),
        });
        row
    });
    columns(f, &heads, rows.collect())
}

/// Rows below their heads: the first column to the left, the others to the right.
fn columns(f: &mut fmt::Formatter<'_>, heads: &[&str], rows: Vec<Vec<String>>) -> fmt::Result {
    let head = heads.iter().map(|head| (*head).to_owned()).collect();
    let mut all: Vec<Vec<String>> = vec![head];
    all.extend(rows);
    let width = |at: usize| all.iter().map(|row| row[at].len()).max().unwrap_or(0);
    let widths: Vec<_> = (0..heads.len()).map(width).collect();
    for row in &all {
        write!(f, "{:<1$}", row[0], widths[0])?;
        for (text, width) in row.iter().zip(&widths).skip(1) {
            write!(f, "  {text:>width$}")?;
        }
        writeln!(f)?;
    }
    Ok(())
}

impl fmt::Display for FileStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} lines: {}", self.path, self.lines, list(&self.records))?;
        if let Some(bytes) = self.torn {
            write!(f, "\n  stops inside a record; {bytes} bytes are left of it")?;
        }
        let counts = [
            (self.malformed_lines, "lines are no records"),
            (self.steps_back, "records are stamped before the one before them"),
            (self.malformed_messages, "messages cannot be read"),
            (self.unknown_messages, "messages are of unknown types"),
            (self.unknown_symbols, "messages name unknown symbols"),
        ];
        for (count, what) in counts.iter().filter(|(count, _)| *count > 0) {
            write!(f, "\n  {count} {what}")?;
        }
        for named in &self.named {
            write!(f, "\n  {named}")?;
        }
        match &self.last_error {
            Some(error) => write!(f, "\n  the last error: {error}"),
            None => Ok(()),
        }
    }
}
