//! The settings outside of servers and models, and where everything lies.

use std::path::Path;

use serde::Serialize;
use tauri::{AppHandle, Runtime, State};
use tracing::instrument;
use trawl_core::event::Object;
use trawl_core::execute::ATTEMPTS;
use trawl_core::logging::{self, Results};
use trawl_core::paths::logs_folder;
use trawl_core::settings::{Provider, Rules};

use super::Answer;
use crate::covers::cover;
use crate::error::CommandError;
use crate::host::Host;
use crate::sections;

/// What the page knows of the settings.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    /// As the file has them, but for the secrets in servers' entries.
    settings: Object,
    /// What is wrong in the file.
    warnings: Vec<String>,
    /// What went wrong around it.
    notices: Vec<String>,
    data_folder: String,
    version: String,
    /// `null` while no model is chosen.
    model_name: Option<String>,
    /// What its numbers may be.
    rules: Rules,
}

#[tauri::command(async)]
#[instrument(skip_all)]
pub(crate) fn get_settings<R: Runtime>(app: AppHandle<R>, host: State<'_, Host>) -> Shown {
    shown(&app, &host)
}

/// What the page gets to know of the settings, as they are now.
pub(crate) fn shown<R: Runtime>(app: &AppHandle<R>, host: &Host) -> Shown {
    let loaded = host.store.current();
    let model = &loaded.settings.model;
    Shown {
        settings: cover(loaded.file.clone()),
        warnings: loaded.settings.warnings.clone(),
        notices: host.store.notices(),
        data_folder: host.data_folder.display().to_string(),
        version: app.package_info().version.to_string(),
        model_name: model.model.clone().filter(|_| model.provider != Provider::Builtin),
        rules: Rules::new(ATTEMPTS),
    }
}

/// Changes preferences; those not given stay, and `null` takes one out.
#[tauri::command(async)]
#[instrument(skip_all, err(Debug))]
pub(crate) fn save_preferences<R: Runtime>(
    preferences: Object,
    app: AppHandle<R>,
    host: State<'_, Host>,
) -> Answer {
    let saved = host.change_settings(&app, |file| {
        sections::save_preferences(file, preferences);
        Ok(())
    })?;
    logging::choose(Results::chosen(&saved.file)).map_err(|error| {
        let message = format!("saved, but the log goes on as before until the next start: {error}");
        CommandError::new("log_not_changed", message)
    })
}

/// Changes limits of a run, from the next question on.
#[tauri::command(async)]
#[instrument(skip_all, err(Debug))]
pub(crate) fn save_limits<R: Runtime>(
    limits: Object,
    app: AppHandle<R>,
    host: State<'_, Host>,
) -> Answer {
    host.change_settings(&app, |file| sections::save_limits(file, limits))?;
    Ok(())
}

#[tauri::command(async)]
#[instrument(skip_all, err(Debug))]
pub(crate) fn open_data_folder(host: State<'_, Host>) -> Answer {
    open(&host.data_folder)
}

#[tauri::command(async)]
#[instrument(skip_all, err(Debug))]
pub(crate) fn open_logs(host: State<'_, Host>) -> Answer {
    open(&logs_folder(&host.data_folder))
}

fn open(folder: &Path) -> Answer {
    tauri_plugin_opener::open_path(folder, None::<&str>).map_err(|error| {
        let message = format!("the folder {} cannot be shown: {error}", folder.display());
        CommandError::new("not_opened", message)
    })
}
