//! The sample server inside Trawl: `{"builtin": "stories"}`, reached without a process.

use std::sync::LazyLock;

use tokio::io::DuplexStream;
use tokio_util::task::TaskTracker;
use trawl_stories::{StoriesServer, serve_stream};

/// Bytes in flight each way before the writer waits.
const BUFFER: usize = 256 << 10;

/// Our end of a stream with the sample server at its other end.
pub(super) fn stories(tasks: &TaskTracker) -> DuplexStream {
    /// One index for all connections of this process.
    static SERVER: LazyLock<StoriesServer> = LazyLock::new(StoriesServer::sample);
    let (near, far) = tokio::io::duplex(BUFFER);
    tasks.spawn(async move {
        if let Err(error) = serve_stream(SERVER.clone(), far).await {
            tracing::warn!(%error, "the built-in server ended");
        }
    });
    near
}
