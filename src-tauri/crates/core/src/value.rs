//! What a tool's result says, as one JSON value.
//!
//! Comes in: the JSON of a `CallToolResult`. Goes out: the value that placeholders stand for, that
//! answers cite, and that is searched. One rule for all of them; `ui/state/items.js` follows it too.
//!
//! A result may have many megabytes, and much of it comes as text and structured at once: only what
//! the value is made of is decoded, and it is moved, not copied.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

/// What a result says: its `structuredContent`, else its text as JSON, else its text.
pub fn value_of(result: &str) -> Value {
    let fields: HashMap<String, &RawValue> = serde_json::from_str(result).unwrap_or_default();
    let structured = fields.get("structuredContent");
    match structured.and_then(|raw| serde_json::from_str(raw.get()).ok()) {
        None | Some(Value::Null) => {}
        Some(structured) => return unwrapped(structured),
    }
    let text = fields.get("content").map(|content| text_of(content.get())).unwrap_or_default();
    let looks_like_json = text.trim_start().starts_with(['{', '[']);
    match serde_json::from_str(&text) {
        Ok(value) if looks_like_json => value,
        _ => Value::String(text),
    }
}

/// The text of content blocks, joined; blocks that have none are named.
fn text_of(content: &str) -> String {
    let blocks: Vec<&RawValue> = serde_json::from_str(content).unwrap_or_default();
    let mut blocks =
        blocks.into_iter().map(|raw| words(serde_json::from_str(raw.get()).unwrap_or_default()));
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
            Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            Some(inner) => inner,
            None => Value::Object(object),
        },
        other => other,
    }
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

    #[test]
    fn what_is_no_result_has_no_text() {
        for odd in ["", "null", "[]", "[1]", "{", "\"x\"", "{\"content\": 3}", "no JSON"] {
            assert_eq!(value_of(odd), Value::String(String::new()), "{odd}");
        }
    }
}
