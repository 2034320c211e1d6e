//! A task on its own tokio task: its arguments filled in and valid, then its attempts.
//!
//! Comes in: a [`Job`]. Goes out: an [`Ended`], whatever happens: a panic in here ends this task
//! alone. Emits the task's events between its first wait and its end; the end itself is told by the
//! board, which owns the state of every task.

use std::any::Any;
use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::catalog::{self, Tool};
use crate::event::{Failure, Reused};
use crate::history::Recorder;
use crate::mcp::{Connections, Server};
use crate::placeholder;

use super::attempts::attempts;
use super::failure::FailureCode;
use super::gate::{Gate, Ticket};
use super::reuse::{self, Reuse};
use super::value::TaskValue;

/// Results above this size are compressed, and parsed, away from the threads that answer servers.
pub(super) const LARGE: usize = 256 * 1024;

/// Everything that one task needs once nothing but its server's limit holds it back.
pub(super) struct Job {
    pub(super) index: usize,
    pub(super) priority: i64,
    pub(super) tool: Arc<Tool>,
    pub(super) server: Server,
    pub(super) connections: Connections,
    pub(super) gate: Arc<Gate>,
    pub(super) recorder: Recorder,
    pub(super) reuse: Option<Reuse>,
    pub(super) cancel: CancellationToken,
    /// The run's limit of time; no attempt is planned beyond it.
    pub(super) deadline: Instant,
    /// Ends before the call, since the real arguments need a person's approval first.
    pub(super) only_fill: bool,
}

/// What the tool is called with.
pub(super) enum Arguments {
    /// Known; the place in the server's queue is taken already, if the call is sure to be made.
    Ready { arguments: Arc<Value>, filled: bool, ticket: Option<Ticket> },
    /// Placeholders are to be replaced by the values of the tasks they name.
    Template { template: Arc<Value>, values: HashMap<String, Arc<TaskValue>> },
}

/// What became of a job.
pub(super) struct Ended {
    pub(super) index: usize,
    pub(super) ending: Ending,
    pub(super) meter: Meter,
    /// What the tool was, or would have been, called with, where that is not what was planned.
    pub(super) filled: Option<Arc<Value>>,
}

/// How a job ended.
pub(super) enum Ending {
    /// The arguments are filled in and valid.
    Filled,
    /// There is a result.
    Completed(Kept),
    /// An earlier run's result stands for this call's.
    Reused(Kept, Reused),
    /// There is none, or one that is an error.
    Failed(Failure, Kept),
    /// It was told to stop.
    Stopped,
}

/// What the recorder holds of a task's result.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) bytes: usize,
    pub(super) preview: String,
}

/// Times and counts, also of a job that panicked.
#[derive(Default)]
pub(super) struct Meter {
    pub(super) attempts: u32,
    pub(super) first_start: Option<Instant>,
    pub(super) end: Option<Instant>,
    /// Time with a call in flight.
    pub(super) running: Duration,
    in_flight_since: Option<Instant>,
}

impl Meter {
    pub(super) fn start(&mut self) {
        let now = Instant::now();
        self.attempts += 1;
        self.first_start.get_or_insert(now);
        self.in_flight_since = Some(now);
    }

    pub(super) fn stop(&mut self) {
        let now = Instant::now();
        self.end = Some(now);
        if let Some(since) = self.in_flight_since.take() {
            self.running += now - since;
        }
    }
}

/// Runs the job to its end.
pub(super) async fn run(job: Job, arguments: Arguments) -> Ended {
    let index = job.index;
    let mut meter = Meter::default();
    let mut filled = None;
    let steps = AssertUnwindSafe(steps(job, arguments, &mut meter, &mut filled)).catch_unwind();
    let ending = steps.await.unwrap_or_else(|panic| {
        let words = panic_words(panic.as_ref());
        tracing::error!(index, words, "a task panicked");
        let message = format!("Trawl itself failed on this task ({words}); the log tells more");
        Ending::Failed(FailureCode::Internal.because(message), Kept::default())
    });
    meter.stop();
    Ended { index, ending, meter, filled }
}

/// What a panic said.
pub(super) fn panic_words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words")
}

async fn steps(
    mut job: Job,
    arguments: Arguments,
    meter: &mut Meter,
    changed: &mut Option<Arc<Value>>,
) -> Ending {
    let (arguments, ticket) = match arguments {
        Arguments::Ready { arguments, filled, ticket } => {
            *changed = filled.then(|| arguments.clone());
            (arguments, ticket)
        }
        Arguments::Template { template, values } => match filled(&job, template, values).await {
            Ok(arguments) => {
                let arguments = Arc::new(arguments);
                *changed = Some(arguments.clone());
                (arguments, None)
            }
            Err(failure) => return Ending::Failed(failure, Kept::default()),
        },
    };
    if job.only_fill {
        return Ending::Filled;
    }
    let Some(object) = arguments.as_object() else {
        let failure = FailureCode::InvalidArguments.because("the arguments are not a JSON object");
        return Ending::Failed(failure, Kept::default());
    };
    let key = reuse::key(&job, object);
    if let Some(key) = key.clone()
        && let Some((kept, reused)) = reuse::earlier(&job, key).await
    {
        return Ending::Reused(kept, reused);
    }
    let ticket = ticket.unwrap_or_else(|| job.gate.enter(job.priority, job.index));
    let ending = attempts(&mut job, object, ticket, meter, changed.as_deref()).await;
    if let (Some(key), Ending::Completed(_)) = (key, &ending) {
        job.recorder.may_be_reused(job.index, key);
    }
    ending
}

/// The template with the other tasks' values in their places, valid for the tool.
async fn filled(
    job: &Job,
    template: Arc<Value>,
    values: HashMap<String, Arc<TaskValue>>,
) -> Result<Value, Failure> {
    let tool = job.tool.clone();
    let large = values.values().any(|value| value.is_larger_than(LARGE));
    away_if(large, move || {
        let mut found = HashMap::new();
        for (id, value) in values {
            // Not there: `fill` says so.
            if let Some(value) = value.get() {
                found.insert(id, value);
            }
        }
        let arguments = placeholder::fill(&template, &found)
            .map_err(|message| FailureCode::PlaceholderNotFound.because(message))?;
        let fitted = catalog::fitted(&tool, &arguments).map(Cow::into_owned);
        fitted.map_err(|message| FailureCode::InvalidArguments.because(message))
    })
    .await
}

/// Runs what takes long on a thread of its own.
pub(super) async fn away_if<T: Send + 'static>(
    long: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if !long {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            // That is this task's panic.
            Ok(panic) => std::panic::resume_unwind(panic),
            // The whole runtime ends.
            Err(_) => std::future::pending().await,
        },
    }
}
