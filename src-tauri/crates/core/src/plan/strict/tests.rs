//! The rewrite and its way back, as a pair.

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

/// A schema, one of its instances, and that instance as a strict server makes a model write it.
type Written = (Value, Value, Value);

fn same(schema: Value, instance: Value) -> Written {
    (schema, instance.clone(), instance)
}

fn written(depth: u32) -> BoxedStrategy<Written> {
    let leaf = prop_oneof![
        "[a-z]{0,5}".prop_map(|text| same(json!({"type": "string", "maxLength": 9}), json!(text))),
        (-9i64..9).prop_map(|n| same(json!({"type": "integer", "minimum": -9}), json!(n))),
        any::<bool>().prop_map(|yes| same(json!({"type": "boolean"}), json!(yes))),
        Just(same(json!({"enum": ["x", "y"]}), json!("y"))),
        (0i64..9).prop_map(|n| {
            same(json!({"anyOf": [{"type": "boolean"}, {"type": "number"}]}), json!(n))
        }),
        Just(same(json!({"$ref": "#/$defs/word"}), json!("word"))),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let list = written(depth - 1).prop_map(|(schema, instance, filled)| {
        let twice = |value: Value| json!([value.clone(), value]);
        (json!({"type": "array", "items": schema}), twice(instance), twice(filled))
    });
    prop_oneof![3 => leaf, 1 => list, 2 => objects(depth), 2 => unions(depth)].boxed()
}

/// Two kinds of objects beside each other, told apart by a constant; and what may be null.
fn unions(depth: u32) -> BoxedStrategy<Written> {
    let each = (objects(depth), objects(depth), any::<bool>(), any::<bool>());
    let one_of = each.prop_map(|(first, second, second_is_meant, any_of)| {
        let marked = |(mut schema, mut instance, mut filled): Written, mark: &str| {
            schema["properties"]["mark"] = json!({"const": mark});
            schema["required"].as_array_mut().unwrap().push(json!("mark"));
            instance["mark"] = json!(mark);
            filled["mark"] = json!(mark);
            (schema, instance, filled)
        };
        let (first, second) = (marked(first, "first"), marked(second, "second"));
        let several = if any_of { "anyOf" } else { "oneOf" };
        let schema = json!({several: [first.0, second.0]});
        let (_, instance, filled) = if second_is_meant { second } else { first };
        (schema, instance, filled)
    });
    let nullable =
        (written(depth - 1), any::<bool>()).prop_map(|((schema, instance, filled), is_null)| {
            let schema = json!({"anyOf": [schema, {"type": "null"}]});
            if is_null { same(schema, Value::Null) } else { (schema, instance, filled) }
        });
    prop_oneof![one_of, nullable].boxed()
}

fn objects(depth: u32) -> BoxedStrategy<Written> {
    let fields = prop::collection::btree_map(
        "[a-d]{1,3}",
        (written(depth - 1), any::<bool>(), any::<bool>()),
        1..5,
    );
    let object = |fields: std::collections::BTreeMap<String, (Written, bool, bool)>| {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        let (mut instance, mut filled) = (Map::new(), Map::new());
        for (name, ((schema, value, written), is_required, is_given)) in fields {
            // A null that is written for a key left out cannot be told from the tool's own.
            let takes_null = jsonschema::is_valid(&in_root(schema.clone()), &Value::Null);
            if is_required {
                required.push(name.clone());
            }
            if is_required || is_given || takes_null {
                instance.insert(name.clone(), value);
                filled.insert(name.clone(), written);
            } else {
                filled.insert(name.clone(), Value::Null);
            }
            properties.insert(name, schema);
        }
        let schema = json!({"type": "object", "properties": properties, "required": required});
        (schema, Value::Object(instance), Value::Object(filled))
    };
    fields.prop_map(object).boxed()
}

fn in_root(mut schema: Value) -> Value {
    schema["$defs"] = json!({"word": {"type": "string"}});
    schema
}

proptest! {
    #[test]
    fn the_way_back_undoes_the_rewrite((schema, instance, filled) in objects(3)) {
        let schema = in_root(schema);
        prop_assert!(jsonschema::is_valid(&schema, &instance), "{schema} refuses {instance}");
        let said = |dialect| rewrite(schema.as_object().unwrap(), dialect).unwrap();
        let strict = said(Dialect::Strict);
        prop_assert!(jsonschema::is_valid(&strict, &filled), "{strict} refuses {filled}");
        prop_assert_eq!(cleaned(&schema, filled), instance.clone());
        let loose = said(Dialect::Loose);
        prop_assert!(jsonschema::is_valid(&loose, &instance), "{loose} refuses {instance}");
        prop_assert!(jsonschema::is_valid(&said(Dialect::Closed), &in_texts(&instance)));
    }
}

/// What is no list and no object, as text.
fn in_texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(in_texts).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| (name.clone(), in_texts(value)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    }
}

#[test]
fn a_placeholder_may_stand_for_anything_in_every_dialect() {
    let schema = json!({"type": "object", "required": ["n", "list", "level"], "properties": {
        "n": {"type": "integer"}, "list": {"type": "array", "items": {"type": "number"}},
        "level": {"enum": ["a", "b"]}, "maybe": {"type": ["boolean", "null"]}}});
    for dialect in [Dialect::Strict, Dialect::Closed, Dialect::Loose] {
        let said = rewrite(schema.as_object().unwrap(), dialect).unwrap();
        let names = ["n", "list", "level", "maybe"];
        let all = names.map(|name| (name.to_owned(), json!("${t1:/x}")));
        let all = Value::Object(all.into_iter().collect());
        assert!(jsonschema::is_valid(&said, &all), "{dialect:?}: {said}");
    }
    let closed = rewrite(schema.as_object().unwrap(), Dialect::Closed).unwrap();
    assert_eq!(closed["properties"]["n"], json!({"type": "string"}));
    assert_eq!(closed["properties"]["maybe"], json!({"type": "string"}));
    assert_eq!(closed.to_string().matches("anyOf").count(), 1, "for the list alone: {closed}");
}
