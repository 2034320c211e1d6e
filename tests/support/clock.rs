//! Time that stands still until a test lets it pass, while sockets go on.
//!
//! Where time is merely paused, tokio moves it on whenever no task is ready to run, and a packet on
//! its way makes no task ready: a limit would pass before an answer that is there. Here a limit
//! passes when the test has seen what should come before it, however busy the machine is.

use std::pin::pin;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// For packets that are on their way; too short a time costs one more round, and no test.
const MEANWHILE: Duration = Duration::from_millis(200);

/// Time stands still for as long as this is kept, and goes on afterwards. For a runtime of one
/// thread, as a test's is.
pub struct Clock {
    _held: Sender<()>,
}

impl Drop for Clock {
    fn drop(&mut self) {
        // Paused time would be moved on by tokio itself.
        tokio::time::resume();
    }
}

impl Clock {
    /// Stops time.
    pub fn stopped() -> Self {
        let (held, until_dropped) = channel::<()>();
        // While a blocking task runs, tokio leaves paused time where it is.
        tokio::task::spawn_blocking(move || until_dropped.recv().is_ok());
        tokio::time::pause();
        Self { _held: held }
    }

    /// Lets a limit of so much pass that began since time was stopped.
    pub async fn pass(&self, limit: Duration) {
        // Timers go off at whole milliseconds.
        tokio::time::advance(limit + Duration::from_millis(1)).await;
    }

    /// Lets a limit of so much pass again and again until `outcome` is there: a limit that begins
    /// anew with everything that arrives may begin after a test has seen what came before.
    pub async fn passing<T>(&self, limit: Duration, outcome: impl Future<Output = T>) -> T {
        let mut outcome = pin!(outcome);
        loop {
            self.pass(limit).await;
            // Of a thread, since the runtime's own time stands still.
            let meanwhile = tokio::task::spawn_blocking(|| std::thread::sleep(MEANWHILE));
            tokio::select! {
                outcome = &mut outcome => return outcome,
                _ = meanwhile => {}
            }
        }
    }
}
