//! What the numbers of the settings may be, and what they are where nothing is said: for whoever lets
//! a person type them.

use serde::Serialize;

use super::{Limits, ModelSettings, ServerEntry};

/// One number.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct NumberRule {
    /// Where nothing is said; `null` where that is no number.
    pub default: Option<f64>,
    /// It must be above this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// It must be at least this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    /// It has no fraction.
    pub whole: bool,
}

/// The numbers of `limits`, named as there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitRules {
    pub max_tasks: NumberRule,
    pub run_timeout_seconds: NumberRule,
    pub context_tokens: NumberRule,
    pub wait_for_servers_seconds: NumberRule,
    pub reuse_seconds: NumberRule,
}

/// The numbers of `model`, named as there; prices by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelRules {
    pub connect_timeout_seconds: NumberRule,
    pub first_token_timeout_seconds: NumberRule,
    pub idle_timeout_seconds: NumberRule,
    pub input: NumberRule,
    pub output: NumberRule,
}

/// The numbers of an entry of `mcpServers`, named as there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerRules {
    pub max_concurrent: NumberRule,
    pub requests_per_second: NumberRule,
    pub timeout_seconds: NumberRule,
    pub total_timeout_seconds: NumberRule,
    pub connect_timeout_seconds: NumberRule,
}

/// All of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// Of a run.
    pub limits: LimitRules,
    /// Of the model.
    pub model: ModelRules,
    /// Of a server.
    pub server: ServerRules,
    /// Calls of one task, the first one included.
    pub attempts: usize,
}

impl Rules {
    /// As they are checked when the settings are read. `attempts` is the executor's.
    pub fn new(attempts: usize) -> Self {
        let (limits, model) = (Limits::default(), ModelSettings::default());
        let server = ServerEntry::builtin("stories");
        Self {
            limits: LimitRules {
                max_tasks: count(Some(limits.max_tasks)),
                run_timeout_seconds: time(limits.run_timeout_seconds),
                context_tokens: count(None),
                wait_for_servers_seconds: from_0(Some(limits.wait_for_servers_seconds)),
                reuse_seconds: from_0(Some(limits.reuse_seconds)),
            },
            model: ModelRules {
                connect_timeout_seconds: time(model.connect_timeout_seconds),
                first_token_timeout_seconds: time(model.first_token_timeout_seconds),
                idle_timeout_seconds: time(model.idle_timeout_seconds),
                input: from_0(None),
                output: from_0(None),
            },
            server: ServerRules {
                max_concurrent: count(Some(server.max_concurrent)),
                requests_per_second: NumberRule { above: Some(0.0), ..NumberRule::default() },
                timeout_seconds: time(server.timeout_seconds),
                total_timeout_seconds: time(server.total_timeout_seconds),
                connect_timeout_seconds: time(server.connect_timeout_seconds),
            },
            attempts,
        }
    }
}

fn time(default: f64) -> NumberRule {
    NumberRule { default: Some(default), above: Some(0.0), ..NumberRule::default() }
}

fn from_0(default: Option<f64>) -> NumberRule {
    NumberRule { default, least: Some(0.0), ..NumberRule::default() }
}

#[expect(clippy::cast_precision_loss, reason = "defaults are small")]
fn count(default: Option<usize>) -> NumberRule {
    NumberRule {
        default: default.map(|count| count as f64),
        least: Some(1.0),
        whole: true,
        ..NumberRule::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    /// Numbers at the edge of a rule, each with whether it may be used.
    fn edges(rule: &Value) -> Vec<(f64, bool)> {
        let bound = |name: &str| rule.get(name).and_then(Value::as_f64);
        let mut edges = Vec::new();
        edges.extend(
            bound("above").into_iter().flat_map(|above| [(above, false), (above + 0.5, true)]),
        );
        let step = if rule["whole"] == true { 1.0 } else { 0.5 };
        edges.extend(
            bound("least").into_iter().flat_map(|least| [(least, true), (least - step, false)]),
        );
        edges
    }

    fn number(value: f64) -> Value {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number")]
        if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
    }

    #[test]
    fn what_is_told_is_what_is_checked() {
        let rules = serde_json::to_value(Rules::new(3)).unwrap();
        let mut checked = 0;
        let mut check = |section: &str, accepts: &dyn Fn(&str, Value) -> bool| {
            for (key, rule) in rules[section].as_object().unwrap() {
                for (value, expected) in edges(rule) {
                    assert_eq!(accepts(key, number(value)), expected, "{section}.{key}: {value}");
                    checked += 1;
                }
            }
        };
        let of = |key: &str, value: Value| Map::from_iter([(key.to_owned(), value)]);
        check("limits", &|key, value| Limits::from_json(&of(key, value)).is_ok());
        check("model", &|key, value| {
            let given = match key {
                "input" | "output" => of("pricePerMillion", json!({key: value})),
                _ => of(key, value),
            };
            ModelSettings::from_json(&given).is_ok()
        });
        check("server", &|key, value| {
            let entry = json!({"builtin": "stories", key: value});
            ServerEntry::from_json(&entry).is_ok()
        });
        assert_eq!(checked, 30);
    }
}
