//! A tool's own schema in the dialects that models' servers take, and the way back.
//!
//! Strict servers allow neither free-form objects nor optional keys, so every key becomes required
//! and an optional one may be `null`; [`without_nulls`] takes each such `null` out again before the
//! tool's own schema sees the arguments. Both stand here since one undoes the other. Everything that
//! is typed may also be a `${…}` placeholder: a union says so, and where unions are few, what is no
//! list and no object is written as text, which [`crate::catalog::fitted`] puts right. What is left out
//! (bounds, patterns) is validated later.

use serde_json::{Map, Value, json};

use crate::catalog::kinds::{Kind, Kinds, meant, referred, required};
use crate::event::Object;

/// Objects and lists within each other; deeper ones are recursive or beyond what servers take.
const DEEPEST: usize = 6;

/// What a placeholder looks like. Spelt without `.`, which some grammars take to match quotes.
const PLACEHOLDER: &str = r"^\$\{[A-Za-z0-9_:/.~-]+\}$";

/// How a schema is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Every key required, optional ones nullable, every object closed.
    Strict,
    /// Every object closed, optional keys left optional, as few unions as can be.
    Closed,
    /// Optional keys left optional; what cannot be said is left open.
    Loose,
}

/// The schema of a tool's arguments in a dialect; `None` where it cannot be said.
pub(super) fn rewrite(schema: &Object, dialect: Dialect) -> Option<Value> {
    let root = Value::Object(schema.clone());
    // A tool without parameters often says no more than that they are an object.
    let is_open =
        schema.get("additionalProperties").is_some_and(|more| more != &Value::Bool(false));
    if schema.get("properties").is_none_or(is_empty) && !is_open && !schema.contains_key("$ref") {
        return Some(json!({"type": "object", "properties": {}, "required": [],
            "additionalProperties": false}));
    }
    let rewriter = Rewriter { root: &root, dialect };
    match rewriter.variants(&root, 0) {
        Some(variants) => variants.into_iter().find(|variant| variant["type"] == "object"),
        None if dialect == Dialect::Loose => Some(json!({"type": "object"})),
        None => None,
    }
}

/// Takes out each `null` that stands for a key left out.
pub(super) fn without_nulls(schema: &Object, arguments: &mut Value) {
    let root = Value::Object(schema.clone());
    clean(&root, &root, arguments, 0);
}

struct Rewriter<'a> {
    root: &'a Value,
    dialect: Dialect,
}

impl Rewriter<'_> {
    /// A parameter, an element of a list or a key of an object.
    fn value(&self, schema: &Value, optional: bool, depth: usize) -> Option<Value> {
        let Some(mut variants) = self.variants(schema, depth) else {
            return (self.dialect == Dialect::Loose).then(|| json!({}));
        };
        let says = |variants: &[Value], kind: &str| {
            variants.iter().any(|variant| *variant == json!({"type": kind}))
        };
        if self.dialect == Dialect::Closed {
            // What may be null may be left out, or is written as text too.
            variants.retain(|variant| *variant != json!({"type": "null"}));
            if !says(&variants, "string") {
                variants.push(json!({"type": "string"}));
            }
        } else if !says(&variants, "string") {
            variants.push(json!({"type": "string", "pattern": PLACEHOLDER}));
        }
        if self.dialect == Dialect::Strict && optional && !says(&variants, "null") {
            variants.push(json!({"type": "null"}));
        }
        Some(united(variants))
    }

    /// The alternatives that a schema allows.
    fn variants(&self, schema: &Value, depth: usize) -> Option<Vec<Value>> {
        let keywords = schema.as_object()?;
        if depth > DEEPEST {
            return None;
        }
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            return self.variants(referred(self.root, reference)?, depth + 1);
        }
        for several in ["anyOf", "oneOf"] {
            if let Some(schemas) = keywords.get(several).and_then(Value::as_array) {
                let each: Option<Vec<_>> =
                    schemas.iter().map(|schema| self.variants(schema, depth + 1)).collect();
                return Some(each?.into_iter().flatten().collect());
            }
        }
        if let Some([only]) = keywords.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            return self.variants(only, depth + 1);
        }
        if let Some(value) = keywords.get("const") {
            return is_scalar(value).then(|| vec![self.one_of(json!({"const": value}))]);
        }
        if let Some(values) = keywords.get("enum").and_then(Value::as_array) {
            let scalars = values.iter().all(is_scalar);
            return scalars.then(|| vec![self.one_of(json!({"enum": values}))]);
        }
        match keywords.get("type") {
            Some(Value::String(kind)) => Some(vec![self.typed(kind, keywords, depth)?]),
            Some(Value::Array(kinds)) => {
                kinds.iter().map(|kind| self.typed(kind.as_str()?, keywords, depth)).collect()
            }
            None if keywords.contains_key("properties") => {
                Some(vec![self.typed("object", keywords, depth)?])
            }
            _ => None,
        }
    }

    /// Fixed values; the prompt names them too.
    fn one_of(&self, values: Value) -> Value {
        if self.dialect == Dialect::Closed { json!({"type": "string"}) } else { values }
    }

    fn typed(&self, kind: &str, keywords: &Object, depth: usize) -> Option<Value> {
        match kind {
            "object" => self.object(keywords, depth),
            "array" => {
                let items = self.value(keywords.get("items")?, false, depth + 1)?;
                Some(json!({"type": "array", "items": items}))
            }
            "integer" | "number" if self.dialect == Dialect::Loose => {
                let mut number = json!({"type": kind});
                for bound in ["minimum", "maximum"] {
                    if let Some(bound_value) = keywords.get(bound).filter(|value| value.is_number())
                    {
                        number[bound] = bound_value.clone();
                    }
                }
                Some(number)
            }
            "integer" | "number" | "boolean" if self.dialect == Dialect::Closed => {
                Some(json!({"type": "string"}))
            }
            "string" | "integer" | "number" | "boolean" | "null" => Some(json!({"type": kind})),
            _ => None,
        }
    }

    fn object(&self, keywords: &Object, depth: usize) -> Option<Value> {
        let properties = keywords.get("properties").and_then(Value::as_object)?;
        let is_free = properties.is_empty() || keywords.contains_key("patternProperties");
        if is_free && keywords.get("additionalProperties") != Some(&Value::Bool(false)) {
            return None;
        }
        let required = required(keywords);
        let mut said = Map::new();
        for (name, schema) in properties {
            let optional = !required.contains(&name.as_str());
            said.insert(name.clone(), self.value(schema, optional, depth + 1)?);
        }
        let names: Vec<&str> = match self.dialect {
            Dialect::Strict => properties.keys().map(String::as_str).collect(),
            Dialect::Closed | Dialect::Loose => {
                required.into_iter().filter(|name| properties.contains_key(*name)).collect()
            }
        };
        Some(json!({"type": "object", "properties": said, "required": names,
            "additionalProperties": false}))
    }
}

