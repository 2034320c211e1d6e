//! How long the tasks took, together and one after the other.

use std::time::Duration;

use tokio::time::Instant;

use crate::execute::meter::Meter;

/// Over all tasks of the run.
#[derive(Default)]
pub(super) struct Totals {
    first_start: Option<Instant>,
    last_end: Option<Instant>,
    sequential: Duration,
}

impl Totals {
    /// Adds one task; gives back the milliseconds from its first start to its end.
    pub(super) fn add(&mut self, meter: &Meter) -> f64 {
        let (Some(start), Some(end)) = (meter.first_start, meter.end) else { return 0.0 };
        self.first_start = Some(self.first_start.map_or(start, |first| first.min(start)));
        self.last_end = Some(self.last_end.map_or(end, |last| last.max(end)));
        self.sequential += meter.running;
        milliseconds(end - start)
    }

    /// From the first start to the last end, and the time the tasks ran, one after the other.
    pub(super) fn milliseconds(&self) -> (f64, f64) {
        let wall = self.last_end.zip(self.first_start).map(|(end, start)| end - start);
        (milliseconds(wall.unwrap_or_default()), milliseconds(self.sequential))
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
