//! The writer that needs no model: what was found, counted, listed and cited.
//!
//! Comes in: each task's outcome and its evidence, in plan order. Goes out: Markdown in which every
//! line that states something cites its task. Says plainly that no language model wrote it.

mod item;
mod merge;
mod record;

use std::fmt::Write as _;

use serde_json::Value;

use self::item::{described, escaped, shortened};
use super::{Found, evidence::Evidence, pieces::pieces};
use crate::event::{self, Citation, NotConsulted};

/// Bytes of a reason for which something was not consulted.
const LONGEST_REASON: usize = 1 << 10;

/// The line above an answer that no model wrote.
pub const NOTICE: &str = "*Listed from the results; no language model wrote this.*";

/// Items listed of all tasks together; the rest is named and one click away.
const LISTED: usize = 10;

/// Lines shown of a result that is text.
const TEXT_LINES: usize = 6;

/// An answer from the results alone. `found` holds the completed tasks in plan order.
pub fn write(found: &[Found], not_consulted: &[NotConsulted]) -> String {
    let mut answer = format!("{NOTICE}\n\n");
    let (lists, values): (Vec<&Found>, Vec<&Found>) =
        found.iter().partition(|task| is_list(&task.evidence));
    // The plan's most important task comes first.
    let first_list = lists.first().map_or(usize::MAX, |task| task.index);
    let (before, after) = values.split_at(values.partition_point(|task| task.index < first_list));
    for task in before {
        write_value(&mut answer, task);
    }
    write_counts(&mut answer, &lists);
    write_items(&mut answer, &lists);
    for task in after {
        write_value(&mut answer, task);
    }
    write_gaps(&mut answer, not_consulted);
    answer.trim_end().to_owned()
}

/// One line a list: how many, of what; the first one that found anything leads the answer.
fn write_counts(answer: &mut String, lists: &[&Found]) {
    let found = |task: &&&Found| total(&task.evidence) > 0;
    let Some(first) = lists.iter().find(found).or(lists.first()) else { return };
    let cited = first.index + 1;
    let asked_first = asked(first);
    let _ = writeln!(answer, "**{}** for {asked_first} [{cited}].\n", counted(&first.evidence));
    for task in lists.iter().filter(|task| task.index != first.index) {
        let _ = writeln!(
            answer,
            "- {} for {} [{}]",
            counted(&task.evidence),
            asked(task),
            task.index + 1
        );
    }
    answer.push('\n');
}

fn write_items(answer: &mut String, lists: &[&Found]) {
    let merged = merge::merge(lists);
    if merged.is_empty() {
        return;
    }
    let _ = writeln!(answer, "### Found\n");
    for entry in merged.iter().take(LISTED) {
        let cited: Vec<String> =
            entry.cited.iter().map(|(n, k)| format!("[{}.{k}]", n + 1)).collect();
        let _ = writeln!(answer, "- {} {}", described(entry.item), cited.join(""));
    }
    if let Some(left @ 1..) = merged.len().checked_sub(LISTED) {
        let tasks: Vec<String> = lists
            .iter()
            .filter(|task| !task.evidence.items().is_empty())
            .map(|task| format!("[{}]", task.index + 1))
            .collect();
        let _ = writeln!(answer, "\n{left} more in the results {}", tasks.join(""));
    }
    answer.push('\n');
}

/// A result that is no list: its fields, or the beginning of its text.
fn write_value(answer: &mut String, task: &Found) {
    let cited = task.index + 1;
    let _ = writeln!(answer, "### {}\n", heading(task));
    if task.evidence.value.is_object() {
        record::write(answer, &task.evidence.value, cited);
    } else {
        write_text(answer, &item::scalar(&task.evidence.value).unwrap_or_default(), cited);
    }
    answer.push('\n');
}

fn write_text(answer: &mut String, text: &str, cited: usize) {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    for line in lines.iter().take(TEXT_LINES) {
        let _ = writeln!(answer, "- {} [{cited}]", escaped(line.trim()));
    }
    if let Some(left @ 1..) = lines.len().checked_sub(TEXT_LINES) {
        let _ = writeln!(answer, "- {left} more lines in the result [{cited}]");
    } else if lines.is_empty() {
        let _ = writeln!(answer, "- An empty result [{cited}]");
    }
}

fn write_gaps(answer: &mut String, not_consulted: &[NotConsulted]) {
    if not_consulted.is_empty() {
        return;
    }
    let _ = writeln!(answer, "### Not consulted\n");
    for gap in not_consulted {
        let what = match (&gap.server, gap.index) {
            (Some(server), _) => format!("server {server}"),
            (None, Some(index)) => format!("task {}", index + 1),
            (None, None) => continue,
        };
        // Its task tells all of it.
        let reason = event::shortened(&gap.reason, LONGEST_REASON);
        let _ = writeln!(answer, "- {}: {}", escaped(&what), escaped(&reason));
    }
}

