//! Fills a tool's parameters from a question, by what their names and schemas say they are.
//!
//! Comes in: one property of an `inputSchema` and what the question offers. Goes out: a value that
//! fits, or nothing. Works on any server's schema; knows no tool.

use serde_json::{Value, json};

use super::question::{Identifier, Question, singular, words};
use crate::event::Object;

const QUERY_NAMES: &[&str] = &[
    "query", "q", "search", "keyword", "term", "pattern", "topic", "phrase", "needle", "question",
];
/// A size is named by these words alone: `max_results`, `page_size`, but not `max_price`.
const SIZE_NAMES: &[&str] =
    &["size", "limit", "count", "top", "max", "maximum", "number", "num", "k", "n"];
const ITEM_NAMES: &[&str] = &[
    "page", "per", "result", "item", "entry", "record", "row", "hit", "match", "document", "doc",
    "of",
];
const USER_NOUNS: &[&str] =
    &["user", "author", "username", "login", "member", "person", "account", "owner"];
const PATH_NAMES: &[&str] = &["path", "file", "filename", "directory", "dir", "folder"];

/// How many items to ask for when a tool leaves it open.
const DEFAULT_SIZE: i64 = 20;

/// What a parameter is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Words to search for.
    Query,
    /// How many items.
    Size,
    /// Which thing.
    Identifier,
    /// Where in a file system.
    Path,
    /// Where on the web.
    Url,
    /// None of these.
    Other,
}

/// What a parameter is there for, by its name, type and description.
pub(super) fn role(name: &str, schema: &Value) -> Role {
    let parts = words(name);
    let named = |names: &[&str]| parts.iter().any(|part| names.contains(&part.as_str()));
    let described =
        schema.get("description").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let text = accepts(schema, "string") || takes_list_of_strings(schema);
    let number = takes_number(schema);
    match () {
        // What is to be left out is not what is searched for.
        () if named(&["exclude", "ignore", "without", "not"]) => Role::Other,
        () if number && !text && is_size(&parts) => Role::Size,
        () if text && named(&["url", "uri", "href", "link"]) => Role::Url,
        () if text && named(PATH_NAMES) && !named(QUERY_NAMES) => Role::Path,
        () if parts.last().is_some_and(|last| last == "id") || named(USER_NOUNS) => {
            Role::Identifier
        }
        () if text && schema.get("enum").is_none() && named(QUERY_NAMES) => Role::Query,
        () if text && described.starts_with("search") && schema.get("enum").is_none() => {
            Role::Query
        }
        () => Role::Other,
    }
}

/// `limit`, `max_results` and `per_page` say how many; `page`, `page_number` and `max_price` do not.
fn is_size(parts: &[String]) -> bool {
    let within = |names: &[&str], part: &String| names.contains(&part.as_str());
    let known = |part: &String| within(SIZE_NAMES, part) || within(ITEM_NAMES, part);
    let says = |words: &[&str]| words.iter().all(|word| parts.iter().any(|part| part == word));
    let which_page = says(&["page", "number"]) || says(&["page", "num"]) || says(&["page", "n"]);
    let sized = parts.iter().any(|part| within(SIZE_NAMES, part)) || says(&["per", "page"]);
    sized && !which_page && parts.iter().all(known)
}

/// An identifier of the question for a parameter such as `user_id`, or `id` of `get_story`.
pub(super) fn identifier(
    question: &Question,
    parameter: &str,
    schema: &Value,
    tool_words: &[String],
) -> Option<Value> {
    question.identifiers.iter().find_map(|found| identifies(found, parameter, schema, tool_words))
}

/// An identifier as a parameter takes it, if it is one of what the parameter names.
pub(super) fn identifies(
    identifier: &Identifier,
    parameter: &str,
    schema: &Value,
    tool_words: &[String],
) -> Option<Value> {
    let parts = words(parameter);
    let noun = singular(&identifier.noun);
    let of_user = |noun: &str| USER_NOUNS.contains(&noun);
    let named = parts.iter().any(|p| *p == noun || (of_user(&noun) && of_user(p)));
    let generic = parts.iter().all(|p| p == "id" || p == "number");
    let fits = named || (generic && tool_words.contains(&noun));
    if fits { typed(&identifier.value, schema) } else { None }
}

/// A number of items: as many as the question asks for, else the tool's own default, else 20, within
/// its bounds.
pub(super) fn size(asked: Option<i64>, schema: &Value) -> Value {
    let bound = |key| schema.get(key).and_then(Value::as_i64);
    let default = || schema.get("default").and_then(Value::as_i64).unwrap_or(DEFAULT_SIZE);
    let size = asked.unwrap_or_else(default);
    let size = bound("maximum").map_or(size, |most| size.min(most));
    json!(bound("minimum").map_or(size, |least| size.max(least)))
}

