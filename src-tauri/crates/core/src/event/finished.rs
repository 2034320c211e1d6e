//! How a run ends with an answer: the answer and what it rests on.

use serde::{Deserialize, Serialize};

use super::usage::{Cut, Usage};

/// The answer and what it rests on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finished {
    /// Markdown; replaces the streamed text.
    pub answer: String,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<Writer>,
    /// The tasks and items that the answer cites.
    pub citations: Vec<Citation>,
    /// Citations taken out since nothing stands behind them.
    pub citations_removed: usize,
    /// Something that should have been consulted was not.
    pub partial: bool,
    /// What was not consulted, and why.
    pub not_consulted: Vec<NotConsulted>,
    /// Where the time went.
    pub timings: Timings,
    /// Tokens of all calls of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Tokens of the calls that wrote the answer; those of the plan stand in `planned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writing: Option<Usage>,
    /// Results of which the model read a part only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<Cut>,
}

/// Who wrote an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Writer {
    /// The built-in writer, without a model.
    Builtin,
    /// A language model, all of it or its beginning.
    Model,
}

/// `[n]` or `[n.k]` in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Citation {
    /// The task, from 0 (people see `index + 1`).
    pub index: usize,
    /// The item of its result, from 1 as people see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
}

/// A server or a task that the answer does not rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotConsulted {
    /// A server that could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// A task that did not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// Why.
    pub reason: String,
}

/// Where a run's time went, in milliseconds. Phases overlap.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timings {
    /// Discovering tools.
    pub discover_ms: f64,
    /// Planning.
    pub plan_ms: f64,
    /// First task started to last task ended.
    pub execute_ms: f64,
    /// Writing the answer.
    pub synthesize_ms: f64,
    /// Run start to the first text of the answer; `null` without a model.
    pub first_token_ms: Option<f64>,
    /// The whole run.
    pub total_ms: f64,
}
