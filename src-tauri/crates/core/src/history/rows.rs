//! What each message changes in the tables, inside a transaction of the writer.
//!
//! The event log is the record; a run's state, its tasks and its words for searching are written
//! beside it, from the same events.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{index, message::Message, packed};
use crate::event::{Event, EventKind, RunId, TaskStatus};

/// Writes one message; the number of runs that it removed or marked.
pub(super) fn write(change: &Transaction<'_>, message: &Message) -> rusqlite::Result<usize> {
    match message {
        Message::Run { run_id, question, continues, started_at, owner } => {
            insert_run(change, *run_id, question, *continues, started_at, owner)?;
        }
        Message::Event(event) => insert_event(change, event)?,
        Message::Result { run_id, index, zstd } => insert_result(change, *run_id, *index, zstd)?,
        Message::Reusable { run_id, index, key, called_at_ms } => {
            mark_reusable(change, *run_id, *index, key, *called_at_ms)?;
        }
        Message::Interrupted { owner, .. } => return interrupt(change, owner),
        Message::Delete { runs, .. } => return delete(change, runs),
        Message::Flush { .. } => {}
    }
    Ok(0)
}

fn insert_run(
    change: &Transaction<'_>,
    run: RunId,
    question: &str,
    continues: Option<RunId>,
    started_at: &str,
    owner: &str,
) -> rusqlite::Result<()> {
    let run = run.to_string();
    let continues = continues.map(|id| id.to_string());
    // A follow-up belongs to the thread of the run it continues, even where that one is gone.
    let thread: Option<String> = change
        .prepare_cached("SELECT thread FROM runs WHERE id = ?1")?
        .query_row([&continues], |row| row.get(0))
        .optional()?;
    let thread = thread.or_else(|| continues.clone()).unwrap_or_else(|| run.clone());
    change
        .prepare_cached(
            "INSERT INTO runs (id, thread, continues, question, state, started_at, owner)
             VALUES (?1, ?2, ?3, ?4, 'running', ?5, ?6)",
        )?
        .execute(params![run, thread, continues, question, started_at, owner])?;
    index::put_in(change, change.last_insert_rowid())
}

fn insert_event(change: &Transaction<'_>, event: &Event) -> rusqlite::Result<()> {
    let Some(run) = row_of(change, event.run_id)? else { return Ok(()) };
    let json = serde_json::to_string(&event.kind).unwrap_or_default();
    let seq = i64::try_from(event.seq).unwrap_or(i64::MAX);
    change
        .prepare_cached("INSERT INTO events (run, seq, at_ms, json) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![run, seq, event.at_ms, json])?;
    match &event.kind {
        EventKind::TaskPlanned { index, id, server, tool, arguments, description, .. } => {
            change
                .prepare_cached(
                    "INSERT OR REPLACE INTO tasks (run, task_index, id, server, tool, arguments, description)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![run, index, id, server, tool, arguments.to_string(), description])?;
        }
        EventKind::TaskFinished {
            index,
            status,
            elapsed_ms,
            attempts,
            result_bytes,
            error,
            ..
        } => {
            let size = i64::try_from(*result_bytes).unwrap_or(i64::MAX);
            let (code, message) = error.as_ref().map(|e| (&e.code, &e.message)).unzip();
            change
                .prepare_cached(
                    "UPDATE tasks SET status = ?3, elapsed_ms = ?4, attempts = ?5, result_bytes = ?6,
                     code = ?7, message = ?8 WHERE run = ?1 AND task_index = ?2",
                )?
                .execute(params![
                    run, index, status_name(*status), elapsed_ms, attempts, size, code, message
                ])?;
        }
        EventKind::Finished(finished) => {
            let state = if finished.partial { "partial" } else { "finished" };
            end(change, run, state, Some(&finished.answer), None)?;
        }
        EventKind::Failed { code, message, .. } => {
            end(change, run, "failed", None, Some((code, message)))?;
        }
        EventKind::Cancelled {} => end(change, run, "cancelled", None, None)?,
        _ => {}
    }
    Ok(())
}

fn insert_result(
    change: &Transaction<'_>,
    run: RunId,
    index: usize,
    zstd: &[u8],
) -> rusqlite::Result<()> {
    let Some(run) = row_of(change, run)? else { return Ok(()) };
    // Of a run that goes on, no result is in the index yet.
    let has_ended: bool = change
        .prepare_cached("SELECT state <> 'running' FROM runs WHERE n = ?1")?
        .query_row([run], |row| row.get(0))?;
    if has_ended {
        index::take_out(change, run)?;
    }
    change
        .prepare_cached(
            "INSERT OR REPLACE INTO results (run, task_index, zstd) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![run, index, zstd])?;
    if has_ended {
        index::put_in(change, run)?;
    }
    Ok(())
}

fn mark_reusable(
    change: &Transaction<'_>,
    run: RunId,
    index: usize,
    key: &str,
    called_at_ms: i64,
) -> rusqlite::Result<()> {
    let Some(run) = row_of(change, run)? else { return Ok(()) };
    change
        .prepare_cached(
            "UPDATE tasks SET call_key = ?3, called_at = ?4 WHERE run = ?1 AND task_index = ?2",
        )?
        .execute(params![run, index, key, called_at_ms])?;
    Ok(())
}

fn end(
    change: &Transaction<'_>,
    run: i64,
    state: &str,
    answer: Option<&str>,
    failure: Option<(&str, &str)>,
) -> rusqlite::Result<()> {
    let ended_at = jiff::Timestamp::now().to_string();
    let (code, message) = failure.unzip();
    index::take_out(change, run)?;
    change
        .prepare_cached(
            "UPDATE runs SET state = ?2, answer = ?3, code = ?4, message = ?5, ended_at = ?6 WHERE n = ?1",
        )?
        .execute(params![run, state, answer, code, message, ended_at])?;
    settle(change, run)
}

fn interrupt(change: &Transaction<'_>, owner: &str) -> rusqlite::Result<usize> {
    let mut statement =
        change.prepare_cached("SELECT n FROM runs WHERE owner = ?1 AND state = 'running'")?;
    let runs: Vec<i64> =
        statement.query_map([owner], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for run in &runs {
        index::take_out(change, *run)?;
        change
            .prepare_cached("UPDATE runs SET state = 'interrupted' WHERE n = ?1")?
            .execute([run])?;
        settle(change, *run)?;
    }
    Ok(runs.len())
}

/// What is done once for a run that has ended: its answer's pieces take one row, and all of its
/// words can be searched.
fn settle(change: &Transaction<'_>, run: i64) -> rusqlite::Result<()> {
    packed::pack(change, run)?;
    index::put_in(change, run)
}

fn delete(change: &Transaction<'_>, runs: &[RunId]) -> rusqlite::Result<usize> {
    let mut deleted = 0;
    for run in runs {
        let Some(row) = row_of(change, *run)? else { continue };
        index::take_out(change, row)?;
        // Events, tasks and results go with their run.
        deleted += change.prepare_cached("DELETE FROM runs WHERE n = ?1")?.execute([row])?;
    }
    Ok(deleted)
}

/// `None` for a run that was deleted while it was still running.
fn row_of(change: &Transaction<'_>, run: RunId) -> rusqlite::Result<Option<i64>> {
    change
        .prepare_cached("SELECT n FROM runs WHERE id = ?1")?
        .query_row([run.to_string()], |row| row.get(0))
        .optional()
}

fn status_name(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Completed => "completed",
        TaskStatus::Failed => "failed",
        TaskStatus::Cancelled => "cancelled",
        TaskStatus::Skipped => "skipped",
    }
}
