//! How long a task took and how often it was called.

use std::time::Duration;

use tokio::time::Instant;

/// Times and counts, also of a job that panicked.
#[derive(Default)]
pub(super) struct Meter {
    pub(super) attempts: u32,
    pub(super) first_start: Option<Instant>,
    pub(super) end: Option<Instant>,
    /// Time with a call in flight.
    pub(super) running: Duration,
    in_flight_since: Option<Instant>,
}

impl Meter {
    pub(super) fn start(&mut self) {
        let now = Instant::now();
        self.attempts += 1;
        self.first_start.get_or_insert(now);
        self.in_flight_since = Some(now);
    }

    pub(super) fn stop(&mut self) {
        let now = Instant::now();
        self.end = Some(now);
        if let Some(since) = self.in_flight_since.take() {
            self.running += now - since;
        }
    }
}
