//! A task's result, as something to cite: its value, its items and its count.
//!
//! Comes in: the JSON of a `CallToolResult`. Goes out: [`Evidence`]. The k-th item here is the `k`
//! of a citation `[n.k]`; `ui/state/items.js` follows the same rule.

use serde_json::Value;

/// What one completed task found.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// `structuredContent`, else the text read as JSON, else the text.
    pub value: Value,
    /// Items in the result's order; empty where it is no list.
    pub items: Vec<Value>,
    /// How many there are in all, where the result says so.
    pub total: Option<u64>,
}

/// Keys under which servers say how many matches there are beyond the page they return.
const TOTALS: &[&str] = &[
    "total",
    "total_count",
    "totalCount",
    "total_results",
    "totalResults",
    "count",
    "hits",
    "found",
];

impl Evidence {
    /// Reads a result; any JSON text is read, whatever its shape.
    pub fn read(result: &str) -> Self {
        let value = value_of(result);
        let items = items_of(&value).cloned().unwrap_or_default();
        let total = TOTALS.iter().find_map(|key| value.get(key)?.as_u64());
        Self { value, items, total }
    }
}

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

/// The list in a value: itself, else its first property that is a list of objects, else its first
/// list.
pub fn items_of(value: &Value) -> Option<&Vec<Value>> {
    if let Value::Array(items) = value {
        return Some(items);
    }
    let lists = || {
        value.as_object().into_iter().flat_map(|object| object.values()).filter_map(Value::as_array)
    };
    lists().find(|list| list.first().is_some_and(Value::is_object)).or_else(|| lists().next())
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(result: &Value) -> Evidence {
        Evidence::read(&result.to_string())
    }

    #[test]
    fn structured_content_goes_before_text() {
        let evidence = read(&json!({"content": [{"type": "text", "text": "x"}],
            "structuredContent": {"total": 40, "results": [{"id": 1}, {"id": 2}]}}));
        assert_eq!((evidence.total, evidence.items.len()), (Some(40), 2));
    }

    #[test]
    fn text_that_is_json_is_read_and_other_text_is_kept() {
        let list = read(&json!({"content": [{"type": "text", "text": "[1, 2, 3]"}]}));
        assert_eq!(list.items.len(), 3);
        let prose = read(
            &json!({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}),
        );
        assert_eq!(prose.value, json!("a\nb"));
        let image =
            read(&json!({"content": [{"type": "image", "data": "…", "mimeType": "image/png"}]}));
        assert_eq!(image.value, json!("[image]"));
    }

    #[test]
    fn a_list_of_objects_goes_before_a_list_of_words() {
        let evidence = read(&json!({"structuredContent": {"words": ["a"], "hits": [{"id": 1}]}}));
        assert_eq!(evidence.items, [json!({"id": 1})]);
    }

    #[test]
    fn what_is_no_result_is_read_too() {
        for odd in ["", "null", "[]", "{", "\"x\"", "{\"content\": 3}"] {
            Evidence::read(odd);
        }
    }
}
