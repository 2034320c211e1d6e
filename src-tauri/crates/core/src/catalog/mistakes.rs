//! The validator's words, as long as somebody reads them.
//!
//! Comes in: what is wrong with a call's arguments. Goes out: the first few errors, each with its
//! place. A wrong argument may be another task's whole result, and every item of a list be wrong.

use std::fmt::{self, Display, Write};

use jsonschema::ValidationError;

/// Errors that are told; of the others only how many there are.
const MOST: usize = 5;

/// Longest telling of an error, and of its place, in bytes.
const LONGEST: usize = 300;

/// What is said of all errors; `None` when there is none.
pub(super) fn of<'a>(mut errors: impl Iterator<Item = ValidationError<'a>>) -> Option<String> {
    let mut told: Vec<String> = errors.by_ref().take(MOST).map(|error| one(&error)).collect();
    if told.is_empty() {
        return None;
    }
    let untold = errors.count();
    if untold > 0 {
        told.push(format!("and {untold} more"));
    }
    Some(told.join("; "))
}

fn one(error: &ValidationError<'_>) -> String {
    let mut words = Beginning::of(error);
    if words.is_cut {
        // Without the value: what is wrong with it stands behind it.
        words = Beginning::of(&error.masked());
    }
    let place = Beginning::of(error.instance_path());
    if place.text.is_empty() { words.told() } else { format!("{}: {}", place.told(), words.told()) }
}

/// The beginning of a text; writing ends where it is full, however long the text would be.
#[derive(Default)]
struct Beginning {
    text: String,
    is_cut: bool,
}

impl Beginning {
    fn of(whole: &impl Display) -> Self {
        let mut beginning = Self::default();
        // The only error there can be is that it is full.
        let _ = write!(beginning, "{whole}");
        beginning
    }

    fn told(self) -> String {
        if self.is_cut { self.text + "…" } else { self.text }
    }
}

impl Write for Beginning {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.is_cut {
            return Err(fmt::Error);
        }
        let end = more.floor_char_boundary(LONGEST - self.text.len());
        self.text.push_str(&more[..end]);
        self.is_cut = end < more.len();
        if self.is_cut { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(schema: &Value, arguments: &Value) -> String {
        of(jsonschema::validator_for(schema).unwrap().iter_errors(arguments)).unwrap()
    }

    #[test]
    fn a_short_value_is_shown_and_a_long_one_is_left_out() {
        let schema = json!({"properties": {"q": {"type": "integer"}}});
        assert_eq!(told(&schema, &json!({"q": "x"})), "/q: \"x\" is not of type \"integer\"");
        let long = told(&schema, &json!({"q": "é".repeat(100_000)}));
        assert_eq!(long, "/q: value is not of type \"integer\"");
    }

    #[test]
    fn names_without_an_end_are_cut_between_two_letters() {
        let name = "é".repeat(100_000);
        let closed = json!({"properties": {"a": {}}, "additionalProperties": false});
        let long = told(&closed, &json!({name.as_str(): 1}));
        assert!(long.starts_with("Additional properties") && long.ends_with("é…"), "{long}");
        let inner = json!({"additionalProperties": {"type": "string"}});
        let deep = told(&inner, &json!({name.as_str(): 1}));
        assert!(deep.ends_with("é…: 1 is not of type \"string\""), "{deep}");
        assert!(long.len() < 310 && deep.len() < 400);
    }

    #[test]
    fn of_many_errors_the_first_are_told_and_the_others_counted() {
        let schema = json!({"items": {"type": "string"}});
        let wrong = told(&schema, &json!((0..10_000).collect::<Vec<u32>>()));
        assert!(wrong.starts_with("/0: 0 is not of type \"string\"; /1: 1 is"), "{wrong}");
        assert!(wrong.ends_with("; and 9995 more") && wrong.matches("; ").count() == 5, "{wrong}");
        assert_eq!(told(&schema, &json!([1])), "/0: 1 is not of type \"string\"");
    }
}
