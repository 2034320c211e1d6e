//! `${id}` and `${id:/json/pointer}` in a task's arguments: which tasks they name, and their
//! replacement by those tasks' values.
//!
//! A string that is only a placeholder becomes the JSON value; in any other string the value is
//! written in (a string as it is, everything else as compact JSON). `$${` is a literal `${`. Keys of
//! objects are left alone. Pure: where values come from is the caller's business.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

/// Most keys that an error message lists.
const KEYS_SHOWN: usize = 20;

/// One piece of a string.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Reference(Reference<'a>),
}

/// What stands between `${` and `}`.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct Reference<'a> {
    id: &'a str,
    /// RFC 6901; `None` for the whole value.
    pointer: Option<&'a str>,
}

/// The ids that placeholders in `arguments` name, in order of appearance, each once.
pub(crate) fn references(arguments: &Value) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    each_string(arguments, &mut |text| {
        for piece in pieces(text) {
            if let Piece::Reference(reference) = piece
                && !ids.iter().any(|id| id == reference.id)
            {
                ids.push(reference.id.to_owned());
            }
        }
    });
    ids
}

/// Whether [`fill`] would change `arguments`.
pub(crate) fn needs_filling(arguments: &Value) -> bool {
    let mut found = false;
    each_string(arguments, &mut |text| found |= text.contains("${"));
    found
}

/// `arguments` with every placeholder replaced; the error names the pointer that found nothing and
/// what was there instead.
pub(crate) fn fill(
    arguments: &Value,
    values: &HashMap<String, Arc<Value>>,
) -> Result<Value, String> {
    match arguments {
        Value::String(text) => fill_text(text, values),
        Value::Array(items) => items.iter().map(|item| fill(item, values)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| Ok((key.clone(), fill(value, values)?)))
            .collect::<Result<_, String>>()
            .map(Value::Object),
        other => Ok(other.clone()),
    }
}

fn fill_text(text: &str, values: &HashMap<String, Arc<Value>>) -> Result<Value, String> {
    let pieces = pieces(text);
    if let [Piece::Reference(reference)] = pieces.as_slice() {
        return look_up(*reference, values).cloned();
    }
    let mut filled = String::with_capacity(text.len());
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Reference(reference) => match look_up(reference, values)? {
                Value::String(text) => filled.push_str(text),
                other => filled.push_str(&other.to_string()),
            },
        }
    }
    Ok(Value::String(filled))
}

fn look_up<'v>(
    reference: Reference<'_>,
    values: &'v HashMap<String, Arc<Value>>,
) -> Result<&'v Value, String> {
    let Reference { id, pointer } = reference;
    let whole = values.get(id).ok_or_else(|| format!("there is no result of task \"{id}\""))?;
    let Some(pointer) = pointer else { return Ok(whole) };
    whole.pointer(pointer).ok_or_else(|| {
        format!(
            "\"{pointer}\" finds nothing in the result of task \"{id}\": {}",
            what_is_there(whole, pointer)
        )
    })
}

/// The deepest place on the pointer's way that exists, and what it holds.
fn what_is_there(whole: &Value, pointer: &str) -> String {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return "a pointer begins with \"/\"".to_owned();
    }
    let mut ends = pointer.match_indices('/').map(|(at, _)| at).rev();
    let reached = ends.find_map(|end| Some((&pointer[..end], whole.pointer(&pointer[..end])?)));
    let (place, value) = reached.unwrap_or(("", whole));
    let place = if place.is_empty() { "the result".to_owned() } else { format!("\"{place}\"") };
    match value {
        Value::Object(fields) if fields.is_empty() => format!("{place} is an empty object"),
        Value::Object(fields) => {
            let mut keys: Vec<String> =
                fields.keys().take(KEYS_SHOWN).map(|key| format!("\"{key}\"")).collect();
            if fields.len() > KEYS_SHOWN {
                keys.push(format!("{} more", fields.len() - KEYS_SHOWN));
            }
            format!("{place} has the keys {}", keys.join(", "))
        }
        Value::Array(items) if items.is_empty() => format!("{place} is an empty list"),
        Value::Array(items) => {
            format!("{place} is a list with the places 0 to {}", items.len() - 1)
        }
        Value::String(_) => format!("{place} is a text"),
        Value::Null => format!("{place} is null"),
        Value::Bool(_) | Value::Number(_) => format!("{place} is {value}"),
    }
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            // `$${`: keep what precedes, drop one dollar, keep `${`.
            push_text(&mut pieces, &rest[..at - 1]);
            push_text(&mut pieces, &rest[at..at + 2]);
            rest = &rest[at + 2..];
            continue;
        }
        let Some((reference, length)) = reference(&rest[at..]) else {
            push_text(&mut pieces, &rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        };
        push_text(&mut pieces, &rest[..at]);
        pieces.push(Piece::Reference(reference));
        rest = &rest[at + length..];
    }
    push_text(&mut pieces, rest);
    pieces
}

