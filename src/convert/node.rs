//! A mapping of an old file, read field by field. Fields of the wrong type are reported and left out. Unknown fields
//! are reported at the end: nothing is lost silently.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::report::{Notes, Owner};

/// Maximum number of retries and rounds in the API.
const MOST: u32 = 100;

pub(crate) struct Node<'a> {
    fields: &'a Map<String, Value>,
    owner: Owner,
    /// Prefix of a field's name in messages, such as `loop.`.
    prefix: String,
    read_keys: BTreeSet<&'static str>,
}

impl<'a> Node<'a> {
    /// `None`: not a mapping.
    pub(crate) fn of(value: &'a Value, owner: Owner) -> Option<Self> {
        Some(Self { fields: value.as_object()?, owner, prefix: String::new(), read_keys: BTreeSet::new() })
    }

    fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.read_keys.insert(key);
        self.fields.get(key).filter(|v| !v.is_null())
    }

    fn wrong(&self, key: &str, wanted: &str, notes: &mut Notes) {
        notes.add(self.owner.at(""), format!("`{}{key}` is not {wanted}: left out", self.prefix));
    }

    pub(crate) fn text(&mut self, key: &'static str, notes: &mut Notes) -> Option<String> {
        let value = self.get(key)?;
        let text = plain(value);
        if text.is_none() {
            self.wrong(key, "a text", notes);
        }
        text
    }

    pub(crate) fn number(&mut self, key: &'static str, notes: &mut Notes) -> Option<f64> {
        let value = self.get(key)?;
        let number = value.as_f64().or_else(|| value.as_str().and_then(|s| s.trim().parse().ok()));
        let number = number.filter(|n| n.is_finite() && *n >= 0.0);
        if number.is_none() {
            self.wrong(key, "a number of at least 0", notes);
        }
        number
    }

    /// Retries or rounds.
    pub(crate) fn count(&mut self, key: &'static str, notes: &mut Notes) -> Option<u32> {
        let number = self.number(key, notes)?;
        if number.fract() != 0.0 {
            self.wrong(key, "a whole number", notes);
            return None;
        }
        if number > f64::from(MOST) {
            notes.add(
                self.owner.at("retry.limit"),
                format!("`{}{key}` is more than {MOST}, the maximum here", self.prefix),
            );
        }
        (0..=MOST).rev().find(|n| f64::from(*n) <= number)
    }

    pub(crate) fn yes(&mut self, key: &'static str, notes: &mut Notes) -> Option<bool> {
        let value = self.get(key)?;
        if !value.is_boolean() {
            self.wrong(key, "true or false", notes);
        }
        value.as_bool()
    }

    pub(crate) fn list(&mut self, key: &'static str, notes: &mut Notes) -> &'a [Value] {
        let Some(value) = self.get(key) else { return &[] };
        if !value.is_array() {
            self.wrong(key, "a list", notes);
        }
        value.as_array().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn child(&mut self, key: &'static str, notes: &mut Notes) -> Option<Node<'a>> {
        let value = self.get(key)?;
        let Some(fields) = value.as_object() else {
            self.wrong(key, "a mapping", notes);
            return None;
        };
        let prefix = format!("{}{key}.", self.prefix);
        Some(Node { fields, owner: self.owner, prefix, read_keys: BTreeSet::new() })
    }

    /// A mapping from texts to texts.
    pub(crate) fn texts(self, notes: &mut Notes) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (key, value) in self.fields {
            match plain(value) {
                Some(text) => all.push((key.clone(), text)),
                None => self.wrong(key, "a text", notes),
            }
        }
        all
    }

    /// A field that has no counterpart, and why.
    pub(crate) fn no_place(&mut self, key: &'static str, why: &str, notes: &mut Notes) {
        if self.get(key).is_some() {
            notes.add(self.owner.at(""), format!("`{}{key}` is left out: {why}", self.prefix));
        }
    }

    /// Reports the fields that were not read.
    pub(crate) fn end(self, notes: &mut Notes) {
        for key in self.fields.keys().filter(|k| !self.read_keys.contains(k.as_str())) {
            notes.add(
                self.owner.at(""),
                format!(
                    "`{}{key}` is left out: it is not a known field; check whether the step needs it",
                    self.prefix
                ),
            );
        }
    }
}

/// Numbers and booleans count as texts, too.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::report::Settled;
    use super::*;

    fn messages_of(value: &Value, read: impl Fn(&mut Node<'_>, &mut Notes)) -> Vec<String> {
        let mut notes = Notes::default();
        let mut node = Node::of(value, Owner::Spec).unwrap();
        read(&mut node, &mut notes);
        node.end(&mut notes);
        notes.settle(&Settled::default()).into_iter().map(|e| e.message).collect()
    }

    #[test]
    fn nothing_is_lost_in_silence() {
        let value = json!({"id": 5, "limit": "two", "extra": 1, "none": null, "version": 3});
        let messages = messages_of(&value, |node, notes| {
            assert_eq!(node.text("id", notes), Some("5".into()));
            assert_eq!(node.count("limit", notes), None);
            assert_eq!(node.text("none", notes), None);
            node.no_place("version", "Git keeps versions", notes);
        });
        assert_eq!(
            messages,
            [
                "`limit` is not a number of at least 0: left out",
                "`version` is left out: Git keeps versions",
                "`extra` is left out: it is not a known field; check whether the step needs it"
            ]
        );
    }

    #[test]
    fn more_retries_than_the_api_takes_are_its_most() {
        let value = json!({"limit": 500});
        let messages = messages_of(&value, |node, notes| assert_eq!(node.count("limit", notes), Some(100)));
        assert_eq!(messages, ["`limit` is more than 100, the maximum here"]);
    }
}
