//! Every server of this process, connected at the same time and held open between runs.
//!
//! Comes in: the settings. Goes out: connected servers, and each one's status for people. Each
//! server has its own limit and its own failures; one that broke is connected anew when it is next
//! asked for. However many ask at once, a server is started once.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::settings::{ServerEntry, Settings};

use super::connection::{Connection, Source};
use super::error::ServerError;
use super::process::supervisor::LONGEST_END;
use super::server::Server;
use super::status::ServerStatus;
use super::tasks::Tasks;

/// Every server of this process. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Connections {
    inner: Arc<Inner>,
}

struct Inner {
    supervisor: Option<PathBuf>,
    servers: Mutex<IndexMap<String, Arc<Connection>>>,
    changes: watch::Sender<u64>,
    tasks: Tasks,
}

impl Connections {
    /// No server yet. `supervisor` is the program that runs [`super::process::supervisor`] when it is
    /// started with the hidden argument (normally our own); without one, children are started
    /// directly, and may outlive us.
    pub fn new(supervisor: Option<PathBuf>) -> Self {
        Self {
            inner: Arc::new(Inner {
                supervisor,
                servers: Mutex::default(),
                changes: watch::Sender::new(0),
                tasks: Tasks::default(),
            }),
        }
    }

    /// Makes the servers equal to the settings: new and changed ones start connecting now, all at
    /// once, in the background; gone and disabled ones are closed; unchanged ones are not touched,
    /// nor are attached ones. Must be called inside a tokio runtime.
    pub fn apply(&self, settings: &Settings) {
        let mut servers = self.servers();
        let mut wanted: IndexMap<String, Arc<Connection>> = IndexMap::new();
        for (name, entry) in &settings.servers {
            let held = match servers.swap_remove(name) {
                Some(held) if held.is(entry) => held,
                other => {
                    if let Some(replaced) = other {
                        replaced.close();
                    }
                    let held = self.hold(name, entry.clone(), Source::Settings);
                    held.connect();
                    held
                }
            };
            wanted.insert(name.clone(), held);
        }
        for (name, left) in servers.drain(..) {
            if left.is_attached() {
                wanted.insert(name, left);
            } else {
                left.close();
            }
        }
        *servers = wanted;
        drop(servers);
        self.changed();
    }

    /// A server at the other end of an in-process stream. Replaces one of the same name.
    pub fn attach(
        &self,
        name: &str,
        entry: ServerEntry,
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) {
        let held = self.hold(name, Ok(entry), Source::Attached);
        held.connect_over(io);
        if let Some(replaced) = self.servers().insert(name.to_owned(), held) {
            replaced.close();
        }
        self.changed();
    }

    /// The enabled ones in the settings' order, wrong entries included.
    pub fn names(&self) -> Vec<String> {
        let servers = self.servers();
        servers.iter().filter(|(_, held)| held.is_enabled()).map(|(name, _)| name.clone()).collect()
    }

    /// Waits until the server is connected or has failed, at most its own connect limit. A broken
    /// or failed one is connected anew, once a call.
    pub async fn connected(&self, name: &str) -> Result<Server, ServerError> {
        let held = self.servers().get(name).cloned();
        match held {
            Some(held) if held.is_enabled() => held.connected().await,
            _ => Err(ServerError::Unknown(name.to_owned())),
        }
    }

    /// The state of every server, disabled and wrong ones too, in the settings' order.
    pub fn status(&self) -> Vec<ServerStatus> {
        let held: Vec<_> = self.servers().values().cloned().collect();
        held.iter().map(|held| held.status()).collect()
    }

    /// Changes whenever a status may have changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Ends everything, children included; waits for it, but not for ever.
    pub async fn close(&self) {
        let Tasks { links, notices } = &self.inner.tasks;
        notices.close();
        // Bounded by itself.
        notices.wait().await;
        for (_, held) in self.servers().drain(..) {
            held.close();
        }
        self.changed();
        links.close();
        if timeout(LONGEST_END, links.wait()).await.is_err() {
            tracing::warn!("a server did not end in time");
        }
    }

    fn hold(
        &self,
        name: &str,
        entry: Result<ServerEntry, String>,
        source: Source,
    ) -> Arc<Connection> {
        let changes = self.inner.changes.clone();
        let supervisor = self.inner.supervisor.clone();
        Connection::new(name, entry, source, supervisor, changes, self.inner.tasks.clone())
    }

    fn servers(&self) -> MutexGuard<'_, IndexMap<String, Arc<Connection>>> {
        self.inner.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.inner.changes.send_modify(|count| *count += 1);
    }
}

/// Connects a server apart from the others, lists its tools and closes it.
pub async fn test_server(
    name: &str,
    entry: &ServerEntry,
    supervisor: Option<PathBuf>,
) -> ServerStatus {
    let connections = Connections::new(supervisor);
    let entry = ServerEntry { disabled: false, ..entry.clone() };
    let held = connections.hold(name, Ok(entry), Source::Settings);
    held.connect();
    // The outcome is in the status.
    let _ = held.connected().await;
    let status = held.status();
    held.close();
    connections.close().await;
    status
}
