//! Providers that a person can choose by name, with the address and the variable of each.
//!
//! A preset only fills in the settings' `model`; nothing looks at it afterwards.

use serde::Serialize;

use crate::settings::Provider;

/// One choice of the settings' page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preset {
    /// Stable name.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// Whose protocol it speaks.
    pub provider: Provider,
    /// Its usual address; `None` where the person types it.
    pub base_url: Option<&'static str>,
    /// The variable in which people usually keep its key; `None` where it needs none.
    pub api_key_env: Option<&'static str>,
    /// Where a person gets a key; `None` where it needs none.
    pub key_url: Option<&'static str>,
}

/// All of them, in the order of the settings' page.
pub const PRESETS: &[Preset] = &[
    remote(
        "openai",
        "OpenAI",
        Provider::Openai,
        OPENAI,
        "OPENAI_API_KEY",
        "https://platform.openai.com/api-keys",
    ),
    remote(
        "anthropic",
        "Anthropic",
        Provider::Anthropic,
        ANTHROPIC,
        "ANTHROPIC_API_KEY",
        "https://console.anthropic.com/settings/keys",
    ),
    remote(
        "gemini",
        "Google Gemini",
        Provider::Openai,
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GEMINI_API_KEY",
        "https://aistudio.google.com/apikey",
    ),
    remote(
        "openrouter",
        "OpenRouter",
        Provider::Openai,
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        "https://openrouter.ai/settings/keys",
    ),
    remote(
        "mistral",
        "Mistral",
        Provider::Openai,
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        "https://console.mistral.ai/api-keys",
    ),
    remote(
        "groq",
        "Groq",
        Provider::Openai,
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        "https://console.groq.com/keys",
    ),
    local("ollama", "Ollama", Provider::Ollama, OLLAMA),
    local("lmstudio", "LM Studio", Provider::Openai, "http://127.0.0.1:1234/v1"),
    local("llamacpp", "llama.cpp", Provider::Openai, "http://127.0.0.1:8080/v1"),
    local("vllm", "vLLM", Provider::Openai, "http://127.0.0.1:8000/v1"),
    Preset {
        id: "other",
        name: "Other (OpenAI-compatible)",
        provider: Provider::Openai,
        base_url: None,
        api_key_env: None,
        key_url: None,
    },
];

const OPENAI: &str = "https://api.openai.com/v1";
const ANTHROPIC: &str = "https://api.anthropic.com";
const OLLAMA: &str = "http://127.0.0.1:11434";

/// Where a provider is when the settings do not say.
pub(super) fn own_address(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai | Provider::Builtin => OPENAI,
        Provider::Anthropic => ANTHROPIC,
        Provider::Ollama => OLLAMA,
    }
}

const fn remote(
    id: &'static str,
    name: &'static str,
    provider: Provider,
    base_url: &'static str,
    api_key_env: &'static str,
    key_url: &'static str,
) -> Preset {
    let (base_url, api_key_env, key_url) = (Some(base_url), Some(api_key_env), Some(key_url));
    Preset { id, name, provider, base_url, api_key_env, key_url }
}

const fn local(
    id: &'static str,
    name: &'static str,
    provider: Provider,
    base_url: &'static str,
) -> Preset {
    Preset { id, name, provider, base_url: Some(base_url), api_key_env: None, key_url: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_leads_to_an_address() {
        for preset in PRESETS.iter().filter(|preset| preset.id != "other") {
            super::super::address::base(preset.provider, preset.base_url).unwrap();
            assert_eq!(preset.key_url.is_some(), preset.api_key_env.is_some(), "{}", preset.id);
            assert!(preset.key_url.is_none_or(|url| url.starts_with("https://")), "{}", preset.id);
        }
    }
}
