//! Every run, kept: its events, its results, and the words by which it is found again.
//!
//! Comes in: the events and results of running queries, from one [`Recorder`] a run. Goes out: past
//! runs as lists, searches and the very events that happened. The event log is the record; states,
//! counts and the index are derived from it. Several processes use one file at the same time.
//!
//! `writer` is the only thread of a process that writes; everything here that reads blocks, so
//! that hosts call it off their async threads.

mod export;
mod fts;
mod idle;
mod index;
mod list;
mod message;
mod owner;
mod packed;
mod query;
mod recorder;
mod rows;
mod schema;
mod search;
mod searchable;
mod snippet;
mod state;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::Connection;
use serde_json::value::RawValue;

pub use export::ExportFormat;
pub(crate) use query::Reusable;
pub use query::{FoundIn, ListQuery, Listed, RunList, RunRecord, TaskRecord};
pub use recorder::Recorder;
pub use state::RunState;

use self::{
    export::{Record, TaskResult},
    owner::Owner,
    writer::Writer,
};
use crate::{
    event::{Event, RunId},
    paths::create_private_folder,
};

/// How long anybody waits for another process that holds the file. What is to be written waits as
/// long as it takes.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The runs of a data folder. Clones share one connection and one writer.
#[derive(Clone)]
pub struct History(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    reader: Mutex<Connection>,
    writer: Writer,
    owner: Owner,
}

/// How much of a run the history has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// All of it.
    Whole,
    /// Not its end: another process holds the file. This one writes it once that lets go.
    NotYet,
    /// Something of it could not be written.
    Part,
    /// There is no history.
    Nowhere,
}

/// Why past runs cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file or its folder is not usable.
    #[error(
        "the history in {} cannot be opened ({reason}); make it writable, move it away or choose \
         another data folder",
        path.display()
    )]
    Open {
        /// Where it should be.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// Written by a newer Trawl.
    #[error(
        "the history in {} was written by a newer version of Trawl; update Trawl to read it",
        .0.display()
    )]
    Newer(PathBuf),
    /// Reading or writing failed.
    #[error("the history cannot be read or written: {0}")]
    Database(#[from] rusqlite::Error),
    /// A stored result or event is damaged.
    #[error("a stored {what} of run {run} is damaged: {reason}")]
    Damaged {
        /// `result` or `event`.
        what: &'static str,
        /// Whose.
        run: RunId,
        /// The reader's words.
        reason: String,
    },
    /// Something could not be written.
    #[error("the history cannot be written: {0}")]
    Write(String),
    /// What cannot be the beginning of an id.
    #[error("\"{0}\" is no run: write its id or at least the first 4 characters of it")]
    NotAnId(String),
    /// A beginning of an id that fits no run, or several.
    #[error("{0}")]
    NoSuchRun(String),
}

impl History {
    /// Opens `history.db` in the data folder, creating and upgrading it as needed.
    pub fn open(data_folder: &Path) -> Result<Self, HistoryError> {
        Self::open_waiting(data_folder, LONGEST_WAIT)
    }

    /// Opens it so that nobody waits longer than this for another process that holds the file.
    pub fn open_waiting(data_folder: &Path, longest_wait: Duration) -> Result<Self, HistoryError> {
        let path = data_folder.join("history.db");
        let broken = |reason: String| HistoryError::Open { path: path.clone(), reason };
        create_private_folder(data_folder).map_err(|error| broken(error.to_string()))?;
        let owner = Owner::claim(data_folder).map_err(|error| broken(error.to_string()))?;
        let connection = schema::open(&path)?;
        let reader = schema::open(&path)?;
        let writer =
            Writer::start(connection, longest_wait).map_err(|error| broken(error.to_string()))?;
        let folder = data_folder.to_owned();
        Ok(Self(Arc::new(Inner { folder, reader: Mutex::new(reader), writer, owner })))
    }

    /// Runs, newest first, or the ones in which words occur, best first.
    pub fn list(&self, query: &ListQuery) -> Result<RunList, HistoryError> {
        self.note_interrupted()?;
        list::list(&self.reader(), query)
    }

    /// One run with its tasks.
    pub fn run(&self, id: RunId) -> Result<Option<RunRecord>, HistoryError> {
        self.note_interrupted()?;
        query::run(&self.reader(), id)
    }

    /// A run's events after `after_seq`, or all of them, as they were told when they happened: what is
    /// too long in one is cut.
    pub fn events(&self, id: RunId, after_seq: Option<u64>) -> Result<Vec<Event>, HistoryError> {
        let mut events = query::events(&self.reader(), id, after_seq)?;
        for event in &mut events {
            event.kind.cut();
        }
        Ok(events)
    }

    /// A task's whole result, as the JSON that was received.
    pub fn result(&self, id: RunId, index: usize) -> Result<Option<String>, HistoryError> {
        query::result(&self.reader(), id, index)
    }

    /// The newest result of the same call, if it was made at `not_before_ms` (milliseconds since
    /// 1970) or later. Blocks.
    pub(crate) fn reusable(
        &self,
        key: &str,
        not_before_ms: i64,
    ) -> Result<Option<Reusable>, HistoryError> {
        query::reusable(&self.reader(), key, not_before_ms)
    }

    /// The one run whose id begins with `beginning` (4 characters at least).
    pub fn resolve(&self, beginning: &str) -> Result<RunId, HistoryError> {
        query::resolve(&self.reader(), beginning)
    }

    /// A run as one document.
    pub fn export(&self, id: RunId, format: ExportFormat) -> Result<String, HistoryError> {
        let no_run = || HistoryError::NoSuchRun(format!("there is no run {id} in the history"));
        let run = self.run(id)?.ok_or_else(no_run)?;
        let events = query::events(&self.reader(), id, None)?;
        let damaged = |reason: serde_json::Error| HistoryError::Damaged {
            what: "result",
            run: id,
            reason: reason.to_string(),
        };
        let mut results = Vec::new();
        for TaskRecord { index, .. } in &run.tasks {
            let Some(json) = self.result(id, *index)? else { continue };
            let result = RawValue::from_string(json).map_err(damaged)?;
            results.push(TaskResult { index: *index, result });
        }
        let record = Record { run, events, results };
        match format {
            ExportFormat::Markdown => Ok(record.to_markdown()),
            ExportFormat::Json => record.to_json().map_err(damaged),
        }
    }

    /// Removes runs with all that belongs to them; the logs expire on their own. Returns how many
    /// there were.
    pub fn delete(&self, runs: &[RunId]) -> Result<usize, HistoryError> {
        self.0.writer.delete(runs.to_vec()).map_err(HistoryError::Write)
    }

    /// Returns once everything that this process has told of is committed, or another process has
    /// been in the way too long.
    pub(crate) async fn flush(&self, run: RunId) -> Kept {
        self.0.writer.flush(run).await
    }

    /// Where that cannot be written down now, past runs can still be read.
    fn note_interrupted(&self) -> Result<(), HistoryError> {
        let owners = query::running_owners(&self.reader())?;
        for owner in owners.iter().filter(|owner| **owner != self.0.owner.id()) {
            if owner::is_gone(&self.0.folder, owner)
                && let Err(reason) = self.0.writer.interrupted(owner)
            {
                tracing::debug!(%owner, reason, "its runs are not marked as interrupted yet");
            }
        }
        Ok(())
    }

    /// A panic while reading leaves a connection that is still good.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.0.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
