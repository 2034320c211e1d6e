//! One entry of `mcpServers`: how a server is reached, and what it may do.

use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::limits::lasts;

/// One entry of `mcpServers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerEntry {
    /// How it is reached.
    #[serde(flatten)]
    pub transport: Transport,
    /// Kept, but not connected.
    #[serde(default)]
    pub disabled: bool,
    /// Tools (bare names) that are neither planned nor called.
    #[serde(default)]
    pub disabled_tools: Vec<String>,
    /// The person's word that every tool of this server only reads.
    #[serde(default)]
    pub read_only: bool,
    /// What its tools say of themselves counts, where a person can be asked instead.
    #[serde(default)]
    pub trusted: bool,
    /// Calls at once.
    #[serde(default = "default_max_concurrent")]
    pub max_concurrent: usize,
    /// Calls a second.
    #[serde(default)]
    pub requests_per_second: Option<f64>,
    /// Limit of one call in seconds, restarted by each progress notification.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: f64,
    /// Limit of one call in seconds, whatever its progress.
    #[serde(default = "default_total_timeout")]
    pub total_timeout_seconds: f64,
    /// Limit for connecting and listing tools, in seconds.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout_seconds: f64,
    /// Retry calls that timed out.
    #[serde(default)]
    pub retry_timeouts: bool,
    /// Retry calls whose tool reported an error itself.
    #[serde(default)]
    pub retry_tool_errors: bool,
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Transport {
    /// A server inside Trawl.
    Builtin {
        /// Which one; only `stories` exists.
        builtin: String,
    },
    /// A child process that speaks over stdin and stdout.
    Stdio {
        /// Program.
        command: String,
        /// Its arguments.
        #[serde(default)]
        args: Vec<String>,
        /// Added to the few variables that a child inherits.
        #[serde(default)]
        env: IndexMap<String, String>,
        /// Working directory.
        #[serde(default)]
        cwd: Option<String>,
    },
    /// Streamable HTTP.
    Http {
        /// Endpoint.
        url: String,
        /// Sent with each request.
        #[serde(default)]
        headers: IndexMap<String, String>,
    },
}

impl ServerEntry {
    /// Reads one entry, or says in a person's words what is wrong with it.
    pub fn from_json(entry: &Value) -> Result<Self, String> {
        let Some(object) = entry.as_object() else {
            return Err("the entry is not a JSON object".to_owned());
        };
        let is_set = |key: &&&str| object.get(**key).is_some_and(|value| !value.is_null());
        match ["builtin", "command", "url"].iter().filter(is_set).count() {
            0 => return Err("the entry has neither \"command\" nor \"url\"".to_owned()),
            1 => {}
            _ => return Err("the entry has more than one of \"command\" and \"url\"".to_owned()),
        }
        if let Some(wrong) = wrong_key(object) {
            return Err(wrong);
        }
        let parsed: Self =
            serde_json::from_value(without_nulls(object)).map_err(|error| error.to_string())?;
        if let Transport::Builtin { builtin } = &parsed.transport
            && builtin != "stories"
        {
            return Err(format!(
                "there is no built-in server \"{builtin}\"; only \"stories\" exists"
            ));
        }
        Ok(parsed)
    }

    /// An entry for a server inside Trawl, with every default.
    pub fn builtin(name: &str) -> Self {
        Self {
            transport: Transport::Builtin { builtin: name.to_owned() },
            disabled: false,
            disabled_tools: Vec::new(),
            read_only: false,
            trusted: false,
            max_concurrent: default_max_concurrent(),
            requests_per_second: None,
            timeout_seconds: default_timeout(),
            total_timeout_seconds: default_total_timeout(),
            connect_timeout_seconds: default_connect_timeout(),
            retry_timeouts: false,
            retry_tool_errors: false,
        }
    }

    /// Whether a connection made for one serves the other too: a person's trust changes nothing of it.
    pub(crate) fn connects_as(&self, other: &Self) -> bool {
        Self { trusted: other.trusted, ..self.clone() } == *other
    }

    /// `timeoutSeconds` as a duration.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout_seconds)
    }

    /// `totalTimeoutSeconds` as a duration.
    pub fn total_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.total_timeout_seconds)
    }

    /// `connectTimeoutSeconds` as a duration.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.connect_timeout_seconds)
    }
}

