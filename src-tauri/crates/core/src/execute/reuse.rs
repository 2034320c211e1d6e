//! Results of earlier runs, used again instead of a call.
//!
//! Only of read-only tools, only when the person's settings say so, and only where nothing has
//! changed: the server's entry, the tool's definition and the arguments are the same. Errors are
//! never used again. What is used again is copied, so that deleting the earlier run harms nothing.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::digest::digest;
use crate::event::{Object, Reused};
use crate::history::{History, Reusable};

use super::call::Call;
use super::kept::Kept;

/// Where earlier results are, and how old they may be.
#[derive(Clone)]
pub struct Reuse {
    /// Holds them.
    pub history: History,
    /// The oldest that is used.
    pub max_age: Duration,
}

/// What a call must have in common with an earlier one for its result to stand for both.
pub(super) fn key(call: &Call, arguments: &Object) -> Option<String> {
    let tool = &call.tool;
    if !tool.hints.read_only {
        return None;
    }
    let transport = serde_json::to_value(&call.server.entry().transport).ok()?;
    let called = json!([tool.server, tool.name, tool.definition]);
    Some(digest([&called, &transport, &Value::Object(arguments.clone())]))
}

/// The newest earlier result of the same call, taken over into this run.
pub(super) async fn earlier(call: &Call, reuse: Reuse, key: String) -> Option<(Kept, Reused)> {
    let Reuse { history, max_age } = reuse;
    let (recorder, server, index) = (call.recorder.clone(), call.server.clone(), call.index);
    let look = move || {
        let now = Timestamp::now().as_millisecond();
        let age = i64::try_from(max_age.as_millis()).unwrap_or(i64::MAX);
        let found = history.reusable(&key, now.saturating_sub(age));
        let found = found.inspect_err(|error| tracing::warn!(%error, "no earlier result is used"));
        let Reusable { run_id, called_at_ms, zstd } = found.ok()??;
        let zstd = Arc::<[u8]>::from(zstd);
        recorder.keep_packed(index, zstd);
        let result = recorder.result(index)?;
        let kept = Kept::of(&result, &server);
        #[expect(clippy::cast_precision_loss, reason = "an age in milliseconds is far below 2^52")]
        let age_ms = (now - called_at_ms).max(0) as f64;
        Some((kept, Reused { run_id, age_ms }))
    };
    tokio::task::spawn_blocking(look).await.ok()?
}
