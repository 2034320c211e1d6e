//! Values that a model wrote in the wrong type but without doubt, put right.
//!
//! `"3"` for a number, `7` for a text, one value for a list of them, JSON within a string: small
//! models do it, and a dialect without unions asks for it, since what is typed may also be a
//! `${…}` placeholder there. What holds a placeholder is left alone.

use serde_json::{Map, Value};

use super::kinds::{Kind, Kinds, followed, meant};
use crate::{event::Object, placeholder};

/// Objects and lists within each other that are looked into.
const DEEPEST: usize = 12;

/// The arguments, as their schema would have them.
pub(crate) fn retyped(schema: &Object, arguments: &Value) -> Value {
    let root = Value::Object(schema.clone());
    value(&root, &root, arguments.clone(), 0)
}

fn value(schema: &Value, root: &Value, given: Value, depth: usize) -> Value {
    let is_template = given.is_string() && !placeholder::references(&given).is_empty();
    if depth > DEEPEST || is_template {
        return given;
    }
    let kinds = Kinds::of(schema, root);
    let given = if kinds.take(Kind::of(&given)) { given } else { converted(&kinds, given) };
    let schema = narrowed(schema, root, &given);
    match given {
        Value::Object(fields) => {
            let none = Map::new();
            let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
            let fields = fields.into_iter().map(|(name, field)| {
                let field = match properties.get(&name) {
                    Some(schema) => value(schema, root, field, depth + 1),
                    None => field,
                };
                (name, field)
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => match schema.get("items") {
            Some(schema) => {
                items.into_iter().map(|item| value(schema, root, item, depth + 1)).collect()
            }
            None => Value::Array(items),
        },
        scalar => scalar,
    }
}

/// The alternative that a value was written for, where there are several.
fn narrowed<'a>(schema: &'a Value, root: &'a Value, value: &Value) -> &'a Value {
    let schema = followed(schema, root);
    let several = ["anyOf", "oneOf", "allOf"].iter().find_map(|name| schema.get(*name)?.as_array());
    several.and_then(|schemas| meant(schemas, root, value)).unwrap_or(schema)
}

/// The value in a type that its schema takes; as it is where there is doubt.
fn converted(kinds: &Kinds, given: Value) -> Value {
    match &given {
        Value::String(text) => {
            if let Ok(inner) = serde_json::from_str::<Value>(text.trim())
                && kinds.take(Kind::of(&inner))
            {
                return inner;
            }
        }
        Value::Number(_) | Value::Bool(_) if kinds.are_only(Kind::String) => {
            return Value::String(given.to_string());
        }
        _ => {}
    }
    if kinds.are_only(Kind::Array) && !given.is_null() && !given.is_object() {
        return Value::Array(vec![given]);
    }
    given
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_without_doubt_is_put_right() {
        let schema = json!({"type": "object", "properties": {
            "n": {"type": "integer"}, "or": {"type": ["number", "null"]}, "yes": {"type": "boolean"},
            "text": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}},
            "ids": {"type": "array", "items": {"$ref": "#/$defs/id"}},
            "any": {}, "level": {"enum": [1, 2]},
            "in": {"anyOf": [{"type": "object", "properties": {"n": {"type": "integer"}}},
                {"type": "string"}]}},
            "$defs": {"id": {"type": "integer"}}});
        let check = |given: Value, expect: Value| {
            assert_eq!(retyped(schema.as_object().unwrap(), &given), expect, "{given}");
        };
        check(
            json!({"n": "3", "or": " 2.5 ", "yes": "true"}),
            json!({"n": 3, "or": 2.5, "yes": true}),
        );
        check(
            json!({"text": 7, "tags": "a", "level": "2"}),
            json!({"text": "7", "tags": ["a"], "level": 2}),
        );
        check(json!({"ids": ["1", 2]}), json!({"ids": [1, 2]}));
        check(json!({"ids": "[1, \"2\"]", "tags": 3}), json!({"ids": [1, 2], "tags": ["3"]}));
        check(json!({"in": {"n": "4"}, "or": "null"}), json!({"in": {"n": 4}, "or": null}));
        // What is right, in doubt, unknown or a placeholder stays.
        for same in [
            json!({"text": "7", "any": "3", "in": "{\"n\": 1}"}),
            json!({"n": "soon", "yes": "yes", "or": null, "tags": {"a": 1}}),
            json!({"n": "${t1:/n}", "tags": "${t1:/tags}", "other": "3"}),
        ] {
            check(same.clone(), same);
        }
        let nothing = json!({});
        assert_eq!(retyped(nothing.as_object().unwrap(), &json!("3")), json!("3"));
    }
}
