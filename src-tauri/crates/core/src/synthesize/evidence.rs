//! A task's result, as something to cite: its value, its items and its count.
//!
//! Comes in: the JSON of a `CallToolResult`. Goes out: [`Evidence`]. The k-th item here is the `k`
//! of a citation `[n.k]`; `ui/evidence/items.js` follows the same rule.

use serde_json::{Map, Value};

pub use crate::value::{items_of, value_of};

/// What one completed task found.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// `structuredContent`, else the text read as JSON, else the text.
    pub value: Value,
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
        let total = TOTALS.iter().find_map(|key| value.get(key)?.as_u64());
        Self { value, total }
    }

    /// Items in the result's order; empty where it is no list.
    pub fn items(&self) -> &[Value] {
        items_of(&self.value).map_or(&[], Vec::as_slice)
    }

    /// What stands beside the list: counts, next pages, notes, further lists and objects.
    pub(super) fn beside(&self) -> Option<Value> {
        let list = items_of(&self.value)?;
        let is_other = |value: &Value| !value.as_array().is_some_and(|it| std::ptr::eq(it, list));
        let fields = self.value.as_object()?.iter().filter(|(_, value)| is_other(value));
        let fields: Map<_, _> = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
        (!fields.is_empty()).then_some(Value::Object(fields))
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
        assert_eq!((evidence.total, evidence.items().len()), (Some(40), 2));
    }

    #[test]
    fn text_that_is_json_is_read_and_other_text_is_kept() {
        let list = read(&json!({"content": [{"type": "text", "text": "[1, 2, 3]"}]}));
        assert_eq!(list.items().len(), 3);
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
        assert_eq!(evidence.items(), [json!({"id": 1})]);
        assert_eq!(evidence.beside(), Some(json!({"words": ["a"]})));
        assert_eq!(read(&json!({"structuredContent": {"hits": [1]}})).beside(), None);
    }

    #[test]
    fn what_is_no_result_is_read_too() {
        for odd in ["", "null", "[]", "{", "\"x\"", "{\"content\": 3}"] {
            Evidence::read(odd);
        }
    }
}
