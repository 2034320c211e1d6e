//! What happens in a run, as it happens: one [`Event`] per step, task state and piece of answer.
//!
//! The event log is the record of a run: a live window, a reloaded page and a run reopened from
//! history are all drawn from these objects. The JSON shape is a contract for scripts
//! (`tests/fixtures/events.json` is the golden copy); fields and types may be added, none changes
//! its meaning. Numbering and storing is the recorder's work ([`crate::history`]), not done here.

mod asked;
mod bound;
mod finished;
mod usage;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

pub use self::asked::{AskedTool, Effect, RealArguments};
pub use self::bound::LONGEST;
pub(crate) use self::bound::shortened;
pub use self::finished::{Citation, Finished, NotConsulted, Timings, Writer};
pub use self::usage::{Cut, CutUnit, Usage};

/// A run's id, a random UUID.
pub type RunId = Uuid;

/// A JSON object, in the order in which its keys arrived.
pub type Object = Map<String, Value>;

/// One numbered event of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The run this belongs to.
    pub run_id: RunId,
    /// Position in the run's log: from 0, without gaps.
    pub seq: u64,
    /// Milliseconds since the run began; never goes back.
    pub at_ms: f64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened. Tagged by `type` in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EventKind {
    /// Always first.
    Started {
        /// What the person asked.
        question: String,
        /// Wall-clock time, RFC 3339.
        started_at: String,
        /// The run this one follows up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        continues: Option<RunId>,
    },
    /// A server is connected and its tools are listed.
    ServerReady {
        /// Name in the settings.
        server: String,
        /// How many tools it offers.
        tool_count: usize,
        /// Time this run waited for it.
        elapsed_ms: f64,
    },
    /// A server cannot be asked in this run.
    ServerFailed {
        /// Name in the settings.
        server: String,
        /// What happened and what to do.
        message: String,
        /// The part of it, at its end, that says what to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        todo: Option<String>,
    },
    /// Every server is ready, has failed, or is not waited for any longer.
    ToolsDiscovered {
        /// Tools of all servers together.
        count: usize,
        /// Since the run began discovering.
        elapsed_ms: f64,
    },
    /// Planning begins; a second one means that the built-in planner took over.
    PlanStarted {
        /// A model's name, or `builtin`.
        planner: String,
    },
    /// A task was cut out of the plan. Precedes every other event of the task.
    TaskPlanned {
        /// Position in the plan, from 0.
        index: usize,
        /// The plan's own name for it.
        id: String,
        /// Server of the tool; `null` for an unknown tool.
        server: Option<String>,
        /// The tool's name on its server, or what the plan wrote when it is unknown.
        tool: String,
        /// Arguments as planned, placeholders not yet replaced.
        arguments: Value,
        /// Why, in a person's words; may be empty.
        description: String,
        /// Indexes of the tasks it waits for, implied ones too.
        depends_on: Vec<usize>,
        /// Higher leaves a queue first.
        priority: i64,
    },
    /// The plan is whole. Comes after the last `taskPlanned`.
    Planned {
        /// Number of tasks.
        task_count: usize,
        /// Since `planStarted`.
        elapsed_ms: f64,
        /// Tokens of the planning call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
        /// Fallback used, tasks dropped, tools left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// Qualified names of tools that did not fit into the model's context; the first 100.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left_out: Vec<String>,
    },
    /// Tasks wait for a person's approval.
    ApprovalRequested {
        /// The tasks newly asked about.
        indexes: Vec<usize>,
        /// Why approval is needed.
        reason: String,
        /// The real arguments of those whose placeholders were replaced.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        arguments: Vec<RealArguments>,
        /// What is known of their tools.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tools: Vec<AskedTool>,
    },
    /// A person decided.
    ApprovalResolved {
        /// May run.
        approved: Vec<usize>,
        /// May not run.
        denied: Vec<usize>,
        /// Of the approved, those whose tool is always allowed from now on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        always: Vec<usize>,
    },
    /// A task is held back.
    TaskWaiting {
        /// Which task.
        index: usize,
        /// What it waits for.
        reason: WaitReason,
        /// Of `dependency`: the tasks that it waits for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        on: Vec<usize>,
        /// Of `limit`: the calls that its server takes at once at present.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
        /// Until when its server asked to be left alone, in milliseconds since the run began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<f64>,
    },
    /// A call leaves for its server.
    TaskStarted {
        /// Which task.
        index: usize,
        /// From 1.
        attempt: u32,
        /// The real arguments, where placeholders changed them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arguments: Option<Value>,
    },
    /// The server reported progress.
    TaskProgress {
        /// Which task.
        index: usize,
        /// Done so far, in the server's own unit.
        progress: f64,
        /// Of how much, where the server knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<f64>,
        /// The server's own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// An attempt failed and another one follows.
    TaskRetrying {
        /// Which task.
        index: usize,
        /// The attempt that failed.
        attempt: u32,
        /// Wait before the next one.
        delay_ms: f64,
        /// Why the attempt failed.
        reason: String,
    },
    /// A task's last event.
    TaskFinished {
        /// Which task.
        index: usize,
        /// How it ended.
        status: TaskStatus,
        /// First start to end; 0 if never started.
        elapsed_ms: f64,
        /// Calls made; 0 if never started.
        attempts: u32,
        /// Size of the whole result as JSON.
        result_bytes: u64,
        /// Beginning of the result, at most 2 KiB, whole characters.
        preview: String,
        /// How many items its result has, where it is a list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        items: Option<usize>,
        /// Set when an earlier run's result was used instead of a call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reused: Option<Reused>,
        /// Why it did not complete.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
    },
    /// All tasks have ended and the plan is whole.
    TasksFinished {
        /// Tasks with a result.
        completed: usize,
        /// Tasks that failed.
        failed: usize,
        /// Tasks not started since one they depend on did not complete.
        skipped: usize,
        /// Tasks stopped by a person or a limit of time.
        cancelled: usize,
        /// First start to last end.
        wall_ms: f64,
        /// Sum of the time the tasks were running; waits and back-off left out.
        sequential_ms: f64,
    },
    /// A piece of the answer.
    AnswerDelta {
        /// Markdown, to be appended.
        text: String,
    },
    /// The run ended with an answer.
    Finished(Box<Finished>),
    /// The run ended without one.
    Failed {
        /// Stable, `snake_case`; see [`crate::error::RunError::code`].
        code: String,
        /// What happened and what to do.
        message: String,
        /// The part of it, at its end, that says what to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        todo: Option<String>,
    },
    /// A person ended the run.
    Cancelled {},
}

/// What a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WaitReason {
    /// Another task's result.
    Dependency,
    /// A free place among the calls that its server takes at once.
    Limit,
    /// Its server's calls per second.
    Rate,
    /// A person.
    Approval,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TaskStatus {
    /// With a result.
    Completed,
    /// With a reason.
    Failed,
    /// Stopped by a person or a limit of time.
    Cancelled,
    /// Never started, since a task it depends on did not complete.
    Skipped,
}

/// A reason, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable, `snake_case`.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
    /// The part of it, at its end, that says what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub todo: Option<String>,
}

/// Where a reused result came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reused {
    /// The run that made the call.
    pub run_id: RunId,
    /// How old its result is.
    pub age_ms: f64,
}

impl EventKind {
    /// Whether this is a run's last event.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Finished(_) | Self::Failed { .. } | Self::Cancelled {})
    }

    /// A task completed at its first attempt, and no more is known of it than this.
    pub fn completed(index: usize, elapsed_ms: f64, result_bytes: u64, preview: String) -> Self {
        Self::TaskFinished {
            index,
            status: TaskStatus::Completed,
            elapsed_ms,
            attempts: 1,
            result_bytes,
            preview,
            items: None,
            reused: None,
            error: None,
        }
    }

    /// A task is held back, and no more is known than why.
    pub fn waiting(index: usize, reason: WaitReason) -> Self {
        Self::TaskWaiting { index, reason, on: Vec::new(), limit: None, until_ms: None }
    }
}
