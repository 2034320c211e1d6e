//! One server of [`super::Connections`]: its entry, its state, and who changes it.
//!
//! The state is a watched value; whoever moves it to *connecting* starts the one attempt, everybody
//! else waits for what comes of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::event::{LONGEST, shortened};
use crate::settings::ServerEntry;

use super::connect::{Attempt, Connected};
use super::error::ServerError;
use super::server::{Link, Server};
use super::status::{ServerState, ServerStatus};
use super::tasks::Tasks;
use super::tools;
use super::wire::handshake;

/// One server of this process.
pub(super) struct Connection {
    name: String,
    entry: Result<ServerEntry, String>,
    source: Source,
    supervisor: Option<PathBuf>,
    state: watch::Sender<State>,
    /// Cancelled when the server is no longer wanted.
    removed: CancellationToken,
    changes: watch::Sender<u64>,
    tasks: Tasks,
}

/// Where a server comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Settings,
    /// Its stream was given to us, and cannot be made again.
    Attached,
}

#[derive(Clone)]
enum State {
    Idle,
    Connecting,
    Connected { server: Server, took: Duration },
    Failed { error: ServerError, took: Duration },
}

impl Connection {
    pub(super) fn new(
        name: &str,
        entry: Result<ServerEntry, String>,
        source: Source,
        supervisor: Option<PathBuf>,
        changes: watch::Sender<u64>,
        tasks: Tasks,
    ) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            entry,
            source,
            supervisor,
            state: watch::Sender::new(State::Idle),
            removed: CancellationToken::new(),
            changes,
            tasks,
        })
    }

    pub(super) fn is(&self, entry: &Result<ServerEntry, String>) -> bool {
        let is_same = match (&self.entry, entry) {
            (Ok(own), Ok(other)) => own.connects_as(other),
            (own, other) => own == other,
        };
        self.source == Source::Settings && is_same
    }

    pub(super) fn is_attached(&self) -> bool {
        self.source == Source::Attached
    }

    /// Whether questions may ask it; a wrong entry counts, since its failure is told.
    pub(super) fn is_enabled(&self) -> bool {
        !self.entry.as_ref().is_ok_and(|entry| entry.disabled)
    }

    /// Starts an attempt unless one is under way or the server can be asked already.
    pub(super) fn connect(self: &Arc<Self>) {
        if !self.begin() {
            return;
        }
        let held = self.clone();
        self.tasks.links.spawn(async move {
            let attempt = held.clone();
            held.settle(async move {
                if attempt.is_attached() {
                    let reason = "closed its in-process stream, which cannot be opened again";
                    return Err(attempt.failed(reason));
                }
                let Ok(entry) = &attempt.entry else { return Err(attempt.failed("is wrong")) };
                // A large state machine that most servers need once.
                Box::pin(attempt.with(entry).connect()).await
            })
            .await;
        });
    }

    /// The first and only attempt over a given stream.
    pub(super) fn connect_over(
        self: &Arc<Self>,
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) {
        if !self.begin() {
            return;
        }
        let held = self.clone();
        self.tasks.links.spawn(async move {
            let attempt = held.clone();
            held.settle(async move {
                let Ok(entry) = &attempt.entry else { return Err(attempt.failed("is wrong")) };
                Box::pin(attempt.with(entry).over(io)).await
            })
            .await;
        });
    }

    /// Waits for the attempt under way, or makes one.
    pub(super) async fn connected(self: &Arc<Self>) -> Result<Server, ServerError> {
        if let Err(reason) = &self.entry {
            let (server, reason) = (self.name.clone(), reason.clone());
            return Err(ServerError::Invalid { server, reason });
        }
        let mut states = self.state.subscribe();
        let mut tried = false;
        loop {
            // It cannot be connected any more, so that there would be nothing to wait for.
            if self.removed.is_cancelled() {
                return Err(ServerError::Unknown(self.name.clone()));
            }
            let state = states.borrow_and_update().clone();
            match state {
                State::Connected { server, .. } if server.is_usable() => return Ok(server),
                State::Failed { error, .. } if tried => return Err(error),
                State::Connecting => {
                    tried = true;
                    tokio::select! {
                        _ = states.changed() => {}
                        () = self.removed.cancelled() => {}
                    }
                }
                _ if tried => return Err(self.failed("closed the connection again at once")),
                _ => self.connect(),
            }
        }
    }

    /// Ends it. What waits for it learns that it is gone.
    pub(super) fn close(&self) {
        self.removed.cancel();
        if let State::Connected { server, .. } = &*self.state.borrow() {
            server.link.stop.cancel();
        }
    }

    pub(super) fn status(&self) -> ServerStatus {
        let entry = match &self.entry {
            Ok(entry) => entry,
            Err(reason) => {
                let status = ServerStatus::new(&self.name, None, ServerState::Invalid);
                return ServerStatus { message: Some(reason.clone()), ..status };
            }
        };
        let new = |state| ServerStatus::new(&self.name, Some(entry), state);
        let milliseconds = |took: Duration| Some(took.as_secs_f64() * 1000.0);
        let stderr = |link: &Link| {
            link.process.as_ref().map(|process| process.stderr.lines()).unwrap_or_default()
        };
        match &*self.state.borrow() {
            State::Idle if entry.disabled => new(ServerState::Disabled),
            State::Idle | State::Connecting => new(ServerState::Connecting),
            State::Connected { server, took } => ServerStatus {
                elapsed_ms: milliseconds(*took),
                stderr: stderr(&server.link),
                ..new(ServerState::Connected).with_tools(server)
            },
            State::Failed { error, took } => ServerStatus {
                elapsed_ms: milliseconds(*took),
                message: Some(shortened(&error.bare_reason().to_string(), LONGEST).into_owned()),
                todo: error.bare_reason().todo,
                stderr: error.stderr().to_vec(),
                ..new(ServerState::Failed)
            },
        }
    }

    /// Moves to *connecting*; whoever succeeds makes the attempt.
    fn begin(&self) -> bool {
        let enabled = self.entry.as_ref().is_ok_and(|entry| !entry.disabled);
        if !enabled || self.removed.is_cancelled() {
            return false;
        }
        let begun = self.state.send_if_modified(|state| {
            match state {
                State::Connecting => return false,
                State::Connected { server, .. } if server.is_usable() => return false,
                State::Connected { server, .. } => server.link.retire(&self.tasks.links),
                State::Idle | State::Failed { .. } => {}
            }
            *state = State::Connecting;
            true
        });
        if begun {
            self.changed();
        }
        begun
    }

    /// Carries an attempt out and makes its outcome the state.
    async fn settle(
        self: Arc<Self>,
        connecting: impl Future<Output = Result<Connected, ServerError>>,
    ) {
        let start = Instant::now();
        let outcome = tokio::select! {
            outcome = connecting => outcome,
            () = self.removed.cancelled() => return,
        };
        let took = start.elapsed();
        match outcome {
            Ok(Connected { server, tools_changed }) => {
                if self.removed.is_cancelled() {
                    server.link.stop.cancel();
                    return;
                }
                tracing::info!(
                    server = self.name,
                    tools = server.tools().len(),
                    ?took,
                    "connected"
                );
                let link = server.link.clone();
                self.state.send_replace(State::Connected { server, took });
                self.changed();
                Box::pin(self.watch(&link, &tools_changed)).await;
            }
            Err(error) => {
                tracing::warn!(server = self.name, %error, "not connected");
                self.state.send_replace(State::Failed { error, took });
                self.changed();
            }
        }
    }

    /// Keeps the list of tools up to date until the link ends, and says how it ended.
    async fn watch(&self, link: &Arc<Link>, tools_changed: &Notify) {
        let listening = handshake::listen_for_tools(&link.peer, tools_changed);
        let refreshing = async {
            loop {
                tools_changed.notified().await;
                self.refresh(link).await;
            }
        };
        tokio::select! {
            () = async { tokio::join!(listening, refreshing); } => {}
            () = self.removed.cancelled() => link.stop.cancel(),
            () = link.ended.cancelled() => {}
        }
        link.ended.cancelled().await;
        if let Some(process) = &link.process {
            process.ended.cancelled().await;
        }
        if self.removed.is_cancelled() {
            return;
        }
        let process = link.process.as_ref();
        let ending = process.and_then(|process| process.ending());
        let error = ServerError::Failed {
            server: self.name.clone(),
            reason: ending.unwrap_or_else(|| "closed the connection".to_owned()).into(),
            stderr: process.map(|process| process.stderr.lines()).unwrap_or_default(),
        };
        let is_ours = |server: &Server| Arc::ptr_eq(&server.link, link);
        self.state.send_if_modified(|state| match state {
            State::Connected { server, took } if is_ours(server) => {
                *state = State::Failed { error, took: *took };
                true
            }
            _ => false,
        });
        self.changed();
    }

    async fn refresh(&self, link: &Arc<Link>) {
        let Link { peer, calls, redactor, entry, .. } = &**link;
        let listed = match tools::list(peer, calls, redactor, &self.name, entry).await {
            Ok(listed) => listed,
            Err(reason) => {
                tracing::warn!(server = self.name, %reason, "the changed tools are not known");
                return;
            }
        };
        self.state.send_if_modified(|state| match state {
            State::Connected { server, .. } if Arc::ptr_eq(&server.link, link) => {
                server.listed = listed;
                true
            }
            _ => false,
        });
        self.changed();
    }

    fn with<'a>(&'a self, entry: &'a ServerEntry) -> Attempt<'a> {
        let supervisor = self.supervisor.as_deref();
        Attempt { name: &self.name, entry, supervisor, tasks: &self.tasks }
    }

    fn failed(&self, reason: &str) -> ServerError {
        let (server, reason) = (self.name.clone(), reason.into());
        ServerError::Failed { server, reason, stderr: Vec::new() }
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// Asked in a thread of its own: what never ends must not hold up the other tests.
    #[test]
    fn a_server_that_was_removed_meanwhile_is_unknown_to_who_asks_it() {
        let entry = Ok(ServerEntry::builtin("stories"));
        let changes = watch::Sender::new(0);
        let held =
            Connection::new("gone", entry, Source::Settings, None, changes, Tasks::default());
        held.state
            .send_replace(State::Failed { error: held.failed("broke"), took: Duration::ZERO });
        held.close();
        let (sender, answer) = mpsc::channel();
        thread::spawn(move || sender.send(futures::executor::block_on(held.connected()).err()));
        let error = answer.recv_timeout(Duration::from_secs(10)).expect("an answer");
        assert_eq!(error, Some(ServerError::Unknown("gone".to_owned())));
    }
}