/// Other clients write `null` for what is not set.
fn without_nulls(entry: &Map<String, Value>) -> Value {
    let set = entry.iter().filter(|(_, value)| !value.is_null());
    Value::Object(set.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// The first key whose value cannot be used, with what it should be. Values are not repeated: they
/// may be secrets.
fn wrong_key(entry: &Map<String, Value>) -> Option<String> {
    let wrong = |keys: &[&str], fits: fn(&Value) -> bool, shape: &str| {
        let given = keys.iter().filter_map(|key| Some((key, entry.get(*key)?)));
        let mut unfit = given.filter(|(_, value)| !value.is_null() && !fits(value));
        unfit.next().map(|(key, value)| format!("\"{key}\" must be {shape}, not {}", kind(value)))
    };
    let strings =
        |value: &Value| value.as_array().is_some_and(|all| all.iter().all(Value::is_string));
    let some = |value: &Value| value.as_u64().is_some_and(|count| count > 0);
    let above_0 = |value: &Value| value.as_f64().is_some_and(|rate| rate > 0.0);
    let time = |value: &Value| value.as_f64().is_some_and(lasts);
    wrong(&["builtin", "command", "url", "cwd"], Value::is_string, "a string")
        .or_else(|| wrong(&["args", "disabledTools"], strings, "a list of strings"))
        .or_else(|| wrong(&["env", "headers"], Value::is_object, "an object of strings"))
        .or_else(|| ["env", "headers"].into_iter().find_map(|key| wrong_member(entry, key)))
        .or_else(|| wrong(FLAGS, Value::is_boolean, "true or false"))
        .or_else(|| wrong(&["maxConcurrent"], some, "a whole number of at least 1"))
        .or_else(|| wrong(&["requestsPerSecond"], above_0, "a number above 0"))
        .or_else(|| wrong(TIMES, time, "a number of seconds above 0"))
}

const FLAGS: &[&str] = &["disabled", "readOnly", "trusted", "retryTimeouts", "retryToolErrors"];
const TIMES: &[&str] = &["timeoutSeconds", "totalTimeoutSeconds", "connectTimeoutSeconds"];

/// People write numbers into `env`, where each value is a text.
fn wrong_member(entry: &Map<String, Value>, key: &str) -> Option<String> {
    let members = entry.get(key)?.as_object()?;
    let (name, value) = members.iter().find(|(_, value)| !value.is_string())?;
    Some(format!("\"{name}\" in \"{key}\" must be a string, not {}", kind(value)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "this number",
        Value::String(_) => "a string",
        Value::Array(_) => "this list",
        Value::Object(_) => "an object",
    }
}

fn default_max_concurrent() -> usize {
    64
}

fn default_timeout() -> f64 {
    60.0
}

fn default_total_timeout() -> f64 {
    600.0
}

fn default_connect_timeout() -> f64 {
    30.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_entry_names_the_key_and_what_it_should_be() {
        let check = |key: &str, value: Value, words: &str| {
            let mut entry = json!({"command": "x"});
            entry[key] = value;
            let reason = ServerEntry::from_json(&entry).unwrap_err();
            assert!(reason.contains(&format!("\"{key}\"")) && reason.contains(words), "{reason}");
            assert!(!reason.contains("hush"), "{reason}");
        };
        check("command", json!(3), "must be a string, not this number");
        check("args", json!("-y hush"), "must be a list of strings, not a string");
        check("args", json!(["hush", 1]), "must be a list of strings");
        check("env", json!(["hush"]), "must be an object of strings");
        check(
            "env",
            json!({"PORT": 8080, "TOKEN": "hush"}),
            "\"PORT\" in \"env\" must be a string",
        );
        check("cwd", json!(1), "must be a string");
        check("disabled", json!("yes"), "must be true or false, not a string");
        check("readOnly", json!(1), "must be true or false");
        check("trusted", json!("yes"), "must be true or false, not a string");
        check("retryTimeouts", json!({}), "must be true or false, not an object");
        check("disabledTools", json!({"a": true}), "must be a list of strings");
        check("maxConcurrent", json!("8"), "must be a whole number of at least 1, not a string");
        check("maxConcurrent", json!(0), "must be a whole number of at least 1");
        check("maxConcurrent", json!(1.5), "must be a whole number of at least 1");
        check("requestsPerSecond", json!(0), "must be a number above 0");
        check("timeoutSeconds", json!(-1), "must be a number of seconds above 0");
        check("totalTimeoutSeconds", json!(1e300), "must be a number of seconds above 0");
        check("connectTimeoutSeconds", json!("30"), "must be a number of seconds above 0");
        check("url", json!("x"), "more than one");
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        let plain = ServerEntry::from_json(&json!({"command": "x"})).unwrap();
        let nulls = json!({"command": "x", "args": null, "env": null, "cwd": null, "disabled": null,
            "maxConcurrent": null, "requestsPerSecond": null, "timeoutSeconds": null, "url": null});
        assert_eq!(ServerEntry::from_json(&nulls), Ok(plain));
    }
}
