//! `trawl history`: past runs, listed, searched, shown, exported, deleted.

mod show;

use std::fmt::Write as _;

use trawl_core::event::RunId;
use trawl_core::history::{History, HistoryError, ListQuery, Listed, RunList, RunState};

use crate::arguments::{History as Command, Place};
use crate::exit::{Exit, Usage};
use crate::output::{self, Style, one_line};
use crate::words::{counted, local_time, short_id};

pub(crate) fn run(command: &Command, place: &Place) -> anyhow::Result<Exit> {
    let history = place.history()?;
    match command {
        Command::List { limit, json } => {
            let runs = listed(&history, String::new(), *limit)?;
            if runs.total == 0 && !json {
                output::note("No run is in the history yet");
            }
            print(&runs, *json)?;
            Ok(Exit::Finished)
        }
        Command::Search { words, limit, json } => {
            let words = words.join(" ");
            let runs = listed(&history, words.clone(), *limit)?;
            print(&runs, *json)?;
            if runs.total > 0 {
                return Ok(Exit::Finished);
            }
            output::note(&format!("No run has all of these words: {words}"));
            Ok(Exit::Failed)
        }
        Command::Show { run, task, raw, json } => {
            let run = resolved(&history, run)?;
            match task {
                Some(task) => show::task(&history, run, task.get() - 1, *raw, *json),
                None => show::run(&history, run, *json),
            }
        }
        Command::Export { run, format } => {
            let run = resolved(&history, run)?;
            output::answer(&history.export(run, *format)?)?;
            Ok(Exit::Finished)
        }
        Command::Delete { runs } => {
            // All of them are known before the first one goes.
            let runs: Vec<RunId> =
                runs.iter().map(|run| resolved(&history, run)).collect::<Result<_, _>>()?;
            let deleted = history.delete(&runs)?;
            let deleted = counted(deleted, "run");
            output::note(&format!(
                "Deleted {deleted}; the logs of the last 7 days expire on their own"
            ));
            Ok(Exit::Finished)
        }
    }
}

/// The run that is meant by an id or the beginning of one.
pub(crate) fn resolved(history: &History, run: &str) -> anyhow::Result<RunId> {
    history.resolve(run).map_err(|error| match error {
        HistoryError::NotAnId(_) => Usage::of(error).into(),
        error => error.into(),
    })
}

fn listed(history: &History, words: String, limit: usize) -> Result<RunList, HistoryError> {
    history.list(&ListQuery { words, thread: None, limit, offset: 0 })
}

fn print(runs: &RunList, json: bool) -> anyhow::Result<()> {
    if json {
        output::answer(&serde_json::to_string_pretty(runs)?)?;
        return Ok(());
    }
    let style = Style::of_stdout();
    let lines: Vec<String> = runs.runs.iter().map(|run| line(style, run)).collect();
    if !lines.is_empty() {
        output::answer(&lines.join("\n"))?;
    }
    if runs.total > runs.runs.len() {
        let more = runs.total - runs.runs.len();
        output::note(&format!("and {more} more; --limit {} shows them", runs.total));
    }
    Ok(())
}

fn line(style: Style, run: &Listed) -> String {
    let state = format!("{:<11}", run.state_name());
    let state = match run.state {
        _ if run.state_name() == "declined" => state,
        RunState::Finished => style.good(&state),
        RunState::Failed | RunState::Interrupted => style.bad(&state),
        _ => state,
    };
    let (id, time) = (style.strong(&short_id(run.id)), local_time(&run.started_at));
    let tasks = format!("{:>9}", counted(run.task_count, "task"));
    let mut line = format!("{id}  {time}  {state}  {tasks}  {}", one_line(&run.question));
    let snippet = run.snippet.as_deref().filter(|snippet| !run.question.contains(&plain(snippet)));
    if let Some(snippet) = snippet {
        let _ = write!(line, "\n          {}", marked(style, snippet));
    }
    line
}

fn plain(snippet: &str) -> String {
    snippet.replace(['\u{1}', '\u{2}'], "")
}

/// A snippet with its matches set off.
fn marked(style: Style, snippet: &str) -> String {
    // The marks are control characters, of which nothing is left on a line.
    let kept = one_line(&snippet.replace('\u{1}', START).replace('\u{2}', END));
    let mut parts = kept.split(START);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (found, rest) = part.split_once(END).unwrap_or((part, ""));
        shown += &style.strong(found);
        shown += rest;
    }
    shown
}

/// Stand for the marks; of no meaning in any text (Unicode, private use).
const START: &str = "\u{e000}";
const END: &str = "\u{e001}";
