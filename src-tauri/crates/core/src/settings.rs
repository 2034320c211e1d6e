//! What a person configured: MCP servers, the model, limits. Parsed leniently, entry by entry.
//!
//! Comes in as the JSON of `settings.json`, goes out as typed values with every default filled in.
//! A server entry of the wrong shape disables that entry alone, with its reason. Reading the file is
//! `settings/load.rs`'s work; writing it belongs to the window, since it alone owns the file.

pub mod load;

use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Everything a run needs to know of the settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Servers by name, in the file's order; a wrong entry is kept with its reason.
    pub servers: IndexMap<String, Result<ServerEntry, String>>,
    /// The language model.
    pub model: ModelSettings,
    /// Limits of a run.
    pub limits: Limits,
    /// What was wrong in the file outside of server entries, for people.
    pub warnings: Vec<String>,
}

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

/// The language model, or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelSettings {
    /// Whose protocol is spoken.
    pub provider: Provider,
    /// Where; `null` for the provider's own address.
    pub base_url: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// Environment variable that holds the key.
    pub api_key_env: Option<String>,
    /// To connect.
    pub connect_timeout_seconds: f64,
    /// From the request to its first token.
    pub first_token_timeout_seconds: f64,
    /// Between two tokens.
    pub idle_timeout_seconds: f64,
    /// Price of a million tokens, in the person's own currency.
    pub price_per_million: Price,
}

/// Whose protocol is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// No model: the built-in planner and writer.
    #[default]
    Builtin,
    /// Any OpenAI-compatible server.
    Openai,
    /// Anthropic Messages.
    Anthropic,
    /// Ollama's own API.
    Ollama,
}

/// Price of a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Price {
    /// Read by the model.
    pub input: Option<f64>,
    /// Written by the model.
    pub output: Option<f64>,
}

/// Limits of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Limits {
    /// Tasks of one plan.
    pub max_tasks: usize,
    /// A whole run.
    pub run_timeout_seconds: f64,
    /// Tokens the model may read; `null` for what the provider reports, else 32,000.
    pub context_tokens: Option<u64>,
    /// How long a question in the window waits for servers that are not ready yet.
    pub wait_for_servers_seconds: f64,
    /// How old a read-only result of an earlier run may be to be used again; 0 is never.
    pub reuse_seconds: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self::from_json(&json!({}))
    }
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            provider: Provider::Builtin,
            base_url: None,
            model: None,
            api_key_env: None,
            connect_timeout_seconds: 10.0,
            first_token_timeout_seconds: 120.0,
            idle_timeout_seconds: 60.0,
            price_per_million: Price::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_tasks: 32,
            run_timeout_seconds: 600.0,
            context_tokens: None,
            wait_for_servers_seconds: 3.0,
            reuse_seconds: 0.0,
        }
    }
}

impl Settings {
    /// Reads what can be read; what cannot is told in `warnings` or in the server's own place.
    pub fn from_json(file: &Value) -> Self {
        let mut warnings = Vec::new();
        if !file.is_object() {
            warnings.push("settings.json is not a JSON object; the defaults are used".to_owned());
        }
        Self {
            servers: servers(file.get("mcpServers"), &mut warnings),
            model: section(file, "model", &mut warnings),
            limits: section(file, "limits", &mut warnings),
            warnings,
        }
    }

    /// The servers to connect.
    pub fn enabled(&self) -> impl Iterator<Item = (&str, &ServerEntry)> {
        self.servers.iter().filter_map(|(name, entry)| match entry {
            Ok(entry) if !entry.disabled => Some((name.as_str(), entry)),
            _ => None,
        })
    }
}

impl Limits {
    /// `reuseSeconds` as a duration; `None` for never.
    pub fn reuse(&self) -> Option<Duration> {
        let seconds = Some(self.reuse_seconds).filter(|seconds| *seconds > 0.0)?;
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }
}

