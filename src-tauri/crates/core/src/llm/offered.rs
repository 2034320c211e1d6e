//! Which models a server offers, and how much the chosen one reads.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    Key, Model, ModelError, Models, anthropic, http, models::USUAL_CONTEXT, ollama, openai,
};
use crate::settings::{ModelSettings, Provider};

/// Limit for a list: a person waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Limit for learning how much a model reads: a run may wait for it.
const CONTEXT_PATIENCE: Duration = Duration::from_secs(2);

/// One model of a server's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// Name to be put into the settings.
    pub name: String,
    /// How many tokens it reads, where the list says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u64>,
}

impl Models {
    /// The models of the settings' server, with a key that was typed or the one that is kept.
    pub async fn offered(
        &self,
        settings: &ModelSettings,
        typed: Option<Key>,
    ) -> Result<Vec<Offered>, ModelError> {
        let model = self.with_key(settings, None, typed).await?;
        let listed = timeout(PATIENCE, model.list()).await;
        listed.map_err(|_| ModelError::Unreachable {
            server: model.server().to_owned(),
            reason: format!("no list of models in {} s", PATIENCE.as_secs()),
        })?
    }
}

impl Model {
    pub(super) async fn list(&self) -> Result<Vec<Offered>, ModelError> {
        let base = &self.endpoint.base;
        let url = match self.endpoint.provider {
            Provider::Openai | Provider::Builtin => openai::models_url(base),
            Provider::Anthropic => {
                let mut url = anthropic::models_url(base);
                url.set_query(Some("limit=1000"));
                url
            }
            Provider::Ollama => ollama::models_url(base),
        };
        let response = self.authorised(self.client.get(url))?.send().await;
        let response = response.map_err(|error| self.unsent(&error))?;
        let listed = http::json(&self.endpoint, response).await?;
        let names = offered(&listed);
        if names.is_empty() && entries(&listed).is_none() {
            return Err(ModelError::WrongAddress {
                server: self.server().to_owned(),
                said: "it sent no list of models".to_owned(),
            });
        }
        Ok(names)
    }

    /// Learns in the background how much the model reads, so that no run waits for it.
    pub(super) fn learn_context_soon(&self) {
        if self.context_is_open() {
            let model = self.clone();
            tokio::spawn(async move { model.learn_context().await });
        }
    }

    /// Asks the server, once, how much the model reads; no answer is an answer too.
    pub(super) async fn learn_context(&self) {
        let context = timeout(CONTEXT_PATIENCE, self.ask_context()).await.ok().flatten();
        self.learn(|learned| {
            learned.asked_context = true;
            learned.context = context;
        });
    }

    async fn ask_context(&self) -> Option<u64> {
        if self.endpoint.provider != Provider::Ollama {
            let offered = self.list().await.ok()?;
            return offered.into_iter().find(|model| model.name == self.name())?.context_tokens;
        }
        let request = self.client.post(ollama::show_url(&self.endpoint.base));
        let request = self.authorised(request).ok()?.json(&json!({"model": self.name()}));
        let shown = http::json(&self.endpoint, request.send().await.ok()?).await.ok()?;
        // A model may read far more than this computer's memory holds.
        Some(ollama::context(&shown)?.min(USUAL_CONTEXT))
    }
}

/// The models in a list of any provider, those that do not chat left out.
pub(super) fn offered(listed: &Value) -> Vec<Offered> {
    const NO_CHAT: [&str; 9] = [
        "embed",
        "whisper",
        "tts",
        "dall-e",
        "moderation",
        "rerank",
        "transcribe",
        "-image",
        "sora",
    ];
    let entries = entries(listed).map(Vec::as_slice).unwrap_or_default();
    let name = |entry: &Value| {
        ["id", "model", "name"].iter().find_map(|key| entry.get(key)?.as_str().map(str::to_owned))
    };
    let mut offered: Vec<Offered> = entries
        .iter()
        .filter_map(|entry| {
            Some(Offered { name: name(entry)?, context_tokens: openai::context(entry) })
        })
        .filter(|model| !NO_CHAT.iter().any(|word| model.name.to_lowercase().contains(word)))
        .collect();
    offered.sort_by(|a, b| a.name.cmp(&b.name));
    offered.dedup_by(|a, b| a.name == b.name);
    offered
}

fn entries(listed: &Value) -> Option<&Vec<Value>> {
    listed.get("data").or_else(|| listed.get("models")).unwrap_or(listed).as_array()
}
