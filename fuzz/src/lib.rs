//! The checks that the fuzz targets share with `tests/it/fuzz_corpus.rs`.

#[path = "../../tests/it/agreement.rs"]
pub mod agreement;
#[path = "../../tests/it/fuzz_checks.rs"]
pub mod fuzz_checks;
