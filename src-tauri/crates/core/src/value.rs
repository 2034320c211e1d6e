//! What a tool's result says, as one JSON value.
//!
//! Comes in: the JSON of a `CallToolResult`. Goes out: the value that placeholders stand for, that
//! answers cite, and that is searched. One rule for all of them; `ui/state/items.js` follows it too.

use serde_json::Value;

/// What a result says: its `structuredContent`, else its text as JSON, else its text.
pub fn value_of(result: &str) -> Value {
    let parsed: Value = serde_json::from_str(result).unwrap_or(Value::Null);
    match parsed.get("structuredContent") {
        Some(structured) if !structured.is_null() => return unwrapped(structured),
        _ => {}
    }
    let text = text_of(&parsed);
    let looks_like_json = text.trim_start().starts_with(['{', '[']);
    match serde_json::from_str(&text) {
        Ok(value) if looks_like_json => value,
        _ => Value::String(text),
    }
}

/// The text blocks of a `CallToolResult`, joined; other blocks are named by their kind.
pub fn text_of(result: &Value) -> String {
    let blocks = result.get("content").and_then(Value::as_array).into_iter().flatten();
    let text = |block: &Value| -> String {
        let of =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let resource = block.get("resource").and_then(|resource| of(resource, "text"));
        of(block, "text").or(resource).or_else(|| of(block, "uri")).unwrap_or_else(|| {
            format!("[{}]", of(block, "type").unwrap_or_else(|| "unknown content".into()))
        })
    };
    blocks.map(text).collect::<Vec<_>>().join("\n")
}

/// Some frameworks wrap what is no object in `{"result": …}`.
fn unwrapped(structured: &Value) -> Value {
    match structured.as_object() {
        Some(object) if object.len() == 1 => match object.get("result") {
            Some(Value::String(text)) => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
            }
            Some(inner) => inner.clone(),
            None => structured.clone(),
        },
        _ => structured.clone(),
    }
}
