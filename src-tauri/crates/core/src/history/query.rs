//! Reading runs back: one run, its events, its results, and what lists show of it. Blocks; writes
//! nothing.

use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use uuid::Uuid;

use super::{HistoryError, packed::unpack, state::RunState};
use crate::event::{Event, Failure, RunId};

/// Which runs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Only runs in which these words occur; blank for all.
    pub words: String,
    /// Only runs of the thread of this run, itself among them; words do not matter then.
    pub thread: Option<RunId>,
    /// At most so many.
    pub limit: usize,
    /// Leave out so many.
    pub offset: usize,
}

/// A page of runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunList {
    /// In order.
    pub runs: Vec<Listed>,
    /// How many there are on all pages.
    pub total: usize,
}

/// One run, as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its id.
    pub id: RunId,
    /// What was asked.
    pub question: String,
    /// How it stands.
    pub state: RunState,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339; `null` while it runs and when it was interrupted.
    pub ended_at: Option<String>,
    /// Tasks planned.
    pub task_count: usize,
    /// Tasks that failed.
    pub failed_count: usize,
    /// Of those, the ones that a person did not allow.
    pub declined_count: usize,
    /// Why it failed, in `snake_case`; `declined` where a person allowed none of its calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Tasks that completed.
    pub completed_count: usize,
    /// The run it follows up.
    pub continues: Option<RunId>,
    /// Id of the first run of its thread.
    pub thread: RunId,
    /// Where the words occur; a match stands between U+0001 and U+0002.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<String>,
    /// What the snippet was cut from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_in: Option<FoundIn>,
}

impl Listed {
    /// How it stands, for people: a run whose every call they declined did not fail.
    pub fn state_name(&self) -> &'static str {
        match self.code.as_deref() {
            Some("declined") => "declined",
            _ => self.state.name(),
        }
    }
}

/// Where searched words occur in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FoundIn {
    /// In what was asked.
    Question,
    /// In the answer.
    Answer,
    /// In what a task found.
    Results,
}

/// One run, whole but for its events and results.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// As in lists.
    #[serde(flatten)]
    pub listed: Listed,
    /// Markdown.
    pub answer: Option<String>,
    /// Why there is none.
    pub failure: Option<Failure>,
    /// In plan order.
    pub tasks: Vec<TaskRecord>,
}

/// A result that may stand for the same call in a later run.
pub(crate) struct Reusable {
    pub(crate) run_id: RunId,
    /// In milliseconds since 1970.
    pub(crate) called_at_ms: i64,
    pub(crate) zstd: Vec<u8>,
}

/// One task of a past run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskRecord {
    /// From 0.
    pub index: usize,
    /// The plan's own name for it.
    pub id: String,
    /// `null` for an unknown tool.
    pub server: Option<String>,
    /// Bare name.
    pub tool: String,
    /// As planned.
    pub arguments: serde_json::Value,
    /// May be empty.
    pub description: String,
    /// `null` when the run was interrupted before it ended.
    pub status: Option<String>,
    /// Why it did not complete.
    pub error: Option<Failure>,
    /// First start to end.
    pub elapsed_ms: Option<f64>,
    /// Calls made.
    pub attempts: Option<u32>,
    /// Size of the whole result.
    pub result_bytes: Option<u64>,
}

pub(super) const LISTED: &str =
    "runs.id, runs.question, runs.state, runs.started_at, runs.ended_at,
    (SELECT count(*) FROM tasks WHERE run = runs.n),
    (SELECT count(*) FROM tasks WHERE run = runs.n AND status = 'failed'),
    runs.continues, runs.thread,
    (SELECT count(*) FROM tasks WHERE run = runs.n AND status = 'failed' AND code = 'denied'),
    runs.code,
    (SELECT count(*) FROM tasks WHERE run = runs.n AND status = 'completed')";

/// How many columns that is.
pub(super) const LISTED_COLUMNS: usize = 12;

pub(super) fn run(connection: &Connection, id: RunId) -> Result<Option<RunRecord>, HistoryError> {
    let select = format!("SELECT {LISTED}, answer, message FROM runs WHERE id = ?1");
    let found = connection
        .query_row(&select, [id.to_string()], |row| {
            let listed = listed(row)?;
            let failure = failure(listed.code.clone(), row.get(LISTED_COLUMNS + 1)?);
            Ok((listed, row.get(LISTED_COLUMNS)?, failure))
        })
        .optional()?;
    let Some((listed, answer, failure)) = found else { return Ok(None) };
    let mut statement = connection.prepare_cached(
        "SELECT task_index, tasks.id, server, tool, arguments, description, status, tasks.code,
                tasks.message, elapsed_ms, attempts, result_bytes
         FROM tasks JOIN runs ON runs.n = tasks.run WHERE runs.id = ?1 ORDER BY task_index",
    )?;
    let tasks = statement.query_map([id.to_string()], task)?.collect::<Result<_, _>>()?;
    Ok(Some(RunRecord { listed, answer, failure, tasks }))
}

