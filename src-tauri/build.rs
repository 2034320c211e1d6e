//! Generates the window's permissions: a page may call the commands listed here, where a capability
//! allows them, and nothing else.

/// Every command of the window, as in `src/lib.rs`.
const COMMANDS: &[&str] = &[
    "ask",
    "cancel_run",
    "cited",
    "delete_runs",
    "detect_models",
    "export_run",
    "forget_key",
    "get_settings",
    "key_status",
    "list_models",
    "list_runs",
    "open_data_folder",
    "open_link",
    "open_logs",
    "open_results",
    "presets",
    "reconnect_server",
    "remove_server",
    "render_markdown",
    "resolve_approval",
    "save_export",
    "save_key",
    "save_limits",
    "save_model",
    "save_preferences",
    "save_server",
    "set_server_enabled",
    "stop_task",
    "stop_tasks",
    "task_result",
    "test_model",
    "test_server",
    "watch_run",
    "watch_servers",
    "withdraw_approval",
];

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("the window cannot be configured: {error:#}");
    }
}