impl ServerEntry {
    /// Reads one entry, or says in a person's words what is wrong with it.
    pub fn from_json(entry: &Value) -> Result<Self, String> {
        let Some(object) = entry.as_object() else {
            return Err("the entry is not a JSON object".to_owned());
        };
        let kinds = ["builtin", "command", "url"].iter().filter(|k| object.contains_key(**k));
        match kinds.count() {
            0 => return Err("the entry has neither \"command\" nor \"url\"".to_owned()),
            1 => {}
            _ => return Err("the entry has more than one of \"command\" and \"url\"".to_owned()),
        }
        let parsed: Self = serde_json::from_value(without_nulls(entry))
            .map_err(|error| wrong_shape(object, &error))?;
        if let Transport::Builtin { builtin } = &parsed.transport
            && builtin != "stories"
        {
            return Err(format!(
                "there is no built-in server \"{builtin}\"; only \"stories\" exists"
            ));
        }
        let seconds =
            [parsed.timeout_seconds, parsed.total_timeout_seconds, parsed.connect_timeout_seconds];
        if seconds.iter().any(|s| Duration::try_from_secs_f64(*s).is_err() || *s == 0.0) {
            return Err("a time-out is not a positive number of seconds".to_owned());
        }
        if parsed.max_concurrent == 0 {
            return Err("\"maxConcurrent\" must be at least 1".to_owned());
        }
        if parsed.requests_per_second.is_some_and(|rate| !(rate.is_finite() && rate > 0.0)) {
            return Err("\"requestsPerSecond\" must be above 0".to_owned());
        }
        Ok(parsed)
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

fn servers(
    section: Option<&Value>,
    warnings: &mut Vec<String>,
) -> IndexMap<String, Result<ServerEntry, String>> {
    let stories = || IndexMap::from([("stories".to_owned(), Ok(ServerEntry::builtin("stories")))]);
    match section {
        None => stories(),
        Some(Value::Object(entries)) => entries
            .iter()
            .map(|(name, entry)| (name.clone(), ServerEntry::from_json(entry)))
            .collect(),
        Some(_) => {
            warnings.push("\"mcpServers\" is not an object; the sample server is used".to_owned());
            stories()
        }
    }
}

impl ServerEntry {
    /// An entry for a server inside Trawl, with every default.
    pub fn builtin(name: &str) -> Self {
        Self {
            transport: Transport::Builtin { builtin: name.to_owned() },
            disabled: false,
            disabled_tools: Vec::new(),
            read_only: false,
            max_concurrent: default_max_concurrent(),
            requests_per_second: None,
            timeout_seconds: default_timeout(),
            total_timeout_seconds: default_total_timeout(),
            connect_timeout_seconds: default_connect_timeout(),
            retry_timeouts: false,
            retry_tool_errors: false,
        }
    }
}

/// A section whose wrong keys fall back to their defaults one by one.
fn section<T: Default + Serialize + for<'de> Deserialize<'de>>(
    file: &Value,
    name: &str,
    warnings: &mut Vec<String>,
) -> T {
    let Some(given) = file.get(name) else { return T::default() };
    let Some(given) = given.as_object() else {
        warnings.push(format!("\"{name}\" is not an object; its defaults are used"));
        return T::default();
    };
    let mut accepted = serde_json::to_value(T::default()).unwrap_or_default();
    for (key, value) in given {
        let mut with_key = accepted.clone();
        with_key[key] = value.clone();
        match serde_json::from_value::<T>(with_key.clone()) {
            Ok(_) => accepted = with_key,
            Err(error) => {
                warnings.push(format!("\"{name}.{key}\" is not used: {}", in_words(&error)));
            }
        }
    }
    serde_json::from_value(accepted).unwrap_or_default()
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

/// Other clients write `null` for what is not set.
fn without_nulls(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Some(object) = entry.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    entry
}

/// `serde` says of an untagged enum only that no variant fits; this names the key.
fn wrong_shape(entry: &serde_json::Map<String, Value>, error: &serde_json::Error) -> String {
    let wrong = |key: &str, fits: fn(&Value) -> bool, shape: &str| {
        entry
            .get(key)
            .filter(|value| !value.is_null() && !fits(value))
            .map(|_| format!("\"{key}\" is not {shape}"))
    };
    let strings = |v: &Value| v.as_array().is_some_and(|a| a.iter().all(Value::is_string));
    let map = |v: &Value| v.as_object().is_some_and(|o| o.values().all(Value::is_string));
    wrong("command", Value::is_string, "a string")
        .or_else(|| wrong("url", Value::is_string, "a string"))
        .or_else(|| wrong("args", strings, "a list of strings"))
        .or_else(|| wrong("env", map, "an object of strings"))
        .or_else(|| wrong("headers", map, "an object of strings"))
        .or_else(|| wrong("cwd", Value::is_string, "a string"))
        .unwrap_or_else(|| error.to_string())
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
