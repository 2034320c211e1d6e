//! What a run's tasks are before they run, and what has become of them afterwards.
//!
//! The planner hands each on as [`Planned`] the moment it is known; the executor makes an [`Outcome`]
//! of each, which the writers read.

use serde_json::Value;

use crate::{
    event::{Failure, TaskStatus},
    failure::FailureCode,
    reason::Reason,
};

/// What a plan says next. Indexes count up, but a task that had to be repaired comes after its
/// neighbours.
#[derive(Debug, Clone, PartialEq)]
pub enum Planned {
    /// A call to be made, with its position in the plan, from 0.
    Task(usize, Task),
    /// An element of the plan that cannot be run; it ends as failed.
    Rejected(usize, Rejected),
    /// A further name by which later tasks may refer to a task that was handed on.
    Alias(usize, String),
}

/// A call to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The plan's own name for it (`t1` …).
    pub id: String,
    /// Names by which later tasks may also refer to it: ids of identical calls that came before.
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

/// How one task ended. Its result is with the recorder.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Position in the plan, from 0.
    pub index: usize,
    /// The plan's own name for it.
    pub id: String,
    /// Server of its tool; `None` for an unknown tool.
    pub server: Option<String>,
    /// The tool's name on its server, or what the plan wrote.
    pub tool: String,
    /// Why it was planned, in a person's words; may be empty.
    pub description: String,
    /// As they were sent; as planned where nothing was sent.
    pub arguments: Value,
    /// How it ended.
    pub status: TaskStatus,
    /// Why it did not complete.
    pub failure: Option<Failure>,
    /// First start to end, in milliseconds; 0 if never started.
    pub elapsed_ms: f64,
    /// Calls made.
    pub attempts: u32,
}

/// All tasks of a run, ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed {
    /// In plan order.
    pub tasks: Vec<Outcome>,
    /// The run's limit of time ended them.
    pub timed_out: bool,
    /// First start to last end, in milliseconds.
    pub wall_ms: f64,
    /// The time that calls were in flight, one after the other, in milliseconds.
    pub sequential_ms: f64,
}

/// Why open tasks, or a plan that is not whole, come to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A person wants the answer from what is there.
    Tasks,
    /// A person ended the run.
    Run,
    /// The run's limit of time passed.
    TimedOut,
}

impl Outcome {
    /// Whether it was not called since a person did not allow it.
    pub fn was_denied(&self) -> bool {
        FailureCode::Denied.is_of(self.failure.as_ref())
    }

    /// Of a task that has not ended.
    pub(crate) fn open(index: usize, id: String, tool: String, description: String) -> Self {
        Self {
            index,
            id,
            server: None,
            tool,
            description,
            arguments: Value::Null,
            status: TaskStatus::Cancelled,
            failure: None,
            elapsed_ms: 0.0,
            attempts: 0,
        }
    }
}

impl Stop {
    /// What the answer to a part of a plan tells of it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Tasks => "it was stopped",
            Self::Run => "the run was cancelled",
            Self::TimedOut => {
                "the run's limit of time passed; limits.runTimeoutSeconds is the setting"
            }
        }
    }

    /// Of each task that it ends.
    pub(crate) fn failure(self) -> Failure {
        match self {
            Self::Run => FailureCode::Cancelled.because("the run was cancelled"),
            Self::Tasks => FailureCode::Cancelled.because("the open tasks were stopped"),
            Self::TimedOut => FailureCode::RunTimedOut.because(Reason::new(
                "the run's limit of time passed",
                "raise limits.runTimeoutSeconds in the settings if it needs longer",
            )),
        }
    }

    /// Of a task that a person stopped by itself.
    pub(crate) fn of_one_task() -> Failure {
        FailureCode::Cancelled.because("it was stopped")
    }
}
