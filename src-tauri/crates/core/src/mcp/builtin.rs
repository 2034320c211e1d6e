//! The sample server inside Trawl: `{"builtin": "stories"}`, reached without a process.

use tokio::io::DuplexStream;
use tokio_util::task::TaskTracker;

/// Bytes in flight each way before the writer waits.
const BUFFER: usize = 256 << 10;

/// Our end of a stream with the sample server at its other end.
pub(super) fn stories(tasks: &TaskTracker) -> Result<DuplexStream, String> {
    let _ = (BUFFER, tasks);
    Err("is not part of this build".to_owned())
}
