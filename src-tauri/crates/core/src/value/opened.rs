//! A whole result, opened to be read in parts: scanned once, never made into one value.
//!
//! Holds the text of what a result says ([`super::value_of`], by the same rules) and where its items
//! are in it: two numbers an item beside the text, however large it is.

use std::ops::Range;

use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::{fields, looks_like_json, text_of, without_halves};

/// A result that can be read in parts.
#[derive(Debug, Default)]
pub struct Opened {
    /// JSON, or plain text.
    text: String,
    is_json: bool,
    /// Where each item of the list is, if it has one.
    items: Option<Vec<Range<usize>>>,
}

impl Opened {
    /// Opens the JSON of a `CallToolResult`; any text can be opened. Takes about as long as reading
    /// it twice: off the async threads.
    pub fn read(result: &str) -> Self {
        let (text, is_json) = said(result);
        let text = if is_json { without_half_characters(text) } else { text };
        let list = if is_json { list_in(&text) } else { None };
        let items = list.and_then(|list| places(&text, list));
        Self { text, is_json, items }
    }

    /// Bytes of memory that it takes, about.
    pub fn bytes(&self) -> usize {
        let items = self.items.as_ref().map_or(0, Vec::len);
        self.text.len() + items * size_of::<Range<usize>>()
    }

    /// The JSON of an item, counted from 1 as in a citation `[n.k]`.
    pub fn item(&self, number: usize) -> Option<&str> {
        let place = self.items.as_ref()?.get(number.checked_sub(1)?)?;
        self.text.get(place.clone())
    }

    /// The beginning of a text that is no JSON, of at most so many bytes.
    pub fn beginning(&self, most: usize) -> Option<&str> {
        (!self.is_json).then(|| &self.text[..self.text.floor_char_boundary(most)])
    }
}

/// The text of what a result says, and whether that is JSON.
fn said(result: &str) -> (String, bool) {
    let fields = fields(result);
    let structured = fields.get("structuredContent").map(|raw| raw.get());
    if let Some(json) = structured.filter(|json| *json != "null") {
        return unwrapped(json);
    }
    let content = fields.get("content");
    json_or_text(content.map(|content| text_of(content.get())).unwrap_or_default())
}

/// Some frameworks wrap what is no object in `{"result": …}`.
fn unwrapped(json: &str) -> (String, bool) {
    let wrapped: Option<IndexMap<String, &RawValue>> = serde_json::from_str(json).ok();
    let only = wrapped.filter(|object| object.len() == 1);
    match only.and_then(|object| object.get("result").map(|inner| inner.get().to_owned())) {
        None => (json.to_owned(), true),
        Some(inner) => match serde_json::from_str::<String>(&inner) {
            // A text that is JSON is that JSON, whatever it begins with.
            Ok(text) if is_json(&text) => (text, true),
            Ok(text) => (text, false),
            Err(_) => (inner, true),
        },
    }
}

fn json_or_text(text: String) -> (String, bool) {
    if !looks_like_json(&text) {
        return (text, false);
    }
    let is_json = is_json(&text);
    (text, is_json)
}

/// Legal JSON that no Rust text can hold; a copy is made of the few that have any alone.
fn without_half_characters(json: String) -> String {
    let may_have = json.contains("\\ud") || json.contains("\\uD");
    if may_have { without_halves(&json).unwrap_or(json) } else { json }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// The list in a value: itself, else its first property that is a list of objects, else its first
/// list.
fn list_in(json: &str) -> Option<&str> {
    let json = json.trim_start();
    if json.starts_with('[') {
        return Some(json);
    }
    let fields: IndexMap<String, &RawValue> = serde_json::from_str(json).ok()?;
    let lists: Vec<&str> =
        fields.values().map(|raw| raw.get()).filter(|json| json.starts_with('[')).collect();
    let of_objects = |list: &&&str| list[1..].trim_start().starts_with('{');
    lists.iter().find(of_objects).or(lists.first()).copied()
}

/// Where the items of a list are in the text that it is a part of.
fn places(text: &str, list: &str) -> Option<Vec<Range<usize>>> {
    let items: Vec<&RawValue> = serde_json::from_str(list).ok()?;
    let start = text.as_ptr().addr();
    let place = |item: &RawValue| {
        let from = item.get().as_ptr().addr() - start;
        from..from + item.get().len()
    };
    Some(items.into_iter().map(place).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::value::{items_of, value_of};

    fn count(opened: &Opened) -> Option<usize> {
        opened.items.as_ref().map(Vec::len)
    }

    fn check(result: &str) {
        let (opened, value) = (Opened::read(result), value_of(result));
        let items = items_of(&value);
        assert_eq!(count(&opened), items.map(Vec::len), "{result:.200}");
        for (index, item) in items.into_iter().flatten().enumerate() {
            let read: Value = serde_json::from_str(opened.item(index + 1).unwrap()).unwrap();
            assert_eq!(read, *item, "item {} of {result:.200}", index + 1);
        }
        assert_eq!(opened.item(0), None);
        assert_eq!(opened.item(count(&opened).unwrap_or_default() + 1), None);
        if let Value::String(text) = &value {
            let beginning = opened.beginning(usize::MAX);
            assert!(beginning.is_none_or(|shown| shown == text), "{result:.200}");
        }
    }

    #[test]
    fn what_is_read_in_parts_is_what_the_result_says() {
        let list = json!([{"a": "größe"}, {"a": [1, 2]}, 3, "x", null]);
        let texts = ["plain", "[not json", "{\"hits\": [1, 2]}", " [1]", "", "\"x\"", "7"];
        for value in [list, json!({"n": [1], "hits": [{"id": 1}]}), json!({}), json!(7)] {
            check(&json!({"structuredContent": value, "content": []}).to_string());
            check(&json!({"structuredContent": {"result": value}}).to_string());
            check(&json!({"structuredContent": {"result": value.to_string()}}).to_string());
            check(&json!({"content": [{"type": "text", "text": value.to_string()}]}).to_string());
        }
        for text in texts {
            check(&json!({"content": [{"type": "text", "text": text}]}).to_string());
            check(&json!({"structuredContent": {"result": text}}).to_string());
        }
        for odd in
            ["", "null", "[]", "{", "\"x\"", "{\"content\": 3}", "{\"structuredContent\": null}"]
        {
            check(odd);
        }
    }

    #[test]
    fn bad_input_is_opened_too() {
        // Deeper than any reader follows: no list, and no end of the program.
        let deep =
            format!("{{\"structuredContent\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(count(&Opened::read(&deep)).is_none_or(|count| count <= 1));
        let key = "k".repeat(1 << 20);
        check(&json!({"structuredContent": {key: [{"a": 1}]}}).to_string());
        check(r#"{"content":[{"type":"text","text":"[\"\\ud83d\", 2]"}]}"#);
        let nul = json!({"content": [{"type": "text", "text": "a\r\nb\u{0}c"}]}).to_string();
        assert_eq!(Opened::read(&nul).beginning(3), Some("a\r\n"));
        let cut = json!({"content": [{"type": "text", "text": "ää"}]}).to_string();
        assert_eq!(Opened::read(&cut).beginning(3), Some("ä"));
    }
}
