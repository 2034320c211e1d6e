//! The one thread of a process that writes to the history, committing in groups.
//!
//! Comes in: messages, in the order in which things happened. Goes out: rows. A crash loses at most
//! the group in flight. A failure to write is told once in the log, and runs go on without it.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tokio::sync::oneshot;

use crate::event::{Event, EventKind, Finished, RunId, TaskStatus};

/// How long a group stays open: the most that a crash loses.
const GROUP: Duration = Duration::from_millis(20);

/// How many messages a group holds at most.
const GROUP_SIZE: usize = 512;

/// Something to write.
pub(super) enum Message {
    /// A run begins.
    Run {
        run_id: RunId,
        question: String,
        continues: Option<RunId>,
        started_at: String,
        owner: String,
    },
    /// Something happened in it.
    Event(Arc<Event>),
    /// A task's result, compressed, and its words.
    Result { run_id: RunId, index: usize, zstd: Arc<[u8]>, text: String },
    /// The owner of running queries is gone.
    Interrupted { owner: String, done: mpsc::Sender<rusqlite::Result<usize>> },
    /// Remove runs.
    Delete { runs: Vec<RunId>, done: mpsc::Sender<rusqlite::Result<usize>> },
    /// Say when everything before this is committed.
    Flush(oneshot::Sender<()>),
}

/// The way to the writer thread, which ends when all of these are gone.
#[derive(Clone)]
pub(super) struct Writer(Sender<Message>);

impl Writer {
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (sender, messages) = mpsc::channel();
        thread::Builder::new()
            .name("history".into())
            .spawn(move || write(connection, &messages))?;
        Ok(Self(sender))
    }

    pub(super) fn send(&self, message: Message) {
        // The thread ends only after the last sender.
        let _ = self.0.send(message);
    }

    pub(super) async fn flush(&self) {
        let (done, committed) = oneshot::channel();
        self.send(Message::Flush(done));
        let _ = committed.await;
    }

    pub(super) fn delete(&self, runs: Vec<RunId>) -> rusqlite::Result<usize> {
        let (done, outcome) = mpsc::channel();
        self.send(Message::Delete { runs, done });
        outcome.recv().unwrap_or(Ok(0))
    }

    pub(super) fn interrupted(&self, owner: &str) -> rusqlite::Result<usize> {
        let (done, outcome) = mpsc::channel();
        self.send(Message::Interrupted { owner: owner.to_owned(), done });
        outcome.recv().unwrap_or(Ok(0))
    }
}

fn write(mut connection: Connection, messages: &Receiver<Message>) {
    let mut told = false;
    while let Ok(first) = messages.recv() {
        let group = collect(first, messages);
        let mut replies: Vec<Box<dyn FnOnce()>> = Vec::new();
        let written = commit(&mut connection, group, &mut replies);
        if let Err(error) = written
            && !std::mem::replace(&mut told, true)
        {
            tracing::error!(%error, "the history cannot be written; runs go on without it");
        }
        for reply in replies {
            reply();
        }
    }
}

