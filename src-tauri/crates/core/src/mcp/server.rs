//! A connected server: its tools, and the calling of one.
//!
//! A call holds no lock and waits for nothing but its own answer, so that any number run at the
//! same time. It ends at its time-out (which progress restarts), at its total limit, when the
//! caller cancels or drops it; in each case the server is told.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam,
    ClientRequest, RequestId, ServerResult,
};
use rmcp::service::{Peer, PeerRequestOptions, RequestHandle, ServiceError};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::catalog::Tool;
use crate::event::Object;
use crate::reason::Reason;
use crate::settings::ServerEntry;

use super::MAX_MESSAGE;
use super::call::{CallOptions, ToolResult};
use super::error::CallError;
use super::http::reasons::{CallFailure, call_failure};
use super::process::stdio::Process;
use super::tools::Listed;
use super::wire::answer;
use super::wire::calls::{Call, Calls};
use crate::secrets::redact::Redactor;

/// How long telling a server that a call is cancelled may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// A connected server and a snapshot of its tools. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    pub(super) link: Arc<Link>,
    pub(super) listed: Listed,
}

/// What all clones of a server share.
pub(super) struct Link {
    pub(super) name: String,
    pub(super) entry: ServerEntry,
    pub(super) peer: Peer<RoleClient>,
    pub(super) calls: Arc<Calls>,
    pub(super) redactor: Arc<Redactor>,
    pub(super) process: Option<Arc<Process>>,
    /// Of calls that are not wanted any longer.
    pub(super) notices: TaskTracker,
    /// Counts the calls that have not ended.
    pub(super) under_way: TaskTracker,
    /// Cancelled to end the link.
    pub(super) stop: CancellationToken,
    /// Cancelled when the link has ended, by us or by the server.
    pub(super) ended: CancellationToken,
    /// A call could not reach the server at all: connect anew before the next run.
    pub(super) unreachable: AtomicBool,
}

impl Server {
    /// Name in the settings.
    pub fn name(&self) -> &str {
        &self.link.name
    }

    /// Its entry in the settings.
    pub fn entry(&self) -> &ServerEntry {
        &self.link.entry
    }

    /// Its tools when this snapshot was taken, in the server's order.
    pub fn tools(&self) -> &[Arc<Tool>] {
        &self.listed.tools
    }

    /// What people should know of the list of its tools, a sentence each: which are left out, and why.
    pub fn notes(&self) -> &[String] {
        &self.listed.notes
    }

    /// Whether a call can be tried.
    pub(crate) fn is_usable(&self) -> bool {
        let link = &self.link;
        !link.ended.is_cancelled()
            && !link.stop.is_cancelled()
            && !link.peer.is_transport_closed()
            && !link.unreachable.load(Ordering::Acquire)
    }

