//! A finished task's value, as other tasks' placeholders see it.
//!
//! Read from the recorder when it is needed and shared by the tasks that need it at that moment;
//! nothing is held for later.

use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use serde_json::Value;

use crate::history::Recorder;

/// One task's value, parsed at most once, by the first who asks.
pub(super) struct TaskValue {
    recorder: Recorder,
    index: usize,
    bytes: usize,
    value: OnceLock<Option<Arc<Value>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    structured_content: Option<Value>,
    #[serde(default)]
    content: Vec<Block>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(default)]
    text: Option<String>,
}

impl TaskValue {
    /// Of a task whose result is `bytes` long.
    pub(super) fn new(recorder: &Recorder, index: usize, bytes: usize) -> Self {
        Self { recorder: recorder.clone(), index, bytes, value: OnceLock::new() }
    }

    pub(super) fn is_larger_than(&self, bytes: usize) -> bool {
        self.bytes > bytes
    }

    /// `None` if the result is not there any longer.
    pub(super) fn get(&self) -> Option<Arc<Value>> {
        let read = || self.recorder.result(self.index).map(|result| Arc::new(value_of(&result)));
        self.value.get_or_init(read).clone()
    }
}

/// `structuredContent` if there is any, else the text as JSON if it is JSON, else the text.
fn value_of(result: &str) -> Value {
    let Ok(answer) = serde_json::from_str::<Answer>(result) else {
        return Value::String(result.to_owned());
    };
    if let Some(structured) = answer.structured_content {
        return structured;
    }
    let texts: Vec<String> = answer.content.into_iter().filter_map(|block| block.text).collect();
    let text = texts.join("\n");
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn structure_comes_before_json_text_before_text() {
        let check =
            |result: Value, expect: Value| assert_eq!(value_of(&result.to_string()), expect);
        let text = |text: &str| json!({"type": "text", "text": text});
        check(json!({"structuredContent": {"a": 1}, "content": [text("x")]}), json!({"a": 1}));
        check(json!({"structuredContent": null, "content": [text("[1, 2]")]}), json!([1, 2]));
        check(json!({"content": [text("12")]}), json!(12));
        check(json!({"content": [text("one"), {"type": "image"}, text("two")]}), json!("one\ntwo"));
        check(json!({"content": []}), json!(""));
    }
}