/// What arrives while the group is open. Somebody who waits closes it.
fn collect(first: Message, messages: &Receiver<Message>) -> Vec<Message> {
    let closes = Instant::now() + GROUP;
    let mut group = vec![first];
    while group.len() < GROUP_SIZE && !group.last().is_some_and(is_awaited) {
        match messages.recv_timeout(closes.saturating_duration_since(Instant::now())) {
            Ok(message) => group.push(message),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    group
}

fn is_awaited(message: &Message) -> bool {
    matches!(message, Message::Flush(_) | Message::Delete { .. } | Message::Interrupted { .. })
}

/// Writes a group; replies are sent by the caller, once it is committed.
fn commit(
    connection: &mut Connection,
    group: Vec<Message>,
    replies: &mut Vec<Box<dyn FnOnce()>>,
) -> rusqlite::Result<()> {
    let change = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate);
    let change = match change {
        Ok(change) => change,
        Err(error) => {
            // Dropping the messages tells everybody who waits that nothing was done.
            drop(group);
            return Err(error);
        }
    };
    for message in group {
        match message {
            Message::Run { run_id, question, continues, started_at, owner } => {
                insert_run(&change, run_id, &question, continues, &started_at, &owner)?;
            }
            Message::Event(event) => insert_event(&change, &event)?,
            Message::Result { run_id, index, zstd, text } => {
                insert_result(&change, run_id, index, &zstd, &text)?;
            }
            Message::Interrupted { owner, done } => {
                let outcome = interrupt(&change, &owner);
                replies.push(Box::new(move || _ = done.send(outcome)));
            }
            Message::Delete { runs, done } => {
                let outcome = delete(&change, &runs);
                replies.push(Box::new(move || _ = done.send(outcome)));
            }
            Message::Flush(done) => replies.push(Box::new(move || _ = done.send(()))),
        }
    }
    change.commit()
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
    index_words(change, change.last_insert_rowid(), "question", question)
}

fn insert_event(change: &Transaction<'_>, event: &Event) -> rusqlite::Result<()> {
    let Some(run) = row_of(change, event.run_id)? else { return Ok(()) };
    let json = serde_json::to_string(event).unwrap_or_default();
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
                .execute(params![run, index, status_name(*status), elapsed_ms, attempts, size, code, message])?;
        }
        EventKind::Finished(finished) => finish(change, run, finished)?,
        EventKind::Failed { .. } => end(change, run, "failed", None)?,
        EventKind::Cancelled {} => end(change, run, "cancelled", None)?,
        _ => {}
    }
    Ok(())
}

fn finish(change: &Transaction<'_>, run: i64, finished: &Finished) -> rusqlite::Result<()> {
    let state = if finished.partial { "partial" } else { "finished" };
    end(change, run, state, Some(&finished.answer))?;
    index_words(change, run, "answer", &finished.answer)
}

fn end(
    change: &Transaction<'_>,
    run: i64,
    state: &str,
    answer: Option<&str>,
) -> rusqlite::Result<()> {
    let ended_at = jiff::Timestamp::now().to_string();
    change
        .prepare_cached("UPDATE runs SET state = ?2, answer = ?3, ended_at = ?4 WHERE n = ?1")?
        .execute(params![run, state, answer, ended_at])?;
    Ok(())
}

fn insert_result(
    change: &Transaction<'_>,
    run: RunId,
    index: usize,
    zstd: &[u8],
    text: &str,
) -> rusqlite::Result<()> {
    let Some(run) = row_of(change, run)? else { return Ok(()) };
    change
        .prepare_cached(
            "INSERT OR REPLACE INTO results (run, task_index, zstd) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![run, index, zstd])?;
    index_words(change, run, "result", text)
}

fn index_words(change: &Transaction<'_>, run: i64, kind: &str, text: &str) -> rusqlite::Result<()> {
    change
        .prepare_cached("INSERT INTO search (text, run, kind) VALUES (?1, ?2, ?3)")?
        .execute(params![text, run, kind])?;
    Ok(())
}

fn interrupt(change: &Transaction<'_>, owner: &str) -> rusqlite::Result<usize> {
    change.execute(
        "UPDATE runs SET state = 'interrupted' WHERE owner = ?1 AND state = 'running'",
        [owner],
    )
}

fn delete(change: &Transaction<'_>, runs: &[RunId]) -> rusqlite::Result<usize> {
    let mut deleted = 0;
    for run in runs {
        let Some(row) = row_of(change, *run)? else { continue };
        change.execute(
            "DELETE FROM search WHERE rowid IN (SELECT rowid FROM search WHERE run = ?1)",
            [row],
        )?;
        deleted += change.execute("DELETE FROM runs WHERE n = ?1", [row])?;
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
