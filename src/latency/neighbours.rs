//! Whether an engine runs on the cores that would be measured on: the tool would take its time, and
//! the engine the tool's.

use std::fs;
use std::path::Path;

/// The engine as the system names its process.
const ENGINE: &str = "pinnaclemm";

/// The numbers of the engine's processes that may run on a core of ours.
#[must_use]
pub fn engines(proc: &Path) -> Vec<u32> {
    let own = cores_of(&proc.join("self"));
    let Ok(entries) = fs::read_dir(proc) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let number: u32 = entry.file_name().to_str()?.parse().ok()?;
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            let is_ours = name.trim_end() == ENGINE && number != std::process::id();
            let theirs = cores_of(&entry.path());
            (is_ours && theirs.iter().any(|core| own.contains(core))).then_some(number)
        })
        .collect();
    found.sort_unstable();
    found
}

/// The cores that a process may use.
fn cores_of(process: &Path) -> Vec<u32> {
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    list.map_or_else(Vec::new, |list| numbers(list.trim()))
}

/// The numbers of a list such as `0-3,8`.
fn numbers(list: &str) -> Vec<u32> {
    let each = list.split(',').filter_map(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.parse::<u32>().ok()?..=to.parse().ok()?)
    });
    each.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_on_a_core_of_ours_is_found_and_no_other() {
        let folder = std::env::temp_dir().join(format!("pinnaclemm-proc-{}", std::process::id()));
        let process = |name: &str, comm: &str, cores: &str| {
            let path = folder.join(name);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("comm"), format!("{comm}\n")).unwrap();
            fs::write(path.join("status"), format!("Cpus_allowed_list:\t{cores}\n")).unwrap();
        };
        process("self", "pinnaclemm-late", "2-3");
        process("4000001", "pinnaclemm", "0-2");
        process("4000002", "pinnaclemm", "0-1,4");
        process("4000003", "pinnaclemm-tape", "0-7");
        process("4000004", "pinnaclemm", "3");
        assert_eq!(engines(&folder), [4_000_001, 4_000_004]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
