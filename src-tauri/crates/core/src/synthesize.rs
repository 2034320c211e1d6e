//! Step 5: one answer from what the tasks found.
//!
//! Comes in: the tasks' outcomes and their results. Goes out: the answer as Markdown with its
//! citations, streamed as `answerDelta`s, and the list of what was not consulted. Calls no tool.

pub mod builtin;
pub mod citations;
mod context;
mod definitions;
pub mod evidence;
pub(crate) mod model;
mod pieces;
mod quotations;
mod shorten;

use serde_json::Value;

use self::{citations::Checked, evidence::Evidence};
use crate::{
    event::{Citation, Cut, EventKind, NotConsulted, TaskStatus, Usage, Writer},
    failure::FailureCode,
    history::Recorder,
    task::Outcome,
};

/// A completed task, as the writers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Position in the plan, from 0.
    pub index: usize,
    /// Its server.
    pub server: String,
    /// The tool's name on that server.
    pub tool: String,
    /// What the plan wanted of it; may be empty.
    pub description: String,
    /// As they were sent.
    pub arguments: Value,
    /// What came back.
    pub evidence: Evidence,
}

/// An answer and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) markdown: String,
    pub(crate) writer: Writer,
    pub(crate) citations: Vec<Citation>,
    pub(crate) citations_removed: usize,
    /// Of the model's calls.
    pub(crate) usage: Option<Usage>,
    /// Results of which the model read a part.
    pub(crate) cuts: Vec<Cut>,
    /// The model failed, so that the built-in writer completed the answer; or it is not whole, or
    /// rests on a plan that is not.
    pub(crate) broken: bool,
}

impl Answer {
    fn new(markdown: String, citations: Vec<Citation>, writer: Writer) -> Self {
        Self {
            markdown,
            writer,
            citations,
            citations_removed: 0,
            usage: None,
            cuts: Vec::new(),
            broken: false,
        }
    }
}

/// An answer that a model gave by itself, without a source: what it cites does not exist.
pub(crate) fn direct(markdown: &str, broken: bool) -> Answer {
    let Checked { markdown, citations, removed } = citations::check(markdown, &[], "");
    Answer { citations_removed: removed, broken, ..Answer::new(markdown, citations, Writer::Model) }
}

/// Lists what was found, without a model.
pub(crate) fn list(found: &[Found], not_consulted: &[NotConsulted], recorder: &Recorder) -> Answer {
    let markdown = builtin::write(found, not_consulted);
    recorder.emit(EventKind::AnswerDelta { text: markdown.clone() });
    let citations = builtin::citations(&markdown, found);
    Answer::new(markdown, citations, Writer::Builtin)
}

/// An answer to a plan that was stopped before it was whole: it says so, and is partial.
pub(crate) fn to_part_of_a_plan(mut answer: Answer, why: &str, recorder: &Recorder) -> Answer {
    let text = format!("\n\n*The plan broke off: {why}.*");
    recorder.emit(EventKind::AnswerDelta { text: text.clone() });
    answer.markdown.push_str(&text);
    answer.broken = true;
    answer
}

/// The completed tasks with their results, in plan order. Unpacks and parses whole results, on a
/// thread where that holds nobody up.
pub(crate) async fn found(tasks: &[Outcome], recorder: &Recorder) -> Vec<Found> {
    let completed = tasks.iter().filter(|task| task.status == TaskStatus::Completed);
    let (completed, recorder) = (completed.cloned().collect::<Vec<_>>(), recorder.clone());
    let reading = tokio::task::spawn_blocking(move || {
        completed.into_iter().filter_map(|task| read(task, &recorder)).collect()
    });
    match reading.await {
        Ok(found) => found,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The whole runtime ends.
        Err(_) => Vec::new(),
    }
}

fn read(task: Outcome, recorder: &Recorder) -> Option<Found> {
    let result = recorder.result(task.index)?;
    Some(Found {
        index: task.index,
        server: task.server.unwrap_or_default(),
        tool: task.tool,
        description: task.description,
        arguments: task.arguments,
        evidence: Evidence::read(&result),
    })
}

/// What the answer does not rest on: servers that failed, tasks that did not complete.
pub(crate) fn not_consulted(failed: &[NotConsulted], tasks: &[Outcome]) -> Vec<NotConsulted> {
    let asked_elsewhere = |task: &Outcome| FailureCode::DuplicateCall.is_of(task.failure.as_ref());
    let open = tasks.iter().filter(|task| task.status != TaskStatus::Completed);
    let open = open.filter(|task| !asked_elsewhere(task)).map(|task| {
        let reason =
            task.failure.as_ref().map_or("it was cancelled", |failure| failure.message.as_str());
        NotConsulted { server: None, index: Some(task.index), reason: reason.to_owned() }
    });
    failed.iter().cloned().chain(open).collect()
}
