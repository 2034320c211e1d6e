//! Calls per second of one server (GCRA), on the runtime's clock so that tests can pause it.

use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// Lets calls pass evenly: never more than `per_second` in any second.
pub(super) struct Rate {
    per_second: f64,
    limiter: RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<std::time::Instant>>,
}

#[derive(Debug, Clone, Copy)]
struct RuntimeClock;

impl Clock for RuntimeClock {
    type Instant = std::time::Instant;

    fn now(&self) -> Self::Instant {
        Instant::now().into_std()
    }
}

impl Rate {
    /// `None` for what is no rate: zero, negative, or more than a call a nanosecond.
    pub(super) fn new(per_second: f64) -> Option<Self> {
        let period = Duration::try_from_secs_f64(per_second.recip()).ok()?;
        let limiter = RateLimiter::direct_with_clock(Quota::with_period(period)?, RuntimeClock);
        Some(Self { per_second, limiter })
    }

    /// Whether this is the rate of an entry that says `per_second`.
    pub(super) fn is(&self, per_second: Option<f64>) -> bool {
        per_second.is_some_and(|wanted| wanted.to_bits() == self.per_second.to_bits())
    }

    /// Lets one call pass, or says when to ask again.
    pub(super) fn pass(&self) -> Result<(), Instant> {
        self.limiter.check().map_err(|early| Instant::from_std(early.earliest_possible()))
    }
}
