//! The first question of the newest protocol, which servers of earlier ones may leave unanswered.
//!
//! Unanswered for a while, it is given up, and the earlier protocol's handshake follows. A server
//! that was only slow to start answers later: an error is dropped, since in the middle of the
//! handshake it would be taken for a wrong answer; a good answer is kept for `handshake`, since such
//! a server may speak nothing else any more.

use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, DiscoverResult, ErrorCode, ErrorData, JsonRpcMessage,
    RequestId, ServerJsonRpcMessage, ServerResult,
};
use rmcp::transport::Transport;
use tokio::time::Instant;

/// What was asked first and what became of it.
pub(in crate::mcp) struct Probe {
    patience: Duration,
    asked: Option<(RequestId, Instant)>,
    given_up: Option<RequestId>,
    late: Option<DiscoverResult>,
    /// The handshake's request, and whether its answer is no longer wanted.
    handshake: Option<RequestId>,
    superseded: bool,
}

impl Probe {
    pub(in crate::mcp) fn new(patience: Duration) -> Self {
        Self {
            patience,
            asked: None,
            given_up: None,
            late: None,
            handshake: None,
            superseded: false,
        }
    }

    /// Sees each message that is sent.
    pub(in crate::mcp) fn notice(&mut self, message: &ClientJsonRpcMessage) {
        let ClientJsonRpcMessage::Request(request) = message else { return };
        match request.request {
            ClientRequest::DiscoverRequest(_) => {
                self.asked = Some((request.id.clone(), Instant::now() + self.patience));
            }
            ClientRequest::InitializeRequest(_) => self.handshake = Some(request.id.clone()),
            _ => {}
        }
    }

    /// When the question is to be given up.
    pub(in crate::mcp) fn deadline(&self) -> Option<Instant> {
        self.asked.as_ref().map(|(_, deadline)| *deadline)
    }

    /// The answer of a server that does not know the question, in place of its silence.
    pub(in crate::mcp) fn give_up(&mut self) -> Option<ServerJsonRpcMessage> {
        let (id, _) = self.asked.take()?;
        self.given_up = Some(id.clone());
        let error = ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "no answer", None);
        Some(JsonRpcMessage::error(error, Some(id)))
    }

    /// Lets a received message through, or keeps it from the exchange under way.
    pub(in crate::mcp) fn admit(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> Option<ServerJsonRpcMessage> {
        let id = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => return Some(message),
        };
        self.asked = None;
        if id.is_some() && id == self.given_up.as_ref() {
            self.given_up = None;
            if let JsonRpcMessage::Response(response) = message
                && let ServerResult::DiscoverResult(discovered) = response.result
            {
                self.late = Some(discovered);
            }
            return None;
        }
        // The ids start anew after a late answer, and this one belongs to the time before.
        if self.superseded && id == self.handshake.as_ref() {
            self.superseded = false;
            return None;
        }
        Some(message)
    }

    pub(in crate::mcp) fn has_late_discovery(&self) -> bool {
        self.late.is_some()
    }

    /// The late answer, once. The handshake's own answer is not wanted any more then.
    pub(in crate::mcp) fn late_discovery(&mut self) -> Option<DiscoverResult> {
        let late = self.late.take()?;
        self.superseded = true;
        Some(late)
    }
}

/// A transport that is given back when the protocol library drops it.
pub(in crate::mcp) struct Lent<T> {
    transport: Option<T>,
    back: std::sync::mpsc::Sender<T>,
}

impl<T> Lent<T> {
    /// The transport to lend, and where it comes back.
    pub(in crate::mcp) fn new(transport: T) -> (Self, std::sync::mpsc::Receiver<T>) {
        let (back, returned) = std::sync::mpsc::channel();
        (Self { transport: Some(transport), back }, returned)
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        if let Some(transport) = self.transport.take() {
            // Nobody may want it.
            let _ = self.back.send(transport);
        }
    }
}

impl<T: Transport<RoleClient, Error = std::io::Error>> Transport<RoleClient> for Lent<T> {
    type Error = std::io::Error;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = std::io::Result<()>> + Send + 'static {
        let sending = self.transport.as_mut().map(|transport| transport.send(message));
        async move {
            match sending {
                Some(sending) => sending.await,
                None => Err(std::io::ErrorKind::NotConnected.into()),
            }
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        self.transport.as_mut()?.receive().await
    }

    async fn close(&mut self) -> std::io::Result<()> {
        match self.transport.take() {
            Some(mut transport) => transport.close().await,
            None => Ok(()),
        }
    }
}
