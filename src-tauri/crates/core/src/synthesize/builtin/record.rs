//! A result that is one thing rather than a list of things: its fields, a line each.

use std::fmt::Write as _;

use serde_json::Value;

use super::item::{described, escaped, paragraph, scalar, spoken};
use crate::synthesize::evidence::{Evidence, items_of};

/// Fields of one thing; beside a list, one of them says that the list is a part of it.
const OF_ONE_THING: &[&str] =
    &["id", "name", "body", "title", "headline", "subject", "text", "content", "summary", "label"];

/// Those of them that a thing's own words stand in, whatever else is counted beside them.
const ITS_WORDS: &[&str] = &["body", "text", "content"];

/// What a page of results calls its list. A page may have a title and a summary, but no id.
const PAGES: &[&str] =
    &["results", "items", "hits", "entries", "data", "records", "matches", "rows", "documents"];

/// Things of a list within a record that are named.
const NAMED: usize = 5;

/// Whether a result is one thing: an object without a list, or one that has a name of its own.
pub(super) fn is_record(evidence: &Evidence) -> bool {
    let Some(fields) = evidence.value.as_object() else { return false };
    let Some(list) = items_of(&evidence.value) else { return true };
    let is_list = |value: &Value| value.as_array().is_some_and(|it| std::ptr::eq(it, list));
    let name = fields.iter().find(|(_, value)| is_list(value)).map(|(name, _)| name.as_str());
    let says = |key: &&str| fields.get(*key).is_some_and(|value| scalar(value).is_some());
    let counts = evidence.total.is_some() && !ITS_WORDS.iter().any(says);
    let is_page = counts || name.is_some_and(|name| PAGES.contains(&name));
    let of_one_thing = if is_page { &OF_ONE_THING[..3] } else { OF_ONE_THING };
    of_one_thing.iter().any(says)
}

/// The fields of a record, in its own order, each cited.
pub(super) fn write(answer: &mut String, record: &Value, cited: usize) {
    let fields = record.as_object().into_iter().flatten();
    let said: Vec<(&String, String)> =
        fields.filter_map(|(name, value)| Some((name, told(value)?))).collect();
    for (name, text) in &said {
        let _ = writeln!(answer, "- {}: {text} [{cited}]", escaped(&spoken(name)));
    }
    if said.is_empty() {
        let _ = writeln!(answer, "- An empty result [{cited}]");
    }
}

/// A field's value in one line, as Markdown; `None` where it says nothing.
fn told(value: &Value) -> Option<String> {
    if let Some(text) = scalar(value) {
        return Some(escaped(&paragraph(&text)));
    }
    match value {
        Value::Array(things) if !things.is_empty() => {
            let named: Vec<String> = things.iter().take(NAMED).map(named).collect();
            let more = match things.len().saturating_sub(NAMED) {
                0 => String::new(),
                left => format!("; {left} more"),
            };
            Some(format!("{}{more}", named.join("; ")))
        }
        Value::Object(fields) if !fields.is_empty() => {
            let parts = fields.iter().filter_map(|(name, value)| {
                let text = scalar(value).unwrap_or_else(|| value.to_string());
                (!value.is_null()).then(|| format!("{} {}", spoken(name), paragraph(&text)))
            });
            Some(escaped(&parts.collect::<Vec<_>>().join(", ")))
        }
        _ => None,
    }
}

/// A thing within a record: as an item of a list, or its few fields.
fn named(thing: &Value) -> String {
    let short = thing.as_object().filter(|fields| fields.values().all(|value| !value.is_object()));
    match short {
        Some(fields) if fields.len() <= 2 => {
            let values: Vec<String> = fields.values().filter_map(scalar).collect();
            escaped(&values.join(" "))
        }
        _ => described(thing),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reads(value: &Value) -> Evidence {
        Evidence::read(&json!({"structuredContent": value}).to_string())
    }

    #[test]
    fn one_thing_is_told_from_a_page_of_results() {
        for thing in [
            json!({"id": 5, "title": "Weirs", "tags": ["water"], "comments": [{"text": "!"}]}),
            json!({"customer": "Ann", "total": 120}),
            json!({"user": {"name": "Ann"}}),
            json!({"path": "a.md", "content": "The note.", "tags": ["x", "y"]}),
            json!({"title": "Weirs", "text": "They sing.", "hits": 4213, "comments": [{"by": "x"}]}),
            json!({}),
        ] {
            assert!(is_record(&reads(&thing)), "{thing}");
        }
        for page in [
            json!({"total": 17, "query": "x", "results": [{"id": 1}]}),
            json!({"results": []}),
            json!({"summary": "2 found", "title": "Feed", "items": [{"id": 1}]}),
            json!([1, 2]),
            json!("text"),
        ] {
            assert!(!is_record(&reads(&page)), "{page}");
        }
    }

    #[test]
    fn every_field_is_told_and_cited() {
        let mut answer = String::new();
        let story = json!({"title": "A *weir*", "body": "It sings.\nIn G.", "none": null,
            "by": {"name": "Ann", "karma": 3}, "tags": ["water", "music"],
            "top": [{"tag": "a", "count": 2}, {"tag": "b", "count": 1}],
            "comments": (0..7).map(|n| json!({"text": format!("c{n}"), "by": "x", "id": n})).collect::<Vec<_>>()});
        write(&mut answer, &story, 4);
        let lines: Vec<&str> = answer.lines().collect();
        assert_eq!(
            lines,
            [
                r"- title: A \*weir\* [4]",
                "- body: It sings. In G. [4]",
                "- by: name Ann, karma 3 [4]",
                "- tags: water, music [4]",
                "- top: a 2; b 1 [4]",
                "- comments: c0 — x; c1 — x; c2 — x; c3 — x; c4 — x; 2 more [4]",
            ]
        );
        let mut empty = String::new();
        write(&mut empty, &json!({"none": null}), 1);
        assert_eq!(empty, "- An empty result [1]\n");
    }
}
