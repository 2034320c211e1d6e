//! A tool's own schema in the dialects that models' servers take, and the way back.
//!
//! Strict servers allow neither free-form objects nor optional keys, so every key becomes required
//! and an optional one may be `null`; [`without_nulls`] takes each such `null` out again before the
//! tool's own schema sees the arguments. Both stand here since one undoes the other. Everything that
//! is typed may also be a `${…}` placeholder. What is left out (bounds, patterns) is validated later.

use serde_json::{Map, Value, json};

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
    /// Every object closed, optional keys left optional, no unions of our own.
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
        if self.dialect != Dialect::Closed && !says(&variants, "string") {
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
            return is_scalar(value).then(|| vec![json!({"const": value})]);
        }
        if let Some(values) = keywords.get("enum").and_then(Value::as_array) {
            return values.iter().all(is_scalar).then(|| vec![json!({"enum": values})]);
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

/// Alternatives as one schema, in the shortest way that all servers take.
fn united(mut variants: Vec<Value>) -> Value {
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
    for several in ["anyOf", "oneOf", "allOf"] {
        let schemas = keywords.get(several).and_then(Value::as_array);
        if let Some(fitting) =
            schemas.and_then(|s| s.iter().find(|schema| knows(schema, root, value)))
        {
            clean(fitting, root, value, depth + 1);
        }
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
                        !required.contains(&name.as_str()) && !takes_null(schema, root, 0)
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

/// Whether a schema is the one of several that this value was written for.
fn knows(schema: &Value, root: &Value, value: &Value) -> bool {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => referred(root, reference).unwrap_or(schema),
        None => schema,
    };
    match value {
        Value::Object(fields) => schema
            .get("properties")
            .and_then(Value::as_object)
            .is_some_and(|properties| fields.keys().all(|name| properties.contains_key(name))),
        Value::Array(_) => schema.get("items").is_some(),
        _ => false,
    }
}

fn takes_null(schema: &Value, root: &Value, depth: usize) -> bool {
    let Some(keywords) = schema.as_object() else { return schema != &Value::Bool(false) };
    if depth > DEEPEST {
        return true;
    }
    let null = json!("null");
    let any = |schemas: &Value| {
        schemas
            .as_array()
            .is_some_and(|s| s.iter().any(|schema| takes_null(schema, root, depth + 1)))
    };
    if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
        return referred(root, reference).is_none_or(|schema| takes_null(schema, root, depth + 1));
    }
    if let Some(schemas) = keywords.get("anyOf").or_else(|| keywords.get("oneOf")) {
        return any(schemas);
    }
    if let Some(values) = keywords.get("enum").and_then(Value::as_array) {
        return values.contains(&Value::Null);
    }
    match (keywords.get("const"), keywords.get("type"), keywords.get("allOf")) {
        (Some(value), ..) => value.is_null(),
        (_, Some(Value::Array(kinds)), _) => kinds.contains(&null),
        (_, Some(kind), _) => *kind == null,
        (.., Some(schemas)) => any(schemas),
        _ => !keywords.contains_key("properties"),
    }
}

fn referred<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

fn required(keywords: &Object) -> Vec<&str> {
    let names = keywords.get("required").and_then(Value::as_array);
    names.map_or_else(Vec::new, |names| names.iter().filter_map(Value::as_str).collect())
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn is_empty(properties: &Value) -> bool {
    properties.as_object().is_none_or(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strict(schema: &Value) -> Option<Value> {
        rewrite(schema.as_object().unwrap(), Dialect::Strict)
    }

    fn cleaned(schema: &Value, mut arguments: Value) -> Value {
        without_nulls(schema.as_object().unwrap(), &mut arguments);
        arguments
    }

    #[test]
    fn what_cannot_be_strict_is_not() {
        for schema in [
            json!({"type": "object", "properties": {"x": {"type": "object"}}}),
            json!({"type": "object", "properties": {"x": {"type": "array"}}}),
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            json!({"type": "object", "properties": {"x": {"$ref": "#/properties/y"}}}),
            json!({"type": "object", "properties": {"next": {"$ref": "#"}}}),
        ] {
            assert_eq!(strict(&schema), None, "{schema}");
            assert!(rewrite(schema.as_object().unwrap(), Dialect::Loose).is_some());
        }
        assert!(strict(&json!({"type": "object"})).is_some());
    }

    #[test]
    fn a_null_that_the_tool_itself_takes_stays() {
        let schema = json!({"type": "object", "required": ["r"], "$defs": {"n": {"type": "null"}},
            "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "string"},
                "c": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/n"}]}, "r": {"type": "string"},
                "o": {"type": "object", "properties": {"p": {"type": "integer"}}}}});
        let nulls = json!({"a": null, "b": null, "c": null, "r": null, "o": {"p": null}});
        assert_eq!(cleaned(&schema, nulls), json!({"a": null, "c": null, "r": null, "o": {}}));
    }

    /// A schema with one of its instances.
    fn pairs(depth: u32) -> BoxedStrategy<(Value, Value)> {
        let leaf = prop_oneof![
            "[a-z]{0,5}".prop_map(|text| (json!({"type": "string", "maxLength": 9}), json!(text))),
            (-9i64..9).prop_map(|n| (json!({"type": "integer", "minimum": -9}), json!(n))),
            any::<bool>().prop_map(|yes| (json!({"type": "boolean"}), json!(yes))),
            Just((json!({"enum": ["x", "y"]}), json!("y"))),
            (0i64..9).prop_map(|n| {
                (json!({"anyOf": [{"type": "boolean"}, {"type": "number"}]}), json!(n))
            }),
            Just((json!({"$ref": "#/$defs/word"}), json!("word"))),
        ];
        if depth == 0 {
            return leaf.boxed();
        }
        let list = pairs(depth - 1).prop_map(|(schema, instance)| {
            (json!({"type": "array", "items": schema}), json!([instance.clone(), instance]))
        });
        prop_oneof![3 => leaf, 1 => list, 2 => objects(depth)].boxed()
    }

    fn objects(depth: u32) -> BoxedStrategy<(Value, Value)> {
        let fields = prop::collection::btree_map(
            "[a-d]{1,3}",
            (pairs(depth - 1), any::<bool>(), any::<bool>()),
            1..5,
        );
        let object = |fields: std::collections::BTreeMap<String, ((Value, Value), bool, bool)>| {
            let (mut properties, mut instance, mut required) = (Map::new(), Map::new(), Vec::new());
            for (name, ((schema, value), is_required, is_given)) in fields {
                if is_required {
                    required.push(name.clone());
                }
                if is_required || is_given {
                    instance.insert(name.clone(), value);
                }
                properties.insert(name, schema);
            }
            let schema = json!({"type": "object", "properties": properties, "required": required});
            (schema, Value::Object(instance))
        };
        fields.prop_map(object).boxed()
    }

    /// An instance as a strict server makes a model write it.
    fn filled(schema: &Value, instance: &Value) -> Value {
        match (instance, schema.get("properties").and_then(Value::as_object)) {
            (Value::Object(fields), Some(properties)) => properties
                .iter()
                .map(|(name, schema)| {
                    let value = fields.get(name).map_or(Value::Null, |value| filled(schema, value));
                    (name.clone(), value)
                })
                .collect::<Map<_, _>>()
                .into(),
            (Value::Array(items), _) => {
                items.iter().map(|item| filled(&schema["items"], item)).collect()
            }
            _ => instance.clone(),
        }
    }

    proptest! {
        #[test]
        fn the_way_back_undoes_the_rewrite((mut schema, instance) in objects(3)) {
            schema["$defs"] = json!({"word": {"type": "string"}});
            let strict = strict(&schema).unwrap();
            let filled = filled(&schema, &instance);
            prop_assert!(jsonschema::is_valid(&strict, &filled), "{strict} refuses {filled}");
            prop_assert_eq!(cleaned(&schema, filled), instance.clone());
            let loose = rewrite(schema.as_object().unwrap(), Dialect::Loose).unwrap();
            prop_assert!(jsonschema::is_valid(&loose, &instance), "{loose} refuses {instance}");
        }
    }
}