    /// What this server wrote, without the secrets of its entry; and without a part of one, where the
    /// text was cut.
    pub(crate) fn without_secrets<'a>(&self, text: &'a str, was_cut: bool) -> Cow<'a, str> {
        let redactor = &self.link.redactor;
        if was_cut { redactor.covered_beginning(text) } else { redactor.covered(text) }
    }

    /// Calls a tool by its name on this server.
    pub async fn call(
        &self,
        tool: &str,
        arguments: &Object,
        options: CallOptions,
    ) -> Result<ToolResult, CallError> {
        let start = Instant::now();
        let _under_way = self.link.under_way.token();
        let call = Call::new(options.progress);
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments.clone());
        let mut request = CallToolRequest::new(params);
        request.extensions.insert(call.clone());
        let mut pending = Pending { link: &self.link, call: &call, handle: None };

        // Nothing is sent for a call that was cancelled before.
        if options.cancel.is_cancelled() {
            return Err(CallError::Cancelled);
        }
        let end = start.checked_add(options.total_timeout);
        let mut deadline = start.checked_add(options.timeout);
        let send = self.link.peer.send_cancellable_request(
            ClientRequest::CallToolRequest(request),
            PeerRequestOptions::no_options(),
        );
        let handle = match send.await {
            Ok(handle) => handle,
            Err(error) => return Err(self.failure(error, &call)),
        };
        let handle = pending.handle.insert(handle);
        loop {
            tokio::select! {
                biased;
                answer = &mut handle.rx => {
                    pending.handle = None;
                    let answer = answer.unwrap_or(Err(ServiceError::TransportClosed));
                    return self.understood(answer, &call);
                }
                () = options.cancel.cancelled() => return Err(CallError::Cancelled),
                () = call.alive.notified() => {
                    deadline = Instant::now().checked_add(options.timeout);
                }
                () = until(end) => return Err(self.late(options.total_timeout, true)),
                () = until(deadline) => return Err(self.late(options.timeout, false)),
            }
        }
    }

    fn understood(
        &self,
        answer: Result<ServerResult, ServiceError>,
        call: &Call,
    ) -> Result<ToolResult, CallError> {
        if call.too_large.load(Ordering::Acquire) {
            return Err(CallError::TooLarge { server: self.name().to_owned(), limit: MAX_MESSAGE });
        }
        if let Some(result) = call.result() {
            return Ok(result);
        }
        match answer {
            Ok(ServerResult::InputRequiredResult(_)) => Err(self.odd(
                "wants input from a person in the middle of a call, which Trawl does not give",
            )),
            Ok(_) => Err(self.odd("answered with something that is not a tool's result")),
            Err(error) => Err(self.failure(error, call)),
        }
    }

    fn failure(&self, error: ServiceError, call: &Call) -> CallError {
        let sent = call.sent.load(Ordering::Acquire);
        match error {
            ServiceError::McpError(error) => CallError::Rpc {
                code: error.code.0.into(),
                reason: self.say(&answer::words("answered", &error, &self.link.redactor).into()),
            },
            ServiceError::TransportSend(error) => {
                let failure = call_failure(error.error.as_ref());
                let failure = failure.unwrap_or(CallFailure::Lost);
                self.undelivered(failure, sent)
            }
            ServiceError::TransportClosed => self.lost(sent),
            ServiceError::Cancelled { .. } => CallError::Cancelled,
            other => self.odd(&format!("answered in a way that was not understood: {other}")),
        }
    }

    fn undelivered(&self, failure: CallFailure, sent: bool) -> CallError {
        match failure {
            CallFailure::Status { status, retry_after, reason } => {
                CallError::Http { status, retry_after, reason: self.say(&reason) }
            }
            CallFailure::TooLarge => {
                CallError::TooLarge { server: self.name().to_owned(), limit: MAX_MESSAGE }
            }
            CallFailure::Unreachable(reason) => {
                self.link.unreachable.store(true, Ordering::Release);
                CallError::Disconnected { reason: self.say(&reason), sent: false }
            }
            CallFailure::Broken(reason) => {
                CallError::Disconnected { reason: self.say(&reason), sent }
            }
            CallFailure::Lost => self.lost(sent),
        }
    }

    fn lost(&self, sent: bool) -> CallError {
        let ending = self.link.process.as_ref().and_then(|process| process.ending());
        let words = ending.unwrap_or_else(|| "closed the connection".to_owned());
        CallError::Disconnected { reason: self.say(&words.into()), sent }
    }

    fn late(&self, after: Duration, total: bool) -> CallError {
        CallError::TimedOut { server: self.name().to_owned(), after, total }
    }

    fn odd(&self, words: &str) -> CallError {
        // JSON-RPC "internal error": the server's answer is no answer.
        CallError::Rpc { code: -32603, reason: self.say(&words.into()) }
    }

    fn say(&self, reason: &Reason) -> Reason {
        let clean = reason.map(|words| self.link.redactor.clean(words));
        clean.retold(|what| format!("server \"{}\" {what}", self.name()))
    }
}

impl Link {
    /// Another link takes its place; it ends when its calls have.
    pub(super) fn retire(self: &Arc<Self>, tasks: &TaskTracker) {
        self.under_way.close();
        let link = self.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = link.under_way.wait() => link.stop.cancel(),
                () = link.ended.cancelled() => {}
            }
        });
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Server").field("name", &self.link.name).finish_non_exhaustive()
    }
}

/// A call that is not answered yet. Dropped before the answer, it tells the server.
struct Pending<'a> {
    link: &'a Arc<Link>,
    call: &'a Arc<Call>,
    handle: Option<RequestHandle<RoleClient>>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.link.calls.forget(self.call);
        let Some(handle) = self.handle.take() else { return };
        if self.link.ended.is_cancelled() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let notice = timeout(FAREWELL, say_cancelled(handle.peer.clone(), handle.id.clone()));
            self.link.notices.spawn_on(notice, &runtime);
        }
    }
}

async fn say_cancelled(peer: Peer<RoleClient>, id: RequestId) {
    let params = CancelledNotificationParam::new(Some(id), None);
    let _ = peer.send_notification(CancelledNotification::new(params).into()).await;
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
