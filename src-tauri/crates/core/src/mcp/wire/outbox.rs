//! What is on its way to a server: lines in the order in which they were given, written together.
//!
//! The protocol library sends each message on a task of its own. A line takes its place when it is
//! given, not when its task runs, so that a cancellation never overtakes its call; and whoever may
//! write writes everything that waits, so that a thousand calls cost a few writes.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::calls::Call;

/// How long a stream may take to be closed.
const FAREWELL: Duration = Duration::from_millis(200);

/// The way to one server.
pub(in crate::mcp) struct Outbox<W> {
    waiting: Mutex<Waiting>,
    way: tokio::sync::Mutex<Way<W>>,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Whose request is among them.
    calls: Vec<Arc<Call>>,
    /// Lines given since the start.
    given: u64,
}

struct Way<W> {
    /// `None` once it is closed or broken.
    writer: Option<W>,
    /// Lines written since the start.
    written: u64,
    broken: Option<io::ErrorKind>,
}

/// A line's place in the order.
#[derive(Clone, Copy)]
pub(in crate::mcp) struct Place(u64);

impl<W: AsyncWrite + Unpin> Outbox<W> {
    pub(in crate::mcp) fn new(writer: W) -> Self {
        let way = Way { writer: Some(writer), written: 0, broken: None };
        Self { waiting: Mutex::default(), way: tokio::sync::Mutex::new(way) }
    }

    /// Takes a line, with the call that it makes.
    pub(in crate::mcp) fn give(&self, line: &[u8], call: Option<Arc<Call>>) -> Place {
        let mut waiting = self.waiting();
        waiting.lines.extend_from_slice(line);
        waiting.lines.push(b'\n');
        waiting.calls.extend(call);
        waiting.given += 1;
        Place(waiting.given)
    }

    /// Returns when the line is written, by whomever.
    pub(in crate::mcp) async fn written(&self, Place(place): Place) -> io::Result<()> {
        let mut way = self.way.lock().await;
        if way.written >= place {
            return Ok(());
        }
        // Taken out while it writes: a write that is cut short leaves half a line behind, after
        // which nothing can be said on this way any more.
        let Some(mut writer) = way.writer.take() else {
            return Err(way.broken.unwrap_or(io::ErrorKind::NotConnected).into());
        };
        let Waiting { lines, calls, given } = self.take();
        for call in calls {
            call.sent.store(true, Ordering::Release);
        }
        let outcome = async {
            writer.write_all(&lines).await?;
            writer.flush().await
        };
        match outcome.await {
            Ok(()) => {
                way.written = given;
                way.writer = Some(writer);
                Ok(())
            }
            Err(error) => {
                way.broken = Some(error.kind());
                Err(error)
            }
        }
    }

    /// Closes the way; what waits is not written any more.
    pub(in crate::mcp) async fn close(&self) {
        let writer = self.way.lock().await.writer.take();
        if let Some(mut writer) = writer {
            // Streams that are not closed by being dropped (in-process ones) see the end too.
            let _ = tokio::time::timeout(FAREWELL, writer.shutdown()).await;
        }
    }

    fn take(&self) -> Waiting {
        let mut waiting = self.waiting();
        let given = waiting.given;
        std::mem::replace(&mut *waiting, Waiting { given, ..Waiting::default() })
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test]
    async fn lines_keep_the_order_in_which_they_were_given() {
        let (ours, mut theirs) = duplex(1 << 16);
        let outbox = Outbox::new(ours);
        let places: Vec<Place> =
            (0..100).map(|n| outbox.give(n.to_string().as_bytes(), None)).collect();
        // The last one to be given is the first one to write.
        for place in places.into_iter().rev() {
            outbox.written(place).await.unwrap();
        }
        outbox.close().await;
        let mut read = String::new();
        theirs.read_to_string(&mut read).await.unwrap();
        assert!(read.lines().eq((0..100).map(|n| n.to_string())), "{read}");
    }

    #[tokio::test]
    async fn a_write_that_was_cut_short_is_the_last() {
        let (ours, _theirs) = duplex(8);
        let outbox = Outbox::new(ours);
        let place = outbox.give(b"longer than the pipe takes", None);
        let stuck = tokio::time::timeout(Duration::from_millis(20), outbox.written(place)).await;
        assert!(stuck.is_err());
        let next = outbox.give(b"next", None);
        let error = outbox.written(next).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotConnected);
    }
}