/// Words to search for, in the form that the parameter takes.
pub(super) fn query(text: &str, name: &str, schema: &Value) -> Value {
    let described =
        schema.get("description").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let glob = name.contains("pattern") && (described.contains("glob") || described.is_empty());
    let text = if glob {
        format!("**/*{}*", text.replace('"', "").replace(' ', "*"))
    } else {
        text.to_owned()
    };
    if accepts(schema, "string") { json!(text) } else { json!([text]) }
}

/// A path, an address or a value that the schema itself offers.
pub(super) fn other(question: &Question, role: Role, schema: &Value) -> Option<Value> {
    let said = match role {
        Role::Path => question.paths.first(),
        Role::Url => question.urls.first(),
        _ => None,
    };
    let as_type = |text: &String| {
        if accepts(schema, "string") { json!(text) } else { json!([text]) }
    };
    said.map(as_type)
        .or_else(|| chosen(question, schema))
        .or_else(|| schema.get("default").filter(|value| !value.is_null()).cloned())
        .or_else(|| schema.get("const").cloned())
}

/// Whether a parameter takes a number.
pub(super) fn takes_number(schema: &Value) -> bool {
    accepts(schema, "number") || accepts(schema, "integer")
}

/// The properties of an object schema.
pub(super) fn properties(schema: &Object) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// Whether the object schema requires a property.
pub(super) fn is_required(schema: &Object, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|n| n == name))
}

/// One of the schema's enumerated values, where the question says it.
fn chosen(question: &Question, schema: &Value) -> Option<Value> {
    let values = schema.get("enum").and_then(Value::as_array)?;
    let said = |value: &&Value| {
        value.as_str().is_some_and(|v| !v.is_empty() && question.text.contains(&v.to_lowercase()))
    };
    values.iter().find(said).cloned()
}

fn typed(value: &str, schema: &Value) -> Option<Value> {
    let number = value.parse::<i64>().ok().map(|n| json!(n));
    match () {
        () if takes_number(schema) => {
            number.or_else(|| accepts(schema, "string").then(|| json!(value)))
        }
        () if accepts(schema, "string") => Some(json!(value)),
        () => None,
    }
}

/// Whether a schema takes a JSON type; one that names no type takes all.
fn accepts(schema: &Value, kind: &str) -> bool {
    let any_of = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array());
    match (schema.get("type"), any_of) {
        (Some(Value::String(one)), _) => one == kind,
        (Some(Value::Array(several)), _) => several.iter().any(|one| one == kind),
        (_, Some(variants)) => variants.iter().any(|variant| accepts(variant, kind)),
        _ => true,
    }
}

fn takes_list_of_strings(schema: &Value) -> bool {
    accepts(schema, "array") && schema.get("items").is_some_and(|items| accepts(items, "string"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_off_names_and_types() {
        let string = json!({"type": "string"});
        let integer = json!({"type": "integer"});
        let cases = [
            ("query", &string, Role::Query),
            ("searchTerm", &string, Role::Query),
            ("max_results", &integer, Role::Size),
            ("limit", &integer, Role::Size),
            ("page_size", &integer, Role::Size),
            ("per_page", &integer, Role::Size),
            ("page_number", &integer, Role::Other),
            ("max_price", &integer, Role::Other),
            ("min_count", &integer, Role::Other),
            ("user_id", &integer, Role::Identifier),
            ("author", &string, Role::Identifier),
            ("id", &integer, Role::Identifier),
            ("path", &string, Role::Path),
            ("url", &string, Role::Url),
            ("verbose", &json!({"type": "boolean"}), Role::Other),
        ];
        for (name, schema, expected) in cases {
            assert_eq!(role(name, schema), expected, "{name}");
        }
    }

    #[test]
    fn identifiers_go_to_the_parameter_of_their_noun() {
        let question = super::super::question::read("what did user 12 write about story 5, @ann?");
        let integer = json!({"type": "integer"});
        let either = json!({"type": ["integer", "string"]});
        let tool = words("get_story");
        assert_eq!(identifier(&question, "user_id", &integer, &[]), Some(json!(12)));
        assert_eq!(
            identifier(&question, "author", &json!({"type": "string"}), &[]),
            Some(json!("12"))
        );
        assert_eq!(identifier(&question, "id", &either, &tool), Some(json!(5)));
        assert_eq!(identifier(&question, "page_id", &integer, &[]), None);
    }

    #[test]
    fn sizes_stay_within_bounds() {
        assert_eq!(size(None, &json!({})), json!(20));
        assert_eq!(size(None, &json!({"default": 50, "maximum": 10})), json!(10));
        assert_eq!(size(None, &json!({"minimum": 30})), json!(30));
        assert_eq!(size(Some(5), &json!({"default": 50, "maximum": 10})), json!(5));
        assert_eq!(size(Some(500), &json!({"maximum": 10})), json!(10));
    }
}
