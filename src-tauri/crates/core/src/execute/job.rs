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

use futures::FutureExt as _;
use serde_json::Value;

use crate::catalog;
use crate::event::{Failure, Reused};
use crate::failure::FailureCode;
use crate::placeholder;
use crate::reason::Reason;

use super::attempts::{Called, attempts};
use super::call::Call;
use super::gate::Ticket;
use super::kept::{Kept, LARGE, away_if};
use super::meter::Meter;
use super::reuse::{self, Reuse};
use super::task_value::TaskValue;

/// A task that nothing holds back but its server's limit.
pub(super) struct Job {
    pub(super) call: Call,
    pub(super) reuse: Option<Reuse>,
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

/// Runs the job to its end.
pub(super) async fn run(job: Job, arguments: Arguments) -> Ended {
    let index = job.call.index;
    let mut meter = Meter::default();
    let mut filled = None;
    let steps = AssertUnwindSafe(steps(job, arguments, &mut meter, &mut filled)).catch_unwind();
    let ending = steps.await.unwrap_or_else(|panic| {
        let words = panic_words(panic.as_ref());
        tracing::error!(index, words, "a task panicked");
        Ending::Failed(FailureCode::Internal.because(own_fault(words)), Kept::default())
    });
    meter.stop();
    Ended { index, ending, meter, filled }
}

/// What is told of a panic.
pub(super) fn own_fault(words: &str) -> Reason {
    let what = format!("Trawl itself failed on this task ({words})");
    Reason::new(what, "the log tells more")
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
    let call = &mut job.call;
    let (arguments, ticket) = match arguments {
        Arguments::Ready { arguments, filled, ticket } => {
            *changed = filled.then(|| arguments.clone());
            (arguments, ticket)
        }
        Arguments::Template { template, values } => match filled(call, template, values).await {
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
    let key = job.reuse.as_ref().and_then(|_| reuse::key(call, object));
    if let (Some(reuse), Some(key)) = (job.reuse, key.clone())
        && let Some((kept, reused)) = reuse::earlier(call, reuse, key).await
    {
        return Ending::Reused(kept, reused);
    }
    let ticket = ticket.unwrap_or_else(|| call.ticket());
    match attempts(call, object, ticket, meter, changed.as_deref()).await {
        Called::Completed(kept) => {
            if let Some(key) = key {
                call.recorder.may_be_reused(call.index, key);
            }
            Ending::Completed(kept)
        }
        Called::Failed(failure, kept) => Ending::Failed(failure, kept),
        Called::Stopped => Ending::Stopped,
    }
}

/// The template with the other tasks' values in their places, valid for the tool.
async fn filled(
    call: &Call,
    template: Arc<Value>,
    values: HashMap<String, Arc<TaskValue>>,
) -> Result<Value, Failure> {
    let tool = call.tool.clone();
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
