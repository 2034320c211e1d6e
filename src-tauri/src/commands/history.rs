//! Past runs: lists, searches, removal, export as text or into a file.

use std::path::PathBuf;

use tauri::{AppHandle, Manager, Runtime, State};
use tracing::instrument;
use trawl_core::event::RunId;
use trawl_core::history::{ExportFormat, ListQuery, RunList};

use super::Answer;
use crate::error::CommandError;
use crate::exports;
use crate::host::Host;

#[tauri::command]
#[instrument(skip_all, err(Debug))]
pub(crate) async fn list_runs(
    words: Option<String>,
    thread: Option<RunId>,
    limit: usize,
    offset: usize,
    host: State<'_, Host>,
) -> Answer<RunList> {
    if host.agent.history.is_none() {
        return Ok(RunList { runs: Vec::new(), total: 0 });
    }
    let query = ListQuery { words: words.unwrap_or_default(), thread, limit, offset };
    host.read(move |history| history.list(&query)).await
}

#[tauri::command]
#[instrument(skip(host), err(Debug))]
pub(crate) async fn delete_runs(run_ids: Vec<RunId>, host: State<'_, Host>) -> Answer {
    for run in &run_ids {
        host.runs.end(*run).await;
    }
    host.opened.forget(&run_ids);
    host.read(move |history| history.delete(&run_ids)).await?;
    Ok(())
}

#[tauri::command]
#[instrument(skip(host), err(Debug))]
pub(crate) async fn export_run(
    run_id: RunId,
    format: String,
    host: State<'_, Host>,
) -> Answer<String> {
    let format = read(&format)?;
    host.read(move |history| history.export(run_id, format)).await
}

/// Writes a run into a new file of the person's downloads, and says which.
#[tauri::command]
#[instrument(skip(app, host), err(Debug))]
pub(crate) async fn save_export<R: Runtime>(
    run_id: RunId,
    format: String,
    app: AppHandle<R>,
    host: State<'_, Host>,
) -> Answer<PathBuf> {
    let (kind, format) = (read(&format)?, format);
    let record = host.read(move |history| history.run(run_id)).await?;
    let question = record.ok_or_else(|| CommandError::no_such_run(run_id))?.listed.question;
    let text = host.read(move |history| history.export(run_id, kind)).await?;
    let folder = app.path().download_dir().or_else(|_| app.path().home_dir())?;
    let write = move || exports::write(&folder, &question, &format, &text);
    tauri::async_runtime::spawn_blocking(write).await?
}

fn read(format: &str) -> Answer<ExportFormat> {
    format.parse().map_err(|reason: String| CommandError::new("unknown_format", reason))
}
