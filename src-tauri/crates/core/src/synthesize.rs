//! Step 5: one answer from what the tasks found.
//!
//! Comes in: the tasks' outcomes and their results. Goes out: the answer as Markdown with its
//! citations, streamed as `answerDelta`s, and the list of what was not consulted. Calls no tool.

pub mod builtin;
pub mod evidence;

use serde_json::Value;

use self::evidence::Evidence;
/// A completed task, as the writers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Position in the plan, from 0.
    pub index: usize,
    /// Its server.
    pub server: String,
    /// The tool's name on that server.
    pub tool: String,
    /// What the plan wanted of it; may be empty.
    pub description: String,
    /// As they were sent.
    pub arguments: Value,
    /// What came back.
    pub evidence: Evidence,
}
