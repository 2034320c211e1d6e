//! MCP servers: their entries in the settings, and how they stand.

use serde_json::Value;
use tauri::ipc::Channel;
use tauri::{AppHandle, State};
use tracing::instrument;
use trawl_core::mcp::{ServerStatus, test_server as test};

use super::Answer;
use crate::approvals;
use crate::entries;
use crate::host::Host;
use crate::watches::one_by_one;

#[tauri::command(async)]
#[instrument(skip(entry, app, host), err(Debug))]
pub(crate) fn save_server(
    name: String,
    previous_name: Option<String>,
    entry: Value,
    app: AppHandle,
    host: State<'_, Host>,
) -> Answer {
    host.change_settings(&app, |file| entries::save(file, &name, previous_name.as_deref(), entry))
}

#[tauri::command(async)]
#[instrument(skip(app, host), err(Debug))]
pub(crate) fn remove_server(name: String, app: AppHandle, host: State<'_, Host>) -> Answer {
    host.change_settings(&app, |file| entries::remove(file, &name))
}

#[tauri::command(async)]
#[instrument(skip(app, host), err(Debug))]
pub(crate) fn set_server_enabled(
    name: String,
    enabled: bool,
    app: AppHandle,
    host: State<'_, Host>,
) -> Answer {
    host.change_settings(&app, |file| entries::set_enabled(file, &name, enabled))
}

/// The tool is not always allowed any more.
#[tauri::command(async)]
#[instrument(skip(app, host), err(Debug))]
pub(crate) fn withdraw_approval(
    server: String,
    tool: String,
    app: AppHandle,
    host: State<'_, Host>,
) -> Answer {
    host.change_settings(&app, |file| {
        approvals::withdraw(file, &server, &tool);
        Ok(())
    })
}

#[tauri::command]
#[instrument(skip(entry), err(Debug))]
pub(crate) async fn test_server(name: String, entry: Value) -> Answer<ServerStatus> {
    let entry = entries::checked(&entry)?;
    Ok(test(&name, &entry, std::env::current_exe().ok()).await)
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
