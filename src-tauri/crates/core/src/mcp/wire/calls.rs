//! The calls in flight on one link: who waits for which answer, and who listens to its progress.
//!
//! A tool's result can be large, and the protocol library keeps only the fields it knows. So the
//! wire shows each incoming message to [`Calls::take`] first: the text of a tool's result is kept
//! here as it came, progress goes straight to its call, an answer that the library would not
//! understand is put right or becomes an error, and everything else is left alone.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorData, GetMeta, NumberOrString, ProgressToken,
    RequestId,
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tokio::sync::{Notify, mpsc};

use super::{answer, listing};
use crate::mcp::call::{Progress, ToolResult};

/// Calls in flight, by request id and by progress token.
#[derive(Default)]
pub(in crate::mcp) struct Calls {
    table: Mutex<Table>,
    /// Why tools were left out of the lists that came.
    left_out: Mutex<Vec<String>>,
}

#[derive(Default)]
struct Table {
    by_id: HashMap<RequestId, Arc<Call>>,
    by_token: HashMap<ProgressToken, Arc<Call>>,
}

/// One call in flight. Travels through the protocol library inside the request's extensions.
#[derive(Default)]
pub(in crate::mcp) struct Call {
    ids: OnceLock<(RequestId, Option<ProgressToken>)>,
    result: Mutex<Option<ToolResult>>,
    /// The request was about to be written, so the server may have it.
    pub(in crate::mcp) sent: AtomicBool,
    /// The answer is larger than what is accepted.
    pub(in crate::mcp) too_large: AtomicBool,
    /// Nobody waits any longer.
    abandoned: AtomicBool,
    /// Woken by every progress notification.
    pub(in crate::mcp) alive: Notify,
    progress: Option<mpsc::UnboundedSender<Progress>>,
    reached: Mutex<Option<f64>>,
}

/// What [`Calls::take`] made of a message.
#[derive(Debug)]
pub(in crate::mcp) enum Taken {
    /// A tool's result, kept here; the library gets a stand-in for this request.
    Result(RequestId),
    /// Progress of a call, delivered.
    Progress,
    /// An error, or what is not understood, in answer to this request.
    Failed(RequestId, ErrorData),
    /// Anything else, as the library understands it.
    No(String),
    /// No JSON-RPC message at all.
    Junk(String),
}

/// A message's outside. `null` is told from what is not there.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    error: Option<&'a RawValue>,
}

/// What must be known of a result to keep it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    #[serde(borrow, default)]
    is_error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result_type: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProgressParams {
    progress_token: ProgressToken,
    progress: f64,
    #[serde(default)]
    total: Option<f64>,
    #[serde(default)]
    message: Option<String>,
}

impl Calls {
    /// Notes a request that is about to be written, if it is a call.
    pub(in crate::mcp) fn register(&self, message: &ClientJsonRpcMessage) -> Option<Arc<Call>> {
        let ClientJsonRpcMessage::Request(request) = message else { return None };
        let ClientRequest::CallToolRequest(call_request) = &request.request else { return None };
        let call = call_request.extensions.get::<Arc<Call>>()?.clone();
        let token = request.request.get_meta().get_progress_token();
        // A second POST of the same request (a renewed session) keeps its ids.
        let mut table = self.table();
        // Under the table's lock, as in `forget`: one of the two sees what the other did.
        let _ = call.ids.set((request.id.clone(), token.clone()));
        if !call.abandoned.load(Ordering::Relaxed) {
            table.by_id.insert(request.id.clone(), call.clone());
            if let Some(token) = token {
                table.by_token.insert(token, call.clone());
            }
        }
        Some(call)
    }

    /// Forgets a call that nobody waits for; its late answer will be dropped by the library.
    pub(in crate::mcp) fn forget(&self, call: &Call) {
        let mut table = self.table();
        call.abandoned.store(true, Ordering::Relaxed);
        if let Some((id, token)) = call.ids.get() {
            table.remove(id, token.as_ref());
        }
    }

