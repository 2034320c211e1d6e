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

/// With the keys of every object in order, and whole numbers spelt as such.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            let fields = names.into_iter().map(|name| (name.clone(), sorted(&fields[name])));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Number(number) => whole(number).map_or_else(|| value.clone(), Value::from),
        other => other.clone(),
    }
}

/// `3.0` as `3`.
#[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is small enough")]
fn whole(number: &serde_json::Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = number.as_f64().filter(|_| number.is_f64())?;
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_equal_has_the_same_fingerprint() {
        let one = digest([&json!({"a": 1, "b": [{"d": 2, "c": null}]})]);
        assert_eq!(one, digest([&json!({"b": [{"c": null, "d": 2}], "a": 1})]));
        assert_eq!(digest([&json!(3.0)]), digest([&json!(3)]));
        assert!(one.starts_with("sha256:") && one.len() == 71, "{one}");
        assert_ne!(one, digest([&json!({"a": 1, "b": [{"d": 2}]})]));
        assert_ne!(digest([&json!("a"), &json!("b")]), digest([&json!("ab")]));
        assert_ne!(digest([&json!([1, 2])]), digest([&json!([2, 1])]));
    }
}
