//! A run that is not of this process, followed from the history.
//!
//! Most have ended; one that another process is still at (the command line, a second window) is read
//! again until it ends or its process is gone. The stream of a run that was interrupted ends without
//! a last event; so does that of one that cannot be read any longer, which is logged.

use std::time::Duration;

use futures::{Stream, stream};
use trawl_core::event::{Event, RunId};
use trawl_core::history::{History, HistoryError, RunState};

/// How often another process's run is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// The events after `after_seq`, or all of them, until the run ends.
pub(crate) fn follow(
    history: History,
    run: RunId,
    after_seq: Option<u64>,
) -> impl Stream<Item = Event> + Send + 'static {
    let batches = stream::unfold(Some((history, after_seq)), move |state| async move {
        let (history, after) = state?;
        let looked = {
            let history = history.clone();
            tokio::task::spawn_blocking(move || look(&history, run, after)).await
        };
        let (events, goes_on) = match looked {
            Ok(Ok(looked)) => looked,
            Ok(Err(error)) => {
                tracing::error!(%run, %error, "a run cannot be read");
                return None;
            }
            Err(panic) => {
                tracing::error!(%run, %panic, "a run cannot be read");
                return None;
            }
        };
        let after = events.last().map_or(after, |event| Some(event.seq));
        if events.is_empty() && goes_on {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Some((stream::iter(events), goes_on.then_some((history, after))))
    });
    futures::StreamExt::flatten(batches)
}

/// What is new, and whether there is more to come. The state is read first: what its last event is
/// follows then.
fn look(
    history: &History,
    run: RunId,
    after: Option<u64>,
) -> Result<(Vec<Event>, bool), HistoryError> {
    let state = history.run(run)?.map(|record| record.listed.state);
    let events = history.events(run, after)?;
    let ended = events.last().is_some_and(|event| event.kind.is_terminal());
    Ok((events, state == Some(RunState::Running) && !ended))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::StreamExt;
    use trawl_core::event::EventKind;
    use trawl_core::history::Recorder;
    use uuid::Uuid;

    use super::*;

    /// As another process has it open: with an owner of its own.
    async fn begun(other: &History) -> Recorder {
        let recorder = Recorder::start(Some(other), Uuid::new_v4(), "What breaks off?", None);
        recorder.emit(EventKind::PlanStarted { planner: "builtin".into() });
        recorder.flush().await;
        recorder
    }

    #[tokio::test]
    async fn a_run_whose_process_is_gone_ends_without_a_last_event() {
        let folder = tempfile::tempdir().unwrap();
        let other = History::open(folder.path()).unwrap();
        let recorder = begun(&other).await;
        let history = History::open(folder.path()).unwrap();
        let mut events = pin!(follow(history, recorder.run_id(), None));
        assert_eq!(events.next().await.unwrap().seq, 0);
        assert_eq!(events.next().await.unwrap().seq, 1);
        // Its process lives: there is more to come.
        let more = tokio::time::timeout(LOOK_AGAIN * 3, events.next()).await;
        assert!(more.is_err(), "{more:?}");
        drop((recorder, other));
        assert_eq!(events.next().await, None);
    }

    #[tokio::test]
    async fn a_run_of_another_process_is_followed_to_its_last_event() {
        let folder = tempfile::tempdir().unwrap();
        let other = History::open(folder.path()).unwrap();
        let recorder = begun(&other).await;
        let history = History::open(folder.path()).unwrap();
        let mut events = pin!(follow(history, recorder.run_id(), Some(0)));
        assert_eq!(events.next().await.unwrap().seq, 1);
        recorder.emit(EventKind::Cancelled {});
        recorder.flush().await;
        assert_eq!(events.next().await.unwrap().kind, EventKind::Cancelled {});
        assert_eq!(events.next().await, None);
    }
}
