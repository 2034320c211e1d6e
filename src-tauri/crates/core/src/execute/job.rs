//! A task on its own tokio task: arguments filled in, a place at the server, one to three attempts.
//!
//! Comes in: a [`Job`]. Goes out: an [`Ended`], whatever happens: a panic in here ends this task
//! alone. Emits the task's events between its first wait and its end; the end itself is told by the
//! board, which owns the state of every task.

use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::catalog::{self, Tool};
use crate::event::{EventKind, Failure, Object};
use crate::history::Recorder;
use crate::mcp::{CallError, Connections, Server, ToolResult};
use crate::placeholder;

use super::attempt::attempt;
use super::failure::FailureCode;
use super::gate::{Gate, Permit, Ticket};
use super::preview::{self, preview};
use super::retry;
use super::value::TaskValue;

/// Results above this size are compressed, and parsed, away from the threads that answer servers.
const LARGE: usize = 256 * 1024;

/// Everything that one task needs once nothing but its server's limit holds it back.
pub(super) struct Job {
    pub(super) index: usize,
    pub(super) priority: i64,
    pub(super) tool: Arc<Tool>,
    pub(super) server: Server,
    pub(super) connections: Connections,
    pub(super) gate: Arc<Gate>,
    pub(super) recorder: Recorder,
    pub(super) cancel: CancellationToken,
    /// The run's limit of time; no attempt is planned beyond it.
    pub(super) deadline: Instant,
    /// Ends before the call, since the real arguments need a person's approval first.
    pub(super) only_fill: bool,
}

/// What the tool is called with.
pub(super) enum Arguments {
    /// Known; the place in the server's queue is taken already.
    Ready { arguments: Arc<Value>, filled: bool, ticket: Ticket },
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
    fn start(&mut self) {
        let now = Instant::now();
        self.attempts += 1;
        self.first_start.get_or_insert(now);
        self.in_flight_since = Some(now);
    }

    fn stop(&mut self) {
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
            (arguments, Some(ticket))
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
    let ticket = ticket.unwrap_or_else(|| job.gate.enter(job.priority, job.index));
    attempts(&mut job, object, ticket, meter, changed.as_deref()).await
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
        catalog::validate(&tool, &arguments)
            .map_err(|message| FailureCode::InvalidArguments.because(message))?;
        Ok(arguments)
    })
    .await
}

async fn attempts(
    job: &mut Job,
    arguments: &Object,
    ticket: Ticket,
    meter: &mut Meter,
    changed: Option<&Value>,
) -> Ending {
    let mut ceilings = retry::ceilings();
    let mut ticket = Some(ticket);
    loop {
        let place = ticket.take().unwrap_or_else(|| job.gate.enter(job.priority, job.index));
        let Some(permit) = admitted(job, place).await else { return Ending::Stopped };
        meter.start();
        job.recorder.emit(EventKind::TaskStarted {
            index: job.index,
            attempt: meter.attempts,
            arguments: changed.filter(|_| meter.attempts == 1).cloned(),
        });
        let answer = called(job, arguments).await;
        meter.stop();
        let verdict = judged(job, &permit, answer).await;
        drop(permit);
        let Verdict { ending, again } = verdict;
        let Some(Again { retry_after, reason }) = again else { return ending };
        let Some(ceiling) = ceilings.next() else { return after_all(ending, meter.attempts) };
        let delay = retry::delay(ceiling, retry_after);
        if Instant::now() + delay >= job.deadline {
            return ending;
        }
        job.recorder.emit(EventKind::TaskRetrying {
            index: job.index,
            attempt: meter.attempts,
            delay_ms: delay.as_secs_f64() * 1000.0,
            reason,
        });
        tokio::select! {
            biased;
            () = job.cancel.cancelled() => return Ending::Stopped,
            () = sleep(delay) => {}
        }
    }
}

async fn admitted(job: &Job, place: Ticket) -> Option<Permit> {
    let told = |reason| job.recorder.emit(EventKind::TaskWaiting { index: job.index, reason });
    tokio::select! {
        biased;
        () = job.cancel.cancelled() => None,
        permit = place.admitted(told) => Some(permit),
    }
}

