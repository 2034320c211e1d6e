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

/// What is known of the tool of a task that a person is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedTool {
    /// Which task.
    pub index: usize,
    /// It changes nothing; it is asked about since it would carry results elsewhere.
    pub read_only: bool,
    /// It may destroy something that was there before.
    pub destructive: bool,
    /// Hash of the tool's definition, to which "always" is bound.
    pub definition: String,
    /// It was always allowed, and its definition is another one since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}
