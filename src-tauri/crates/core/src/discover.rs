//! Step 2: which tools there are. Asks every server at once; each is isolated from the others.
//!
//! Comes in: the connections. Goes out: the catalog, a handle to each connected server and the
//! servers that cannot be asked. A server that fails is data, never the end of a run.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::Instant;

use crate::{
    catalog::Catalog,
    event::{EventKind, NotConsulted},
    history::Recorder,
    mcp::{Connections, Server},
};

/// How long a question waits for servers that are not ready yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Each server has its own limit; all are waited for.
    Each,
    /// No longer than this for any of them.
    AtMost(Duration),
}

/// What can be asked.
#[derive(Clone)]
pub(crate) struct Discovered {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) servers: HashMap<String, Server>,
    pub(crate) failed: Vec<NotConsulted>,
    pub(crate) elapsed_ms: f64,
}

/// Waits for the servers and lists their tools.
pub(crate) async fn discover(
    connections: &Connections,
    wait: Wait,
    recorder: &Recorder,
) -> Discovered {
    let began = Instant::now();
    let names = connections.names();
    let mut asked: FuturesUnordered<_> = names
        .iter()
        .map(|name| async move { (name, within(wait, connections, name).await) })
        .collect();
    let mut servers = HashMap::new();
    let mut failures: HashMap<&String, String> = HashMap::new();
    while let Some((name, outcome)) = asked.next().await {
        match outcome {
            Ok(server) => {
                recorder.emit(EventKind::ServerReady {
                    server: name.clone(),
                    tool_count: server.tools().len(),
                    elapsed_ms: millis(began.elapsed()),
                });
                servers.insert(name.clone(), server);
            }
            Err(message) => {
                recorder.emit(EventKind::ServerFailed {
                    server: name.clone(),
                    message: message.clone(),
                });
                failures.insert(name, message);
            }
        }
    }
    drop(asked);
    // In the settings' order, whichever server was ready first.
    let tools = names.iter().filter_map(|name| servers.get(name)).flat_map(|s| s.tools().to_vec());
    let catalog = Arc::new(Catalog::new(tools));
    let failed = names.iter().filter_map(|name| {
        let reason = failures.get(name)?.clone();
        Some(NotConsulted { server: Some(name.clone()), index: None, reason })
    });
    let failed = failed.collect();
    let elapsed_ms = millis(began.elapsed());
    recorder.emit(EventKind::ToolsDiscovered { count: catalog.len(), elapsed_ms });
    Discovered { catalog, servers, failed, elapsed_ms }
}

async fn within(wait: Wait, connections: &Connections, name: &str) -> Result<Server, String> {
    let connected = connections.connected(name);
    let outcome = match wait {
        Wait::Each => Ok(connected.await),
        Wait::AtMost(limit) => tokio::time::timeout(limit, connected).await.map_err(|_| limit),
    };
    match outcome {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(limit) => Err(format!(
            "{name} was not ready within {} s; it is still being connected",
            limit.as_secs_f64()
        )),
    }
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
