//! What the window holds while it is open: the agent, its live runs, the settings, what to tell.
//!
//! Made once, before the window opens. A data folder that cannot be used costs the history or the
//! settings, never the window: what is missing is a notice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use tauri::{AppHandle, Runtime};
use trawl_core::event::{Event, Object, RunId};
use trawl_core::history::{History, HistoryError};
use trawl_core::mcp::Connections;
use trawl_core::paths::create_private_folder;
use trawl_core::pipeline::Agent;
use trawl_core::settings::load::Loaded;
use trawl_core::value::Opened;

use crate::error::CommandError;
use crate::opened::OpenedResults;
use crate::past_runs;
use crate::runs::Runs;
use crate::store::Store;
use crate::watches::Watches;

/// State of the window.
pub(crate) struct Host {
    pub(crate) agent: Agent,
    pub(crate) runs: Runs,
    pub(crate) store: Arc<Store>,
    pub(crate) watches: Watches,
    pub(crate) opened: OpenedResults,
    pub(crate) data_folder: PathBuf,
}

impl Host {
    /// Opens what is in the data folder beside its settings. Blocks.
    pub(crate) fn open(data_folder: &Path, store: Store) -> Self {
        let mut notices = Vec::new();
        if let Err(error) = create_private_folder(data_folder) {
            tracing::warn!(%error, "the data folder cannot be made or closed to others");
        }
        let history = History::open(data_folder).inspect_err(|error| {
            notices.push(format!("{error}. Questions can be asked, but they are not kept"));
        });
        store.tell(notices);
        // Our own binary, started again, watches over each server.
        let connections = Connections::new(std::env::current_exe().ok());
        let agent = Agent::new(connections, history.ok());
        agent.allowed.apply(&store.current().settings);
        Self {
            agent,
            runs: Runs::default(),
            store: Arc::new(store),
            watches: Watches::default(),
            opened: OpenedResults::default(),
            data_folder: data_folder.to_owned(),
        }
    }

    /// Changes the settings' file, and tells everything that runs of what is new in it, also of what
    /// was written there by hand.
    pub(crate) fn change_settings<R: Runtime>(
        &self,
        app: &AppHandle<R>,
        edit: impl FnOnce(&mut Object) -> Result<(), CommandError>,
    ) -> Result<Arc<Loaded>, CommandError> {
        let saved = self.store.change(app, edit)?;
        self.agent.allowed.apply(&saved.settings);
        self.agent.connections.apply(&saved.settings);
        Ok(saved)
    }

    /// The history, where there is one.
    pub(crate) fn history(&self) -> Result<&History, CommandError> {
        self.agent.history.as_ref().ok_or_else(CommandError::no_history)
    }

    /// Reads from the history on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&History) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, CommandError> {
        let history = self.history()?.clone();
        Ok(tauri::async_runtime::spawn_blocking(move || read(&history)).await??)
    }

    /// A run's events, live or stored.
    pub(crate) async fn follow(
        &self,
        run: RunId,
        after_seq: Option<u64>,
    ) -> Result<impl Stream<Item = Arc<Event>> + Send + use<>, CommandError> {
        if let Some(live) = self.runs.get(run) {
            return Ok(live.follow(after_seq).left_stream());
        }
        let known = self.read(move |history| history.run(run)).await?;
        known.ok_or_else(|| CommandError::no_such_run(run))?;
        let history = self.history()?.clone();
        Ok(past_runs::follow(history, run, after_seq).map(Arc::new).right_stream())
    }

    /// A task's whole result, live or stored.
    pub(crate) async fn result(
        &self,
        run: RunId,
        index: usize,
    ) -> Result<Option<String>, CommandError> {
        match self.runs.get(run).and_then(|live| live.result(index)) {
            Some(result) => Ok(Some(result)),
            None if self.agent.history.is_none() => Ok(None),
            None => self.read(move |history| history.result(run, index)).await,
        }
    }

    /// A task's result, to be read in parts; `None` where there is none.
    pub(crate) async fn opened(
        &self,
        run: RunId,
        index: usize,
    ) -> Result<Option<Arc<Opened>>, CommandError> {
        if let Some(opened) = self.opened.get(run, index) {
            return Ok(Some(opened));
        }
        let Some(result) = self.result(run, index).await? else { return Ok(None) };
        let reading = tauri::async_runtime::spawn_blocking(move || Arc::new(Opened::read(&result)));
        let opened = reading.await?;
        self.opened.keep(run, index, &opened);
        Ok(Some(opened))
    }

    /// The state of every server: now, and after every change.
    pub(crate) fn servers(&self) -> impl Stream<Item = Vec<trawl_core::mcp::ServerStatus>> + use<> {
        let connections = self.agent.connections.clone();
        let changes = connections.changes();
        stream::unfold(
            (connections, changes, true),
            |(connections, mut changes, first)| async move {
                if !first {
                    changes.changed().await.ok()?;
                }
                changes.borrow_and_update();
                Some((connections.status(), (connections, changes, false)))
            },
        )
    }

    /// Ends everything that runs, in the time it takes to end it properly.
    pub(crate) async fn close(&self) {
        self.watches.end();
        self.runs.end_all().await;
        self.agent.connections.close().await;
    }

    /// How long a question waits for servers that are still connecting.
    pub(crate) fn longest_wait(&self) -> Duration {
        let seconds = self.store.current().settings.limits.wait_for_servers_seconds;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(3))
    }
}
