//! Trawl's window: the only code that knows Tauri, and a host of [`trawl_core`].
//!
//! Comes in: what the page asks for, as `commands`. Goes out: what the core does, as the core's
//! own events. Nothing is decided here but what belongs to a window: which pages and links it
//! shows (`links`), how an answer's Markdown becomes safe HTML (`markdown`), where settings are
//! written (`store`), and that nothing is left behind when it closes.

mod approvals;
mod commands;
mod covers;
mod entries;
mod error;
mod exports;
mod host;
mod links;
mod markdown;
mod opened;
mod past_runs;
mod runs;
mod sections;
mod shell_path;
mod start;
mod store;
mod watches;
mod window;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use tauri::{App, AppHandle, Manager, RunEvent};
use tauri_plugin_window_state::StateFlags;
use trawl_core::logging::{self, Log, Results};
use trawl_core::{mcp, paths};

use crate::commands::{answer, history, model, runs as asked, servers, settings};
use crate::host::Host;
use crate::store::Store;

/// Opens the window and returns when it is closed, with the code to exit with.
pub fn run() -> ExitCode {
    match opened() {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(reason) => {
            tracing::error!(%reason, "the window cannot be opened");
            // Where not even this can be said, nobody listens.
            let _ = writeln!(std::io::stderr(), "Trawl cannot be opened: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn opened() -> Result<i32, Box<dyn std::error::Error>> {
    let data_folder = paths::data_folder(None)?;
    // Held until the end: what is still to be logged is written as it is dropped.
    let log = Arc::new(OnceLock::new());
    let kept = Arc::clone(&log);
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _, _| window::focus(app)))
        .plugin(tauri_plugin_store::Builder::default().build())
        .plugin(window_state())
        .invoke_handler(tauri::generate_handler![
            answer::open_link,
            answer::render_markdown,
            asked::ask,
            asked::cancel_run,
            asked::resolve_approval,
            asked::stop_task,
            asked::stop_tasks,
            asked::task_result,
            asked::cited,
            asked::open_results,
            asked::watch_run,
            history::delete_runs,
            history::export_run,
            history::list_runs,
            history::save_export,
            model::detect_models,
            model::forget_key,
            model::key_status,
            model::list_models,
            model::presets,
            model::save_key,
            model::save_model,
            model::test_model,
            servers::reconnect_server,
            servers::remove_server,
            servers::save_server,
            servers::set_server_enabled,
            servers::test_server,
            servers::watch_servers,
            servers::withdraw_approval,
            settings::get_settings,
            settings::open_data_folder,
            settings::open_logs,
            settings::save_limits,
            settings::save_preferences,
        ])
        // A second start has ended before this, and has touched no file of the first.
        .setup(move |app| {
            let _ = kept.set(open_host(app, &data_folder));
            Ok(start(app)?)
        })
        .build(tauri::generate_context!())?;
    Ok(app.run_return(|app, event| {
        if let RunEvent::Exit = event {
            if let Some(host) = app.try_state::<Host>() {
                tauri::async_runtime::block_on(host.close());
            }
        }
    }))
}

/// Opens what is in the data folder. The settings say what is logged, so that they come first.
fn open_host(app: &App, data_folder: &Path) -> Option<Log> {
    let store = Store::open(data_folder);
    let log = logging::start(data_folder, Results::chosen(&store.current().file));
    let host = Host::open(data_folder, store);
    if let Err(error) = &log {
        host.store.tell(vec![format!("nothing is logged: {error}")]);
    }
    app.manage(host);
    log.ok()
}

/// Servers first, in the background; then the window.
fn start(app: &mut App) -> tauri::Result<()> {
    let handle = app.handle().clone();
    tauri::async_runtime::block_on(async {
        mcp::use_path(shell_path::ask());
        let host = handle.state::<Host>();
        host.agent.connections.apply(&host.store.current().settings);
        end_on_signals(&handle);
    });
    window::open(&handle)
}

/// Size and place, but not whether it is shown: the person wants to see it.
fn window_state() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    let flags = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED;
    tauri_plugin_window_state::Builder::default().with_state_flags(flags).build()
}

/// A signal closes the window as a person would, so that nothing is left running.
#[cfg(unix)]
fn end_on_signals(app: &AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        let app = app.clone();
        match signal(kind) {
            Ok(mut signals) => {
                tokio::spawn(async move {
                    if signals.recv().await.is_some() {
                        app.exit(0);
                    }
                });
            }
            Err(error) => tracing::warn!(%error, "a signal cannot be listened to"),
        }
    }
}

#[cfg(not(unix))]
fn end_on_signals(_app: &AppHandle) {}
