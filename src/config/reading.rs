//! Text to a raw section, with every key that cannot be read named by its full path.
//!
//! serde stops at the first fault; here the faulty key is taken out and the rest is read again, so
//! that a file is mended in one go. What the values mean is checked elsewhere.

use super::Faults;
use super::json::{Json, Malformed, Step, path_text};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

/// Faults that one reading names at most: whoever has more is served with these first.
const FAULTS_MAX: usize = 100;

/// Reads a text. `None` if what is left after the faults is still nothing that can be read.
///
/// # Errors
/// The text is no JSON.
pub fn read<T>(text: &str, faults: &mut Faults) -> Result<Option<T>, Malformed>
where
    T: DeserializeOwned + Serialize,
{
    let mut repeated = Vec::new();
    let mut tree = Json::parse(text, &mut repeated)?;
    for steps in repeated {
        faults.add(&path_text(&steps), "given again", "given once");
    }
    if !matches!(tree, Json::Map(_)) {
        faults.add("the config", &tree, "an object");
        return Ok(None);
    }
    while faults.list().len() < FAULTS_MAX {
        let text = tree.to_string();
        let mut from = serde_json::Deserializer::from_str(&text);
        let (steps, words) = match serde_path_to_error::deserialize::<_, T>(&mut from) {
            Ok(read) => match unread(&tree, &read) {
                None => return Ok(Some(read)),
                Some(found) => found,
            },
            Err(error) => (steps(error.path()), error.inner().to_string()),
        };
        if !name(&mut tree, steps, &words, faults) {
            break;
        }
    }
    Ok(None)
}

/// Names what is wrong at a path and takes it out; false if it cannot be taken out.
fn name(tree: &mut Json, mut steps: Vec<Step>, words: &str, faults: &mut Faults) -> bool {
    let allowed = allowed(words);
    if let Some(missing) = quoted(words, "missing field `") {
        let mut path = steps.clone();
        path.push(Step::Key(missing.to_owned()));
        faults.add(&path_text(&path), "nothing", "given");
    } else {
        // A reader that looks into a number or a text itself may point below it.
        while tree.at(&steps).is_none() && steps.pop().is_some() {}
        let value = tree.at(&steps).map_or_else(String::new, shortened);
        faults.add(&path_text(&steps), value, allowed);
    }
    tree.remove(&steps).is_some()
}

/// The value as it stands, or its beginning.
fn shortened(value: &Json) -> String {
    const CHARS_MAX: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn steps(path: &serde_path_to_error::Path) -> Vec<Step> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Item(*index)),
            Segment::Map { key } | Segment::Enum { variant: key } => Some(Step::Key(key.clone())),
            Segment::Unknown => None,
        })
        .collect()
}

/// The first name in backquotes behind `before`.
fn quoted<'a>(words: &'a str, before: &str) -> Option<&'a str> {
    words.split_once(before)?.1.split('`').next()
}

/// serde's words as what may stand there.
fn allowed(words: &str) -> String {
    let words = words.split(" at line ").next().unwrap_or(words);
    let names = |words: &str| words.replace('`', "");
    if let Some(own) = words.strip_prefix("must be ") {
        return own.to_owned();
    }
    if let Some((_, why)) = words.split_once(" is no number that is taken: ") {
        return format!("a decimal number: {why}");
    }
    if words.starts_with("unknown field") {
        let known = words.split_once("expected ").map_or(String::new(), |(_, known)| names(known));
        let known = known.trim_start_matches("one of ");
        return format!("left out: there is no such key here, only {known}");
    }
    if words.starts_with("unknown variant") {
        return words.split_once("expected ").map_or(String::new(), |(_, known)| names(known));
    }
    let expected = words.starts_with("invalid").then(|| words.split_once("expected ")).flatten();
    match expected.map(|(_, expected)| expected) {
        Some("u8" | "u16" | "u32" | "u64" | "u128" | "usize") => {
            "a whole number, not below zero".to_owned()
        }
        Some("i8" | "i16" | "i32" | "i64" | "i128" | "isize") => "a whole number".to_owned(),
        Some("f32" | "f64") => "a number".to_owned(),
        Some("a boolean") => "true or false".to_owned(),
        Some("a string" | "path string") => "text".to_owned(),
        Some("a sequence") => "a list".to_owned(),
        Some(expected) if expected.starts_with("struct ") || expected == "a map" => {
            "an object".to_owned()
        }
        Some(expected) => names(expected),
        None => format!("readable: {words}"),
    }
}

/// What serde took without reading it: a list where an object belongs, or a key that a section
/// forgot to refuse. Everything that was read is written again, so a place that is missing was not.
fn unread<T: Serialize>(tree: &Json, read: &T) -> Option<(Vec<Step>, String)> {
    let text = serde_json::to_string(read).expect("a config is JSON");
    let written = Json::parse(&text, &mut Vec::new()).expect("it was written by us");
    let mut path = Vec::new();
    differs(tree, &written, &mut path).map(|words| (path, words))
}

