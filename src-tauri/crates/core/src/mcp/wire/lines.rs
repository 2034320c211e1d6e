//! A server at the other end of a stream: one JSON-RPC message a line, both ways.
//!
//! Lines that are no JSON-RPC are passed over, since servers print things; a line that answers a
//! request and is not understood, or is of more than the limit, ends that request at once instead of
//! being waited for. Bytes that are no UTF-8 are replaced. A server that does not answer the first
//! question of the newest protocol is taken for one of an earlier protocol.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use memchr::memchr;
use rmcp::RoleClient;
use rmcp::model::{
    CallToolResult, ClientJsonRpcMessage, DiscoverResult, ErrorCode, ErrorData, JsonRpcMessage,
    RequestId, ServerJsonRpcMessage, ServerResult,
};
use rmcp::transport::Transport;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answer::{self, EDGE, id_at_end, id_at_top};
use super::calls::{Calls, Taken};
use super::outbox::Outbox;
use super::probe::Probe;
use crate::secrets::redact::Redactor;

/// Lines from here on are moved, not copied.
const LARGE: usize = 64 << 10;

/// Characters of a line that is no message: what is kept, and what is told once the secrets are out.
const JUNK_KEPT: usize = 8 << 10;
const JUNK_TOLD: usize = 120;

/// The wire over one pair of streams.
pub(in crate::mcp) struct Lines<R, W> {
    reader: R,
    outbox: Arc<Outbox<W>>,
    closing: CancellationToken,
    calls: Arc<Calls>,
    junk: Arc<Junk>,
    limit: usize,
    pending: Vec<u8>,
    /// Where the current line starts in `pending`, and up to where it was searched for its end.
    start: usize,
    searched: usize,
    /// The end of a line that is being thrown away, kept for the id in it.
    discarding: Option<Discarded>,
    probe: Probe,
}

/// What a server printed on stdout that is no message.
#[derive(Default)]
pub(in crate::mcp) struct Junk {
    first: Mutex<Option<String>>,
}

struct Discarded {
    answered: bool,
    tail: Vec<u8>,
}

impl<R, W: AsyncWrite + Unpin> Lines<R, W> {
    /// `patience` is how long the first question of the newest protocol may stay unanswered; it
    /// must be below the 10 s after which the protocol library gives up by itself.
    pub(in crate::mcp) fn new(
        (reader, writer): (R, W),
        calls: Arc<Calls>,
        junk: Arc<Junk>,
        limit: usize,
        patience: Duration,
    ) -> Self {
        Self {
            reader,
            outbox: Arc::new(Outbox::new(writer)),
            closing: CancellationToken::new(),
            calls,
            junk,
            limit,
            pending: Vec::new(),
            start: 0,
            searched: 0,
            discarding: None,
            probe: Probe::new(patience),
        }
    }

    /// The answer to the newest protocol's question, if it came after it was given up.
    pub(in crate::mcp) fn late_discovery(&mut self) -> Option<DiscoverResult> {
        self.probe.late_discovery()
    }

    /// The next whole line that is in the buffer, without its end.
    fn buffered_line(&mut self) -> Option<Vec<u8>> {
        let Some(offset) = memchr(b'\n', &self.pending[self.searched..]) else {
            self.searched = self.pending.len();
            return None;
        };
        let end = self.searched + offset;
        let line = if end - self.start > LARGE {
            let rest = self.pending.split_off(end + 1);
            let mut line = std::mem::replace(&mut self.pending, rest);
            line.truncate(end);
            line.drain(..self.start);
            self.start = 0;
            line
        } else {
            let line = self.pending[self.start..end].to_vec();
            self.start = end + 1;
            line
        };
        self.searched = self.start;
        Some(line)
    }

