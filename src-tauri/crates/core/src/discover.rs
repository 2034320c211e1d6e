//! Step 2: which tools there are. Asks every server at once; each is isolated from the others.
//!
//! Comes in: the connections. Goes out: the catalog, a handle to each connected server and the
//! servers that cannot be asked. A server that fails is data, never the end of a run; one that
//! hangs takes half of the run's time at most, so that the others can still be asked.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    catalog::Catalog,
    event::{EventKind, NotConsulted},
    history::Recorder,
    mcp::{Connections, Server},
    reason::Reason,
    request::Wait,
};

/// What can be asked.
#[derive(Clone)]
pub(crate) struct Discovered {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) servers: HashMap<String, Server>,
    pub(crate) failed: Vec<NotConsulted>,
    pub(crate) elapsed_ms: f64,
}

/// Waits for the servers and lists their tools; `deadline` is the run's limit of time.
pub(crate) async fn discover(
    connections: &Connections,
    wait: Wait,
    deadline: Instant,
    recorder: &Recorder,
) -> Discovered {
    let began = Instant::now();
    let until = began + deadline.saturating_duration_since(began) / 2;
    let offered = offered(connections, wait, Some(until), |name, outcome| {
        let server = name.to_owned();
        recorder.emit(match outcome {
            Ok(ready) => EventKind::ServerReady {
                server,
                tool_count: ready.tools().len(),
                elapsed_ms: millis(began.elapsed()),
            },
            Err(reason) => EventKind::ServerFailed {
                server,
                message: reason.to_string(),
                todo: reason.todo.clone(),
            },
        });
    });
    let Offered { catalog, servers, failed } = offered.await;
    let not_consulted = |(server, reason): (String, Reason)| NotConsulted {
        server: Some(server),
        index: None,
        reason: reason.to_string(),
    };
    let failed = failed.into_iter().map(not_consulted).collect();
    let elapsed_ms = millis(began.elapsed());
    recorder.emit(EventKind::ToolsDiscovered { count: catalog.len(), elapsed_ms });
    Discovered { catalog: Arc::new(catalog), servers, failed, elapsed_ms }
}

/// What the servers offer, and which of them cannot be asked.
#[derive(Default)]
pub struct Offered {
    /// Their tools, in the settings' order, whichever server was ready first.
    pub catalog: Catalog,
    /// The servers that are connected, by name.
    pub servers: HashMap<String, Server>,
    /// The others with the reason, in the settings' order.
    pub failed: Vec<(String, Reason)>,
}

/// Asks every server at once, each isolated from the others; `told` hears of each as it answers. None
/// is waited for beyond `until`.
pub async fn offered(
    connections: &Connections,
    wait: Wait,
    until: Option<Instant>,
    mut told: impl FnMut(&str, &Result<Server, Reason>),
) -> Offered {
    let names = connections.names();
    let mut asked: FuturesUnordered<_> = names
        .iter()
        .map(|name| async move { (name, within(wait, until, connections, name).await) })
        .collect();
    let mut outcomes = HashMap::new();
    while let Some((name, outcome)) = asked.next().await {
        told(name, &outcome);
        outcomes.insert(name, outcome);
    }
    drop(asked);
    let mut offered = Offered::default();
    let mut tools = Vec::new();
    for name in &names {
        match outcomes.remove(name) {
            Some(Ok(server)) => {
                tools.extend(server.tools().iter().cloned());
                offered.servers.insert(name.clone(), server);
            }
            Some(Err(reason)) => offered.failed.push((name.clone(), reason)),
            None => {}
        }
    }
    Offered { catalog: Catalog::new(tools), ..offered }
}

async fn within(
    wait: Wait,
    until: Option<Instant>,
    connections: &Connections,
    name: &str,
) -> Result<Server, Reason> {
    let connected = connections.connected(name);
    let waited = async {
        match wait {
            Wait::Each => Ok(connected.await),
            Wait::AtMost(limit) => timeout(limit, connected).await.map_err(|_| limit),
        }
    };
    let waited = match until {
        Some(until) => timeout_at(until, waited).await,
        None => Ok(waited.await),
    };
    let late = match waited {
        Ok(Ok(outcome)) => return outcome.map_err(|error| error.reason()),
        Ok(Err(limit)) => format!("{} s", limit.as_secs_f64()),
        Err(_) => "half of the run's limit of time (limits.runTimeoutSeconds)".to_owned(),
    };
    Err(format!("{name} was not ready within {late}; it is still being connected").into())
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
