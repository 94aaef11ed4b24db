//! Where the benches find recordings. They are no part of the package: without them a row is
//! skipped, and says so.

use std::path::{Path, PathBuf};

/// The folder that `PINNACLE_TEST_DATA` names, or `../shared/data` beside the package. The package
/// of the peers lies two folders deeper and looks there too.
fn root() -> PathBuf {
    if let Some(folder) = std::env::var_os("PINNACLE_TEST_DATA") {
        return folder.into();
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut places = own.ancestors().take(3).map(|folder| folder.join("../shared/data"));
    places.find(|place| place.is_dir()).unwrap_or_else(|| own.join("../shared/data"))
}

/// The recordings of those names, if all are there.
pub(crate) fn find(names: &[&str]) -> Option<Vec<PathBuf>> {
    let paths: Vec<_> = names.iter().map(|name| root().join(name)).collect();
    let absent = paths.iter().find(|path| !path.is_file());
    if let Some(path) = absent {
        println!("skipped: {} is absent; PINNACLE_TEST_DATA names its folder", path.display());
        return None;
    }
    Some(paths)
}