    /// Makes room for more, and notices when a line became too large.
    fn before_reading(&mut self) -> Option<ServerJsonRpcMessage> {
        if self.start > 0 {
            self.pending.drain(..self.start);
            self.start = 0;
            self.searched = self.pending.len();
        }
        if let Some(discarded) = &mut self.discarding {
            discarded.tail.extend_from_slice(&self.pending);
            let surplus = discarded.tail.len().saturating_sub(EDGE);
            discarded.tail.drain(..surplus);
            self.pending.clear();
            self.searched = 0;
            return None;
        }
        if self.pending.len() <= self.limit {
            return None;
        }
        let head = &self.pending[..EDGE.min(self.pending.len())];
        let id = id_at_top(head).or_else(|| self.calls.only());
        let refusal = id.and_then(|id| self.refuse(id));
        let tail = self.pending.split_off(self.pending.len() - EDGE);
        self.pending = Vec::new();
        self.searched = 0;
        self.discarding = Some(Discarded { answered: refusal.is_some(), tail });
        refusal
    }

    fn refuse(&self, id: RequestId) -> Option<ServerJsonRpcMessage> {
        let error = ErrorData::new(ErrorCode::INTERNAL_ERROR, "the answer is too large", None);
        self.calls.refuse(&id).then(|| JsonRpcMessage::error(error, Some(id)))
    }

    /// What a line means for the protocol library, if anything.
    fn interpret(&mut self, line: Vec<u8>) -> Option<ServerJsonRpcMessage> {
        if let Some(mut discarded) = self.discarding.take() {
            if discarded.answered {
                return None;
            }
            discarded.tail.extend_from_slice(&line);
            return id_at_end(&discarded.tail).and_then(|id| self.refuse(id));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        let text = String::from_utf8(line)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        match self.calls.take(text, None) {
            Taken::Result(id) => Some(JsonRpcMessage::response(stand_in(), id)),
            Taken::Progress => None,
            Taken::Failed(id, error) => self.probe.admit(JsonRpcMessage::error(error, Some(id))),
            Taken::Junk(text) => {
                if let Some(id) = answer::broken_answer_to(&text) {
                    let error = answer::not_understood(&text);
                    return self.probe.admit(JsonRpcMessage::error(error, Some(id)));
                }
                self.junk.note(&text);
                None
            }
            Taken::No(text) => {
                let message = serde_json::from_str(&text)
                    .inspect_err(|error| tracing::debug!(%error, "a message was not understood"))
                    .ok()?;
                self.probe.admit(message)
            }
        }
    }
}

impl<R, W> Transport<RoleClient> for Lines<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.probe.notice(&message);
        let call = self.calls.register(&message);
        // Its place is taken now, whenever the future runs.
        let place = serde_json::to_vec(&message).map(|line| self.outbox.give(&line, call));
        let outbox = self.outbox.clone();
        let closing = self.closing.clone();
        async move {
            let place = place?;
            tokio::select! {
                biased;
                written = outbox.written(place) => written,
                // A server that reads nothing more must not keep the link from closing.
                () = closing.cancelled() => Err(io::ErrorKind::NotConnected.into()),
            }
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        // Cancel safe: all that was read is in `self` before the next await.
        loop {
            while let Some(line) = self.buffered_line() {
                if let Some(message) = self.interpret(line) {
                    return Some(message);
                }
                // The exchange under way is the wrong one; see `handshake`.
                if self.probe.has_late_discovery() {
                    return None;
                }
            }
            if let Some(refusal) = self.before_reading() {
                return Some(refusal);
            }
            self.pending.reserve(LARGE);
            let deadline = self.probe.deadline();
            tokio::select! {
                read = self.reader.read_buf(&mut self.pending) => match read {
                    Ok(0) => return None,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%error, "reading from a server failed");
                        return None;
                    }
                },
                () = until(deadline), if deadline.is_some() => {
                    if let Some(message) = self.probe.give_up() {
                        return Some(message);
                    }
                }
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.closing.cancel();
        self.outbox.close().await;
        Ok(())
    }
}

impl Junk {
    fn note(&self, text: &str) {
        tracing::debug!(text, "a line on stdout is not JSON-RPC");
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| text.chars().take(JUNK_KEPT).collect());
    }

    /// The first such line, without secrets, cut.
    pub(in crate::mcp) fn first(&self, redactor: &Redactor) -> Option<String> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = first.as_deref()?;
        Some(redactor.beginning(kept, kept.chars().count() == JUNK_KEPT, JUNK_TOLD))
    }
}

/// What the library gets in place of a result that is kept in the call's table.
pub(in crate::mcp) fn stand_in() -> ServerResult {
    ServerResult::CallToolResult(CallToolResult::default())
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
