//! One tiny real call, so that a person knows that a model works before asking it anything.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;

use super::{Key, Message, Model, ModelError, Models, Prompt};
use crate::settings::ModelSettings;

/// A person waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Enough to know how fast it writes; a model that says more is not listened to.
const ENOUGH: usize = 400;

/// How a model did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// Its name.
    pub model: String,
    /// From the request to the first token.
    pub first_token_ms: f64,
    /// After the first one; absent where the reply was too short to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// What it wrote.
    pub said: String,
}

impl Models {
    /// Asks the settings' model for a few words, with a key that was typed or the one that is kept.
    pub async fn test(
        &self,
        settings: &ModelSettings,
        typed: Option<Key>,
    ) -> Result<Trial, ModelError> {
        if settings.model.as_deref().is_none_or(|name| name.trim().is_empty()) {
            return Err(ModelError::NoModel);
        }
        let model = self.with_key(settings, None, typed).await?;
        let tried = timeout(PATIENCE, model.say_something()).await;
        tried.unwrap_or_else(|_| {
            Err(ModelError::TimedOut {
                server: model.server().to_owned(),
                waited: "did not finish a short reply",
                after: PATIENCE,
                advice: "choose a faster model",
            })
        })
    }
}

impl Model {
    async fn say_something(&self) -> Result<Trial, ModelError> {
        let prompt = Prompt {
            system: "You are being tested. Reply in one short line.".to_owned(),
            messages: vec![Message::user("Count from one to ten in words.")],
            format: None,
            most_bytes: 64 * 1024,
        };
        let mut reply = self.ask(&prompt).await?;
        let mut said = String::new();
        while let Some(text) = reply.text().await? {
            said.push_str(&text);
            if said.len() >= ENOUGH {
                break;
            }
        }
        if said.trim().is_empty() {
            return Err(ModelError::Failed {
                server: self.server().to_owned(),
                said: format!("{} replied without a word", self.name()),
                retry_after: None,
            });
        }
        let usage = reply.usage();
        Ok(Trial {
            model: self.name().to_owned(),
            first_token_ms: usage.first_token_ms.unwrap_or_default(),
            tokens_per_second: usage.tokens_per_second,
            said: said.trim().to_owned(),
        })
    }
}
