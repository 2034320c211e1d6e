//! Step 3: what to ask of which tool. Sends each task on the moment it is known.
//!
//! Comes in: the question and the catalog. Goes out: [`Planned`] tasks over a channel that
//! `execute` reads at the same time, and `taskPlanned` / `planned` events, which only this step
//! emits. Runs nothing.

mod builtin;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    catalog::{self, Catalog},
    event::{EventKind, Failure, Usage},
    history::Recorder,
    initialize::Turn,
    settings::Settings,
};

/// What a plan is made from, and where its tasks go.
pub(crate) struct PlanInput<'a> {
    pub(crate) question: &'a str,
    /// Earlier turns of the thread, oldest first.
    pub(crate) conversation: &'a [Turn],
    pub(crate) catalog: &'a Catalog,
    pub(crate) settings: &'a Settings,
    pub(crate) recorder: &'a Recorder,
    /// Closed, by being dropped, after `planned` was emitted.
    pub(crate) tasks: UnboundedSender<Planned>,
}

/// How planning went.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) end: PlanEnd,
    /// Since the first `planStarted`.
    pub(crate) elapsed_ms: f64,
    pub(crate) usage: Option<Usage>,
}

/// How planning ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PlanEnd {
    /// With at least one task.
    Tasks,
    /// Nothing can be asked; says what to do.
    NoTools(String),
    /// Neither the model nor the built-in planner made a plan.
    Failed(String),
    /// Stopped by a person or by the run's limit of time.
    Stopped,
}

impl Plan {
    pub(crate) fn stopped() -> Self {
        Self { end: PlanEnd::Stopped, elapsed_ms: 0.0, usage: None }
    }
}

/// Plans, with the model if there is one.
pub(crate) async fn plan(input: PlanInput<'_>) -> Plan {
    let began = input.recorder.elapsed_ms();
    let end = plan_builtin(&input);
    Plan { end, elapsed_ms: input.recorder.elapsed_ms() - began, usage: None }
}

fn plan_builtin(input: &PlanInput<'_>) -> PlanEnd {
    if input.catalog.is_empty() {
        return PlanEnd::NoTools(
            "no connected server offers a tool; add a server in the settings, or test the ones there".into(),
        );
    }
    let began = input.recorder.elapsed_ms();
    input.recorder.emit(EventKind::PlanStarted { planner: "builtin".to_owned() });
    let chosen = builtin::choose(input.question, input.catalog);
    if chosen.is_empty() {
        return PlanEnd::NoTools(
            "no read-only tool of the connected servers fits the question; name what to search for, \
             add a server, or choose a language model in the settings"
                .into(),
        );
    }
    for (index, raw) in chosen.iter().enumerate() {
        send(input, index, raw);
    }
    input.recorder.emit(EventKind::Planned {
        task_count: chosen.len(),
        elapsed_ms: input.recorder.elapsed_ms() - began,
        usage: None,
        note: None,
    });
    PlanEnd::Tasks
}

fn send(input: &PlanInput<'_>, index: usize, raw: &RawTask) {
    let id = format!("t{}", index + 1);
    let description = raw.description.clone().unwrap_or_default();
    let tool = input.catalog.resolve(&raw.tool_name).ok();
    input.recorder.emit(EventKind::TaskPlanned {
        index,
        id: id.clone(),
        server: tool.map(|tool| tool.server.clone()),
        tool: tool.map_or_else(|| raw.tool_name.clone(), |tool| tool.name.clone()),
        arguments: raw.tool_arguments.clone(),
        description: description.clone(),
        depends_on: Vec::new(),
        priority: 0,
    });
    let valid = tool.map(|tool| catalog::validate(tool, &raw.tool_arguments));
    let task = match valid {
        Some(Ok(())) => Ok(Task {
            id,
            aliases: Vec::new(),
            tool_name: raw.tool_name.clone(),
            arguments: raw.tool_arguments.clone(),
            depends_on: Vec::new(),
            priority: 0,
            description,
        }),
        Some(Err(message)) => Err(Rejected {
            id,
            tool_name: raw.tool_name.clone(),
            description,
            failure: Failure { code: "invalid_arguments".into(), message },
        }),
        None => Err(Rejected {
            id,
            tool_name: raw.tool_name.clone(),
            description,
            failure: Failure { code: "unknown_tool".into(), message: raw.tool_name.clone() },
        }),
    };
    // The receiver is gone only when the run is.
    let _ = input.tasks.send(Planned { index, task });
}

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
    /// Why, in a person's words; may be empty.
    pub description: String,
}

/// A planned task that cannot be run: unknown tool, invalid arguments, duplicate id.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// Its id, so that dependants learn of it.
    pub id: String,
    /// What the plan wrote as the tool's name.
    pub tool_name: String,
    /// Why it was planned, in a person's words; may be empty.
    pub description: String,
    /// Why it cannot be run.
    pub failure: Failure,
}

/// One element of a plan's `tasks`, as it was written: nothing resolved, nothing validated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RawTask {
    /// The plan's own name for it.
    pub id: Option<String>,
    /// Qualified name of the tool, or a bare one.
    pub tool_name: String,
    /// Arguments; a string that holds JSON is read as that JSON.
    pub tool_arguments: Value,
    /// Why, in a person's words.
    pub description: Option<String>,
    /// Ids it waits for.
    pub depends_on: Option<Vec<String>>,
    /// Higher leaves a queue first.
    pub priority: Option<i64>,
}
