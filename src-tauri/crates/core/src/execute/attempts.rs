//! A task's calls: a place at the server for each, one to three of them, and the result kept.
//!
//! Comes in: a call and its arguments. Goes out: how it ended. Emits `taskWaiting`, `taskStarted` and
//! `taskRetrying`.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::backoff;
use crate::event::{EventKind, Failure, Object, WaitReason};
use crate::failure::FailureCode;
use crate::mcp::{CallError, ToolResult};
use crate::reason::Reason;

use super::attempt::attempt;
use super::call::Call;
use super::gate::{HeldBy, Permit, Ticket};
use super::kept::{Kept, keep};
use super::meter::Meter;
use super::preview;
use super::retry;

/// What became of the calls.
pub(super) enum Called {
    /// There is a result.
    Completed(Kept),
    /// There is none, or one that is an error.
    Failed(Failure, Kept),
    /// They were told to stop.
    Stopped,
}

/// What an answer means.
enum Verdict {
    Good(ToolResult),
    /// A tool's own error comes with its result.
    Bad {
        code: FailureCode,
        reason: Reason,
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
    call: &mut Call,
    arguments: &Object,
    ticket: Ticket,
    meter: &mut Meter,
    changed: Option<&Value>,
) -> Called {
    let mut ceilings = retry::ceilings();
    let mut ticket = Some(ticket);
    loop {
        let mut unreachable = None;
        if !call.server.is_usable() {
            // Neither a place at the server nor the task's own time is spent on connecting.
            ticket = None;
            match reconnected(call).await {
                Reconnected::Same => {}
                Reconnected::Other(failure) => return Called::Failed(failure, Kept::default()),
                Reconnected::Not(error) => unreachable = Some(error),
                Reconnected::Stopped => return Called::Stopped,
            }
        }
        let place = ticket.take().unwrap_or_else(|| call.ticket());
        let Some(permit) = admitted(call, place).await else { return Called::Stopped };
        meter.start();
        call.recorder.emit(EventKind::TaskStarted {
            index: call.index,
            attempt: meter.attempts,
            arguments: changed.filter(|_| meter.attempts == 1).cloned(),
        });
        let answer = match unreachable {
            Some(error) => Err(error),
            // A large state machine that only those need who are let in: thousands may wait outside.
            None => Box::pin(attempt(call, arguments)).await,
        };
        meter.stop();
        let verdict = judged(call, &permit, answer);
        // The server is free for the next call while this one's result is put away.
        drop(permit);
        let (code, reason, result, again) = match verdict {
            Verdict::Stopped => return Called::Stopped,
            Verdict::Good(result) => return Called::Completed(keep(call, result).await),
            Verdict::Bad { code, reason, result, again } => (code, reason, result, again),
        };
        let wait = again.and_then(|again| {
            let delay = backoff::delay(ceilings.next()?, again.retry_after);
            let next = Instant::now().checked_add(delay)?;
            (next < call.deadline).then_some((delay, again.reason))
        });
        let Some((delay, because)) = wait else {
            let kept = match result {
                Some(result) => keep(call, result).await,
                None => Kept::default(),
            };
            return Called::Failed(after_all(code, reason, meter.attempts), kept);
        };
        call.recorder.emit(EventKind::TaskRetrying {
            index: call.index,
            attempt: meter.attempts,
            delay_ms: delay.as_secs_f64() * 1000.0,
            reason: because,
        });
        tokio::select! {
            biased;
            () = call.cancel.cancelled() => return Called::Stopped,
            () = sleep(delay) => {}
        }
    }
}

async fn admitted(call: &Call, place: Ticket) -> Option<Permit> {
    let told = |by| {
        let (reason, limit, until_ms) = match by {
            HeldBy::Limit(limit) => (WaitReason::Limit, Some(limit), None),
            HeldBy::Rate => (WaitReason::Rate, None, None),
            HeldBy::Pause(until) => (WaitReason::Rate, None, Some(call.recorder.ms_at(until))),
        };
        let (index, on) = (call.index, Vec::new());
        call.recorder.emit(EventKind::TaskWaiting { index, reason, on, limit, until_ms });
    };
    tokio::select! {
        biased;
        () = call.cancel.cancelled() => None,
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

/// Connects the call's server anew.
async fn reconnected(call: &mut Call) -> Reconnected {
    let name = call.server.name().to_owned();
    let reconnected = tokio::select! {
        biased;
        () = call.cancel.cancelled() => return Reconnected::Stopped,
        // As large as all of connecting.
        reconnected = Box::pin(call.connections.connected(&name)) => reconnected,
    };
    match reconnected {
        Ok(server) => call.server = server,
        Err(error) => {
            let reason = error.reason();
            return Reconnected::Not(CallError::Disconnected { reason, sent: false });
        }
    }
    // What was approved, or needed no approval, was the tool as it was defined then.
    let now = call.server.tools().iter().find(|tool| tool.name == call.tool.name);
    match now {
        Some(now) if now.definition != call.tool.definition && !now.hints.read_only => {
            let what = format!(
                "the tool {} of server \"{name}\" has changed since the call was planned",
                now.name
            );
            Reconnected::Other(FailureCode::NeedsApproval.because(Reason::new(what, "ask again")))
        }
        _ => Reconnected::Same,
    }
}

/// What an answer means, for the task and for its server's gate.
fn judged(call: &Call, permit: &Permit, answer: Result<ToolResult, CallError>) -> Verdict {
    let (tool, entry) = (&call.tool, call.server.entry());
    match answer {
        Ok(result) if !result.is_error => {
            permit.answered();
            Verdict::Good(result)
        }
        Ok(result) => {
            let words = preview::told(&result.json, &call.server);
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
                code: FailureCode::ToolError,
                reason: joined(&message, slowed).into(),
                result: Some(result),
                again: again.then_some(Again { retry_after: None, reason }),
            }
        }
        Err(CallError::Cancelled) if call.cancel.is_cancelled() => Verdict::Stopped,
        Err(error) => {
            let retry_after = retry::retry_after(&error);
            let too_many = retry::is_one_too_many(&error);
            let slowed = if too_many { permit.refused(retry_after) } else { None };
            let again = retry::call_may_be_repeated(&error, tool.hints, entry);
            let reason = error.reason().retold(|what| joined(what, slowed));
            Verdict::Bad {
                again: again.then(|| Again { retry_after, reason: reason.to_string() }),
                code: FailureCode::from(&error),
                reason,
                result: None,
            }
        }
    }
}

fn after_all(code: FailureCode, reason: Reason, attempts: u32) -> Failure {
    if attempts < 2 {
        return code.because(reason);
    }
    code.because(reason.retold(|what| format!("{what} (tried {attempts} times)")))
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
