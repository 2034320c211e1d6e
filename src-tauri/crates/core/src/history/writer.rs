//! The one thread of a process that writes to the history, committing in groups.
//!
//! Comes in: messages, in the order in which things happened. Goes out: rows ([`super::rows`]). A
//! crash loses at most the group in flight. While another process holds the file, a group is tried
//! until that lets go, so that nothing is lost by it; who asks for an answer is told so after a
//! limit. What cannot be written for another reason is left out and told once in the log, and runs
//! go on without it. While there is nothing to write, there is [`super::idle`].

use std::{
    collections::HashSet,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, TransactionBehavior};

use super::{
    Kept,
    idle::{self, Idle},
    message::{Done, Message},
    rows,
    schema::is_busy,
};
use crate::event::RunId;

/// How long a group stays open: the most that a crash loses.
const GROUP: Duration = Duration::from_millis(20);

/// How many messages a group holds at most.
const GROUP_SIZE: usize = 512;

/// How long a try waits for another process, and how soon it is known that there is one.
const TRY: Duration = Duration::from_millis(250);

/// How often somebody who waits looks whether another process is in the way.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Another process that holds the file so long is told of in the log.
const REMARKABLE: Duration = Duration::from_secs(10);

/// The way to the writer thread, which ends when all of these are gone.
#[derive(Clone)]
pub(super) struct Writer {
    messages: Sender<Message>,
    held_up: HeldUp,
    longest_wait: Duration,
}

/// Why there was no answer.
enum Unanswered {
    /// Another process holds the file.
    HeldUp,
    /// The thread has ended.
    Ended,
}

impl Writer {
    /// Nobody waits for another process longer than `longest_wait`.
    pub(super) fn start(connection: Connection, longest_wait: Duration) -> io::Result<Self> {
        let (sender, messages) = mpsc::channel();
        let held_up = HeldUp::default();
        let told = held_up.clone();
        thread::Builder::new()
            .name("history".into())
            .spawn(move || write(connection, &messages, &told))?;
        Ok(Self { messages: sender, held_up, longest_wait })
    }

    pub(super) fn send(&self, message: Message) {
        // The thread ends only after the last sender.
        let _ = self.messages.send(message);
    }

    /// Returns when everything sent until now is committed, or when another process has been in the
    /// way for the longest wait.
    pub(super) async fn flush(&self, run_id: RunId) -> Kept {
        let (done, committed) = mpsc::channel();
        self.send(Message::Flush { run_id, done });
        let writer = self.clone();
        let wait =
            tokio::task::spawn_blocking(move || writer.answer(&committed, writer.longest_wait));
        match wait.await {
            Ok(Ok(true)) => Kept::Whole,
            Ok(Ok(false) | Err(Unanswered::Ended)) => Kept::Part,
            Ok(Err(Unanswered::HeldUp)) | Err(_) => Kept::NotYet,
        }
    }

    /// Removes runs and says how many there were. Blocks.
    pub(super) fn delete(&self, runs: Vec<RunId>) -> Result<usize, String> {
        self.changed(self.longest_wait, |done| Message::Delete { runs, done })
    }

    /// Marks an owner's running queries and says how many there were. Blocks, but hardly where
    /// another process is in the way: it is done after that.
    pub(super) fn interrupted(&self, owner: &str) -> Result<usize, String> {
        let limit = TRY.min(self.longest_wait);
        self.changed(limit, |done| Message::Interrupted { owner: owner.to_owned(), done })
    }

    fn changed(
        &self,
        limit: Duration,
        message: impl FnOnce(Done) -> Message,
    ) -> Result<usize, String> {
        let (outcome, told) = mpsc::channel();
        let wants = Arc::new(());
        self.send(message(Done { outcome, wanted: Arc::downgrade(&wants) }));
        self.answer(&told, limit).unwrap_or_else(|why| Err(why.words().to_owned()))
    }

