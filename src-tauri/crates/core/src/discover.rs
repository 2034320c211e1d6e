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
    let names = connections.names();
    let mut asked: FuturesUnordered<_> = names
        .iter()
        .map(|name| async move { (name, within(wait, until, connections, name).await) })
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

async fn within(
    wait: Wait,
    until: Instant,
    connections: &Connections,
    name: &str,
) -> Result<Server, String> {
    let connected = connections.connected(name);
    let waited = async {
        match wait {
            Wait::Each => Ok(connected.await),
            Wait::AtMost(limit) => timeout(limit, connected).await.map_err(|_| limit),
        }
    };
    let late = match timeout_at(until, waited).await {
        Ok(Ok(outcome)) => return outcome.map_err(|error| error.to_string()),
        Ok(Err(limit)) => format!("{} s", limit.as_secs_f64()),
        Err(_) => "half of the run's limit of time (limits.runTimeoutSeconds)".to_owned(),
    };
    Err(format!("{name} was not ready within {late}; it is still being connected"))
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
