//! What a tool's own schema says of a value's type, through references and alternatives.
//!
//! Comes in: a schema and the root that its `$ref`s point into. Goes out: the JSON types that it
//! takes. Knows nothing of bounds, patterns or dialects.

use serde_json::{Map, Value};

use crate::event::Object;

/// References and alternatives within each other; more are a circle or beyond reading.
const DEEPEST: usize = 12;

/// A JSON type. A whole number is both an `Integer` and a `Number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }

    /// Of a value; a number without a fraction is an integer (JSON Schema, 6.1.1).
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) => {
                let whole = number.as_f64().is_none_or(|number| number.fract() == 0.0);
                if whole { Self::Integer } else { Self::Number }
            }
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }
}

/// The types that a schema takes; `None` where it does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kinds(Option<Vec<Kind>>);

impl Kinds {
    /// Of a schema.
    pub(crate) fn of(schema: &Value, root: &Value) -> Self {
        Self(kinds(schema, root, 0))
    }

    /// Whether a value of this type may pass.
    pub(crate) fn take(&self, kind: Kind) -> bool {
        let Some(kinds) = &self.0 else { return true };
        kinds.contains(&kind) || (kind == Kind::Integer && kinds.contains(&Kind::Number))
    }

    /// Whether nothing but this type passes, `null` left aside.
    pub(crate) fn are_only(&self, kind: Kind) -> bool {
        let Some(kinds) = &self.0 else { return false };
        kinds.contains(&kind) && kinds.iter().all(|known| *known == kind || *known == Kind::Null)
    }
}

fn kinds(schema: &Value, root: &Value, depth: usize) -> Option<Vec<Kind>> {
    let keywords = match schema {
        Value::Bool(false) => return Some(Vec::new()),
        Value::Object(keywords) if depth <= DEEPEST => keywords,
        _ => return None,
    };
    let list = |name: &str| keywords.get(name).and_then(Value::as_array);
    if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
        return kinds(referred(root, reference)?, root, depth + 1);
    }
    if let Some(schemas) = list("anyOf").or_else(|| list("oneOf")) {
        let each: Option<Vec<_>> =
            schemas.iter().map(|schema| kinds(schema, root, depth + 1)).collect();
        return Some(each?.concat());
    }
    if let Some(values) = list("enum") {
        return Some(values.iter().map(Kind::of).collect());
    }
    if let Some(value) = keywords.get("const") {
        return Some(vec![Kind::of(value)]);
    }
    match keywords.get("type") {
        Some(Value::String(name)) => return Kind::named(name).map(|kind| vec![kind]),
        Some(Value::Array(names)) => {
            return names.iter().map(|name| Kind::named(name.as_str()?)).collect();
        }
        _ => {}
    }
    // What all of them take: the first that says anything comes close enough.
    if let Some(schemas) = list("allOf") {
        return schemas.iter().find_map(|schema| kinds(schema, root, depth + 1));
    }
    keywords.contains_key("properties").then(|| vec![Kind::Object])
}

/// The schema that a `$ref` within the same document names.
pub(crate) fn referred<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

/// A schema, or the one that its `$ref`s lead to.
pub(crate) fn followed<'a>(mut schema: &'a Value, root: &'a Value) -> &'a Value {
    for _ in 0..DEEPEST {
        let reference = schema.get("$ref").and_then(Value::as_str);
        match reference.and_then(|reference| referred(root, reference)) {
            Some(inner) => schema = inner,
            None => break,
        }
    }
    schema
}

/// The keys that an object must have.
pub(crate) fn required(keywords: &Object) -> Vec<&str> {
    let names = keywords.get("required").and_then(Value::as_array);
    names.map_or_else(Vec::new, |names| names.iter().filter_map(Value::as_str).collect())
}

/// Of several alternatives, the one that an object or a list was written for.
///
/// An object's keys tell, and its constants; where several know all keys, the one that knows no more.
pub(crate) fn meant<'a>(schemas: &'a [Value], root: &'a Value, value: &Value) -> Option<&'a Value> {
    let followed: Vec<&Value> =
        schemas.iter().flat_map(|schema| alternatives(schema, root, 0)).collect();
    let Value::Object(fields) = value else {
        let kind = Kind::of(value);
        return followed.into_iter().find(|schema| Kinds::of(schema, root).take(kind));
    };
    let knows = |schema: &&Value| {
        let Some(known) = properties(schema) else { return false };
        fields.iter().all(|(name, value)| {
            let constant = known.get(name).and_then(|schema| schema.get("const"));
            known.contains_key(name) && constant.is_none_or(|constant| constant == value)
        })
    };
    followed.into_iter().filter(knows).min_by_key(|schema| properties(schema).map_or(0, Map::len))
}

/// A schema's alternatives, and theirs; itself where it has none.
fn alternatives<'a>(schema: &'a Value, root: &'a Value, depth: usize) -> Vec<&'a Value> {
    let schema = followed(schema, root);
    let several = ["anyOf", "oneOf"].iter().find_map(|name| schema.get(*name)?.as_array());
    match several {
        Some(schemas) if depth < DEEPEST => {
            schemas.iter().flat_map(|schema| alternatives(schema, root, depth + 1)).collect()
        }
        _ => vec![schema],
    }
}

fn properties(schema: &Value) -> Option<&Object> {
    schema.get("properties").and_then(Value::as_object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_found_wherever_they_stand() {
        let root = json!({"$defs": {"n": {"type": "number"}, "loop": {"$ref": "#/$defs/loop"}}});
        let check = |schema: Value, expect: Option<&[Kind]>| {
            assert_eq!(Kinds::of(&schema, &root).0.as_deref(), expect, "{schema}");
        };
        check(json!({"type": ["integer", "null"]}), Some(&[Kind::Integer, Kind::Null]));
        check(
            json!({"anyOf": [{"$ref": "#/$defs/n"}, {"enum": ["x", 1.5]}]}),
            Some(&[Kind::Number, Kind::String, Kind::Number]),
        );
        check(json!({"allOf": [{"minimum": 1}, {"type": "integer"}]}), Some(&[Kind::Integer]));
        check(json!({"const": 3.0}), Some(&[Kind::Integer]));
        check(json!({"properties": {}}), Some(&[Kind::Object]));
        check(json!(false), Some(&[]));
        for silent in
            [json!({}), json!(true), json!({"$ref": "#/$defs/loop"}), json!({"type": "x"})]
        {
            check(silent, None);
        }
    }

    #[test]
    fn alternatives_are_told_apart_by_keys_and_constants() {
        let schemas = [
            json!({"properties": {"kind": {"const": "a"}, "x": {}}}),
            json!({"properties": {"kind": {"const": "b"}, "x": {}, "y": {}}}),
            json!({"$ref": "#/$defs/list"}),
        ];
        let root = json!({"$defs": {"list": {"type": "array"}}});
        let meant = |value: Value| meant(&schemas, &root, &value);
        assert_eq!(meant(json!({"kind": "b", "x": 1})), Some(&schemas[1]));
        assert_eq!(meant(json!({"x": 1})), Some(&schemas[0]));
        assert_eq!(meant(json!({"z": 1})), None);
        assert_eq!(meant(json!([])), Some(&root["$defs"]["list"]));
        let nested = [json!({"anyOf": [{"oneOf": schemas}, {"type": "null"}]})];
        let found = super::meant(&nested, &root, &json!({"kind": "b"}));
        assert_eq!(found, Some(&schemas[1]));
    }
}
