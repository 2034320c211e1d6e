//! A past run as one document: Markdown to read, or JSON with the whole record.
//!
//! Comes in: what the history holds of the run. Goes out: text. Nothing is left out or cut.

use std::fmt::Write as _;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{RunRecord, RunState, TaskRecord};
use crate::event::{Event, EventKind};

/// What an export is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A document for people.
    Markdown,
    /// The whole record: the run, its events and its results.
    Json,
}

impl FromStr for ExportFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "md" => Ok(Self::Markdown),
            "json" => Ok(Self::Json),
            other => Err(format!("there is no export format \"{other}\"; use \"md\" or \"json\"")),
        }
    }
}

/// The whole record of a run.
#[derive(Serialize)]
pub(super) struct Record {
    pub(super) run: RunRecord,
    pub(super) events: Vec<Event>,
    pub(super) results: Vec<TaskResult>,
}

/// One task's whole result.
#[derive(Serialize)]
pub(super) struct TaskResult {
    pub(super) index: usize,
    pub(super) result: Box<RawValue>,
}

impl Record {
    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }

    pub(super) fn to_markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_markdown(&mut text);
        text
    }

    fn write_markdown(&self, text: &mut String) -> std::fmt::Result {
        let RunRecord { listed: run, answer, tasks, .. } = &self.run;
        writeln!(text, "# {}\n", run.question.split_whitespace().collect::<Vec<_>>().join(" "))?;
        writeln!(text, "- Run: `{}`", run.id)?;
        if let Some(continues) = run.continues {
            writeln!(text, "- Follows up: `{continues}`")?;
        }
        writeln!(text, "- Asked: {}", run.started_at)?;
        writeln!(text, "- State: {}", run.state_name())?;
        if let Some(summary) = self.summary() {
            writeln!(text, "- Tasks: {summary}")?;
        }
        writeln!(text, "\n## Answer\n")?;
        match (answer, self.why_none()) {
            (Some(answer), _) => writeln!(text, "{}", answer.trim_end())?,
            (None, Some(reason)) => writeln!(text, "There is none: {reason}")?,
            (None, None) => writeln!(text, "There is none.")?,
        }
        for task in tasks {
            self.write_task(text, task)?;
        }
        Ok(())
    }

    fn write_task(&self, text: &mut String, task: &TaskRecord) -> std::fmt::Result {
        let title = match task.description.trim() {
            "" => &task.tool,
            description => description,
        };
        writeln!(text, "\n## Task {}: {title}\n", task.index + 1)?;
        let server = task.server.as_deref().unwrap_or("no server");
        let status = task.status.as_deref().unwrap_or("not ended");
        write!(text, "- `{}` on {server}: {status}", task.tool)?;
        if let (Some(elapsed), Some(attempts @ 1..)) = (task.elapsed_ms, task.attempts) {
            let plural = if attempts == 1 { "call" } else { "calls" };
            write!(text, ", {elapsed:.0} ms, {attempts} {plural}")?;
        }
        writeln!(text)?;
        if let Some(error) = &task.error {
            writeln!(text, "- Reason: {} (`{}`)", error.message, error.code)?;
        }
        let arguments = serde_json::to_string_pretty(&task.arguments).unwrap_or_default();
        writeln!(text, "\nArguments:\n\n{}", fenced("json", &arguments))?;
        let found = self.results.iter().find(|result| result.index == task.index);
        if let Some(found) = found {
            let (language, result) = readable(found.result.get());
            writeln!(text, "\nResult:\n\n{}", fenced(language, &result))?;
        }
        Ok(())
    }

    fn summary(&self) -> Option<String> {
        self.events.iter().find_map(|event| match &event.kind {
            EventKind::TasksFinished { completed, failed, skipped, cancelled, wall_ms, .. } => {
                Some(format!(
                    "{completed} completed, {failed} failed, {skipped} skipped, {cancelled} cancelled, \
                     {wall_ms:.0} ms"
                ))
            }
            _ => None,
        })
    }

    fn why_none(&self) -> Option<String> {
        if let Some(failure) = &self.run.failure {
            return Some(failure.message.clone());
        }
        match self.run.listed.state {
            RunState::Cancelled => Some("the run was cancelled".to_owned()),
            RunState::Interrupted => Some("Trawl ended before the run did".to_owned()),
            RunState::Running => Some("the run has not ended yet".to_owned()),
            RunState::Finished | RunState::Partial | RunState::Failed => None,
        }
    }
}

/// A result that is nothing but text as that text, any other one as JSON.
fn readable(result: &str) -> (&'static str, String) {
    let Ok(value) = serde_json::from_str::<Value>(result) else { return ("", result.to_owned()) };
    let only_text = value.as_object().and_then(|object| {
        let plain = object.iter().all(|(key, value)| {
            key == "content" || value.is_null() || (key == "isError" && value.is_boolean())
        });
        let blocks = object.get("content")?.as_array()?.iter();
        let text = |block: &Value| {
            let block = block.as_object().filter(|block| block.len() == 2)?;
            block.get("type").filter(|kind| *kind == "text")?;
            block.get("text")?.as_str().map(str::to_owned)
        };
        let texts: Option<Vec<String>> = blocks.map(text).collect();
        texts.filter(|texts| plain && !texts.is_empty())
    });
    match only_text {
        Some(texts) => ("", texts.join("\n")),
        None => ("json", serde_json::to_string_pretty(&value).unwrap_or_default()),
    }
}

/// A code block that nothing in its text can end.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_as_text_and_structure_as_json() {
        let check = |result: &str, expect: (&str, &str)| {
            let (language, text) = readable(result);
            assert_eq!((language, text.as_str()), expect);
        };
        check(
            r#"{"content":[{"type":"text","text":"a\nb"},{"type":"text","text":"c"}]}"#,
            ("", "a\nb\nc"),
        );
        check(
            r#"{"content":[],"structuredContent":{}}"#,
            ("json", "{\n  \"content\": [],\n  \"structuredContent\": {}\n}"),
        );
        check("no JSON", ("", "no JSON"));
    }

    #[test]
    fn no_text_ends_its_code_block() {
        assert_eq!(fenced("", "a"), "```\na\n```");
        assert_eq!(fenced("", "````"), "`````\n````\n`````");
    }
}
