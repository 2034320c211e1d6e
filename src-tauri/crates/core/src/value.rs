//! What a tool's result says, as one JSON value.
//!
//! Comes in: the JSON of a `CallToolResult`. Goes out: the value that placeholders stand for, that
//! answers cite, and that is searched. One rule for all of them; `ui/evidence/items.js` follows it too.
//!
//! A result may have many megabytes, and much of it comes as text and structured at once: only what
//! the value is made of is decoded, and it is moved, not copied.

mod items;
mod opened;

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

pub(crate) use self::items::items_in;
pub use self::items::items_of;
pub use self::opened::Opened;

/// What a result says: its `structuredContent`, else its text as JSON, else its text.
pub fn value_of(result: &str) -> Value {
    let fields = fields(result);
    let structured = fields.get("structuredContent");
    match structured.and_then(|raw| decoded(raw.get())) {
        None | Some(Value::Null) => {}
        Some(structured) => return unwrapped(structured),
    }
    let text = fields.get("content").map(|content| text_of(content.get())).unwrap_or_default();
    let value = if looks_like_json(&text) { decoded(&text) } else { None };
    value.unwrap_or(Value::String(text))
}

/// A result's fields, none of them decoded.
fn fields(result: &str) -> HashMap<String, &RawValue> {
    serde_json::from_str(result).unwrap_or_default()
}

fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// The text of content blocks, joined; blocks that have none are named.
fn text_of(content: &str) -> String {
    let blocks: Vec<&RawValue> = serde_json::from_str(content).unwrap_or_default();
    let mut blocks = blocks.into_iter().map(|raw| words(decoded(raw.get()).unwrap_or_default()));
    // Most results are one block, which is its text already.
    let mut text = blocks.next().unwrap_or_default();
    for block in blocks {
        text.push('\n');
        text.push_str(&block);
    }
    text
}

/// A block's text, or its resource's; else its address or its kind.
fn words(mut block: Value) -> String {
    for place in ["/text", "/resource/text", "/uri"] {
        if let Some(Value::String(text)) = block.pointer_mut(place).map(Value::take) {
            return text;
        }
    }
    let kind = block.get("type").and_then(Value::as_str);
    format!("[{}]", kind.unwrap_or("unknown content"))
}

/// Some frameworks wrap what is no object in `{"result": …}`.
fn unwrapped(structured: Value) -> Value {
    match structured {
        Value::Object(mut object) if object.len() == 1 => match object.remove("result") {
            Some(Value::String(text)) => decoded(&text).unwrap_or(Value::String(text)),
            Some(inner) => inner,
            None => Value::Object(object),
        },
        other => other,
    }
}

/// The JSON's value. A server that cut a text inside a character leaves half of it: legal JSON (RFC
/// 8259, section 8.2) that no Rust text can hold, and that must not hide everything else.
pub(crate) fn decoded(json: &str) -> Option<Value> {
    match serde_json::from_str(json) {
        Ok(value) => Some(value),
        Err(_) => serde_json::from_str(&without_halves(json)?).ok(),
    }
}

/// The same JSON with U+FFFD for each half of a character; `None` if it has none.
pub(crate) fn without_halves(json: &str) -> Option<String> {
    let mut whole = String::with_capacity(json.len());
    let (mut rest, mut found) = (json, false);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        let (kept, length) = match (code_unit(escape), escape.get(6..).and_then(code_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (true, 12),
            (Some(0xd800..=0xdfff), _) => (false, 6),
            (Some(_), _) => (true, 6),
            // `\n`, and a backslash that is itself escaped.
            (None, _) => (true, 2),
        };
        let (escape, after) = escape.split_at_checked(length)?;
        whole.push_str(before);
        whole.push_str(if kept { escape } else { "\u{fffd}" });
        found |= !kept;
        rest = after;
    }
    whole.push_str(rest);
    found.then_some(whole)
}

/// What `\uXXXX` at the beginning stands for (UTF-16).
fn code_unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(result: &Value, expect: &Value) {
        assert_eq!(&value_of(&result.to_string()), expect, "{result}");
    }

    #[test]
    fn structure_goes_before_text_and_wrappers_are_taken_off() {
        let text = json!([{"type": "text", "text": "x"}]);
        check(&json!({"content": text, "structuredContent": {"a": 1}}), &json!({"a": 1}));
        check(&json!({"content": text, "structuredContent": null}), &json!("x"));
        check(&json!({"structuredContent": {"result": [1]}}), &json!([1]));
        check(&json!({"structuredContent": {"result": "[1]"}}), &json!([1]));
        check(&json!({"structuredContent": {"result": "one"}}), &json!("one"));
        check(&json!({"structuredContent": {"result": 1, "b": 2}}), &json!({"result": 1, "b": 2}));
    }

    #[test]
    fn text_is_joined_read_as_json_or_kept_and_other_blocks_are_named() {
        let text = |text: &str| json!({"type": "text", "text": text});
        check(&json!({"content": [text(" {\"a\": 1}")]}), &json!({"a": 1}));
        check(&json!({"content": [text("12")]}), &json!("12"));
        check(&json!({"content": [text("a"), text("b")]}), &json!("a\nb"));
        let file = json!({"type": "resource", "resource": {"uri": "file:///a", "text": "inside"}});
        let link = json!({"type": "resource_link", "uri": "file:///b"});
        let blocks = json!([file, link, {"type": "image"}, {"text": 3}, 4]);
        let expect = "inside\nfile:///b\n[image]\n[unknown content]\n[unknown content]";
        check(&json!({"content": blocks}), &json!(expect));
        check(&json!({"content": []}), &json!(""));
    }

    /// What `JSON.stringify` makes of a text that was cut inside a character.
    #[test]
    fn half_a_character_hides_nothing_else() {
        let check = |result: &str, expect: Value| assert_eq!(value_of(result), expect, "{result}");
        check(
            r#"{"structuredContent": {"a": "x\ud83d", "b": [1]}}"#,
            json!({"a": "x\u{fffd}", "b": [1]}),
        );
        let block = |text: &str| format!(r#"{{"content": [{{"type": "text", "text": {text}}}]}}"#);
        check(&block(r#""cut \uD83D""#), json!("cut \u{fffd}"));
        check(&block(r#""\ude00\n\ud83d\ud83d\ude00""#), json!("\u{fffd}\n\u{fffd}\u{1f600}"));
        // An escaped backslash begins no character.
        check(&block(r#""\\ud83d \ud83d""#), json!("\\ud83d \u{fffd}"));
        // The text is JSON of its own.
        check(&block(r#""{\"a\": \"\\ud83d\"}""#), json!({"a": "\u{fffd}"}));
        check(r#"{"structuredContent": {"result": "[\"\\ud83d\"]"}}"#, json!(["\u{fffd}"]));
        check(&block(r#""{ \u00e9 \\é""#), json!("{ é \\é"));
    }

    #[test]
    fn what_is_no_result_has_no_text() {
        for odd in ["", "null", "[]", "[1]", "{", "\"x\"", "{\"content\": 3}", "no JSON"] {
            assert_eq!(value_of(odd), Value::String(String::new()), "{odd}");
        }
    }
}
