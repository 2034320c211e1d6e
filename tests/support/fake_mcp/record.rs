//! What the fake MCP server received, and how many calls it had in flight at once.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::Value;
use tokio::sync::watch;

/// The server's own record.
pub struct Record {
    received: Mutex<Vec<(Instant, Value)>>,
    log: Option<Mutex<File>>,
    in_flight: Arc<AtomicUsize>,
    most_in_flight: AtomicUsize,
    changes: watch::Sender<usize>,
}

/// Counts one call as long as it lives.
pub(super) struct InFlight(Arc<AtomicUsize>);

impl Record {
    pub(super) fn new(log: Option<&Path>) -> Self {
        let log = log.map(|path| {
            let file = File::options().create(true).append(true).open(path);
            Mutex::new(file.expect("the log file can be written"))
        });
        Self {
            received: Mutex::default(),
            log,
            in_flight: Arc::default(),
            most_in_flight: AtomicUsize::new(0),
            changes: watch::Sender::new(0),
        }
    }

    /// Every message received so far, in order.
    pub fn received(&self) -> Vec<Value> {
        let received = self.received.lock().expect("no test panics here");
        received.iter().map(|(_, message)| message.clone()).collect()
    }

    /// When the first call of a tool whose argument `text` is this one had been read.
    pub fn called_at(&self, tool: &str, text: &str) -> Option<Instant> {
        let received = self.received.lock().expect("no test panics here");
        let is_it = |message: &Value| {
            let params = &message["params"];
            is_call(message, tool) && params["arguments"]["text"] == text
        };
        received.iter().find(|(_, message)| is_it(message)).map(|(at, _)| *at)
    }

    /// Calls of a tool received so far.
    pub fn calls(&self, tool: &str) -> usize {
        self.count(|message| is_call(message, tool))
    }

    /// Notifications that a call is cancelled received so far.
    pub fn cancellations(&self) -> usize {
        self.count(|message| message["method"] == "notifications/cancelled")
    }

    fn count(&self, wanted: impl Fn(&Value) -> bool) -> usize {
        let received = self.received.lock().expect("no test panics here");
        received.iter().filter(|(_, message)| wanted(message)).count()
    }

    /// The most calls that ran at the same time.
    pub fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::SeqCst)
    }

    /// Calls that run now.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Waits until `wanted` holds; looked at after each received message.
    pub async fn until(&self, wanted: impl Fn(&Self) -> bool) {
        let mut changes = self.changes.subscribe();
        while !wanted(self) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    pub(super) fn note(&self, message: &Value) {
        let now = Instant::now();
        if let Some(log) = &self.log {
            let mut line = message.to_string();
            line.push('\n');
            let _ = log.lock().expect("no test panics here").write_all(line.as_bytes());
        }
        self.received.lock().expect("no test panics here").push((now, message.clone()));
        self.changes.send_modify(|count| *count += 1);
    }

    pub(super) fn start(&self) -> InFlight {
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_flight.fetch_max(now, Ordering::SeqCst);
        InFlight(self.in_flight.clone())
    }
}

fn is_call(message: &Value, tool: &str) -> bool {
    message["method"] == "tools/call" && message["params"]["name"] == tool
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
