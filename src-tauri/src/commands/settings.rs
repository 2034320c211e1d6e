//! The settings outside of servers and models, and where everything lies.

use serde::Serialize;
use serde_json::Value;
use tauri::{AppHandle, State};
use tracing::instrument;
use trawl_core::event::Object;
use trawl_core::paths::logs_folder;
use trawl_core::settings::Provider;

use super::Answer;
use crate::error::CommandError;
use crate::host::Host;

/// What the page knows of the settings.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    /// As the file has them.
    settings: Object,
    /// What is wrong in the file.
    warnings: Vec<String>,
    /// What went wrong around it.
    notices: Vec<String>,
    data_folder: String,
    version: String,
    /// `null` while no model is chosen.
    model_name: Option<String>,
}

#[tauri::command(async)]
#[instrument(skip_all)]
pub(crate) fn get_settings(app: AppHandle, host: State<'_, Host>) -> Shown {
    let loaded = host.store.current();
    let model = &loaded.settings.model;
    Shown {
        settings: loaded.file.clone(),
        warnings: loaded.settings.warnings.clone(),
        notices: host.store.notices(),
        data_folder: host.data_folder.display().to_string(),
        version: app.package_info().version.to_string(),
        model_name: model.model.clone().filter(|_| model.provider != Provider::Builtin),
    }
}

#[tauri::command(async)]
#[instrument(skip_all, err(Debug))]
pub(crate) fn save_preferences(
    preferences: Object,
    app: AppHandle,
    host: State<'_, Host>,
) -> Answer {
    host.store.change(&app, |file| {
        file.insert("preferences".to_owned(), Value::Object(preferences));
        Ok(())
    })?;
    Ok(())
}

#[tauri::command(async)]
#[instrument(skip_all, err(Debug))]
pub(crate) fn open_logs(host: State<'_, Host>) -> Answer {
    let folder = logs_folder(&host.data_folder);
    tauri_plugin_opener::open_path(&folder, None::<&str>).map_err(|error| {
        let message = format!("the logs in {} cannot be shown: {error}", folder.display());
        CommandError::new("not_opened", message)
    })
}
