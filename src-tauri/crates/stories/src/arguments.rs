//! Reads a call's arguments: named, typed, in bounds, or refused in words that say how to call.
//!
//! A client that checks `inputSchema` first never meets a [`Refusal`] of these; the others get a
//! tool error that a model can act on instead of a protocol error.

use rmcp::model::JsonObject;
use serde_json::Value;

use crate::tools::Bounds;

/// Why a call gets no result; becomes the text of an `isError`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the index of the stories cannot be read");
        Self(format!("the index of the stories cannot be read: {error}"))
    }
}

/// Somebody, as a caller names them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UserRef {
    /// By number.
    Id(u32),
    /// By user name, without the @.
    Name(String),
}

/// The arguments of one call.
pub(crate) struct Arguments(pub(crate) JsonObject);

impl Arguments {
    /// Refuses what no parameter is called, so that a misspelled one is not silently left out.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) if known.is_empty() => {
                Err(Refusal(format!("there is no parameter \"{key}\"; this tool takes none")))
            }
            Some(key) => Err(Refusal(format!(
                "there is no parameter \"{key}\"; this tool takes {}",
                known.join(" and ")
            ))),
        }
    }

    /// A text that has to be there.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Refusal> {
        match self.given(name) {
            Some(Value::String(text)) => Ok(text),
            other => Err(expected(name, "a text", other)),
        }
    }

    /// A story's id.
    pub(crate) fn id(&self, name: &str) -> Result<u32, Refusal> {
        let given = self.given(name);
        given
            .and_then(whole_number)
            .and_then(|number| u32::try_from(number).ok())
            .filter(|&number| number > 0)
            .ok_or_else(|| expected(name, "a whole number from 1", given))
    }

    /// How many, or the default.
    pub(crate) fn count(&self, name: &str, bounds: Bounds) -> Result<u32, Refusal> {
        let Some(given) = self.given(name) else { return Ok(bounds.default) };
        whole_number(given)
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (1..=bounds.most).contains(number))
            .ok_or_else(|| {
                let most = bounds.most;
                expected(name, &format!("a whole number from 1 to {most}"), Some(given))
            })
    }

    /// A user, by number or by name.
    pub(crate) fn user(&self, name: &str) -> Result<UserRef, Refusal> {
        let given = self.given(name);
        let wrong = || expected(name, "a user's number or name, such as 12 or \"ann\"", given);
        match given {
            Some(Value::String(text)) => {
                let text = text.trim();
                let text = text.strip_prefix('@').unwrap_or(text);
                match text.parse::<u32>() {
                    Ok(id) => Ok(UserRef::Id(id)),
                    Err(_) if text.is_empty() => Err(wrong()),
                    Err(_) => Ok(UserRef::Name(text.to_owned())),
                }
            }
            given => given
                .and_then(whole_number)
                .and_then(|number| u32::try_from(number).ok())
                .filter(|&number| number > 0)
                .map(UserRef::Id)
                .ok_or_else(wrong),
        }
    }

    /// Models write null for “not given”.
    fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }
}

/// JSON Schema counts 5.0 as an integer.
fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        #[expect(clippy::cast_possible_truncation, reason = "only where nothing is cut off")]
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })
}

fn expected(name: &str, what: &str, given: Option<&Value>) -> Refusal {
    Refusal(match given {
        None => format!("{name} is missing; it has to be {what}"),
        Some(given) => {
            let shown: String = given.to_string().chars().take(80).collect();
            format!("{name} has to be {what}, not {shown}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(json: &Value) -> Arguments {
        Arguments(json.as_object().cloned().unwrap())
    }

    #[test]
    fn users_are_named_in_any_usual_way() {
        let named =
            |value: Value| arguments(&serde_json::json!({"user_id": value})).user("user_id");
        for value in [Value::from(12), "12".into(), " @12".into(), 12.0.into()] {
            assert_eq!(named(value), Ok(UserRef::Id(12)));
        }
        assert_eq!(named("@ines.okafor".into()), Ok(UserRef::Name("ines.okafor".into())));
        for value in [Value::Null, 0.into(), (-1).into(), 1.5.into(), "@".into(), true.into()] {
            assert!(named(value).unwrap_err().0.contains("a user's number or name"));
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let bounds = Bounds { default: 20, most: 100 };
        let size =
            |value: Value| arguments(&serde_json::json!({"size": value})).count("size", bounds);
        assert_eq!(size(Value::Null), Ok(20));
        assert_eq!(size(50.into()), Ok(50));
        assert_eq!(size(50.0.into()), Ok(50));
        for value in [0.into(), 101.into(), (-3).into(), 1e300.into(), 2.5.into(), "5".into()] {
            let Refusal(words) = size(value).unwrap_err();
            assert!(
                words.starts_with("size has to be a whole number from 1 to 100, not "),
                "{words}"
            );
        }
        let unknown = arguments(&serde_json::json!({"limit": 1})).only(&["query", "size"]);
        assert!(unknown.unwrap_err().0.contains("this tool takes query and size"));
    }
}
