//! The language model: which there are, whether one works, and which one is used.
//!
//! A key comes from the page once, when it is typed, and never goes back there.

use serde::Serialize;
use serde_json::{Value, json};
use tauri::{AppHandle, Runtime, State};
use tracing::instrument;
use trawl_core::event::Object;
use trawl_core::llm::Key;
use trawl_core::llm::detect::Detected;
use trawl_core::llm::keys::KeyStatus;
use trawl_core::llm::offered::Offered;
use trawl_core::llm::preset::{PRESETS, Preset};
use trawl_core::secrets::is_named_secret;
use trawl_core::settings::{ModelSettings, Settings};

use super::Answer;
use crate::error::CommandError;
use crate::host::Host;
use crate::sections;

/// A choice of the settings' page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Choice {
    #[serde(flatten)]
    preset: Preset,
    needs_key: bool,
}

/// How a model did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tested {
    ok: bool,
    /// Why not, for the page's headline.
    code: Option<&'static str>,
    first_token_ms: Option<f64>,
    tokens_per_second: Option<f64>,
    /// What the model wrote, or why it did not.
    message: String,
}

#[tauri::command(async)]
pub(crate) fn presets() -> Vec<Choice> {
    let choice =
        |preset: &Preset| Choice { preset: *preset, needs_key: preset.api_key_env.is_some() };
    PRESETS.iter().map(choice).collect()
}

#[tauri::command]
#[instrument(skip_all)]
pub(crate) async fn detect_models(host: State<'_, Host>) -> Answer<Vec<Detected>> {
    Ok(host.agent.models.detect().await)
}

#[tauri::command]
#[instrument(skip_all, err(Debug))]
pub(crate) async fn list_models(model: Value, host: State<'_, Host>) -> Answer<Vec<Offered>> {
    Ok(host.agent.models.offered(&read(model, &host)?, None).await?)
}

#[tauri::command]
#[instrument(skip_all)]
pub(crate) async fn test_model(
    model: Value,
    key: Option<String>,
    host: State<'_, Host>,
) -> Answer<Tested> {
    let typed = key.as_deref().and_then(Key::new);
    Ok(match host.agent.models.test(&read(model, &host)?, typed).await {
        Ok(trial) => Tested {
            ok: true,
            code: None,
            first_token_ms: Some(trial.first_token_ms),
            tokens_per_second: trial.tokens_per_second,
            message: trial.said,
        },
        Err(error) => Tested {
            ok: false,
            code: Some(error.code()),
            first_token_ms: None,
            tokens_per_second: None,
            message: error.to_string(),
        },
    })
}

#[tauri::command(async)]
#[instrument(skip_all, err(Debug))]
pub(crate) fn save_model<R: Runtime>(
    model: Object,
    app: AppHandle<R>,
    host: State<'_, Host>,
) -> Answer {
    may_name(model.get("apiKeyEnv").and_then(Value::as_str), &host)?;
    host.change_settings(&app, |file| sections::save_model(file, model))?;
    Ok(())
}

#[tauri::command]
#[instrument(skip_all, err(Debug))]
pub(crate) async fn key_status(model: Value, host: State<'_, Host>) -> Answer<KeyStatus> {
    Ok(host.agent.models.key_status(&read(model, &host)?).await?)
}

#[tauri::command]
#[instrument(skip_all, err(Debug))]
pub(crate) async fn save_key(
    model: Value,
    key: String,
    host: State<'_, Host>,
) -> Answer<KeyStatus> {
    let key = Key::new(&key).ok_or_else(|| CommandError::new("no_key", "the key is empty"))?;
    Ok(host.agent.models.set_key(&read(model, &host)?, key).await?)
}

#[tauri::command]
#[instrument(skip_all, err(Debug))]
pub(crate) async fn forget_key(model: Value, host: State<'_, Host>) -> Answer<KeyStatus> {
    Ok(host.agent.models.forget_key(&read(model, &host)?).await?)
}

/// As lenient as the settings' file itself, but for the variable that the page may name.
fn read(model: Value, host: &Host) -> Answer<ModelSettings> {
    let model = Settings::from_json(&json!({ "model": model })).model;
    may_name(model.api_key_env.as_deref(), host)?;
    Ok(model)
}

/// A variable is sent to an address that the page names as well, so that it has to be called as keys
/// are; any other is for the person to write into the file.
fn may_name(variable: Option<&str>, host: &Host) -> Answer {
    let Some(name) = variable.map(str::trim).filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    let is_saved = host.store.current().settings.model.api_key_env.as_deref() == Some(name);
    let is_usual = PRESETS.iter().any(|preset| preset.api_key_env == Some(name));
    if is_saved || is_usual || is_named_secret(name) {
        return Ok(());
    }
    let message = format!(
        "{name} does not look like the name of a key, so it is not read; name a variable as in \
         SERVICE_API_KEY, or write {name} into settings.json as \"apiKeyEnv\""
    );
    Err(CommandError::new("not_a_key", message))
}