    /// Looks at an incoming message and keeps what belongs to a call. Over HTTP it is known which
    /// request it is to answer, if it is an answer.
    pub(in crate::mcp) fn take(&self, text: String, expected: Option<&RequestId>) -> Taken {
        let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(&text) else {
            return Taken::Junk(text);
        };
        if let Some(method) = envelope.method {
            let told = method == "notifications/progress"
                && envelope.params.is_some_and(|params| self.progress(params));
            return if told { Taken::Progress } else { Taken::No(text) };
        }
        let says_something = envelope.result.is_some() || envelope.error.is_some();
        if !says_something && envelope.jsonrpc.is_none() {
            return Taken::Junk(text);
        }
        let id = match (envelope.id.and_then(request_id), expected) {
            (Some(id), Some(expected)) if id != *expected => {
                return Taken::Failed(expected.clone(), answer::not_understood(&text));
            }
            (Some(id), _) => id,
            (None, Some(expected)) => expected.clone(),
            // Whom it answers cannot be known.
            (None, None) => return Taken::No(text),
        };
        if let Some(error) = envelope.error.filter(|error| error.get() != "null") {
            return Taken::Failed(id, answer::error(error.get()));
        }
        let Some(result) = envelope.result.filter(|result| result.get().starts_with('{')) else {
            return Taken::Failed(id, answer::not_understood(&text));
        };
        let outcome = serde_json::from_str::<Outcome<'_>>(result.get());
        // `input_required` and `task` are the library's to handle.
        let is_complete = outcome.as_ref().is_ok_and(|outcome| {
            outcome.result_type.as_deref().is_none_or(|kind| kind == "complete")
        });
        let call = if is_complete { self.finish(&id) } else { None };
        let (Some(call), Ok(outcome)) = (call, outcome) else {
            let is_strict = envelope.jsonrpc.is_some_and(|version| version.get() == "\"2.0\"")
                && envelope.id.is_some()
                && envelope.error.is_none();
            return Taken::No(match self.relayed(&id, result.get(), is_strict) {
                Some(message) => message,
                None => text,
            });
        };
        let is_error = outcome.is_error.is_some_and(|flag| flag.get() == "true");
        let start = result.get().as_ptr().addr() - text.as_ptr().addr();
        let end = start + result.get().len();
        let json = cut(text, start, end);
        *lock(&call.result) = Some(ToolResult { json, is_error });
        Taken::Result(id)
    }

    /// An answer for the library to read, where the one that came would not do.
    fn relayed(&self, id: &RequestId, result: &str, is_strict: bool) -> Option<String> {
        let sifted = listing::sifted(result).map(|(rest, left_out)| {
            lock(&self.left_out).extend(left_out);
            rest
        });
        if is_strict && sifted.is_none() {
            return None;
        }
        let (id, result) = (serde_json::to_string(id).ok()?, sifted.as_deref().unwrap_or(result));
        Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
    }

    /// Why tools were left out of the lists that came since this was last asked.
    pub(in crate::mcp) fn take_left_out(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.left_out))
    }

    /// The call is answered by something too large; gives the library an error to deliver.
    pub(in crate::mcp) fn refuse(&self, id: &RequestId) -> bool {
        let Some(call) = self.finish(id) else { return false };
        call.too_large.store(true, Ordering::Release);
        true
    }

    /// The only call in flight, if there is exactly one.
    pub(in crate::mcp) fn only(&self) -> Option<RequestId> {
        let table = self.table();
        let mut ids = table.by_id.keys();
        match (ids.next(), ids.next()) {
            (Some(id), None) => Some(id.clone()),
            _ => None,
        }
    }

    fn finish(&self, id: &RequestId) -> Option<Arc<Call>> {
        let mut table = self.table();
        let call = table.by_id.get(id)?.clone();
        let token = call.ids.get().and_then(|(_, token)| token.as_ref());
        table.remove(id, token);
        Some(call)
    }

    fn progress(&self, params: &RawValue) -> bool {
        let Ok(params) = serde_json::from_str::<ProgressParams>(params.get()) else { return false };
        let Some(call) = self.table().by_token.get(&params.progress_token).cloned() else {
            return false;
        };
        call.alive.notify_one();
        let mut reached = lock(&call.reached);
        // The specification wants it to increase; what came late is out of date.
        if reached.is_some_and(|reached| params.progress <= reached) {
            return true;
        }
        *reached = Some(params.progress);
        if let Some(listener) = &call.progress {
            let _ = listener.send(Progress {
                progress: params.progress,
                total: params.total,
                message: params.message,
            });
        }
        true
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        lock(&self.table)
    }
}

impl Table {
    fn remove(&mut self, id: &RequestId, token: Option<&ProgressToken>) {
        self.by_id.remove(id);
        if let Some(token) = token {
            self.by_token.remove(token);
        }
    }
}

impl Call {
    pub(in crate::mcp) fn new(progress: Option<mpsc::UnboundedSender<Progress>>) -> Arc<Self> {
        Arc::new(Self { progress, ..Self::default() })
    }

    /// The result, once.
    pub(in crate::mcp) fn result(&self) -> Option<ToolResult> {
        lock(&self.result).take()
    }
}

/// Also where it is `null`.
fn there<'de: 'a, 'a, D>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error>
where
    D: Deserializer<'de>,
{
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Some servers send a number back as a string.
fn request_id(raw: &RawValue) -> Option<RequestId> {
    match serde_json::from_str::<NumberOrString>(raw.get()).ok()? {
        NumberOrString::String(text) => Some(
            text.parse()
                .map_or_else(|_| NumberOrString::String(text.clone()), NumberOrString::Number),
        ),
        number @ NumberOrString::Number(_) => Some(number),
    }
}

/// `text[start..end]` without a second copy of a large text.
fn cut(mut text: String, start: usize, end: usize) -> String {
    text.truncate(end);
    text.drain(..start);
    text.shrink_to_fit();
    text
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
