//! A run's events as lines that people like to read while it goes on.
//!
//! Comes in: each event. Goes out: lines for standard error. The answer itself is not among them.

use std::collections::HashMap;
use std::fmt::Write as _;

use trawl_core::event::{EventKind, Failure, NotConsulted, TaskStatus};

use crate::output::{Style, one_line};
use crate::words::{counted, duration};

/// Remembers what later lines name again.
pub(super) struct Steps {
    style: Style,
    titles: HashMap<usize, String>,
    servers: usize,
    plans: usize,
}

impl Steps {
    pub(super) fn new(style: Style) -> Self {
        Self { style, titles: HashMap::new(), servers: 0, plans: 0 }
    }

    /// What is to be said about an event; often nothing.
    pub(super) fn lines(&mut self, kind: &EventKind) -> Vec<String> {
        let style = self.style;
        match kind {
            EventKind::ServerReady { .. } => {
                self.servers += 1;
                Vec::new()
            }
            EventKind::ServerFailed { message, .. } => {
                vec![format!("{} {}", style.bad("✗"), one_line(message))]
            }
            EventKind::ToolsDiscovered { count, elapsed_ms } => vec![format!(
                "Found {} on {} · {}",
                counted(*count, "tool"),
                counted(self.servers, "server"),
                duration(*elapsed_ms)
            )],
            EventKind::PlanStarted { planner } => {
                self.plans += 1;
                vec![match (self.plans, planner.as_str()) {
                    (1, "builtin") => "Planning without a language model".to_owned(),
                    (1, model) => format!("Planning with {}", one_line(model)),
                    _ => "The built-in planner takes over".to_owned(),
                }]
            }
            EventKind::TaskPlanned { index, server, tool, description, .. } => {
                self.titles.insert(*index, title(style, server.as_deref(), tool, description));
                Vec::new()
            }
            EventKind::Planned { task_count, note, .. } => planned(*task_count, note.as_deref()),
            EventKind::TaskRetrying { index, attempt, delay_ms, reason } => vec![format!(
                "↻ {} · attempt {attempt} failed, again in {}: {}",
                self.title(*index),
                duration(*delay_ms),
                one_line(reason)
            )],
            EventKind::TaskFinished { index, status, elapsed_ms, error, reused, .. } => {
                let title = self.title(*index);
                let time =
                    if reused.is_some() { "used again".into() } else { duration(*elapsed_ms) };
                vec![ended(style, *status, &title, &time, error.as_ref())]
            }
            EventKind::TasksFinished {
                completed,
                failed,
                skipped,
                cancelled,
                wall_ms,
                sequential_ms,
            } => {
                let mut line = format!("{completed} completed, {failed} failed");
                for (count, word) in [(skipped, "skipped"), (cancelled, "cancelled")] {
                    if *count > 0 {
                        let _ = write!(line, ", {count} {word}");
                    }
                }
                let gain =
                    format!("{} instead of {}", duration(*wall_ms), duration(*sequential_ms));
                vec![format!("{} · {gain}", style.strong(&line))]
            }
            EventKind::Finished(finished) => gaps(&finished.not_consulted),
            EventKind::Failed { message, .. } => {
                vec![format!("{} {}", style.bad("Failed:"), one_line(message))]
            }
            EventKind::Cancelled {} => vec!["Cancelled".to_owned()],
            _ => Vec::new(),
        }
    }

    fn title(&self, index: usize) -> String {
        let title = self.titles.get(&index).map_or("", String::as_str);
        format!("[{}] {title}", index + 1)
    }
}

fn title(style: Style, server: Option<&str>, tool: &str, description: &str) -> String {
    let tool = one_line(tool);
    let name = server.map_or_else(|| tool.clone(), |server| format!("{} {tool}", one_line(server)));
    match one_line(description) {
        empty if empty.is_empty() => name,
        description => format!("{description} {}", style.faint(&format!("({name})"))),
    }
}

fn planned(count: usize, note: Option<&str>) -> Vec<String> {
    let mut lines: Vec<String> = note.map(one_line).into_iter().collect();
    match count {
        0 => {}
        1 => lines.push("Executing 1 task".to_owned()),
        many => lines.push(format!("Executing {many} tasks concurrently")),
    }
    lines
}

fn ended(
    style: Style,
    status: TaskStatus,
    title: &str,
    time: &str,
    error: Option<&Failure>,
) -> String {
    let why = error.map_or(String::new(), |error| format!(": {}", one_line(&error.message)));
    match status {
        TaskStatus::Completed => format!("{} {title} · {time}", style.good("✓")),
        TaskStatus::Failed => format!("{} {title} · {time}{why}", style.bad("✗")),
        TaskStatus::Skipped => format!("– {title} · skipped{why}"),
        TaskStatus::Cancelled => format!("■ {title} · cancelled{why}"),
    }
}

/// Which ones and why stands in the lines before and in the answer.
fn gaps(not_consulted: &[NotConsulted]) -> Vec<String> {
    let servers = not_consulted.iter().filter(|gap| gap.server.is_some()).count();
    let tasks = not_consulted.len() - servers;
    let parts = [(servers, "server"), (tasks, "task")].into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, noun)| counted(count, noun)).collect();
    if parts.is_empty() {
        return Vec::new();
    }
    vec![format!("The answer is partial: without {}", parts.join(" and "))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(name: &str) -> Vec<String> {
        let golden = include_str!("../../../../../tests/fixtures/events.json");
        let streams: Vec<serde_json::Value> = serde_json::from_str(golden).unwrap();
        let stream = streams.iter().find(|stream| stream["name"] == name).unwrap();
        let mut steps = Steps::new(Style::plain());
        let events = stream["events"].as_array().unwrap().iter();
        events
            .flat_map(|event| steps.lines(&serde_json::from_value(event.clone()).unwrap()))
            .collect()
    }

    #[test]
    fn a_run_reads_as_people_would_tell_it() {
        assert_eq!(
            lines("three tasks at once"),
            [
                "Found 6 tools on 1 server · 1 ms",
                "Planning without a language model",
                "Executing 3 tasks concurrently",
                "✓ [2] Search stories by tag for upstream (stories search_stories) · 3 ms",
                "✓ [1] Search stories for upstream (stories search_stories) · 4 ms",
                "✓ [3] Search stories by author for upstream (stories search_stories) · 4 ms",
                "3 completed, 0 failed · 4 ms instead of 10 ms",
            ]
        );
    }

    #[test]
    fn every_way_a_task_can_go_has_its_line() {
        let told = lines("partial: every way a task can go").join("\n");
        for part in [
            "✗ server \"archive\" ended with code 1",
            "Planning with qwen2.5-coder-1.5b",
            "↻ [2] Search the notes (notes search_notes) · attempt 1 failed, again in 0.2 s:",
            "✗ [7] Summarise (summarise) · 0 ms: no connected server",
            "– [5] Links of that note (notes list_links) · skipped: because task 3 failed",
            "■ [8] Search the notes for barrages (notes search_notes) · cancelled",
            "3 completed, 3 failed, 1 skipped, 1 cancelled · 1.8 s instead of 2.0 s",
            "The answer is partial: without 1 server and 5 tasks",
        ] {
            assert!(told.contains(part), "{part}\n---\n{told}");
        }
    }
}
