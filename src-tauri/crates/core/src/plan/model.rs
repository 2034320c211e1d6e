//! The planner that is a language model: its tasks leave while it is still writing.
//!
//! Comes in: a [`PlanInput`] and a model. Goes out: each task through the [`Checker`] the moment its
//! JSON object closes; after the stream one call that repairs all invalid tasks together. Says how it
//! ended; taking over from a model that failed is the caller's part.

use std::fmt::Write as _;

use super::{
    PlanInput,
    check::{Checked, Checker},
    parse::{Cut, Parser, Rest},
    prompt,
};
use crate::{
    event::{EventKind, Usage},
    llm::{Model, ModelError, Prompt, Reply},
};

/// Elements in a row that lead to no further task, before a plan is taken to repeat itself.
const MOST_IDLE: usize = 64;

/// Times that a prompt which is too long is asked again with half of the tools.
const HALVINGS: u32 = 2;

/// How it ended.
pub(super) struct Ended {
    pub(super) end: End,
    /// What a person should know of the plan.
    pub(super) notes: Vec<String>,
    pub(super) usage: Option<Usage>,
}

/// Whether there is something to go on with.
pub(super) enum End {
    /// At least one valid task was sent.
    Tasks,
    /// No tool is needed. The text was streamed already when `told`.
    Direct { answer: String, told: bool },
    /// No valid task. `prose` is what it wrote instead of a plan.
    Failed { reason: String, prose: Option<String> },
}

/// What was read of a plan.
struct Read {
    rest: Rest,
    usage: Usage,
    broken: Option<ModelError>,
    full: bool,
    unreadable: usize,
}

/// Plans with the model.
pub(super) async fn plan(input: &PlanInput<'_>, model: &Model, checker: &mut Checker<'_>) -> Ended {
    input.recorder.emit(EventKind::PlanStarted { planner: model.name().to_owned() });
    if input.catalog.is_empty() {
        return direct(input, model).await;
    }
    let mut notes = Vec::new();
    let (asked, mut reply) = match ask(input, model).await {
        Ok(asked) => asked,
        Err(error) => {
            return Ended { end: End::failed(error.to_string()), notes, usage: None };
        }
    };
    if asked.left_out > 0 {
        let (left_out, all) = (asked.left_out, input.catalog.len());
        notes.push(format!("{left_out} of {all} tools did not fit and were left out of the plan"));
    }
    let read = read(&mut reply, checker).await;
    // A plan that is stopped at its limit should cost no further tokens.
    drop(reply);
    let mut usage = read.usage;
    if read.full {
        let most = checker.count();
        notes.push(format!(
            "the plan had more than {most} tasks (limits.maxTasks); the others were dropped"
        ));
    }
    if read.unreadable > 0 {
        notes.push(format!("{} entries of the plan were no tasks", read.unreadable));
    }
    if let Some(error) = &read.broken {
        notes.push(format!("the plan broke off: {error}"));
    } else if read.rest.begun && !read.rest.whole && !read.full {
        notes.push("the plan ended before it was whole".to_owned());
    }
    if !checker.invalid().is_empty() && read.broken.is_none() {
        match repair(model, &asked.prompt, &read.rest.text, checker).await {
            Ok(spent) => usage = usage.and(spent),
            Err(error) => notes.push(format!("invalid tasks could not be repaired: {error}")),
        }
    }
    checker.reject_invalid();
    Ended { end: end(&read, checker), notes, usage: Some(usage) }
}

/// Asks; a prompt that is too long is asked again with fewer tools.
async fn ask(input: &PlanInput<'_>, model: &Model) -> Result<(prompt::Asked, Reply), ModelError> {
    let mut context = model.context_tokens();
    let mut halvings = 0;
    loop {
        let asked = prompt::plan(input.question, input.conversation, input.catalog, context);
        match model.ask(&asked.prompt).await {
            Err(ModelError::TooLong { .. }) if halvings < HALVINGS => {
                let bytes = asked.prompt.system.len() as u64;
                // Half of what was really sent, where that was less than the budget.
                context = (context / 2).min(bytes / 4);
                halvings += 1;
            }
            reply => return reply.map(|reply| (asked, reply)),
        }
    }
}

