//! Past runs: lists, searches, removal, export.

use tauri::State;
use tracing::instrument;
use trawl_core::event::RunId;
use trawl_core::history::{ExportFormat, ListQuery, RunList};

use super::Answer;
use crate::error::CommandError;
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
    let format: ExportFormat =
        format.parse().map_err(|reason: String| CommandError::new("unknown_format", reason))?;
    host.read(move |history| history.export(run_id, format)).await
}
