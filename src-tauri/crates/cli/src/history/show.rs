//! One past run on a terminal: as a whole, or one of its tasks.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use trawl_core::event::RunId;
use trawl_core::history::{History, RunRecord, TaskRecord};
use trawl_core::value::value_of;

use crate::exit::Exit;
use crate::output::{self, Style, harmless, one_line};
use crate::words::{counted, duration, local_time};

/// Characters of a failure in a task's line.
const LONGEST: usize = 300;

/// A task with its whole result. Never a [`Value`] on the way: a result may be legal JSON and still
/// hold what no [`Value`] can, such as half a character or `1e999`.
#[derive(Serialize)]
struct TaskWithResult<'a> {
    #[serde(flatten)]
    task: &'a TaskRecord,
    result: Option<Box<RawValue>>,
}

/// Prints a run with its tasks and its answer.
pub(super) fn run(history: &History, id: RunId, json: bool) -> anyhow::Result<Exit> {
    let Some(run) = history.run(id)? else { return Ok(gone()) };
    if json {
        output::answer(&serde_json::to_string_pretty(&run)?)?;
        return Ok(Exit::Finished);
    }
    output::answer(&described(&run, Style::of_stdout()))?;
    Ok(Exit::Finished)
}

/// Prints one task, `raw` only its result.
pub(super) fn task(
    history: &History,
    id: RunId,
    index: usize,
    raw: bool,
    json: bool,
) -> anyhow::Result<Exit> {
    let Some(run) = history.run(id)? else { return Ok(gone()) };
    // By its number, not its place: a run that broke off may lack an earlier one.
    let Some(task) = run.tasks.iter().find(|task| task.index == index) else {
        let has = counted(run.tasks.len(), "task");
        output::note(&format!("trawl: the run has no task {}; it has {has}", index + 1));
        return Ok(Exit::Failed);
    };
    let result = history.result(id, index)?;
    if raw {
        let Some(result) = result else {
            output::note(&format!("trawl: task {} has no result", index + 1));
            return Ok(Exit::Failed);
        };
        output::answer(&result)?;
    } else if json {
        let result = result.map(RawValue::from_string).transpose()?;
        let record = TaskWithResult { task, result };
        output::answer(&serde_json::to_string_pretty(&record)?)?;
    } else {
        let result = result.as_deref().map(readable);
        output::answer(&task_described(task, result.as_deref(), Style::of_stdout()))?;
    }
    Ok(Exit::Finished)
}

/// Deleted by another process since its id was resolved.
fn gone() -> Exit {
    output::note("trawl: the run is no longer in the history");
    Exit::Failed
}

fn described(run: &RunRecord, style: Style) -> String {
    let RunRecord { listed, answer, failure, tasks } = run;
    let mut lines = vec![
        style.strong(&one_line(&listed.question)),
        format!("{} · {} · {}", listed.id, local_time(&listed.started_at), listed.state_name()),
        String::new(),
    ];
    for task in tasks {
        lines.push(task_line(task, style));
    }
    if !tasks.is_empty() {
        lines.push(String::new());
    }
    match (answer, failure) {
        (Some(answer), _) => lines.push(harmless(answer.trim_end())),
        (None, Some(failure)) => lines.push(format!("No answer: {}", harmless(&failure.message))),
        (None, None) => lines.push(format!("No answer: the run is {}", listed.state.name())),
    }
    lines.join("\n")
}

fn task_line(task: &TaskRecord, style: Style) -> String {
    let was_denied = task.error.as_ref().is_some_and(|error| error.code == "denied");
    let status =
        if was_denied { "declined" } else { task.status.as_deref().unwrap_or("not ended") };
    let mark = match status {
        "completed" => style.good("✓"),
        "failed" => style.bad("✗"),
        "skipped" | "declined" => "–".to_owned(),
        _ => "■".to_owned(),
    };
    let server =
        task.server.as_deref().map_or(String::new(), |server| format!("{} ", one_line(server)));
    let name = format!("({server}{})", one_line(&task.tool));
    let time = duration(task.elapsed_ms.unwrap_or(0.0));
    let mut line = format!(
        "{mark} [{}] {} {} · {status} · {time}",
        task.index + 1,
        one_line(&task.description),
        style.faint(&name)
    );
    if let Some(error) = &task.error {
        let _ = write!(line, ": {}", one_line(&beginning(&error.message)));
    }
    line
}

/// As much of a failure as stands in a line; `--task` shows all of it.
fn beginning(message: &str) -> Cow<'_, str> {
    match message.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &message[..end]).into(),
        None => message.into(),
    }
}

fn task_described(task: &TaskRecord, result: Option<&str>, style: Style) -> String {
    let arguments = serde_json::to_string_pretty(&task.arguments).unwrap_or_default();
    let mut parts = vec![("Arguments", arguments.as_str())];
    let failure = task.error.as_ref().map(|error| error.message.as_str());
    parts.extend(failure.filter(|words| beginning(words) != *words).map(|words| ("Error", words)));
    parts.push(("Result", result.unwrap_or("none")));
    let mut text = task_line(task, style);
    for (title, words) in parts {
        let _ = write!(text, "\n\n{}\n{}", style.strong(title), harmless(words));
    }
    text
}

/// A whole result for people: its value as JSON, or its text.
fn readable(result: &str) -> String {
    match value_of(result) {
        Value::String(text) => text,
        value => serde_json::to_string_pretty(&value).unwrap_or_default(),
    }
}