/// The call, over a connection made anew if it broke.
async fn called(job: &mut Job, arguments: &Object) -> Result<ToolResult, CallError> {
    if !job.server.is_usable() {
        let reconnected = tokio::select! {
            biased;
            () = job.cancel.cancelled() => return Err(CallError::Cancelled),
            reconnected = job.connections.connected(job.server.name()) => reconnected,
        };
        match reconnected {
            Ok(server) => job.server = server,
            Err(error) => {
                return Err(CallError::Disconnected { message: error.to_string(), sent: false });
            }
        }
    }
    attempt(&job.server, &job.tool.name, arguments, &job.cancel, &job.recorder, job.index).await
}

struct Verdict {
    ending: Ending,
    again: Option<Again>,
}

struct Again {
    retry_after: Option<Duration>,
    reason: String,
}

/// What an answer means, and whether the call is worth another try.
async fn judged(job: &Job, permit: &Permit, answer: Result<ToolResult, CallError>) -> Verdict {
    let (tool, entry) = (&job.tool, job.server.entry());
    match answer {
        Ok(result) if !result.is_error => {
            permit.answered();
            Verdict { ending: Ending::Completed(kept(job, result).await), again: None }
        }
        Ok(result) => {
            let words = preview(&result.json);
            let too_many = retry::speaks_of_too_many(&words);
            let slowed = if too_many { permit.refused(None) } else { None };
            if !too_many {
                permit.answered();
            }
            let kept = kept(job, result).await;
            let message = if words.trim().is_empty() {
                format!(
                    "the tool {} of server \"{}\" reported an error without a word",
                    tool.name, tool.server
                )
            } else {
                words
            };
            let reason = joined(first_line(&message), slowed);
            let again = retry::tool_error_may_be_repeated(tool.hints, entry);
            Verdict {
                ending: Ending::Failed(FailureCode::ToolError.because(message), kept),
                again: again.then_some(Again { retry_after: None, reason }),
            }
        }
        Err(CallError::Cancelled) if job.cancel.is_cancelled() => {
            Verdict { ending: Ending::Stopped, again: None }
        }
        Err(error) => {
            let retry_after = retry::retry_after(&error);
            let too_many = retry::is_one_too_many(&error);
            let slowed = if too_many { permit.refused(retry_after) } else { None };
            let again = retry::call_may_be_repeated(&error, tool.hints, entry);
            let message = joined(&error.to_string(), slowed);
            let failure = FailureCode::from(&error).because(message.clone());
            Verdict {
                ending: Ending::Failed(failure, Kept::default()),
                again: again.then_some(Again { retry_after, reason: message }),
            }
        }
    }
}

/// Hands the result to the recorder and to the log; only its beginning stays here.
async fn kept(job: &Job, result: ToolResult) -> Kept {
    let (recorder, index, tool) = (job.recorder.clone(), job.index, job.tool.clone());
    away_if(result.json.len() > LARGE, move || {
        recorder.keep_result(index, &result.json);
        tracing::debug!(
            target: "trawl::results",
            run = %recorder.run_id(),
            index,
            server = tool.server,
            tool = tool.name,
            is_error = result.is_error,
            result = result.json,
        );
        Kept { bytes: result.json.len(), preview: preview(&result.json) }
    })
    .await
}

/// Runs what takes long on a thread of its own.
async fn away_if<T: Send + 'static>(long: bool, work: impl FnOnce() -> T + Send + 'static) -> T {
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

fn after_all(ending: Ending, attempts: u32) -> Ending {
    match ending {
        Ending::Failed(failure, kept) if attempts > 1 => {
            let message = format!("{} (tried {attempts} times)", failure.message);
            Ending::Failed(Failure { message, ..failure }, kept)
        }
        other => other,
    }
}

fn joined(words: &str, more: Option<String>) -> String {
    match more {
        Some(more) => format!("{words}; {more}"),
        None => words.to_owned(),
    }
}

fn first_line(words: &str) -> &str {
    let line = words.lines().next().unwrap_or_default();
    &line[..line.floor_char_boundary(preview::LONGEST / 8)]
}
