//! The one thread of a process that writes to the history, committing in groups.
//!
//! Comes in: messages, in the order in which things happened. Goes out: rows ([`super::rows`]). A
//! crash loses at most the group in flight. While another process writes, it waits; what cannot be
//! written at all is left out and told once in the log, and runs go on without it.

use std::{
    collections::HashSet,
    io,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::{rows, schema::is_busy};
use crate::event::{Event, RunId};

/// How long a group stays open: the most that a crash loses.
const GROUP: Duration = Duration::from_millis(20);

/// How many messages a group holds at most.
const GROUP_SIZE: usize = 512;

/// How often a group is tried while another process holds the file; each time waits by itself.
const TRIES: usize = 6;

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
    /// A task's result, compressed.
    Result { run_id: RunId, index: usize, zstd: Arc<[u8]> },
    /// A task's result may stand for the same call in a later run.
    Reusable { run_id: RunId, index: usize, key: String, called_at_ms: i64 },
    /// The owner of running queries is gone.
    Interrupted { owner: String, done: Done },
    /// Remove runs.
    Delete { runs: Vec<RunId>, done: Done },
    /// Say when everything before this is committed, and whether all that is the run's could be.
    Flush { run_id: RunId, done: oneshot::Sender<bool> },
}

/// Gets the number of runs that a message changed, or why it changed none.
pub(super) type Done = mpsc::Sender<Result<usize, String>>;

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

    /// Returns when everything sent until now is committed; whether all that is the run's could be.
    pub(super) async fn flush(&self, run_id: RunId) -> bool {
        let (done, committed) = oneshot::channel();
        self.send(Message::Flush { run_id, done });
        committed.await.unwrap_or(false)
    }

    /// Removes runs and says how many there were. Blocks.
    pub(super) fn delete(&self, runs: Vec<RunId>) -> Result<usize, String> {
        self.answered(|done| Message::Delete { runs, done })
    }

    /// Marks an owner's running queries and says how many there were. Blocks.
    pub(super) fn interrupted(&self, owner: &str) -> Result<usize, String> {
        self.answered(|done| Message::Interrupted { owner: owner.to_owned(), done })
    }

    fn answered(&self, message: impl FnOnce(Done) -> Message) -> Result<usize, String> {
        let (done, outcome) = mpsc::channel();
        self.send(message(done));
        outcome.recv().unwrap_or_else(|_| Err("the thread that writes has ended".to_owned()))
    }
}

fn write(mut connection: Connection, messages: &Receiver<Message>) {
    let (mut refused, mut told) = (HashSet::new(), false);
    while let Ok(first) = messages.recv() {
        let group = collect(first, messages);
        match commit_patiently(&mut connection, &group) {
            Ok(()) => {
                if group.iter().any(|message| matches!(message, Message::Delete { .. })) {
                    give_back(&connection);
                }
            }
            Err(error) => {
                commit_singly(&mut connection, &group, &mut refused);
                if !std::mem::replace(&mut told, true) {
                    tracing::error!(%error, "the history cannot be written; runs go on without it");
                }
            }
        }
        answer_flushes(group, &refused);
    }
}

/// One message that cannot be written does not take the others with it.
fn commit_singly(connection: &mut Connection, group: &[Message], refused: &mut HashSet<RunId>) {
    for message in group {
        if let Err(error) = commit_patiently(connection, std::slice::from_ref(message)) {
            refuse(message, &error.to_string());
            refused.extend(run_of(message));
        }
    }
}

/// The run that misses a message which was not written.
fn run_of(message: &Message) -> Option<RunId> {
    match message {
        Message::Event(event) => Some(event.run_id),
        Message::Run { run_id, .. }
        | Message::Result { run_id, .. }
        | Message::Reusable { run_id, .. } => Some(*run_id),
        Message::Interrupted { .. } | Message::Delete { .. } | Message::Flush { .. } => None,
    }
}

fn answer_flushes(group: Vec<Message>, refused: &HashSet<RunId>) {
    for message in group {
        if let Message::Flush { run_id, done } = message {
            let _ = done.send(!refused.contains(&run_id));
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
    matches!(message, Message::Flush { .. } | Message::Delete { .. } | Message::Interrupted { .. })
}

fn commit_patiently(connection: &mut Connection, group: &[Message]) -> rusqlite::Result<()> {
    let mut tries = 1;
    loop {
        match commit(connection, group) {
            Err(error) if tries < TRIES && is_busy(&error) => tries += 1,
            outcome => return outcome,
        }
    }
}

/// Writes a group and tells everybody who waits for one of its messages.
fn commit(connection: &mut Connection, group: &[Message]) -> rusqlite::Result<()> {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let changed =
        group.iter().map(|message| rows::write(&change, message)).collect::<Result<Vec<_>, _>>()?;
    change.commit()?;
    for (message, changed) in group.iter().zip(changed) {
        if let Message::Interrupted { done, .. } | Message::Delete { done, .. } = message {
            let _ = done.send(Ok(changed));
        }
    }
    Ok(())
}

/// Tells who waits for it that a message was not written.
fn refuse(message: &Message, reason: &str) {
    if let Message::Interrupted { done, .. } | Message::Delete { done, .. } = message {
        let _ = done.send(Err(reason.to_owned()));
    }
}

/// Gives the space of what was deleted back to the file system.
fn give_back(connection: &Connection) {
    // A page a step.
    let vacuumed = connection.prepare("PRAGMA incremental_vacuum").and_then(|mut statement| {
        let mut pages = statement.query([])?;
        while pages.next()?.is_some() {}
        Ok(())
    });
    if let Err(error) = vacuumed {
        tracing::warn!(%error, "the space of deleted runs could not be given back");
    }
}
