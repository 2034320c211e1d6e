//! Channels to the page: what happens in the core, forwarded until the page is gone.
//!
//! A page that is loaded again asks anew from where it likes; what was forwarded to the page before
//! it ends here. Nothing is kept: events are numbered and replayed by the core.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::{Stream, StreamExt};
use serde::Serialize;
use tauri::ipc::Channel;
use tokio_util::sync::CancellationToken;

/// At most so many events in one message.
const BATCH: usize = 256;

/// One frame: a page draws no more often, so what happens meanwhile goes out together.
const FRAME: Duration = Duration::from_millis(16);

/// Everything that is being forwarded to the page.
#[derive(Default)]
pub(crate) struct Watches {
    page: Mutex<CancellationToken>,
}

impl Watches {
    /// Goes on with `forwarding` until the page is loaded again. Must be called inside a tokio
    /// runtime.
    pub(crate) fn hold(&self, forwarding: impl Future<Output = ()> + Send + 'static) {
        let page = self.page.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tokio::spawn(async move {
            tokio::select! {
                () = forwarding => {}
                () = page.cancelled() => {}
            }
        });
    }

    /// Ends all that is being forwarded.
    pub(crate) fn end(&self) {
        let mut page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        page.cancel();
        *page = CancellationToken::new();
    }
}

/// Every event, several in one message: the first at once, further ones at most once a frame. An
/// empty message says that there are no more: a run without a last event was interrupted.
pub(crate) async fn in_batches<T: Serialize>(
    events: impl Stream<Item = T>,
    channel: Channel<Vec<T>>,
) {
    let mut batches = pin!(events.ready_chunks(BATCH));
    while let Some(batch) = batches.next().await {
        let is_full = batch.len() == BATCH;
        if channel.send(batch).is_err() {
            return;
        }
        if !is_full {
            tokio::time::sleep(FRAME).await;
        }
    }
    // A page that is gone needs no end.
    let _ = channel.send(Vec::new());
}

/// Every state in a message of its own, at most one a frame.
pub(crate) async fn one_by_one<T: Serialize>(states: impl Stream<Item = T>, channel: Channel<T>) {
    let mut states = pin!(states);
    while let Some(state) = states.next().await {
        if channel.send(state).is_err() {
            return;
        }
        tokio::time::sleep(FRAME).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use futures::stream;
    use tauri::ipc::InvokeResponseBody;

    #[tokio::test]
    async fn events_arrive_whole_and_in_batches() {
        let received: Arc<Mutex<Vec<Vec<u32>>>> = Arc::default();
        let into = received.clone();
        let channel = Channel::new(move |body| {
            let InvokeResponseBody::Json(json) = body else { panic!("not JSON") };
            into.lock().unwrap().push(serde_json::from_str(&json).unwrap());
            Ok(())
        });
        in_batches(stream::iter(0..600_u32), channel).await;
        let batches = received.lock().unwrap();
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [256, 256, 88, 0]);
        assert!(batches.iter().flatten().copied().eq(0..600));
    }

    #[tokio::test]
    async fn a_page_loaded_again_ends_what_was_forwarded() {
        let (sender, events) = futures::channel::mpsc::unbounded::<u32>();
        let watches = Watches::default();
        watches.hold(in_batches(events, Channel::new(|_| Ok(()))));
        watches.end();
        // The receiving half is dropped with its task.
        while !sender.is_closed() {
            tokio::task::yield_now().await;
        }
    }
}
