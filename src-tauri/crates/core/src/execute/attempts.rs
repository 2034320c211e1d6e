//! A task's calls: a place at the server for each, one to three of them, and the result kept.
//!
//! Comes in: a job and its arguments. Goes out: how it ended. Emits `taskWaiting`, `taskStarted` and
//! `taskRetrying`.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::event::{EventKind, Failure, Object, WaitReason};
use crate::logging;
use crate::mcp::{CallError, ToolResult};

use super::attempt::attempt;
use super::failure::FailureCode;
use super::gate::{HeldBy, Permit, Ticket};
use super::job::{Ending, Job, Kept, LARGE, Meter, away_if};
use super::preview;
use super::retry;

/// What an answer means.
enum Verdict {
    Good(ToolResult),
    /// A tool's own error comes with its result.
    Bad {
        failure: Failure,
        result: Option<ToolResult>,
        again: Option<Again>,
    },
    Stopped,
}

/// The call is worth another try.
struct Again {
    retry_after: Option<Duration>,
    reason: String,
}

/// Calls until there is a result, or no further attempt is worth it. `changed` are the arguments
/// where they are not what was planned.
pub(super) async fn attempts(
    job: &mut Job,
    arguments: &Object,
    ticket: Ticket,
    meter: &mut Meter,
    changed: Option<&Value>,
) -> Ending {
    let mut ceilings = retry::ceilings();
    let mut ticket = Some(ticket);
    loop {
        let mut unreachable = None;
        if !job.server.is_usable() {
            // Neither a place at the server nor the task's own time is spent on connecting.
            ticket = None;
            match reconnected(job).await {
                Reconnected::Same => {}
                Reconnected::Other(failure) => return Ending::Failed(failure, Kept::default()),
                Reconnected::Not(error) => unreachable = Some(error),
                Reconnected::Stopped => return Ending::Stopped,
            }
        }
        let place = ticket.take().unwrap_or_else(|| job.gate.enter(job.priority, job.index));
        let Some(permit) = admitted(job, place).await else { return Ending::Stopped };
        meter.start();
        job.recorder.emit(EventKind::TaskStarted {
            index: job.index,
            attempt: meter.attempts,
            arguments: changed.filter(|_| meter.attempts == 1).cloned(),
        });
        let answer = match unreachable {
            Some(error) => Err(error),
            // A large state machine that only those need who are let in: thousands may wait outside.
            None => Box::pin(attempt(job, arguments)).await,
        };
        meter.stop();
        let verdict = judged(job, &permit, answer);
        // The server is free for the next call while this one's result is put away.
        drop(permit);
        let (failure, result, again) = match verdict {
            Verdict::Stopped => return Ending::Stopped,
            Verdict::Good(result) => return Ending::Completed(kept(job, result).await),
            Verdict::Bad { failure, result, again } => (failure, result, again),
        };
        let wait = again.and_then(|again| {
            let delay = retry::delay(ceilings.next()?, again.retry_after);
            let next = Instant::now().checked_add(delay)?;
            (next < job.deadline).then_some((delay, again.reason))
        });
        let Some((delay, reason)) = wait else {
            let kept = match result {
                Some(result) => kept(job, result).await,
                None => Kept::default(),
            };
            return Ending::Failed(after_all(failure, meter.attempts), kept);
        };
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
    let told = |by| {
        let (reason, limit, until_ms) = match by {
            HeldBy::Limit(limit) => (WaitReason::Limit, Some(limit), None),
            HeldBy::Rate => (WaitReason::Rate, None, None),
            HeldBy::Pause(until) => (WaitReason::Rate, None, Some(job.recorder.ms_at(until))),
        };
        let (index, on) = (job.index, Vec::new());
        job.recorder.emit(EventKind::TaskWaiting { index, reason, on, limit, until_ms });
    };
    tokio::select! {
        biased;
        () = job.cancel.cancelled() => None,
        permit = place.admitted(told) => Some(permit),
    }
}

/// How it went to connect a server anew.
enum Reconnected {
    Same,
    /// The tool is not the one any more that may be called.
    Other(Failure),
    Not(CallError),
    Stopped,
}

/// Connects the job's server anew.
async fn reconnected(job: &mut Job) -> Reconnected {
    let name = job.server.name().to_owned();
    let reconnected = tokio::select! {
        biased;
        () = job.cancel.cancelled() => return Reconnected::Stopped,
        // As large as all of connecting.
        reconnected = Box::pin(job.connections.connected(&name)) => reconnected,
    };
    match reconnected {
        Ok(server) => job.server = server,
        Err(error) => {
            let message = error.to_string();
            return Reconnected::Not(CallError::Disconnected { message, sent: false });
        }
    }
    // What was approved, or needed no approval, was the tool as it was defined then.
    let now = job.server.tools().iter().find(|tool| tool.name == job.tool.name);
    match now {
        Some(now) if now.definition != job.tool.definition && !now.hints.read_only => {
            let message = format!(
                "the tool {} of server \"{name}\" has changed since the call was planned; ask again",
                now.name
            );
            Reconnected::Other(FailureCode::NeedsApproval.because(message))
        }
        _ => Reconnected::Same,
    }
}

/// What an answer means, for the task and for its server's gate.
fn judged(job: &Job, permit: &Permit, answer: Result<ToolResult, CallError>) -> Verdict {
    let (tool, entry) = (&job.tool, job.server.entry());
    match answer {
        Ok(result) if !result.is_error => {
            permit.answered();
            Verdict::Good(result)
        }
        Ok(result) => {
            let words = preview::told(&result.json, &job.server);
            let too_many = retry::speaks_of_too_many(&words);
            let slowed = if too_many { permit.refused(None) } else { None };
            if !too_many {
                permit.answered();
            }
            let message = if words.trim().is_empty() {
                let (tool, server) = (&tool.name, &tool.server);
                format!("the tool {tool} of server \"{server}\" reported an error without a word")
            } else {
                words
            };
            let reason = joined(first_line(&message), slowed.clone());
            let again = retry::tool_error_may_be_repeated(tool.hints, entry);
            Verdict::Bad {
                failure: FailureCode::ToolError.because(joined(&message, slowed)),
                result: Some(result),
                again: again.then_some(Again { retry_after: None, reason }),
            }
        }
        Err(CallError::Cancelled) if job.cancel.is_cancelled() => Verdict::Stopped,
        Err(error) => {
            let retry_after = retry::retry_after(&error);
            let too_many = retry::is_one_too_many(&error);
            let slowed = if too_many { permit.refused(retry_after) } else { None };
            let again = retry::call_may_be_repeated(&error, tool.hints, entry);
            let message = joined(&error.to_string(), slowed);
            Verdict::Bad {
                failure: FailureCode::from(&error).because(message.clone()),
                result: None,
                again: again.then_some(Again { retry_after, reason: message }),
            }
        }
    }
}

/// Hands the result to the recorder and to the log; only its beginning stays here.
async fn kept(job: &Job, result: ToolResult) -> Kept {
    let (recorder, index, tool) = (job.recorder.clone(), job.index, job.tool.clone());
    let server = job.server.clone();
    let takes_long = result.json.len() > LARGE || logging::is_behind();
    away_if(takes_long, move || {
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
        Kept { bytes: result.json.len(), preview: preview::told(&result.json, &server) }
    })
    .await
}

fn after_all(failure: Failure, attempts: u32) -> Failure {
    if attempts < 2 {
        return failure;
    }
    let message = format!("{} (tried {attempts} times)", failure.message);
    Failure { message, ..failure }
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