/// A placeholder at the beginning of `text`, and its length.
fn reference(text: &str) -> Option<(Reference<'_>, usize)> {
    let close = text.find('}')?;
    let body = text[2..close].trim();
    let (id, pointer) = match body.split_once(':') {
        Some((id, pointer)) => (id.trim_end(), Some(pointer.trim_start())),
        None => (body, None),
    };
    if id.is_empty() { None } else { Some((Reference { id, pointer }, close + 1)) }
}

fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

fn each_string(value: &Value, seen: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => seen(text),
        Value::Array(items) => items.iter().for_each(|item| each_string(item, seen)),
        Value::Object(fields) => fields.values().for_each(|field| each_string(field, seen)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(arguments: &Value) -> Result<Value, String> {
        let t1 = json!({"results": [{"id": 7, "a/b": "x"}], "name": "Ann", "none": null});
        let values = [("t1", t1), ("t2", json!("text"))];
        let values = HashMap::from(values.map(|(id, value)| (id.to_owned(), Arc::new(value))));
        fill(arguments, &values)
    }

    #[test]
    fn a_placeholder_alone_becomes_the_value_and_any_other_string_holds_its_text() {
        let check = |input: Value, expect: Value| assert_eq!(filled(&input), Ok(expect), "{input}");
        check(json!("${t1:/results/0/id}"), json!(7));
        check(json!("${ t1:/name }"), json!("Ann"));
        check(json!("story ${t1:/results/0/id} by ${t1:/name}"), json!("story 7 by Ann"));
        check(json!("all: ${t1:/results}"), json!(r#"all: [{"id":7,"a/b":"x"}]"#));
        check(
            json!({"k": ["${t2}", 1, {"${t2}": "${t1:/none}"}]}),
            json!({"k": ["text", 1, {"${t2}": null}]}),
        );
        check(json!("${t1:/results/0/a~1b}"), json!("x"));
        check(json!("${t2:}"), json!("text"));
        check(json!("$${t2}"), json!("${t2}"));
        check(json!("$$${t2} costs $5 {}"), json!("$${t2} costs $5 {}"));
        check(json!("${t2}${t2}"), json!("texttext"));
        check(json!("${} and ${open"), json!("${} and ${open"));
    }

    #[test]
    fn a_pointer_that_finds_nothing_says_what_was_there() {
        let check = |input: &str, expect: &str| {
            let message = filled(&json!(input)).unwrap_err();
            assert!(message.ends_with(expect), "{message}");
        };
        check(
            "${t1:/resluts/0}",
            r#"task "t1": the result has the keys "results", "name", "none""#,
        );
        check("${t1:/results/3/id}", r#""/results" is a list with the places 0 to 0"#);
        check("${t1:/results/0/ID}", r#""/results/0" has the keys "id", "a/b""#);
        check("${t1:/name/x}", r#""/name" is a text"#);
        check("${t1:name}", r#"a pointer begins with "/""#);
        check("${t9}", r#"there is no result of task "t9""#);
    }

    #[test]
    fn the_named_tasks_are_found_each_once() {
        let arguments = json!({"a": "${t2} ${t1:/x}", "b": ["${t2}", "$${t7}", "${"], "${t8}": 1});
        assert_eq!(references(&arguments), ["t2", "t1"]);
        assert!(needs_filling(&json!({"a": ["$${x}"]})));
        assert!(!needs_filling(&json!({"a": ["$x {y}"], "${k}": 1})));
    }
}
