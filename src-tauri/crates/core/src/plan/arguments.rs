//! A planned call's arguments: whether they fit the tool, and whether two calls are the same.
//!
//! Comes in: arguments as a plan has them. Goes out: arguments that fit, or the validator's words.

use serde_json::{Map, Value};

use super::RawTask;
use crate::{
    catalog::{self, Tool},
    event::Failure,
    placeholder,
};

/// Whether the arguments fit, as far as that is known before placeholders are replaced. What a model
/// wrote in the wrong type but without doubt is put right.
pub(super) fn valid(tool: &Tool, raw: &mut RawTask) -> Result<(), Failure> {
    if !placeholder::references(&raw.tool_arguments).is_empty() {
        return Ok(());
    }
    let Err(message) = catalog::validate(tool, &raw.tool_arguments) else { return Ok(()) };
    let typed = retyped(tool, &raw.tool_arguments);
    if catalog::validate(tool, &typed).is_ok() {
        raw.tool_arguments = typed;
        return Ok(());
    }
    Err(Failure { code: "invalid_arguments".to_owned(), message })
}

/// The arguments with numbers and truth values taken out of strings, or put into them.
fn retyped(tool: &Tool, arguments: &Value) -> Value {
    let mut typed = arguments.clone();
    let properties = tool.input_schema.get("properties").and_then(Value::as_object);
    let (Some(fields), Some(properties)) = (typed.as_object_mut(), properties) else {
        return typed;
    };
    for (name, value) in fields.iter_mut() {
        let kind = properties.get(name).and_then(|schema| schema.get("type"));
        let kind = kind.and_then(Value::as_str).unwrap_or_default();
        let retyped = match (kind, &*value) {
            ("integer" | "number" | "boolean", Value::String(text)) => {
                serde_json::from_str(text.trim()).ok()
            }
            ("string", Value::Number(_) | Value::Bool(_)) => Some(Value::String(value.to_string())),
            ("array", Value::String(_) | Value::Number(_)) => {
                Some(Value::Array(vec![value.clone()]))
            }
            _ => None,
        };
        if let Some(retyped) = retyped {
            *value = retyped;
        }
    }
    typed
}

/// What makes two calls the same: the order of keys does not matter.
pub(super) fn call(tool: &Tool, arguments: &Value) -> (String, String, String) {
    (tool.server.clone(), tool.name.clone(), sorted(arguments).to_string())
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            let fields = names.into_iter().map(|name| (name.clone(), sorted(&fields[name])));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
