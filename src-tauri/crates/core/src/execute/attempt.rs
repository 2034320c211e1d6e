//! One call, with its progress told at most ten times a second.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::event::{EventKind, Object};
use crate::mcp::{CallError, CallOptions, Progress, ToolResult};

use super::call::Call;

/// Between two progress events of a task.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Calls the tool once.
pub(super) async fn attempt(call: &Call, arguments: &Object) -> Result<ToolResult, CallError> {
    let Call { server, tool, recorder, index, .. } = call;
    let index = *index;
    let (progress, mut heard) = mpsc::unbounded_channel();
    let options = CallOptions {
        timeout: server.entry().timeout(),
        total_timeout: server.entry().total_timeout(),
        cancel: call.cancel.clone(),
        progress: Some(progress),
    };
    let tell = |progress: Progress| {
        let Progress { progress, total, message } = progress;
        let message = message.map(|words| server.without_secrets(&words, false).into_owned());
        recorder.emit(EventKind::TaskProgress { index, progress, total, message });
    };
    let mut pace = Pace::default();
    let calling = server.call(&tool.name, arguments, options);
    tokio::pin!(calling);
    loop {
        let due = pace.due();
        tokio::select! {
            biased;
            Some(progress) = heard.recv() => {
                if let Some(progress) = pace.heard(progress, Instant::now()) {
                    tell(progress);
                }
            }
            result = &mut calling => return result,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                if let Some(progress) = pace.release(Instant::now()) {
                    tell(progress);
                }
            }
        }
    }
}

/// Drops what came out of order and holds back what came too soon; the newest is never lost.
#[derive(Default)]
struct Pace {
    highest: Option<f64>,
    told_at: Option<Instant>,
    held: Option<Progress>,
}

impl Pace {
    fn heard(&mut self, progress: Progress, now: Instant) -> Option<Progress> {
        if progress.progress.is_nan()
            || self.highest.is_some_and(|highest| progress.progress <= highest)
        {
            return None;
        }
        self.highest = Some(progress.progress);
        self.held = Some(progress);
        let too_soon = self.told_at.is_some_and(|told| told + PROGRESS_EVERY > now);
        if too_soon { None } else { self.release(now) }
    }

    /// When what is held back may be told.
    fn due(&self) -> Option<Instant> {
        self.held.as_ref()?;
        self.told_at.map(|told| told + PROGRESS_EVERY)
    }

    fn release(&mut self, now: Instant) -> Option<Progress> {
        self.told_at = Some(now);
        self.held.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_in_order_and_not_too_often() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let done = |progress| Progress { progress, total: None, message: None };
        let mut pace = Pace::default();
        assert_eq!(pace.heard(done(1.0), at(0)), Some(done(1.0)));
        assert_eq!(pace.heard(done(3.0), at(10)), None);
        assert_eq!(pace.heard(done(2.0), at(20)), None);
        assert_eq!(pace.heard(done(4.0), at(30)), None);
        assert_eq!(pace.due(), Some(at(100)));
        assert_eq!(pace.release(at(100)), Some(done(4.0)));
        assert_eq!((pace.due(), pace.heard(done(4.0), at(150))), (None, None));
        assert_eq!(pace.heard(done(5.0), at(250)), Some(done(5.0)));
    }
}