/// Alternatives as one schema, each once, in the shortest way that all servers take.
fn united(all: Vec<Value>) -> Value {
    let mut variants: Vec<Value> = Vec::with_capacity(all.len());
    for variant in all {
        if !variants.contains(&variant) {
            variants.push(variant);
        }
    }
    let kind = |variant: &Value| match variant.as_object() {
        Some(keywords) if keywords.len() == 1 => keywords.get("type").cloned(),
        _ => None,
    };
    if variants.len() == 1 {
        return variants.swap_remove(0);
    }
    match variants.iter().map(kind).collect::<Option<Vec<Value>>>() {
        Some(kinds) => json!({"type": kinds}),
        None => json!({"anyOf": variants}),
    }
}

fn clean(schema: &Value, root: &Value, value: &mut Value, depth: usize) {
    if depth > 2 * DEEPEST {
        return;
    }
    let Some(keywords) = schema.as_object() else { return };
    if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
        if let Some(referred) = referred(root, reference) {
            clean(referred, root, value, depth + 1);
        }
        return;
    }
    let list = |name: &str| keywords.get(name).and_then(Value::as_array);
    for schemas in ["anyOf", "oneOf"].into_iter().filter_map(list) {
        if let Some(schema) = meant(schemas, root, value) {
            clean(schema, root, value, depth + 1);
        }
    }
    for schema in list("allOf").into_iter().flatten() {
        clean(schema, root, value, depth + 1);
    }
    match value {
        Value::Object(fields) => {
            let none = Map::new();
            let properties = keywords.get("properties").and_then(Value::as_object).unwrap_or(&none);
            let closed = keywords.get("additionalProperties") == Some(&Value::Bool(false));
            let required = required(keywords);
            fields.retain(|name, value| {
                let stands_for_nothing = match properties.get(name) {
                    Some(schema) => {
                        let takes_null = || Kinds::of(schema, root).take(Kind::Null);
                        !required.contains(&name.as_str()) && !takes_null()
                    }
                    None => closed,
                };
                !(value.is_null() && stands_for_nothing)
            });
            for (name, value) in fields.iter_mut() {
                if let Some(schema) = properties.get(name) {
                    clean(schema, root, value, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = keywords.get("items") {
                for item in items {
                    clean(schema, root, item, depth + 1);
                }
            }
        }
        _ => {}
    }
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn is_empty(properties: &Value) -> bool {
    properties.as_object().is_none_or(Map::is_empty)
}

#[cfg(test)]
mod tests;
