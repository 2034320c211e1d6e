//! What a person is shown of a task before it may run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a task's tool would be called with, once placeholders are replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RealArguments {
    /// Which task.
    pub index: usize,
    /// With every placeholder replaced.
    pub arguments: Value,
}

/// What a call does that a person decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// It changes something at its server.
    Changes,
    /// It may destroy something that was there before.
    Destroys,
    /// It carries results of other servers to one that reaches out into the world.
    Sends,
    /// Its server is not trusted yet, so that what its tools say of themselves does not count.
    Untrusted,
}

/// What is known of the tool of a task that a person is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedTool {
    /// Which task.
    pub index: usize,
    /// Its server's name in the settings.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// Its name on its server.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tool: String,
    /// All that the call does of this kind, also what is allowed already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// Of `sends`: the servers whose results the call carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sends_from: Vec<String>,
    /// It changes nothing, by its server's or the person's word.
    pub read_only: bool,
    /// It may destroy something that was there before, by its server's word.
    pub destructive: bool,
    /// Hash of the tool's definition, to which "always" is bound.
    pub definition: String,
    /// It was always allowed, and its definition is another one since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}
