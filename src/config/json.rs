//! A config file as a tree that keeps every key, every number's own text, and every repetition.
//!
//! It exists so that all faults can be named at once: what cannot be read is taken out, and the
//! rest is read again. It knows nothing of what the keys mean.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;

/// Levels of lists and objects in one another: more than any config has, less than any stack.
const DEPTH_MAX: usize = 16;

/// One value of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Json {
    /// Text, a number, `true`, `false` or `null`, as it stands in the file.
    Scalar(String),
    List(Vec<Json>),
    /// Keys in the order of the file.
    Map(Vec<(String, Json)>),
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// Writes steps as `a.b[2].c`.
pub(super) fn path_text(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.extend([".", key]),
            Step::Item(at) => text.push_str(&format!("[{at}]")),
        }
    }
    text
}

/// Why a text is no tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// The line, from one on.
    pub line: usize,
    /// The column, from one on; zero at the end of a file that stops too early.
    pub column: usize,
    /// What is wrong there.
    pub cause: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.cause)
    }
}

/// An object's entries, repeated keys among them.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        from.deserialize_map(All)
    }
}

impl Json {
    /// Reads a whole text; a repeated key is kept once and named in `repeated`.
    pub(super) fn parse(text: &str, repeated: &mut Vec<Vec<Step>>) -> Result<Self, Malformed> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| of(text, text, &error))?;
        Self::grow(text, raw, &mut Vec::new(), repeated)
    }

    fn grow(
        text: &str,
        raw: &RawValue,
        path: &mut Vec<Step>,
        repeated: &mut Vec<Vec<Step>>,
    ) -> Result<Self, Malformed> {
        let part = raw.get();
        let wrong = |error: serde_json::Error| of(text, part, &error);
        if path.len() > DEPTH_MAX {
            let (line, column) = place(text, part, 1, 1);
            let cause = format!("more than {DEPTH_MAX} objects and lists in one another");
            return Err(Malformed { line, column, cause });
        }
        match part.as_bytes().first() {
            Some(b'{') => {
                let Entries(entries) = serde_json::from_str(part).map_err(wrong)?;
                let mut map: Vec<(String, Self)> = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    path.push(Step::Key(key.clone()));
                    let value = Self::grow(text, value, path, repeated)?;
                    if map.iter().any(|(held, _)| *held == key) {
                        repeated.push(path.clone());
                    } else {
                        map.push((key, value));
                    }
                    path.pop();
                }
                Ok(Self::Map(map))
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(part).map_err(wrong)?;
                let mut list = Vec::with_capacity(items.len());
                for (at, item) in items.into_iter().enumerate() {
                    path.push(Step::Item(at));
                    list.push(Self::grow(text, item, path, repeated)?);
                    path.pop();
                }
                Ok(Self::List(list))
            }
            _ => Ok(Self::Scalar(part.to_owned())),
        }
    }

    /// The value at a path.
    pub(super) fn at(&self, steps: &[Step]) -> Option<&Self> {
        let Some((step, rest)) = steps.split_first() else { return Some(self) };
        match (self, step) {
            (Self::Map(map), Step::Key(key)) => {
                map.iter().find(|(held, _)| held == key)?.1.at(rest)
            }
            (Self::List(list), Step::Item(at)) => list.get(*at)?.at(rest),
            _ => None,
        }
    }

    /// Puts a value at a path, with the objects that lead there; false if a step leads through
    /// something else, or to an item that is not there.
    pub(super) fn put(&mut self, steps: &[Step], value: Self) -> bool {
        let Some((step, rest)) = steps.split_first() else {
            *self = value;
            return true;
        };
        match (self, step) {
            (Self::Map(map), Step::Key(key)) => {
                let at = map.iter().position(|(held, _)| held == key).unwrap_or_else(|| {
                    map.push((key.clone(), Self::Map(Vec::new())));
                    map.len() - 1
                });
                map[at].1.put(rest, value)
            }
            (Self::List(list), Step::Item(at)) => {
                list.get_mut(*at).is_some_and(|item| item.put(rest, value))
            }
            _ => false,
        }
    }

    /// Takes out the value at a path. An item of a list cannot go without renaming those behind it,
    /// so the whole list goes; what was taken is told, and nothing if the path leads nowhere.
    pub(super) fn remove(&mut self, steps: &[Step]) -> Option<usize> {
        let last = steps.iter().rposition(|step| matches!(step, Step::Key(_)))?;
        let Step::Key(key) = &steps[last] else { return None };
        let mut holder = self;
        for step in &steps[..last] {
            holder = match (holder, step) {
                (Self::Map(map), Step::Key(key)) => {
                    &mut map.iter_mut().find(|(held, _)| held == key)?.1
                }
                (Self::List(list), Step::Item(at)) => list.get_mut(*at)?,
                _ => return None,
            };
        }
        let Self::Map(map) = holder else { return None };
        let at = map.iter().position(|(held, _)| held == key)?;
        map.remove(at);
        Some(last + 1)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(text) => f.write_str(text),
            Self::List(list) => {
                f.write_str("[")?;
                for (at, item) in list.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Map(map) => {
                f.write_str("{")?;
                for (at, (key, value)) in map.iter().enumerate() {
                    let key = serde_json::to_string(key).expect("text is JSON");
                    write!(f, "{}{key}:{value}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// A fault of the reader, as a place of the whole text.
fn of(text: &str, part: &str, error: &serde_json::Error) -> Malformed {
    let (line, column) = place(text, part, error.line(), error.column());
    let told = error.to_string();
    let cause = told.split(" at line ").next().unwrap_or(&told).to_owned();
    Malformed { line, column, cause }
}

/// A place of `part`, which lies in `text`, as a place of `text`.
fn place(text: &str, part: &str, line: usize, column: usize) -> (usize, usize) {
    let begin = part.as_ptr() as usize - text.as_ptr() as usize;
    let before = &text[..begin];
    let lines = before.matches('\n').count();
    let in_line = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    (lines + line, if line == 1 { in_line + column } else { column })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(String, Vec<String>), String> {
        let mut repeated = Vec::new();
        let tree = Json::parse(text, &mut repeated).map_err(|wrong| wrong.to_string())?;
        Ok((tree.to_string(), repeated.iter().map(|steps| path_text(steps)).collect()))
    }

    #[test]
    fn a_text_is_kept_as_it_stands_or_refused_at_its_place() {
        let check = |text: &str, expected: Result<(&str, &[&str]), &str>| {
            let got = parsed(text);
            let got = got.as_ref().map(|(text, repeated)| {
                (text.as_str(), repeated.iter().map(String::as_str).collect::<Vec<_>>())
            });
            let got = got.as_ref().map(|(text, repeated)| (*text, repeated.as_slice()));
            assert_eq!(got.map_err(|error| error.as_str()), expected, "{text}");
        };
        let long = "0.1234567890123456789012345";
        check(long, Ok((long, &[])));
        check(" { \"a\\n\" : [ 1.50 , true ] } ", Ok((r#"{"a\n":[1.50,true]}"#, &[])));
        check(
            r#"{"a":1,"b":[{"c":2,"c":3}],"a":4}"#,
            Ok((r#"{"a":1,"b":[{"c":2}]}"#, &["b[0].c", "a"])),
        );
        check("", Err("line 1, column 0: EOF while parsing a value"));
        check("{\n  \"a\": NaN\n}", Err("line 2, column 8: expected value"));
        check("{\n  \"a\": 1,\n}", Err("line 3, column 1: key must be a string"));
        check("{} x", Err("line 1, column 4: trailing characters"));
        check(
            "{\"a\":\n {\"\\ud800\": 1}}",
            Err("line 2, column 10: unexpected end of hex escape"),
        );
        let deep = "[".repeat(40) + &"]".repeat(40);
        let cause = "line 1, column 18: more than 16 objects and lists in one another";
        check(&deep, Err(cause));
        // A hundred thousand levels neither overflow the stack nor take long.
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        check(&deep, Err(cause));
    }

    #[test]
    fn what_is_taken_out_is_gone_and_nothing_else() {
        let tree = r#"{"a":{"b":[1,{"c":2}]},"d":3}"#;
        let check = |steps: &[Step], expected: &str, taken: Option<usize>| {
            let mut tree = Json::parse(tree, &mut Vec::new()).unwrap();
            assert_eq!(tree.remove(steps), taken, "{steps:?}");
            assert_eq!(tree.to_string(), expected, "{steps:?}");
        };
        let key = |key: &str| Step::Key(key.to_owned());
        check(&[key("d")], r#"{"a":{"b":[1,{"c":2}]}}"#, Some(1));
        check(
            &[key("a"), key("b"), Step::Item(1), key("c")],
            r#"{"a":{"b":[1,{}]},"d":3}"#,
            Some(4),
        );
        check(&[key("a"), key("b"), Step::Item(0)], r#"{"a":{},"d":3}"#, Some(2));
        check(&[key("x")], tree, None);
        check(&[], tree, None);
    }

    #[test]
    fn what_is_put_stands_there_and_nothing_else_changes() {
        let check = |steps: &[Step], expected: Option<&str>| {
            let tree = r#"{"a":{"b":[1,{"c":2}]},"d":3}"#;
            let mut tree = Json::parse(tree, &mut Vec::new()).unwrap();
            let is_put = tree.put(steps, Json::Scalar("9".to_owned()));
            assert_eq!(is_put.then(|| tree.to_string()).as_deref(), expected, "{steps:?}");
        };
        let key = |key: &str| Step::Key(key.to_owned());
        check(&[key("d")], Some(r#"{"a":{"b":[1,{"c":2}]},"d":9}"#));
        check(
            &[key("a"), key("b"), Step::Item(1), key("c")],
            Some(r#"{"a":{"b":[1,{"c":9}]},"d":3}"#),
        );
        check(&[key("x"), key("y")], Some(r#"{"a":{"b":[1,{"c":2}]},"d":3,"x":{"y":9}}"#));
        check(&[key("a"), key("b"), Step::Item(2)], None);
        check(&[key("a"), key("b"), key("c")], None);
        check(&[key("d"), key("e")], None);
    }
}
