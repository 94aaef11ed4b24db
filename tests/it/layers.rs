//! The rules of the house, held over the sources: who may import whom, where unsafe may stand, how
//! long a file, a function and a line may be, which words do not occur.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

/// A module imports only from lower layers, or from its own.
const LAYERS: [(&str, usize); 15] = [
    ("types", 0),
    ("sys", 0),
    ("event", 1),
    ("engine", 2),
    ("var", 2),
    ("journal", 3),
    ("venue", 3),
    ("logs", 3),
    ("alerts", 3),
    ("web", 4),
    ("report", 4),
    ("config", 5),
    ("threads", 6),
    ("latency", 7),
    ("drill", 7),
];
const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_CHARS_MAX: usize = 100;
/// Words that name nothing.
const EMPTY_NAMES: [&str; 6] = ["util", "helper", "manager", "handler", "worker", "processor"];

struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    fn name(&self) -> String {
        self.path.strip_prefix(root()).unwrap().display().to_string()
    }

    fn is_test(&self) -> bool {
        let name = self.name();
        name.starts_with("tests/") || name.ends_with("tests.rs")
    }

    /// The lines before the module's own tests.
    fn product_lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines().take_while(|line| *line != "#[cfg(test)]\nmod tests {")
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folders: &[&str]) -> Vec<Source> {
    fn walk(folder: &Path, all: &mut Vec<Source>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.ends_with("target") {
                continue;
            }
            if path.is_dir() {
                walk(&path, all);
            } else if path.extension().is_some_and(|e| e == "rs") {
                all.push(Source { text: fs::read_to_string(&path).unwrap(), path });
            }
        }
    }
    let mut all = Vec::new();
    for folder in folders {
        walk(&root().join(folder), &mut all);
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!all.is_empty());
    all
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// The modules that a text imports or names by `crate::`.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("crate::").map(|(at, found)| {
        let rest = &text[at + found.len()..];
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

fn faults(check: impl Fn(&Source, &mut Vec<String>), sources: &[Source]) {
    let mut found = Vec::new();
    for source in sources {
        check(source, &mut found);
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn modules_import_only_from_lower_layers() {
    let modules: Vec<_> = sources(&["src"])
        .into_iter()
        .filter(|s| !["src/main.rs", "src/lib.rs"].contains(&s.name().as_str()))
        .collect();
    faults(
        |source, found| {
            let name = source.name();
            let module = name["src/".len()..].split(['/', '.']).next().unwrap();
            let Some(own) = layer(module) else {
                found.push(format!("{name}: the module {module} has no layer"));
                return;
            };
            for import in imports(&source.text) {
                match layer(import) {
                    Some(other) if other < own || import == module => {}
                    Some(_) => found.push(format!("{name} imports {import}")),
                    None => found.push(format!("{name} names crate::{import}, which has no layer")),
                }
            }
        },
        &modules,
    );
}

#[test]
fn unsafe_stands_only_in_sys() {
    faults(
        |source, found| {
            let name = source.name();
            // The counting allocator of one test and the system calls of another are the other places.
            let tests = ["tests/no_alloc.rs", "tests/sim/system.rs"];
            let allowed = name.starts_with("src/sys/") || tests.contains(&name.as_str());
            let word = concat!("un", "safe ");
            if name == "tests/it/layers.rs" {
                return;
            }
            if !allowed && source.text.contains(word) {
                found.push(format!("{name} holds {word}code"));
            }
            if allowed && name.starts_with("src/") && !source.text.contains("JUSTIFICATION") {
                found.push(format!("{name} does not say why safe code will not do"));
            }
        },
        &sources(&["src", "tools", "tests", "benches"]),
    );
}

#[test]
fn files_and_functions_and_lines_are_short() {
    faults(
        |source, found| {
            let name = source.name();
            let lines: Vec<_> = source.text.lines().collect();
            let tests = lines.windows(2).position(|w| w == ["#[cfg(test)]", "mod tests {"]);
            let product = tests.unwrap_or(lines.len());
            if !source.is_test() && product > FILE_LINES_MAX {
                found.push(format!("{name} has {product} lines"));
            }
            let mut begin: Option<(usize, usize)> = None;
            for (at, line) in lines.iter().enumerate() {
                let long = line.chars().count() > LINE_CHARS_MAX;
                if long && !source.is_test() {
                    found.push(format!("{name}:{} is longer than {LINE_CHARS_MAX}", at + 1));
                }
                let indent = line.len() - line.trim_start().len();
                let word = line.trim_start();
                let starts = ["fn ", "pub fn ", "const fn ", "pub const fn "];
                let opens = starts.iter().any(|s| word.starts_with(s))
                    || word.starts_with("pub(") && word.contains(") fn ");
                if opens && !word.ends_with(';') && !word.ends_with('}') {
                    begin = Some((at, indent));
                }
                if let Some((from, depth)) = begin
                    && word == "}"
                    && indent == depth
                {
                    if at - from + 1 > FUNCTION_LINES_MAX && !source.is_test() {
                        found.push(format!("{name}:{} has {} lines", from + 1, at - from + 1));
                    }
                    begin = None;
                }
            }
        },
        &sources(&["src", "tools", "tests", "benches"]),
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    faults(
        |source, found| {
            if !source.text.starts_with("//! ") {
                found.push(format!("{} has no head", source.name()));
            }
        },
        &sources(&["src", "tools", "tests", "benches"]),
    );
}

#[test]
fn words_that_name_nothing_and_leftovers_do_not_occur() {
    let leftovers = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X ")];
    faults(
        |source, found| {
            let name = source.name();
            if name == "tests/it/layers.rs" {
                return;
            }
            for word in leftovers {
                if source.text.contains(word) {
                    found.push(format!("{name} has a leftover: {word}"));
                }
            }
            for (at, line) in source.product_lines().enumerate() {
                let code = line.split("//").next().unwrap_or("").to_lowercase();
                let named = ["fn ", "struct ", "enum ", "mod ", "trait "];
                for word in EMPTY_NAMES {
                    let empty = |n: &&str| code.contains(*n) && code.contains(word);
                    if named.iter().any(empty) {
                        found.push(format!("{name}:{} names a {word}", at + 1));
                    }
                }
            }
        },
        &sources(&["src", "tools", "tests", "benches"]),
    );
}

#[test]
fn the_pure_modules_carry_their_lints() {
    let lints = [
        "#![forbid(unsafe_code)]",
        "#![deny(clippy::disallowed_methods, clippy::disallowed_types)]",
    ];
    for file in ["src/engine/mod.rs", "src/var/mod.rs"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        for lint in lints {
            assert!(text.contains(lint), "{file} has lost {lint}");
        }
    }
}
