//! The shape of a plan, said in JSON Schema: one variant a tool, built from the catalog.
//!
//! Comes in: the tools that the model may choose from. Goes out: a [`Format`] in three dialects; a
//! dialect in which some tool's schema cannot be said is left out as a whole, since strictness is
//! one flag for all of it. `tasks` stands first, since models write keys in the schema's order.
//! What becomes of a tool's own schema is [`super::strict`]'s concern.

use serde_json::{Value, json};

use super::strict::{Dialect, rewrite};
use crate::{catalog::Tool, llm::Format};

/// Largest schema that is sent, in bytes; above it the tools are only named.
const MOST_BYTES: usize = 60_000;

/// Limits of `OpenAI`'s strict mode ("Structured outputs", size of schemas), with some room.
const MOST_PROPERTIES: usize = 4_500;
const MOST_ENUM_VALUES: usize = 900;

/// A task's name where no ids are written.
const COUNTED_NAME: &str = "^t[1-9][0-9]*$";

/// The shape of a plan over these tools.
pub(super) fn format(tools: &[(&str, &Tool)]) -> Format {
    let strict = plan(tools, Dialect::Strict).filter(is_small);
    let closed = plan(tools, Dialect::Closed).filter(is_small);
    let loose = plan(tools, Dialect::Loose).filter(is_small);
    Format { strict, closed, loose: loose.unwrap_or_else(|| names_only(tools)) }
}

fn plan(tools: &[(&str, &Tool)], dialect: Dialect) -> Option<Value> {
    let variants: Option<Vec<Value>> =
        tools.iter().map(|(name, tool)| variant(name, tool, dialect)).collect();
    Some(around(&json!({"anyOf": variants?}), dialect))
}

/// One task that calls this tool.
fn variant(name: &str, tool: &Tool, dialect: Dialect) -> Option<Value> {
    let arguments = rewrite(&tool.input_schema, dialect)?;
    // `tool_name` first: it tells the variants apart, and OpenAI wants that of the first key.
    let mut variant = json!({
        "type": "object",
        "properties": {
            "tool_name": {"type": "string", "const": name},
            "tool_arguments": arguments,
            "description": {"type": "string"},
            "depends_on": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["tool_name", "tool_arguments", "description", "depends_on"],
        "additionalProperties": false,
    });
    // Where nothing has to be written, few tokens are: an id is known by its place.
    match dialect {
        Dialect::Strict => {
            variant["properties"]["depends_on"]["items"]["pattern"] = json!(COUNTED_NAME);
        }
        Dialect::Closed => {}
        Dialect::Loose => {
            variant["properties"]["id"] = json!({"type": "string"});
            variant["properties"]["priority"] = json!({"type": "integer"});
            variant["required"] = json!(["tool_name", "tool_arguments"]);
        }
    }
    Some(variant)
}

/// The plan around its tasks.
fn around(task: &Value, dialect: Dialect) -> Value {
    let nullable = json!({"type": ["string", "null"]});
    let required: &[&str] = match dialect {
        Dialect::Strict => &["tasks", "answer", "reasoning"],
        Dialect::Closed | Dialect::Loose => &["tasks"],
    };
    let text = if dialect == Dialect::Closed { json!({"type": "string"}) } else { nullable };
    json!({
        "type": "object",
        "properties": {
            "tasks": {"type": "array", "items": task},
            "answer": text,
            "reasoning": text,
        },
        "required": required,
        "additionalProperties": false,
    })
}

/// What is left when the tools' own schemas are too large.
fn names_only(tools: &[(&str, &Tool)]) -> Value {
    let names: Vec<&str> = tools.iter().map(|(name, _)| *name).collect();
    let task = json!({
        "type": "object",
        "properties": {
            "tool_name": {"type": "string", "enum": names},
            "tool_arguments": {"type": "object"},
            "description": {"type": "string"},
            "depends_on": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["tool_name", "tool_arguments"],
    });
    around(&task, Dialect::Loose)
}

fn is_small(schema: &Value) -> bool {
    let mut size = (0, 0);
    measure(schema, &mut size);
    let (properties, values) = size;
    properties <= MOST_PROPERTIES
        && values <= MOST_ENUM_VALUES
        && schema.to_string().len() <= MOST_BYTES
}

fn measure(schema: &Value, size: &mut (usize, usize)) {
    match schema {
        Value::Object(keywords) => {
            size.0 += keywords
                .get("properties")
                .and_then(Value::as_object)
                .map_or(0, serde_json::Map::len);
            size.1 += keywords.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
            keywords.values().for_each(|inner| measure(inner, size));
        }
        Value::Array(schemas) => schemas.iter().for_each(|inner| measure(inner, size)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(schema: &Value) -> Tool {
        Tool::of("s", "find", schema)
    }

    #[test]
    fn a_plan_is_one_object_whose_tasks_come_first() {
        let find = tool(&json!({"type": "object", "required": ["query"],
            "properties": {"query": {"type": "string"}, "size": {"type": "integer", "minimum": 1}}}));
        let Format { strict: Some(strict), closed, loose } = format(&[("s__find", &find)]) else {
            panic!("the tool's schema can be made strict");
        };
        let keys: Vec<&String> = strict["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["tasks", "answer", "reasoning"]);
        let variant = &strict["properties"]["tasks"]["items"]["anyOf"][0];
        assert_eq!(variant["properties"]["tool_name"]["const"], "s__find");
        let valid = |schema: &Value, size: Value| {
            let task = json!({"tool_name": "s__find", "description": "",
                "tool_arguments": {"query": "x", "size": size}, "depends_on": []});
            let plan = json!({"tasks": [task], "answer": null, "reasoning": null});
            jsonschema::is_valid(schema, &plan)
        };
        for (size, strictly, loosely) in [
            (json!(3), true, true),
            (json!("${t1:/total}"), true, true),
            (json!(null), true, false),
        ] {
            assert_eq!(valid(&strict, size.clone()), strictly, "{size}");
            assert_eq!(valid(&loose, size.clone()), loosely, "{size}");
        }
        assert!(!valid(&strict, json!("many")) && !valid(&loose, json!(0)));
        let names = &variant["properties"]["depends_on"];
        assert!(jsonschema::is_valid(names, &json!(["t1", "t12"])));
        assert!(!jsonschema::is_valid(names, &json!(["s__find"])));
        assert!(closed.is_some());
    }

    #[test]
    fn strictness_is_given_up_for_all_tools_together() {
        let free = tool(&json!({"type": "object", "properties": {"extra": {"type": "object"}}}));
        let plain = tool(&json!({"type": "object"}));
        let both = format(&[("a", &free), ("b", &plain)]);
        assert_eq!((both.strict, both.closed), (None, None));
        assert_eq!(
            both.loose["properties"]["tasks"]["items"]["anyOf"].as_array().unwrap().len(),
            2
        );
    }

    #[test]
    fn a_huge_catalog_is_only_named() {
        let properties: serde_json::Map<String, Value> = (0..400)
            .map(|n| (format!("a_long_name_of_a_parameter_{n}"), json!({"type": "string"})))
            .collect();
        let large = tool(&json!({"type": "object", "properties": properties}));
        let names: Vec<String> = (0..20).map(|n| format!("tool_{n}")).collect();
        let tools: Vec<(&str, &Tool)> = names.iter().map(|name| (name.as_str(), &large)).collect();
        let format = format(&tools);
        assert!(format.strict.is_none() && format.loose.to_string().len() < 2_000);
    }
}
