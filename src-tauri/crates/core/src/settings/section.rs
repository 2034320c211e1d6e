//! One section of the settings, key by key: a wrong key falls back to its default alone.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A key that is not used, and why.
struct WrongKey {
    key: String,
    reason: String,
}

/// The section `name` of the file; what is wrong with it goes to the warnings.
pub(super) fn lenient<T: Default + Serialize + for<'de> Deserialize<'de>>(
    file: &Value,
    name: &str,
    check: fn(&T) -> Result<(), &'static str>,
    warnings: &mut Vec<String>,
) -> T {
    let Some(given) = file.get(name) else { return T::default() };
    let Some(given) = given.as_object() else {
        warnings.push(format!("\"{name}\" is not an object; its defaults are used"));
        return T::default();
    };
    let (section, wrong) = read(given, check);
    let told = wrong.into_iter().map(|WrongKey { key, reason }| {
        format!("\"{name}.{key}\" is not used: {reason}; its default is used instead")
    });
    warnings.extend(told);
    section
}

/// A section that a person just typed: a wrong key is refused, in words that name it.
pub(super) fn strict<T: Default + Serialize + for<'de> Deserialize<'de>>(
    given: &Map<String, Value>,
    check: fn(&T) -> Result<(), &'static str>,
) -> Result<T, String> {
    let (section, wrong) = read(given, check);
    if wrong.is_empty() {
        return Ok(section);
    }
    let words = wrong.into_iter().map(|WrongKey { key, reason }| format!("\"{key}\": {reason}"));
    Err(words.collect::<Vec<_>>().join("; "))
}

/// The section with every key that can be used, and those that cannot.
fn read<T: Default + Serialize + for<'de> Deserialize<'de>>(
    given: &Map<String, Value>,
    check: fn(&T) -> Result<(), &'static str>,
) -> (T, Vec<WrongKey>) {
    let mut accepted = serde_json::to_value(T::default()).unwrap_or_default();
    let mut wrong = Vec::new();
    for (key, value) in given {
        let mut with_key = accepted.clone();
        with_key[key] = value.clone();
        let parsed = serde_json::from_value::<T>(with_key.clone());
        let checked = parsed
            .map_err(|error| in_words(&error))
            .and_then(|section| check(&section).map_err(str::to_owned));
        match checked {
            Ok(()) => accepted = with_key,
            Err(reason) => wrong.push(WrongKey { key: key.clone(), reason }),
        }
    }
    (serde_json::from_value(accepted).unwrap_or_default(), wrong)
}

/// What `serde` expected, without the names of Rust's types.
fn in_words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words
        .replace("expected usize", "expected a whole number")
        .replace("expected u64", "expected a whole number")
        .replace("expected f64", "expected a number")
        .replace("expected struct ", "expected an object as ")
}