/// The citations in a text that this writer wrote, each once, in their order.
pub fn citations(markdown: &str, found: &[Found]) -> Vec<Citation> {
    let mut cited = Vec::new();
    let prose = pieces(markdown).into_iter().filter(|(is_code, _)| !is_code);
    let opened = prose.flat_map(|(_, prose)| prose.split('[').skip(1));
    for (mark, _) in opened.filter_map(|rest| rest.split_once(']')) {
        let (task, item) = mark.split_once('.').map_or((mark, None), |(n, k)| (n, Some(k)));
        let index = task.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let known = index.filter(|index| found.iter().any(|task| task.index == *index));
        let Some(index) = known else { continue };
        let citation = Citation { index, item: item.and_then(|k| k.parse().ok()) };
        if !cited.contains(&citation) {
            cited.push(citation);
        }
    }
    cited
}

fn is_list(evidence: &Evidence) -> bool {
    super::evidence::items_of(&evidence.value).is_some() && !record::is_record(evidence)
}

/// How many there are in all.
fn total(evidence: &Evidence) -> u64 {
    evidence.total.unwrap_or(evidence.items().len() as u64)
}

fn counted(evidence: &Evidence) -> String {
    let listed = evidence.items().len();
    match total(evidence) {
        0 => "Nothing found".to_owned(),
        1 => "1 result".to_owned(),
        total if total > listed as u64 && listed > 0 => {
            format!("{total} results ({listed} of them listed)")
        }
        total => format!("{total} results"),
    }
}

/// What was asked: the words that were searched for, or the tool.
fn asked(task: &Found) -> String {
    let texts = task.arguments.as_object().into_iter().flat_map(|object| object.values());
    match texts.into_iter().find_map(Value::as_str) {
        Some(text) => format!("`{}` in `{}`", shortened(text).replace('`', "'"), task.tool),
        None => format!("`{}`", task.tool),
    }
}

fn heading(task: &Found) -> String {
    let description = if task.description.is_empty() { &task.tool } else { &task.description };
    escaped(description)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(index: usize, query: &str, result: &Value) -> Found {
        Found {
            index,
            server: "stories".into(),
            tool: "search_stories".into(),
            description: String::new(),
            arguments: json!({"query": query, "size": 20}),
            evidence: Evidence::read(&json!({"structuredContent": result}).to_string()),
        }
    }

    fn story(id: u64, title: &str) -> Value {
        json!({"id": id, "title": title, "author": "ann", "score": 7, "created_at": "2026-03-01"})
    }

    #[test]
    fn counts_lead_and_duplicates_are_merged() {
        let tasks = [
            found(
                0,
                "upstream",
                &json!({"total": 17, "results": [story(1, "One"), story(2, "Two")]}),
            ),
            found(1, "tag:upstream", &json!({"total": 1, "results": [story(2, "Two")]})),
        ];
        let answer = write(&tasks, &[]);
        assert!(answer.starts_with(NOTICE));
        assert!(
            answer.contains(
                "**17 results (2 of them listed)** for `upstream` in `search_stories` [1]"
            ),
            "{answer}"
        );
        assert!(answer.contains("- 1 result for `tag:upstream`"), "{answer}");
        assert_eq!(answer.matches("Two").count(), 1, "{answer}");
        assert!(answer.contains("[1.2][2.1]"), "{answer}");
    }

    #[test]
    fn every_line_that_states_something_is_cited() {
        let tasks = [
            found(0, "a", &json!({"results": [story(1, "One")]})),
            found(1, "b", &json!({"name": "Ann", "karma": 12})),
            found(2, "c", &json!("three\nlines\nof text")),
            found(3, "d", &json!({"total": 0, "results": []})),
        ];
        let answer = write(&tasks, &[]);
        for line in answer.lines().filter(|line| line.starts_with("- ")) {
            assert!(line.contains('[') && line.trim_end_matches('.').ends_with(']'), "{line}");
        }
        assert!(answer.contains("- Nothing found for `d`"), "{answer}");
    }

    #[test]
    fn one_thing_is_told_with_its_fields_before_what_the_plan_asked_later() {
        let person = json!({"id": 12, "name": "Ann", "tags": [{"tag": "a", "count": 2}]});
        let tasks =
            [found(0, "who", &person), found(1, "a", &json!({"results": [story(1, "One")]}))];
        let answer = write(&tasks, &[]);
        let (name, list) = (answer.find("- name: Ann [1]"), answer.find("**1 result**"));
        assert!(name.is_some() && name < list, "{answer}");
        assert!(answer.contains("- tags: a 2 [1]") && !answer.contains("[1.1]"), "{answer}");
    }

    #[test]
    fn a_list_that_found_something_leads() {
        let tasks = [
            found(0, "bees beer", &json!({"total": 0, "results": []})),
            found(1, "bees OR beer", &json!({"results": [story(1, "One")]})),
        ];
        let answer = write(&tasks, &[]);
        let (lead, other) =
            (answer.find("**1 result** for `bees OR"), answer.find("- Nothing found"));
        assert!(lead.is_some() && lead < other, "{answer}");
    }

    #[test]
    fn what_was_not_consulted_is_named() {
        let gap =
            NotConsulted { server: Some("calendar".into()), index: None, reason: "gone".into() };
        assert!(write(&[], &[gap]).contains("- server calendar: gone"));
    }

    #[test]
    fn markup_in_results_stays_text() {
        let tasks = [found(0, "a", &json!({"results": [story(1, "<script>x</script> [9] *b*")]}))];
        let answer = write(&tasks, &[]);
        assert!(answer.contains("\\<script\\>") && answer.contains("\\[9\\]"), "{answer}");
    }
}
