//! The language model, or none.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::limits::lasts;
use super::section;

/// The language model, or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelSettings {
    /// Whose protocol is spoken.
    pub provider: Provider,
    /// Where; `null` for the provider's own address.
    pub base_url: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// Environment variable that holds the key.
    pub api_key_env: Option<String>,
    /// To connect.
    pub connect_timeout_seconds: f64,
    /// From the request to its first token.
    pub first_token_timeout_seconds: f64,
    /// Between two tokens.
    pub idle_timeout_seconds: f64,
    /// Price of a million tokens, in the person's own currency.
    pub price_per_million: Price,
}

/// Whose protocol is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// No model: the built-in planner and writer.
    #[default]
    Builtin,
    /// Any OpenAI-compatible server.
    Openai,
    /// Anthropic Messages.
    Anthropic,
    /// Ollama's own API.
    Ollama,
}

/// Price of a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Price {
    /// Read by the model.
    pub input: Option<f64>,
    /// Written by the model.
    pub output: Option<f64>,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            provider: Provider::Builtin,
            base_url: None,
            model: None,
            api_key_env: None,
            connect_timeout_seconds: 10.0,
            first_token_timeout_seconds: 120.0,
            idle_timeout_seconds: 60.0,
            price_per_million: Price::default(),
        }
    }
}

impl ModelSettings {
    /// Reads settings that a person just chose: a wrong one is refused, in words that name its key.
    pub fn from_json(given: &Map<String, Value>) -> Result<Self, String> {
        section::strict(given, Self::checked)
    }

    pub(super) fn checked(&self) -> Result<(), &'static str> {
        let times = [
            self.connect_timeout_seconds,
            self.first_token_timeout_seconds,
            self.idle_timeout_seconds,
        ];
        if !times.into_iter().all(lasts) {
            return Err("it must be a number of seconds above 0");
        }
        let prices = [self.price_per_million.input, self.price_per_million.output];
        if prices.into_iter().flatten().any(|price| price < 0.0) {
            return Err("a price must be a number, 0 or above");
        }
        Ok(())
    }
}
