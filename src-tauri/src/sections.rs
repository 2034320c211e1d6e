//! Edits of `model`, `limits` and `preferences`: what is given is merged in, the rest stays.
//!
//! `null` takes a key out, so that its default holds. What could not be used is refused before
//! anything changes.

use serde_json::Value;
use trawl_core::event::Object;
use trawl_core::settings::{Limits, ModelSettings};

use crate::error::CommandError;

/// What belongs to one server of models, and is void when another one is chosen.
const OF_ONE_SERVER: [&str; 3] = ["baseUrl", "model", "apiKeyEnv"];

/// Chooses a model, or changes what is set for it.
pub(crate) fn save_model(file: &mut Object, given: Object) -> Result<(), CommandError> {
    ModelSettings::from_json(&set(&given)).map_err(|reason| refused("invalid_model", &reason))?;
    edit(file, "model", |model| {
        let differs = |key: &str| {
            let before = model.get(key).unwrap_or(&Value::Null);
            given.get(key).is_some_and(|now| now != before)
        };
        if differs("provider") || differs("baseUrl") {
            for key in OF_ONE_SERVER {
                model.shift_remove(key);
            }
        }
        merge(model, given);
    });
    Ok(())
}

/// Changes limits of a run.
pub(crate) fn save_limits(file: &mut Object, given: Object) -> Result<(), CommandError> {
    Limits::from_json(&set(&given)).map_err(|reason| refused("invalid_limits", &reason))?;
    edit(file, "limits", |limits| merge(limits, given));
    Ok(())
}

/// Changes what the page remembers.
pub(crate) fn save_preferences(file: &mut Object, given: Object) {
    edit(file, "preferences", |preferences| merge(preferences, given));
}

fn refused(code: &'static str, reason: &str) -> CommandError {
    CommandError::new(code, format!("nothing was saved: {reason}"))
}

/// What is given but for what is taken out.
fn set(given: &Object) -> Object {
    given
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

/// A section that is no object is not used by anybody, and gives way.
fn edit(file: &mut Object, name: &str, change: impl FnOnce(&mut Object)) {
    let mut section = match file.get_mut(name).map(Value::take) {
        Some(Value::Object(section)) => section,
        _ => Object::new(),
    };
    change(&mut section);
    file.insert(name.to_owned(), Value::Object(section));
}

fn merge(section: &mut Object, given: Object) {
    for (key, value) in given {
        match (section.get_mut(&key), value) {
            (_, Value::Null) => {
                section.shift_remove(&key);
            }
            (Some(Value::Object(inner)), Value::Object(given)) => merge(inner, given),
            (_, value) => {
                section.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Object {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn another_model_keeps_what_is_not_its_servers() {
        let mut file = object(&json!({"model": {
            "provider": "openai", "baseUrl": "https://llm.example.org/v1", "model": "a",
            "apiKeyEnv": "A_KEY", "idleTimeoutSeconds": 5, "pricePerMillion": {"input": 1},
            "mine": [1]}}));
        let mut check = |given: Value, expected: Value| {
            save_model(&mut file, object(&given)).unwrap();
            assert_eq!(file["model"], expected, "{given}");
        };
        check(
            json!({"provider": "openai", "model": "b", "pricePerMillion": {"output": 2}}),
            json!({"provider": "openai", "baseUrl": "https://llm.example.org/v1", "model": "b",
                "apiKeyEnv": "A_KEY", "idleTimeoutSeconds": 5,
                "pricePerMillion": {"input": 1, "output": 2}, "mine": [1]}),
        );
        // A key's variable is never carried to another server.
        check(
            json!({"provider": "openai", "baseUrl": "http://127.0.0.1:1234/v1", "model": "c"}),
            json!({"provider": "openai", "baseUrl": "http://127.0.0.1:1234/v1", "model": "c",
                "idleTimeoutSeconds": 5, "pricePerMillion": {"input": 1, "output": 2},
                "mine": [1]}),
        );
        check(
            json!({"provider": "builtin", "idleTimeoutSeconds": null}),
            json!({"provider": "builtin", "pricePerMillion": {"input": 1, "output": 2},
                "mine": [1]}),
        );
    }

    #[test]
    fn what_cannot_be_used_is_refused_and_changes_nothing() {
        let before = object(&json!({"model": {"provider": "ollama"}, "limits": {"maxTasks": 4}}));
        let mut file = before.clone();
        for wrong in [
            json!({"provider": "oracle"}),
            json!({"provider": "builtin", "connectTimeoutSeconds": 0}),
            json!({"pricePerMillion": {"input": -1}}),
        ] {
            assert!(save_model(&mut file, object(&wrong)).is_err(), "{wrong}");
        }
        for wrong in [json!({"maxTasks": 0}), json!({"maxTasks": 8, "runTimeoutSeconds": -1})] {
            assert!(save_limits(&mut file, object(&wrong)).is_err(), "{wrong}");
        }
        assert_eq!(file, before);
    }

    #[test]
    fn limits_are_merged_and_null_is_the_default() {
        let mut file = object(&json!({"limits": {"maxTasks": 4, "reuseSeconds": 60, "mine": 1}}));
        save_limits(&mut file, object(&json!({"reuseSeconds": null, "contextTokens": 9}))).unwrap();
        assert_eq!(file["limits"], json!({"maxTasks": 4, "mine": 1, "contextTokens": 9}));
        let mut odd = object(&json!({"limits": [1]}));
        save_limits(&mut odd, object(&json!({"maxTasks": 5}))).unwrap();
        assert_eq!(odd["limits"], json!({"maxTasks": 5}));
    }
}
