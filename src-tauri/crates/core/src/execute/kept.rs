//! Where a result goes: whole to the recorder and to the log, its beginning to the task's last event.

use crate::logging;
use crate::mcp::{Server, ToolResult};
use crate::value::items_in;

use super::call::Call;
use super::preview;

/// Results above this size are compressed, and parsed, away from the threads that answer servers.
pub(super) const LARGE: usize = 256 * 1024;

/// What the recorder holds of a task's result.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) bytes: usize,
    pub(super) preview: String,
    /// How many items it has, where it is a list.
    pub(super) items: Option<usize>,
}

/// Hands the result to the recorder and to the log; only its beginning stays here.
pub(super) async fn keep(call: &Call, result: ToolResult) -> Kept {
    let (recorder, index, tool) = (call.recorder.clone(), call.index, call.tool.clone());
    let server = call.server.clone();
    let takes_long = result.json.len() > LARGE || logging::is_behind();
    away_if(takes_long, move || {
        recorder.keep_result(index, &result.json);
        tracing::debug!(
            target: "trawl::results",
            run = %recorder.run_id(),
            index,
            server = tool.server,
            tool = tool.name,
            is_error = result.is_error,
            result = result.json,
        );
        Kept::of(&result.json, &server)
    })
    .await
}

impl Kept {
    /// What is told of a result.
    pub(super) fn of(result: &str, server: &Server) -> Self {
        let (preview, items) = (preview::told(result, server), items_in(result));
        Self { bytes: result.len(), preview, items }
    }
}

/// Runs what takes long on a thread of its own.
pub(super) async fn away_if<T: Send + 'static>(
    long: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if !long {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            // That is this task's panic.
            Ok(panic) => std::panic::resume_unwind(panic),
            // The whole runtime ends.
            Err(_) => std::future::pending().await,
        },
    }
}
