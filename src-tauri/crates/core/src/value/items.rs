//! The items of a value: what an answer's `[n.k]` counts.

use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{fields, looks_like_json, text_of, value_of};

/// The list in a value: itself, else its first property that is a list of objects, else its first
/// list.
pub fn items_of(value: &Value) -> Option<&Vec<Value>> {
    if let Value::Array(items) = value {
        return Some(items);
    }
    let lists = || {
        value.as_object().into_iter().flat_map(|object| object.values()).filter_map(Value::as_array)
    };
    lists().find(|list| list.first().is_some_and(Value::is_object)).or_else(|| lists().next())
}

/// How many items a result has; `None` where it is no list. Counted while it is read: nothing of it
/// is kept.
pub(crate) fn items_in(result: &str) -> Option<usize> {
    counted(result).unwrap_or_else(|_| items_of(&value_of(result)).map(Vec::len))
}

fn counted(result: &str) -> serde_json::Result<Option<usize>> {
    let fields = fields(result);
    if let Some(structured) = fields.get("structuredContent").filter(|raw| raw.get() != "null") {
        return in_structured(structured.get());
    }
    let Some(content) = fields.get("content").map(|content| content.get()) else { return Ok(None) };
    if !may_be_json(content) {
        return Ok(None);
    }
    let text = text_of(content);
    if looks_like_json(&text) { in_json(&text) } else { Ok(None) }
}

/// Whether the text of content blocks may begin as JSON does: a long text that does not is not decoded
/// to find out.
fn may_be_json(content: &str) -> bool {
    #[derive(Deserialize)]
    struct Block<'a> {
        #[serde(borrow)]
        text: Option<&'a RawValue>,
    }
    let blocks: Vec<&RawValue> = serde_json::from_str(content).unwrap_or_default();
    // Of several blocks the first may be empty, and the next one begin.
    let [only] = blocks.as_slice() else { return true };
    let text = serde_json::from_str::<Block<'_>>(only.get()).ok().and_then(|block| block.text);
    let Some(mut rest) = text.and_then(|text| text.get().strip_prefix('"')) else { return true };
    while let Some(after) =
        [" ", "\\n", "\\r", "\\t"].iter().find_map(|blank| rest.strip_prefix(blank))
    {
        rest = after;
    }
    // Whatever else is written as an escape may be one of these.
    rest.starts_with(['{', '[', '\\'])
}

/// Some frameworks wrap what is no object in `{"result": …}`.
fn in_structured(json: &str) -> serde_json::Result<Option<usize>> {
    let wrapped: Option<IndexMap<String, &RawValue>> = serde_json::from_str(json).ok();
    let inner = wrapped.filter(|object| object.len() == 1);
    match inner.as_ref().and_then(|object| object.get("result")) {
        None => in_json(json),
        Some(inner) if inner.get().starts_with('"') => {
            let text: String = serde_json::from_str(inner.get())?;
            // A text is none, unless it is JSON.
            Ok(in_json(&text).unwrap_or_default())
        }
        Some(inner) => in_json(inner.get()),
    }
}

fn in_json(json: &str) -> serde_json::Result<Option<usize>> {
    Ok(match serde_json::from_str(json)? {
        Shape::List { count, .. } => Some(count),
        Shape::Object { list } => list.map(|(count, _)| count),
        Shape::Other => None,
    })
}

/// What is counted of a value.
enum Shape {
    List {
        count: usize,
        of_objects: bool,
    },
    /// With its list, if it has one, and whether that is one of objects.
    Object {
        list: Option<(usize, bool)>,
    },
    Other,
}

struct Look;

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(Look)
    }
}

impl<'de> Visitor<'de> for Look {
    type Value = Shape;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        let Some(first) = items.next_element::<Shape>()? else {
            return Ok(Shape::List { count: 0, of_objects: false });
        };
        let mut count = 1;
        while items.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Shape::List { count, of_objects: matches!(first, Shape::Object { .. }) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Shape, A::Error> {
        let mut list: Option<(usize, bool)> = None;
        while let Some((_, shape)) = fields.next_entry::<IgnoredAny, Shape>()? {
            let Shape::List { count, of_objects } = shape else { continue };
            if list.is_none_or(|(_, known)| of_objects && !known) {
                list = Some((count, of_objects));
            }
        }
        Ok(Shape::Object { list })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-c]|result", inner, 0..3)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// As many as the values that answers cite and that the window shows.
        #[test]
        fn what_is_counted_is_what_there_is(value in any_json(), form in 0..4) {
            let text = value.to_string();
            let result = match form {
                0 => json!({"structuredContent": value}),
                1 => json!({"structuredContent": {"result": text}}),
                2 => json!({"content": [{"type": "text", "text": text}]}),
                _ => json!({"content": [{"type": "text", "text": text}, {"type": "image"}]}),
            };
            let result = result.to_string();
            let expected = items_of(&value_of(&result)).map(Vec::len);
            prop_assert_eq!(items_in(&result), expected, "{}", result);
        }
    }

    #[test]
    fn half_a_character_hides_no_item() {
        let cut = r#"{"structuredContent":{"hits":["\ud83d","b"]}}"#;
        assert_eq!(items_in(cut), Some(2));
        assert_eq!((items_in(""), items_in("null"), items_in("{}")), (None, None, None));
        let empty_first =
            r#"{"content":[{"type":"text","text":""},{"type":"text","text":"[1, 2]"}]}"#;
        let elsewhere = r#"{"content":[{"text":5,"resource":{"text":"[1, 2]"}}]}"#;
        assert_eq!((items_in(empty_first), items_in(elsewhere)), (Some(2), Some(2)));
        for beginning in [r"\n \t[1, 2]", r"\u005b1, 2]", "\u{2028}[1, 2]"] {
            let text = format!(r#"{{"content":[{{"type":"text","text":"{beginning}"}}]}}"#);
            assert_eq!(items_in(&text), items_of(&value_of(&text)).map(Vec::len), "{text}");
        }
    }
}