    /// Waits for an answer, for another process no longer than `limit`. Blocks.
    fn answer<T>(&self, told: &Receiver<T>, limit: Duration) -> Result<T, Unanswered> {
        let asked = Instant::now();
        loop {
            match told.recv_timeout(LOOK_AGAIN.min(limit)) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(Unanswered::Ended),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.held_up.time_since(asked).is_some_and(|time| time >= limit) {
                return Err(Unanswered::HeldUp);
            }
        }
    }
}

impl Unanswered {
    fn words(&self) -> &'static str {
        match self {
            Self::HeldUp => "another process holds it; try again when that has ended",
            Self::Ended => "the thread that writes has ended",
        }
    }
}

/// Since when another process holds the file, if one does.
#[derive(Clone, Default)]
struct HeldUp(Arc<Mutex<Option<Instant>>>);

impl HeldUp {
    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// How long it has been so, from a moment on.
    fn time_since(&self, moment: Instant) -> Option<Duration> {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.map(|since| since.max(moment).elapsed())
    }
}

fn write(mut connection: Connection, messages: &Receiver<Message>, held_up: &HeldUp) {
    // Where that cannot be set, a try takes longer.
    let _ = connection.busy_timeout(TRY);
    let (mut refused, mut told, mut idle) = (HashSet::new(), false, Idle::default());
    while let Some(first) = next(&mut connection, messages, &mut idle) {
        let group = collect(first, messages);
        if let Err(error) = commit_patiently(&mut connection, &group, held_up) {
            commit_singly(&mut connection, &group, &mut refused, held_up);
            if !std::mem::replace(&mut told, true) {
                tracing::error!(%error, "the history cannot be written; runs go on without it");
            }
        }
        answer_flushes(group, &refused);
    }
}

/// The next message. What can wait is done a little at a time while there is none.
fn next(
    connection: &mut Connection,
    messages: &Receiver<Message>,
    idle: &mut Idle,
) -> Option<Message> {
    let mut pause = Some(idle::PAUSE);
    while let Some(time) = pause {
        match messages.recv_timeout(time) {
            Ok(message) => return Some(message),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => pause = idle.work(connection),
        }
    }
    messages.recv().ok()
}

/// One message that cannot be written does not take the others with it.
fn commit_singly(
    connection: &mut Connection,
    group: &[Message],
    refused: &mut HashSet<RunId>,
    held_up: &HeldUp,
) {
    for message in group {
        let single = std::slice::from_ref(message);
        if let Err(error) = commit_patiently(connection, single, held_up) {
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

/// Writes a group, as soon as no other process holds the file.
fn commit_patiently(
    connection: &mut Connection,
    group: &[Message],
    held_up: &HeldUp,
) -> rusqlite::Result<()> {
    let began = Instant::now();
    let mut remarked = false;
    loop {
        let outcome = commit(connection, group);
        if !outcome.as_ref().is_err_and(is_busy) {
            held_up.set(None);
            return outcome;
        }
        held_up.set(Some(began));
        if began.elapsed() > REMARKABLE && !std::mem::replace(&mut remarked, true) {
            tracing::warn!("another process holds the history; what happens is written after that");
        }
    }
}

/// Writes a group and tells everybody who waits for one of its messages.
fn commit(connection: &mut Connection, group: &[Message]) -> rusqlite::Result<()> {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let changed = group
        .iter()
        .map(|message| if is_wanted(message) { rows::write(&change, message) } else { Ok(0) })
        .collect::<Result<Vec<_>, _>>()?;
    change.commit()?;
    for (message, changed) in group.iter().zip(changed) {
        if let Message::Interrupted { done, .. } | Message::Delete { done, .. } = message {
            let _ = done.outcome.send(Ok(changed));
        }
    }
    Ok(())
}

/// Whoever was told that runs cannot be deleted now does not find them gone later.
fn is_wanted(message: &Message) -> bool {
    !matches!(message, Message::Delete { done, .. } if done.wanted.strong_count() == 0)
}

/// Tells who waits for it that a message was not written.
fn refuse(message: &Message, reason: &str) {
    if let Message::Interrupted { done, .. } | Message::Delete { done, .. } = message {
        let _ = done.outcome.send(Err(reason.to_owned()));
    }
}
