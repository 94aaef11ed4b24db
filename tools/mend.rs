//! What a start would find in a data directory, and what an operator can do where it would stop.

use super::{Fault, bar};
use pinnaclemm::journal::recovery::recover;
use pinnaclemm::journal::repair;
use std::io::Write;
use std::path::Path;

/// Says what a start would find.
pub(super) fn recovered(directory: &Path, out: &mut impl Write) -> Result<(), Fault> {
    let bar = bar("records");
    let left = recover(directory, &mut |far| {
        bar.set_position(far.record);
        true
    })?;
    bar.finish_and_clear();
    let Some(left) = left else {
        writeln!(out, "nothing has begun")?;
        return Ok(());
    };
    let text = serde_json::json!({
        "case": left.summary.case().name(),
        "snapshot": left.snapshot,
        "record": left.summary.last_record,
        "inputs": left.tally.inputs,
        "differences": left.tally.differences,
        "firstDifference": left.tally.first.as_ref().map(ToString::to_string),
        "poisonInput": left.poison.as_ref().map(|(input, _)| input),
        "opening": left.opening,
    });
    writeln!(out, "{text}")?;
    Ok(())
}

/// Says what can be done, and does it if it is confirmed.
pub(super) fn mend(directory: &Path, yes: bool, out: &mut impl Write) -> Result<(), Fault> {
    let plan = repair::plan(directory)?;
    writeln!(out, "{plan}")?;
    if matches!(plan, repair::Plan::Nothing | repair::Plan::AtStart) {
        return Ok(());
    }
    if !yes {
        writeln!(out, "nothing was changed: add --yes to do it")?;
        return Ok(());
    }
    for path in repair::repair(directory, &plan)? {
        writeln!(out, "kept: {}", path.display())?;
    }
    Ok(())
}
