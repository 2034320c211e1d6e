//! One element of a plan's `tasks`, as models really write them, as a [`RawTask`].
//!
//! Numbers for ids, JSON in a string, line breaks inside strings, commas too many and the names that
//! other programs use for the same keys are all understood. Nothing is resolved or validated here.

use serde_json::{Map, Value};

use super::RawTask;

/// The task in an element's text; `None` where it is none.
pub(super) fn task(text: &str) -> Option<RawTask> {
    let Value::Object(mut fields) = lenient(text)? else { return None };
    // Some models wrap each element once more.
    if let Some(Value::Object(inner)) = fields.get("function") {
        fields = inner.clone();
    }
    let tool_name = take(&mut fields, &["tool_name", "tool", "name"])?;
    let Value::String(tool_name) = tool_name else { return None };
    let arguments =
        take(&mut fields, &["tool_arguments", "arguments", "args", "parameters", "input"]);
    Some(RawTask {
        id: fields.remove("id").and_then(|id| word(&id)),
        tool_name: tool_name.trim().to_owned(),
        tool_arguments: object(arguments.unwrap_or(Value::Null)),
        description: fields.remove("description").and_then(|text| word(&text)),
        depends_on: fields.remove("depends_on").map(|ids| names(&ids)),
        priority: fields.remove("priority").as_ref().and_then(whole),
    })
}

/// JSON, or what becomes JSON once line breaks in strings are escaped and trailing commas dropped.
pub(super) fn lenient(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&repaired(text)).ok())
}

fn repaired(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for letter in text.chars() {
        if in_string && !escaped && letter.is_control() {
            repaired.push_str(match letter {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ => "",
            });
            continue;
        }
        match letter {
            '"' if !escaped => in_string = !in_string,
            '}' | ']' if !in_string => {
                let kept = repaired.trim_end();
                if kept.ends_with(',') {
                    repaired.truncate(kept.len() - 1);
                }
            }
            _ => {}
        }
        escaped = in_string && letter == '\\' && !escaped;
        repaired.push(letter);
    }
    repaired
}

fn take(fields: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    names.iter().find_map(|name| fields.remove(*name))
}

/// Arguments: an object, or one written into a string; nothing is an empty one.
fn object(arguments: Value) -> Value {
    match arguments {
        Value::Null => Value::Object(Map::new()),
        Value::String(text) => match lenient(&text) {
            Some(inner @ Value::Object(_)) => inner,
            _ if text.trim().is_empty() => Value::Object(Map::new()),
            _ => Value::String(text),
        },
        other => other,
    }
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Names of tasks, also where they are written as placeholders are.
fn names(value: &Value) -> Vec<String> {
    let words: Vec<String> = match value {
        Value::Array(values) => values.iter().filter_map(word).collect(),
        one => word(one).into_iter().collect(),
    };
    words.iter().map(|word| name(word).to_owned()).collect()
}

/// `t1` of `${t1:/results/0/id}`, `t1:/results/0/id` and `${t1}`.
fn name(word: &str) -> &str {
    let inner = word.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(word);
    inner.split_once(":/").map_or(inner, |(name, _)| name)
}

#[expect(clippy::cast_possible_truncation, reason = "a priority is an order, saturating is fine")]
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|number| number as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tasks_are_understood_as_models_write_them() {
        let plain = task(
            r#"{"id": 1, "tool_name": " a ", "tool_arguments": "{\"q\": 1}",
            "depends_on": [2, "t3"], "priority": 2.7, "description": null}"#,
        )
        .unwrap();
        assert_eq!(plain.id.as_deref(), Some("1"));
        assert_eq!((plain.tool_name.as_str(), plain.tool_arguments), ("a", json!({"q": 1})));
        assert_eq!(plain.depends_on, Some(vec!["2".to_owned(), "t3".to_owned()]));
        assert_eq!((plain.priority, plain.description), (Some(2), None));
        let other = task(r#"{"name": "a", "arguments": {"q": 1}}"#).unwrap();
        assert_eq!(other.tool_arguments, json!({"q": 1}));
        assert_eq!(task(r#"{"tool_name": "a"}"#).unwrap().tool_arguments, json!({}));
        assert_eq!(task(r#"{"q": 1}"#), None);
        assert_eq!(task("7"), None);
    }

    #[test]
    fn a_task_is_named_by_its_name_or_by_a_placeholder() {
        let named = |ids: Value| {
            task(&json!({"tool_name": "a", "depends_on": ids}).to_string()).unwrap().depends_on
        };
        let t1 = Some(vec!["t1".to_owned()]);
        for written in ["t1", "${t1}", "${t1:/results/0/id}", "t1:/results/0/id"] {
            assert_eq!(named(json!([written])), t1, "{written}");
            assert_eq!(named(json!(written)), t1, "{written}");
        }
        assert_eq!(named(json!(["a:b", ""])), Some(vec!["a:b".to_owned()]));
    }

    #[test]
    fn nearly_json_is_read() {
        assert_eq!(
            lenient("{\"a\": \"x\ny\", \"b\": [1, 2,],}"),
            Some(json!({"a": "x\ny", "b": [1, 2]}))
        );
        assert_eq!(lenient("{'a': 1}"), None);
    }
}
