//! An object of JSON, key by key in the order in which they come.

use std::fmt::{Display, Write as _};

/// An object that is being written.
#[derive(Debug)]
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Self("{".into())
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.put(format_args!("\"{key}\":"));
    }

    fn put(&mut self, text: impl Display) {
        write!(self.0, "{text}").expect("a text can always grow");
    }

    pub(super) fn number(&mut self, key: &str, value: impl Display) {
        self.key(key);
        self.put(value);
    }

    /// A float; what is no number is null.
    pub(super) fn float(&mut self, key: &str, value: f64) {
        self.key(key);
        self.put(serde_json::Value::from(value));
    }

    pub(super) fn truth(&mut self, key: &str, value: bool) {
        self.number(key, value);
    }

    pub(super) fn text(&mut self, key: &str, value: impl Display) {
        self.key(key);
        self.put(serde_json::Value::from(value.to_string()));
    }

    /// What is JSON already.
    pub(super) fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.0.push_str(json);
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