/// Whether the value sets nothing: unknown names were refused before.
fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Map(map) => map.is_empty(),
        Json::List(list) => list.is_empty(),
        Json::Scalar(text) => text == "null",
    }
}

fn differs(given: &Json, written: &Json, path: &mut Vec<Step>) -> Option<String> {
    match (given, written) {
        (Json::List(_), Json::Map(_)) => Some("must be an object".to_owned()),
        (Json::Map(given), Json::Map(written)) => given.iter().find_map(|(key, value)| {
            path.push(Step::Key(key.clone()));
            let found = match written.iter().find(|(held, _)| held == key) {
                Some((_, written)) => differs(value, written, path),
                // What is not set need not be written.
                None if is_nothing(value) => None,
                None => Some("must be left out: there is no such key here".to_owned()),
            };
            if found.is_none() {
                path.pop();
            }
            found
        }),
        (Json::List(given), Json::List(written)) => {
            given.iter().zip(written).enumerate().find_map(|(at, (given, written))| {
                path.push(Step::Item(at));
                let found = differs(given, written, path);
                if found.is_none() {
                    path.pop();
                }
                found
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Exact;
    use serde::Deserialize;

    #[derive(Deserialize, Serialize, Default)]
    #[serde(deny_unknown_fields, default)]
    struct Root {
        part: Part,
        items: Vec<Item>,
        kind: Kind,
    }

    #[derive(Deserialize, Serialize, Default)]
    #[serde(deny_unknown_fields, default, rename_all = "camelCase")]
    struct Part {
        is_on: bool,
        count: u32,
        ratio: f64,
        price: Option<Exact>,
    }

    #[derive(Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        symbol: String,
    }

    #[derive(Deserialize, Serialize, Default)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        #[default]
        This,
        That,
    }

    #[test]
    fn every_key_that_cannot_be_read_is_named_by_its_path() {
        let check = |text: &str, expected: &[&str]| {
            let mut faults = Faults::default();
            let read = read::<Root>(text, &mut faults).unwrap();
            let got: Vec<_> = faults.list().iter().map(ToString::to_string).collect();
            assert_eq!(got, expected, "{text}");
            assert!(read.is_some() || !expected.is_empty(), "{text}");
        };
        check(r#"{"part":{"isOn":true,"count":3,"ratio":2,"price":0.1},"kind":"that"}"#, &[]);
        check(
            r#"{"part":{"isOn":1,"count":-1,"ratio":"NaN","price":-0.1,"cuont":5},"kind":"those"}"#,
            &[
                "part.isOn = 1: must be true or false",
                "part.count = -1: must be a whole number, not below zero",
                r#"part.ratio = "NaN": must be a number"#,
                "part.price = -0.1: must be a decimal number: \
                 a sign is not allowed here",
                "part.cuont = 5: must be left out: there is no such key here, \
                 only isOn, count, ratio, price",
                r#"kind = "those": must be this or that"#,
            ],
        );
        check(
            r#"{"part":[true],"items":[{"symbol":5},{"symbol":"a","x":1},{}],"x":{"y":1}}"#,
            &[
                "items[0].symbol = 5: must be text",
                "items[0].symbol = nothing: must be given",
                "x = {\"y\":1}: must be left out: there is no such key here, only part, items, \
                 kind",
                "part = [true]: must be an object",
            ],
        );
        check(
            r#"{"part":{"count":1,"count":2}}"#,
            &["part.count = given again: must be given once"],
        );
        check("[1]", &["the config = [1]: must be an object"]);
        check(
            r#"{"part":{"count":1e400}}"#,
            &["part.count = 1e400: must be readable: number out of range"],
        );
    }

    #[test]
    fn a_key_that_a_section_forgot_to_refuse_is_refused() {
        #[derive(Deserialize, Serialize, Default)]
        #[serde(default)]
        struct Lax {
            known: u8,
            absent: Option<u8>,
        }
        let mut faults = Faults::default();
        read::<Lax>(r#"{"known":1,"unknown":2,"absent":null}"#, &mut faults).unwrap();
        let got: Vec<_> = faults.list().iter().map(ToString::to_string).collect();
        assert_eq!(got, ["unknown = 2: must be left out: there is no such key here"]);
    }

    #[test]
    fn faults_without_end_are_cut_off() {
        let keys: Vec<_> = (0..1000).map(|at| format!("\"k{at}\":1")).collect();
        let mut faults = Faults::default();
        read::<Root>(&format!("{{{}}}", keys.join(",")), &mut faults).unwrap();
        assert_eq!(faults.list().len(), FAULTS_MAX);
    }
}
