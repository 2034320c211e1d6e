//! MCP servers: their entries in the settings, and how they stand.

use serde_json::Value;
use tauri::ipc::Channel;
use tauri::{AppHandle, Runtime, State};
use tracing::instrument;
use trawl_core::mcp::{ServerStatus, test_server as test};

use super::Answer;
use crate::approvals;
use crate::entries;
use crate::error::CommandError;
use crate::host::Host;
use crate::watches::one_by_one;

#[tauri::command(async)]
#[instrument(skip(entry, app, host), err(Debug))]
pub(crate) fn save_server<R: Runtime>(
    name: String,
    previous_name: Option<String>,
    entry: Value,
    app: AppHandle<R>,
    host: State<'_, Host>,
) -> Answer {
    host.change_settings(&app, |file| entries::save(file, &name, previous_name.as_deref(), entry))?;
    Ok(())
}

#[tauri::command(async)]
#[instrument(skip(app, host), err(Debug))]
pub(crate) fn remove_server<R: Runtime>(
    name: String,
    app: AppHandle<R>,
    host: State<'_, Host>,
) -> Answer {
    host.change_settings(&app, |file| entries::remove(file, &name))?;
    Ok(())
}

#[tauri::command(async)]
#[instrument(skip(app, host), err(Debug))]
pub(crate) fn set_server_enabled<R: Runtime>(
    name: String,
    enabled: bool,
    app: AppHandle<R>,
    host: State<'_, Host>,
) -> Answer {
    host.change_settings(&app, |file| entries::set_enabled(file, &name, enabled))?;
    Ok(())
}

/// The tool is not always allowed any more.
#[tauri::command(async)]
#[instrument(skip(app, host), err(Debug))]
pub(crate) fn withdraw_approval<R: Runtime>(
    server: String,
    tool: String,
    app: AppHandle<R>,
    host: State<'_, Host>,
) -> Answer {
    host.change_settings(&app, |file| {
        approvals::withdraw(file, &server, &tool);
        Ok(())
    })?;
    Ok(())
}

#[tauri::command]
#[instrument(skip(entry, host), err(Debug))]
pub(crate) async fn test_server(
    name: String,
    previous_name: Option<String>,
    entry: Value,
    host: State<'_, Host>,
) -> Answer<ServerStatus> {
    let entry = entries::whole(&host.store.current().file, previous_name.as_deref(), entry)?;
    Ok(test(&name, &entry, std::env::current_exe().ok()).await)
}

/// Connects a server of the settings now, if it is not connected, and says how it stands then.
#[tauri::command]
#[instrument(skip(host), err(Debug))]
pub(crate) async fn reconnect_server(name: String, host: State<'_, Host>) -> Answer<ServerStatus> {
    let connections = &host.agent.connections;
    // What came of it is in the status, with its reason.
    let _ = connections.connected(&name).await;
    let status = connections.status().into_iter().find(|status| status.name == name);
    status.ok_or_else(|| {
        let message = format!("there is no server \"{name}\" any more; add it again");
        CommandError::new("no_such_server", message)
    })
}

#[tauri::command]
#[instrument(skip_all)]
pub(crate) async fn watch_servers(
    channel: Channel<Vec<ServerStatus>>,
    host: State<'_, Host>,
) -> Answer {
    host.watches.hold(one_by_one(host.servers(), channel));
    Ok(())
}
