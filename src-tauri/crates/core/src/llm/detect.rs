//! Finds the models' servers that run on this computer.
//!
//! Comes in: nothing. Goes out: what answers on the usual ports within 300 ms, with its models,
//! ready to be put into the settings. Only loopback is asked, and no key is sent.

use std::time::Duration;

use futures::future::join_all;
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    Models,
    offered::{Offered, offered},
    ollama, openai,
};
use crate::settings::{ModelSettings, Provider};

/// Limit for each of them, list of models included.
const PATIENCE: Duration = Duration::from_millis(300);

/// Where local servers usually are.
const USUAL: &[(Provider, &str)] = &[
    (Provider::Ollama, "http://127.0.0.1:11434"),
    (Provider::Openai, "http://127.0.0.1:1234/v1"),
    (Provider::Openai, "http://127.0.0.1:8080/v1"),
    (Provider::Openai, "http://127.0.0.1:8000/v1"),
];

/// A server that answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detected {
    /// Its program, for people.
    pub name: String,
    /// Whose protocol it speaks.
    pub provider: Provider,
    /// For the settings.
    pub base_url: String,
    /// What it can run; may be empty.
    pub models: Vec<Offered>,
}

impl Models {
    /// Looks at the usual ports, all at once.
    pub async fn detect(&self) -> Vec<Detected> {
        self.detect_at(USUAL).await
    }

    /// Looks at the given addresses, all at once.
    pub async fn detect_at(&self, addresses: &[(Provider, &str)]) -> Vec<Detected> {
        let looks = addresses.iter().map(|(provider, address)| async {
            timeout(PATIENCE, self.look(*provider, address)).await.ok().flatten()
        });
        join_all(looks).await.into_iter().flatten().collect()
    }

    async fn look(&self, provider: Provider, address: &str) -> Option<Detected> {
        let settings =
            ModelSettings { provider, connect_timeout_seconds: 0.3, ..Default::default() };
        let base = super::address::base(provider, Some(address)).ok()?;
        let url = match provider {
            Provider::Ollama => ollama::models_url(&base),
            _ => openai::models_url(&base),
        };
        let connect = Duration::from_secs_f64(settings.connect_timeout_seconds);
        let response = self.client(connect, true).ok()?.get(url).send().await.ok()?;
        let listed: Value = response.error_for_status().ok()?.json().await.ok()?;
        let listed_as = if provider == Provider::Ollama { "models" } else { "data" };
        listed.get(listed_as)?.as_array()?;
        Some(Detected {
            name: program(provider, &listed, base.port()).to_owned(),
            provider,
            base_url: address.to_owned(),
            models: offered(&listed),
        })
    }
}

/// The program behind a list: by what it says of its owner, else by its port.
fn program(provider: Provider, listed: &Value, port: Option<u16>) -> &'static str {
    let owner = listed.pointer("/data/0/owned_by").and_then(Value::as_str).unwrap_or_default();
    match (provider, owner, port) {
        (Provider::Ollama, ..) => "Ollama",
        (_, "llamacpp", _) => "llama.cpp",
        (_, "vllm", _) => "vLLM",
        (_, _, Some(1234)) => "LM Studio",
        (_, _, Some(8080)) => "llama.cpp",
        (_, _, Some(8000)) => "vLLM",
        _ => "OpenAI-compatible server",
    }
}
