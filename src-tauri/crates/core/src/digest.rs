//! Fingerprints of JSON: the same for equal values, whatever the order of their keys.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// SHA-256 over the values in their order, as `sha256:` and hexadecimal digits.
pub(crate) fn digest<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let mut hash = Sha256::new();
    for value in values {
        hash.update(sorted(value).to_string());
        // Not part of any JSON text, so that values do not run into each other.
        hash.update([0]);
    }
    hash.finalize().iter().fold("sha256:".to_owned(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// With the keys of every object in order.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            let fields = names.into_iter().map(|name| (name.clone(), sorted(&fields[name])));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_equal_has_the_same_fingerprint() {
        let one = digest([&json!({"a": 1, "b": [{"d": 2, "c": null}]})]);
        assert_eq!(one, digest([&json!({"b": [{"c": null, "d": 2}], "a": 1})]));
        assert!(one.starts_with("sha256:") && one.len() == 71, "{one}");
        assert_ne!(one, digest([&json!({"a": 1, "b": [{"d": 2}]})]));
        assert_ne!(digest([&json!("a"), &json!("b")]), digest([&json!("ab")]));
        assert_ne!(digest([&json!([1, 2])]), digest([&json!([2, 1])]));
    }
}