/// Sends tasks on until the plan ends, breaks off or is full.
async fn read(reply: &mut Reply, checker: &mut Checker<'_>) -> Read {
    let mut parser = Parser::default();
    let (mut full, mut unreadable, mut idle, mut broken) = (false, 0, 0, None);
    'plan: loop {
        let piece = match reply.text().await {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(error) => {
                broken = Some(error);
                break;
            }
        };
        for cut in parser.push(&piece) {
            let checked = match cut {
                Cut::Task(raw) => checker.take(raw),
                Cut::Unreadable(text) => {
                    tracing::warn!(text, "an entry of the plan is no task");
                    unreadable += 1;
                    Checked::Alias
                }
            };
            idle = if checked == Checked::Taken { 0 } else { idle + 1 };
            full = checked == Checked::Full;
            if full || idle >= MOST_IDLE {
                break 'plan;
            }
        }
    }
    Read { rest: parser.finish(), usage: reply.usage(), broken, full, unreadable }
}

/// One call for all invalid tasks together.
async fn repair(
    model: &Model,
    asked: &Prompt,
    plan: &str,
    checker: &mut Checker<'_>,
) -> Result<Usage, ModelError> {
    let invalid = checker.invalid().to_vec();
    let mut reply = model.ask(&prompt::repair(asked, plan, &invalid)).await?;
    let mut parser = Parser::default();
    let mut place = 0;
    while let Some(piece) = reply.text().await? {
        for cut in parser.push(&piece) {
            let Cut::Task(raw) = cut else { continue };
            // By its name; models that leave names out are held to the order.
            let named = raw.id.as_ref().and_then(|id| invalid.iter().find(|task| task.id == *id));
            if let Some(task) = named.or_else(|| invalid.get(place)) {
                checker.repair(task.index, raw);
            }
            place += 1;
        }
        if place >= 2 * invalid.len() {
            break;
        }
    }
    Ok(reply.usage())
}

fn end(read: &Read, checker: &Checker<'_>) -> End {
    if checker.valid() > 0 {
        return End::Tasks;
    }
    if let Some(answer) = read.rest.answer.as_ref().filter(|_| checker.count() == 0) {
        return End::Direct { answer: answer.clone(), told: false };
    }
    let reason = match (&read.broken, checker.count(), read.rest.begun) {
        (Some(error), 0, _) => error.to_string(),
        (_, 1.., _) => "none of its tasks can be called".to_owned(),
        (_, 0, true) => "its plan is empty".to_owned(),
        (_, 0, false) if read.rest.text.trim().is_empty() => "it wrote nothing".to_owned(),
        (_, 0, false) => "it wrote prose instead of a plan".to_owned(),
    };
    let text = read.rest.text.trim();
    let prose = !read.rest.begun && !text.is_empty() && !text.contains('{');
    End::Failed { reason, prose: prose.then(|| text.to_owned()) }
}

impl End {
    fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into(), prose: None }
    }
}

/// The model answers by itself: there is no tool that it could plan.
async fn direct(input: &PlanInput<'_>, model: &Model) -> Ended {
    let began = input.recorder.elapsed_ms();
    let failed = |error: ModelError| Ended {
        end: End::failed(error.to_string()),
        notes: Vec::new(),
        usage: None,
    };
    let mut reply = match model.ask(&prompt::direct(input.question, input.conversation)).await {
        Ok(reply) => reply,
        Err(error) => return failed(error),
    };
    let mut answer = String::new();
    let mut notes = Vec::new();
    loop {
        match reply.text().await {
            Ok(Some(text)) => {
                if answer.is_empty() {
                    let elapsed_ms = input.recorder.elapsed_ms() - began;
                    let note = "no tool is connected; the model answers by itself".to_owned();
                    let (task_count, usage) = (0, None);
                    input.recorder.emit(EventKind::Planned {
                        task_count,
                        elapsed_ms,
                        usage,
                        note: Some(note),
                    });
                }
                input.recorder.emit(EventKind::AnswerDelta { text: text.clone() });
                answer.push_str(&text);
            }
            Ok(None) => break,
            Err(error) if answer.is_empty() => return failed(error),
            Err(error) => {
                notes.push(format!("the answer broke off: {error}"));
                let _ = write!(answer, "\n\n*The answer broke off: {error}.*");
                break;
            }
        }
    }
    let usage = Some(reply.usage());
    if answer.trim().is_empty() {
        return Ended { end: End::failed("it wrote nothing"), notes, usage };
    }
    Ended { end: End::Direct { answer, told: true }, notes, usage }
}
