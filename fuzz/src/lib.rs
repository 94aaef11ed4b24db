//! The checks that the fuzz targets share with `tests/it/fuzz_corpus.rs`.

#[path = "../../tests/it/agreement.rs"]
mod agreement;
#[path = "../../tests/it/fuzz_checks.rs"]
mod fuzz_checks;

/// Runs the check of that target.
///
/// # Panics
/// It does not hold for the bytes, or there is no such target.
pub fn check(target: &str, bytes: &[u8]) {
    let found = fuzz_checks::TARGETS.iter().find(|(name, _)| *name == target);
    found.expect("a target has the name of a check").1(bytes);
}
