//! Step 3: what to ask of which tool. Sends each task on the moment it is known.
//!
//! Comes in: the question and the catalog. Goes out: [`Planned`] tasks over a channel that
//! `execute` reads at the same time, and `taskPlanned` / `planned` events, which only this step
//! emits. Runs nothing.

use serde_json::Value;

use crate::event::Failure;

/// One task of the plan, or why it cannot be one. Every index arrives exactly once, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Position in the plan, from 0.
    pub index: usize,
    /// The task, or the reason with which `execute` finishes it as failed.
    pub task: Result<Task, Rejected>,
}

/// A call to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The plan's own name for it (`t1` …).
    pub id: String,
    /// Names by which later tasks may also refer to it: ids of identical calls.
    pub aliases: Vec<String>,
    /// Qualified name of the tool.
    pub tool_name: String,
    /// Arguments; may hold `${id}` and `${id:/pointer}` placeholders.
    pub arguments: Value,
    /// Ids it waits for, the ones its placeholders imply included. May name tasks not seen yet.
    pub depends_on: Vec<String>,
    /// Higher leaves a queue first.
    pub priority: i64,
}

/// A planned task that cannot be run: unknown tool, invalid arguments, duplicate id.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// Its id, so that dependants learn of it.
    pub id: String,
    /// Why.
    pub failure: Failure,
}
