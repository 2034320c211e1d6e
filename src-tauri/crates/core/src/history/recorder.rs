//! One run's record while it happens: numbers, keeps and forwards its events and results.
//!
//! Comes in: what happens, from any thread. Goes out: the same events to everybody who follows, and
//! to the writer thread. Works without a history too; then what it holds is all there is. Never
//! waits for the disk.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{Stream, stream};
use tokio::{sync::watch, time::Instant};
use zstd::bulk::Compressor;

use super::{History, Kept, message::Message};
use crate::event::{Event, EventKind, RunId};

/// Fast, and about a third of the size on JSON.
const ZSTD_LEVEL: i32 = 1;

/// The record of one running query. Clones write to the same record.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    run_id: RunId,
    began: Instant,
    log: Mutex<Vec<Arc<Event>>>,
    results: Mutex<BTreeMap<usize, Arc<[u8]>>>,
    length: watch::Sender<usize>,
    /// Held so that the run's owner lives as long as the run.
    history: Option<History>,
}

impl Recorder {
    /// Begins the record of a run with its `started` event.
    pub fn start(
        history: Option<&History>,
        run_id: RunId,
        question: &str,
        continues: Option<RunId>,
    ) -> Self {
        let started_at = jiff::Timestamp::now().to_string();
        let recorder = Self(Arc::new(Inner {
            run_id,
            began: Instant::now(),
            log: Mutex::default(),
            results: Mutex::default(),
            length: watch::Sender::new(0),
            history: history.cloned(),
        }));
        if let Some(history) = history {
            let owner = history.0.owner.id().to_owned();
            let (question, started_at) = (question.to_owned(), started_at.clone());
            recorder.store(|| Message::Run { run_id, question, continues, started_at, owner });
        }
        recorder.emit(EventKind::Started { question: question.to_owned(), started_at, continues });
        recorder
    }

    /// The run's id.
    pub fn run_id(&self) -> RunId {
        self.0.run_id
    }

    /// Milliseconds since the run began.
    pub fn elapsed_ms(&self) -> f64 {
        self.0.began.elapsed().as_secs_f64() * 1000.0
    }

    /// Numbers an event, keeps it and forwards it, cut where it is too long; the history gets all of
    /// it. What comes after the run's last event is dropped.
    pub fn emit(&self, mut kind: EventKind) {
        let whole = kind.cut();
        let mut log = lock(&self.0.log);
        let last = log.last();
        if last.is_some_and(|event| event.kind.is_terminal()) {
            tracing::error!(run = %self.0.run_id, event = ?kind, "an event after the run's last one");
            return;
        }
        // Under the lock, so that neither number nor time ever goes back.
        let at_ms = self.elapsed_ms().max(last.map_or(0.0, |event| event.at_ms));
        let (run_id, seq) = (self.0.run_id, log.len() as u64);
        let event = Arc::new(Event { run_id, seq, at_ms, kind });
        self.store(|| {
            let whole = whole.map(|kind| Arc::new(Event { run_id, seq, at_ms, kind }));
            Message::Event(whole.unwrap_or_else(|| Arc::clone(&event)))
        });
        log.push(event);
        let length = log.len();
        drop(log);
        // Who follows from now on reads the log first, so that nobody has to be told.
        if self.0.length.receiver_count() > 0 {
            self.0.length.send_replace(length);
        }
    }

    /// Keeps a task's whole result, compressed once for memory and history alike. Takes about a
    /// millisecond for each MiB: off the async threads where it is large.
    pub fn keep_result(&self, index: usize, json: &str) {
        self.keep_packed(index, Arc::from(compress(json)));
    }

    /// Keeps a result that is compressed already, as an earlier run's is.
    pub(crate) fn keep_packed(&self, index: usize, zstd: Arc<[u8]>) {
        let (run_id, shared) = (self.0.run_id, Arc::clone(&zstd));
        self.store(|| Message::Result { run_id, index, zstd: shared });
        lock(&self.0.results).insert(index, zstd);
    }

    /// Lets later runs use a task's result for the call that `key` stands for.
    pub(crate) fn may_be_reused(&self, index: usize, key: String) {
        let (run_id, called_at_ms) = (self.0.run_id, jiff::Timestamp::now().as_millisecond());
        self.store(|| Message::Reusable { run_id, index, key, called_at_ms });
    }

    /// Milliseconds between the run's begin and a moment; 0 for one before it.
    pub(crate) fn ms_at(&self, moment: Instant) -> f64 {
        moment.saturating_duration_since(self.0.began).as_secs_f64() * 1000.0
    }

    /// A task's whole result, as it was kept.
    pub fn result(&self, index: usize) -> Option<String> {
        let zstd = lock(&self.0.results).get(&index).cloned()?;
        super::query::decompress(&zstd).ok()
    }

    /// All events until now.
    pub fn events(&self) -> Vec<Arc<Event>> {
        lock(&self.0.log).clone()
    }

    /// The events after `after_seq`, or all of them: first what happened already, then what
    /// happens. Ends after the run's last event.
    pub fn follow(&self, after_seq: Option<u64>) -> impl Stream<Item = Arc<Event>> + Send + use<> {
        let next =
            after_seq.map_or(0, |seq| usize::try_from(seq).unwrap_or(usize::MAX).saturating_add(1));
        let state = (Arc::clone(&self.0), self.0.length.subscribe(), next);
        stream::unfold(state, |(record, mut length, next)| async move {
            loop {
                length.borrow_and_update();
                let (event, ended) = {
                    let log = lock(&record.log);
                    let ended = log.last().is_some_and(|event| event.kind.is_terminal());
                    (log.get(next).cloned(), ended)
                };
                match event {
                    Some(event) => return Some((event, (record, length, next + 1))),
                    None if ended => return None,
                    None => length.changed().await.ok()?,
                }
            }
        })
    }

    /// Returns once everything emitted until now is committed to the history, or cannot be, or has
    /// waited for another process too long.
    pub async fn flush(&self) -> Kept {
        match &self.0.history {
            Some(history) => history.flush(self.0.run_id).await,
            None => Kept::Nowhere,
        }
    }

    fn store(&self, message: impl FnOnce() -> Message) {
        if let Some(history) = &self.0.history {
            history.0.writer.send(message());
        }
    }
}

thread_local! {
    /// Its tables are larger than most results, so that they are made once a thread.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> =
        RefCell::new(Compressor::new(ZSTD_LEVEL).ok());
}

fn compress(json: &str) -> Vec<u8> {
    // Compressing memory into memory fails only where memory does.
    let compressed = COMPRESSOR.with_borrow_mut(|compressor| match compressor {
        Some(compressor) => compressor.compress(json.as_bytes()),
        None => zstd::bulk::compress(json.as_bytes(), ZSTD_LEVEL),
    });
    compressed.unwrap_or_default()
}

/// A panic elsewhere leaves a record that is still good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