/// A run's events after `after_seq`, whole.
pub(super) fn events(
    connection: &Connection,
    id: RunId,
    after_seq: Option<u64>,
) -> Result<Vec<Event>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at_ms, json FROM events JOIN runs ON runs.n = events.run
         WHERE runs.id = ?1 ORDER BY seq",
    )?;
    let mut events = Vec::new();
    let mut rows = statement.query([id.to_string()])?;
    while let Some(row) = rows.next()? {
        let json = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        unpack(id, row.get(0)?, row.get(1)?, json, &mut events).map_err(|error| {
            HistoryError::Damaged { what: "event", run: id, reason: error.to_string() }
        })?;
    }
    events.retain(|event| after_seq.is_none_or(|after| event.seq > after));
    Ok(events)
}

pub(super) fn result(
    connection: &Connection,
    id: RunId,
    index: usize,
) -> Result<Option<String>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT zstd FROM results JOIN runs ON runs.n = results.run
         WHERE runs.id = ?1 AND task_index = ?2",
    )?;
    let found = statement.query_row(params![id.to_string(), index], |row| row.get::<_, Vec<u8>>(0));
    let damaged = |reason| HistoryError::Damaged { what: "result", run: id, reason };
    found.optional()?.map(|zstd| decompress(&zstd).map_err(damaged)).transpose()
}

/// The newest result of a call, if it was made at `not_before_ms` or later.
pub(super) fn reusable(
    connection: &Connection,
    key: &str,
    not_before_ms: i64,
) -> Result<Option<Reusable>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT runs.id, called_at, zstd FROM tasks
         JOIN runs ON runs.n = tasks.run
         JOIN results ON results.run = tasks.run AND results.task_index = tasks.task_index
         WHERE call_key = ?1 AND called_at >= ?2 ORDER BY called_at DESC LIMIT 1",
    )?;
    let read = |row: &Row<'_>| {
        let run_id = parsed(&row.get::<_, String>(0)?);
        Ok(Reusable { run_id, called_at_ms: row.get(1)?, zstd: row.get(2)? })
    };
    Ok(statement.query_row(params![key, not_before_ms], read).optional()?)
}

pub(super) fn resolve(connection: &Connection, beginning: &str) -> Result<RunId, HistoryError> {
    let beginning = beginning.trim().to_lowercase();
    let wrong = |message: String| HistoryError::NoSuchRun(message);
    if beginning.len() < 4 || !beginning.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        return Err(HistoryError::NotAnId(beginning));
    }
    // Every character of an id comes before "g".
    let mut statement = connection
        .prepare_cached("SELECT id FROM runs WHERE id >= ?1 AND id < ?1 || 'g' LIMIT 3")?;
    let ids: Vec<String> =
        statement.query_map([&beginning], |row| row.get(0))?.collect::<Result<_, _>>()?;
    match ids.as_slice() {
        [one] => Uuid::from_str(one).map_err(|error| wrong(error.to_string())),
        [] => Err(wrong(format!(
            "no run begins with \"{beginning}\"; `trawl history list` shows them"
        ))),
        several => Err(wrong(format!(
            "\"{beginning}\" fits several runs ({}, …); write more of the id",
            several.join(", ")
        ))),
    }
}

pub(super) fn running_owners(connection: &Connection) -> Result<Vec<String>, HistoryError> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT owner FROM runs WHERE state = 'running'")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// A stored result's text.
pub(super) fn decompress(zstd: &[u8]) -> Result<String, String> {
    let bytes = zstd::stream::decode_all(zstd).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn failure(code: Option<String>, message: Option<String>) -> Option<Failure> {
    code.zip(message).map(|(code, message)| Failure { code, message, todo: None })
}

pub(super) fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    let state: String = row.get(2)?;
    let continues: Option<String> = row.get(7)?;
    Ok(Listed {
        id: parsed(&row.get::<_, String>(0)?),
        question: row.get(1)?,
        state: RunState::of(&state),
        started_at: row.get(3)?,
        ended_at: row.get(4)?,
        task_count: row.get(5)?,
        failed_count: row.get(6)?,
        completed_count: row.get(11)?,
        continues: continues.as_deref().map(parsed),
        thread: parsed(&row.get::<_, String>(8)?),
        declined_count: row.get(9)?,
        code: row.get(10)?,
        snippet: None,
        found_in: None,
    })
}

fn task(row: &Row<'_>) -> rusqlite::Result<TaskRecord> {
    let arguments: String = row.get(4)?;
    Ok(TaskRecord {
        index: row.get(0)?,
        id: row.get(1)?,
        server: row.get(2)?,
        tool: row.get(3)?,
        arguments: serde_json::from_str(&arguments).unwrap_or_default(),
        description: row.get(5)?,
        status: row.get(6)?,
        error: failure(row.get(7)?, row.get(8)?),
        elapsed_ms: row.get(9)?,
        attempts: row.get(10)?,
        result_bytes: row.get::<_, Option<i64>>(11)?.and_then(|size| u64::try_from(size).ok()),
    })
}

/// Ids are written by us; a damaged one is nobody's.
fn parsed(id: &str) -> RunId {
    Uuid::from_str(id).unwrap_or_default()
}
