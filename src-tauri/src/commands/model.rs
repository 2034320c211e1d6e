//! The language model: which there are, whether one works, and which one is used.
//!
//! A key comes from the page once, when it is typed, and never goes back there.

use serde::Serialize;
use serde_json::{Value, json};
use tauri::{AppHandle, State};
use tracing::instrument;
use trawl_core::llm::Key;
use trawl_core::llm::detect::Detected;
use trawl_core::llm::keys::{Kept, Source};
use trawl_core::llm::preset::{PRESETS, Preset};
use trawl_core::settings::{ModelSettings, Provider, Settings};

use super::Answer;
use crate::host::Host;

/// A choice of the settings' page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Choice {
    #[serde(flatten)]
    preset: Preset,
    needs_key: bool,
}

/// A server that was found on this machine.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    provider: Provider,
    base_url: String,
    name: String,
    models: Vec<String>,
}

/// How a model did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tested {
    ok: bool,
    latency_ms: Option<f64>,
    tokens_per_second: Option<f64>,
    message: String,
}

/// Where the key of the saved model is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Saved {
    key_stored: &'static str,
    message: Option<String>,
}

#[tauri::command(async)]
pub(crate) fn presets() -> Vec<Choice> {
    let choice =
        |preset: &Preset| Choice { preset: *preset, needs_key: preset.api_key_env.is_some() };
    PRESETS.iter().map(choice).collect()
}

#[tauri::command]
#[instrument(skip_all)]
pub(crate) async fn detect_models(host: State<'_, Host>) -> Answer<Vec<Found>> {
    Ok(host.agent.models.detect().await.into_iter().map(found).collect())
}

#[tauri::command]
#[instrument(skip_all, err(Debug))]
pub(crate) async fn list_models(model: Value, host: State<'_, Host>) -> Answer<Vec<String>> {
    let offered = host.agent.models.offered(&read(model), None).await?;
    Ok(offered.into_iter().map(|model| model.name).collect())
}

#[tauri::command]
#[instrument(skip_all)]
pub(crate) async fn test_model(
    model: Value,
    key: Option<String>,
    host: State<'_, Host>,
) -> Answer<Tested> {
    let typed = key.as_deref().and_then(Key::new);
    Ok(match host.agent.models.test(&read(model), typed).await {
        Ok(trial) => Tested {
            ok: true,
            latency_ms: Some(trial.first_token_ms),
            tokens_per_second: trial.tokens_per_second,
            message: trial.said,
        },
        Err(error) => Tested {
            ok: false,
            latency_ms: None,
            tokens_per_second: None,
            message: error.to_string(),
        },
    })
}

#[tauri::command]
#[instrument(skip_all, err(Debug))]
pub(crate) async fn save_model(
    model: Value,
    key: Option<String>,
    app: AppHandle,
    host: State<'_, Host>,
) -> Answer<Saved> {
    let settings = read(model.clone());
    host.store.change(&app, |file| {
        file.insert("model".to_owned(), model);
        Ok(())
    })?;
    match key.as_deref().and_then(Key::new) {
        Some(key) => Ok(kept(host.agent.models.set_key(&settings, key).await?)),
        None => Ok(known(host.agent.models.key_source(&settings).await)),
    }
}

/// As lenient as the settings' file itself.
fn read(model: Value) -> ModelSettings {
    Settings::from_json(&json!({ "model": model })).model
}

fn found(server: Detected) -> Found {
    let models = server.models.into_iter().map(|model| model.name).collect();
    Found { provider: server.provider, base_url: server.base_url, name: server.name, models }
}

fn kept(kept: Kept) -> Saved {
    match kept {
        Kept::Keychain => Saved { key_stored: "keychain", message: None },
        Kept::ThisRun { reason } => Saved { key_stored: "run", message: Some(reason) },
    }
}

fn known(source: Option<Source>) -> Saved {
    let key_stored = match source {
        Some(Source::Keychain) => "keychain",
        Some(Source::Environment) => "env",
        Some(Source::ThisRun) => "run",
        None => "none",
    };
    Saved { key_stored, message: None }
}
